"""The crops of a person: made from the kept photos, described, and put in the place of the old."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stockwright.core.portraits import Cropping as Options
from stockwright.core.portraits import Describing

from ..errors import AvatarInvalid, IntakeFailed
from .captions import Captions, load_captions
from .choosing import held_back
from .intake_events import Cropping, Report
from .intake_worker import Died, Rows, Worker
from .people import Crop, Folder, Person, Photo, make_private, write_private
from .staging import exchange_crops

_SHEET = "crops.jpg"
_NO_WORDS = (
    "See to it that the model answers this machine, and looks at pictures; a key is taken from"
    " STOCKWRIGHT_LLM_KEY. Or do without it: --captions templates."
)


def has_crops(folder: Folder, person: Person, options: Options) -> bool:
    """Whether all photos are cropped by these options, and all of it is there."""
    if (person.cropped, person.captioned) != (_digest(options), person.captions):
        return False
    cropped = {crop.photo for crop in person.crops}
    return cropped == {photo.sha256 for photo in person.photos} and all(
        _is_whole(folder.path / crop.file) for crop in person.crops
    )


def _is_whole(file: Path) -> bool:
    return file.is_file() and file.with_suffix(".txt").is_file()


def _digest(options: Options) -> str:
    text = json.dumps(asdict(options), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_crops(
    folder: Folder, person: Person, options: Options, worker: Worker, stage: Path, report: Report
) -> Person:
    """The person with new crops, also in the folder. Raises IntakeFailed or AvatarInvalid."""
    captions = load_captions().without(folder.name)
    describing = captions.describing(person.captions) if person.captions else None
    made = stage / "crops"
    make_private(made)
    back = held_back([photo.sha256 for photo in person.photos])
    crops: list[Crop] = []
    rows: list[list[tuple[Path, str, str]]] = []
    for done, photo in enumerate(person.photos):
        report(Cropping(done, len(person.photos)))
        row: list[tuple[Path, str, str]] = []
        for cut in _cuts(worker, folder.path / photo.file, made / photo.sha256[:16]):
            seen = _seen(worker, cut.file, describing)
            text = _describe(captions, photo, cut, person.word, seen)
            held = photo.sha256 in back
            crops.append(
                Crop(
                    file=f"crops/{cut.file.name}",
                    photo=photo.sha256,
                    framing=cut.framing,
                    held_back=held,
                )
            )
            row.append((cut.file, f"{cut.framing}{', held back' if held else ''}", text))
        rows.append(row)
    sheet = _drawn(worker, rows)
    report(Cropping(len(person.photos), len(person.photos)))
    exchange_crops(folder, made)
    write_private(folder.path / _SHEET, sheet)
    cropped = person.model_copy(
        update={
            "crops": tuple(crops),
            "cropped": _digest(options),
            "captioned": person.captions,
        }
    )
    folder.write(cropped)
    return cropped


def _cuts(worker: Worker, photo: Path, stem: Path) -> list[Any]:
    try:
        cuts = list(worker.cut(photo, stem))
    except Died as error:
        raise _dead() from error
    if not cuts:
        raise AvatarInvalid(
            "no crop can be made of a photo that was kept",
            where=str(photo),
            hint="Limits may have changed since: forget the person, then add the photos again.",
        )
    return cuts


def _seen(worker: Worker, crop: Path, describing: Describing | None) -> list[str]:
    if describing is None:
        return []
    try:
        return worker.describe(crop, describing)
    except IntakeFailed as error:
        raise IntakeFailed(error.what, where=describing.url, hint=_NO_WORDS) from error
    except Died as error:
        raise IntakeFailed(
            "the language model takes too long", where=describing.url, hint=_NO_WORDS
        ) from error


def _describe(captions: Captions, photo: Photo, cut: Any, word: str, seen: Sequence[str]) -> str:
    text = captions.of(photo.sha256, cut.framing, cut.looks, word, seen)
    write_private(cut.file.with_suffix(".txt"), f"{text}\n".encode())
    return text


def _drawn(worker: Worker, rows: Rows) -> bytes:
    try:
        return worker.sheet(rows)
    except Died as error:
        raise _dead() from error


def _dead() -> IntakeFailed:
    return IntakeFailed(
        "the process that crops photos died, or hung",
        where="intake",
        hint="Memory may be short: look into the system's log, then give the same command again.",
    )
