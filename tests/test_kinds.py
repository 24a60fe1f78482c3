"""Kinds: entries and their faults, shares, and exact quotas."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from random import Random

import pytest

from stockwright.core.axes import Axis, Dealer
from stockwright.core.definitions import Definition
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
SIMPLE = "food:\n  share: 100\n  ask: dishes\n  prompt: '{subject}, on a plate'\n"
AXES = """food:
  share: 100
  ask: dishes
  prompt: '{subject}, {light}, {time of day}'
  axes:
    light: [soft, hard: 0.5]
    time of day:
      - morning
      - late evening: 2
  clashes:
    - hard + evening, soup
"""


def test_the_kinds_that_come_along() -> None:
    assert shares_of(KINDS) == {"interiors": 60, "exteriors": 20, "items": 20}
    for kind in KINDS:
        assert len(kind.axes) == 4 and kind.clashes and kind.negative and kind.examples
        assert all(6 <= len(axis.values) <= 12 for axis in kind.axes)
        assert not kind.people and "people" in kind.negative


def test_one_entry_makes_a_kind(tmp_path: Path) -> None:
    (tmp_path / "kinds.yaml").write_text(SIMPLE)
    food, *others = load_kinds([tmp_path, PROMPTS])
    assert (food.name, food.share, food.ask) == ("food", 100, "dishes")
    assert tuple(others) == KINDS
    assert food.compose("apple pie", "", {}) == "apple pie, on a plate"


def test_the_first_folder_wins(tmp_path: Path) -> None:
    (tmp_path / "kinds.yaml").write_text(SIMPLE.replace("food", "items"))
    assert load_kinds([tmp_path / "none", tmp_path, PROMPTS])[0].ask == "dishes"
    assert len(load_kinds([tmp_path, PROMPTS])) == 3


def test_definitions_come_back_the_same() -> None:
    own = parse_kinds(AXES + "  people: yes\n", ())
    assert own[0].people
    assert parse_kinds(kinds_to_yaml((*KINDS, *own)), ()) == (*KINDS, *own)


def test_axes_have_values_and_weights() -> None:
    (food,) = parse_kinds(AXES, ())
    assert food.axes == (
        Axis("light", ("soft", "hard"), (1, 0.5)),
        Axis("time of day", ("morning", "late evening"), (1, 2)),
    )
    assert food.clashes == ("hard + evening, soup",)
    drawn = {"light": "soft", "time of day": "morning"}
    assert food.compose("pie", "", drawn) == "pie, soft, morning"


def test_the_kind_that_the_head_of_the_file_shows(tmp_path: Path) -> None:
    text = (PROMPTS / "kinds.yaml").read_text("utf-8")
    head = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    entry = head[head.index("people at work:") :]
    (tmp_path / "kinds.yaml").write_text(
        text.replace("share: 60", "share: 50") + "\n".join(entry) + "\n"
    )
    *others, work = load_kinds([tmp_path])
    assert [kind.name for kind in others] == [kind.name for kind in KINDS]
    assert work.people and work.name == "people at work"
    assert quotas(30, shares_of((*others, work)))["people at work"] == 3
    dealer = Dealer(work.axes, work.clashes, Random(1))
    drawn = dealer.deal("baker kneading dough")
    assert drawn
    prompt = work.compose("baker kneading dough", "food", drawn, "warm colours")
    assert prompt.startswith("baker kneading dough, food, candid")
    assert all(part in prompt for part in ("warm colours", *drawn.values()))


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
        ("a: {share: 1, ask: b, prompt: '{subject}'}\na: {}", "line 2: the key 'a' stands twice"),
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
        ("share", "shrae", "line 2, key shrae", "Did you mean 'share'"),
        ("share: 100", "share: 0", "line 2, key share", "not above 0"),
        ("share: 100", "share: lots", "line 2, key share", "not a number"),
        ("ask: dishes", "ask:", "line 3, key ask", "is empty"),
        ("  ask: dishes\n", "", "line 1, key food, key ask", "is missing"),
        ("{subject}", "{subjekt}", "line 4, key prompt", "Did you mean 'subject'"),
        ("{subject}", "a dish", "line 4, key prompt", "needs {subject}"),
        ("{subject}", "{subject} {", "line 4, key prompt", "needs {subject}"),
        ("on a plate", "very " * MAX_WORDS, "line 4, key prompt", f"more than {MAX_WORDS}"),
        ("food:", "food/drink:", "kinds.yaml, line 1", "is no name"),
        ("food:", "food:\n  light: [a]", "line 2, key light", "under the key axes:"),
        ("food:", "food:\n  people: maybe", "line 2, key people", "neither yes nor no"),
        ("ask:", "share: 2\n  ask:", "line 3", "'share' stands twice"),
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


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("{light}", "{licht}", "line 4, key prompt", "Did you mean 'light'"),
        (", {light}", "", "line 6, key light", "Write {light} into the prompt"),
        ("light: [soft, hard: 0.5]", "light: []", "line 6, key light", "has no values"),
        ("light: [soft, hard: 0.5]", "look: [a]", "line 6, key look", "cannot be the name"),
        ("hard: 0.5", "hard: 0", "key hard", "not above 0"),
        ("hard: 0.5", "hard: much", "line 6, key hard", "not a number"),
        ("- late evening: 2", "- morning", "line 9, key time of day", "stands twice"),
        ("- late evening: 2", "- [a]", "line 9, key time of day", "is not text"),
        ("hard + evening", "hard, evening", "line 11, key clashes", "is no clash"),
        ("time of day", "2", "key 2", "cannot stand in a prompt"),
        ("hard + evening", "hart + noon", "line 11, key clashes", "no value of an axis holds"),
    ],
)
def test_faults_in_axes(tmp_path: Path, old: str, new: str, where: str, message: str) -> None:
    path = tmp_path / "kinds.yaml"
    assert old in AXES
    path.write_text(AXES.replace(old, new))
    with pytest.raises(KindInvalid) as caught:
        load_kinds([tmp_path])
    assert caught.value.where.startswith(str(path)) and where in caught.value.where
    assert message in str(caught.value)


def test_the_shares_of_a_file_add_up_to_100(tmp_path: Path) -> None:
    path = tmp_path / "kinds.yaml"
    entry = "  ask: dishes\n  prompt: '{subject}'\n"
    text = f"food:\n  share: 60\n{entry}drink:\n  share: 90\n{entry}"
    path.write_text(text)
    with pytest.raises(KindInvalid) as caught:
        load_kinds([tmp_path])
    assert caught.value.where == f"{path}, line 6, key share"
    assert "add up to 150, not to 100" in caught.value.what
    assert caught.value.hint == "In the same proportion they are: food 40, drink 60."
    path.write_text(text.replace("60", "33.3").replace("90", "66.7"))
    assert shares_of(load_kinds([tmp_path])) == {"food": 33.3, "drink": 66.7}
    assert shares_of(parse_kinds("food=1, drink=1", load_kinds([tmp_path])))
    assert shares_of(parse_kinds(text, ())) == {"food": 60, "drink": 90}


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("No", False), ("on", True), ("false", False), ("", True)]
)
def test_flags_are_yes_or_no(text: str, value: bool) -> None:
    values = Definition.read(f"on: {text}" if text else "off: no", "x", KindInvalid)
    assert values.flag("on", default=True) is value


def test_aliases_are_read_and_those_without_end_refused() -> None:
    values = Definition.read("a: &x [b, c]\nd: *x", "file", KindInvalid)
    assert values.texts("d") == ("b", "c")
    with pytest.raises(KindInvalid, match="not valid YAML"):
        Definition.read("a: &x [*x]", "file", KindInvalid)
    with pytest.raises(KindInvalid, match="must be text"):
        Definition.read("? [a, b]\n: c", "file", KindInvalid)


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
    for kind in KINDS:
        longest = {axis.name: max(axis.values, key=len) for axis in kind.axes}
        text = kind.compose("large university chemistry laboratory", "a b c d", longest)
        assert len(re.findall(r"\w+|[^\w\s]", text)) <= 55


def test_the_words_that_matter_come_first() -> None:
    for kind in KINDS:
        assert kind.prompt.startswith("{subject}, {theme}, ")
        assert kind.prompt.index("photograph") < kind.prompt.index("{view}")


def test_a_prompt_drops_parts_that_are_empty() -> None:
    kind = Kind(name="k", share=1, ask="x", prompt="{subject}, {theme}, {look}, end")
    assert kind.compose("cup", "", {}) == "cup, end"
    assert kind.compose("cup", "tea", {}, "pastel, soft") == "cup, tea, pastel, soft, end"
