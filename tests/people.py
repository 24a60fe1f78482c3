"""People for tests: a folder with a real photo in it, a LoRA, and a search by content."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image

from driver.avatars.people import Crop, Folder, Model, Person, Photo, new_token, write_private
from tests import faces

NAME = "anna-karenina-7"
KEY = "0123456789abcdef"


def png(name: str) -> bytes:
    """A real photo as intake keeps it: without metadata."""
    buffer = io.BytesIO()
    faces.photo(name, 96).save(buffer, "PNG")
    return buffer.getvalue()


def person(people: Path, name: str = NAME, photos: Iterable[str] = ("obama",)) -> Folder:
    """A person as intake and training leave one."""
    folder = Folder(name, people)
    kept: list[Photo] = []
    crops: list[Crop] = []
    with folder.held(new=True):
        for place in (folder.photos, folder.crops):
            place.mkdir(mode=0o700)
        for photo in photos:
            data = png(photo)
            digest = hashlib.sha256(data).hexdigest()
            file = f"photos/{digest[:16]}.png"
            write_private(folder.path / file, data)
            kept.append(Photo(sha256=digest, file=file, fitness=0.9, vector=(0.25,) * 128))
            crop = f"crops/{digest[:16]}-face.png"
            cut = io.BytesIO()
            Image.open(io.BytesIO(data)).crop((8, 8, 72, 72)).save(cut, "PNG")
            write_private(folder.path / crop, cut.getvalue())
            write_private((folder.path / crop).with_suffix(".txt"), b"photo of ohwx man")
            crops.append(Crop(file=crop, photo=digest, framing="face"))
        model = Model(
            key=KEY, family="sketch", checkpoint="sketch.safetensors", steps=20, strength=0.9,
            sha256="0" * 64, size=1,
        )  # fmt: skip
        record = Person(token=new_token(), consent="agreed, 2026-11-01", word="man",
                        photos=tuple(kept), crops=tuple(crops), models=(model,))  # fmt: skip
        folder.write(record)
    return folder


def signs(folder: Folder) -> dict[str, bytes]:
    """What gives the person away, each by a name: the token, the name, and the middle of every file
    in the folder that holds a picture or a model."""
    found = {"token": folder.read().token.encode(), "name": folder.name.encode()}
    for path in sorted(folder.path.rglob("*")):
        if path.suffix in (".png", ".jpg", ".safetensors"):
            found[path.name] = middle(path.read_bytes())
    return found


def middle(data: bytes) -> bytes:
    return data[len(data) // 2 :][:48]


def holding(places: Iterable[Path], signs: Mapping[str, bytes]) -> dict[str, set[str]]:
    """The files below the places, by path, that hold signs, in them or in their paths."""
    found: dict[str, set[str]] = {}
    for path in (path for place in places for path in place.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        data += str(path).encode()
        if here := {name for name, sign in signs.items() if sign in data}:
            found[str(path)] = here
    return found
