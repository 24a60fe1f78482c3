"""What a photo shows besides the face, as far as it can be measured: for captions, so that a
training puts it down to these words and not to the person."""

from __future__ import annotations

import colorsys

import numpy as np

from ...core.portraits import Looks
from ..faces.alignment import Similarity
from .light import Light
from .pose import Pose

_STEP = 12
"""Pixels of the 512 template between two places that are looked at."""
_GREY = 0.035
"""Mean difference of the colour channels of a black-and-white picture, at most."""
_SHARE = 0.45
"""Of places with one colour, for the whole to be called by it."""
_PLAIN, _BLURRED = 0.05, 0.02
"""Deviation of a plain background's luma; mean step of a blurred one's from place to place."""
_DIM, _BRIGHT, _SIDE = 0.45, 0.95, 0.75
_ASIDE, _UPWARDS = 15, 20  # degrees from which a head is said to be turned
_LUMA = np.array([0.299, 0.587, 0.114])


def looks(pixels: np.ndarray, to_face: Similarity, light: Light, pose: Pose) -> Looks:
    """Of an RGB picture, uint8 (height, width, 3), whose background is still there."""
    behind = _grid(pixels, to_face, (-500, 1012), (-220, 330))
    aside = np.abs(_across((-500, 1012), (-220, 330)) - 256) > 320
    clothes = _grid(pixels, to_face, (-60, 572), (690, 960))
    grey = np.abs(np.diff(pixels[::8, ::8].astype(np.float32) / 255, axis=2)).mean() < _GREY
    return Looks(
        view=_view(pose),
        light=_light(light),
        clothes="" if grey else _colour(clothes.reshape(-1, 3)),
        place=_place(behind, aside),
        place_colour="" if grey else _colour(behind[aside]),
        colourless=bool(grey),
    )


def _view(pose: Pose) -> str:
    if abs(pose.turned) >= _ASIDE:
        return "right" if pose.turned > 0 else "left"
    if abs(pose.nodded) >= _UPWARDS:
        return "down" if pose.nodded > 0 else "up"
    return "front"


def _light(light: Light) -> str:
    if light.even < _SIDE:
        return "side"
    if light.top < _DIM:
        return "dim"
    return "bright" if light.top > _BRIGHT else "soft"


def _across(columns: tuple[int, int], rows: tuple[int, int]) -> np.ndarray:
    return np.meshgrid(np.arange(*columns, _STEP), np.arange(*rows, _STEP))[0]


def _grid(
    pixels: np.ndarray, to_face: Similarity, columns: tuple[int, int], rows: tuple[int, int]
) -> np.ndarray:
    """Colours (rows, columns, 3) in [0, 1] at places of the 512 template; NaN beyond the picture's
    edge. Each is the mean of what lies around it, so that no grain counts."""
    x, y = np.meshgrid(np.arange(*columns, _STEP), np.arange(*rows, _STEP))
    back = to_face.inverse()
    across, down = back.a * x - back.b * y + back.u, back.b * x + back.a * y + back.v
    reach = max(1, round(_STEP * back.scale / 3))
    height, width = pixels.shape[:2]
    inside = (across >= 0) & (down >= 0) & (across < width) & (down < height)
    total = np.zeros((*x.shape, 3), np.float64)
    for dx, dy in ((-reach, 0), (reach, 0), (0, -reach), (0, reach), (0, 0)):
        columns_ = np.clip(across + dx, 0, width - 1).astype(int)
        rows_ = np.clip(down + dy, 0, height - 1).astype(int)
        total += pixels[rows_, columns_]
    total[~inside] = np.nan
    return total / 5 / 255


def _place(behind: np.ndarray, aside: np.ndarray) -> str:
    luma = np.where(aside, behind @ _LUMA, np.nan)
    if np.isfinite(luma).sum() < 50:
        return ""
    if np.nanstd(luma) < _PLAIN:
        return "plain"
    steps = np.abs(np.diff(luma, axis=1))
    return "blurred" if np.nanmedian(steps) < _BLURRED else "busy"


def _colour(colours: np.ndarray) -> str:
    seen = colours[np.isfinite(colours).all(axis=-1)]
    if len(seen) < 50:
        return ""
    names, counts = np.unique([colour_name(*colour) for colour in seen], return_counts=True)
    most = int(counts.argmax())
    return str(names[most]) if counts[most] >= _SHARE * len(seen) else ""


_HUES = (
    *((15, "red"), (40, "orange"), (68, "yellow"), (165, "green"), (258, "blue")),
    *((290, "purple"), (340, "pink"), (361, "red")),
)


def colour_name(red: float, green: float, blue: float) -> str:
    """A colour, RGB in [0, 1], in one word."""
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if value < 0.18:
        return "black"
    if saturation < 0.16 or max(red, green, blue) - min(red, green, blue) < 0.07:
        return "white" if value > 0.85 else "grey"
    name = next(name for end, name in _HUES if hue * 360 < end)
    if name in ("red", "orange", "yellow") and hue * 360 >= 10:
        if saturation < 0.4 and value > 0.6:
            return "beige"
        if value < 0.55:
            return "brown"
    return f"dark {name}" if value < 0.4 and name in ("blue", "green", "red") else name
