"""Which part of a photo a crop is: a square that is turned with the head, and never warped.

A crop is made by one similarity: turned, scaled the same both ways, shifted. It never reaches over
the photo's edge, since what would be made up there would be learned; it is shifted first, then made
smaller, then turned less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ...core.portraits import Cropping, Framing
from ..faces.alignment import SIDE, Similarity, to_template
from ..faces.detection import Face

_STRAIGHT = math.radians(2)
"""A head that is tilted less is not turned: sampling would cost more than it gives."""
_TURNS = (1.0, 0.5, 0.0)
_LEAST = 0.95
"""Of the unit: a smaller square holds no face."""
_OTHER = 1.2
"""How much wider than the one before a framing must be after it was made smaller to fit."""
_FACE = ((256, 90), (130, 240), (382, 240), (256, 470))
"""Forehead, sides and chin in the 512 template: they have to lie in the crop."""


@dataclass(frozen=True, slots=True)
class Window:
    """A square of a photo, in its pixels; `angle`: by how much it is turned, in radians."""

    framing: str
    x: float
    y: float
    side: float
    angle: float

    def to_crop(self, size: int) -> Similarity:
        """From the photo to a crop of `size` pixels."""
        scale = size / self.side
        a, b = scale * math.cos(self.angle), -scale * math.sin(self.angle)
        return Similarity(
            a, b, size / 2 - (a * self.x - b * self.y), size / 2 - (b * self.x + a * self.y)
        )


def windows(face: Face, size: tuple[int, int], crops: Cropping, side: int) -> list[Window]:
    """The crops of a face in a photo of `size` (width, height), for crops of `side` pixels, from
    the narrowest. At least one if the face fits: the widest, if all had to be enlarged too much.
    """
    found = list(_fitting(face, size, crops))
    large = [window for window in found if window.side * crops.enlarged >= side]
    return large or found[-1:]


def _fitting(face: Face, size: tuple[int, int], crops: Cropping) -> Iterator[Window]:
    last = 0.0
    to_face = to_template(face.points)
    for framing in crops.framings:
        window = _window(framing, to_face, size)
        if window is not None and window.side >= last * _OTHER:
            last = window.side
            yield window


def _window(framing: Framing, to_face: Similarity, size: tuple[int, int]) -> Window | None:
    unit = SIDE / to_face.scale
    tilt = -math.atan2(to_face.b, to_face.a)
    angle = tilt if abs(tilt) > _STRAIGHT else 0.0
    back = to_face.inverse()
    x, y = place_in(back, SIDE / 2, framing.middle * SIDE)
    face = [place_in(back, *place) for place in _FACE]
    for part in _TURNS:
        window = _inside(framing, (x, y), unit, angle * part, size)
        if window is not None and all(_holds(window, place) for place in face):
            return window
    return None


def _inside(
    framing: Framing, middle: tuple[float, float], unit: float, angle: float, size: tuple[int, int]
) -> Window | None:
    """Shifted, then made smaller, until it lies in the photo."""
    reach = (abs(math.cos(angle)) + abs(math.sin(angle))) / 2  # of its corners, for a side of 1
    side = min(framing.wide * unit, min(size) / (2 * reach))
    if side < _LEAST * unit:
        return None
    far = side * reach
    x, y = (min(max(at, far), max(long - far, far)) for at, long in zip(middle, size, strict=True))
    return Window(framing.name, x, y, side, angle)


def _holds(window: Window, place: tuple[float, float]) -> bool:
    x, y = place_in(window.to_crop(1), *place)
    return 0 <= x <= 1 and 0 <= y <= 1


def place_in(similarity: Similarity, x: float, y: float) -> tuple[float, float]:
    """Where a similarity takes one place."""
    a, b = similarity.a, similarity.b
    return a * x - b * y + similarity.u, b * x + a * y + similarity.v
