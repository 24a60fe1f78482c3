"""Which faces a picture has. What finds them can be exchanged: YuNet, or else MTCNN.

YuNet (Wu, Peng and Yu 2023) is one ONNX file that OpenCV runs. MTCNN (Zhang et al. 2016) is three
small networks. Both run on the processor, and give the same faces for the same picture.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from ...core.errors import FaceDetectionUnavailable

log = logging.getLogger(__name__)

YUNET = "face_detection_yunet*.onnx"
MTCNN = ("mtcnn_pnet.safetensors", "mtcnn_rnet.safetensors", "mtcnn_onet.safetensors")

_SAME = 0.7
"""How much of a face's box lies within another one's if both are one face."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is, in pixels of the picture; the middle of its first pixel is (0.5, 0.5)."""

    box: tuple[float, float, float, float]
    """x0, y0, x1, y1. It may reach over the picture's edge."""
    points: tuple[Point, Point, Point, Point, Point]
    """Left eye, right eye, tip of the nose, left and right corner of the mouth, as one who looks at
    the picture calls them."""
    score: float
    """How certain it is, up to 1."""

    @property
    def size(self) -> float:
        """The longer side of the box."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)


class Detector(Protocol):
    def __call__(self, pixels: np.ndarray) -> list[Face]:
        """The faces of an RGB picture, uint8 (height, width, 3), the largest first."""
        ...


def find_detector(folders: Iterable[Path]) -> Detector:
    """The best detector whose files are in one of these folders.

    Raises:
        FaceDetectionUnavailable: there is none, or its files are broken.
    """
    folders = [Path(folder) for folder in folders]
    check_detector(folders)
    yunet, mtcnn = _yunet(folders), _mtcnn(folders)
    if yunet is not None and find_spec("cv2") is not None:
        from .yunet import YuNet

        return YuNet(yunet)
    if yunet is not None:
        log.warning("OpenCV is not installed, so faces are found by MTCNN and not by YuNet.")
    from .mtcnn import Mtcnn

    assert mtcnn is not None
    return Mtcnn(*(mtcnn / name for name in MTCNN))


def check_detector(folders: Iterable[Path]) -> None:
    """Whether `find_detector` finds files that it can use. It reads none of them.

    Raises:
        FaceDetectionUnavailable: there are none.
    """
    folders = [Path(folder) for folder in folders]
    yunet = _yunet(folders)
    if _mtcnn(folders) is not None or (yunet is not None and find_spec("cv2") is not None):
        return
    if yunet is not None:
        raise FaceDetectionUnavailable(
            "YuNet needs OpenCV, which is not installed",
            where=str(yunet),
            hint="Install it into ComfyUI's Python: pip install opencv-python-headless\n"
            "Or fetch MTCNN: python driver/models.py pull mtcnn-pnet mtcnn-rnet mtcnn-onet",
        )
    raise FaceDetectionUnavailable(
        "there is nothing to find faces with",
        where=", ".join(map(str, folders)) or "no folder",
        hint="Fetch MTCNN: python driver/models.py pull mtcnn-pnet mtcnn-rnet mtcnn-onet\n"
        "Or YuNet: python driver/models.py pull yunet",
    )


def _yunet(folders: Iterable[Path]) -> Path | None:
    return next((file for f in folders for file in sorted(f.glob(YUNET))), None)


def _mtcnn(folders: Iterable[Path]) -> Path | None:
    """The folder that has all its files."""
    return next((f for f in folders if all((f / name).is_file() for name in MTCNN)), None)


def once(faces: Iterable[Face]) -> list[Face]:
    """Without those that lie mostly within a more certain one, which is the same face; the largest
    first."""
    found: list[Face] = []
    for face in sorted(faces, key=lambda face: (-face.score, face.box)):
        if all(_shared(face, other) < _SAME for other in found):
            found.append(face)
    return largest_first(found)


def _shared(one: Face, other: Face) -> float:
    """How much of the smaller box the other one covers."""
    (a0, b0, a1, b1), (c0, d0, c1, d1) = one.box, other.box
    width, height = min(a1, c1) - max(a0, c0), min(b1, d1) - max(b0, d0)
    smaller = min((a1 - a0) * (b1 - b0), (c1 - c0) * (d1 - d0))
    return max(width, 0.0) * max(height, 0.0) / max(smaller, 1e-9)


def largest_first(faces: Iterable[Face]) -> list[Face]:
    """Of two of one size the one further left comes first: the order is always the same."""
    return sorted(faces, key=lambda face: (-face.size, face.box))
