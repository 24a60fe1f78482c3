"""An outdoor scene while it is painted: where the camera stands and what everything rests on.

Depth counts along the ground: 0 at the horizon, 1 where the main building stands, 2 at the lower
edge of the picture. Sizes are in pixels as they look at depth 1 from the street.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter

from .looks import Colour, Light, Material, jitter, mix, shade
from .paint import SIDE, Point, paste, polygon, texture

LIT: Colour = (255, 214, 112)
GLASS: Colour = (92, 146, 192)
LEAF: Colour = (74, 146, 68)
TONES: tuple[Colour, ...] = (
    (206, 68, 54),
    (52, 104, 180),
    (236, 152, 50),
    (60, 140, 96),
    (226, 196, 70),
    (120, 130, 142),
)


@dataclass(frozen=True, slots=True)
class View:
    """A camera. horizon: its y. base: share of the ground's height above depth 1.

    vanish: x of the point where lines into the depth meet. wide and tall: factors of sizes.
    deep: how much of a thing's depth shows. aerial: seen from above. framed: leaves in front.
    """

    horizon: float
    base: float
    vanish: float
    wide: float
    tall: float
    deep: float
    aerial: bool = False
    framed: bool = False


class Spot(NamedTuple):
    """Where a thing stands: the middle of its foot, its size and, if the place says, its colour."""

    x: float
    y: float
    wide: float
    tall: float
    colour: Colour | None

    @property
    def left(self) -> float:
        return self.x - self.wide / 2

    @property
    def right(self) -> float:
        return self.x + self.wide / 2

    @property
    def top(self) -> float:
        return self.y - self.tall


@dataclass(slots=True)
class Stage:
    image: Image.Image
    view: View
    light: Light
    material: Material
    generator: random.Random
    sprite: Callable[[str], Image.Image]

    def ground(self, depth: float) -> float:
        """The y of a depth."""
        view = self.view
        high = SIDE - view.horizon
        if depth <= 1:
            return view.horizon + high * view.base * depth
        return view.horizon + high * (view.base + (1 - view.base) * (depth - 1))

    def deep(self, point: Point, share: float) -> Point:
        """The point moved into the depth; share 1 is infinitely far."""
        x, y = point
        share *= self.view.deep
        return x + (self.view.vanish - x) * share, y + (self.view.horizon - y) * share

    def facade(self, spot: Spot) -> Colour:
        return spot.colour or jitter(self.material.wall, self.generator, 6)

    def pane(self) -> Colour:
        """The colour of one window: glass by day; most are lit when lamps are on."""
        if self.light.lamps:
            return LIT if self.generator.random() < 0.75 else (46, 60, 96)
        return mix(GLASS, self.light.sky[1], self.generator.uniform(0.0, 0.25))

    def shadow(self, x: float, y: float, width: float, height: float) -> None:
        """The shadow on the ground of a thing with its foot's middle at (x, y)."""
        reach = self.light.slant * height * 0.5
        left, right = min(x, x + reach) - width / 2, max(x, x + reach) + width / 2
        thick = max(4.0, min(14.0, width * 0.14))
        pad = 6
        wide, high = int(right - left) + 2 * pad, int(2 * thick) + 2 * pad
        mask = Image.new("L", (wide, high), 0)
        draw = ImageDraw.Draw(mask)
        draw.ellipse((pad, pad, wide - pad, high - pad), fill=round(220 * self.light.shadow))
        soft = min(4.0, self.light.soft * 0.5)
        if soft >= 1:
            mask = mask.filter(ImageFilter.BoxBlur(soft))
        corner = round(left - pad), round(y - thick - pad)
        self.image.paste((24, 26, 36), corner, mask)

    def put(self, code: str, x: float, y: float, height: float) -> None:
        """A sprite that stands on the ground."""
        picture = self.sprite(code)
        self.shadow(x, y, height * picture.width / picture.height * 0.8, height)
        if self.light.lamps:
            picture = _dusk(picture)
        paste(self.image, picture, x, y, height)

    def block(
        self,
        spot: Spot,
        colour: Colour,
        *,
        depth: float = 0.3,
        roof: Colour | None = None,
        kind: str = "plain",
        storeys: int = 0,
    ) -> None:
        """A box: side, top and front as the camera sees them; storeys draws bands on its side."""
        left, top, right, bottom = spot.left, spot.top, spot.right, spot.y
        vanish = self.view.vanish
        if not left <= vanish <= right:
            x = left if vanish < left else right
            self.side(x, top, bottom, shade(colour, 0.66), depth, storeys)
        if top > self.view.horizon:
            far = [self.deep((right, top), depth), self.deep((left, top), depth)]
            polygon(self.image, [(left, top), (right, top), *far], roof or shade(colour, 1.16))
        front = [(left, top), (right, top), (right, bottom), (left, bottom)]
        if kind == "plain":
            polygon(self.image, front, colour)
        else:
            texture(self.image, front, kind, colour, self.generator)

    def side(
        self, x: float, top: float, bottom: float, colour: Colour, depth: float, storeys: int = 0
    ) -> None:
        """A wall that runs into the depth from x."""
        self._strip(x, top, bottom, colour, 0.0, depth)
        step = (bottom - top) / max(1, storeys)
        for storey in range(storeys):
            high = top + step * (storey + 0.25)
            glass = shade(self.pane(), 0.8)
            self._strip(x, high, high + step * 0.45, glass, depth * 0.12, depth * 0.88)

    def _strip(
        self, x: float, top: float, bottom: float, colour: Colour, near: float, far: float
    ) -> None:
        quad: Sequence[Point] = (
            self.deep((x, top), near),
            self.deep((x, top), far),
            self.deep((x, bottom), far),
            self.deep((x, bottom), near),
        )
        polygon(self.image, quad, colour)


def _dusk(picture: Image.Image) -> Image.Image:
    red, green, blue, alpha = picture.split()
    parts = (red.point(lambda v: v * 0.78), green.point(lambda v: v * 0.78), blue, alpha)
    return Image.merge("RGBA", parts)
