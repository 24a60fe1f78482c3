"""Pictures of a person: what `avatar.py make` does.

    a trained person   the LoRA goes to the server, and `ohwx woman` into the prompts: avatar.json
    --instant          the best photos go there while it is needed: avatar_instant.json

The wish becomes jobs (`wishes`), which the stock line's session makes, examines and, where a
picture is not like the person, makes again. A run is in made/<wish>-<order>; the same call goes on
with it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stockwright.core import names
from stockwright.core.jobs import slug
from stockwright.core.loras import LoraUse
from stockwright.core.people import lora_name
from stockwright.core.people_files import photos_folder
from stockwright.core.styles import Style

from ..connection import Connection
from ..errors import AvatarInvalid, AvatarUnknown, PreflightFailed
from ..events import Report
from ..gate.quality import given_quality
from ..graphs import Graph, load_graph
from ..hooks import Hooks
from ..order import Order, Wish, digest
from ..places import WORKFLOWS
from ..session import Asked, Outcome, carry_out
from ..settings import Settings
from ..styles import named_style
from .making_settings import MOST, QUALITY, MakingSettings, load_making
from .people import PRIVATE_FILE, PRIVATE_FOLDER, Folder, Model, Person, make_private
from .presets import Presets, load_presets
from .ratings import Ratings
from .reached import remember, server_name
from .references import PURPOSE, chosen, digest_of, references
from .serverfiles import ensure_lora, remove_photos, send_photos
from .store import ModelStore, default_store
from .wishes import KIND, THEME, WishPlanner

COUNT = 4
"""Pictures where no count is given."""

_CHECKPOINT_CLASS = "CheckpointLoaderSimple"


@dataclass(frozen=True, slots=True)
class MakeAsked:
    prompt: str
    """The wish, in English or any language that the server translates."""
    count: int = COUNT
    seed: int = 1
    style: str | None = None
    """A look out of styles.yaml."""
    strength: float | None = None
    """How much of the person there is, up to 1.5: see making.yaml. None for the usual."""
    instant: bool = False
    """By PhotoMaker and the person's photos, without a training."""
    checkpoint: str | None = None
    """None takes the one that the person was trained on last, and for `instant` the graph's own."""
    workflow: Path | None = None
    """Instead of the graph that comes along."""
    settings: tuple[str, ...] = ()
    """`Node title.input=value`."""
    llm: str | None = None
    """The language model that translates where there is no other service."""
    quality: Path | None = None
    """What pictures are examined for, as far as it is otherwise."""
    extra_tries: int | None = None
    """Pictures that may be made in place of rejected ones; None for as many as pictures."""
    batch: int | None = None
    """Pictures in one sampler call; None finds the fastest."""
    server: str | None = None
    comfyui: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    store: str | None = None
    """Address of the store of LoRAs; None for the default."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How the person gets into the pictures."""

    wish: Wish
    workflow: Path
    checkpoint: str | None
    loras: tuple[LoraUse, ...]
    settings: tuple[str, ...]
    visit: Callable[[Connection], contextlib.AbstractContextManager[Callable[[], None]]]
    batch: int | None


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
            _instant(folder, person, asked, making, checkpoint, style)
            if asked.instant
            else _trained(folder, person, asked, making, presets, checkpoint, style)
        )
        request = _request(folder, person, asked, making, presets, way, style, styled)
        remember(folder, server=server_name(asked.server, asked.comfyui))
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


def _trained(
    folder: Folder,
    person: Person,
    asked: MakeAsked,
    making: MakingSettings,
    presets: Presets,
    checkpoint: str | None,
    style: Style,
) -> _Way:
    model = _model_of(folder, person, presets, checkpoint)
    strength = asked.strength or model.strength
    phrase = making.phrase_of(person.word)
    store = ModelStore(asked.store or default_store(folder.path.parent), person.token)

    @contextmanager
    def visit(connection: Connection) -> Generator[Callable[[], None]]:
        def ensure() -> None:
            ensure_lora(connection.server, person.token, model.key, store)

        ensure()
        yield ensure

    own = LoraUse(lora_name(person.token, model.key), strength)
    return _Way(
        wish=Wish(
            text=_one_line(asked.prompt),
            token=person.token,
            phrase=phrase,
            front=f"({phrase}:{making.strength.weight(strength):g}),",
        ),
        workflow=asked.workflow or WORKFLOWS / "avatar.json",
        checkpoint=checkpoint or model.checkpoint,
        loras=(own, *making.balanced(strength, style.loras)),
        settings=(),
        visit=visit,
        batch=asked.batch,
    )


