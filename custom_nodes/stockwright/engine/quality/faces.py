"""How many faces a picture has, and whether one of them is deformed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ...core.quality import Setting
from ..faces.detection import Detector, Face, Point, find_detector
from .missing import PartMissing
from .view import View

FOLDER = "face_detection"
_COPIES = ((160, False), (160, True), (224, False), (120, True))
"""Of a face, to see how steadily its points are found: pixels of the side, whether mirrored."""
_MIRRORED = [1, 0, 2, 4, 3]
"""The order of a mirrored face's points: what was the left eye is the right one."""


class FaceFinder:
    """All checks look at the same faces, which are looked for once in a picture."""

    def __init__(self, folders: Iterable[Path]) -> None:
        """Raises FaceDetectionUnavailable or PartMissing."""
        try:
            self.detect: Detector = find_detector(folders)
        except ModuleNotFoundError as error:
            raise PartMissing(f"{error.name} is not installed: pip install {error.name}") from error

    def __call__(self, view: View) -> list[Face]:
        """In pixels of `view.seen`."""
        if view.faces is None:
            view.faces = self.detect(view.seen_pixels)
        return view.faces


class FaceChecks:
    def __init__(self, find: FaceFinder) -> None:
        self._find, self._detect = find, find.detect

    def people(self, view: View, setting: Setting) -> float:
        """The number of faces."""
        return len(self._faces(view, setting))

    def deformed(self, view: View, setting: Setting) -> float | None:
        """The deformity of the most deformed face; None without faces."""
        pixels = view.seen_pixels
        faces = self._faces(view, setting)
        return max((deformity(pixels, face, self._detect) for face in faces), default=None)

    def _faces(self, view: View, setting: Setting) -> list[Face]:
        smallest = setting["smallest"] / 100 * max(view.seen.size)
        return [f for f in self._find(view) if f.size >= smallest and f.score >= setting["certain"]]


def deformity(pixels: np.ndarray, face: Face, detect: Detector) -> float:
    """How unsteadily a detector places a face's points, 0 to 1 (found less than twice).

    It is asked for them in copies of the face, mirrored and in other sizes. In a normal face they
    come out at the same places; where an eye or the mouth is not where a face has it, the detector
    has to guess, and each time guesses otherwise. Their root mean square distance from their
    means, in units of the distance of the eyes.
    """
    found = [points for copy in _COPIES if (points := _points(pixels, face, detect, *copy))]
    if len(found) < 2:
        return 1.0
    places = np.array(found)
    means = places.mean(axis=0)
    eyes = np.linalg.norm(means[1] - means[0])
    spread = np.sqrt(((places - means) ** 2).sum(axis=2).mean())
    return float(min(1.0, spread / max(eyes, 1e-6)))


def _points(
    pixels: np.ndarray, face: Face, detect: Detector, side: int, mirrored: bool
) -> Sequence[Point] | None:
    """The points in a copy, 0 to 1 over the copy's side; None where the face is not found."""
    x0, y0, x1, y1 = face.box
    reach, x, y = face.size, (x0 + x1) / 2, (y0 + y1) / 2
    box = (round(x - reach), round(y - reach), round(x + reach), round(y + reach))
    copy = Image.fromarray(pixels).crop(box).resize((side, side), Image.Resampling.LANCZOS)
    if mirrored:
        copy = copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    faces = detect(np.array(copy))
    if not faces:
        return None
    nearest = min(faces, key=lambda f: abs(sum(f.box[::2]) - side) + abs(sum(f.box[1::2]) - side))
    points = [(px / side, py / side) for px, py in nearest.points]
    return [(1 - points[n][0], points[n][1]) for n in _MIRRORED] if mirrored else points
