"""The filter that brings pictures to their last pixel, and the memory that a network needs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from stockwright.engine.footprint import SIDE, bytes_per_pixel
from stockwright.engine.lanczos import resize

CPU = torch.device("cpu")


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).random(shape, np.float32)


@pytest.mark.parametrize(("width", "height"), [(40, 90), (21, 13), (50, 37)])
@pytest.mark.parametrize("box", [(0, 0, 50, 37), (3, 5, 33, 30), (2.5, 0.25, 44.75, 36.5)])
def test_it_is_pillows_filter_without_rounding(
    width: int, height: int, box: tuple[float, float, float, float]
):
    pictures = 0.3 + 0.4 * noise(2, 37, 50, 3)  # so that nothing overshoots
    done = resize(pictures, width, height, box)
    assert done.shape == (2, height, width, 3)
    for picture, result in zip(pictures, done, strict=True):
        image = Image.fromarray(np.rint(picture * 255).astype(np.uint8))
        rounded = np.asarray(image.resize((width, height), Image.Resampling.LANCZOS, box)) / 255
        assert np.abs(rounded - result).max() < 2 / 255
        assert len(np.unique(result)) > 300, "more levels than 8 bits have"


def test_what_overshoots_is_cut():
    edge = np.zeros((1, 16, 16, 3), np.float32)
    edge[:, :, 8:] = 1
    done = resize(edge, 64, 64, (0, 0, 16, 16))
    assert (done.min(), done.max()) == (0, 1)


def test_the_colour_of_what_cannot_be_seen_does_not_bleed():
    """A red square on black of no opacity: its edge stays red."""
    picture = np.zeros((1, 24, 24, 4), np.float32)
    picture[:, 8:16, 8:16] = (1, 0, 0, 1)
    done = resize(picture, 61, 61, (0, 0, 24, 24))
    visible = done[..., 3] > 0.02
    assert visible.sum() > 20 * 20
    assert np.abs(done[visible][:, :3] - (1, 0, 0)).max() < 1e-3
    opaque = np.concatenate([noise(1, 24, 24, 3), np.ones((1, 24, 24, 1), np.float32)], axis=-1)
    both = resize(opaque, 31, 17, (0, 0, 24, 24))
    assert np.abs(both[..., :3] - resize(opaque[..., :3], 31, 17, (0, 0, 24, 24))).max() < 1e-5
    assert (both[..., 3] > 1 - 1e-6).all()


def test_memory_is_counted_while_it_is_used():
    def per_pixel(*layers: nn.Module, channels: int = 3) -> float:
        return bytes_per_pixel(nn.Sequential(*layers), channels, torch.float32, CPU)

    wide, wider = nn.Conv2d(3, 64, 3, padding=1), nn.Conv2d(64, 64, 3, padding=1)
    reserve = per_pixel(wide) / (64 * 4)
    assert 1 < reserve < 2
    # A layer's input and output live together; a third layer's output takes the first one's place.
    assert per_pixel(wide, wider) == pytest.approx(2 * 64 * 4 * reserve)
    assert per_pixel(wide, wider, wider, wider) == pytest.approx(2 * 64 * 4 * reserve)
    # Views and what is changed in place take none.
    assert per_pixel(wide, nn.ReLU(inplace=True), nn.Flatten(2)) == per_pixel(wide)
    grown = per_pixel(nn.Conv2d(1, 16, 3, padding=1), nn.PixelShuffle(4), channels=1)
    assert grown == pytest.approx(2 * 16 * 4 * reserve)
    halved = bytes_per_pixel(wide.bfloat16(), 3, torch.bfloat16, CPU)
    assert halved == pytest.approx(64 * 2 * reserve)
    assert SIDE % 32 == 0
