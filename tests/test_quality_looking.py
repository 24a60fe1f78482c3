"""Sharpness, grain, flatness and hashes of real pictures and of harmed ones."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import ndimage

from stockwright.core.likeness import hamming
from stockwright.engine.quality.hashing import phash
from stockwright.engine.quality.looking import flatness, grain, sharpness
from tests.quality.pictures import thumbnail

NAMES = ("flux_schnell_full_text_to_image-1", "api_kling_effects-1", "sdxlturbo_example-1")


def luma(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"), np.float32)


def noisy(picture: Image.Image, deviation: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    pixels = luma(picture)
    return np.clip(pixels + rng.normal(0, deviation, pixels.shape), 0, 255).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_the_more_it_is_blurred_the_less_sharp_it_is(name: str):
    picture = thumbnail(name)
    found = [sharpness(luma(picture.filter(ImageFilter.GaussianBlur(s)))) for s in (0, 1, 2, 4)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.45 and found[2] < 0.33


@pytest.mark.parametrize("axis", [0, 1])
def test_a_moved_picture_is_not_sharp_although_its_edges_along_the_way_are(axis: int):
    pixels = luma(thumbnail(NAMES[1]))
    assert sharpness(ndimage.uniform_filter1d(pixels, 15, axis=axis)) < sharpness(pixels) - 0.2


def test_a_soft_background_is_no_blur():
    picture = thumbnail(NAMES[1])
    soft = picture.filter(ImageFilter.GaussianBlur(6))
    width, height = picture.size
    middle = (width // 3, height // 3, width * 2 // 3, height * 2 // 3)
    soft.paste(picture.crop(middle), middle[:2])
    assert sharpness(luma(soft)) > 0.45


@pytest.mark.parametrize("value", [0, 128, 255])
def test_one_colour_is_flat_and_has_no_sharpness_and_no_grain(value: int):
    pixels = np.full((300, 400), value, np.float32)
    assert sharpness(pixels) == 0
    assert grain(pixels) == 0
    assert flatness(np.full((300, 400, 3), value, np.uint8)) == 0


def test_flatness_counts_colour_as_well_as_light():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :32, 0], pixels[:, 32:, 1] = 100, 100
    assert flatness(pixels) == pytest.approx(np.sqrt(2 * 50**2 / 3))


@pytest.mark.parametrize("name", NAMES)
def test_grain_is_measured_in_levels(name: str):
    picture = thumbnail(name)
    assert grain(luma(picture)) < 1.6
    for deviation in (6, 12):
        # Where the picture is black or white half of the noise is cut off.
        assert 0.6 * deviation < grain(noisy(picture, deviation)) < 1.2 * deviation


def test_grain_that_was_enlarged_is_found():
    small = Image.fromarray(noisy(thumbnail(NAMES[0]), 20).astype(np.uint8))
    large = small.resize((small.width * 2, small.height * 2), Image.Resampling.BICUBIC)
    assert grain(luma(large)) > 5


def test_large_pictures_are_measured_in_part_and_alike():
    rng = np.random.default_rng(2)
    pixels = rng.normal(128, 8, (1600, 2400)).astype(np.float32)
    assert grain(pixels) == pytest.approx(8, rel=0.15)


@pytest.mark.parametrize("size", [(1, 1), (15, 15), (16, 40), (17, 17), (33, 65)])
def test_the_smallest_pictures_are_measured_too(size: tuple[int, int]):
    pixels = np.random.default_rng(3).uniform(0, 255, size).astype(np.float32)
    assert 0 <= sharpness(pixels) <= 1
    assert grain(pixels) >= 0


def test_a_hash_stays_near_for_what_looks_alike_and_far_for_what_does_not():
    first, second = thumbnail(NAMES[0]), thumbnail(NAMES[1])
    value = phash(first)
    assert len(value) == 16 and int(value, 16) >= 0
    width, height = first.size
    alike = [
        first.resize((width // 2, height // 2)),
        first.filter(ImageFilter.GaussianBlur(2)),
        Image.fromarray((np.asarray(first) * 0.8).astype(np.uint8)),
        first.crop((4, 4, width - 4, height - 4)),
    ]
    assert [p for p in alike if hamming(value, phash(p)) > 10] == []
    assert hamming(value, phash(second)) > 16
