"""Paints places outdoors: exteriors.yaml tells what each is made of, the painters draw it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from PIL import Image, ImageDraw, ImageOps

from . import buildings, landmarks, landscape, roads, sports, town, transport, works
from .buildings import Painter
from .looks import WHITE, Colour, Light, light_of, material_of, mix, shade
from .paint import SIDE, box, finish, gradient
from .places import Place
from .stage import Spot, Stage, View

# A sky that is so pale at its top belongs to haze, which also veils the things on the ground.
HAZY = 205


def _colour(rgb: Sequence[int]) -> Colour:
    red, green, blue = rgb
    return red, green, blue


_DATA: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("exteriors.yaml").read_text("utf-8")
)
_PLACES: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in _DATA["places"]}
_GROUNDS: dict[str, Colour] = {name: _colour(rgb) for name, rgb in _DATA["grounds"].items()}
_PAINTERS: dict[str, Painter] = {
    name: painter
    for module in (buildings, landmarks, landscape, roads, sports, town, transport, works)
    for name, painter in module.PAINTERS.items()
}


def places() -> dict[str, Place]:
    return {
        key: Place(names=tuple(entry["names"]), themes=tuple(entry["themes"]))
        for key, entry in _PLACES.items()
    }


def paint(
    place: str,
    camera: str,
    light: str,
    material: str,
    generator: random.Random,
    sprite: Callable[[str], Image.Image],
) -> Image.Image:
    """The place, an id of places(), as the words of a prompt describe the picture.

    The result is RGB, SIDE x SIDE. sprite gives the RGBA picture of an emoji by its code.
    """
    entry = _PLACES[place]
    look = light_of(light)
    image = _sky(look, generator)
    stage = Stage(
        image,
        _view(camera, entry.get("raise", 0), generator),
        look,
        material_of(material),
        generator,
        sprite,
    )
    _ground(stage, entry["ground"])
    steps: Sequence[dict[str, Any]] = entry["steps"]
    for step in steps:
        _step(stage, step)
    if "planting" in material and entry["ground"] in ("floor", "paving"):
        for step in _DATA["planting"]:
            _step(stage, step)
    if "wet" in material and not stage.view.aerial:
        landscape.reflect(stage, stage.ground(1.0) + 8, 0.55)
    if min(look.sky[0]) > HAZY:
        stage.image = Image.blend(image, Image.new("RGB", image.size, look.sky[1]), 0.25)
    if stage.view.framed:
        _frame(stage)
    if generator.random() < 0.5:
        stage.image = ImageOps.mirror(stage.image)
    return finish(stage.image, look)


def _view(camera: str, lift: float, generator: random.Random) -> View:
    entry: dict[str, Any] = next(
        entry
        for entry in _DATA["cameras"]
        if not entry["words"] or any(word in camera for word in entry["words"])
    )
    keys = {key: value for key, value in entry.items() if key != "words"}
    keys["horizon"] += generator.uniform(-6, 6) - (0 if keys.get("aerial") else lift)
    keys["vanish"] += generator.uniform(-12, 12)
    return View(**keys)


def _sky(light: Light, generator: random.Random) -> Image.Image:
    top, horizon = light.sky
    image = gradient(top, horizon, SIDE, 190)
    sky = Image.new("RGB", (SIDE, SIDE), horizon)
    sky.paste(image, (0, 0))
    draw = ImageDraw.Draw(sky)
    if abs(light.slant) > 0.6:
        x, y = generator.uniform(20, 100), generator.uniform(22, 100)
        sun = mix(horizon, (255, 250, 214), 0.8)
        draw.ellipse((x - 26, y - 26, x + 26, y + 26), fill=mix(horizon, sun, 0.5))
        draw.ellipse((x - 15, y - 15, x + 15, y + 15), fill=sun)
    grey = max(top) - min(top) < 20
    cloud = shade(top, 0.94) if grey else mix(horizon, WHITE, 0.1 if light.lamps else 0.7)
    for _ in range(generator.randint(2, 4) if light.slant or grey else 0):
        x, y = generator.uniform(-10, SIDE), generator.uniform(14, 110)
        wide = generator.uniform(30, 60)
        box(sky, x - wide, y, x + wide, y + 14, cloud, round_=7)
        draw.ellipse((x - wide * 0.6, y - 13, x + wide * 0.1, y + 12), fill=cloud)
        draw.ellipse((x - wide * 0.1, y - 8, x + wide * 0.6, y + 12), fill=cloud)
    return sky


def _ground(stage: Stage, kind: str) -> None:
    colour = stage.material.floor if kind == "floor" else _GROUNDS[kind]
    high = SIDE - round(stage.view.horizon)
    far = mix(mix(colour, WHITE, 0.12), stage.light.sky[1], 0.3)
    stage.image.paste(gradient(far, colour, SIDE, high), (0, SIDE - high))


def _step(stage: Stage, step: dict[str, Any]) -> None:
    """One thing, or several of one sort, as a line of a recipe says."""
    generator, view = stage.generator, stage.view
    if generator.random() > step.get("chance", 1.0):
        return
    low, high = step.get("at", (0.5, 0.5))
    near, far = step.get("depth", (1.0, 1.0))
    wide, tall = step.get("wide", (40, 40)), step.get("tall", (40, 40))
    number = generator.randint(*step.get("count", (1, 1)))
    depths = sorted(generator.uniform(near, far) for _ in range(number))
    slots = list(range(number))
    generator.shuffle(slots)
    for depth, slot in zip(depths, slots, strict=True):
        part = (slot + generator.uniform(0.15, 0.85)) / number
        size = 0.5 + 0.5 * depth
        x = SIDE * (low + (high - low) * part)
        spot = Spot(
            x=x,
            y=stage.ground(depth),
            wide=generator.uniform(*wide) * view.wide * size,
            tall=generator.uniform(*tall) * view.tall * size,
            colour=_colour(generator.choice(step["colours"])) if "colours" in step else None,
        )
        if "sprite" in step:
            stage.put(generator.choice(step["sprite"]), spot.x, spot.y, spot.tall)
            continue
        if step.get("shadow", 0):
            stage.shadow(spot.x, spot.y, spot.wide, spot.tall)
        _PAINTERS[generator.choice(step["draw"])](stage, spot)


def _frame(stage: Stage) -> None:
    """Leaves in two corners, close to the camera."""
    generator = stage.generator
    for x, y, spread in ((10, 26, 60), (14, 262, 46), (250, 268, 40)):
        for _ in range(7):
            cx, cy = x + generator.uniform(-spread, spread), y + generator.uniform(-26, 14)
            tone = shade((44, 96, 50), generator.uniform(0.7, 1.2))
            landscape.bush(stage, Spot(cx, cy + 16, 44, 34, tone))
