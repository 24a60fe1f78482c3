"""What pictures show, as vectors: those of pictures that show the same point in one direction."""

from __future__ import annotations

import base64
from collections.abc import Callable

import torch

from ..core.errors import VisionFailed

WHERE = "Describe Pictures"


def describe(images: torch.Tensor, encode: Callable[[torch.Tensor], torch.Tensor]) -> list[str]:
    """One vector of length 1 for each picture, as base64 of its 16-bit floats, little-endian.

    Args:
        images: (n, height, width, channels), from 0 to 1.
        encode: gives one picture's vector (1, d), or one for each part of it (1, parts, d), of
            which the mean counts. It is called with one picture after the other: those of a batch
            may be large.

    Raises:
        VisionFailed: a vector has no direction.
    """
    return [_vector(encode(images[at : at + 1])) for at in range(len(images))]


def _vector(encoded: torch.Tensor) -> str:
    flat = encoded.detach().to("cpu", torch.float32).reshape(-1, encoded.shape[-1]).mean(0)
    length = flat.norm()
    if not torch.isfinite(length) or length == 0:
        raise VisionFailed(
            "the CLIP-vision model gives no vector for a picture",
            where=WHERE,
            hint="Choose another model, or set vision: off in quality.yaml.",
        )
    return base64.b64encode((flat / length).numpy().astype("<f2").tobytes()).decode()
