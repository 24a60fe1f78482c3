"""Pictures enlarged by a network to an exact size.

A picture that shall become larger goes through the model, as often as its scale needs, and by a
Lanczos filter to the last pixel. One that is large enough already is only filtered; but a model
that does not enlarge (of scale 1, such as one that removes noise) sees every picture once. What a
crop would cut off is not enlarged before.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from spandrel import ImageModelDescriptor

from ..core.errors import UpscalerInvalid
from ..core.sizes import Goal
from .enlarging import WHERE, Enlarger, Host, Tell
from .lanczos import Box, resize
from .tiles import OVERLAP

ENOUGH = 1.25
"""What is left to be enlarged after a pass of the model and does not deserve another one."""

_HELD_PIXELS = 64_000_000
"""Of pictures that are enlarged and not yet filtered: about 800 MB."""


def upscale(
    pictures: torch.Tensor, model: ImageModelDescriptor | None, goal: Goal, host: Host
) -> torch.Tensor:
    """float32 (n, goal.height, goal.width, channels) in [0, 1] on `host.output`.

    `pictures` are (n, height, width, channels) in [0, 1] with 1, 3 or 4 channels; the fourth is
    opacity, which the model does not see. `model` is on `host.device`; without one only the filter
    works. Raises UpscalerInvalid, UpscalingFailed.
    """
    channels = pictures.shape[-1]
    if channels not in (1, 3, 4):
        raise UpscalerInvalid(
            f"the pictures have {channels} channels",
            where=WHERE,
            hint="Pictures with 1, 3 or 4 channels can be enlarged.",
        )
    if not pictures.sum(dtype=torch.float64).isfinite():
        raise UpscalerInvalid(
            "the pictures hold NaN or infinite values",
            where=WHERE,
            hint="Look at what comes before, such as a VAE in fp16.",
        )
    passes = 0 if model is None else passes_for(model.scale, goal.enlargement)
    with torch.inference_mode():
        pictures, box = _cut(pictures, goal)
        if model is None or not passes:
            return _filtered(pictures, goal, box, host)
        _check(model)
        return _enlarged(pictures, model, passes, goal, box, host)


def passes_for(scale: int, enlargement: float) -> int:
    """How often a model of that scale sees a picture that becomes `enlargement` times as large."""
    if scale == 1:
        return 1
    if enlargement <= 1:
        return 0
    return max(1, math.ceil(math.log(enlargement / ENOUGH, scale) - 1e-9))


def _check(model: ImageModelDescriptor) -> None:
    if model.input_channels not in (1, 3) or model.output_channels != model.input_channels:
        raise UpscalerInvalid(
            f"the upscale model takes {model.input_channels} channels and gives"
            f" {model.output_channels}; 3 or 1 of both can be used",
            where=WHERE,
            hint="Choose a model for colour pictures.",
        )


def _cut(pictures: torch.Tensor, goal: Goal) -> tuple[torch.Tensor, Box]:
    """What is kept of the pictures and a little around it, and where in that the kept lies."""
    height, width = pictures.shape[1:3]
    left, upper, right, lower = goal.box
    x, y = max(0, int(left) - OVERLAP), max(0, int(upper) - OVERLAP)
    to_x, to_y = min(width, math.ceil(right) + OVERLAP), min(height, math.ceil(lower) + OVERLAP)
    return pictures[:, y:to_y, x:to_x], (left - x, upper - y, right - x, lower - y)


def _enlarged(
    pictures: torch.Tensor,
    model: ImageModelDescriptor,
    passes: int,
    goal: Goal,
    box: Box,
    host: Host,
) -> torch.Tensor:
    count, height, width, channels = pictures.shape
    scale = model.scale**passes
    whole = box == (0, 0, width, height)
    pixels = height * width
    enlarger = Enlarger(model, host, count * pixels * model.scale ** (2 * passes - 2))
    if channels == 3 and whole and (goal.height, goal.width) == (height * scale, width * scale):
        return _through(pictures, enlarger, passes, host.progress)
    result = torch.empty((count, goal.height, goal.width, channels), device=host.output)
    step = max(1, _HELD_PIXELS // (pixels * scale**2))
    for first in range(0, count, step):
        part = pictures[first : first + step]
        tell = partial(_tell_part, host.progress, first / count, len(part) / count)
        large = _through(part[..., :3], enlarger, passes, tell)
        result[first : first + step] = _finished(large, part, goal, box, scale)
    return result


def _tell_part(tell: Tell, done: float, part: float, of_part: float) -> None:
    tell(done + part * of_part)


def _through(pictures: torch.Tensor, enlarger: Enlarger, passes: int, tell: Tell) -> torch.Tensor:
    """The colours (1 or 3 channels) after all passes."""
    model = enlarger.model
    count, _, _, channels = pictures.shape
    if channels > model.input_channels:  # a model of grey pictures gets one colour at a time
        pictures = pictures.movedim(-1, 1).flatten(0, 1)[..., None]
    elif channels < model.input_channels:
        pictures = pictures.expand(-1, -1, -1, model.input_channels)
    # Each pass has scale² as much to do as the one before.
    work = [model.scale ** (2 * n) for n in range(passes)]
    for n in range(passes):
        done, part = sum(work[:n]) / sum(work), work[n] / sum(work)
        pictures = enlarger.run(pictures, partial(_tell_part, tell, done, part))
    if channels > model.input_channels:
        return pictures.unflatten(0, (count, channels))[..., 0].movedim(1, -1).contiguous()
    return pictures.mean(-1, keepdim=True) if channels < model.input_channels else pictures


def _finished(
    large: torch.Tensor, small: torch.Tensor, goal: Goal, box: Box, scale: int
) -> torch.Tensor:
    """`large` is what became of the colours of `small`; opacity is still to be enlarged."""
    height, width = large.shape[1:3]
    grown = tuple(side * scale for side in box)
    colours = large.cpu().numpy()
    if small.shape[-1] == 4:
        whole = (0, 0, small.shape[2], small.shape[1])
        opacity = resize(small[..., 3:].float().cpu().numpy(), width, height, whole)
        colours = np.concatenate([colours, opacity], axis=-1)
    if grown == (0, 0, width, height) and (goal.width, goal.height) == (width, height):
        return torch.from_numpy(colours)
    return torch.from_numpy(resize(colours, goal.width, goal.height, grown))


def _filtered(pictures: torch.Tensor, goal: Goal, box: Box, host: Host) -> torch.Tensor:
    count, height, width, channels = pictures.shape
    if box == (0, 0, width, height) and (goal.width, goal.height) == (width, height):
        return pictures.to(host.output, torch.float32)
    result = torch.empty((count, goal.height, goal.width, channels), device=host.output)
    for n in range(count):
        plain = pictures[n : n + 1].float().cpu().numpy()
        result[n : n + 1] = torch.from_numpy(resize(plain, goal.width, goal.height, box))
        host.progress((n + 1) / count)
    return result
