"""What is made of YuNet's answers, with a stand-in for OpenCV that finds one white square.

YuNet's file is in no package. The stand-in answers in the layout of `cv2.FaceDetectorYN.detect`: x,
y, width, height, five points (the person's right eye first), score.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from stockwright.core.errors import FaceDetectionUnavailable
from stockwright.engine.faces import detection
from stockwright.engine.faces.detection import Detector, find_detector

YUNET = "stockwright.engine.faces.yunet"
POINTS = ((0.3, 0.3), (0.7, 0.3), (0.5, 0.5), (0.35, 0.8), (0.65, 0.8))


class OpenCVError(Exception):
    pass


class Finder:
    """Finds the blue square of a BGR picture, as long as it has 10 to 300 pixels."""

    seen: list[tuple[int, int]]

    def __init__(self) -> None:
        self.seen = []

    def setInputSize(self, size: tuple[int, int]) -> None:
        self.seen.append(size)

    def detect(self, bgr: np.ndarray) -> tuple[int, np.ndarray | None]:
        assert bgr.shape[1::-1] == self.seen[-1]
        rows, columns = np.nonzero((bgr[..., 0] > 128) & (bgr[..., 2] < 128))
        if not len(rows) or not 10 <= np.ptp(columns) <= 300:
            return 1, None
        x, y, width, height = columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1
        points = [n for a, b in POINTS for n in (x + a * width, y + b * height)]
        return 1, np.array([[x, y, width, height, *points, 0.9]], np.float32)


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Finder]:
    finder = Finder()

    def create(path: str, *options: object) -> Finder:
        if not Path(path).read_bytes().startswith(b"onnx"):
            raise OpenCVError("no model")
        return finder

    def resize(pixels: np.ndarray, size: tuple[int, int], interpolation: int) -> np.ndarray:
        return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))

    stand_in = SimpleNamespace(
        FaceDetectorYN=SimpleNamespace(create=create),
        cvtColor=lambda pixels, code: pixels[..., ::-1],
        resize=resize,
        error=OpenCVError,
        INTER_AREA=0,
        COLOR_RGB2BGR=1,
    )
    monkeypatch.setitem(sys.modules, "cv2", stand_in)
    monkeypatch.delitem(sys.modules, YUNET, raising=False)
    monkeypatch.setattr(detection, "find_spec", lambda name: stand_in)
    yield finder
    sys.modules.pop(YUNET, None)  # it has the stand-in


@pytest.fixture
def yunet(finder: Finder, tmp_path: Path) -> Detector:
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"onnx")
    return find_detector([tmp_path])


def square(width: int, height: int, x: int, y: int, side: int) -> np.ndarray:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[y : y + side, x : x + side, 2] = 255
    return pixels


@pytest.mark.parametrize(
    ("size", "side", "looked_at"),
    [
        ((200, 100), 50, [(200, 100)]),
        ((600, 400), 120, [(320, 213), (600, 400)]),
        ((2048, 1024), 600, [(320, 160), (640, 320), (1280, 640)]),
        ((2048, 1024), 20, [(320, 160), (640, 320), (1280, 640)]),
    ],
)
def test_a_face_is_found_once_whatever_its_size(
    yunet: Detector, finder: Finder, size: tuple[int, int], side: int, looked_at: list[object]
):
    x, y = size[0] // 3, size[1] // 4
    (face,) = yunet(square(*size, x, y, side))
    assert sorted(finder.seen) == looked_at
    assert face.box == pytest.approx((x, y, x + side, y + side), abs=size[0] / 160)
    for (a, b), found in zip(POINTS, face.points, strict=True):
        assert found == pytest.approx((x + a * side, y + b * side), abs=size[0] / 160)
    assert face.score == pytest.approx(0.9)


def test_nothing_is_found_in_an_empty_picture(yunet: Detector):
    assert yunet(np.zeros((300, 300, 3), np.uint8)) == []


def test_a_file_that_opencv_does_not_load(finder: Finder, tmp_path: Path):
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"nothing of use")
    with pytest.raises(FaceDetectionUnavailable, match="OpenCV cannot load it") as caught:
        find_detector([tmp_path])
    assert "pull yunet" in caught.value.hint
