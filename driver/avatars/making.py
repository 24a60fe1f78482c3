"""Pictures of a person: what `avatar.py make` does.

    a trained person   the LoRA goes to the server, and `ohwx woman` into the prompts: avatar.json
    --instant          the best photos go there while it is needed: avatar_instant.json

The wish becomes jobs (`wishes`), which the stock line's session makes, examines and, where a
picture is not like the person, makes again. A run is in made/<wish>-<order>; the same call goes on
with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from stockwright.core.jobs import slug
from stockwright.core.styles import Style

from ..connection import Connection
from ..errors import AvatarInvalid, PreflightFailed
from ..events import Report
from ..gate.quality import given_quality
from ..graphs import load_graph
from ..hooks import Hooks, Visit
from ..order import MAX_COUNT, Order, digest
from ..places import WORKFLOWS
from ..session import Asked, Outcome, carry_out
from ..settings import Settings
from ..styles import named_style
from .making_settings import MOST, QUALITY, MakingSettings, load_making
from .people import PRIVATE_FILE, PRIVATE_FOLDER, Folder, Person, make_private
from .presets import Presets, load_presets
from .ratings import Ratings
from .reached import remember, server_name
from .training_graph import own_checkpoint
from .ways import COUNT, MakeAsked, Way, instant, one_line, trained
from .wishes import KIND, THEME, WishPlanner

__all__ = ["COUNT", "MakeAsked", "make"]


def make(folder: Folder, asked: MakeAsked, report: Report) -> Outcome:
    """Makes the pictures of a wish, or what is open of them.

    Raises AvatarUnknown for nobody, and for one without a LoRA of the checkpoint's family;
    AvatarInvalid, RunBusy, StoreFailed, and what graphs, styles and servers raise.
    """
    with folder.held():
        person = folder.read()
        _check_wish(folder, asked)
        making, presets = load_making(), load_presets()
        style, styled = named_style(asked.style) if asked.style else (Style(""), Settings())
        checkpoint = asked.checkpoint or styled.checkpoint
        way = (
            instant(folder, person, asked, making, checkpoint, style)
            if asked.instant
            else trained(folder, person, asked, making, presets, checkpoint, style)
        )
        request = _request(folder, person, asked, making, presets, way, style, styled)
        make_private(folder.made)
        try:
            return carry_out(request, report)
        except PreflightFailed as error:
            if not asked.instant:
                raise
            pull = "What --instant needs: python driver/models.py pull avatar"
            raise PreflightFailed(
                error.what, where=error.where, hint=f"{error.hint}\n{pull}"
            ) from error
        finally:
            _close_to_others(request.folder)


def _request(
    folder: Folder,
    person: Person,
    asked: MakeAsked,
    making: MakingSettings,
    presets: Presets,
    way: Way,
    style: Style,
    styled: Settings,
) -> Asked:
    """What the session is asked for."""
    workflow = load_graph(way.workflow)
    plan = load_graph(WORKFLOWS / "wish.json").data
    quality = given_quality(asked.quality, QUALITY)
    fitting = _fitting(presets, way.checkpoint, own_checkpoint(workflow))
    order = Order.checked(
        themes=(THEME,),
        kinds=style.of_kinds([replace(KIND, negative=making.negative)]),
        count=asked.count,
        seed=asked.seed,
        workflow=digest(workflow.data),
        plan=digest(plan),
        checkpoint=way.checkpoint,
        loras=way.loras,
        sampler=styled.sampler or fitting.sampler,
        steps=styled.steps or fitting.steps,
        cfg=fitting.cfg if styled.cfg is None else styled.cfg,
        size=styled.size or fitting.size,
        llm=asked.llm,
        settings=(*way.settings, *styled.values, *asked.settings),
        style=style.name or None,
        quality=quality.digest,
        wish=way.wish,
    )
    likes = Ratings(folder).marks()
    return Asked(
        order=order,
        workflow=workflow.data,
        plan=plan,
        workflow_file=way.workflow,
        folder=folder.made / f"{slug(way.wish.text, 40)}-{order.id}",
        batch=way.batch,
        server=asked.server,
        comfyui=asked.comfyui,
        headers=asked.headers,
        quality=quality,
        extra_tries=asked.extra_tries,
        hooks=Hooks(
            planner=lambda order, prepared, _: WishPlanner(
                order, prepared.plan, prepared.size, likes
            ),
            vectors=person.vectors,
            place=f"stockwright/people/{person.token}/{order.id}",
            visit=_noting(folder, server_name(asked.server, asked.comfyui), way.visit),
        ),
    )


def _noting(folder: Folder, server: str, visit: Visit) -> Visit:
    """Before anything of the person gets to a server it is noted that something did: not before it
    answers, so that a wrong address is nothing to be forgotten."""

    def noted(connection: Connection) -> AbstractContextManager[Callable[[], None]]:
        remember(folder, server=server)
        return visit(connection)

    return noted


def _fitting(presets: Presets, checkpoint: str | None, own: str | None) -> Settings:
    """Size, steps and guidance for a checkpoint of another family than the graph's own, whose
    numbers a designer has set for that one."""
    if checkpoint is None or own is None:
        return Settings()
    family = presets.family_of(checkpoint)
    if family == presets.family_of(own):
        return Settings()
    sampling = presets.preset(family).sampling
    return Settings(
        sampler=sampling.sampler,
        steps=sampling.steps,
        cfg=sampling.cfg,
        size=(sampling.size, sampling.size),
    )


def _check_wish(folder: Folder, asked: MakeAsked) -> None:
    if not one_line(asked.prompt):
        raise AvatarInvalid("the wish is empty", where="--prompt", hint='Such as "on the Moon".')
    if re.search(rf"(?<![\w-]){re.escape(folder.name)}(?![\w-])", asked.prompt, re.IGNORECASE):
        raise AvatarInvalid(
            "the wish holds the person's name, which no server is told",
            where="--prompt",
            hint="Leave it out: the person is in every picture anyhow.",
        )
    if not 1 <= asked.count <= MAX_COUNT:
        raise AvatarInvalid(f"{asked.count} is not from 1 to {MAX_COUNT}", where="--count")
    if asked.strength is not None and not 0 < asked.strength <= MOST:
        raise AvatarInvalid(
            f"{asked.strength:g} is not above 0 and up to {MOST}", where="--strength"
        )


def _close_to_others(run: Path) -> None:
    """Leaves a run's files to their owner alone, as all of a person's folder is."""
    if run.is_dir():
        run.chmod(PRIVATE_FOLDER)
        for path in run.rglob("*"):
            path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
