"""How a face is lit. Its brightest parts are what is looked at, so that dark skin in good light is
not taken for a dark photo."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..faces.alignment import SIDE, Similarity, aligned, template_mask

_MEASURED = 128
_WHITE = 0.985
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Light:
    """All from 0 to 1."""

    top: float
    """The luma that 5 percent of the face lie above."""
    range: float
    """From the luma that 5 percent lie below to `top`."""
    burnt: float
    """The share of the face that is white."""
    even: float
    """The darker half's `top` against the lighter half's, left and right."""


def face_light(picture: torch.Tensor, to_face: Similarity) -> Light:
    """Of the face in a picture (3, height, width), RGB in [0, 1]."""
    shrink = _MEASURED / SIDE
    small = Similarity(*(part * shrink for part in (to_face.a, to_face.b, to_face.u, to_face.v)))
    face = aligned(picture, small, _MEASURED).clamp(0, 1)
    inside = F.avg_pool2d(template_mask(picture.device)[None, None], SIDE // _MEASURED)[0, 0] > 0.5
    weights = picture.new_tensor(_LUMA, dtype=torch.float32)
    luma = torch.einsum("chw,c->hw", face, weights)
    low, top = (float(value) for value in luma[inside].quantile(luma.new_tensor([0.05, 0.95])))
    half = _MEASURED // 2
    sides = ((luma[:, :half], inside[:, :half]), (luma[:, half:], inside[:, half:]))
    tops = [float(part[mask].quantile(0.95)) for part, mask in sides]
    burnt = float((face[:, inside].amin(0) >= _WHITE).float().mean())
    return Light(top, top - low, burnt, min(tops) / max(*tops, 1e-6))
