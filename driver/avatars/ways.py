"""How a person gets into the pictures: by the LoRA that was trained, or by photos and PhotoMaker.

Both say which graph is driven, with what in it, and what must be on the server before each graph.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stockwright.core import names
from stockwright.core.loras import LoraUse
from stockwright.core.people import lora_name
from stockwright.core.people_files import photos_folder
from stockwright.core.styles import Style

from ..connection import Connection
from ..errors import AvatarUnknown
from ..graphs import load_graph
from ..hooks import Visit
from ..order import Wish
from ..places import WORKFLOWS
from .making_settings import MakingSettings
from .people import Folder, Model, Person
from .presets import Presets
from .references import PURPOSE, chosen, digest_of, references
from .serverfiles import ensure_lora, photos_removed, send_photos
from .stores import given_store, store_with
from .training_graph import own_checkpoint

COUNT = 4
"""Pictures where no count is given."""


@dataclass(frozen=True, slots=True)
class MakeAsked:
    prompt: str
    """The wish, in English or any language that the server translates."""
    count: int = COUNT
    seed: int = 1
    style: str | None = None
    """A look out of styles.yaml."""
    strength: float | None = None
    """How much of the person there is, up to 1.5: see making.yaml. None for that at which
    candidates were compared, or making.yaml's for `instant`."""
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
    """Pictures that may be made in place of rejected ones; None as in `submit.py`."""
    batch: int | None = None
    """Pictures in one sampler call; None finds the fastest."""
    server: str | None = None
    comfyui: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    store: str | None = None
    """Address of the store of LoRAs; None for the default."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the person gets into the pictures; `visit` is that of `Hooks`."""

    wish: Wish
    workflow: Path
    checkpoint: str | None
    loras: tuple[LoraUse, ...]
    settings: tuple[str, ...]
    visit: Visit
    batch: int | None


def trained(
    folder: Folder,
    person: Person,
    asked: MakeAsked,
    making: MakingSettings,
    presets: Presets,
    checkpoint: str | None,
    style: Style,
) -> Way:
    """Raises AvatarUnknown where no LoRA of the checkpoint's family was trained, and StoreFailed
    for a store that cannot be opened."""
    model = _model_of(folder, person, presets, checkpoint)
    strength = asked.strength or model.strength
    phrase = making.phrase_of(person.word)
    given = given_store(folder, asked.store, person.token)

    @contextmanager
    def visit(connection: Connection) -> Generator[Callable[[], None]]:
        store = store_with(folder, model.key, given) or given  # which says that it is missing

        def ensure() -> None:
            ensure_lora(connection.server, person.token, model.key, store)

        ensure()
        yield ensure

    own = LoraUse(lora_name(person.token, model.key), strength)
    return Way(
        wish=Wish(
            text=one_line(asked.prompt),
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


def instant(
    folder: Folder,
    person: Person,
    asked: MakeAsked,
    making: MakingSettings,
    checkpoint: str | None,
    style: Style,
) -> Way:
    """The photos are on the server from the first graph to the end of the visit."""
    photos = chosen(person, making.instant.photos)
    strength = asked.strength or making.instant.strength
    phrase = making.instant.phrase.replace("{word}", person.word)
    workflow = asked.workflow or WORKFLOWS / "avatar_instant.json"

    @contextmanager
    def visit(connection: Connection) -> Generator[Callable[[], None]]:
        files = references(folder, person, photos, making.instant.framing)

        def send() -> None:  # each time: a server that was started again has swept them
            send_photos(connection.server, person.token, PURPOSE, files)

        with photos_removed(lambda: connection.server, person.token):
            yield send

    place = photos_folder(person.token, PURPOSE)
    return Way(
        wish=Wish(
            text=one_line(asked.prompt),
            token=person.token,
            # Each photo takes a place: so what is added to the wish leaves room for all of them.
            phrase=" ".join([phrase, *[person.word] * (len(photos) - 1)]),
            front=f"{phrase} ,",  # PhotoMaker finds its word between spaces only
            references=digest_of(photos),
        ),
        workflow=workflow,
        # Named, since the small checkpoint, which knows no PhotoMaker, must not stand in.
        checkpoint=checkpoint or own_checkpoint(load_graph(workflow)),
        loras=(LoraUse(making.instant.lora, strength), *making.balanced(strength, style.loras)),
        settings=(f"{names.PERSON_PHOTOS}.folder={place}",),
        visit=visit,
        batch=1,  # it reads one prompt
    )


def _model_of(folder: Folder, person: Person, presets: Presets, checkpoint: str | None) -> Model:
    """The LoRA that was trained last, for the family of the checkpoint if one is named."""
    family = presets.family_of(checkpoint) if checkpoint else None
    models = [model for model in person.models if family in (None, model.family)]
    if not models:
        what = f" for {checkpoint}" if checkpoint else ""
        raise AvatarUnknown(
            f"there is no trained model of the person{what}",
            where=str(folder.path),
            hint="Train one: python driver/avatar.py train NAME. Or make pictures without:"
            " --instant",
        )
    return models[-1]


def one_line(text: str) -> str:
    """A wish without line ends, and without commas at its ends."""
    return " ".join(text.split()).strip(" ,")
