"""Pictures harmed on purpose, each way by a known amount. All take and give RGB pictures."""

from __future__ import annotations

import io
import math
import random

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHKLMNPRSTUVW"
_WORDS = ("Spring sale", "Coffee and cake", "Fresh flowers", "Open today", "Grand hotel")


def blurred(picture: Image.Image, radius: float) -> Image.Image:
    """Gaussian, standard deviation in pixels."""
    return picture.filter(ImageFilter.GaussianBlur(radius))


def moved(picture: Image.Image, pixels: int, axis: int) -> Image.Image:
    """By a camera that moved down (axis 0) or across (axis 1)."""
    values = np.asarray(picture, np.float32)
    return _picture(ndimage.uniform_filter1d(values, pixels, axis=axis))


def enlarged(picture: Image.Image, times: int) -> Image.Image:
    """The same size, made from a smaller one."""
    small = picture.resize((picture.width // times, picture.height // times))
    return small.resize(picture.size, Image.Resampling.BICUBIC)


def noisy(picture: Image.Image, deviation: float, spread: float = 0) -> Image.Image:
    """Gaussian noise in levels of 255; `spread`: over how many pixels each grain is soft."""
    grains = np.random.default_rng(1).normal(0, 1, (picture.height, picture.width, 3))
    if spread:
        grains = ndimage.gaussian_filter(grains, (spread, spread, 0))
    return _picture(np.asarray(picture, np.float32) + grains / grains.std() * deviation)


def squeezed(picture: Image.Image, quality: int) -> Image.Image:
    """Stored as a JPEG of this quality."""
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=quality)
    with Image.open(stored) as read:
        return read.convert("RGB")


def faded(picture: Image.Image, share: float) -> Image.Image:
    """With this share of its contrast."""
    values = np.asarray(picture, np.float32)
    mean = values.mean((0, 1))
    return _picture(mean + (values - mean) * share)


def lettered(picture: Image.Image, seed: int, height: float = 0.05) -> Image.Image:
    """With a line of words of a height in shares of the picture's."""
    return _written(picture, random.Random(seed).choice(_WORDS), seed, height)


def garbled(picture: Image.Image, seed: int, height: float = 0.06) -> Image.Image:
    """With two lines of what look like letters: upper halves of some on lower halves of others."""
    rng = random.Random(seed)
    result = picture
    for line in range(2):
        words = ["".join(rng.choices(_LETTERS, k=rng.randint(3, 8))) for _ in "ab"]
        upper, lower = (_mask(word.ljust(8, "n"), round(height * picture.height)) for word in words)
        width = min(upper.width, lower.width)
        mixed = upper.crop((0, 0, width, upper.height))
        half = upper.height // 2
        mixed.paste(lower.crop((0, half, width, lower.height)), (0, half))
        result = _stamped(result, mixed, seed + 10 * line, 1.0)
    return result


def watermarked(picture: Image.Image, seed: int, opacity: float = 0.35) -> Image.Image:
    """With a see-through name across its middle, rising."""
    mask = _mask("stockphotos", round(0.12 * picture.height)).rotate(
        25, Image.Resampling.BICUBIC, expand=True
    )
    x, y = (picture.width - mask.width) // 2, (picture.height - mask.height) // 2
    return _over(picture, mask, (x, y), opacity, 255 if seed % 2 else 0)


def signed(picture: Image.Image, seed: int) -> Image.Image:
    """With a small name in the lower right corner."""
    mask = _mask("J. Fielding", max(11, round(0.035 * picture.height)))
    at = (picture.width - mask.width - 8, picture.height - mask.height - 8)
    return _over(picture, mask, at, 0.9, 255 if seed % 2 else 0)


def warped(
    picture: Image.Image, middle: tuple[float, float], reach: float, by: tuple[float, float]
) -> Image.Image:
    """What lies within `reach` pixels of `middle` is drawn (x, y) pixels away."""
    y, x = np.mgrid[0 : picture.height, 0 : picture.width].astype(np.float64)
    near = np.exp(-((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / (2 * reach**2))
    return _sampled(picture, x - by[0] * near, y - by[1] * near)


def swirled(picture: Image.Image, middle: tuple[float, float], reach: float) -> Image.Image:
    """Turned by 70 degrees at `middle`, less and less around it."""
    y, x = np.mgrid[0 : picture.height, 0 : picture.width].astype(np.float64)
    x, y = x - middle[0], y - middle[1]
    turn = math.radians(70) * np.exp(-(x**2 + y**2) / reach**2)
    cos, sin = np.cos(turn), np.sin(turn)
    return _sampled(picture, middle[0] + cos * x - sin * y, middle[1] + sin * x + cos * y)


def _sampled(picture: Image.Image, x: np.ndarray, y: np.ndarray) -> Image.Image:
    values = np.asarray(picture, np.float32)
    channels = [
        ndimage.map_coordinates(values[..., c], [y, x], order=1, mode="nearest") for c in range(3)
    ]
    return _picture(np.stack(channels, -1))


def _written(picture: Image.Image, words: str, seed: int, height: float) -> Image.Image:
    return _stamped(picture, _mask(words, round(height * picture.height)), seed, 1.0)


def _mask(words: str, height: int) -> Image.Image:
    font = ImageFont.load_default(max(9, height))
    left, top, right, bottom = font.getbbox(words)
    mask = Image.new("L", (math.ceil(right - left) + 4, math.ceil(bottom - top) + 4))
    ImageDraw.Draw(mask).text((2 - left, 2 - top), words, 255, font)
    return mask


def _stamped(picture: Image.Image, mask: Image.Image, seed: int, opacity: float) -> Image.Image:
    """Somewhere in the picture, dark on light and light on dark."""
    if mask.width > picture.width * 0.9:
        scale = picture.width * 0.9 / mask.width
        mask = mask.resize((round(mask.width * scale), round(mask.height * scale)))
    rng = random.Random(seed)
    x = rng.randint(0, picture.width - mask.width)
    y = rng.randint(0, picture.height - mask.height)
    under = picture.crop((x, y, x + mask.width, y + mask.height)).convert("L")
    colour = 0 if np.asarray(under).mean() > 128 else 255
    return _over(picture, mask, (x, y), opacity, colour)


def _over(
    picture: Image.Image, mask: Image.Image, at: tuple[int, int], opacity: float, colour: int
) -> Image.Image:
    result = picture.copy()
    through = ImageChops.multiply(mask, Image.new("L", mask.size, round(255 * opacity)))
    result.paste((colour,) * 3, at, through)
    return result


def _picture(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
