"""A network's pass over pictures of any size, in calls that fit into memory.

Pictures larger than a tile go through in tiles (see `tiles`), and small ones several in a call. How
much a call may hold is worked out from the free memory. Where it runs out all the same, a call gets
half as many tiles, and when there is only one left, tiles of half the side.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from spandrel import ImageModelDescriptor, ModelTiling

from ..core.errors import UpscalingFailed
from .footprint import bytes_per_pixel
from .tiles import SMALLEST, Grid

WHERE = "Upscale to Size"
"""In errors: the node's name."""

LARGEST = 1024
"""The largest side of a tile; more gains hardly anything."""

LARGEST_ON_CPU = 640
"""There a call of the model takes so long that it must be possible to stop between two."""

_CALL_PIXELS = 1024 * 1024
"""Of all tiles of a call. Small pictures keep no GPU busy one by one."""

_CALL_PIXELS_PER_THREAD = 64 * 64
"""The same for a CPU. With more it is slower: on one thread, 8 pictures of 64x64 took a third
longer together than one by one."""

_SHARE = 0.6
"""Of the free memory, for calls of the model. Others may need some in the meantime."""

_PLENTY = 64_000
"""Bytes for a pixel with which every usual model gets along, so that it need not be looked at."""

_needs: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

_OTHER = "Choose another upscale model."
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "alloc_failed", "not enough memory")


Tell = Callable[[float], None]
"""Gets the part that is done, from 0 to 1; may raise to stop it all."""


@dataclass(frozen=True, slots=True)
class Host:
    """The machine, as far as the node knows it better."""

    device: torch.device
    """Where the model is."""
    output: torch.device
    """Where pictures are kept."""
    precision: torch.dtype
    """What the model computes in: float32, or bfloat16 where the device is faster with it."""
    free_memory: Callable[[], int]
    """Bytes on `device`."""
    release: Callable[[], None]
    """Gives back to `device` what PyTorch holds and does not use."""
    progress: Tell


