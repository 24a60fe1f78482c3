"""How near faces in pictures are to a person's, found in a process of its own.

Only this module reaches the pack's heavy side, and only in that process: the driver itself loads no
arrays and no networks.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from stockwright.core.errors import StockwrightError

IDENTITY_FOLDER, DETECTION_FOLDER = "face_identity", "face_detection"
IDENTITY_FILE = "face_recognition_dlib.safetensors"
_MILD = 10

Vectors = Sequence[Sequence[float]]


class NoJudge(Exception):
    """Why faces cannot be compared here, for a person."""


def nearest_distances(
    pictures: Sequence[Path], vectors: Vectors, models: Mapping[str, Sequence[Path]]
) -> list[float | None]:
    """For each picture the least distance of its largest face to one of the person's vectors; None
    for a picture without a face. dlib calls faces nearer than 0.6 one person's.

    Raises:
        NoJudge: the networks for it are not installed, or break down.
    """
    files = [folder / IDENTITY_FILE for folder in models.get(IDENTITY_FOLDER, ())]
    network = next((file for file in files if file.is_file()), None)
    if network is None:
        raise NoJudge("models/face_identity is empty: python driver/models.py pull face-identity")
    work = (list(pictures), [list(v) for v in vectors], network, models.get(DETECTION_FOLDER, ()))
    try:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(_compare, *work).result()
    except (StockwrightError, ImportError, OSError, BrokenProcessPool) as error:
        raise NoJudge(str(error)) from error


def _compare(
    pictures: Sequence[Path], vectors: Vectors, network: Path, detectors: Sequence[Path]
) -> list[float | None]:
    os.nice(_MILD)
    os.environ["OMP_NUM_THREADS"] = "1"  # before the arrays are imported
    from stockwright.engine.faces.comparing import Comparing

    compare = Comparing(network, detectors)
    return [compare.nearest(picture, vectors) for picture in pictures]
