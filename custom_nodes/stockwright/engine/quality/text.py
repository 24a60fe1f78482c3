"""Text in a picture, legible or garbled, and watermarks: PP-OCRv4 as RapidOCR runs it (Apache-2.0).

Its detector finds what has the shape of a line of writing, its reader tells how surely a line is
made of letters. Both have to agree: surfaces with a fine pattern look like lines to the detector
alone, and the reader has no confidence in them. What the words say does not matter.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from .missing import PartMissing

_PARTS = ("rapidocr_onnxruntime", "onnxruntime", "cv2", "pyclipper", "shapely", "six")
# RapidOCR names the OpenCV with windows as what it needs, which a server cannot load.
_INSTALL = (
    "pip install --no-deps rapidocr-onnxruntime==1.4.4 and"
    " pip install onnxruntime opencv-python-headless pyclipper shapely six"
)


class TextFinder:
    def __init__(self) -> None:
        """Raises PartMissing."""
        if lacking := [name for name in _PARTS if find_spec(name) is None]:
            raise PartMissing(f"{', '.join(lacking)} is not installed: {_INSTALL}")
        from rapidocr_onnxruntime import RapidOCR

        self._read = RapidOCR(text_score=0.0, intra_op_num_threads=1, inter_op_num_threads=1)

    def __call__(self, pixels: np.ndarray, certain: float) -> float:
        """Percent of a picture that lines of text cover.

        Args:
            pixels: uint8 RGB (height, width, 3).
            certain: how sure the reader has to be of a line's letters, 0 to 1. Lines of one letter
                are passed over: too many things look like an O or an I.
        """
        lines, _ = self._read(np.ascontiguousarray(pixels[:, :, ::-1]), use_cls=False)
        areas = [
            _area(corners)
            for corners, letters, sure in lines or ()
            if float(sure) >= certain and sum(map(str.isalnum, letters)) > 1
        ]
        return 100 * sum(areas) / (pixels.shape[0] * pixels.shape[1])


def _area(corners: list[list[float]]) -> float:
    """Of a polygon (the shoelace formula)."""
    x, y = np.array(corners).T
    return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2)
