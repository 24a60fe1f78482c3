"""What is said of photos: good ones of real people, and the same ones spoilt in one way."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from driver.avatars.intake import default_intake
from stockwright.core.portraits import Fault, Remark
from stockwright.engine.faces.alignment import TEMPLATE
from stockwright.engine.faces.detection import Face
from stockwright.engine.portraits.judging import Measures, crowd, faults, measure
from stockwright.engine.portraits.light import Light
from stockwright.engine.portraits.mainface import find_faces, hide
from stockwright.engine.portraits.pose import Pose, pose
from tests import faces

LIMITS = default_intake().limits


def remarks(photo: Image.Image) -> list[Remark]:
    portrait = find_faces(photo, faces.detector(), LIMITS.certain)
    if remark := crowd(portrait.faces, LIMITS):
        return [remark]
    main, pixels = portrait.faces[0], faces.pixels(portrait.picture)
    found = measure(faces.planes(portrait.picture), main, faces.detector(), pixels)
    return faults(found, main, portrait.picture.size, LIMITS)


def faulty(photo: Image.Image) -> set[Fault]:
    return {remark.fault for remark in remarks(photo)}


def shaded(photo: Image.Image, face: float) -> Image.Image:
    """Light from the right alone; `face`: where the middle of the face is."""
    light = np.clip((np.arange(photo.width) - face) / 40 + 0.5, 0.1, 1)
    return Image.fromarray((faces.pixels(photo) * light[None, :, None]).astype(np.uint8))


@pytest.mark.parametrize("name", ["obama", "obama-later", "biden"])
def test_good_photos_have_no_fault(name: str):
    assert faulty(faces.photo(name)) == set()


def test_a_small_face_is_told_with_its_size():
    (remark,) = remarks(faces.photo("collins"))
    assert remark.fault is Fault.SMALL and "128 are needed" in remark.words


def test_a_blurred_face_is_told():
    assert faulty(faces.blurred(faces.photo("obama"), 4)) == {Fault.BLURRED}


def test_bad_light_is_told():
    photo = faces.photo("obama")
    assert Fault.LIGHT in faulty(photo.point(lambda value: int(value * 0.25)))
    assert Fault.LIGHT in faulty(photo.point(lambda value: min(255, value * 2)))
    x0, _, x1, _ = faces.the_face(photo).box
    assert Fault.LIGHT in faulty(shaded(photo, (x0 + x1) / 2))


GOOD = Measures(300, 0.7, Light(0.8, 0.5, 0.0, 0.9), Pose(0, 0, 0), 0.01)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (replace(GOOD, light=Light(0.8, 0.1, 0.0, 0.9)), "no contrast"),
        (replace(GOOD, light=Light(0.8, 0.5, 0.0, 0.3)), "in the dark"),
        (replace(GOOD, pose=Pose(-50, 0, 0)), "turned away by about 50 degrees"),
        (replace(GOOD, pose=Pose(0, -40, 0)), "turned up by about 40 degrees"),
        (replace(GOOD, pose=Pose(0, 40, 0)), "turned down"),
        (replace(GOOD, size=90, sharpness=0.1), "90 pixels"),
    ],
)
def test_each_measure_beyond_its_limit_is_told(found: Measures, words: str):
    face = Face((0, 0, 1, 1), TEMPLATE, 1.0)  # type: ignore[arg-type]
    assert faults(GOOD, face, (512, 512), LIMITS) == []
    assert words in faults(found, face, (512, 512), LIMITS)[0].words


def test_the_better_photo_is_the_fitter_one():
    worse = (
        replace(GOOD, sharpness=0.5),
        replace(GOOD, size=150),
        replace(GOOD, pose=Pose(30, 0, 0)),
        replace(GOOD, light=Light(0.8, 0.5, 0.0, 0.5)),
    )
    assert all(0 < found.fitness < GOOD.fitness <= 1 for found in worse)


def test_a_dark_skin_in_good_light_is_no_fault():
    # As bright as a fifth less light: its brightest parts tell it from a photo in the dark.
    assert faulty(faces.photo("obama").point(lambda value: int(value * 0.5))) == set()


def test_a_covered_face_is_told():
    photo = faces.photo("obama")
    x0, y0, x1, y1 = faces.the_face(photo).box
    ImageDraw.Draw(photo).rectangle(
        (x0, y0 + 0.55 * (y1 - y0), x1, y1 + 0.05 * (y1 - y0)), fill=(200, 220, 230)
    )
    assert faulty(photo) == {Fault.COVERED}


def test_a_face_at_the_edge_is_told():
    photo = faces.photo("obama")
    x0, _, x1, _ = faces.the_face(photo).box
    assert Fault.CUT in faulty(photo.crop((int(x0 + 0.2 * (x1 - x0)), 0, photo.width, 900)))


def two(other: int) -> Image.Image:
    """Obama, and beside him Biden's photo of such a height."""
    second = faces.photo("biden")
    second = second.crop((0, 0, second.width, 700)).resize((other * 440 // 700, other))
    both = Image.new("RGB", (720 + second.width, 900), "grey")
    both.paste(faces.photo("obama"), (0, 0))
    both.paste(second, (720, 100))
    return both


def test_nobody_and_two_people_are_told():
    assert faulty(Image.new("RGB", (400, 400), "grey")) == {Fault.NO_FACE}
    assert faulty(Image.new("RGB", (400, 3), "grey")) == {Fault.NO_FACE}
    assert faulty(two(800)) == {Fault.CROWD}


def test_somebody_behind_is_made_unrecognisable_and_the_main_face_stays():
    photo = two(450)
    assert faulty(photo) == set()
    main, other = find_faces(photo, faces.detector(), LIMITS.certain).faces
    safe = hide(photo, (other,), main)
    x0, y0, x1, y1 = map(int, main.box)
    assert np.array_equal(faces.pixels(safe)[y0:y1, x0:x1], faces.pixels(photo)[y0:y1, x0:x1])
    biden = faces.photo("biden")
    real = faces.identity().vector(faces.planes(biden), faces.the_face(biden))

    def far(picture: Image.Image) -> float:
        return float((faces.identity().vector(faces.planes(picture), other) - real).norm())

    assert far(photo) < 0.5 and far(safe) > 0.7


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180])
def test_a_photo_that_lies_on_its_side_is_turned(turn: Image.Transpose):
    photo = faces.photo("obama")
    found = find_faces(photo.transpose(turn), faces.detector(), LIMITS.certain)
    assert abs(pose(found.faces[0].points).tilted) < 30
    assert np.array_equal(found.picture, photo)


