"""What is wrong with a photo of a person, in words that help to take a better one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from ...core.portraits import Fault, Limits, Remark
from ..faces.alignment import SIDE, Similarity, to_template
from ..faces.detection import Detector, Face
from ..faces.sharpness import sharpness
from ..quality.faces import deformity
from .light import Light, face_light
from .pose import Pose, pose

_RIM = ((256, 60), (110, 260), (402, 260), (256, 480))
"""Forehead, cheeks and chin in the 512 template: they have to lie in the picture."""


@dataclass(frozen=True, slots=True)
class Measures:
    size: float
    """Pixels of the face's longer side."""
    sharpness: float
    light: Light
    pose: Pose
    unsteady: float
    """How much its points move when they are looked for again; see `quality.faces.deformity`."""

    @property
    def fitness(self) -> float:
        """0 to 1, by what matters for a reference: sharp, large, from straight ahead, even light.
        Any of them may spoil it, so they are multiplied."""
        straight = max(0.0, 1 - (abs(self.pose.turned) + abs(self.pose.nodded)) / 120)
        large = min(1.0, self.size / SIDE) ** 0.5
        return min(1.0, self.sharpness) * large * straight * (0.5 + self.light.even / 2)

    @property
    def words(self) -> str:
        return f"face of {self.size:.0f} pixels, sharpness {self.sharpness:.2f}"


def measure(picture: torch.Tensor, face: Face, detect: Detector, pixels: np.ndarray) -> Measures:
    """`picture` (3, height, width) in [0, 1] and `pixels` (height, width, 3), uint8, are one."""
    to_face = to_template(face.points)
    return Measures(
        face.size,
        sharpness(picture, to_face),
        face_light(picture, to_face),
        pose(face.points),
        deformity(pixels, face, detect),
    )


def crowd(faces: tuple[Face, ...], limits: Limits) -> Remark | None:
    """Whether it cannot be told whose photo it is."""
    if not faces:
        return Remark(Fault.NO_FACE, "no face is found")
    main, *others = faces
    as_large = [face for face in others if face.size > limits.others * main.size]
    if as_large:
        words = f"{1 + len(as_large)} people are about as large: crop it to the one who is meant"
        return Remark(Fault.CROWD, words)
    return None


def faults(found: Measures, face: Face, size: tuple[int, int], limits: Limits) -> list[Remark]:
    """All that is wrong; `size` is the picture's width and height."""
    return list(_faults(found, face, size, limits))


def _faults(found: Measures, face: Face, size: tuple[int, int], limits: Limits) -> Iterator[Remark]:
    if found.size < limits.face:
        words = f"the face has {found.size:.0f} pixels, {limits.face:g} are needed"
        yield Remark(Fault.SMALL, words)
    if _is_cut(to_template(face.points), size):
        yield Remark(Fault.CUT, "the face reaches over the edge of the photo")
    if found.sharpness < limits.sharpness:
        words = f"the face is blurred (sharpness {found.sharpness:.2f}, at least"
        yield Remark(Fault.BLURRED, f"{words} {limits.sharpness:g})")
    if words := _bad_light(found.light, limits):
        yield Remark(Fault.LIGHT, words)
    if words := _away(found.pose, limits):
        yield Remark(Fault.TURNED, words)
    if found.unsteady > limits.unsteady:
        words = "eyes, nose or mouth cannot be made out: something covers them, or it is a profile"
        yield Remark(Fault.COVERED, words)


def _bad_light(light: Light, limits: Limits) -> str:
    if light.top < limits.dark:
        return "the face is too dark"
    if light.burnt > limits.burnt:
        return f"{light.burnt:.0%} of the face are burnt out to white"
    if light.range < limits.flat:
        return "the face has no contrast: fog, or a window behind"
    if light.even < limits.uneven:
        return "half of the face lies in the dark"
    return ""


def _away(found: Pose, limits: Limits) -> str:
    if abs(found.turned) > limits.turned:
        return f"the head is turned away by about {abs(found.turned):.0f} degrees"
    if abs(found.nodded) > limits.nodded:
        where = "down" if found.nodded > 0 else "up"
        return f"the head is turned {where} by about {abs(found.nodded):.0f} degrees"
    return ""


def _is_cut(to_face: Similarity, size: tuple[int, int]) -> bool:
    back = to_face.inverse()
    xs, ys = back(
        *(torch.tensor(values, dtype=torch.float32) for values in zip(*_RIM, strict=True))
    )
    inside = (xs >= 0) & (xs <= size[0]) & (ys >= 0) & (ys <= size[1])
    return not bool(inside.all())
