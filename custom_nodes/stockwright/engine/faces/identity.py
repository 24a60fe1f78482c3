"""Whether two faces are of one person, by dlib's face recognition network.

The network (King, "High Quality Face Recognition with Deep Metric Learning", 2017) is a ResNet of
29 layers that gives 128 numbers. Faces of one person are near each other; dlib calls two the same
below a distance of 0.6. The file's names and its order of axes are TensorFlow.js's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from ...core.errors import FaceModelInvalid
from .alignment import TEMPLATE, aligned, to_template
from .detection import Face

SAME = 0.6
"""The distance below which dlib calls two faces one person's."""

_SIDE = 150
_ZOOM, _SHIFT = 0.48, (-47.9, -69.0)
"""The 512 template in dlib's view, which is nearer: the face from its brows to its chin."""
_MEAN = (122.782, 117.001, 104.298)
_BLOCKS = (
    *("conv32_1", "conv32_2", "conv32_3", "conv64_down", "conv64_1", "conv64_2", "conv64_3"),
    *("conv128_down", "conv128_1", "conv128_2", "conv256_down", "conv256_1", "conv256_2"),
    "conv256_down_out",
)


class Identity:
    """Raises FaceModelInvalid for a file that is not dlib's network."""

    def __init__(self, path: Path) -> None:
        try:
            self._weights = load_file(path)
            self._embed(torch.zeros(1, 3, _SIDE, _SIDE))
        except Exception as error:
            raise FaceModelInvalid(
                f"it cannot be used to compare faces: {error!r}",
                where=str(path),
                hint="Fetch it: python driver/models.py pull face-identity",
            ) from error

    def vector(self, picture: torch.Tensor, face: Face) -> torch.Tensor:
        """128 numbers for a face in a picture (3, height, width), RGB in [0, 1]."""
        template = [(x * _ZOOM + _SHIFT[0], y * _ZOOM + _SHIFT[1]) for x, y in TEMPLATE]
        crop = aligned(picture.float(), to_template(face.points, template), _SIDE)
        return self._embed(crop[None].clamp(0, 1))[0]

    def distance(self, one: torch.Tensor, other: torch.Tensor, faces: Sequence[Face]) -> float:
        """Between the faces of two pictures; `faces` says where they are, one for each."""
        vectors = [self.vector(p, face) for p, face in zip((one, other), faces, strict=True)]
        return float(torch.dist(*vectors))

    @torch.inference_mode()
    def _embed(self, faces: torch.Tensor) -> torch.Tensor:
        """(n, 128) for faces (n, 3, 150, 150), RGB in [0, 1]."""
        mean = faces.new_tensor(_MEAN)[:, None, None]
        x = self._layer((faces * 255 - mean) / 255, "conv32_down", 2).relu()
        x = F.max_pool2d(x, 3, 2)
        for block in _BLOCKS:
            x = self._block(x, block)
        return x.mean((2, 3)) @ self._weights["fc"]

    def _block(self, x: torch.Tensor, name: str) -> torch.Tensor:
        down = "down" in name
        y = self._layer(x, f"{name}/conv1", 2 if down else 1).relu()
        y = self._layer(y, f"{name}/conv2", 1)
        if down:
            x = F.avg_pool2d(x, 2, 2)
            x = F.pad(x, (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
            y = F.pad(y, (0, x.shape[3] - y.shape[3], 0, x.shape[2] - y.shape[2]))
        return (x + y).relu()

    def _layer(self, x: torch.Tensor, name: str, stride: int) -> torch.Tensor:
        w = self._weights
        kernel = w[f"{name}/conv/filters"].permute(3, 2, 0, 1)
        padding = 0 if stride == 2 else kernel.shape[2] // 2
        x = F.conv2d(x, kernel, w[f"{name}/conv/bias"], stride, padding)
        return (
            x * w[f"{name}/scale/weights"][:, None, None] + w[f"{name}/scale/biases"][:, None, None]
        )
