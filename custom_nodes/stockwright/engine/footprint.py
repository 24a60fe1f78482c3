"""How much memory a network needs, found by watching it at work on a small picture."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

SIDE = 64
"""Of the picture that is looked at: enough for the windows of attention, and quick."""

_RESERVE = 1.5
"""Buffers inside of PyTorch's operations, and gaps between what is allocated, are not seen."""


def bytes_per_pixel(
    model: Callable[[torch.Tensor], torch.Tensor],
    channels: int,
    dtype: torch.dtype,
    device: torch.device,
) -> float:
    """The most that lives at one time for each pixel of the input, its result included.

    `model` takes (1, channels, height, width) of `dtype` on `device`. What it needs is taken to
    grow in proportion to the pixels, which holds for convolutions and for attention in windows.
    """
    picture = torch.full((1, channels, SIDE, SIDE), 0.5, dtype=dtype, device=device)
    with torch.inference_mode(), _Watching() as watching:
        model(picture)
    return _RESERVE * watching.peak / (SIDE * SIDE)


class _Watching(TorchDispatchMode):
    """Counts the bytes of all tensors that come into being within it, until they are gone."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._now = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        before = {id(s) for s in _storages((args, kwargs))}
        result = func(*args, **(kwargs or {}))
        for storage in _storages(result):
            if id(storage) not in before | self._seen:
                self._add(storage)
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        size = storage.nbytes()
        self._seen.add(id(storage))
        self._now += size
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._gone, id(storage), size)

    def _gone(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self._now -= size


def _storages(values: Any) -> list[torch.UntypedStorage]:
    return [v.untyped_storage() for v in tree_leaves(values) if isinstance(v, torch.Tensor)]
