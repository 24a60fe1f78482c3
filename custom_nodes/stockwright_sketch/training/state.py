"""What training keeps on disk, so that it goes on by itself after it was stopped."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

EVERY = 180.0
"""Seconds between two savings."""


class State:
    """The states of some modules, optimizers or tensors' holders, and the step they belong to.

    parts: each with state_dict() and load_state_dict(). The file is whole or not there.
    """

    def __init__(self, path: Path, parts: Mapping[str, Any]) -> None:
        self._path = path
        self._parts = parts
        self._saved = time.monotonic()

    def load(self) -> int:
        """The step to go on with: 0 where nothing was saved."""
        if not self._path.exists():
            return 0
        found: dict[str, Any] = torch.load(self._path, map_location="cpu", weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(found[name])
        return found["step"]

    def save_now_and_then(self, step: int, *, last: bool = False) -> None:
        if not last and time.monotonic() - self._saved < EVERY:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(f".{os.getpid()}.part")
        torch.save(
            {"step": step, **{name: part.state_dict() for name, part in self._parts.items()}},
            temporary,
        )
        temporary.replace(self._path)
        self._saved = time.monotonic()


def schedule(step: int, steps: int, warm: int) -> float:
    """The factor of the learning rate: up over `warm` steps, then a cosine down to a fiftieth."""
    if step < warm:
        return (step + 1) / warm
    part = (step - warm) / max(1, steps - warm)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, part)))
