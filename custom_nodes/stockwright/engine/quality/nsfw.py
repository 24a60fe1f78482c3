"""Not safe for work: the classifier of open_nsfw (Yahoo 2016; weights BSD-2-Clause)."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from .networks import Network

FOLDER, FILE, MODEL = "nsfw_detection", "open_nsfw.onnx", "open-nsfw"
_SIDE, _SEEN = 256, 224
_MEAN = np.array([104, 117, 123], np.float32)  # of the pictures it was trained on, as BGR


class NsfwClassifier:
    def __init__(self, folders: Iterable[Path]) -> None:
        """Raises PartMissing."""
        self._network = Network(folders, FILE, MODEL)

    def __call__(self, picture: Image.Image) -> float:
        """The probability that an RGB picture is not safe for work."""
        # It was trained on JPEGs of this size, and its scores shift where there are no traces of
        # compression.
        stored = io.BytesIO()
        picture.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR).save(stored, "JPEG", quality=75)
        with Image.open(stored) as seen:
            values = np.asarray(seen, np.float32)[:, :, ::-1] - _MEAN
        edge = (_SIDE - _SEEN) // 2
        centre = np.ascontiguousarray(values[edge : edge + _SEEN, edge : edge + _SEEN])
        return float(self._network(centre[None])[0, 1])
