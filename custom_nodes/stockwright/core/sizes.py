"""The size that a picture shall have, as a designer writes it.

    text            the picture gets
    --------------  -----------------------------------------------------------------------------
    2x  x2  1.5x    so many times its width and height
    4096  4096px    a longer side of so many pixels
    24MP            at least so many megapixels, of 1,000,000 pixels each, and hardly more
    1920x1080       that size: `Shape.CROP` cuts off what is too much, in equal parts on both sides;
                    `Shape.FIT` keeps the whole picture, and one side may be shorter

Blanks and the case do not matter, a comma is a decimal point, and the multiplication sign and the
Cyrillic letters that stand for x and MP are read as these.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from .errors import SizeInvalid

MAX_SIDE = 16384
"""Of a picture, in pixels; the most that ComfyUI's own nodes take."""

FORMS = "Write 2x for a factor, 4096 for the longer side, 24MP for megapixels, or 1920x1080."

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_SIZE = re.compile(r"([0-9]{1,9})x([0-9]{1,9})(?:px)?")
_FACTOR = re.compile(rf"(?:x({_NUMBER})|({_NUMBER})x)")
_LONG_SIDE = re.compile(r"([0-9]{1,9})(?:px)?")
_MEGAPIXELS = re.compile(rf"({_NUMBER})mp")
_SIGNS = str.maketrans({"×": "x", "х": "x", "м": "m", "п": "p", ",": "."})  # noqa: RUF001


class Shape(StrEnum):
    CROP = "crop"
    FIT = "fit"


@dataclass(frozen=True, slots=True)
class Goal:
    """One picture's way to its size."""

    width: int
    height: int
    box: tuple[float, float, float, float]
    """What is kept of the picture: left, upper, right, lower, in its own pixels."""

    @property
    def enlargement(self) -> float:
        """How many times as large what is kept becomes, on the side that grows the most."""
        left, upper, right, lower = self.box
        return max(self.width / (right - left), self.height / (lower - upper))


@dataclass(frozen=True, slots=True)
class Size:
    """What a text asks for; exactly one of the four is given."""

    factor: float | None = None
    long_side: int | None = None
    megapixels: float | None = None
    exact: tuple[int, int] | None = None

    @classmethod
    def parse(cls, text: str, where: str = "") -> Size:
        """Raises SizeInvalid, which names the four forms."""
        plain = re.sub(r"\s+", "", text).lower().translate(_SIGNS)
        if found := _SIZE.fullmatch(plain):
            given = (int(found[1]), int(found[2]))
            size = cls(exact=given)
        elif found := _FACTOR.fullmatch(plain):
            given = (float(found[1] or found[2]),)
            size = cls(factor=given[0])
        elif found := _LONG_SIDE.fullmatch(plain):
            given = (int(found[1]),)
            size = cls(long_side=given[0])
        elif found := _MEGAPIXELS.fullmatch(plain):
            given = (float(found[1]),)
            size = cls(megapixels=given[0])
        else:
            raise SizeInvalid(f"{text!r} is no size", where=where, hint=FORMS)
        if not 0 < min(given) <= max(given) <= MAX_SIDE:
            raise SizeInvalid(
                f"{text!r} is out of range: numbers above 0 up to {MAX_SIDE} are possible",
                where=where,
                hint=FORMS,
            )
        return size

    def goal(self, width: int, height: int, shape: Shape, where: str = "") -> Goal:
        """For a picture of this width and height in pixels.

        Raises SizeInvalid where the result would have a side without a pixel or above MAX_SIDE.
        """
        box = (0.0, 0.0, float(width), float(height))
        if self.exact and shape is Shape.CROP:
            goal = Goal(*self.exact, _middle(width, height, *self.exact))
        else:
            goal = Goal(*self._sides(width, height), box)
        if not 1 <= min(goal.width, goal.height) <= max(goal.width, goal.height) <= MAX_SIDE:
            raise SizeInvalid(
                f"a picture of {width}x{height} pixels would get {goal.width}x{goal.height}",
                where=where,
                hint=f"Each side can have 1 to {MAX_SIDE} pixels.",
            )
        return goal

    def _sides(self, width: int, height: int) -> tuple[int, int]:
        if self.megapixels:
            # Rounded up: who asks for 4 megapixels refuses 3.999.
            scale = math.sqrt(self.megapixels * 1e6 / (width * height))
            return _up(width * scale), _up(height * scale)
        scale = self.factor or 0.0
        if self.long_side:
            scale = self.long_side / max(width, height)
        elif self.exact:
            scale = min(self.exact[0] / width, self.exact[1] / height)
        return max(1, round(width * scale)), max(1, round(height * scale))


def _up(value: float) -> int:
    """Rounded up, but not for what is above a whole number by a rounding error."""
    return math.ceil(value - 1e-6)


def _middle(width: int, height: int, to_w: int, to_h: int) -> tuple[float, float, float, float]:
    """The largest box of the proportions `to_w` to `to_h`, in the middle."""
    if width * to_h > height * to_w:
        keep = height * to_w / to_h
        return ((width - keep) / 2, 0.0, (width + keep) / 2, float(height))
    keep = width * to_h / to_w
    return (0.0, (height - keep) / 2, float(width), (height + keep) / 2)
