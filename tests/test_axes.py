"""Axes: fair shares, no clash, no combination twice for a subject, the same seed the same deals."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import combinations, product
from pathlib import Path
from random import Random

import pytest

from stockwright.core.axes import Axis, Dealer, Table, opposite, parse_clash
from stockwright.core.kinds import Kind, load_kinds, quotas, shares_of
from stockwright.core.themes import Theme, load_themes

PROMPTS = Path(__file__).parent.parent / "prompts"
KINDS = load_kinds([PROMPTS])
THEMES = load_themes([PROMPTS])
WORDS = ["modern", "old", "small", "grand", "quiet"]
SUBJECTS = {
    "interiors": """dental clinic, meeting room, wine cellar, library, server room, gym,
        hotel lobby, cinema, bakery, classroom, warehouse, workshop, operating room, coffee bar,
        museum hall, kitchen, pharmacy, yoga studio, control room, bookshop, hallway,
        greenhouse, reception, canteen, laboratory, showroom, bank vault, salon, loft office,
        waiting room""",
    "exteriors": """pine forest, sandy beach, office tower, city park, airport terminal, ski resort,
        night market, village street, town square, harbor, business center, garden, mountain lake,
        school building, factory, hospital entrance, stadium, train station, stone bridge, castle,
        shopping mall, vineyard, parking lot, university campus, hotel facade, bus depot,
        food market, power plant, residential house, museum""",
    "items": """microscope, coffee cup, laptop, boots, sunglasses, notebook, stethoscope, drill,
        fountain pen, calculator, teapot, bread loaf, compass, suitcase, helmet, dumbbell, globe,
        safe box, coin stack, syringe, hammer, cardboard box, pallet jack model, keyboard,
        plant pot, perfume bottle, gift box, tennis ball, running shoes, camera""",
}


def even(name: str, values: str) -> Axis:
    parts = tuple(values.split())
    return Axis(name, parts, (1.0,) * len(parts))


def dealt(dealer: Dealer, subjects: list[str], number: int, seed: int) -> list[dict[str, str]]:
    rng = Random(seed)
    found = [dealer.deal(rng.choice(subjects)) for _ in range(number)]
    return [drawn for drawn in found if drawn]


def off(axis: Axis, deals: list[dict[str, str]]) -> dict[str, float]:
    """How far each value's share is from its weight's, as a part of the latter."""
    counts = Counter(drawn[axis.name] for drawn in deals)
    due = len(deals) / sum(axis.weights)
    pairs = zip(axis.values, axis.weights, strict=True)
    return {value: abs(counts[value] / (due * weight) - 1) for value, weight in pairs}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_two_thousand_deals_of_the_kinds_that_come_along(kind: Kind) -> None:
    things = [" ".join(thing.split()) for thing in SUBJECTS[kind.name].split(",")]
    subjects = [f"{word} {thing}" for word, thing in product(WORDS, things)]
    assert len(subjects) == 150
    dealer = Dealer(kind.axes, kind.clashes, Random(5))
    table = Table(kind.clashes)
    sides = cache(table.sides)
    rng = Random(7)
    deals: list[dict[str, str]] = []
    seen: set[tuple[str, ...]] = set()
    for _ in range(2000):
        subject = rng.choice(subjects)
        drawn = dealer.deal(subject)
        assert drawn is not None
        assert (subject, *drawn.values()) not in seen
        seen.add((subject, *drawn.values()))
        held = [sides(text) for text in (subject, *drawn.values())]
        assert all(a.isdisjoint(opposite(b)) for a, b in combinations(held, 2)), drawn
        deals.append(drawn)
    for axis in kind.axes:
        assert max(off(axis, deals).values()) <= 0.2
        assert max(off(axis, deals[: 20 * len(axis.values)]).values()) <= 0.2


# What no deal of the kinds that come along may hold: kind, and patterns of which one is in the
# subject or a value and the other in another one of them.
IMPOSSIBLE = [
    ("exteriors", "entrance|storefront|facade|gate|alley", "aerial|distant"),
    ("exteriors", "sunlight|backlit|midday", "fog|after rain"),
    ("exteriors", "cloudless", "night|overcast|hazy|blue hour|backlit"),
    ("exteriors", "storm clouds", "sunlight|midday|blue hour"),
    ("exteriors", "night|blue hour|overcast|outlines", "midday|sunlight|long shadows"),
    ("exteriors", "icy blue tones", "golden|outlines|autumn leaves"),
    ("exteriors", "amber", "blue hour|fresh snow"),
    ("exteriors", "snowboard|skating|sled|christmas|ski", "blossom|summer|autumn"),
    ("exteriors", "lavender|sunflower|wheat|beach|palm|jungle", "autumn leaves|fresh snow"),
    ("exteriors", "tennis|terrace|ivy", "fresh snow"),
    ("exteriors", "skyline|rooftop", "worm's eye"),
    ("interiors", "cockpit|cabin|booth", "skylight|high viewpoint|telephoto"),
    ("interiors", "cellar|vault|cold storage", "large windows|skylight|sun|outside"),
    ("interiors", "operating|laboratory|ward|dental", "rough"),
    ("interiors", "castle|palace|vintage|antique", "futuristic"),
    ("items", "low-key", "white|pale|pastel|yellow|sage|light grey|linen"),
    ("items", "high-key", "dark slate|deep blue"),
    ("items", "macro", "reflection|pedestal|empty space|copy space|props"),
    ("items", "pass|card|tile|map|sheet|ticket|banknote|envelope|tag", "low angle|side profile"),
    ("items", "glass|bowl|vase|pot|globe|bottle", "flat lay"),
    ("items", "seamless", "blurred"),
    ("items", "dappled|hard sun", "surgical|scalpel|forceps|seamless"),
]


@pytest.mark.parametrize(
    ("kind", "subject", "wrong"),
    [
        ("exteriors", "barrier reef", "snow|blossom|greenery|leaves|after rain"),
        ("exteriors", "deep sea shipwreck", "snow|blossom|greenery|leaves|after rain"),
        ("interiors", "roman catacomb", "large windows|skylight|futuristic"),
        ("interiors", "village barn", "futuristic"),
        ("interiors", "steam sauna", "large windows|skylight"),
    ],
)
def test_what_a_model_may_name_gets_nothing_impossible(kind: str, subject: str, wrong: str) -> None:
    of = next(one for one in KINDS if one.name == kind)
    dealer = Dealer(of.axes, of.clashes, Random(3))
    dealt = [value for _ in range(60) for value in (dealer.deal(subject) or {}).values()]
    assert len(dealt) == 60 * len(of.axes)
    assert not [value for value in dealt if re.search(wrong, value)]


@cache
def pool(kind: Kind, theme: Theme) -> list[tuple[str, dict[str, str]]]:
    """The subjects and values of 770 jobs of a theme, several pictures each."""
    number = quotas(770, shares_of(KINDS))[kind.name]
    dealer, rng = Dealer(kind.axes, kind.clashes, Random(11)), Random(12)
    subjects = [*theme.seeds_of(kind.name)] * number
    subjects = subjects[:number]
    rng.shuffle(subjects)
    return [(subject, dealer.deal(subject) or {}) for subject in subjects]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_shares_hold_for_the_subjects_of_each_theme(kind: Kind, theme: Theme) -> None:
    deals = [drawn for _, drawn in pool(kind, theme)]
    for axis in kind.axes:
        assert max(off(axis, deals).values()) <= 0.2


@pytest.mark.parametrize(("name", "one", "other"), IMPOSSIBLE)
def test_what_a_photographer_would_laugh_at_is_not_dealt(name: str, one: str, other: str) -> None:
    (kind,) = (kind for kind in KINDS if kind.name == name)
    held = dict.fromkeys((one, other), 0)
    for subject, drawn in (deal for theme in THEMES for deal in pool(kind, theme)):
        texts = [subject, *drawn.values()]
        at = {
            side: {n for n, text in enumerate(texts) if re.search(rf"\b(?:{side})\b", text)}
            for side in held
        }
        assert not at[one] or not at[other] - at[one], texts
        held = {side: number + len(at[side]) for side, number in held.items()}
    assert min(held.values()), "the patterns are to find something"


def test_the_values_go_with_buildings_and_with_landscapes() -> None:
    """What a wheat field does not have is no value of exteriors, and what a cockpit does not is
    none of interiors."""
    words = r"stone|brick|timber|concrete|slate|aluminium|walls|floor|furniture|panels|architect"
    for kind in KINDS[:2]:
        values = [value for axis in kind.axes for value in axis.values]
        assert not [value for value in values if re.search(words, value)]
    assert "architect" not in KINDS[1].prompt


def test_a_subject_gets_every_combination_once_and_then_none() -> None:
    axes = [even("a", "red green blue"), even("b", "big small"), even("c", "sun rain snow fog")]
    dealer = Dealer(axes, ["snow + red", "fog + hut"], Random(2))
    for subject, number in (("house", 3 * 2 * 4 - 2), ("hut", 3 * 2 * 3 - 2)):
        deals = [dealer.deal(subject) for _ in range(number)]
        assert len({tuple(drawn.values()) for drawn in deals if drawn}) == number
        assert dealer.deal(subject) is None
    assert dealer.deal("tower")


def test_the_pictures_of_a_subject_differ_as_much_as_they_can() -> None:
    axes = [even("a", "r g b x"), even("b", "k l m n o"), even("c", "p q s t")]
    dealer = Dealer(axes, (), Random(3))
    deals = [tuple((dealer.deal("hut") or {}).values()) for _ in range(12)]
    for one, other in combinations(deals[:4], 2):
        assert all(a != b for a, b in zip(one, other, strict=True))
    for one, other in combinations(deals, 2):
        assert sum(a != b for a, b in zip(one, other, strict=True)) >= 2


def test_weights_are_kept() -> None:
    axis = Axis("a", ("often", "seldom", "half"), (4, 1, 0.5))
    subjects = [f"s{n}" for n in range(20)]
    deals = dealt(Dealer([axis, even("b", "p q r s t u v")], (), Random(1)), subjects, 60, 1)
    assert max(off(axis, deals).values()) <= 0.2
    heavy = [Axis(name, ("common", "rare"), (3, 1)) for name in "pqr"]
    others = [even("s", " ".join(str(n) for n in range(40)))]
    deals = dealt(Dealer([*heavy, *others], (), Random(1)), [f"s{i}" for i in range(90)], 900, 2)
    rare = sum(drawn["p"] == drawn["q"] == "rare" for drawn in deals)
    assert 30 < rare < 85, "axes of like weights must not go in step: 1/16 of 900 are due"


def test_a_value_that_seldom_fits_is_not_starved() -> None:
    axes = [even("season", "winter spring summer autumn"), even("weather", "snow rain sun cloud")]
    for clashes, each in (
        # Snow needs all the winter that is due: with subjects that come once it gets it.
        (["snow + spring, summer, autumn", "sun + winter, autumn"], 1),
        (["snow + summer, autumn", "sun + winter"], 8),
    ):
        dealer = Dealer([*axes, even("view", "a b c d e f g")], clashes, Random(4))
        deals = [dealer.deal(f"house {number // each}") or {} for number in range(400)]
        for axis in axes:
            assert max(off(axis, deals).values()) <= 0.2


def test_values_that_some_subjects_cannot_have_go_to_the_others() -> None:
    axis = even("ground", "lawn stone sand wood")
    dealer = Dealer([axis, even("view", "a b c d e f g")], ["lawn, wood + hall"], Random(4))
    deals = dealt(dealer, [f"hall {n}" for n in range(9)] + [f"hut {n}" for n in range(21)], 400, 1)
    assert max(off(axis, deals).values()) <= 0.2


def test_what_is_taken_back_counts_as_not_dealt() -> None:
    axis = even("a", "red green blue")
    dealer = Dealer([axis, even("b", "p q r s t")], (), Random(4))
    kept: list[dict[str, str]] = []
    for number in range(120):
        drawn = dealer.deal(f"thing {number % 40}")
        assert drawn
        if number % 2:
            dealer.take_back(drawn)
        else:
            kept.append(drawn)
    assert max(off(axis, kept).values()) <= 0.2
    small = Dealer([even("a", "red green")], (), Random(0))
    first = small.deal("cup")
    assert first
    small.take_back(first)
    second = small.deal("cup")
    assert second and second != first
    assert small.deal("cup") is None


def test_the_same_seed_deals_the_same() -> None:
    kind = KINDS[0]
    subjects = [f"room {n}" for n in range(20)]
    runs = [
        dealt(Dealer(kind.axes, kind.clashes, Random(seed)), subjects, 100, 1) for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_a_kind_without_axes_has_one_combination_a_subject() -> None:
    dealer = Dealer((), (), Random(0))
    assert dealer.deal("cup") == {}
    assert dealer.deal("cup") is None
    assert dealer.deal("pot") == {}


def test_an_axis_of_which_nothing_fits_gives_none() -> None:
    dealer = Dealer([even("a", "snow ice")], ["snow, ice + beach"], Random(0))
    assert dealer.deal("beach") is None
    assert dealer.deal("hill")


@pytest.mark.parametrize(
    ("text", "other", "clash"),
    [
        ("fresh snow", "green lawn", True),
        ("Lawns", "SNOW", True),
        ("snow", "green fields at noon", True),
        ("snowy", "lawn", False),
        ("snow", "field of green", False),
        ("snow and lawn", "tower", False),
        ("snow", "snow", False),
    ],
)
def test_clashes_are_whole_words_on_opposite_sides(text: str, other: str, clash: bool) -> None:
    clashes = ["snow, frost + lawn, green field"]
    for subject, value in ((text, other), (other, text)):
        dealer = Dealer([Axis("a", (value,), (1.0,))], clashes, Random(0))
        assert (dealer.deal(subject) is None) is clash
        both = [Axis("a", (subject,), (1.0,)), Axis("b", (value,), (1.0,))]
        assert (Dealer(both, clashes, Random(0)).deal("x") is None) is clash


def test_what_is_no_clash() -> None:
    assert [parse_clash(text) for text in ("snow", "snow +", "a + b + c", "+", "a,,b + c")] == [
        None
    ] * 5
    assert parse_clash("Snow + green lawns, Ice") == (("snow",), ("green lawn", "ice"))
