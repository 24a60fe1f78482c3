"""Whose face a photo is of, and the other faces, which are made unrecognisable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..faces.detection import Detector, Face, largest_first

SEEN = 1024
"""Pixels of the longer side at which faces are looked for."""
_TURNS = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180)
_LEAST = 32
"""Pixels of a picture's shorter side, for a face to be looked for."""
_WIDER = 0.35
"""How much of its size another face's blur reaches over it: hair and ears tell who it is, too."""
_COARSE = 12
"""Cells over a blurred face: too few to know anybody by."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture, turned so that its faces are upright, and its faces in its own pixels."""

    picture: Image.Image
    faces: tuple[Face, ...]
    """The largest first."""


def find_faces(picture: Image.Image, detect: Detector, certain: float) -> Portrait:
    """The faces of a picture. One without any is turned by quarters until it has some, since some
    files do not say how the camera was held."""
    if min(picture.size) < _LEAST:
        return Portrait(picture, ())
    for turn in _TURNS:
        turned = picture if turn is None else picture.transpose(turn)
        if faces := _found(turned, detect, certain):
            return Portrait(turned, faces)
    return Portrait(picture, ())


def _found(picture: Image.Image, detect: Detector, certain: float) -> tuple[Face, ...]:
    small = picture.copy()
    small.thumbnail((SEEN, SEEN), Image.Resampling.LANCZOS)
    factor = picture.width / small.width
    faces = [face for face in detect(np.array(small)) if face.score >= certain]
    return tuple(largest_first(_larger(face, factor) for face in faces))


def _larger(face: Face, factor: float) -> Face:
    x0, y0, x1, y1 = (value * factor for value in face.box)
    points = [(x * factor, y * factor) for x, y in face.points]
    return Face((x0, y0, x1, y1), (*points,), face.score)  # type: ignore[arg-type]


def hide(picture: Image.Image, faces: tuple[Face, ...], main: Face) -> Image.Image:
    """The picture with `faces` blurred beyond recognition; the main one stays as it is."""
    if not faces:
        return picture
    done = picture.copy()
    mask = Image.new("L", picture.size)
    for face in faces:
        box = _around(face, picture.size)
        part = picture.crop(box)
        cells = (max(1, part.width * _COARSE // max(part.size)), max(1, _COARSE))
        coarse = part.resize(cells, Image.Resampling.BOX).resize(
            part.size, Image.Resampling.BICUBIC
        )
        done.paste(coarse, box)
        ImageDraw.Draw(mask).ellipse((box[0], box[1], box[2] - 1, box[3] - 1), fill=255)
    x0, y0, x1, y1 = main.box
    ImageDraw.Draw(mask).ellipse((x0, y0, x1, y1), fill=0)
    edge = max(face.size for face in faces) / 20
    return Image.composite(done, picture, mask.filter(ImageFilter.BoxBlur(edge)))


def _around(face: Face, size: tuple[int, int]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = face.box
    more = face.size * _WIDER
    return (
        max(0, int(x0 - more)),
        max(0, int(y0 - more)),
        min(size[0], int(x1 + more) + 1),
        min(size[1], int(y1 + more) + 1),
    )
