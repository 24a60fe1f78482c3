"""Training a person: what `avatar.py train` does.

    photos known, LoRA in the store      nothing is trained: the model is returned
    a training of the same key goes on   it is taken up where it was
    else                                 it begins

A key stands for the photos, how they were cropped, and the settings of a family of checkpoints: the
same photos are trained once for a family. Another checkpoint of it, another graph or other captions
do not count: they need `again`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ..connection import connect
from ..errors import AvatarInvalid, StockwrightError
from ..events import Notice, Report
from ..graphs import ApiGraph, ObjectInfo, find_missing_models, load_graph
from ..places import WORKFLOWS
from ..prepare import SKETCH
from ..weights import folders
from .candidates import Judging, choose
from .captions import load_captions
from .errands import Errands
from .kohya import Kohya, Others
from .painting import Painting
from .people import Crop, Folder, Model, Person
from .presets import Preset, Presets, load_presets
from .reached import remember, server_name
from .segments import Segments, remove_training
from .serverfiles import remove_photos
from .store import ModelStore
from .stores import given_store, store_with
from .training_events import TrainingEnded, TrainingStarted, TrainReport
from .training_graph import check_models, named_checkpoint, own_checkpoint, prepare_training
from .training_state import State, file_of, read_state, remove_state, write_state

WORKFLOW = WORKFLOWS / "avatar_train.json"


class Trainer(StrEnum):
    CORE = "core"
    """ComfyUI's own node, by avatar_train.json."""
    KOHYA = "kohya"
    """sd-scripts in `trainer_dir`."""


@dataclass(frozen=True, slots=True)
class TrainAsked:
    checkpoint: str | None = None
    """None takes the graph's own."""
    family: str | None = None
    """Of training.yaml; None for the first that fits the checkpoint's name."""
    again: bool = False
    """Trains although the same was trained."""
    trainer: Trainer = Trainer.CORE
    trainer_dir: Path | None = None
    """kohya's sd-scripts."""
    server: str | None = None
    """Address of a server; None starts or joins one."""
    comfyui: Path | None = None
    """The ComfyUI folder to start instead of the embedded one."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    store: str | None = None
    """Address of the store; None for the default."""
    workflow: Path = WORKFLOW
    preset: Preset | None = None
    """None for the family's."""


_NO_OTHER_LORA = {
    "core": {"checkpoints", "sampling", "rising", "kohya", "class_pictures"},
    "kohya": {"checkpoints", "rising"},
}
"""What of a preset says, for a trainer, how a LoRA is compared or found, and not what it is."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is trained, and on what."""

    person: Person
    family: str
    checkpoint: str
    preset: Preset
    presets: Presets
    graph: ApiGraph


def train(folder: Folder, asked: TrainAsked, report: TrainReport) -> Model:
    """The person's LoRA for the checkpoint's family, in the store and in the person's record.

    Raises AvatarUnknown, AvatarInvalid, RunBusy, TrainingFailed, StoreFailed, and what graphs and
    servers raise. What was trained until then stays: the same call goes on.
    """
    began = time.monotonic()
    with folder.held():
        person = folder.read()
        _check_crops(folder, person)
        presets = load_presets()
        store = given_store(folder, asked.store, person.token)
        if not asked.again and (known := _trained(folder, person, presets, asked, store)):
            report(TrainingEnded(known.key, known.steps, 0.0, again=True))
            return known
        with _connected(folder, asked, report) as errands:
            plan = _plan(person, presets, asked, errands.server.object_info(), report)
            key = key_of(person, plan.family, plan.preset, asked.trainer)
            if not asked.again and (known := _known(folder, person, key, store)):
                report(TrainingEnded(known.key, known.steps, 0.0, again=True))
                return known
            model = _train(folder, plan, key, asked, errands, store, report)
        report(TrainingEnded(key, model.steps, round(time.monotonic() - began, 3), again=False))
        return model


