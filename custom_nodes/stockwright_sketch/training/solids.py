"""Solid things in a room: blocks, drums, balls and flat pictures, drawn from far to near."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from PIL import Image, ImageDraw, ImageFilter

from .camera import Camera, Spot
from .looks import WHITE, Colour, Light, mix, shade
from .paint import paste

_CIRCLE = [(math.cos(turn * math.pi / 7), math.sin(turn * math.pi / 7)) for turn in range(14)]
_TURNS = ((1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0))

Stroke = tuple[float, float, int, Callable[[], None]]


@dataclass(slots=True)
class Scene:
    """The picture, the camera and the colours of one room. lit collects the lamps' places."""

    image: Image.Image
    camera: Camera
    light: Light
    generator: random.Random
    sprite: Callable[[str], Image.Image]
    wood: Colour
    cloth: Colour
    accent: Colour
    metal: Colour = (162, 170, 178)
    kits: list[Kit] = field(default_factory=list)
    lit: list[tuple[float, float, float]] = field(default_factory=list)

    def fill(self, spots: list[Spot], colour: Colour) -> None:
        points = self.camera.project(spots)
        if len(points) > 2 and max(points)[0] > 0 and min(points)[0] < self.image.width:
            ImageDraw.Draw(self.image).polygon(points, fill=colour)

    def draw(self) -> None:
        """Draws all kits: their shadows, then those at the walls, on the floor and above."""
        self._shadows()
        ahead = self.camera.seen
        for kit in sorted(self.kits, key=lambda kit: (kit.layer, -ahead((kit.x, 0, kit.z))[2])):
            for *_, stroke in sorted(kit.strokes, key=lambda stroke: stroke[:3]):
                stroke()

    def _shadows(self) -> None:
        mask = Image.new("L", self.image.size, 0)
        draw = ImageDraw.Draw(mask)
        for kit in self.kits:
            if kit.layer > 1 or not kit.strokes or kit.wide <= 0:
                continue
            wide, deep = (kit.wide, kit.deep) if kit.turn % 2 == 0 else (kit.deep, kit.wide)
            left, right = kit.x - wide * 0.54, kit.x + wide * 0.54
            back, front = kit.z - deep * 0.54, kit.z + deep * 0.62
            reach = self.light.slant * 0.6
            left, right = min(left, left + reach), max(right, right + reach)
            points = self.camera.project(
                [(left, 0, back), (right, 0, back), (right, 0, front), (left, 0, front)]
            )
            if len(points) > 2:
                draw.polygon(points, fill=round(255 * (0.12 + self.light.shadow * 0.7)))
        mask = mask.filter(ImageFilter.BoxBlur(1 + self.light.soft * 0.5))
        self.image.paste((30, 26, 34), (0, 0), mask)


@dataclass(slots=True)
class Kit:
    """What a furniture painter builds with, in metres from the middle of the thing's foot.

    The thing looks towards positive z; turn counts quarter turns of it to the right. Strokes are
    drawn by their lower edge, then from far to near: parts side by side start at one height. of
    tells the variant; wide and deep are its place on the floor. layer: 0 at a wall, 1 on the
    floor, 2 above.
    """

    scene: Scene
    x: float
    y: float
    z: float
    turn: int
    of: str = ""
    layer: int = 1
    wide: float = 0
    deep: float = 0
    strokes: list[Stroke] = field(default_factory=list)

    @property
    def generator(self) -> random.Random:
        return self.scene.generator

    def block(
        self, x: float, y: float, z: float, w: float, h: float, d: float, colour: Colour
    ) -> None:
        """A box; (x, y, z) is the middle of its lower face."""
        x0, z0 = self._place(x - w / 2, z - d / 2)
        x1, z1 = self._place(x + w / 2, z + d / 2)
        low, high = (min(x0, x1), self.y + y, min(z0, z1)), (max(x0, x1), self.y + y + h, 0)
        high = (high[0], high[1], max(z0, z1))
        self._add(y, (*low, *high), partial(_block, self.scene, low, high, colour))

    def face(self, x: float, y: float, z: float, w: float, h: float, colour: Colour) -> None:
        """An upright rectangle that looks to the front and is seen only from there."""
        a, b = self._place(x - w / 2, z), self._place(x + w / 2, z)
        camera, (ahead_x, ahead_z) = self.scene.camera, self._ahead()
        if (camera.x - a[0]) * ahead_x + (camera.z - a[1]) * ahead_z <= 0:
            return
        low, high = self.y + y, self.y + y + h
        spots = [(a[0], low, a[1]), (b[0], low, b[1]), (b[0], high, b[1]), (a[0], high, a[1])]
        bounds = (min(a[0], b[0]), low, min(a[1], b[1]), max(a[0], b[0]), high, max(a[1], b[1]))
        colour = shade(colour, 1.0 if self.turn % 2 == 0 else 0.9)
        self._add(y, bounds, partial(self.scene.fill, spots, colour))

    def shape(self, points: list[tuple[float, float]], z: float, colour: Colour) -> None:
        """An upright polygon of (x, y), seen from both sides."""
        spots = []
        for x, y in points:
            room_x, room_z = self._place(x, z)
            spots.append((room_x, self.y + y, room_z))
        x, z = self._place(0, z)
        low = min(y for _, y in points)
        bounds = (x, self.y + low, z, x, self.y + low, z)
        self._add(low, bounds, partial(self.scene.fill, spots, colour))

    def plate(self, x: float, y: float, z: float, w: float, d: float, colour: Colour) -> None:
        """A flat rectangle that lies at height y."""
        self.block(x, y, z, w, 0.01, d, colour)

    def drum(
        self,
        x: float,
        y: float,
        z: float,
        radius: float,
        h: float,
        colour: Colour,
        top: float | None = None,
    ) -> None:
        """An upright cylinder; top is the radius of its upper end if that is another one."""
        x, z = self._place(x, z)
        low = (x, self.y + y, z)
        bounds = (x - radius, low[1], z - radius, x + radius, low[1] + h, z + radius)
        upper = radius if top is None else top
        self._add(y, bounds, partial(_drum, self.scene, low, radius, upper, h, colour))

    def ball(
        self, x: float, y: float, z: float, radius: float, colour: Colour, *, lamp: bool = False
    ) -> None:
        """A ball around (x, y, z); a lamp shines when the light's lamps are on."""
        x, z = self._place(x, z)
        middle = (x, self.y + y, z)
        if lamp and self.scene.light.lamps:
            colour = (255, 240, 196)
            ((px, py),) = self.scene.camera.project([middle]) or [(-99, -99)]
            self.scene.lit.append((px, py, self.scene.camera.scale(middle) * 0.9))
        bounds = (x, middle[1], z, x, middle[1], z)
        self._add(y - radius, bounds, partial(_ball, self.scene, middle, radius, colour))

    def picture(self, code: str, x: float, y: float, z: float, height: float) -> None:
        """A sprite that stands at (x, y, z)."""
        x, z = self._place(x, z)
        foot = (x, self.y + y, z)
        self._add(y, (*foot, *foot), partial(_picture, self.scene, code, foot, height))

    def _ahead(self) -> tuple[int, int]:
        _, ahead_x, _, ahead_z = _TURNS[self.turn % 4]
        return ahead_x, ahead_z

    def _place(self, x: float, z: float) -> tuple[float, float]:
        a, b, c, d = _TURNS[self.turn % 4]
        return self.x + a * x + b * z, self.z + c * x + d * z

    def _add(self, level: float, bounds: tuple[float, ...], stroke: Callable[[], None]) -> None:
        middle = [(low + high) / 2 for low, high in zip(bounds[:3], bounds[3:], strict=True)]
        ahead = self.scene.camera.seen((middle[0], 0, middle[2]))[2]
        self.strokes.append((round(level, 2), round(-ahead, 2), len(self.strokes), stroke))


