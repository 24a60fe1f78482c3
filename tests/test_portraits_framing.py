"""Crops: upright, never warped, never over the edge of the photo."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch
from PIL import Image

from driver.avatars.intake import default_intake
from stockwright.core.portraits import Background
from stockwright.engine.faces.alignment import TEMPLATE, Similarity, aligned, to_template
from stockwright.engine.faces.detection import Face
from stockwright.engine.portraits import background
from stockwright.engine.portraits.colour import corrected
from stockwright.engine.portraits.framing import place_in, windows
from stockwright.engine.portraits.pose import pose
from tests import faces

CROPS = default_intake().crops


def placed(scale: float, degrees: float, x: float, y: float) -> Face:
    """A face of `scale` times the template, turned, with its middle at a place."""
    angle = math.radians(degrees)
    a, b = scale * math.cos(angle), scale * math.sin(angle)
    to_photo = Similarity(a, b, x - (a * 256 - b * 256), y - (b * 256 + a * 256))
    points = [place_in(to_photo, *point) for point in TEMPLATE]
    return Face((0, 0, 1, 1), (*points,), 1.0)  # type: ignore[arg-type]


def test_no_crop_reaches_over_the_edge_or_is_warped():
    chance = random.Random(7)
    seen = 0
    for _ in range(300):
        size = chance.randint(600, 3000), chance.randint(600, 3000)
        face = placed(
            chance.uniform(0.3, 1.2),
            chance.uniform(-50, 50),
            chance.uniform(0, size[0]),
            chance.uniform(0, size[1]),
        )
        for window in windows(face, size, CROPS, 64):
            seen += 1
            to_crop = window.to_crop(64)
            assert to_crop.scale * window.side == pytest.approx(64)
            back = to_crop.inverse()
            for corner in ((0, 0), (64, 0), (0, 64), (64, 64)):
                x, y = place_in(back, *corner)
                assert -1e-6 <= x <= size[0] + 1e-6 and -1e-6 <= y <= size[1] + 1e-6
            eyes = [place_in(to_crop, *point) for point in face.points[:2]]
            assert all(0 < value < 64 for point in eyes for value in point)
    assert seen > 200


def test_with_room_all_framings_are_made_and_heads_stand_upright():
    face = placed(0.5, 25, 1500, 1200)
    found = windows(face, (3000, 3000), CROPS, 128)
    assert [window.framing for window in found] == ["face", "portrait", "shoulders"]
    for window in found:
        left, right = (place_in(window.to_crop(128), *point) for point in face.points[:2])
        assert right[1] - left[1] == pytest.approx(0, abs=0.5)
    assert found[0].side < found[1].side < found[2].side


def test_what_would_have_to_be_enlarged_too_much_is_left_out():
    face = placed(0.5, 0, 1500, 1200)  # its unit has 256 pixels
    found = windows(face, (3000, 3000), CROPS, 1024)
    assert [window.framing for window in found] == ["shoulders"]
    (widest,) = windows(face, (3000, 3000), CROPS, 4096)
    assert widest.framing == "shoulders"


def test_a_face_at_the_edge_has_no_crop():
    assert windows(placed(0.5, 0, 20, 1200), (3000, 3000), CROPS, 128) == []


def test_a_real_tilted_head_is_upright_in_its_crop():
    photo = faces.photo("obama").rotate(18, Image.Resampling.BICUBIC)
    window = windows(faces.the_face(photo), photo.size, CROPS, 256)[0]
    crop = aligned(faces.planes(photo), window.to_crop(256), 256).clamp(0, 1)
    image = Image.fromarray((crop * 255).byte().permute(1, 2, 0).numpy())
    assert abs(pose(faces.the_face(photo).points).tilted) > 12
    assert abs(pose(faces.the_face(image).points).tilted) < 5


def cast(picture: torch.Tensor) -> float:
    means = picture.flatten(1).mean(1)
    return float(means.max() / means.min())


def test_a_colour_cast_and_a_dull_exposure_get_nearer_to_the_usual():
    photo = faces.planes(faces.photo("obama"))
    yellow = (photo * torch.tensor([1.0, 0.95, 0.7])[:, None, None]).clamp(0, 1)
    assert cast(corrected(yellow)) < cast(yellow)
    dull = photo * 0.5 + 0.2
    assert float(corrected(dull).std()) > float(dull.std())
    near = corrected(photo) - photo
    assert float(near.abs().mean()) < 0.06  # a good photo is left nearly as it is
    grey = photo.mean(0, keepdim=True).expand(3, -1, -1)
    assert torch.allclose(*corrected(grey)[:2], atol=1e-6)


def test_the_background_can_be_taken_out_and_the_face_stays():
    pytest.importorskip("cv2")
    photo = faces.photo("obama")
    face = faces.the_face(photo)
    window = windows(face, photo.size, CROPS, 256)[-1]
    to_crop = window.to_crop(256)
    crop = aligned(faces.planes(photo), to_crop, 256).clamp(0, 1)
    points = [place_in(to_crop, *point) for point in face.points]
    plain = background.changed(crop, to_template(points), Background.PLAIN)
    x, y = (round(value) for value in points[2])
    assert torch.allclose(
        plain[:, y - 5 : y + 5, x - 5 : x + 5], crop[:, y - 5 : y + 5, x - 5 : x + 5], atol=0.02
    )
    grey = (np.abs(plain.numpy() - 0.5) < 0.02).all(0)
    assert grey[:60, :60].mean() > 0.8
    assert background.changed(crop, to_template(points), Background.KEEP) is crop