class Enlarger:
    """A model, and how much it is given at once."""

    def __init__(self, model: ImageModelDescriptor, host: Host, pixels: int) -> None:
        """`pixels` of all the pictures that it will see."""
        self.model = model
        self.host = host
        budget = host.free_memory() * _SHARE
        need = _PLENTY if pixels * _PLENTY <= budget else _needed(model, host.device)
        self._fits = max(int(budget / need), SMALLEST**2)
        """Pixels of a call for which there is memory."""
        self._at_once = self._fits
        """Tiles of a call, once memory has run out."""

    def run(self, pictures: torch.Tensor, tell: Tell) -> torch.Tensor:
        """float32 (n, height * scale, width * scale, channels) in [0, 1] on the output's device.

        `pictures` are (n, height, width, channels), with as many channels as the model takes.
        `tell` is called after each call of the model. Raises UpscalingFailed.
        """
        count, height, width, channels = pictures.shape
        scale = self.model.scale
        shape = (count, height * scale, width * scale, channels)
        result = torch.empty(shape, device=self.host.output)
        first = 0
        with self._arithmetic():
            while first < count:
                first = self._some(result, pictures, first, tell)
        return result

    def _arithmetic(self) -> AbstractContextManager[Any]:
        if self.host.precision is torch.float32:
            return nullcontext()
        return torch.autocast(self.host.device.type, self.host.precision)

    def _some(self, result: torch.Tensor, pictures: torch.Tensor, first: int, tell: Tell) -> int:
        """Fills the pictures from `first` on with one size of tiles; the number of the one from
        which another size is needed."""
        count, height, width, _ = pictures.shape
        grid = self._grid(height, width)
        ramps = grid.rows.weights(self.model.scale), grid.columns.weights(self.model.scale)
        places = list(grid.places())
        tiles = [(p, row, column) for p in range(first, count) for row, column in places]
        at = 0
        while at < len(tiles):
            chunk = tiles[at : at + self._length(grid)]
            made = self._call(_gathered(pictures, grid, chunk))
            if made is None:
                self.host.release()
                if self._halve(len(chunk), grid):
                    return chunk[0][0]
                continue
            for one, (picture, row, column) in zip(made, chunk, strict=True):
                if len(places) == 1:
                    result[picture] = one
                    continue
                if (row, column) == places[0]:
                    result[picture] = 0
                y, x = grid.window(row, column, self.model.scale)
                weights = (ramps[0][row][:, None] * ramps[1][column])[..., None]
                result[picture, y, x] += (one.float() * weights.to(one.device)).to(result)
                if (row, column) == places[-1]:
                    result[picture].clamp_(0, 1)
            at += len(chunk)
            tell((first + at / len(places)) / count)
        return count

    def _grid(self, height: int, width: int) -> Grid:
        largest = LARGEST_ON_CPU if self.host.device.type == "cpu" else LARGEST
        if self.model.tiling is not ModelTiling.SUPPORTED:
            largest = max(height, width)
        whole = height * width <= self._fits and max(height, width) <= largest
        if whole or self.model.tiling is ModelTiling.INTERNAL:  # it needs to see the whole picture
            return Grid.of(height, width, max(height, width))
        side = min(math.isqrt(self._fits), largest)
        return Grid.of(height, width, side, self.model.size_requirements.multiple_of)

    def _length(self, grid: Grid) -> int:
        best = min(call_pixels(self.host.device), self._fits) // grid.pixels
        return max(1, min(best, self._at_once))

    def _call(self, tiles: torch.Tensor) -> torch.Tensor | None:
        """(n, height, width, channels) from such tiles; None where memory ran out."""
        try:
            made = self.model(tiles.to(self.host.device, self.model.dtype).movedim(-1, 1))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None  # the error's traceback, which holds on to tensors, ends here
        count, height, width, channels = tiles.shape
        scale = self.model.scale
        if made.shape != (count, channels, height * scale, width * scale):
            raise UpscalingFailed(
                f"the model made {tuple(made.shape)} of {(count, channels, height, width)}",
                where=WHERE,
                hint=_OTHER,
            )
        if not made.sum(dtype=torch.float32).isfinite():
            raise UpscalingFailed(
                "the model made values that are no numbers", where=WHERE, hint=_OTHER
            )
        return made.movedim(1, -1)

    def _halve(self, tiles: int, grid: Grid) -> bool:
        """What the next calls get, after one of so many tiles ran out of memory. Whether the tiles
        have another size now."""
        if tiles > 1:
            self._at_once = tiles // 2
            return False
        self._fits = max(grid.pixels // 4, SMALLEST**2)
        if self._grid(grid.rows.length, grid.columns.length).pixels >= grid.pixels:
            raise UpscalingFailed(
                f"the memory of {self.host.device} does not suffice for {grid.columns.tile}x"
                f"{grid.rows.tile} pixels",
                where=WHERE,
                hint="Close other programs that use it, or choose a smaller model.",
            )
        return True


def call_pixels(device: torch.device) -> int:
    """How many pixels of small tiles the device works on best at once."""
    if device.type == "cpu":
        return _CALL_PIXELS_PER_THREAD * torch.get_num_threads()
    return _CALL_PIXELS


def is_out_of_memory(error: BaseException) -> bool:
    """Of any device: PyTorch has a class for CUDA's only."""
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
        return True
    return any(text in str(error).lower() for text in _OUT_OF_MEMORY)


def _needed(model: ImageModelDescriptor, device: torch.device) -> float:
    """Bytes for each pixel of a call; found out once for a model. Infinity if not even that fits
    into memory."""
    if model not in _needs:
        try:
            _needs[model] = bytes_per_pixel(model, model.input_channels, model.dtype, device)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return math.inf
    return _needs[model]


def _gathered(
    pictures: torch.Tensor, grid: Grid, chunk: list[tuple[int, int, int]]
) -> torch.Tensor:
    if len(grid) == 1:
        return pictures[chunk[0][0] : chunk[-1][0] + 1]
    return torch.stack([pictures[p][grid.window(row, column)] for p, row, column in chunk])
