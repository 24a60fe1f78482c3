"""How far a head is turned, from five points: a rough measure, good to about ten degrees."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..faces.detection import Point

_NOSE = 0.55
"""How far the tip of the nose stands before the plane of eyes and mouth, in distances of the eyes.
Turned by an angle it moves aside by this times its tangent, in the distance that is then seen."""
_LEVEL = 0.56
"""How far down from the eyes to the mouth the tip of the nose is in a level face (the mean of
FFHQ's faces, `faces.alignment.TEMPLATE`)."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees. `turned`: to the right of one who looks at the picture, `nodded`: down; `tilted`:
    clockwise."""

    turned: float
    nodded: float
    tilted: float


def pose(points: tuple[Point, Point, Point, Point, Point]) -> Pose:
    left, right, nose, mouth_left, mouth_right = points
    eyes, mouth = _middle(left, right), _middle(mouth_left, mouth_right)
    # The eyes' line and the line from the eyes to the mouth both say where up is.
    across = (right[0] - left[0] + mouth_right[0] - mouth_left[0] + mouth[1] - eyes[1]) / 3
    along = (right[1] - left[1] + mouth_right[1] - mouth_left[1] + eyes[0] - mouth[0]) / 3
    tilted = math.atan2(along, across)
    places = [_turned(point, eyes, -tilted) for point in (left, right, nose, mouth)]
    apart = max(places[1][0] - places[0][0], 1e-6)
    down = max(places[3][1], 1e-6)
    level = places[2][1] / down
    aside = (places[2][0] - level * places[3][0]) / apart
    lower = (level - _LEVEL) * down / apart
    # Turned aside, the eyes are seen nearer to each other: never less than from straight ahead.
    lower *= min(1.0, apart / down)
    turned, nodded = math.atan2(aside, _NOSE), math.atan2(lower, _NOSE)
    return Pose(*(math.degrees(angle) for angle in (turned, nodded, tilted)))


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _turned(point: Point, about: Point, angle: float) -> Point:
    x, y = point[0] - about[0], point[1] - about[1]
    cosine, sine = math.cos(angle), math.sin(angle)
    return x * cosine - y * sine, x * sine + y * cosine
