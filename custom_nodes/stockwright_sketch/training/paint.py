"""Brushes: a scene is painted at SIDE x SIDE pixels, RGB, and made smaller afterwards.

Pixels count from the upper left corner. Nothing here draws a random number except from the
generator that it is given.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .looks import Colour, Light, jitter, mix, shade

SIDE = 256

Point = tuple[float, float]


def gradient(top: Colour, bottom: Colour, width: int = SIDE, height: int = SIDE) -> Image.Image:
    column = Image.new("RGB", (1, 64))
    for y in range(64):
        column.putpixel((0, y), mix(top, bottom, y / 63))
    return column.resize((width, height), Image.Resampling.BILINEAR)


def polygon(image: Image.Image, points: Sequence[Point], colour: Colour) -> None:
    ImageDraw.Draw(image).polygon(list(points), fill=colour)


def box(
    image: Image.Image,
    left: float,
    top: float,
    right: float,
    bottom: float,
    colour: Colour,
    *,
    round_: float = 0,
    edge: Colour | None = None,
) -> None:
    """A filled rectangle."""
    if right - left < 1 or bottom - top < 1:
        return
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((left, top, right, bottom), round_, fill=colour, outline=edge)


def texture(
    image: Image.Image, points: Sequence[Point], kind: str, colour: Colour, generator: random.Random
) -> None:
    """Fills a polygon with one of Material's textures, seen from the front."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top = int(min(xs)), int(min(ys))
    width, height = max(1, int(max(xs)) - left + 1), max(1, int(max(ys)) - top + 1)
    patch = Image.new("RGB", (width, height), colour)
    draw = ImageDraw.Draw(patch)
    dark, pale = shade(colour, 0.86), shade(colour, 1.09)
    if kind == "brick":
        for row, y in enumerate(range(0, height, 9)):
            draw.line((0, y, width, y), fill=pale)
            for x in range(-9 * (row % 2), width, 18):
                draw.line((x, y, x, y + 9), fill=pale)
    elif kind == "wood":
        for x in range(0, width, 14):
            draw.rectangle((x, 0, x + 13, height), fill=jitter(colour, generator, 7))
            draw.line((x, 0, x, height), fill=dark)
    elif kind == "tiles":
        for x in range(0, width, 20):
            draw.line((x, 0, x, height), fill=dark)
        for y in range(0, height, 20):
            draw.line((0, y, width, y), fill=dark)
    elif kind == "stone":
        for row, y in enumerate(range(0, height, 16)):
            draw.line((0, y, width, y), fill=dark)
            for x in range(-14 * (row % 2), width, 28):
                draw.line((x, y, x, y + 16), fill=dark)
    elif kind == "glass":
        for x in range(0, width, 22):
            draw.line((x, 0, x, height), fill=pale, width=2)
        for y in range(0, height, 30):
            draw.line((0, y, width, y), fill=pale, width=2)
    elif kind == "concrete":
        for y in range(0, height, 44):
            draw.line((0, y, width, y), fill=dark)
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points], fill=255)
    image.paste(patch, (left, top), mask)


def shadow(
    image: Image.Image, x: float, y: float, width: float, light: Light, height: float = 12
) -> None:
    """A shadow on the ground under something that stands at (x, y), its foot's middle."""
    if light.shadow <= 0:
        return
    mask = Image.new("L", image.size, 0)
    reach = light.slant * height
    left, right = (
        min(x - width / 2, x - width / 2 + reach),
        max(x + width / 2, x + width / 2 + reach),
    )
    deep = max(3.0, width * 0.12)
    ImageDraw.Draw(mask).ellipse((left, y - deep, right, y + deep), fill=round(255 * light.shadow))
    mask = mask.filter(ImageFilter.GaussianBlur(max(0.5, light.soft * 0.6)))
    image.paste((24, 22, 30), (0, 0), mask)


def paste(image: Image.Image, sprite: Image.Image, x: float, y: float, height: float) -> None:
    """Puts an RGBA sprite so that (x, y) is the middle of its lower edge."""
    width = max(1, round(sprite.width * height / sprite.height))
    small = sprite.resize((width, max(1, round(height))), Image.Resampling.BILINEAR, reducing_gap=2)
    image.paste(small, (round(x - width / 2), round(y - height)), small)


def glow(
    image: Image.Image, x: float, y: float, radius: float, colour: Colour, power: float
) -> None:
    """Light that spreads around a lamp. power: 0 to 1."""
    mask = Image.new("L", image.size, 0)
    around = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(mask).ellipse(around, fill=round(255 * power))
    mask = mask.filter(ImageFilter.GaussianBlur(radius / 2.5))
    layer = Image.composite(
        Image.new("RGB", image.size, colour), Image.new("RGB", image.size), mask
    )
    image.paste(ImageChops.screen(image, layer))


def finish(image: Image.Image, light: Light) -> Image.Image:
    """The picture under that light: a tint over all of it."""
    table: list[int] = []
    for factor in light.tint:
        table += [max(0, min(255, round(value * factor))) for value in range(256)]
    return image.point(table)
