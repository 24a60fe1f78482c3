"""From a tensor of pictures to the tasks that write them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ...core.errors import SavingInvalid
from .credentials import Credentials
from .encoding import encode, to_pixels
from .files import put
from .formats import ImageFormat
from .label import Label
from .writer import Task, Written

_BLOCK = 256 * 1024
"""Pixels that are worked on at once."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How files are made: `quality` 1 to 100 for JPEG and WebP, `dpi` in pixels an inch."""

    format: ImageFormat
    quality: int
    dpi: int
    credentials: Credentials | None = None


def tasks(
    images: torch.Tensor,
    names: Sequence[str],
    paths: Sequence[Path],
    labels: Sequence[Callable[[], Label]],
    shape: Shape,
) -> tuple[list[Task], int]:
    """One task for each picture, and the bytes that they hold in memory together.

    `images` (count, height, width, channels) are floats in [0, 1]; channels after the third are
    left out. They are kept as they are, without a copy where they are in main memory: nodes never
    change what they were given. All work on the pixels is the task's, and making the label too.
    """
    held = images.detach().cpu()
    made = [
        Task(name, path, partial(_write, image, path, label, shape))
        for name, path, image, label in zip(names, paths, held, labels, strict=True)
    ]
    return made, held.numel() * held.element_size()


def check_size(width: int, height: int, image_format: ImageFormat) -> None:
    """Raises SavingInvalid for a picture that the format has no room for."""
    most = image_format.longest_side
    if max(width, height) > most:
        raise SavingInvalid(
            f"{image_format} pictures have at most {most} pixels a side, not {width}x{height}",
            where="Save Stock Image, field format",
            hint="Choose png, or enlarge the pictures less.",
        )


def pixels_of(image: torch.Tensor) -> np.ndarray:
    """uint8 (height, width, 3) from floats (height, width, channels) in [0, 1].

    It is made in blocks of rows: of a whole picture the floats in between would take several times
    the memory of the picture itself. Raises ValueError as `to_pixels` does.
    """
    height, width = image.shape[:2]
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _BLOCK // width)
    for top in range(0, height, rows):
        block = image[top : top + rows, :, :3]
        pixels[top : top + rows] = to_pixels(block.float().numpy())
    return pixels


def _write(image: torch.Tensor, path: Path, label: Callable[[], Label], shape: Shape) -> Written:
    pixels = pixels_of(image)
    told = label()
    data = encode(pixels, shape.format, shape.quality, shape.dpi, told)
    if shape.credentials is not None:
        data = shape.credentials.sign(data, shape.format, told.source)
    put(path, data)
    return Written(len(data), hashlib.sha256(data).hexdigest())
