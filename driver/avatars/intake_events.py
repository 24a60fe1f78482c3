"""What an intake reports. Names of files go to the one who gave them, and into no log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..events import Notice


@dataclass(frozen=True, slots=True)
class Examining:
    """`done` of `total` photos are looked at."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class PhotoKept:
    """`words` say how good it is; `fitness` is 0 to 1."""

    file: str
    words: str
    fitness: float


@dataclass(frozen=True, slots=True)
class PhotoKnown:
    """The same file is among the person's photos already, or was given twice."""

    file: str


@dataclass(frozen=True, slots=True)
class PhotoRefused:
    """`faults` are values of `stockwright.core.portraits.Fault`, `words` say the same in full."""

    file: str
    faults: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Cropping:
    """`done` of `total` photos are cropped."""

    done: int
    total: int


IntakeEvent = Examining | PhotoKept | PhotoKnown | PhotoRefused | Cropping | Notice

Report = Callable[[IntakeEvent], None]
