"""A camera in a room: where points of the room are in the picture.

Rooms are measured in metres: x to the right with 0 in the middle, y up from the floor, z from the
back wall (0) towards the viewer.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from .paint import SIDE, Point

Spot = tuple[float, float, float]
Size = tuple[float, float, float]

NEAR = 0.25


@dataclass(frozen=True, slots=True)
class Camera:
    """yaw turns it to the right, in radians. focal and horizon are in pixels."""

    x: float
    y: float
    z: float
    yaw: float
    focal: float
    horizon: float

    def seen(self, spot: Spot) -> tuple[float, float, float]:
        """Aside, up and ahead of the camera, in metres."""
        aside, ahead = spot[0] - self.x, self.z - spot[2]
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        return aside * cos - ahead * sin, spot[1] - self.y, ahead * cos + aside * sin

    def project(self, spots: Sequence[Spot]) -> list[Point]:
        """The polygon of these corners in the picture, without what is behind the camera."""
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        seen: list[tuple[float, float, float]] = []
        for x, y, z in spots:
            aside, ahead = x - self.x, self.z - z
            seen.append((aside * cos - ahead * sin, y - self.y, ahead * cos + aside * sin))
        if min(ahead for _, _, ahead in seen) < NEAR:
            seen = _clip(seen)
        return [
            (SIDE / 2 + self.focal * aside / ahead, self.horizon - self.focal * up / ahead)
            for aside, up, ahead in seen
        ]

    def scale(self, spot: Spot) -> float:
        """Pixels of a metre at the spot."""
        return self.focal / max(NEAR, self.seen(spot)[2])


def _clip(seen: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    kept: list[tuple[float, float, float]] = []
    for here, there in zip(seen, seen[1:] + seen[:1], strict=True):
        if here[2] >= NEAR:
            kept.append(here)
        if (here[2] >= NEAR) != (there[2] >= NEAR):
            share = (NEAR - here[2]) / (there[2] - here[2])
            aside = here[0] + (there[0] - here[0]) * share
            up = here[1] + (there[1] - here[1]) * share
            kept.append((aside, up, NEAR))
    return kept


def camera_of(text: str, size: Size, generator: random.Random) -> Camera:
    """The view that a prompt's camera words ask for in a room of (width, depth, height).

    A corner view looks at the right corner of the back wall.
    """
    text = text.lower()
    width, depth, height = size
    eye = height * generator.uniform(0.5, 0.56)
    if "corner" in text:
        x, z = -width * generator.uniform(0.34, 0.42), depth * generator.uniform(0.9, 1.0)
        yaw = math.atan2(width / 2 - x, z) + generator.uniform(-0.08, 0.08)
        far = math.hypot(width / 2 - x, z)
        return Camera(x, eye * 1.1, z, yaw, far / height * 104, 108)
    if "one-point" in text or "symmetrical" in text:
        z = depth + 0.9
        low = "low camera" in text
        focal = generator.uniform(126, 142) * z / width
        return Camera(0, eye * (0.66 if low else 1.04), z, 0, focal, 138 if low else 116)
    # From farther away than a room allows: things at the front would hide all the others.
    z = depth + 1.3
    x = generator.uniform(-0.06, 0.06) * width
    if "detail" in text:
        x = generator.uniform(-0.1, 0.1) * width
        return Camera(x, eye * 1.05, z, 0, 300 * z / width, 84)
    return Camera(x, eye * 1.05, z, 0, 238 * z / width, 108)
