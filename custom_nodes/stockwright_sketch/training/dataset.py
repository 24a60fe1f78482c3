"""The pictures that the sketch is trained on: rendered once, kept in a folder, the same each time.

`pictures.npy` has (number, SIZE, SIZE, 3) bytes, `pictures.jsonl` a line for each: its kind, place,
camera, light, material and CAPTIONS captions. Picture i depends on the seed and i alone, so that
workers may share the work in any way.
"""

from __future__ import annotations

import functools
import json
import os
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import yaml
from PIL import Image

from . import captions, exteriors, interiors, items
from .looks import COLOURS
from .portraits import Portraits
from .sprites import Sprites

SIZE = 128
CAPTIONS = 6
SHARES = {"interiors": 0.36, "exteriors": 0.26, "items": 0.38}
PAINTERS: dict[str, ModuleType] = {
    "interiors": interiors,
    "exteriors": exteriors,
    "items": items,
}
COLOURED = {
    "interiors": (0.12, "{} walls"),
    "exteriors": (0.0, ""),
    "items": (0.4, "{} background"),
}


@dataclass(frozen=True, slots=True)
class Picture:
    kind: str
    place: str
    camera: str
    light: str
    material: str
    captions: tuple[str, ...]


def kinds() -> dict[str, Any]:
    """Of each kind: a caption's sentence, what fills it, and the negative words (captions.yaml)."""
    return _read("captions.yaml")["kinds"]


def curriculum() -> dict[str, list[str]]:
    """The places of each kind that the model learns: curriculum.yaml."""
    return _read("curriculum.yaml")


def themes() -> dict[str, str]:
    """Titles of themes by id (captions.yaml)."""
    return _read("captions.yaml")["themes"]


def words() -> dict[str, Any]:
    """What `captions.reworded` needs (captions.yaml)."""
    return _read("captions.yaml")["words"]


@functools.cache
def _read(name: str) -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name(name).read_text("utf-8"))


def describe(index: int, seed: int) -> Picture:
    """What picture `index` shows."""
    generator = random.Random(f"{seed}/{index}")
    kind = generator.choices(list(SHARES), list(SHARES.values()))[0]
    places = PAINTERS[kind].places()
    name = generator.choice(sorted(places))
    entry = kinds()[kind]
    looks = {key: generator.choice(entry[key]) for key in ("camera", "light", "material")}
    share, form = COLOURED[kind]
    if generator.random() < share:
        looks["material"] = form.format(generator.choice(list(COLOURS)))
    words = tuple(
        captions.caption(kind, entry, places[name], themes(), looks, generator)
        for _ in range(CAPTIONS)
    )
    return Picture(kind, name, **looks, captions=words)


def paint(picture: Picture, generator: random.Random, sprites: Sprites) -> Image.Image:
    """RGB, SIZE x SIZE."""
    painter = PAINTERS[picture.kind]
    looks = (picture.camera, picture.light, picture.material)
    large = painter.paint(picture.place, *looks, generator, sprites.get)
    return large.resize((SIZE, SIZE), Image.Resampling.BOX)


def load(
    folder: Path, number: int, people: int, seed: int, say: Callable[[str], None]
) -> tuple[np.ndarray, list[Picture]]:
    """The first `number` pictures of a seed, and behind them the first `people` portraits.

    What the folder lacks is painted.
    """
    descriptions = [describe(index, seed) for index in range(number)]
    path = folder / f"pictures-{seed}-{number}.npy"
    if not path.exists():
        Sprites(folder)  # fetched once, before the workers ask for it
        _paint_all(path, number, seed, say)
    portraits, words = _portraits(folder, people, seed)
    return np.concatenate([np.load(path, mmap_mode="r"), portraits]), descriptions + words


def _portraits(folder: Path, number: int, seed: int) -> tuple[np.ndarray, list[Picture]]:
    drawn = Portraits(folder)
    pictures: list[np.ndarray] = []
    found: list[Picture] = []
    for index in range(min(number, drawn.count)):
        image, words = drawn.paint(index)
        pictures.append(np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX)))
        # The fullest name most often; never an empty one, since the scenes have those.
        chosen = random.Random(f"{seed}/{index}/portrait")
        names = [*drawn.names(index)[:2], *chosen.choices(drawn.names(index), k=CAPTIONS - 2)]
        found.append(Picture("portraits", words["who"], "", "", "", tuple(names)))
    return np.stack(pictures), found


def _paint_all(path: Path, number: int, seed: int, say: Callable[[str], None]) -> None:
    temporary = path.with_suffix(".part")
    pictures = np.lib.format.open_memmap(
        temporary, mode="w+", dtype=np.uint8, shape=(number, SIZE, SIZE, 3)
    )
    parts = range(0, number, 200)
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        work = functools.partial(_paint_part, path.parent, number, seed)
        for start, part in zip(parts, workers.map(work, parts), strict=True):
            pictures[start : start + len(part)] = part
            if start % 2000 == 0:
                say(f"painting pictures: {start}/{number}")
    pictures.flush()
    temporary.replace(path)
    with path.with_suffix(".jsonl").open("w", encoding="utf-8") as file:
        for index in range(number):
            shown = describe(index, seed)
            line = {key: getattr(shown, key) for key in Picture.__slots__}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


@functools.cache
def _sprites(folder: Path) -> Sprites:
    return Sprites(folder)


def _paint_part(folder: Path, number: int, seed: int, start: int) -> np.ndarray:
    found = [
        paint(describe(index, seed), random.Random(f"{seed}/{index}/paint"), _sprites(folder))
        for index in range(start, min(number, start + 200))
    ]
    return np.stack([np.asarray(picture) for picture in found])
