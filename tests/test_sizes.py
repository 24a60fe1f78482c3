"""What a designer writes for a size, and what a picture then gets."""

from __future__ import annotations

import pytest

from stockwright.core.errors import SizeInvalid
from stockwright.core.sizes import MAX_SIDE, Goal, Shape, Size

WHOLE = (0.0, 0.0, 300.0, 200.0)


def goal(text: str, width: int = 300, height: int = 200, shape: Shape = Shape.CROP) -> Goal:
    return Size.parse(text).goal(width, height, shape)


@pytest.mark.parametrize(
    ("text", "width", "height"),
    [
        ("2x", 600, 400),
        ("x2", 600, 400),
        (" 1.5 X ", 450, 300),
        ("1,5x", 450, 300),
        ("0.5x", 150, 100),
        ("600", 600, 400),
        ("600 px", 600, 400),
        ("1x", 300, 200),
        ("6MP", 3000, 2000),
        ("0.06 mp", 300, 200),
    ],
)
def test_the_whole_picture_gets_its_size(text: str, width: int, height: int):
    for shape in Shape:
        assert goal(text, shape=shape) == Goal(width, height, WHOLE)


@pytest.mark.parametrize("text", ["2х", "2×", "×2"])  # noqa: RUF001
def test_a_factor_may_be_written_with_other_signs(text: str):
    assert Size.parse(text) == Size(factor=2)


def test_megapixels_in_russian():
    assert Size.parse("24 Мп") == Size.parse("24mp") == Size(megapixels=24)


def test_the_longer_side_may_be_the_height():
    assert goal("100", 300, 400) == Goal(75, 100, (0, 0, 300, 400))


@pytest.mark.parametrize("side", [1001, 1023, 1337, 2048])
@pytest.mark.parametrize("megapixels", [1, 4, 12.5, 24])
def test_megapixels_are_never_too_few_and_hardly_more(side: int, megapixels: float):
    found = goal(f"{megapixels}MP", side, 777)
    pixels = found.width * found.height
    assert megapixels * 1e6 <= pixels <= megapixels * 1e6 + found.width + found.height
    assert found.width / found.height == pytest.approx(side / 777, rel=2e-3)


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("100x100", (50.0, 0.0, 250.0, 200.0)),
        ("300x100", (0.0, 50.0, 300.0, 150.0)),
        ("1920x1080", (0.0, 15.625, 300.0, 184.375)),
        ("3x2", WHOLE),
    ],
)
def test_crop_keeps_the_middle_in_the_right_proportions(
    text: str, box: tuple[float, float, float, float]
):
    found = goal(text)
    assert (found.width, found.height) == tuple(map(int, text.split("x")))
    assert found.box == pytest.approx(box)


@pytest.mark.parametrize(
    ("text", "width", "height"),
    [("100x100", 100, 67), ("900x100", 150, 100), ("1920 x 1080 px", 1620, 1080)],
)
def test_fit_keeps_all_of_it_within_that_size(text: str, width: int, height: int):
    assert goal(text, shape=Shape.FIT) == Goal(width, height, WHOLE)


def test_enlargement_is_that_of_the_side_that_grows_the_most():
    assert goal("600x200").enlargement == 2
    assert goal("200x200").enlargement == 1
    assert goal("75").enlargement == 0.25


@pytest.mark.parametrize(
    "text", ["", "big", "x", "-2x", "2xx", "1920xx", "1e3", "1.5", "2x3x4", "٢x", "inf x", "½x"]
)
def test_what_is_no_size_is_refused_with_the_four_forms(text: str):
    with pytest.raises(SizeInvalid, match="no size") as refused:
        Size.parse(text, "here")
    assert refused.value.where == "here"
    assert all(form in refused.value.hint for form in ("2x", "4096", "24MP", "1920x1080"))


@pytest.mark.parametrize("text", ["0", "0x", "0.0MP", "0x1080", "1920x00", "16385", "99999x2"])
def test_numbers_out_of_range_are_refused(text: str):
    with pytest.raises(SizeInvalid, match=rf"{text}.*up to {MAX_SIDE}"):
        Size.parse(text)


@pytest.mark.parametrize("text", ["100x", "16000MP"])
def test_a_picture_may_lead_to_a_size_that_cannot_be(text: str):
    with pytest.raises(SizeInvalid, match=r"a picture of 4000x2 pixels would get") as error:
        goal(text, 4000, 2)
    assert str(MAX_SIDE) in error.value.hint
    assert goal(str(MAX_SIDE), 4000, 2).width == MAX_SIDE


def test_a_thin_picture_keeps_a_pixel():
    assert goal("10", 1000, 2) == Goal(10, 1, (0, 0, 1000, 2))
    assert goal("0.001x").height == 1
