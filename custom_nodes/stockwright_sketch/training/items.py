"""Close-ups: one thing on a ground, with its shadow."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from pathlib import Path

import yaml
from PIL import Image

from .looks import COLOURS, WHITE, Colour, Light, jitter, light_of, mix, shade
from .paint import SIDE, Point, finish, glow, gradient, paste, shadow, texture
from .places import Place

# The first entry of which one word is in the material's text counts.
GROUNDS: tuple[tuple[str, Colour, str], ...] = (
    ("white seamless", (248, 248, 248), "plain"),
    ("pale wood", (226, 192, 146), "wood"),
    ("light grey stone", (202, 204, 206), "stone"),
    ("pastel paper", (0, 0, 0), "pastel"),
    ("dark slate", (62, 66, 74), "plain"),
    ("linen", (232, 222, 204), "linen"),
)
PASTELS: tuple[Colour, ...] = (
    (250, 214, 220),
    (206, 228, 248),
    (212, 240, 214),
    (252, 240, 200),
    (226, 214, 246),
)


@functools.cache
def _entries() -> dict[str, dict[str, object]]:
    path = Path(__file__).with_name("objects.yaml")
    return yaml.safe_load(path.read_text("utf-8"))


@functools.cache
def places() -> dict[str, Place]:
    """Every thing by its id. A thing fits any theme: no `themes`."""
    return {
        name: Place(names=tuple(entry["names"]), themes=())  # type: ignore[arg-type]
        for name, entry in _entries().items()
    }


def paint(
    thing: str,
    camera: str,
    light: str,
    material: str,
    generator: random.Random,
    sprite: Callable[[str], Image.Image],
) -> Image.Image:
    """A close-up of a thing of objects.yaml, RGB, SIDE x SIDE.

    The ground is one of kinds.yaml's materials, or `COLOUR background`.
    """
    picture = sprite(str(_entries()[thing]["sprite"]))
    look = light_of(light)
    flat = "top-down" in camera or "flat lay" in camera
    image = _ground(material, look, generator, flat)
    height = SIDE * generator.uniform(0.56, 0.66) * (1.15 if "macro" in camera else 1)
    x = SIDE * (0.66 if "copy space on the left" in camera else 0.5)
    if x > SIDE / 2:
        height *= 0.8
    x += generator.uniform(-6, 6)
    widest = 2 * (SIDE - x) * 0.94
    height = min(height, widest * picture.height / picture.width)
    if flat:
        picture = picture.rotate(generator.uniform(-18, 18), Image.Resampling.BILINEAR, expand=True)
        foot = SIDE / 2 + height / 2
        _cast(image, picture, x + look.slant * 9, foot + 8, height, look)
    else:
        foot = min(SIDE * 0.95, SIDE / 2 + height / 2 + generator.uniform(4, 16))
        width = picture.width * height / picture.height
        shadow(image, x, foot - 5, width * 0.9, look, height * 0.5)
    if "backlight" in light:
        glow(image, x, SIDE * 0.35, SIDE * 0.45, (255, 224, 160), 0.6)
    paste(image, picture, x, foot, height)
    return finish(image, look)


def ground_colour(material: str, generator: random.Random) -> tuple[Colour, str]:
    """The ground's colour, and one of paint.texture's kinds or `linen`."""
    text = material.lower()
    for words, colour, kind in GROUNDS:
        if words in text:
            return (generator.choice(PASTELS), "plain") if kind == "pastel" else (colour, kind)
    for name, colour in COLOURS.items():
        if name in text:
            return colour, "plain"
    return (236, 234, 230), "plain"


def _ground(material: str, look: Light, generator: random.Random, flat: bool) -> Image.Image:
    colour, kind = ground_colour(material, generator)
    colour = jitter(colour, generator, 5)
    full: list[Point] = [(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)]
    if flat:
        image = Image.new("RGB", (SIDE, SIDE), colour)
        texture(image, full, kind, colour, generator)
        return image
    image = gradient(mix(colour, WHITE, 0.25), colour)
    horizon = SIDE * generator.uniform(0.55, 0.66)
    table: list[Point] = [(0, horizon), (SIDE, horizon), (SIDE, SIDE), (0, SIDE)]
    if kind == "plain":
        # A seamless ground has no edge: only its light changes.
        image = gradient(shade(colour, 1.06), shade(colour, 0.94))
    elif kind == "linen":
        texture(image, table, "plain", shade(colour, 0.95), generator)
    else:
        texture(image, table, kind, colour, generator)
    return image


def _cast(
    image: Image.Image, picture: Image.Image, x: float, y: float, height: float, look: Light
) -> None:
    """The shadow of a thing that lies flat: its own outline, moved."""
    dark = Image.new("RGBA", picture.size, (24, 22, 30, 0))
    strength = look.shadow
    dark.putalpha(picture.getchannel("A").point(lambda value: round(value * strength)))
    paste(image, dark, x, y, height)
