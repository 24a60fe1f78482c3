"""MTCNN: three networks, each looks closer at what the one before it let through.

Zhang, Zhang, Li, Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks" (2016). The weights are laid out as facenet-pytorch stores them: RGB, (value - 127.5) /
128, and dense layers that read features as (width, height, channel).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F
from torchvision.ops import nms

from ...core.errors import FaceDetectionUnavailable
from .detection import Face, once

N = TypeVar("N", bound=nn.Module)

SMALLEST = 20
"""Pixels of the smallest face that is looked for."""
_WINDOW, _STRIDE = 12, 2
_STEP = 0.709  # between two sizes of the pyramid: the area halves
_CERTAIN = (0.6, 0.7, 0.95)
_OVERLAP = 0.7
_MOST = 20_000
"""Windows that the second network looks at, the likeliest ones: a bound for memory and time."""


class _Conv(nn.Sequential):
    def __init__(self, into: int, out: int, kernel: int, pool: int = 0) -> None:
        layers: list[nn.Module] = [nn.Conv2d(into, out, kernel), nn.PReLU(out)]
        if pool:
            layers.append(nn.MaxPool2d(pool, 2, ceil_mode=True))
        super().__init__(*layers)


class _Proposals(nn.Module):
    """(n, 3, h, w) to probabilities (n, ...) and box corrections (n, 4, ...)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(_Conv(3, 10, 3, 2), _Conv(10, 16, 3), _Conv(16, 32, 3))
        self.heads = nn.ModuleList([nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.body(x)
        return self.heads[0](x).softmax(1)[:, 1], self.heads[1](x)


class _Closer(nn.Module):
    """(n, 3, side, side) to probabilities (n,) and what the other heads say, (n, ...) each."""

    def __init__(self, side: int, convs: Sequence[_Conv], dense: int, heads: Sequence[int]) -> None:
        super().__init__()
        self.side = side
        self.body = nn.Sequential(*convs)
        flat = int(self.body(torch.zeros(1, 3, side, side)).numel())
        self.dense = nn.Sequential(nn.Linear(flat, dense), nn.PReLU(dense))
        self.heads = nn.ModuleList([nn.Linear(dense, size) for size in heads])

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = self.dense(self.body(x).permute(0, 3, 2, 1).flatten(1))
        first, *others = (head(x) for head in self.heads)
        return [first.softmax(1)[:, 1], *others]


def _refine() -> _Closer:
    return _Closer(24, [_Conv(3, 28, 3, 3), _Conv(28, 48, 3, 3), _Conv(48, 64, 2)], 128, [2, 4])


def _output() -> _Closer:
    convs = [_Conv(3, 32, 3, 3), _Conv(32, 64, 3, 3), _Conv(64, 64, 3, 2), _Conv(64, 128, 2)]
    return _Closer(48, convs, 256, [2, 4, 10])


class Mtcnn:
    """A `Detector`. Raises FaceDetectionUnavailable for files that do not fit."""

    def __init__(self, proposals: Path, refine: Path, output: Path) -> None:
        self._proposals = _loaded(_Proposals(), proposals)
        self._refine = _loaded(_refine(), refine)
        self._output = _loaded(_output(), output)

    @torch.inference_mode()
    def __call__(self, pixels: np.ndarray) -> list[Face]:
        image = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float()
        image = (image - 127.5) / 128
        boxes = self._look_everywhere(image)
        if not len(boxes):
            return []
        score, shift = self._look_at(self._refine, image, boxes)
        boxes, _, _ = _keep(_square(_moved(boxes, shift)), score, _CERTAIN[1])
        if not len(boxes):
            return []
        score, shift, points = self._look_at(self._output, image, boxes)
        spots = _spots(boxes, points)
        boxes, score, kept = _keep(_moved(boxes, shift), score, _CERTAIN[2])
        return once(map(_face, boxes, spots[kept], score))

    def _look_everywhere(self, image: torch.Tensor) -> torch.Tensor:
        """Windows that may hold a face, (n, 4), from a pyramid of smaller and smaller pictures."""
        height, width = image.shape[2:]
        scale = _WINDOW / SMALLEST
        found: list[torch.Tensor] = [torch.zeros(0, 5)]
        while min(height, width) * scale >= _WINDOW:
            size = (round(height * scale), round(width * scale))
            small = F.interpolate(image, size, mode="bilinear", antialias=True)
            score, shift = self._proposals(small)
            rows, columns = torch.nonzero(score[0] >= _CERTAIN[0], as_tuple=True)
            corner = torch.stack([columns, rows], 1) * _STRIDE
            windows = torch.cat([corner, corner + _WINDOW], 1) / scale
            boxes = _moved(windows, shift[0][:, rows, columns].T)
            likely = score[0, rows, columns]
            kept = nms(windows, likely, 0.5)
            found.append(torch.cat([boxes, likely[:, None]], 1)[kept])
            scale *= _STEP
        every = torch.cat(found)
        kept = nms(every[:, :4], every[:, 4], _OVERLAP)[:_MOST]
        return _square(every[kept, :4])

    def _look_at(
        self, network: _Closer, image: torch.Tensor, boxes: torch.Tensor
    ) -> list[torch.Tensor]:
        parts = [network(_crops(image, some, network.side)) for some in boxes.split(512)]
        return [torch.cat(several) for several in zip(*parts, strict=True)]


def _loaded(network: N, path: Path) -> N:
    """The network with a file's weights: both list their layers in the same order."""
    try:
        weights = load_file(path)
        own = network.state_dict()
        # conv1, prelu1, conv2 …: by number; of one number the convolution before its prelu
        names = sorted(weights, key=_place)
        fitting = dict(zip(own, (weights[name] for name in names), strict=True))
        network.load_state_dict(fitting)
    except Exception as error:
        raise FaceDetectionUnavailable(
            f"the file cannot be used: {error}",
            where=str(path),
            hint="Fetch it again: python driver/models.py rm mtcnn-pnet mtcnn-rnet mtcnn-onet, "
            "then the same with pull",
        ) from error
    return network.eval()


def _place(name: str) -> tuple[str, str, str, bool]:
    """Where a stored tensor stands in its network: `dense6_2.bias` in layer 6, head 2."""
    layer, kind = name.split(".")
    word = layer.rstrip("0123456789_")
    number, _, head = layer.removeprefix(word).partition("_")
    return number, head, word, kind == "bias"


def _moved(boxes: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Boxes whose corners are moved by parts of their width and height."""
    size = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + shift * size


def _square(boxes: torch.Tensor) -> torch.Tensor:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).amax(1, keepdim=True) / 2
    return torch.cat([middle - half, middle + half], 1)


def _keep(
    boxes: torch.Tensor, score: torch.Tensor, certain: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Those that are certain and no second look at the same face, with their rows."""
    rows = torch.nonzero(score >= certain)[:, 0]
    rows = rows[nms(boxes[rows], score[rows], _OVERLAP)]
    return boxes[rows], score[rows], rows


def _crops(image: torch.Tensor, boxes: torch.Tensor, side: int) -> torch.Tensor:
    """Each square box as a picture of its own, (n, 3, side, side); beyond the edge it is grey."""
    found: list[torch.Tensor] = []
    height, width = image.shape[2:]
    for x0, y0, x1, y1 in boxes.round().int().tolist():
        inside = image[..., max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        beyond = (max(-x0, 0), max(x1 - width, 0), max(-y0, 0), max(y1 - height, 0))
        if 0 in inside.shape:
            found.append(image.new_zeros(1, 3, side, side))
            continue
        whole = F.pad(inside, beyond)
        found.append(F.interpolate(whole, (side, side), mode="bilinear", antialias=True))
    return torch.cat(found)


def _spots(boxes: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Points (n, 5, 2) in pixels from parts of the box, the five x before the five y."""
    parts = points.reshape(-1, 2, 5).transpose(1, 2)
    return boxes[:, None, :2] + parts * (boxes[:, 2:] - boxes[:, :2])[:, None]


def _face(box: torch.Tensor, points: torch.Tensor, score: torch.Tensor) -> Face:
    x0, y0, x1, y1 = box.tolist()
    first, second, third, fourth, fifth = ((x, y) for x, y in points.tolist())
    return Face((x0, y0, x1, y1), (first, second, third, fourth, fifth), float(score))
