"""Light and material as a prompt names them (looks.yaml). Colours are (r, g, b), 0 to 255."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Colour = tuple[int, int, int]

_DATA: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("looks.yaml").read_text("utf-8"))

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
COLOURS: dict[str, Colour] = {name: tuple(parts) for name, parts in _DATA["colours"].items()}


@dataclass(frozen=True, slots=True)
class Light:
    """How a prompt's light words look.

    tint: factors for red, green and blue over the whole picture. sky: its colours at the top and
    at the horizon. window: the colour seen through a window of a room. shadow: 0 to 1, how dark.
    slant: how far a shadow reaches sideways, in heights of the thing, negative to the left. soft:
    blur of shadows in pixels. lamps: lamps are on and windows are lit.
    """

    tint: tuple[float, float, float]
    sky: tuple[Colour, Colour]
    window: Colour
    shadow: float
    slant: float
    soft: float
    lamps: bool


@dataclass(frozen=True, slots=True)
class Material:
    """Colours of wall, floor and a third one, and the wall's texture.

    texture is one of plain, wood, brick, concrete, tiles, glass, stone.
    """

    wall: Colour
    floor: Colour
    accent: Colour
    texture: str


def light_of(text: str) -> Light:
    entry = _first("lights", text)
    top, horizon = entry["sky"]
    return Light(
        tint=tuple(entry["tint"]),
        sky=(tuple(top), tuple(horizon)),
        window=tuple(entry["window"]),
        **{key: entry[key] for key in ("shadow", "slant", "soft", "lamps")},
    )


def material_of(text: str) -> Material:
    """The look of the words; a colour's name in them, such as `green walls`, colours the wall."""
    entry = _first("materials", text)
    if not entry["words"]:
        for name, colour in COLOURS.items():
            if name in text.lower():
                floor = mix(colour, tuple(entry["floor"]), 0.6)
                return Material(mix(colour, WHITE, 0.25), floor, shade(colour, 0.7), "plain")
    colours = {key: tuple(entry[key]) for key in ("wall", "floor", "accent")}
    return Material(**colours, texture=entry["texture"])


def _first(table: str, text: str) -> dict[str, Any]:
    text = text.lower()
    entries: list[dict[str, Any]] = _DATA[table]
    return next(
        entry
        for entry in entries
        if not entry["words"] or any(word in text for word in entry["words"])
    )


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour, 0 to 1."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return r, g, b


def shade(colour: Colour, factor: float) -> Colour:
    """Darker for a factor under 1, lighter over 1."""
    r, g, b = (max(0, min(255, round(part * factor))) for part in colour)
    return r, g, b


def jitter(colour: Colour, generator: random.Random, amount: int = 10) -> Colour:
    step = generator.randint(-amount, amount)
    r, g, b = (max(0, min(255, part + step + generator.randint(-4, 4))) for part in colour)
    return r, g, b
