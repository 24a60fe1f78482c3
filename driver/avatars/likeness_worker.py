"""How like a person pictures are, found in a process of its own.

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

from stockwright.core.names import FACE_DETECTION_FOLDER, FACE_IDENTITY_FILE, FACE_IDENTITY_FOLDER

_MILD = 10

Vectors = Sequence[Sequence[float]]
Folders = Mapping[str, Sequence[Path]]


class NoJudge(Exception):
    """Why faces cannot be compared here, for a person."""


def likeness_of(pictures: Sequence[Path], person: Vectors, models: Folders) -> list[float | None]:
    """For each picture its likeness from 0 to 1, as the quality gate's check of that name has it;
    None for a picture without a face.

    Args:
        person: vectors of the faces in the person's photos.
        models: model folders of this machine, by their names.

    Raises:
        NoJudge: the networks for it are not installed or break down, or a vector is empty.
    """
    if not all(person):
        raise NoJudge("the person's photos have no vectors of the face")
    folders = models.get(FACE_IDENTITY_FOLDER, ())
    if not any((folder / FACE_IDENTITY_FILE).is_file() for folder in folders):
        raise NoJudge("there is nothing to know them by: driver/models.py pull face-identity")
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(_compare, list(pictures), [*person], dict(models)).result()
    except BrokenProcessPool as error:
        raise NoJudge("the process for it died") from error


def _compare(pictures: Sequence[Path], person: Vectors, models: Folders) -> list[float | None]:
    os.nice(_MILD)
    os.environ["OMP_NUM_THREADS"] = "1"  # before the arrays are imported
    try:
        from stockwright.engine.quality.faces import FaceFinder
        from stockwright.engine.quality.likeness import NOBODY, Likeness
        from stockwright.engine.quality.view import View

        find = FaceFinder(models.get(FACE_DETECTION_FOLDER, ()))
        likeness = Likeness(find, models.get(FACE_IDENTITY_FOLDER, ()), person)
        found = [likeness(View.load(picture)) for picture in pictures]
    except Exception as error:  # noqa: BLE001 - its own type may not survive the way back
        raise NoJudge(str(error)) from None
    return [None if one == NOBODY else one for one in found]
