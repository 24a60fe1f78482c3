"""Kinds: entries and their faults, shares, and exact quotas."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from random import Random

import pytest

from stockwright.core.errors import KindInvalid
from stockwright.core.kinds import (
    MAX_WORDS,
    Kind,
    kinds_to_yaml,
    load_kinds,
    parse_kinds,
    quotas,
    shares_of,
)
from stockwright.core.themes import load_themes

PROMPTS = Path(__file__).parent.parent / "prompts"
KINDS = load_kinds([PROMPTS])
SIMPLE = "food:\n  share: 5\n  ask: dishes\n  prompt: '{subject}, on a plate'\n"


def test_the_kinds_that_come_along() -> None:
    assert shares_of(KINDS) == {"interiors": 60, "exteriors": 20, "items": 20}
    for kind in KINDS:
        assert kind.camera and kind.light and kind.material and kind.negative and kind.examples


def test_one_entry_makes_a_kind(tmp_path: Path) -> None:
    (tmp_path / "kinds.yaml").write_text(SIMPLE)
    food, *others = load_kinds([tmp_path, PROMPTS])
    assert (food.name, food.share, food.ask) == ("food", 5, "dishes")
    assert tuple(others) == KINDS
    assert food.compose("apple pie", "", Random(1)) == "apple pie, on a plate"


def test_the_first_folder_wins(tmp_path: Path) -> None:
    (tmp_path / "kinds.yaml").write_text(SIMPLE.replace("food", "items"))
    assert load_kinds([tmp_path / "none", tmp_path, PROMPTS])[0].ask == "dishes"
    assert len(load_kinds([tmp_path, PROMPTS])) == 3


def test_definitions_come_back_the_same() -> None:
    assert parse_kinds(kinds_to_yaml(KINDS), ()) == KINDS


def test_shares_choose_kinds_in_their_order() -> None:
    chosen = parse_kinds("items=1, Interiors = 33.3%\n", KINDS)
    assert shares_of(chosen) == {"items": 1, "interiors": 33.3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interior=60", "Did you mean 'interiors'"),
        ("zzz=60", "Known: interiors, exteriors, items"),
        ("items=0", "not a number above 0"),
        ("items=-3", "not a number above 0"),
        ("items=many", "not a number above 0"),
        ("items", "Write items=100"),
        ("items=1, items=2", "stands twice"),
        ("", "no kinds"),
        (" , ", "no kinds"),
        ("interiors: 60, exteriors: 20", "not valid YAML"),
        ("interiors: 60", "must be a mapping"),
    ],
)
def test_faults_in_shares(text: str, message: str) -> None:
    with pytest.raises(KindInvalid, match=message):
        parse_kinds(text, KINDS)


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("share", "shrae", "key food", "Did you mean 'share'"),
        ("share: 5", "share: 0", "key share", "not above 0"),
        ("share: 5", "share: lots", "key share", "not a number"),
        ("ask: dishes", "ask:", "key ask", "is empty"),
        ("{subject}", "{subjekt}", "key prompt", "Did you mean 'subject'"),
        ("{subject}", "a dish", "key prompt", "needs {subject}"),
        ("{subject}", "{subject} {", "key prompt", "needs {subject}"),
        ("on a plate", "very " * MAX_WORDS, "key prompt", f"more than {MAX_WORDS}"),
        ("food:", "food/drink:", "kinds.yaml", "is no name"),
    ],
)
def test_faults_in_a_definition(
    tmp_path: Path, old: str, new: str, where: str, message: str
) -> None:
    path = tmp_path / "kinds.yaml"
    path.write_text(SIMPLE.replace(old, new))
    with pytest.raises(KindInvalid) as caught:
        load_kinds([tmp_path])
    assert str(path) in caught.value.where and where in caught.value.where
    assert message in str(caught.value)


def test_quotas_are_exact_for_every_count_and_theme() -> None:
    shares = shares_of(KINDS)
    themes = load_themes([PROMPTS])
    assert quotas(10, shares) == {"interiors": 6, "exteriors": 2, "items": 2}
    assert quotas(1, shares) == {"interiors": 1, "exteriors": 0, "items": 0}
    for count, per_theme in product(range(400), [{theme.id: 1.0 for theme in themes}]):
        by_theme = quotas(count, per_theme)
        assert sum(by_theme.values()) == count
        assert max(by_theme.values()) - min(by_theme.values()) <= 1
        for part in by_theme.values():
            assert sum(quotas(part, shares).values()) == part


def test_quotas_lie_within_one_of_their_due() -> None:
    rng = Random(7)
    for _ in range(2000):
        shares = {
            f"k{i}": rng.choice([rng.uniform(0.01, 99), 1, 20]) for i in range(rng.randint(1, 9))
        }
        count = rng.randint(0, 5000)
        result = quotas(count, shares)
        assert sum(result.values()) == count and list(result) == list(shares)
        total = sum(shares.values())
        assert all(abs(n - count * shares[k] / total) < 1 + 1e-9 for k, n in result.items())


def test_equal_remainders_go_to_the_first() -> None:
    assert quotas(2, {"b": 1, "a": 1, "c": 1}) == {"b": 1, "a": 1, "c": 0}
    assert quotas(1, {"x": 0.1, "y": 0.1}) == {"x": 1, "y": 0}


def test_a_share_of_nothing_is_refused() -> None:
    for shares in ({}, {"a": 0.0}, {"a": 1.0, "b": -1.0}):
        with pytest.raises(KindInvalid):
            quotas(5, shares)


def test_prompts_stay_short() -> None:
    rng = Random(3)
    for kind in KINDS:
        text = kind.compose("large public university chemistry laboratory room", "a b c d e f", rng)
        assert len(text.split()) <= MAX_WORDS


def test_a_prompt_drops_parts_that_are_empty() -> None:
    kind = Kind(name="k", share=1, ask="x", prompt="{subject}, {theme}, {camera}, end")
    assert kind.compose("cup", "", Random(0)) == "cup, end"
