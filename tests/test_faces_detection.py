"""Finding faces with MTCNN's real weights in real pictures, and choosing what finds them."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from driver import places
from stockwright.core.errors import FaceDetectionUnavailable
from stockwright.engine.faces import detection
from stockwright.engine.faces.detection import MTCNN, Face, check_detector, find_detector
from stockwright.engine.faces.mtcnn import Mtcnn
from tests.faces import ONE_FACE, blurred, detector, photo, pixels, the_face, thumbnail

WHERE = {
    "collins": (179, 61, 267, 173),
    "obama": (299, 79, 485, 332),
    "obama-later": (246, 95, 352, 235),
    "biden": (194, 74, 321, 253),
}
"""Boxes, in pixels, by eye."""

EMPTY = ["depth_controlnet-1", "flux_canny_model_example-1", "sd3.5_large_depth-1"]


def is_near(box: tuple[float, ...], other: tuple[float, ...]) -> bool:
    (a, b, c, d), (e, f, g, h) = box, other
    shared = max(0, min(c, g) - max(a, e)) * max(0, min(d, h) - max(b, f))
    return shared / ((c - a) * (d - b) + (g - e) * (h - f) - shared) > 0.6


@pytest.mark.parametrize("name", ONE_FACE)
def test_the_face_of_a_photograph(name: str):
    face = the_face(photo(name))
    assert is_near(face.box, WHERE[name])
    assert face.score > 0.95
    x0, y0, x1, y1 = face.box
    assert all(x0 < x < x1 and y0 < y < y1 for x, y in face.points)
    left, right, nose, mouth_left, mouth_right = face.points
    assert left[0] < nose[0] < right[0]
    assert mouth_left[0] < mouth_right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])


@pytest.mark.parametrize("size", [24, 40, 80])
def test_small_faces(size: int):
    image = photo("collins")
    shrunk = round(512 * size / the_face(image).size)
    face = the_face(photo("collins", shrunk))
    assert face.size == pytest.approx(size, rel=0.25)


def test_points_scale_with_the_picture():
    large, small = the_face(photo("obama")), the_face(photo("obama", 450))
    for (x, y), (p, q) in zip(large.points, small.points, strict=True):
        assert math.dist((x / 2, y / 2), (p, q)) < 0.04 * small.size


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
@pytest.mark.parametrize("name", ["collins", "obama"])
def test_a_face_that_is_turned_in_the_picture(name: str, degrees: int):
    image = photo(name, 512)
    upright = the_face(image)
    face = the_face(image.rotate(degrees, Image.Resampling.BICUBIC))
    angle, (middle_x, middle_y) = math.radians(degrees), (image.width / 2, image.height / 2)
    for (x, y), found in zip(upright.points, face.points, strict=True):
        across, down = x - middle_x, y - middle_y
        turned = (
            middle_x + across * math.cos(angle) + down * math.sin(angle),
            middle_y - across * math.sin(angle) + down * math.cos(angle),
        )
        assert math.dist(turned, found) < 0.08 * upright.size


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("api_stability_ai_stable_image_ultra_t2i-1", (111, 73, 226, 223)),
        ("video_wan2_2_14B_s2v-1", (168, 27, 255, 143)),
        ("video_wan_vace_14B_v2v-1", (208, 97, 248, 149)),
        ("image_qwen_image_instantx_inpainting_controlnet-1", (149, 124, 170, 152)),
    ],
)
def test_painted_people_who_look_aside_or_are_far_away(name: str, box: tuple[float, ...]):
    assert is_near(the_face(thumbnail(name)).box, box)


def test_several_faces_come_largest_first():
    faces = detector()(pixels(thumbnail("api_hailuo_minimax_i2v-1")))
    assert [face.size for face in faces] == sorted((face.size for face in faces), reverse=True)
    boxes = [(134, 51, 196, 122), (32, 144, 61, 180), (313, 152, 333, 179)]
    assert len(faces) == len(boxes)
    assert all(is_near(face.box, box) for face, box in zip(faces, boxes, strict=True))


def test_faces_of_two_pictures_side_by_side():
    both = Image.new("RGB", (1160, 1000), "grey")
    both.paste(photo("obama"), (0, 0))
    both.paste(photo("biden"), (720, 0))
    first, second = detector()(pixels(both))
    assert is_near(first.box, WHERE["obama"])
    x0, y0, x1, y1 = WHERE["biden"]
    assert is_near(second.box, (x0 + 720, y0, x1 + 720, y1))


@pytest.mark.parametrize("name", EMPTY)
def test_a_picture_without_a_face(name: str):
    assert detector()(pixels(thumbnail(name))) == []


@pytest.mark.parametrize("size", [(1, 1), (11, 300), (64, 64)])
def test_pictures_in_which_nothing_can_be(size: tuple[int, int]):
    assert detector()(np.zeros((*size, 3), np.uint8)) == []


def test_a_blurred_face_is_still_found():
    assert is_near(the_face(blurred(photo("collins"), 3)).box, WHERE["collins"])


def test_the_same_picture_gives_the_same_faces():
    seen = pixels(photo("biden"))
    assert detector()(seen) == detector()(seen.copy())


def test_mtcnn_where_its_three_files_are(tmp_path: Path):
    assert isinstance(find_detector([tmp_path, places.MODELS / "face_detection"]), Mtcnn)


def test_nothing_to_find_faces_with(tmp_path: Path):
    shutil.copy(places.MODELS / "face_detection" / MTCNN[0], tmp_path)
    with pytest.raises(FaceDetectionUnavailable, match="nothing to find faces with") as caught:
        find_detector([tmp_path])
    with pytest.raises(FaceDetectionUnavailable, match="nothing to find faces with"):
        check_detector([tmp_path])
    check_detector([tmp_path, places.MODELS / "face_detection"])
    assert str(tmp_path) in caught.value.where
    assert "pull mtcnn-pnet mtcnn-rnet mtcnn-onet" in caught.value.hint


def test_a_broken_file_is_named(tmp_path: Path):
    for name in MTCNN:
        shutil.copy(places.MODELS / "face_detection" / name, tmp_path)
    shutil.copy(tmp_path / MTCNN[1], tmp_path / MTCNN[2])
    with pytest.raises(FaceDetectionUnavailable) as caught:
        find_detector([tmp_path])
    assert caught.value.where == str(tmp_path / MTCNN[2])


def test_yunet_without_opencv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(detection, "find_spec", lambda name: None)
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"never opened")
    with pytest.raises(FaceDetectionUnavailable, match="needs OpenCV") as caught:
        find_detector([tmp_path])
    with pytest.raises(FaceDetectionUnavailable, match="needs OpenCV"):
        check_detector([tmp_path])
    assert "opencv-python-headless" in caught.value.hint
    other = find_detector([tmp_path, places.MODELS / "face_detection"])
    assert isinstance(other, Mtcnn)


def test_faces_of_one_size_have_an_order():
    points = ((0.0, 0.0),) * 5
    right, left, large = (
        Face((x, 0.0, x + size, size), points, 1.0) for x, size in ((9.0, 5.0), (2.0, 5.0), (4, 6))
    )
    assert detection.largest_first([right, left, large]) == [large, left, right]
