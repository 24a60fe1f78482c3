"""Styles: what a file may say, what an order gets of one, and how faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from driver.asking import read_asked
from driver.flags import parser
from driver.places import PROMPTS
from driver.session import Asked
from driver.styles import check_styles, style_settings
from stockwright.core.errors import StyleInvalid
from stockwright.core.kinds import load_kinds
from stockwright.core.loras import LoraUse
from stockwright.core.styles import MAX_WORDS, Style, find_style, load_styles

FILM = """
film:
  words: [35mm film photo, fine grain]
  negative: [oversaturated, blurry]
  loras: ["film:0.6, grain", pastel:0.3]
  settings:
    steps: 30
    cfg: 4.5
    size: 768x512
    "Save Stock Image.format": jpeg
"""


def styles(tmp_path: Path, text: str) -> tuple[Style, ...]:
    (tmp_path / "styles.yaml").write_text(text)
    return load_styles([tmp_path])


def test_a_style_is_words_loras_and_settings(tmp_path: Path):
    (film,) = styles(tmp_path, FILM)
    assert film.words == ("35mm film photo", "fine grain")
    assert film.loras == (LoraUse("film", 0.6), LoraUse("grain"), LoraUse("pastel", 0.3))
    found = style_settings(film)
    assert (found.steps, found.cfg, found.size) == (30, 4.5, (768, 512))
    assert found.values == ("Save Stock Image.format=jpeg",)


def test_words_stand_behind_the_subject_of_every_kind(tmp_path: Path):
    (film,) = styles(tmp_path, FILM)
    before = load_kinds([PROMPTS])
    for kind, old in zip(film.of_kinds(before), before, strict=True):
        drawn = {axis.name: axis.values[0] for axis in kind.axes}
        prompt = kind.compose("oak desk", "Offices", drawn)
        plain = old.compose("oak desk", "Offices", drawn)
        assert prompt.replace(", 35mm film photo, fine grain", "") == plain
        assert prompt.index("oak desk") < prompt.index("35mm film photo") < prompt.index("Offices")
        assert kind.negative.count("blurry") == 1
        assert "oversaturated" in kind.negative


def test_the_first_folder_wins(tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "styles.yaml").write_text("a: {words: [one]}")
    (other / "styles.yaml").write_text("a: {words: [two]}\nb: {negative: [three]}")
    found = load_styles([tmp_path, tmp_path / "absent", other])
    assert [(one.name, one.words) for one in found] == [("a", ("one",)), ("b", ())]


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("film:\n  wrods: [a]", 2, "unknown key 'wrods'", "Did you mean 'words'?"),
        ("film:\n  words: []", 1, "changes nothing", "words"),
        ("film: {}", 1, "changes nothing", "loras"),
        ("film:\n  words: ['{subject}']", 2, "has braces", ""),
        (f"film:\n  words: [{'word ' * (MAX_WORDS + 1)}]", 2, "more than 16", "room"),
        ("film:\n  loras:\n  - film:x", 3, "'x' is not a strength", "film:0.6"),
        ("film:\n  settings:\n    stpes: 30", 3, "no such setting", "Did you mean steps?"),
        ("film:\n  settings:\n    steps: many", 3, "'many' is not a whole number", ""),
        ("film:\n  settings:\n    size: 7x7", 3, "is not a multiple of 8", "nearest"),
        ("film:\n  settings:\n    loras: film", 3, "loras is no setting of a style", "beside"),
        ("film:\n  settings:\n    llm: a.gguf", 3, "llm is no setting of a style", ""),
        ("a.b: {words: [x]}", 1, "'a.b' is no name", ""),
        ("film: [a, b]", 1, "must be a mapping", ""),
        ("film:\n words: [a\n", 3, "not valid YAML", ""),
    ],
)
def test_faults_are_told_with_file_line_and_what_to_do(
    tmp_path: Path, text: str, line: int, what: str, hint: str
):
    (tmp_path / "styles.yaml").write_text(text)
    with pytest.raises(StyleInvalid, match=what) as caught:
        check_styles([tmp_path])
    where = f"{tmp_path / 'styles.yaml'}, "
    assert caught.value.where.startswith((f"{where}line {line}", f"{where}key"))
    assert hint in caught.value.hint


def test_the_shipped_styles_are_sound():
    check_styles([PROMPTS])
    assert len(load_styles([PROMPTS])) >= 4


def test_a_style_is_found_by_any_case_and_near_names_are_told():
    known = load_styles([PROMPTS])
    assert find_style(" Film ", known).name == "film"
    with pytest.raises(StyleInvalid) as caught:
        find_style("flim", known)
    assert "Did you mean 'film'?" in caught.value.hint
    with pytest.raises(StyleInvalid) as caught:
        find_style("film", ())
    assert "styles.yaml" in caught.value.hint


def asked(*arguments: str) -> Asked:
    flags = ["--theme", "Education", "--no-quality", *arguments]
    return read_asked(parser().parse_args(flags))


def test_an_order_holds_what_its_style_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "styles.yaml").write_text(FILM)
    monkeypatch.setattr("driver.styles.PROMPTS", tmp_path)
    plain, film = asked().order, asked("--style", "film").order
    assert film.id != plain.id
    assert film.style == "film"
    assert "35mm film photo" in film.kinds[0].prompt
    assert (film.steps, film.cfg, film.size) == (30, 4.5, (768, 512))
    assert film.settings == ("Save Stock Image.format=jpeg",)
    (tmp_path / "mine.yaml").write_text("steps: 12\ncfg: 0\nloras: own")
    more = ("--settings", str(tmp_path / "mine.yaml"), "--set", "Save Stock Image.format=png")
    mixed = asked("--style", "FILM", *more).order
    assert (mixed.steps, mixed.cfg, mixed.size) == (12, 0, (768, 512)), "the file wins"
    assert mixed.settings[-1] == "Save Stock Image.format=png", "the later one wins"
    assert [use.name for use in mixed.loras] == ["film", "grain", "pastel", "own"], "they add up"
