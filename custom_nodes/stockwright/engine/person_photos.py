"""A person's photos and their captions, as a training and PhotoMaker take them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from ..core.errors import PersonPhotosInvalid

WHERE = "Load Person Photos"
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
REFERENCE = 512
"""Pixels of both sides of a reference picture."""


def find_photos(folder: Path) -> list[Path]:
    """The pictures that lie in a folder, by name. Raises PersonPhotosInvalid if there is none."""
    found = [
        path
        for path in sorted(folder.iterdir() if folder.is_dir() else ())
        if path.suffix.lower() in ENDINGS and path.is_file() and not path.name.startswith(".")
    ]
    if not found:
        raise PersonPhotosInvalid(
            "there is no picture in the folder" if folder.is_dir() else "the folder is not there",
            where=WHERE,
            hint="Put pictures that end in .png, .jpg or .webp into a folder below input.",
        )
    return found


def read_captions(photos: Sequence[Path], text: str) -> list[str]:
    """One caption for each photo: from JSON such as `{"a.png": "photo of …"}`, or, where the text
    is empty, from the .txt files beside the photos; a photo without either has an empty one.

    Raises:
        PersonPhotosInvalid: the text is something else, or misses a photo.
    """
    if not text.strip():
        beside = [photo.with_suffix(".txt") for photo in photos]
        return [file.read_text("utf-8").strip() if file.is_file() else "" for file in beside]
    captions = parse_captions(text)
    if missing := [photo.name for photo in photos if photo.name not in captions]:
        raise PersonPhotosInvalid(
            f"{len(missing)} of {len(photos)} photos have no caption, such as {missing[0]}",
            where=f"{WHERE}, captions",
            hint="Name every file of the folder, or leave captions empty and use .txt files.",
        )
    return [captions[photo.name] for photo in photos]


def parse_captions(text: str) -> dict[str, str]:
    """Captions by file name. Raises PersonPhotosInvalid."""
    try:
        data: Any = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise PersonPhotosInvalid(
            "the captions are no JSON object of texts",
            where=f"{WHERE}, captions",
            hint='Write them as {"file.png": "caption", …}, or leave the field empty.',
        )
    return data


def load_square(photo: Path, side: int) -> torch.Tensor:
    """A picture (1, side, side, 3), RGB in [0, 1]: its middle, scaled.

    Raises:
        PersonPhotosInvalid: the file is no picture.
    """
    try:
        with Image.open(photo) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise PersonPhotosInvalid(
            "a file is no picture that can be read",
            where=f"{WHERE}, {photo.name}",
            hint="Take it out of the folder.",
        ) from error
    if upright.size != (side, side):
        upright = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(upright)).float()[None] / 255
