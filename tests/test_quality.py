"""quality.yaml: what may stand in it, how folders add up, and each fault with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stockwright.core.errors import QualityInvalid
from stockwright.core.quality import CHECKS, Action, load_quality, read_quality

PROMPTS = Path(__file__).parent.parent / "prompts"


def test_the_shipped_file_sets_every_check_and_limit():
    settings = read_quality(load_quality([PROMPTS]))
    assert list(settings) == list(CHECKS)
    for name, setting in settings.items():
        assert setting.limits.keys() == CHECKS[name].keys()
    assert settings["file"].action is Action.REJECT
    assert settings["deformed"].action is Action.WARN


def test_settings_survive_being_kept_as_text():
    plain = load_quality([PROMPTS])
    assert read_quality(json.loads(json.dumps(plain))) == read_quality(plain)


def test_a_folder_says_only_what_differs(tmp_path: Path):
    (tmp_path / "quality.yaml").write_text("text: off\nblur: {below: 0.5}\nnoise: {check: warn}\n")
    mine = read_quality(load_quality([tmp_path / "none", tmp_path, PROMPTS]))
    theirs = read_quality(load_quality([PROMPTS]))
    assert mine["text"].action is Action.OFF
    assert mine["blur"]["below"] == 0.5
    assert mine["blur"]["from"] == theirs["blur"]["from"]
    assert mine["blur"].action is theirs["blur"].action
    assert mine["noise"].action is Action.WARN
    assert mine["noise"].limits == theirs["noise"].limits
    assert mine["flat"] == theirs["flat"]
    file = tmp_path / "quality.yaml"
    assert load_quality([file, PROMPTS]) == load_quality([tmp_path, PROMPTS])


def test_a_check_that_is_off_needs_no_limits(tmp_path: Path):
    (tmp_path / "quality.yaml").write_text("".join(f"{name}: off\n" for name in CHECKS))
    settings = read_quality(load_quality([tmp_path]))
    assert {setting.action for setting in settings.values()} == {Action.OFF}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("blur:", "blurr:", r"line 13, key blurr: unknown key 'blurr'[^\n]*\n.*'blur'"),
        ("  below: 6", "  belov: 6", r"line 11, key belov: unknown key[^\n]*\n.*'below'"),
        ("flat:      ", "flat: oof  ", "not valid YAML"),
        ("size: reject", "size: rejct", r"line 7, key size: 'rejct'[^\n]*\n.*'reject'"),
        ("size: reject", "size: 3", r"'3' is none of off, warn, reject"),
        ("size: reject", "size: [reject]", "must be a mapping"),
        ("size: reject", "size: {above: 3}", "unknown key 'above'"),
        ("  below: 6", "  below: six", r"line 11, key below: 'six' is not a number from 0 to 255"),
        ("  below: 6", "  below: -1", "'-1' is not a number"),
        ("  below: 6", "  below: nan", "'nan' is not a number"),
        ("  above: 0.8", "  above: 80", "'80' is not a number from 0 to 1"),
        ("  within: 10", "  within: 4.5", "'4.5' is not a whole number from 0 to 32"),
        ("  within: 10", "  within: [4]", "must be one line of text"),
        ("size: reject", "file: reject", "stands twice"),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path: Path, old: str, new: str, message: str):
    text = (PROMPTS / "quality.yaml").read_text("utf-8")
    assert old in text
    path = tmp_path / "quality.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(QualityInvalid, match=message) as caught:
        load_quality([tmp_path])
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 2


def test_what_no_folder_says_is_missed(tmp_path: Path):
    with pytest.raises(QualityInvalid, match=r"there is no quality\.yaml"):
        load_quality([tmp_path])
    (tmp_path / "quality.yaml").write_text("blur: {check: warn, below: 0.3}\n")
    with pytest.raises(QualityInvalid, match="check file, key check: is missing"):
        load_quality([tmp_path])
    shipped = load_quality([PROMPTS])
    del shipped["blur"]["from"]
    with pytest.raises(QualityInvalid, match=r"(?s)check blur, key from: is missing.*blur: off"):
        read_quality(shipped)


def test_settings_that_were_edited_by_hand_are_checked_again():
    shipped = load_quality([PROMPTS])
    with pytest.raises(QualityInvalid, match="key check: 'on' is none of"):
        read_quality(shipped | {"blur": shipped["blur"] | {"check": "on"}})
    with pytest.raises(QualityInvalid, match="unknown key 'blurr'"):
        read_quality(shipped | {"blurr": {"check": "warn"}})
    with pytest.raises(QualityInvalid, match="not a number"):
        read_quality(shipped | {"blur": shipped["blur"] | {"below": None}})
