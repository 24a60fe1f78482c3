"""A photo of a person, examined, and its crops. Used in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ...core.errors import FaceModelInvalid
from ...core.portraits import Background, Describing, Intake, Looks, Remark
from ..faces.alignment import aligned, to_template
from ..faces.detection import Face, find_detector
from ..faces.identity import Identity
from ..quality.hashing import phash
from . import background, judging
from .colour import corrected
from .describing import described
from .framing import place_in, windows
from .light import face_light
from .looks import looks
from .mainface import find_faces, hide
from .opening import LONGEST, Unusable, open_photo
from .pose import pose
from .sheet import Tile, contact_sheet

DETECTION, IDENTITY = "face_detection", "face_identity"
"""Model folders."""
NETWORK = "face_recognition_dlib.safetensors"
_PACKED = 3
"""Of PNG files: higher levels cost much time and gain little."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of a photo. With `remarks` it cannot be used, and the rest is not there."""

    remarks: tuple[Remark, ...] = ()
    words: str = ""
    fitness: float = 0.0
    vector: tuple[float, ...] = ()
    phash: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A crop that was made."""

    framing: str
    file: Path
    looks: Looks


class Studio:
    """Raises FaceDetectionUnavailable, FaceModelInvalid or IntakeInvalid."""

    def __init__(self, intake: Intake, folders: Mapping[str, Sequence[Path]]) -> None:
        background.check(intake.crops.background)
        self._intake = intake
        self._detect = find_detector(folders.get(DETECTION, ()))
        files = [folder / NETWORK for folder in folders.get(IDENTITY, ())]
        found = next((file for file in files if file.is_file()), None)
        if found is None:
            raise FaceModelInvalid(
                "there is nothing to compare faces with",
                where=", ".join(map(str, files)) or IDENTITY,
                hint="Fetch it: python driver/models.py pull face-identity",
            )
        self._identity = Identity(found)

    def examine(self, photo: Path, kept: Path) -> Examined:
        """Looks at a photo as somebody gave it. A good one is written to `kept` as a PNG: upright,
        without metadata, other people's faces blurred."""
        limits = self._intake.limits
        try:
            picture = open_photo(photo, limits.megapixels)
        except Unusable as unusable:
            return Examined((unusable.remark,))
        portrait = find_faces(picture, self._detect, limits.certain)
        if remark := judging.crowd(portrait.faces, limits):
            return Examined((remark,))
        main, *others = portrait.faces
        pixels = np.array(portrait.picture)
        tensor = _tensor(pixels)
        found = judging.measure(tensor, main, self._detect, pixels)
        remarks = judging.faults(found, main, portrait.picture.size, limits)
        if remarks:
            return Examined(tuple(remarks))
        vector = tuple(self._identity.vector(tensor, main).tolist())
        safe = hide(portrait.picture, tuple(others), main)
        safe.save(kept, "PNG", compress_level=_PACKED)
        return Examined((), found.words, found.fitness, vector, phash(safe))

    def hash_of(self, kept: Path) -> str:
        """The perceptual hash of a photo that was kept."""
        return phash(open_photo(kept, LONGEST**2 / 1e6))

    def describe(self, crop: Path, asked: Describing) -> list[str]:
        """What a crop shows besides the person (`describing.described`)."""
        return described(crop, asked)

    def sheet(self, rows: Sequence[Sequence[tuple[Path, str, str]]]) -> bytes:
        """A contact sheet as a JPEG: rows of (file, heading, caption)."""
        return contact_sheet([[Tile(*tile) for tile in row] for row in rows])

    def cut(self, kept: Path, stem: Path) -> list[Cut]:
        """Writes the crops of a kept photo as `<stem>-<framing>.png`. None is made if no face is
        found any more, as with other limits."""
        crops = self._intake.crops
        picture = open_photo(kept, LONGEST**2 / 1e6)
        pixels = np.array(picture)
        faces = find_faces(picture, self._detect, self._intake.limits.certain).faces
        if not faces:
            return []
        face, tensor = faces[0], _tensor(pixels)
        told = _looks(pixels, tensor, face)
        if crops.background is Background.PLAIN:
            told = replace(told, place="plain", place_colour="grey")
        elif crops.background is Background.BLUR and told.place == "busy":
            told = replace(told, place="blurred")
        if crops.colour:
            tensor = corrected(tensor)
        done: list[Cut] = []
        for window in windows(face, picture.size, crops, crops.size):
            to_crop = window.to_crop(crops.size)
            crop = aligned(tensor, to_crop, crops.size).clamp(0, 1)
            points = [place_in(to_crop, *point) for point in face.points]
            crop = background.changed(crop, to_template(points), crops.background)
            file = stem.with_name(f"{stem.name}-{window.framing}.png")
            values = (crop * 255).round().byte().permute(1, 2, 0).numpy()
            Image.fromarray(values).save(file, "PNG", compress_level=_PACKED)
            done.append(Cut(window.framing, file, told))
        return done


def _looks(pixels: np.ndarray, tensor: torch.Tensor, face: Face) -> Looks:
    to_face = to_template(face.points)
    return looks(pixels, to_face, face_light(tensor, to_face), pose(face.points))


def _tensor(pixels: np.ndarray) -> torch.Tensor:
    """(3, height, width) in [0, 1]."""
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
