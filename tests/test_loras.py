"""LoRA texts: names, strengths and what they match."""

from __future__ import annotations

import pytest

from stockwright.core.errors import LoraInvalid
from stockwright.core.loras import LoraUse, find_lora, parse_loras

FILES = ["film.safetensors", "style/pastel.safetensors", "old/film_grain.safetensors"]


def test_several_loras_in_one_text():
    assert parse_loras("film:0.6, pastel ;\nsub/a:b:-1") == (
        LoraUse("film", 0.6),
        LoraUse("pastel", 1.0),
        LoraUse("sub/a:b", -1.0),
    )


def test_empty_text_names_none():
    assert parse_loras(" ,\n") == ()


@pytest.mark.parametrize("text", ["film:much", ":0.5", "film:nan", "film:1e9", "film:"])
def test_bad_parts_are_refused_by_name(text: str):
    with pytest.raises(LoraInvalid) as caught:
        parse_loras(f"ok:1, {text}")
    assert repr(text) in caught.value.where


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("film", FILES[0]),
        ("film.safetensors", FILES[0]),
        ("pastel", FILES[1]),
        ("style\\pastel", FILES[1]),
    ],
)
def test_names_match_with_and_without_folder_and_ending(name: str, file: str):
    assert find_lora(name, FILES) == file


def test_an_unknown_name_lists_near_ones():
    with pytest.raises(LoraInvalid) as caught:
        find_lora("flim", FILES)
    assert "film.safetensors" in caught.value.hint


def test_a_name_in_two_folders_is_ambiguous():
    with pytest.raises(LoraInvalid, match=r"matches 2 LoRAs: a/x\.safetensors, b/x"):
        find_lora("x", ["a/x.safetensors", "b/x.safetensors"])
