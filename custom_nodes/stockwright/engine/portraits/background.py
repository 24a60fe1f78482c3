"""What lies behind a person: blurred, or exchanged for grey. OpenCV's GrabCut (Rother, Kolmogorov
and Blake 2004) tells it from the person, led by where the face is."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

from ...core.errors import IntakeInvalid
from ...core.portraits import Background
from ..faces.alignment import Similarity

_SEEN = 384
"""Pixels of the side at which the person is cut out."""
_ROUNDS = 5
_GREY = 0.5
_SOFT, _BLUR = 1 / 200, 1 / 24
"""Of the crop's side: the rim of the person, and the blur behind."""


def check(background: Background) -> None:
    """Raises IntakeInvalid if it cannot be done here."""
    if background is not Background.KEEP and find_spec("cv2") is None:
        raise IntakeInvalid(
            f"background: {background} needs OpenCV, which is not installed",
            where="intake.yaml, key crops.background",
            hint="pip install opencv-python-headless, or write background: keep.",
        )


def changed(crop: torch.Tensor, to_face: Similarity, background: Background) -> torch.Tensor:
    """A crop (3, side, side) in [0, 1] with another background; `to_face` takes its pixels to the
    512 template."""
    if background is Background.KEEP:
        return crop
    side = crop.shape[-1]
    image = Image.fromarray((crop * 255).round().byte().permute(1, 2, 0).numpy())
    small = image.resize((_SEEN, _SEEN), Image.Resampling.LANCZOS)
    mask = _person(np.array(small), _scaled(to_face, side / _SEEN))
    soft = mask.resize((side, side), Image.Resampling.BICUBIC)
    soft = soft.filter(ImageFilter.GaussianBlur(side * _SOFT))
    alpha = torch.from_numpy(np.array(soft)).float() / 255
    if background is Background.PLAIN:
        behind = torch.full_like(crop, _GREY)
    else:
        blurred = image.filter(ImageFilter.GaussianBlur(side * _BLUR))
        behind = torch.from_numpy(np.array(blurred)).permute(2, 0, 1).float() / 255
    return crop * alpha + behind * (1 - alpha)


def _scaled(to_face: Similarity, scale: float) -> Similarity:
    return Similarity(to_face.a * scale, to_face.b * scale, to_face.u, to_face.v)


def _person(pixels: np.ndarray, to_face: Similarity) -> Image.Image:
    """White where the person is."""
    import cv2

    guess = Image.new("L", (_SEEN, _SEEN), cv2.GC_PR_BGD)
    draw, back = ImageDraw.Draw(guess), to_face.inverse()

    def egg(middle: tuple[float, float], across: float, down: float, value: int) -> None:
        around = np.linspace(0, 2 * np.pi, 40)
        x, y = middle[0] + across * np.cos(around), middle[1] + down * np.sin(around)
        columns, rows = back.a * x - back.b * y + back.u, back.b * x + back.a * y + back.v
        draw.polygon([*zip(columns.tolist(), rows.tolist(), strict=True)], fill=value)

    egg((256, 1150), 620, 560, cv2.GC_PR_FGD)  # shoulders
    egg((256, 230), 270, 330, cv2.GC_PR_FGD)  # head and hair
    egg((256, 900), 200, 260, cv2.GC_FGD)
    egg((256, 290), 140, 210, cv2.GC_FGD)
    mask = np.array(guess)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    cv2.grabCut(bgr, mask, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    person = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, labels, sizes, _ = cv2.connectedComponentsWithStats(person)
    if len(sizes) > 1:  # the largest piece: no islands of the background
        person = labels == 1 + sizes[1:, cv2.CC_STAT_AREA].argmax()
    return Image.fromarray(person.astype(np.uint8) * 255)
