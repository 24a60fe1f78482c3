"""Faces of pictures restored: found, chosen, aligned, restored together, coloured, put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from ...core.errors import FaceRestorationFailed
from .alignment import Similarity, aligned, patch, template_mask, to_template
from .detection import Detector
from .sharpness import sharpness

Restore = Callable[[torch.Tensor], torch.Tensor]
"""Faces (n, 3, 512, 512), RGB in [0, 1], to restored ones: see `restorers.Restorer`."""

Progress = Callable[[float], None]
"""Called with what part of the work is done, up to 1. What it raises ends the work."""

BYTES_PER_FACE = 1_000_000_000
"""Memory that a call takes for each face, beside the network: a generous estimate. Of the
three architectures RestoreFormer takes most: 64 channels at 512 pixels, several of them at once."""

_COLOUR = 48.0
"""Pixels of the aligned face over which its colour is averaged: about a third of the way from eye
to eye, so that light and shade stay, and what has a shape is the restored face's."""


@dataclass(frozen=True, slots=True)
class Settings:
    strength: float = 1.0
    """0 leaves the faces as they are, 1 shows the restored ones alone."""
    smallest: int = 32
    """Faces with less pixels along the longer side of their box stay as they are."""
    most: int = 8
    """How many faces of each picture are restored, the largest first."""
    sharp: float = 0.6
    """Faces at least this sharp stay as they are (see `sharpness`); 1 restores all."""
    at_once: int = 8
    """How many faces, of all pictures, go through the network in one call."""


@dataclass(frozen=True, slots=True)
class Restored:
    pictures: torch.Tensor
    """(pictures, height, width, channels). Pixels off the mask are bit-identical to the input's;
    where no face was restored this is the input itself."""
    masks: torch.Tensor
    """(pictures, height, width), 1 in a restored face, 0 off it, fading in between."""
    counts: tuple[int, ...]
    """How many faces were restored in each picture."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    picture: int
    to_face: Similarity


def restore_faces(
    pictures: torch.Tensor,
    detector: Detector,
    restore: Restore,
    settings: Settings,
    on_progress: Progress,
) -> Restored:
    """Restores the faces of pictures (n, height, width, channels), RGB in [0, 1]; channels behind
    the third stay as they are.

    Where the network's device is out of memory, fewer faces go through it in one call. Raises
    FaceRestorationFailed, and whatever `restore` raises: no face is given back unrestored in
    silence.
    """
    masks = torch.zeros(pictures.shape[:3])
    chosen: list[_Chosen] = []
    for number, picture in enumerate(pictures):
        on_progress(0.5 * number / len(pictures))
        chosen += (_Chosen(number, face) for face in choose(picture, detector, settings))
    if not chosen or settings.strength <= 0:
        return Restored(pictures, masks, (0,) * len(pictures))
    changed = pictures.clone()
    done, counts = 0, [0] * len(pictures)
    while done < len(chosen):
        on_progress(0.5 + 0.5 * done / len(chosen))
        some = chosen[done : done + settings.at_once]
        originals, faces = _restored(pictures, some, restore)
        for face, original, one in zip(faces, originals, some[: len(faces)], strict=True):
            put = match_colour(face, original)
            counts[one.picture] += _put_back(changed, masks, put, one, settings.strength)
        done += len(faces)
    return Restored(changed, masks, tuple(counts))


def choose(picture: torch.Tensor, detector: Detector, settings: Settings) -> Iterator[Similarity]:
    """The faces of a picture (height, width, channels) that are to be restored, largest first."""
    rgb = picture[..., :3].float().cpu()
    if not torch.isfinite(rgb).all():
        raise FaceRestorationFailed(
            "the picture holds values that are no numbers",
            where="Restore Faces, input image",
            hint="Look at what made the picture: often a VAE in fp16.",
        )
    pixels = np.rint(rgb.clamp(0, 1).numpy() * 255).astype(np.uint8)
    left = settings.most
    for face in detector(pixels):
        if left <= 0 or face.size < settings.smallest:
            return
        to_face = to_template(face.points)
        if settings.sharp >= 1 or sharpness(rgb.permute(2, 0, 1), to_face) < settings.sharp:
            left -= 1
            yield to_face


def match_colour(face: torch.Tensor, original: torch.Tensor) -> torch.Tensor:
    """A restored face with the original's colour and light: its coarse part is the original's.

    Both (3, SIDE, SIDE) in [0, 1]. What lies off the face does not count.
    """
    mask = template_mask(face.device)[None]
    weighted = torch.cat([(original - face) * mask, mask])
    coarse = _smooth(weighted)
    return (face + coarse[:3] / coarse[3:].clamp(min=1e-4)).clamp(0, 1)


def _smooth(planes: torch.Tensor) -> torch.Tensor:
    """Blurred by a Gaussian of _COLOUR pixels; at an eighth of the size, where that is the same."""
    shrink = 8
    small = F.avg_pool2d(planes[None], shrink)[0]
    sigma = _COLOUR / shrink
    places = torch.arange(-round(3 * sigma), round(3 * sigma) + 1, device=planes.device)
    kernel = torch.exp(-(places.float() ** 2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    half = len(places) // 2
    small = F.pad(small[:, None], (half,) * 4, mode="replicate")
    small = F.conv2d(F.conv2d(small, kernel[None, None, None]), kernel[None, None, :, None])
    return F.interpolate(small, planes.shape[1:], mode="bilinear")[:, 0]


def _restored(
    pictures: torch.Tensor, some: Sequence[_Chosen], restore: Restore
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The first of `some`, as many as memory allows: the aligned faces and the restored ones."""
    crops = [
        aligned(pictures[one.picture, ..., :3].permute(2, 0, 1).float().cpu(), one.to_face)
        for one in some
    ]
    count = len(crops)
    while True:
        batch = torch.stack(crops[:count]).clamp(0, 1)
        try:
            return [*batch], [*restore(batch)]
        except torch.OutOfMemoryError:
            if count == 1:
                raise
            count = (count + 1) // 2


def _put_back(
    pictures: torch.Tensor, masks: torch.Tensor, face: torch.Tensor, one: _Chosen, strength: float
) -> int:
    """Blends a face into its picture, in place; how many faces that were, 0 or 1."""
    found = patch(face, one.to_face, (pictures.shape[1], pictures.shape[2]))
    if found is None:
        return 0
    height, width = found.mask.shape
    rows = slice(found.y, found.y + height)
    columns = slice(found.x, found.x + width)
    before = pictures[one.picture, rows, columns, :3]
    share = (found.mask * strength)[..., None].to(before)
    after = before + (found.pixels.clamp(0, 1).permute(1, 2, 0).to(before) - before) * share
    before[:] = torch.where(share > 0, after, before)
    seen = masks[one.picture, rows, columns]
    seen[:] = torch.maximum(seen, found.mask)
    return 1


def faces_at_once(free_bytes: int) -> int:
    """How many faces fit into free memory in one call, from 1 to 16."""
    return int(min(16, max(1, free_bytes // BYTES_PER_FACE)))
