"""Pictures brought to an exact size by a Lanczos filter, in floats: nothing is rounded to 8 bits.

Pillow's filter works on one channel of 32-bit floats at a time and lets other threads run.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]

_VISIBLE = 1 / 255


def resize(pictures: np.ndarray, width: int, height: int, box: Box) -> np.ndarray:
    """float32 (n, height, width, channels) in [0, 1] from such pictures of any size.

    `box` is what is kept of each: left, upper, right, lower in pixels, which may be fractions. A
    fourth channel is opacity: the colour of what cannot be seen does not bleed into what can.
    """
    if pictures.shape[-1] != 4:
        done = _each_channel(pictures, width, height, box)
        return np.clip(done, 0, 1, out=done)
    opacity = pictures[..., 3:]
    premultiplied = np.concatenate([pictures[..., :3] * opacity, pictures], axis=-1)
    # Clipped last: a ratio of two filtered values keeps its meaning where both overshoot.
    done = _each_channel(premultiplied, width, height, box)
    seen, plain, opacity = done[..., :3], done[..., 3:6], done[..., 6:]
    colour = np.where(opacity > _VISIBLE, seen / np.maximum(opacity, _VISIBLE), plain)
    return np.clip(np.concatenate([colour, opacity], axis=-1), 0, 1)


def _each_channel(pictures: np.ndarray, width: int, height: int, box: Box) -> np.ndarray:
    count, _, _, channels = pictures.shape
    result = np.empty((count, height, width, channels), np.float32)

    def one(where: tuple[int, int]) -> None:
        picture, channel = where
        plane = np.ascontiguousarray(pictures[picture, :, :, channel], np.float32)
        image = Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS, box)
        result[picture, :, :, channel] = np.asarray(image)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(one, np.ndindex(count, channels)))
    return result
