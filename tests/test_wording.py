"""llm.yaml: each fault is an error with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockwright.core.errors import WordingInvalid
from stockwright.core.wording import load_wording

PROMPTS = Path(__file__).parent.parent / "prompts"


def test_the_first_folder_with_a_file_wins(tmp_path: Path) -> None:
    text = (PROMPTS / "llm.yaml").read_text()
    (tmp_path / "llm.yaml").write_text(text.replace("round: 4", "round: 7"))
    assert load_wording([tmp_path / "none", tmp_path, PROMPTS]).round == 7
    wording = load_wording([PROMPTS])
    assert wording.round == 4 and wording.areas == 12
    assert all(some for _, some in (*wording.areas_examples, *wording.polish_examples))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lines: 10", "lines: 0", "not above 0"),
        ("lines: 10", "lines: 2.5", "not a whole number"),
        ("round: 4", "round: 400", "not a whole number"),
        ("areas: 12", "areas: twelve", "not a number"),
        ("patience:", "patince:", "Did you mean 'patience'"),
        ("{theme}", "{them}", "Did you mean 'theme'"),
        ("{theme}", "{theme} }", "braces"),
        ("{theme}, {area}", "{area}", "has no slot {theme}"),
        ("{area}", "area", "has no slot {area}"),
        (": {prompt}", "", "has no slot {prompt}"),
        ("  Music: [", "  Music: [[a, b], ", "is not text"),
        ("question_areas:", "question_area:", "stands twice"),
        ("starts: ", "starts: é", "from a to z"),
        ("starts: abcdefghlmoprstvw", "starts: a", "'a' is not two or more letters"),
    ],
)
def test_a_fault_is_named_with_file_and_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (PROMPTS / "llm.yaml").read_text()
    assert old in text
    path = tmp_path / "llm.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(WordingInvalid, match=message) as caught:
        load_wording([tmp_path])
    assert str(path) in caught.value.where
    # A key that is missing has no line.
    if "patince" not in new:
        assert ", line " in caught.value.where


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    text = (PROMPTS / "llm.yaml").read_text()
    (tmp_path / "llm.yaml").write_text(text.replace("round: 4\n", ""))
    with pytest.raises(WordingInvalid, match="is missing") as caught:
        load_wording([tmp_path])
    assert caught.value.where.endswith("key round")


def test_no_wording_at_all(tmp_path: Path) -> None:
    with pytest.raises(WordingInvalid, match=r"no llm\.yaml"):
        load_wording([tmp_path])
