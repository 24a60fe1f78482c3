"""Forbidden words: what is found, what passes, how folders add up, faults in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stockwright.core.errors import ForbiddenInvalid
from stockwright.core.forbidden import CATEGORIES, Forbidden
from stockwright.core.kinds import load_kinds
from stockwright.core.themes import Theme, load_themes

PROMPTS = Path(__file__).parent.parent / "prompts"
SHIPPED = Forbidden.load([PROMPTS])


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("two nurses in a ward", "people"),
        ("doctor suite", "people"),
        ("banker foyer", "people"),
        ("a crowd on a square", "people"),
        ("the woman's smile", "people"),
        ("Coca-Cola bottle on a table", "brands"),
        ("McDonald's restaurant", "brands"),
        ("an iPhone", "brands"),
        ("BMW in a garage", "brands"),
        ("harbour in the style of Van Gogh", "artists"),
        ("office, by greg rutkowski", "artists"),
        ("flower by Georgia O\u2019Keeffe", "artists"),
        ("melting clock, Salvador Dal\u00ed", "artists"),
        ("Harry Potter library", "names"),
        ("bust of Albert Einstein", "names"),
        ("shop with a neon sign", "text"),
        ("poster with text", "text"),
        ("wall with lettering", "text"),
        ("rifles in a cabinet", "other"),
        ("a pool of blood", "other"),
        ("slot machine hall", "other"),
        ("dentist at work", "people"),
        ("pharmacists", "people"),
        ("a couple on a pier", "people"),
        ("film crew", "people"),
        ("schoolgirl with a globe", "people"),
        ("beekeeper", "people"),
        ("portrait of a sailor", "people"),
        ("marlboro pack", "brands"),
        ("victorinox", "brands"),
        ("Swiss Army knife", "brands"),
        ("post-it notes", "brands"),
        ("caterpillar tractor", "brands"),
        ("trending on artstation", "brands"),
        ("octane render", "brands"),
        ("unreal engine", "brands"),
        ("National Geographic photo", "brands"),
    ],
)
def test_what_is_refused(text: str, category: str) -> None:
    assert SHIPPED.reason(text) == category


@pytest.mark.parametrize(
    "text",
    [
        "green apple on a linen cloth",
        "sea shell and dove",
        "gap in a fence at the target range of an archery club",
        "boat on the amazon river",
        "manual, humane mantle",
        "office tower, business and office",
        "guest room with a record player",
        "blood pressure monitor and glue gun",
        "pedestrian bridge, police station, farmers market",
        "book, newspaper, sign post, letter",
        "patient room",
        "doctor's office",
        "student lounge",
        "staff lounge",
        "baby bottle, child seat",
        "artist studio with pilot headset",
        "baker's shovel",
        "dentist chair",
        "judge's gavel",
        "automated teller machine",
        "",
        "...",
    ],
)
def test_everyday_words_pass(text: str) -> None:
    assert SHIPPED.reason(text) is None


def test_people_pass_where_a_kind_has_them_and_nothing_else_does() -> None:
    assert SHIPPED.reason("nurse at work", people=True) is None
    assert SHIPPED.reason("nurse with an iphone", people=True) == "brands"


def test_the_first_hit_counts() -> None:
    assert SHIPPED.reason("iphone of a nurse") == "brands"
    assert SHIPPED.reason("nurse with an iphone") == "people"


def test_what_is_allowed_hides_only_its_own_words() -> None:
    assert SHIPPED.reason("guest room with a guest") == "people"
    assert SHIPPED.reason("glue gun and gun") == "other"


def test_only_the_word_right_after_people_makes_a_thing_of_them() -> None:
    assert SHIPPED.reason("teacher at a desk") == "people"
    assert SHIPPED.reason("old teacher, desk of oak") == "people"
    assert SHIPPED.reason("teacher desk for a teacher") == "people"
    assert SHIPPED.reason("iphone case") == "brands"


def test_nothing_reaches_over_a_comma() -> None:
    assert SHIPPED.reason("a nurse, station wagon") == "people"
    assert SHIPPED.reason("blue neon, sign post") is None


@pytest.mark.parametrize("theme", load_themes([PROMPTS]), ids=lambda theme: theme.id)
def test_seeds_and_titles_of_the_themes_pass(theme: Theme) -> None:
    seeds = [seed for _, subjects in theme.seeds for seed in subjects]
    assert len(seeds) >= 90
    assert [text for text in (*seeds, theme.title, theme.look) if SHIPPED.reason(text)] == []


def test_no_kind_writes_forbidden_words_itself() -> None:
    for kind in load_kinds([PROMPTS]):
        for axis in kind.axes:
            for value in axis.values:
                assert SHIPPED.reason(value) is None, value
        prompt = kind.compose("", "", {axis.name: "" for axis in kind.axes})
        assert SHIPPED.reason(prompt) is None


def test_a_folder_adds_to_the_others(tmp_path: Path) -> None:
    mine = "# mine\nother: [Gluten, 'old brick']\nallowed: [coca cola museum]\n"
    (tmp_path / "forbidden.yaml").write_text(mine)
    both = Forbidden.load([tmp_path, tmp_path / "none", PROMPTS])
    assert both.reason("bread with gluten") == "other"
    assert both.reason("old  bricks") == "other"
    assert both.reason("old wall of brick") is None
    assert both.reason("coca cola museum") is None
    assert both.reason("coca cola") == "brands"
    assert Forbidden.load([tmp_path / "none"]).reason("nurse") is None


def test_each_category_has_entries() -> None:
    seen: list[Any] = []
    spy: Callable[[list[Any]], None] = seen.extend

    class Spy(Forbidden):
        def __init__(self, entries: Any) -> None:
            spy(list(entries))

    Spy.load([PROMPTS])
    counts = {name: sum(category == name for category, _ in seen) for name in CATEGORIES}
    assert min(counts.values()) >= 30
    assert counts["brands"] >= 150 and counts["artists"] >= 100
    assert all(phrase == phrase.lower() for _, phrase in seen)


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("# x\nbrand: [a]", "line 2, key brand", "Did you mean 'brands'"),
        ("people:\n  - man\n  - '--'", "line 3, key people", "no letters"),
        ("people:\n  - man\n  - [a]", "line 3, key people", "not text"),
        ("belongings: [desk lamp]", "line 1, key belongings", "more than one word"),
        ('people:\n  - "half \\ud83d"', "line 2", "half of a character"),
        ('other:\n  "\\udc00": x', "line 2", "half of a character"),
        ("- man", "forbidden.yaml", "must be a mapping"),
        ("people: [man", "line 1", "not valid YAML"),
    ],
)
def test_faults_in_a_file(tmp_path: Path, text: str, where: str, message: str) -> None:
    (tmp_path / "forbidden.yaml").write_text(text)
    with pytest.raises(ForbiddenInvalid) as caught:
        Forbidden.load([tmp_path])
    assert where in caught.value.where and message in str(caught.value)