def head(turned: float, nodded: float, tilted: float):
    """Five points of a head of usual build, seen from afar, turned by degrees."""
    spots = np.array(
        [(-31, -36, 0), (31, -36, 0), (0, 0, -34), (-25, 30, -2), (25, 30, -2)], np.float64
    )
    yaw, nod, tilt = (math.radians(angle) for angle in (turned, nodded, tilted))
    x, y, z = spots.T
    y, z = y * math.cos(nod) - z * math.sin(nod), y * math.sin(nod) + z * math.cos(nod)
    x, z = x * math.cos(yaw) - z * math.sin(yaw), x * math.sin(yaw) + z * math.cos(yaw)
    x, y = x * math.cos(tilt) - y * math.sin(tilt), x * math.sin(tilt) + y * math.cos(tilt)
    return tuple((float(px), float(py)) for px, py in zip(x * 2 + 300, y * 2 + 200, strict=True))


@pytest.mark.parametrize("turned", [-45, -20, 0, 30])
@pytest.mark.parametrize("nodded", [-25, 0, 20])
@pytest.mark.parametrize("tilted", [-30, 0, 25])
def test_how_a_head_is_turned_is_told_to_about_ten_degrees(
    turned: float, nodded: float, tilted: float
):
    found = pose(head(turned, nodded, tilted))
    assert found.turned == pytest.approx(turned, abs=12)
    assert found.nodded == pytest.approx(nodded, abs=14)
    assert found.tilted == pytest.approx(tilted, abs=12)