def _instant(
    folder: Folder,
    person: Person,
    asked: MakeAsked,
    making: MakingSettings,
    checkpoint: str | None,
    style: Style,
) -> _Way:
    photos = chosen(person, making.instant.photos)
    strength = asked.strength or making.instant.strength
    phrase = making.instant.phrase.replace("{word}", person.word)
    workflow = asked.workflow or WORKFLOWS / "avatar_instant.json"

    @contextmanager
    def visit(connection: Connection) -> Generator[Callable[[], None]]:
        files = references(folder, person, photos, making.instant.framing)

        def send() -> None:  # each time: a server that was started again has swept them
            send_photos(connection.server, person.token, PURPOSE, files)

        try:
            yield send
        except BaseException:
            # What went wrong is worth more; a server that is down sweeps them when it starts.
            with contextlib.suppress(Exception):
                remove_photos(connection.server, person.token)
            raise
        remove_photos(connection.server, person.token)

    place = photos_folder(person.token, PURPOSE)
    return _Way(
        wish=Wish(
            text=_one_line(asked.prompt),
            token=person.token,
            phrase=phrase,
            front=f"{phrase} ,",  # PhotoMaker finds its word between spaces only
            references=digest_of(photos),
        ),
        workflow=workflow,
        # Named, since the small checkpoint, which knows no PhotoMaker, must not stand in.
        checkpoint=checkpoint or _checkpoint_of(load_graph(workflow)),
        loras=(LoraUse(making.instant.lora, strength), *making.balanced(strength, style.loras)),
        settings=(f"{names.PERSON_PHOTOS}.folder={place}",),
        visit=visit,
        batch=1,  # it reads one prompt
    )


def _request(
    folder: Folder,
    person: Person,
    asked: MakeAsked,
    making: MakingSettings,
    presets: Presets,
    way: _Way,
    style: Style,
    styled: Settings,
) -> Asked:
    """What the session is asked for."""
    workflow = load_graph(way.workflow)
    plan = load_graph(WORKFLOWS / "wish.json").data
    quality = given_quality(asked.quality, QUALITY)
    fitting = _fitting(presets, way.checkpoint, _checkpoint_of(workflow))
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
            visit=way.visit,
        ),
    )


def _model_of(folder: Folder, person: Person, presets: Presets, checkpoint: str | None) -> Model:
    """The LoRA that was trained last, for the family of the checkpoint if one is named."""
    family = presets.family_of(checkpoint) if checkpoint else None
    models = [model for model in person.models if family in (None, model.family)]
    if not models:
        what = f" for {checkpoint}" if checkpoint else ""
        raise AvatarUnknown(
            f"there is no trained model of the person{what}",
            where=folder.name,
            hint=f"Train one: python driver/avatar.py train {folder.name}. Or make pictures"
            " without: --instant",
        )
    return models[-1]


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


def _checkpoint_of(workflow: Graph) -> str | None:
    """The checkpoint that the graph names itself, if it is one."""
    nodes: list[dict[str, Any]]
    if workflow.is_canvas:
        nodes = [n for n in workflow.data["nodes"] if n.get("type") == _CHECKPOINT_CLASS]
        found = [str(node["widgets_values"][0]) for node in nodes if node.get("widgets_values")]
    else:
        nodes = [n for n in workflow.data.values() if n.get("class_type") == _CHECKPOINT_CLASS]
        found = [str(node["inputs"]["ckpt_name"]) for node in nodes]
    return found[0] if len(found) == 1 else None


def _check_wish(folder: Folder, asked: MakeAsked) -> None:
    if not _one_line(asked.prompt):
        raise AvatarInvalid("the wish is empty", where="--prompt", hint='Such as "on the Moon".')
    if re.search(rf"(?<![\w-]){re.escape(folder.name)}(?![\w-])", asked.prompt, re.IGNORECASE):
        raise AvatarInvalid(
            "the wish holds the person's name, which no server is told",
            where="--prompt",
            hint="Leave it out: the person is in every picture anyhow.",
        )
    if asked.strength is not None and not 0 < asked.strength <= MOST:
        raise AvatarInvalid(f"{asked.strength:g} is not above 0 and up to {MOST}", where="--strength")


def _one_line(text: str) -> str:
    return " ".join(text.split()).strip(" ,")


def _close_to_others(run: Path) -> None:
    """Leaves a run's files to their owner alone, as all of a person's folder is."""
    if run.is_dir():
        run.chmod(PRIVATE_FOLDER)
        for path in run.rglob("*"):
            path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