def _block(scene: Scene, low: Spot, high: Spot, colour: Colour) -> None:
    (x0, y0, z0), (x1, y1, z1), eye = low, high, scene.camera
    if eye.z < z0:
        scene.fill([(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)], shade(colour, 0.9))
    if eye.x < x0:
        scene.fill([(x0, y0, z0), (x0, y0, z1), (x0, y1, z1), (x0, y1, z0)], shade(colour, 0.84))
    elif eye.x > x1:
        scene.fill([(x1, y0, z0), (x1, y0, z1), (x1, y1, z1), (x1, y1, z0)], shade(colour, 0.76))
    if eye.z > z1:
        scene.fill([(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)], shade(colour, 0.95))
    if eye.y > y1:
        top = mix(shade(colour, 1.1), WHITE, 0.1)
        scene.fill([(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)], top)
    elif eye.y < y0:
        scene.fill([(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)], shade(colour, 0.6))


def _drum(scene: Scene, low: Spot, radius: float, top: float, h: float, colour: Colour) -> None:
    x, y, z = low
    foot = scene.camera.project([(x + radius * a, y, z + radius * b) for a, b in _CIRCLE])
    head = scene.camera.project([(x + top * a, y + h, z + top * b) for a, b in _CIRCLE])
    if len(foot) < 14 or len(head) < 14:
        return
    draw = ImageDraw.Draw(scene.image)
    draw.polygon(foot, fill=shade(colour, 0.9))
    draw.polygon([min(foot), max(foot), max(head), min(head)], fill=shade(colour, 0.9))
    (left, _), (right, y_right), (edge, _) = min(foot), max(foot), max(head)
    inner = right - (right - left) * 0.3
    dark = [(inner, y_right), max(foot), max(head), (edge - (right - left) * 0.3, max(head)[1])]
    draw.polygon(dark, fill=shade(colour, 0.76))
    above = scene.camera.y > y + h
    draw.polygon(head, fill=mix(shade(colour, 1.1), WHITE, 0.12) if above else shade(colour, 0.7))


def _ball(scene: Scene, middle: Spot, radius: float, colour: Colour) -> None:
    points = scene.camera.project([middle])
    if not points:
        return
    (x, y), r = points[0], scene.camera.scale(middle) * radius
    draw = ImageDraw.Draw(scene.image)
    draw.ellipse((x - r, y - r, x + r, y + r), fill=shade(colour, 0.88))
    draw.ellipse((x - r * 0.8, y - r * 0.9, x + r * 0.6, y + r * 0.5), fill=colour)


def _picture(scene: Scene, code: str, foot: Spot, height: float) -> None:
    points = scene.camera.project([foot])
    if points:
        paste(scene.image, scene.sprite(code), *points[0], scene.camera.scale(foot) * height)
