"""How sharp a face is, whatever its contrast: whether it has the detail of a good portrait.

A picture that is already blurred changes little when it is blurred again. After Crete, Dolmiere,
Ladret and Nicolas, "The blur effect: perception and estimation with a new no-reference perceptual
blur metric" (2007), here as 1 - blur, within the face alone.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .alignment import SIDE, Similarity, aligned, template_mask

MEASURED = 256
"""Pixels of the side at which a face is measured. One that has fewer in its picture is made larger
for it, and is less sharp for that: small faces are what a sampler draws worst."""
_REACH = 9  # pixels of the second blur


def sharpness(picture: torch.Tensor, to_face: Similarity) -> float:
    """0 (blurred) to 1 of the face in a picture (3, height, width), values in [0, 1]."""
    shrink = MEASURED / SIDE
    small = Similarity(*(part * shrink for part in (to_face.a, to_face.b, to_face.u, to_face.v)))
    weights = picture.new_tensor([0.299, 0.587, 0.114], dtype=torch.float32)
    light = torch.einsum("chw,c->hw", aligned(picture, small, MEASURED), weights)[None, None]
    mask = F.avg_pool2d(template_mask(picture.device)[None, None], SIDE // MEASURED)
    return max(_change(light, mask), _change(light.transpose(2, 3), mask.transpose(2, 3)))


def _change(light: torch.Tensor, mask: torch.Tensor) -> float:
    """What part of the steps from row to row a blur along the columns takes away."""
    half = _REACH // 2
    padded = F.pad(light, (0, 0, half, half), mode="replicate")
    blurred = F.avg_pool2d(padded, (_REACH, 1), stride=1)
    steps, after = light.diff(dim=2).abs(), blurred.diff(dim=2).abs()
    inside = mask[:, :, 1:]
    lost = ((steps - after).clamp(min=0) * inside).sum()
    return float(lost / (steps * inside).sum().clamp(min=1e-6))
