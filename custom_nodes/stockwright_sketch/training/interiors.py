"""Paints a room inside a building by its recipe (rooms/*.yaml) under a prompt's own words.

interiors.yaml holds what prompts call each room. The keys of a recipe:
size: width, depth, height in metres. wall, ground, ceil: the room's own colours, and own: their
share, 0 to 1, against the material's. wood, cloth: colours of furniture. view: words put before the
prompt's camera unless that is a corner, for rooms that show nothing from the front. back, left,
right: things along a wall, `name variant` of furniture.py; fill repeats one.
floor: things at spots [x from -1 to 1, z from 0 at the back to 1], or count of them, or in rows and
columns between from and to; free: how far they stray; turn: quarter turns, 2 looks to the back; up:
metres above the floor; sprite, or on (upon the thing): n of these pictures, tall metres high; flat:
lies under all other things; chance: to be there at all. above: things that hang from the ceiling.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from PIL import Image, ImageOps

from .camera import Size, camera_of
from .furniture import THINGS
from .looks import COLOURS, WHITE, Colour, Material, jitter, light_of, material_of, mix, shade
from .paint import SIDE, finish
from .places import Place
from .shell import paint_shell
from .shine import shine
from .solids import Kit, Scene

_HERE = Path(__file__).parent
_WOODS: tuple[Colour, ...] = ((206, 164, 112), (176, 124, 80), (134, 92, 62), (228, 200, 158))
_CLOTHS = ("red", "orange", "green", "teal", "blue", "purple", "yellow", "pink")


@functools.cache
def places() -> dict[str, Place]:
    table = yaml.safe_load((_HERE / "interiors.yaml").read_text("utf-8"))
    return {
        key: Place(tuple(entry["names"]), tuple(entry["themes"])) for key, entry in table.items()
    }


@functools.cache
def _rooms() -> dict[str, dict[str, Any]]:
    rooms: dict[str, dict[str, Any]] = {}
    for file in sorted((_HERE / "rooms").glob("*.yaml")):
        rooms |= yaml.safe_load(file.read_text("utf-8"))
    return rooms


def paint(
    place: str,
    camera: str,
    light: str,
    material: str,
    generator: random.Random,
    sprite: Callable[[str], Image.Image],
) -> Image.Image:
    """The room, RGB, SIDE x SIDE. place is a key of places(); the others are a prompt's words.

    Raises KeyError for a place that is not known.
    """
    recipe = _rooms()[place]
    width, depth, height = recipe.get("size", (5.6, 4.6, 2.9))
    stretch = generator.uniform(0.94, 1.08)
    size: Size = (width * stretch, depth * generator.uniform(0.94, 1.08), height)
    look, walls = light_of(light), _coloured(material_of(material), recipe, generator)
    red, _, blue = walls.accent
    wood = generator.choice(_WOODS) if red <= blue + 30 else jitter(walls.accent, generator)
    cloth = COLOURS[generator.choice(recipe.get("cloth", _CLOTHS))]
    view = camera if "corner" in camera.lower() else recipe.get("view", "") + camera
    scene = Scene(
        image=Image.new("RGB", (SIDE, SIDE)),
        camera=camera_of(view, size, generator),
        light=look,
        generator=generator,
        sprite=sprite,
        wood=_known(recipe["wood"]) if "wood" in recipe else wood,
        cloth=jitter(mix(cloth, WHITE, generator.uniform(0.0, 0.2)), generator),
        accent=walls.accent,
    )
    ceiling = _known(recipe["ceil"]) if "ceil" in recipe else mix(walls.wall, WHITE, 0.75)
    paint_shell(scene, size, walls, shade(ceiling, 0.94))
    sides = [recipe.get("left", []), recipe.get("right", [])]
    generator.shuffle(sides)
    _along(scene, recipe.get("back", []), size, 0)
    if not scene.camera.yaw:  # a corner view stands at the left wall: things there would hide all
        _along(scene, sides[0], size, 1)
    _along(scene, sides[1], size, 3)
    for entry in recipe.get("floor", []):
        _stand(scene, entry, size)
    for entry in recipe.get("above", []):
        _hang(scene, entry, size)
    scene.draw()
    shine(scene)
    image = scene.image if generator.random() < 0.5 else ImageOps.mirror(scene.image)
    return finish(image, look)


def _known(colour: str | list[int]) -> Colour:
    if isinstance(colour, str):
        return COLOURS[colour]
    red, green, blue = colour
    return red, green, blue


def _coloured(material: Material, recipe: Mapping[str, Any], generator: random.Random) -> Material:
    """The material with as much of the room's own colours as the recipe wants (own, 0 to 1)."""
    own = recipe.get("own", 0.6)
    wall, floor = (
        mix(base, _known(recipe[key]), own) if key in recipe else base
        for key, base in (("wall", material.wall), ("ground", material.floor))
    )
    kind = "plain" if "wall" in recipe and own > 0.7 else material.texture
    return Material(jitter(wall, generator, 6), jitter(floor, generator, 6), material.accent, kind)


