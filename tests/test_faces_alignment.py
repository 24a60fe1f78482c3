"""Faces to the template and back, sharpness, and who is who; on real faces."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
import torch
from PIL import Image

from stockwright.engine.faces.alignment import (
    SIDE,
    TEMPLATE,
    Similarity,
    aligned,
    patch,
    template_mask,
    to_template,
)
from stockwright.engine.faces.detection import Point
from stockwright.engine.faces.identity import SAME
from stockwright.engine.faces.restoring import match_colour
from stockwright.engine.faces.sharpness import sharpness
from tests.faces import (
    ONE_FACE,
    blurred,
    detector,
    identity,
    photo,
    planes,
    psnr,
    the_face,
    to_face,
)

CPU = torch.device("cpu")


def at(similarity: Similarity, point: Point) -> Point:
    x, y = similarity(torch.tensor(point[0]), torch.tensor(point[1]))
    return float(x), float(y)


@pytest.mark.parametrize(
    "known",
    [Similarity(1, 0, 0, 0), Similarity(0.2, -0.1, 300, 90), Similarity(-1.5, 2, -7, 400)],
)
def test_a_similarity_is_found_again(known: Similarity):
    moved = [at(known.inverse(), point) for point in TEMPLATE]
    found = to_template(moved)
    for name in ("a", "b", "u", "v"):
        assert getattr(found, name) == pytest.approx(getattr(known, name), abs=2e-3, rel=1e-4)
    assert found.scale == pytest.approx(math.hypot(known.a, known.b), rel=1e-4)


def test_points_at_one_place_are_refused():
    with pytest.raises(ValueError, match="all at one place"):
        to_template([(3.0, 4.0)] * 5)


@pytest.mark.parametrize("name", ONE_FACE)
def test_an_aligned_face_has_its_points_where_the_template_has_them(name: str):
    image = photo(name)
    crop = aligned(planes(image), to_face(image)).clamp(0, 1)
    assert crop.shape == (3, SIDE, SIDE)
    (face,) = detector()((crop * 255).byte().permute(1, 2, 0).numpy())
    for found, wanted in zip(face.points, TEMPLATE, strict=True):
        assert math.dist(found, wanted) < 30


@pytest.mark.parametrize(
    ("name", "size", "decibels"),
    [("collins", 512, 46), ("collins", 256, 43), ("obama", 900, 43), ("biden", 1000, 44)],
)
def test_a_face_put_back_unchanged_leaves_its_picture(name: str, size: int, decibels: int):
    """The floors are what interpolation costs: 47.6, 44.9, 45.2 and 46.0 dB were measured."""
    image = photo(name, size)
    before, similarity = planes(image), to_face(image)
    found = patch(aligned(before, similarity).clamp(0, 1), similarity, (image.height, image.width))
    assert found
    height, width = found.mask.shape
    there = before[:, found.y : found.y + height, found.x : found.x + width]
    inside = found.mask > 0.5
    assert psnr(found.pixels[:, inside], there[:, inside]) > decibels
    assert float((found.pixels - there)[:, inside].abs().mean()) < 1 / 255


def test_what_is_smooth_returns_within_one_step():
    """Nothing but interpolation lies between a face and its picture: no shift, no other colour."""
    down, across = torch.meshgrid(torch.arange(512.0), torch.arange(512.0), indexing="ij")
    waves = [0.5 + 0.4 * torch.sin(across / 23 + n) * torch.cos(down / 31 - n) for n in range(3)]
    before = torch.stack(waves)
    for similarity in (to_face(photo("collins")), Similarity(0.9, 0.3, 40, -60)):
        found = patch(aligned(before, similarity), similarity, (512, 512))
        assert found
        height, width = found.mask.shape
        there = before[:, found.y : found.y + height, found.x : found.x + width]
        seen = found.mask > 0
        assert float((found.pixels - there)[:, seen].abs().max()) < 1 / 255


def test_the_mask_has_the_shape_of_a_face():
    mask = template_mask(CPU)
    assert (float(mask.min()), float(mask.max())) == (0, 1)
    for x, y in TEMPLATE:
        assert mask[round(y), round(x)] == 1
    assert not mask[0].any() and not mask[-1].any() and not mask[:, 0].any()
    steps = max(float(mask.diff(dim=0).abs().max()), float(mask.diff(dim=1).abs().max()))
    assert steps < 0.05, "it fades"


def test_a_face_beyond_the_edge_is_cut_off_with_the_picture():
    image = photo("collins").crop((200, 0, 512, 512))
    similarity = to_face(photo("collins"))
    moved = Similarity(
        similarity.a,
        similarity.b,
        similarity.u + 200 * similarity.a,
        similarity.v + 200 * similarity.b,
    )
    found = patch(aligned(planes(image), moved), moved, (512, 312))
    assert found and found.x == 0
    assert torch.isfinite(found.pixels).all()
    assert patch(torch.zeros(3, SIDE, SIDE), Similarity(1, 0, 5000, 0), (64, 64)) is None


def test_colour_comes_from_the_original_and_detail_from_the_restored_face():
    image = photo("obama")
    face = aligned(planes(image), to_face(image)).clamp(0, 1)
    tinted = (face * torch.tensor([0.8, 1.0, 1.1])[:, None, None] + 0.05).clamp(0, 1)
    matched = match_colour(tinted, face)
    inside = template_mask(CPU) > 0.5
    means = [one[:, inside].mean(1) for one in (tinted, matched, face)]
    assert (
        float((means[1] - means[2]).abs().max()) < 0.01 < float((means[0] - means[2]).abs().max())
    )
    soft = aligned(planes(blurred(image, 5)), to_face(image)).clamp(0, 1)
    assert psnr(match_colour(face, soft)[:, inside], face[:, inside]) > 30
    assert torch.equal(match_colour(face, face), face)


@pytest.mark.parametrize("name", ONE_FACE)
def test_blur_is_measured(name: str):
    image = photo(name)
    face = the_face(image)
    larger = image.resize(
        (round(image.width * 200 / face.size), round(image.height * 200 / face.size))
    )
    where = to_face(larger)
    found = [sharpness(planes(blurred(larger, radius)), where) for radius in (0, 1, 2, 4)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.5 > found[2]


def test_sharp_portraits_are_told_from_blurred_ones():
    large = [photo("obama"), photo("biden"), photo("obama-later")]
    sharp = [sharpness(planes(image), to_face(image)) for image in large]
    soft = [sharpness(planes(blurred(image, 2)), to_face(image)) for image in large]
    assert min(sharp) > 0.6 > 0.5 > max(soft)


def test_contrast_does_not_count_as_sharpness_but_size_does():
    image = photo("obama")
    pale = Image.blend(image, Image.new("RGB", image.size, "grey"), 0.6)
    where = to_face(image)
    full, less = sharpness(planes(image), where), sharpness(planes(pale), where)
    assert less == pytest.approx(full, abs=0.05)
    small = photo("obama", 200)
    assert sharpness(planes(small), to_face(small)) < 0.5


def test_the_same_person_is_near_and_others_are_far():
    found = {name: (planes(photo(name)), the_face(photo(name))) for name in ONE_FACE}
    vectors = {name: identity().vector(*seen) for name, seen in found.items()}
    assert all(vector.shape == (128,) for vector in vectors.values())
    for one, other in combinations(ONE_FACE, 2):
        distance = float(torch.dist(vectors[one], vectors[other]))
        assert (distance < SAME) == ({one, other} == {"obama", "obama-later"}), (one, other)
    pair = [found["obama"], found["biden"]]
    assert identity().distance(pair[0][0], pair[1][0], [pair[0][1], pair[1][1]]) > 0.7
