"""What photos of a person are judged by and how they are cropped: `avatars/intake.yaml`.

What each limit means stands in the file. A file of the user's may leave out keys: what it does not
say is taken from the pack's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from .definitions import Definition, read_text
from .errors import IntakeInvalid

FILE = "avatars/intake.yaml"


class Fault(StrEnum):
    """Why a photo is refused, in few words."""

    UNREADABLE = "cannot be read"
    HUGE = "too many pixels"
    NO_FACE = "no face"
    CROWD = "several people"
    SMALL = "face too small"
    CUT = "face cut off"
    BLURRED = "blurred"
    LIGHT = "bad light"
    TURNED = "turned away"
    COVERED = "face covered"
    STRANGER = "somebody else"
    TWIN = "the same picture again"


@dataclass(frozen=True, slots=True)
class Remark:
    """A fault of a photo, in words with its measure."""

    fault: Fault
    words: str


class Background(StrEnum):
    KEEP = "keep"
    BLUR = "blur"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Limits:
    megapixels: float
    certain: float
    face: float
    others: float
    sharpness: float
    dark: float
    burnt: float
    flat: float
    uneven: float
    turned: float
    nodded: float
    unsteady: float
    same: float
    near: float


@dataclass(frozen=True, slots=True)
class Framing:
    """A part of a photo. Its unit is the face with its hair: the side of the 512 template."""

    name: str
    wide: float
    middle: float


@dataclass(frozen=True, slots=True)
class Cropping:
    size: int
    enlarged: float
    colour: bool
    background: Background
    framings: tuple[Framing, ...]
    """From the narrowest to the widest."""


@dataclass(frozen=True, slots=True)
class Intake:
    limits: Limits
    crops: Cropping


@dataclass(frozen=True, slots=True)
class Looks:
    """What a photo shows besides the person, as far as it can be measured. Words are keys of
    `avatars/captions.yaml`; an empty one is not known."""

    view: str
    """front, left, right, up or down: where the face looks, as one who looks at the picture sees
    it."""
    light: str
    """soft, side, dim or bright."""
    clothes: str
    """Their colour."""
    place: str
    """plain, blurred or busy."""
    place_colour: str
    colourless: bool
    """A black-and-white picture."""


@dataclass(frozen=True, slots=True)
class Describing:
    """How a language model that sees is asked what a crop shows besides the person."""

    url: str
    """Of a server that speaks OpenAI's chat protocol."""
    system: str
    question: str
    lines: int
    """Phrases that are asked for."""


_NAMES = "abcdefghijklmnopqrstuvwxyz0123456789"
_SIDES = (64, 4096)


def load_intake(files: Sequence[Path]) -> Intake:
    """What the first file that says something of a key says of it.

    Raises:
        IntakeInvalid: a fault in a file, or no file says something of a key.
    """
    limits: dict[str, float] = {}
    crops: dict[str, Any] = {}
    for file in files:
        values = Definition.read(read_text(file, IntakeInvalid), str(file), IntakeInvalid)
        values.only(("limits", "crops"))
        limits = _limits(values.inner("limits")) | limits
        crops = _crops(values.inner("crops")) | crops
    _complete(limits, (field.name for field in fields(Limits)), "limits", files)
    _complete(crops, (field.name for field in fields(Cropping)), "crops", files)
    return Intake(Limits(**limits), Cropping(**crops))


def _limits(values: Definition) -> dict[str, float]:
    values.only(field.name for field in fields(Limits))
    return {name: values.number(name) for name in values.values}


def _crops(values: Definition) -> dict[str, Any]:
    values.only(field.name for field in fields(Cropping))
    return {name: _READ[name](values, name) for name in values.values}


def _side(values: Definition, key: str) -> int:
    side = values.number(key)
    low, high = _SIDES
    if not (low <= side <= high and side % 8 == 0):
        raise IntakeInvalid(
            f"{side:g} is not a multiple of 8 from {low} to {high}", where=values.at(key)
        )
    return int(side)


def _background(values: Definition, key: str) -> Background:
    text = values.text(key)
    if text not in list(Background):
        raise IntakeInvalid(f"{text!r} is none of {', '.join(Background)}", where=values.at(key))
    return Background(text)


def _framings(values: Definition) -> tuple[Framing, ...]:
    found: list[Framing] = []
    for name in values.values:
        if not name or set(name) - set(_NAMES):
            raise IntakeInvalid(
                f"{name!r} is no name: small letters and digits", where=values.at(name)
            )
        inner = values.inner(name)
        inner.only(("wide", "middle"))
        found.append(Framing(name, inner.number("wide"), inner.number("middle")))
    if not found:
        raise IntakeInvalid("names no framing", where=values.where)
    return tuple(sorted(found, key=lambda framing: framing.wide))


def _colour(values: Definition, key: str) -> bool:
    return values.flag(key, True)


def _all_framings(values: Definition, key: str) -> tuple[Framing, ...]:
    return _framings(values.inner(key))


_READ: Mapping[str, Callable[[Definition, str], object]] = {
    "size": _side,
    "enlarged": Definition.number,
    "colour": _colour,
    "background": _background,
    "framings": _all_framings,
}


def _complete(said: Mapping[str, object], names: Any, part: str, files: Sequence[Path]) -> None:
    for name in names:
        if name not in said:
            where = str(files[-1]) if files else FILE
            raise IntakeInvalid("is missing", where=f"{where}, key {part}.{name}")
