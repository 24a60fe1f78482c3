"""Sharpness, grain and flatness, told from pixels alone.

They take the picture's luma, float32 (height, width), 0 to 255. None of them needs a network.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_TILE = 16
_TILES = 2048
"""Of larger pictures about so many tiles, spread evenly, are measured."""
_FLAT_TILE = 3.0
"""A tile with a standard deviation below this has nothing that could be sharp."""
_REBLUR = 1.5  # pixels


def flatness(pixels: np.ndarray) -> float:
    """How far colours lie from their mean, root mean square; 0 for one colour, at most 127.5.

    Args:
        pixels: RGB (height, width, 3), 0 to 255.
    """
    return float(np.sqrt(pixels.reshape(-1, 3).var(axis=0, dtype=np.float64).mean()))


def sharpness(luma: np.ndarray) -> float:
    """How sharp the sharpest parts are, in the direction that is less so: 0 to 1.

    After Crete et al., "The blur effect" (2007): what is sharp loses much of its gradient when it
    is blurred once more, what is blurred loses little. Here the loss is taken in tiles, of which
    the sharpest tenth counts, so that a soft background is no blur; and by direction, so that a
    picture that was moved is not sharp. 0 where nothing has any contrast, and for a picture that
    is smaller than a few tiles of 16 pixels.
    """
    if min(luma.shape) <= _TILE:
        return 0.0
    blurred = ndimage.gaussian_filter(luma, _REBLUR)
    contrast = _tiles(luma[:-1, :-1]).std(axis=(1, 2))
    strong = contrast > max(_FLAT_TILE, np.median(contrast))
    if strong.sum() < 4:
        return 0.0
    return min(_kept(luma, blurred, axis, strong) for axis in (0, 1))


def _kept(luma: np.ndarray, blurred: np.ndarray, axis: int, strong: np.ndarray) -> float:
    """The share of the gradient along an axis that another blur takes away."""
    before = _gradient(luma, axis)[strong]
    after = _gradient(blurred, axis)[strong]
    steep = before >= np.median(before)
    return float(np.percentile(1 - after[steep] / np.maximum(before[steep], 1e-6), 90))


def _gradient(values: np.ndarray, axis: int) -> np.ndarray:
    steps = np.abs(np.diff(values, axis=axis))
    return _tiles(steps[:, :-1] if axis == 0 else steps[:-1]).sum(axis=(1, 2))


def grain(luma: np.ndarray) -> float:
    """Standard deviation of the noise in the calmest tenth of the picture, in levels of 255.

    After Immerkær, "Fast noise variance estimation" (1996): the difference of two Laplacians
    answers to noise and hardly to edges. Taken at full and at half size, of which the higher
    counts: grain that was enlarged spreads over several pixels. 0 for a picture that is smaller
    than a tile of 16 pixels.
    """
    return max(_grain(luma), _grain(_halved(luma)))


def _grain(luma: np.ndarray) -> float:
    tiles = _tiles(luma, spread=True)
    if not len(tiles):
        return 0.0
    for axis in (1, 1, 2, 2):
        tiles = np.diff(tiles, axis=axis)
    deviations = np.abs(tiles).mean(axis=(1, 2)) * np.sqrt(np.pi / 2) / 6
    return float(np.percentile(deviations, 10))


def _halved(luma: np.ndarray) -> np.ndarray:
    height, width = (side // 2 * 2 for side in luma.shape)
    return luma[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))


def _tiles(values: np.ndarray, *, spread: bool = False) -> np.ndarray:
    """(tiles, 16, 16): those that lie whole in the picture; with `spread` only some of many."""
    rows, columns = (side // _TILE for side in values.shape)
    whole = values[: rows * _TILE, : columns * _TILE]
    tiles = whole.reshape(rows, _TILE, columns, _TILE).swapaxes(1, 2)
    every = max(1, int((rows * columns / _TILES) ** 0.5)) if spread else 1
    return tiles[::every, ::every].reshape(-1, _TILE, _TILE)
