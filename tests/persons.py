"""A person for tests, as intake leaves one: real photos, varied, cropped small, with captions."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from pathlib import Path
from random import Random

from PIL import Image, ImageEnhance, ImageOps

from driver.avatars.people import Crop, Folder, Person, Photo, make_private, write_private
from stockwright.core.people import TRIGGER
from tests.faces import photo, the_face

OF_ONE = ("obama", "obama-later")
"""Photos of one man."""
TOKEN = "5f0c9a41d7e2"
NAME = "anton"
WORD = "man"


def make_person(people: Path, *, count: int = 10, held_back: int = 2, size: int = 128) -> Folder:
    """A folder with `count` crops, `held_back` of them not to be trained on. The faces have no
    vectors: the small checkpoint draws no face that could be compared."""
    folder = Folder(NAME, people)
    make_private(folder.crops)
    photos: list[Photo] = []
    crops: list[Crop] = []
    for number in range(count):
        picture = varied(OF_ONE[number % len(OF_ONE)], size, Random(number))
        data = encoded(picture)
        digest = hashlib.sha256(data).hexdigest()
        name = f"{digest[:16]}-face"
        write_private(folder.crops / f"{name}.png", data)
        write_private(folder.crops / f"{name}.txt", f"photo of {TRIGGER} {WORD}".encode())
        photos.append(Photo(sha256=digest, file=f"crops/{name}.png", fitness=1.0, vector=()))
        crop = Crop(
            file=f"crops/{name}.png",
            photo=digest,
            framing="face",
            held_back=number >= count - held_back,
        )
        crops.append(crop)
    folder.write(
        Person(
            token=TOKEN,
            consent="tests, 2026-01-01",
            word=WORD,
            photos=tuple(photos),
            crops=tuple(crops),
        )
    )
    return folder


def varied(name: str, size: int, chance: Random) -> Image.Image:
    """A crop around the face of a photo, a little another one each time."""
    image = photo(name)
    x0, y0, x1, y1 = box_of(name)
    side = max(x1 - x0, y1 - y0) * chance.uniform(1.5, 1.9)
    x = (x0 + x1) / 2 + chance.uniform(-0.06, 0.06) * side
    y = (y0 + y1) / 2 + chance.uniform(-0.06, 0.06) * side
    left, top = round(x - side / 2), round(y - side / 2)
    box = (left, top, left + round(side), top + round(side))
    crop = image.crop(box).resize((size, size), Image.Resampling.LANCZOS)
    if chance.random() < 0.5:
        crop = ImageOps.mirror(crop)
    return ImageEnhance.Brightness(crop).enhance(chance.uniform(0.85, 1.15))


@cache
def box_of(name: str) -> tuple[float, float, float, float]:
    return the_face(photo(name)).box


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
