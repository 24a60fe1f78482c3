"""Captions, settings of the intake, and which of the good photos are of one person."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from driver.avatars.captions import load_captions
from driver.avatars.choosing import Unclear, distances, held_back, twins
from driver.avatars.intake import default_intake
from stockwright.core.errors import IntakeInvalid
from stockwright.core.portraits import Background, Looks, load_intake
from stockwright.engine.portraits.looks import colour_name

LOOKS = Looks("left", "side", "dark blue", "blurred", "green", False)


def test_a_caption_names_the_person_first_and_all_that_is_known():
    text = load_captions().of("ab" * 32, "portrait", LOOKS, "woman")
    assert "ohwx woman" in text.split(",")[0]
    for word in ("left", "dark blue", "green", "shadow"):
        assert word in text or (word == "shadow" and "one side" in text)
    assert "dark blue" not in load_captions().of("ab" * 32, "face", LOOKS, "woman")


def test_captions_vary_from_photo_to_photo_and_are_the_same_each_time():
    captions = load_captions()
    texts = [captions.of(f"{n:064x}", "shoulders", LOOKS, "man") for n in range(20)]
    assert len(set(texts)) > 15
    assert texts == [load_captions().of(f"{n:064x}", "shoulders", LOOKS, "man") for n in range(20)]


def test_there_are_words_for_all_that_can_be_seen():
    captions = load_captions()
    views, lights = ("front", "left", "right", "up", "down"), ("soft", "side", "dim", "bright")
    for view, light, place, colour, grey in product(
        views, lights, ("", "plain", "blurred", "busy"), ("", "red"), (False, True)
    ):
        looks = Looks(view, light, colour, place, colour, grey)
        for framing in ("face", "portrait", "shoulders", "ownframing"):
            text = captions.of("00", framing, looks, "person")
            assert "{" not in text and ", ," not in text and "ohwx person" in text


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("- photo of {person}, face only", "- photo of a face"), "does not say {person}"),
        (("- in a {colour} top", '- "in a {color} top"'), "braces that mean nothing"),
        (("view:", "viewed:"), "unknown key"),
    ],
)
def test_a_fault_in_captions_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], fault):
    from driver.avatars.captions import FILE

    file = tmp_path / "captions.yaml"
    file.write_text(FILE.read_text().replace(*change, 1))
    with pytest.raises(IntakeInvalid, match=fault) as raised:
        load_captions(file)
    assert "captions.yaml, line" in raised.value.where


def test_own_settings_may_say_only_what_differs(tmp_path: Path):
    file = tmp_path / "intake.yaml"
    file.write_text("limits: {face: 64}\ncrops: {size: 128, background: blur, colour: no}\n")
    usual, own = default_intake(), default_intake(file)
    assert (own.limits.face, own.limits.same) == (64, usual.limits.same)
    assert (own.crops.size, own.crops.background) == (128, Background.BLUR)
    assert not own.crops.colour and own.crops.framings == usual.crops.framings


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("limits: {faces: 64}", "unknown key"),
        ("crops: {size: 100}", "multiple of 8"),
        ("crops: {background: green}", "none of keep"),
        ("crops: {framings: {'../x': {wide: 1, middle: 1}}}", "no name"),
        ("crops: {framings: {}}", "names no framing"),
        ("limits: {face: many}", "not a number"),
    ],
)
def test_a_fault_in_settings_is_told(tmp_path: Path, text: str, fault: str):
    (tmp_path / "intake.yaml").write_text(text)
    with pytest.raises(IntakeInvalid, match=fault) as raised:
        default_intake(tmp_path / "intake.yaml")
    assert "intake.yaml" in raised.value.where


def test_settings_that_say_too_little_are_refused(tmp_path: Path):
    (tmp_path / "intake.yaml").write_text("limits: {face: 64}")
    with pytest.raises(IntakeInvalid, match="is missing"):
        load_intake([tmp_path / "intake.yaml"])


ANNA = [(0.0, 0.0), (0.2, 0.0), (0.0, 0.2), (0.1, 0.1)]
BORIS = [(1.0, 0.0), (1.1, 0.0)]


def test_who_is_in_most_photos_is_the_person():
    far = distances([*BORIS, *ANNA], [], 0.6)
    assert [value > 0.6 for value in far] == [True, True, False, False, False, False]
    assert distances([], [], 0.6) == [] and distances([(1.0, 1.0)], [], 0.6) == [0]


def test_the_photos_that_are_there_say_who_the_person_is():
    far = distances([*ANNA, *BORIS], BORIS, 0.6)
    assert [value > 0.6 for value in far] == [True] * 4 + [False] * 2


def test_half_and_half_is_unclear():
    with pytest.raises(Unclear):
        distances([*BORIS, *ANNA[:2]], [], 0.6)


def test_of_pictures_that_look_alike_the_fittest_stays():
    hashes = {"a": "00" * 8, "b": "00" * 7 + "03", "c": "ff" * 8, "d": "00" * 7 + "0f"}
    fitness = {"a": 0.1, "b": 0.9, "c": 0.5, "d": 0.5}
    assert twins(hashes, fitness, {}, 2) == {"a": "b", "d": "b"}
    assert twins(hashes, fitness, {"old": "ff" * 8}, 2) == {"a": "b", "c": "old", "d": "b"}


def test_a_tenth_of_the_photos_is_held_back():
    photos = [f"{n:x}" for n in range(1, 16)]
    assert [len(held_back(photos[:n])) for n in (0, 1, 2, 10, 15)] == [0, 0, 1, 1, 2]
    assert held_back(photos) == held_back(photos[::-1])


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((10, 10, 12), "black"),
        ((250, 250, 248), "white"),
        ((128, 130, 128), "grey"),
        ((20, 30, 90), "dark blue"),
        ((60, 120, 220), "blue"),
        ((200, 30, 30), "red"),
        ((110, 70, 40), "brown"),
        ((215, 190, 160), "beige"),
        ((40, 160, 60), "green"),
        ((240, 220, 60), "yellow"),
        ((240, 140, 190), "pink"),
    ],
)
def test_colours_have_the_names_that_people_give_them(rgb: tuple[int, int, int], name: str):
    assert colour_name(*(value / 255 for value in rgb)) == name
