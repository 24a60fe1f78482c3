"""Losses of pictures at levels of noise, compared. None stands for one that is no number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

Losses = Sequence[float | None]

DIVERGED = (
    "Nothing of it is kept. Take a smaller learning_rate in prompts/avatars/training.yaml, such as"
    " half of it, or fewer steps; then give the same command again."
)
"""What to do about `Diverged`."""


class Diverged(Exception):
    """It gets worse and not better: what there is of it is not worth keeping. Says how."""


def mean(losses: Losses) -> float | None:
    """Of those that are numbers."""
    known = [loss for loss in losses if loss is not None and math.isfinite(loss)]
    return fmean(known) if known else None


def gain(after: Losses, before: Losses) -> float | None:
    """How many times the losses before those after are: the geometric mean over pictures and
    levels, so that the noisiest level, with by far the largest loss, is not all that counts. None
    where they cannot be compared."""
    if not after or len(after) != len(before):
        return None
    pairs = [(a, b) for a, b in zip(after, before, strict=True) if a and b]
    return math.exp(fmean(math.log(a / b) for a, b in pairs)) if pairs else None
