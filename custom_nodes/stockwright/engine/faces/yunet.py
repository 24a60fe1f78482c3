"""YuNet, a face detector of one small ONNX file, run by OpenCV (`cv2.FaceDetectorYN`).

The network knows faces of about 10 to 300 pixels, so a large picture is looked at in several
sizes: the whole at 320 for faces that fill it, and larger for small ones.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ...core.errors import FaceDetectionUnavailable
from .detection import Face, once

SIZES = (320, 640, 1280)
"""Pixels of the long side at which a picture is looked at, as far as it is that large."""
_CERTAIN = 0.7
_OVERLAP = 0.3
_MOST = 1000


class YuNet:
    """A `Detector`. Raises FaceDetectionUnavailable for a file that OpenCV cannot run."""

    def __init__(self, path: Path) -> None:
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(path), "", (320, 320), _CERTAIN, _OVERLAP, _MOST
            )
        except cv2.error as error:
            raise FaceDetectionUnavailable(
                f"OpenCV cannot load it: {error}",
                where=str(path),
                hint="Fetch it again: python driver/models.py rm yunet, then pull yunet",
            ) from error
        self._path = path

    def __call__(self, pixels: np.ndarray) -> list[Face]:
        height, width = pixels.shape[:2]
        long_side = max(height, width)
        sides = [side for side in SIZES if side < long_side]
        sides.append(min(long_side, SIZES[-1]))
        found = [row for side in set(sides) for row in self._look(pixels, side / long_side)]
        return once(map(_face, found))

    def _look(self, pixels: np.ndarray, scale: float) -> np.ndarray:
        """Rows of x, y, width, height, five points and score, in pixels of the whole picture."""
        height, width = pixels.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
        self._network.setInputSize(size)
        try:
            _, found = self._network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        except cv2.error as error:
            raise FaceDetectionUnavailable(
                f"OpenCV cannot run it: {error}", where=str(self._path)
            ) from error
        if found is None:
            return np.zeros((0, 15), np.float32)
        found[:, :14] *= np.tile([width / size[0], height / size[1]], 7)
        return found


def _face(row: np.ndarray) -> Face:
    x, y, width, height, *points, score = row.tolist()
    pairs = list(zip(points[::2], points[1::2], strict=True))
    return Face((x, y, x + width, y + height), (*pairs,), score)