def key_of(person: Person, family: str, preset: Preset, trainer: Trainer) -> str:
    """16 hex digits."""
    content = {
        "photos": person.photos_key,
        "crops": person.cropped,
        "word": person.word,
        "family": family,
        "trainer": trainer,
        "preset": preset.model_dump(mode="json", exclude=_NO_OTHER_LORA[trainer]),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _check_crops(folder: Folder, person: Person) -> None:
    if sum(not crop.held_back for crop in person.crops) == 1:
        raise AvatarInvalid(  # ComfyUI's Train LoRA breaks on a single picture
            "there is one crop to train on, two are needed",
            where=str(folder.path),
            hint="Add more photos: python driver/avatar.py add NAME PHOTO…",
        )
    missing = [crop for crop in person.crops if not (folder.path / crop.file).is_file()]
    kinds = {crop.held_back for crop in person.crops}
    if kinds != {True, False} or missing:
        raise AvatarInvalid(
            f"{len(missing)} crops of the photos are missing"
            if missing
            else "there are no crops of photos, or none that is held back",
            where=str(folder.path),
            hint="Add the photos again: python driver/avatar.py add NAME PHOTO…",
        )


def _known(folder: Folder, person: Person, key: str, store: ModelStore) -> Model | None:
    model = next((model for model in person.models if model.key == key), None)
    return model if model is not None and store_with(folder, key, store) else None


def _trained(
    folder: Folder, person: Person, presets: Presets, asked: TrainAsked, store: ModelStore
) -> Model | None:
    """A model that is what is asked for, as far as that can be told without a server: not whether
    the sketch stands in for the graph's own checkpoint."""
    checkpoint = asked.checkpoint or own_checkpoint(load_graph(asked.workflow))
    if checkpoint is None:
        return None
    family = asked.family or presets.family_of(checkpoint)
    preset = asked.preset or presets.preset(family)
    return _known(folder, person, key_of(person, family, preset, asked.trainer), store)


@contextmanager
def _connected(folder: Folder, asked: TrainAsked, report: TrainReport) -> Generator[Errands]:
    connection = connect(asked.server, asked.comfyui, asked.headers, report)
    try:
        remember(folder, server=server_name(asked.server, asked.comfyui))
        yield Errands(connection)
    finally:
        connection.close()


def _plan(
    person: Person, presets: Presets, asked: TrainAsked, info: ObjectInfo, report: Report
) -> _Plan:
    canvas = load_graph(asked.workflow)
    graph = prepare_training(canvas.data, asked.checkpoint, info, canvas.name)
    if asked.checkpoint is None and SKETCH in _instead(graph, info):
        graph = prepare_training(canvas.data, SKETCH, info, canvas.name)
        report(
            Notice(
                f"The graph's checkpoint is not installed: {SKETCH} is trained. What it draws is"
                " for trying out, and like nobody."
            )
        )
    check_models(graph, info)
    checkpoint = named_checkpoint(graph)
    family = asked.family or presets.family_of(checkpoint)
    preset = asked.preset or presets.preset(family)
    return _Plan(person, family, checkpoint, preset, presets, graph)


def _instead(graph: ApiGraph, info: ObjectInfo) -> tuple[str, ...]:
    """The checkpoints that are there, where the graph's own is not."""
    missing = find_missing_models(graph, info)
    return next((one.available for one in missing if one.input == "ckpt_name"), ())


def _train(
    folder: Folder,
    plan: _Plan,
    key: str,
    asked: TrainAsked,
    errands: Errands,
    store: ModelStore,
    report: TrainReport,
) -> Model:
    person, preset = plan.person, plan.preset
    layout = folders.embedded() if asked.comfyui is None else folders.of(asked.comfyui)
    kohya = None
    if asked.trainer is Trainer.KOHYA:  # first: what cannot be does not end a training that goes on
        kohya = Kohya(folder, preset, asked.trainer_dir, layout, report)
    store.prepare()  # now, since a training may take hours
    remember(folder, store=store.url)
    state = read_state(folder, key)
    if state is None or state.checkpoint != plan.checkpoint:
        remove_state(folder)  # of a training of other photos, or on another checkpoint
        state = State(
            key=key,
            checkpoint=plan.checkpoint,
            batch=preset.batch,
            checkpointing=preset.checkpointing,
        )
        write_state(folder, state)
    photos, back = (
        len({crop.photo for crop in person.crops if crop.held_back is held})
        for held in (False, True)
    )
    report(TrainingStarted(plan.checkpoint, plan.family, photos, back, preset.steps, state.steps))
    try:
        if kohya is not None:
            crops = _files(folder, person, held_back=False)
            others = _others(plan, errands)
            state = kohya.run(state, plan.checkpoint, crops, others, errands.server.free)
        else:
            state = _segments(folder, plan, errands, report).run(state)
        models = {name: layout.folders(name) for name in layout.names()}
        judging = Judging(
            *(folder, person, preset, plan.presets.compare, plan.checkpoint, errands, models),
            held_back=_files(folder, person, held_back=True),
            report=report,
        )
        best = choose(judging, state)
    finally:
        # Also after an error or Ctrl-C; a server that does not answer sweeps them when it starts.
        with contextlib.suppress(StockwrightError):
            remove_photos(errands.server, person.token)
    digest = store.put(key, file_of(folder, best))
    model = Model(
        key=key,
        family=plan.family,
        checkpoint=plan.checkpoint,
        steps=best.steps,
        strength=preset.strength,
        sha256=digest,
        size=best.size,
    )
    others = tuple(one for one in person.models if one.key != key)
    folder.write(person.model_copy(update={"models": (*others, model)}))
    remove_training(folder, person.token, errands.server)
    return model


def _others(plan: _Plan, errands: Errands) -> Others:
    """Paints what the checkpoint alone takes for a woman, a man: what a LoRA of one of them is not
    to change."""
    texts = load_captions().of_anyone(plan.person.word)
    negative, sampling = plan.presets.compare.negative, plan.preset.sampling
    painting = Painting(plan.person.token, plan.checkpoint, negative, sampling)

    def paint(numbers: Sequence[int]) -> dict[int, tuple[bytes, str]]:
        captions = [texts[number % len(texts)] for number in numbers]
        pictures = painting.of(errands, captions, numbers)
        return dict(zip(numbers, zip(pictures, captions, strict=True), strict=True))

    return paint


def _segments(folder: Folder, plan: _Plan, errands: Errands, report: TrainReport) -> Segments:
    photos = {
        "train": _files(folder, plan.person, held_back=False),
        "held-back": _files(folder, plan.person, held_back=True),
    }
    return Segments(folder, plan.person.token, plan.preset, plan.graph, photos, errands, report)


def _files(folder: Folder, person: Person, *, held_back: bool) -> dict[str, bytes]:
    """Crops and their captions, by file name."""
    files: dict[str, bytes] = {}
    for crop in person.crops:
        if crop.held_back is held_back:
            for path in _crop_files(folder, crop):
                files[path.name] = path.read_bytes()
    return files


def _crop_files(folder: Folder, crop: Crop) -> list[Path]:
    picture = folder.path / crop.file
    caption = picture.with_suffix(".txt")
    return [picture, caption] if caption.is_file() else [picture]