def _along(scene: Scene, entries: list[Any], size: Size, turn: int) -> None:
    """Puts things side by side along the back wall (turn 0), the left (1) or the right one (3)."""
    width, depth, _ = size
    length = width if turn == 0 else depth
    items: list[str] = []
    for entry in entries:
        if isinstance(entry, dict) and "fill" in entry:
            name = entry["fill"]
            items += [name] * max(1, int(length / (THINGS[name.split()[0]].width + 0.06)))
        else:
            items.append(entry)
    if not items:
        return
    widths = [THINGS[item.split()[0]].width for item in items]
    gap = (length - sum(widths)) / (len(items) + 1)
    if turn == 0 and scene.generator.random() < 0.5:
        items.reverse()
        widths.reverse()
    start = -length / 2
    for item, wide in zip(items, widths, strict=True):
        name, _, of = item.partition(" ")
        thing = THINGS[name]
        middle = start + gap + wide / 2 + scene.generator.uniform(-0.3, 0.3) * max(0.0, gap)
        start += gap + wide
        off = thing.depth / 2 + 0.01
        x, z = {
            0: (middle, off),
            1: (-width / 2 + off, middle + length / 2),
            3: (width / 2 - off, middle + length / 2),
        }[turn]
        kit = Kit(scene, x, 0, z, turn, of, 0, thing.width if thing.depth else 0, thing.depth)
        thing.paint(kit)
        scene.kits.append(kit)


def _stand(scene: Scene, entry: Mapping[str, Any], size: Size) -> None:
    """Puts one entry's things on the floor: at some of its spots, or in rows and columns."""
    generator, (width, depth, _) = scene.generator, size
    if generator.random() > entry.get("chance", 1):
        return
    spots = list(entry.get("at", []))
    if "rows" in entry:
        rows, columns = (generator.randint(*entry[key]) for key in ("rows", "columns"))
        near, far = entry.get("from", 0.25), entry.get("to", 0.85)
        spread = entry.get("spread", 0.66)
        for row in range(rows):
            z = near + (far - near) * (row / max(1, rows - 1))
            for column in range(columns):
                x = 0.0 if columns == 1 else spread * (2 * column / (columns - 1) - 1)
                spots.append([x, z])
    elif "count" in entry:
        spots = generator.sample(spots, min(len(spots), generator.randint(*entry["count"])))
    free = entry.get("free", 0.04)
    for x, z in spots:
        x, z = x + generator.uniform(-free, free), z + generator.uniform(-free, free)
        name, _, of = entry.get("thing", "").partition(" ")
        thing = THINGS.get(name)
        wide, deep = (thing.width, thing.depth) if thing else (entry["tall"] * 0.7, 0.3)
        if thing and not thing.depth:
            wide = 0
        turn = entry.get("turn", 0)
        y = entry.get("up", 0)
        kit = Kit(scene, x * width / 2, y, z * depth, turn, of, 1, 0 if y else wide, deep)
        if entry.get("flat"):
            kit.layer = -1
        if thing:
            thing.paint(kit)
        codes = entry.get("sprite") or entry.get("on") or []
        number = min(len(codes), entry.get("n", 1))
        for index, code in enumerate(generator.sample(codes, number)):
            aside = (index - (number - 1) / 2) * 0.55
            kit.picture(code, aside, thing.top if thing else 0, 0.05, entry.get("tall", 0.4))
        scene.kits.append(kit)


def _hang(scene: Scene, entry: Mapping[str, Any], size: Size) -> None:
    width, depth, height = size
    name, _, of = entry["thing"].partition(" ")
    for x, z in entry["at"]:
        kit = Kit(scene, x * width / 2, height, z * depth, 0, of, 2)
        THINGS[name].paint(kit)
        scene.kits.append(kit)
