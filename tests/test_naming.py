"""Naming areas and subjects with a scripted model: what is taken, refused, asked and given up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count, product
from pathlib import Path

import pytest

from stockwright.core.asking import Ask, grammar, listed, loops, polish_ask
from stockwright.core.forbidden import Forbidden
from stockwright.core.kinds import Kind
from stockwright.core.naming import FROM_FILE, KNOWN, REPEATED, Named, Naming, areas
from stockwright.core.subjects import Sieve, subject_keys, tidied
from stockwright.core.themes import Theme, new_theme
from stockwright.core.wording import Wording, load_wording

PROMPTS = Path(__file__).parent.parent / "prompts"
WORDING = replace(load_wording([PROMPTS]), patience=10, round=2, lines=4, shown=4)
KIND = Kind(name="any", share=1, ask="things", prompt="{subject}")
TEA = new_theme("Tea")
AREAS = ("tea farm", "tea shop", "tea room")
_SYLLABLES = ["ba", "do", "fe", "gi", "ko", "lu", "ma", "ne", "pi", "ro", "tu", "va"]
MANY = ["".join(word) for word in product(_SYLLABLES, repeat=3)]


class Script:
    """A model that goes on through its lines, as many of them as an ask wants."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        self.rounds: list[list[Ask]] = []
        self.at = 0

    def __call__(self, asks: Sequence[Ask]) -> list[list[str]]:
        self.rounds.append(list(asks))
        return [[self._next() for _ in range(ask.lines)] for ask in asks]

    @property
    def asks(self) -> list[Ask]:
        return [ask for one in self.rounds for ask in one]

    def _next(self) -> str:
        self.at += 1
        return self.lines[(self.at - 1) % len(self.lines)]


class By:
    """A model whose answer depends on the question alone."""

    def __init__(self, answer: Callable[[str], list[str]]) -> None:
        self.answer = answer
        self.asks: list[Ask] = []

    def __call__(self, asks: Sequence[Ask]) -> list[list[str]]:
        self.asks += asks
        return [self.answer(ask.question) for ask in asks]


@pytest.fixture
def forbidden(tmp_path: Path) -> Forbidden:
    (tmp_path / "forbidden.yaml").write_text("people: [teacher]\nbrands: [acme]\n")
    return Forbidden.load([tmp_path])


def naming(
    forbidden: Forbidden,
    *,
    theme: Theme = TEA,
    kind: Kind = KIND,
    seed: int = 1,
    wording: Wording = WORDING,
    taken: set[str] | None = None,
    within: Sequence[str] = AREAS,
) -> Naming:
    known = set[str]() if taken is None else taken
    return Naming(replace(theme, areas=tuple(within)), kind, seed, wording, known, forbidden)


def nothing(found: int) -> None:
    pass


def subjects(found: Iterable[Named]) -> list[str]:
    return [one.subject for one in found]


def area_of(ask: Ask) -> str:
    return next(area for area in AREAS if area in ask.question)


def test_as_many_as_wanted_and_each_says_how_it_came_about(forbidden: Forbidden) -> None:
    one = naming(forbidden)
    found = one.find(9, Script(MANY), nothing)
    assert len(set(subjects(found))) == 9 and set(subjects(found)) <= set(MANY)
    first = {named.origin.split(", call")[0] for named in found[:3]}
    assert len(first) == 2, "one of each area of a round in turn"
    pattern = r"model, area (tea farm|tea shop|tea room), call \d+, temperature 0\.80"
    assert all(re.fullmatch(pattern, named.origin) for named in found)
    assert (one.calls, one.dry, sum(one.refused.values())) == (3, 0, 0)


def test_each_call_is_about_the_next_area_in_the_order_of_the_seed(forbidden: Forbidden) -> None:
    orders: set[tuple[str, ...]] = set()
    for seed in range(12):
        script = Script(MANY)
        naming(forbidden, seed=seed).find(24, script, nothing)
        visited = [area_of(ask) for ask in script.asks]
        assert sorted(visited[:3]) == sorted(AREAS) and visited[3:6] == visited[:3]
        orders.add(tuple(visited[:3]))
    assert len(orders) > 3


def test_calls_of_a_round_are_made_at_once_and_no_more_than_needed(forbidden: Forbidden) -> None:
    script = Script(MANY)
    wording = replace(WORDING, round=3, lines=10)
    naming(forbidden, wording=wording).find(60, script, nothing)
    assert {len(asks) for asks in script.rounds} == {3}
    script = Script(MANY)
    naming(forbidden, wording=wording).find(1, script, nothing)
    assert [[ask.lines for ask in asks] for asks in script.rounds] == [[5]]


def test_what_all_calls_share_stands_before_the_question(forbidden: Forbidden) -> None:
    kind = replace(KIND, examples=(("Music", ("old violin", "brass horn")),))
    other = replace(TEA, id="coffee", title="Coffee")
    script = Script(MANY)
    for theme in (TEA, other):
        naming(forbidden, theme=theme, kind=kind).find(24, script, nothing)
    assert len({(ask.system, ask.turns) for ask in script.asks}) == 1
    assert script.asks[0].turns == (
        ("Theme: Music. List things.", "- old violin\n- brass horn\n"),
    )  # fmt: skip


def test_the_same_arguments_and_answers_give_the_same_subjects(forbidden: Forbidden) -> None:
    def run(seed: int) -> tuple[list[Named], list[Ask]]:
        script = Script(MANY)
        return naming(forbidden, seed=seed).find(20, script, nothing), script.asks

    assert run(1) == run(1)
    assert run(1)[1] != run(2)[1]


def test_more_can_be_asked_for_and_surplus_lines_are_used_first(forbidden: Forbidden) -> None:
    script = Script(MANY)
    taken: set[str] = set()
    one = naming(forbidden, taken=taken)
    first = one.find(1, script, nothing)
    calls = one.calls
    # Another kind takes one of those that are left over.
    taken |= subject_keys(MANY[2])
    more = one.find(2, script, nothing)
    assert one.calls == calls
    assert subjects([*first, *more]) == [MANY[0], MANY[1], MANY[3]]
    assert one.refused == {KNOWN: 1}
    assert all(subject_keys(named.subject) <= taken for named in (*first, *more))


def test_lines_are_refused_by_reason(forbidden: Forbidden) -> None:
    theme = replace(TEA, avoid="coffee, blue moon")
    kind = replace(KIND, without=("cellar",), examples=(("Music", ("old violin",)),))
    refused = {
        "form": ["pot with", "pot pot", "at"],
        "unwanted": ["logo pot"],
        "kind": ["cellar pot"],
        "avoided": ["coffee pot", "blue moons", "music pot"],
        "people": ["teacher pot"],
        "brands": ["acme pots"],
        KNOWN: ["old violins", "tea pot", "the teapots", "small tea pot", "new teapot"],
    }
    lines = [line for some in refused.values() for line in some]
    one = naming(forbidden, theme=theme, kind=kind, taken=set(subject_keys("tea pot")))
    found = one.find(1, By(lambda question: [*lines, "", "cup"]), nothing)
    assert subjects(found) == ["cup"]
    assert one.refused == {reason: len(some) for reason, some in refused.items()}


@pytest.mark.parametrize(("kind", "theme", "passes"), [("yes", "", True), ("yes", "no", False)])
def test_people_pass_where_kind_and_theme_let_them(
    forbidden: Forbidden, kind: str, theme: str, passes: bool
) -> None:
    one = naming(
        forbidden, kind=replace(KIND, people=kind == "yes"), theme=replace(TEA, people=theme)
    )
    found = one.find(1, By(lambda question: ["teacher at work"]), nothing)
    assert subjects(found) == (["teacher at work"] if passes else [])


def test_two_calls_of_a_round_that_say_the_same(forbidden: Forbidden) -> None:
    answers = iter([["cup", "pot"], ["pots", "a cup"], ["plate", "spoon"], ["fork"]])
    one = naming(forbidden)
    found = one.find(4, By(lambda question: next(answers)), nothing)
    assert subjects(found) == ["cup", "pot", "plate", "spoon"]
    assert one.refused == {KNOWN: 2} and one.dry == 1


def test_a_dry_model_is_asked_hotter_then_elsewhere_then_in_other_words(
    forbidden: Forbidden,
) -> None:
    script = Script(["cup"])
    one = naming(forbidden, taken=set(subject_keys("cup")))
    assert one.find(8, script, nothing) == []
    assert (one.calls, one.dry, one.refused) == (10, 10, {KNOWN: 40})
    where = [[area_of(ask) for ask in asks] for asks in script.rounds]
    assert where[1] == where[0] and where[2][0] not in where[0]
    heat = [min(ask.temperature for ask in asks) for asks in script.rounds]
    assert heat == sorted(set(heat))
    plain = [not any(a in ask.question for a in WORDING.angles) for ask in script.asks]
    assert plain == [True] * 6 + [False] * 4
    assert len({ask.seed for ask in script.asks}) == 10


def test_without_areas_a_dry_model_is_asked_in_other_words_at_once(forbidden: Forbidden) -> None:
    script = Script(["cup"])
    naming(forbidden, taken=set(subject_keys("cup")), within=()).find(8, script, nothing)
    assert script.rounds[0][0].question == "Theme: Tea. List things."
    assert WORDING.angles[0] in script.rounds[1][0].question
    assert WORDING.angles[1] in script.rounds[2][0].question


def test_the_heat_has_an_end(forbidden: Forbidden) -> None:
    script = Script(["cup"])
    wording = replace(WORDING, patience=60)
    naming(forbidden, wording=wording).find(8, script, nothing)
    assert max(ask.temperature for ask in script.asks) == WORDING.temperature_max


def test_a_dry_area_is_asked_hotter_while_others_are_not(forbidden: Forbidden) -> None:
    words = iter(MANY)

    def answer(question: str) -> list[str]:
        return ["cup"] if "tea farm" in question else [next(words) for _ in range(4)]

    by = By(answer)
    one = naming(forbidden, taken=set(subject_keys("cup")))
    one.find(40, by, nothing)
    dry = [ask.temperature for ask in by.asks if area_of(ask) == "tea farm"]
    assert dry == sorted(set(dry)) and len(dry) == one.dry > 3
    assert {ask.temperature for ask in by.asks if area_of(ask) != "tea farm"} == {0.8}


def test_when_all_is_dry_the_theme_files_seeds_come_and_then_fewer(forbidden: Forbidden) -> None:
    seeds = ("Samovar", "tea urn", "cup", "teacher mug", "tin box")
    theme = replace(TEA, seeds=(("any", seeds), ("more", ("kettle",))))
    orders: set[tuple[str, ...]] = set()
    for seed in range(9):
        one = naming(forbidden, theme=theme, seed=seed)
        script = Script(["cup"])
        found = one.find(9, script, nothing)
        assert found[0] == Named("cup", REPEATED)
        assert sorted(subjects(found[1:])) == ["samovar", "tea urn", "tin box"]
        assert {named.origin for named in found[1:]} == {FROM_FILE}
        orders.add(tuple(subjects(found[1:])))
        # Nothing is left, and the model is not asked again.
        assert one.find(1, script, nothing) == [] and one.calls == len(script.asks)
    assert len(orders) > 1


def test_where_subjects_come_again_anyway_a_model_that_knows_little_is_left_earlier(
    forbidden: Forbidden,
) -> None:
    def calls(every: int, *, thorough: bool) -> int:
        """Of a model that names something new at each `every`-th call."""
        words, number = iter(MANY), count(1)
        model = By(lambda _: ["cup" if next(number) % every else next(words)])
        one = naming(forbidden, taken=set(subject_keys("cup")))
        one.find(40, model, nothing, thorough=thorough)
        return one.calls

    assert calls(4, thorough=True) == 4 * 40
    assert calls(4, thorough=False) == pytest.approx(2 * WORDING.patience, abs=3)
    assert calls(1, thorough=False) == calls(1, thorough=True) == 40


def test_a_model_that_says_nothing(forbidden: Forbidden) -> None:
    one = naming(forbidden)
    assert one.find(1, By(lambda question: []), nothing) == []
    assert one.calls == one.dry == WORDING.patience and not one.refused


def test_the_model_is_told_what_it_has_named_there(forbidden: Forbidden) -> None:
    script = Script(MANY)
    naming(forbidden, within=AREAS[:1]).find(40, script, nothing)
    assert script.asks[0].opening == ""
    for asks in script.rounds[1:]:
        for ask in asks:
            shown = ask.opening.removeprefix("- ").rstrip("\n").split("\n- ")
            assert len(shown) == WORDING.shown and set(shown) <= set(MANY)


def test_answers_open_with_the_themes_own_where_nothing_is_named(forbidden: Forbidden) -> None:
    script = Script(MANY)
    about = replace(TEA, about="tea garden, porcelain cup")
    naming(forbidden, theme=about).find(1, script, nothing)
    assert sorted(script.asks[0].opening.splitlines()) == ["- porcelain cup", "- tea garden"]
    seeds = replace(about, seeds=(("any", ("samovar", "tea urn", "tin box")),))
    naming(forbidden, theme=seeds, within=AREAS[:1]).find(40, script, nothing)
    for ask in script.asks[3:]:
        shown = set(ask.opening.removeprefix("- ").rstrip("\n").split("\n- "))
        assert len(shown & {"samovar", "tea urn", "tin box"}) == 2 and len(shown) == 4


def test_progress_is_told_after_each_round_and_may_interrupt(forbidden: Forbidden) -> None:
    seen: list[int] = []
    script = Script(MANY)
    naming(forbidden).find(30, script, seen.append)
    assert seen == [8, 16, 24, 30] and len(script.rounds) == 4

    def stop(found: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        naming(forbidden).find(30, script, stop)
    assert len(script.rounds) == 5


def test_a_themes_areas_are_filled_up_by_the_model(forbidden: Forbidden) -> None:
    theme = replace(TEA, areas=("tea farm",), aliases=("chai",), avoid="casino")
    lines = [
        "tea", "The Chai", "tea farms", "acme tea tasting", "teacher of tea", "logo design",
        "casino", "tea with", "tea shops", "a tea shop",
    ]  # fmt: skip
    script = Script([*lines, *MANY])
    wording = replace(WORDING, areas=5, lines=10)
    assert areas(theme, script, wording, 1, forbidden) == ("tea farm", "tea shops", *MANY[:3])
    first = script.asks[0]
    assert first.question == WORDING.question_areas.format(theme="Tea")
    assert first.opening == listed(["tea farm"]) and "{0,2}" in first.grammar
    assert all(some == listed(dict(WORDING.areas_examples)["Music"]) for _, some in first.turns)


def test_areas_of_the_file_are_enough_or_the_model_knows_no_more(forbidden: Forbidden) -> None:
    script = Script(["cup"])
    theme = replace(TEA, areas=tuple(MANY[:13]))
    assert areas(theme, script, WORDING, 1, forbidden) == theme.areas and not script.asks
    assert areas(TEA, script, WORDING, 1, forbidden) == ("cup",)
    assert len(script.asks) == 3
    music = replace(TEA, title="music")
    areas(music, script, WORDING, 1, forbidden)
    assert script.asks[-1].turns == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("work bench", "The Workbenches"),
        ("work bench", "bench for work"),
        ("school in a village", "village school"),
        ("t-shirt", "T shirts"),
        ("desk lamp", "a small desk lamp"),
        ("modern desk lamp", "another old desk lamp"),
    ],
)
def test_subjects_that_are_the_same(one: str, other: str) -> None:
    assert subject_keys(one) & subject_keys(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("desk lamp", "desk palm"), ("tea", "eat"), ("desk", "desk lamp"), ("new", "old")],
)
def test_subjects_that_are_not_the_same(one: str, other: str) -> None:
    assert not subject_keys(one) & subject_keys(other)


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("- The  Red Door.", "red door"),
        ("3. red door", "red door"),
        ("2) red door", "red door"),
        ("* red door", "red door"),
        ("3d printer door", "3d printer door"),
        ("24 hour door", "24 hour door"),
        ("3.5 inch door", None),
        ("Café door", "cafe door"),
        ("baker\u2019s door", "baker's door"),
        ("красная door", None),
        ("red \ud800 door", None),
        ("red/blue door", None),
        ("and the for", None),
        ("door with", None),
        ("door door", None),
        ("doors of the door", None),
        ("a man at a door", None),
        ("casino door", None),
        ("dark cellar door", None),
        ("chamber of doors", "chamber of doors"),
        ("bar of soap", None),
        ("door with red handles", None),
        ("handle for a door", None),
        ("door with a small door", None),
        ("door near glass doors", None),
        ("one two three four five six door", None),
        ("red window", None),
        ("", None),
        ("-", None),
    ],
)
def test_lines_are_tidied_and_sieved(line: str, subject: str | None) -> None:
    kind = replace(KIND, endings=("doors",), without=("cellar",))
    sieve = Sieve(kind, unwanted=["man"], loose=["with"], avoid=["casinos", "blue moon"])
    tidy = tidied(line)
    assert (None if sieve.refusal(tidy) else tidy) == subject


def test_the_grammar_has_one_line_for_each_start() -> None:
    assert grammar(["ab", "c"]).splitlines()[0] == 'root ::= "- " [ab] rest "- " [c] rest'


def test_two_letters_are_enough_to_start_with(forbidden: Forbidden) -> None:
    script = Script(MANY)
    naming(forbidden, wording=replace(WORDING, starts="ab")).find(3, script, nothing)
    assert all("[]" not in ask.grammar for ask in script.asks)


def test_a_sentence_is_asked_for_with_its_subject() -> None:
    ask = polish_ask('tea "pot", dusk', 'tea "pot"', WORDING, 7)
    assert (ask.lines, ask.opening, ask.seed) == (0, "", 7)
    assert ask.question == WORDING.polish_question.format(prompt='tea "pot", dusk')
    assert r'"tea \"pot\""' in ask.grammar
    assert len(ask.turns) == len(WORDING.polish_examples)


def test_sentences_that_run_in_circles() -> None:
    assert loops("a cup is a thing and a cup is a thing.")
    assert loops("a map, a map, a map, a map.")
    assert not loops("a cup of tea stands on a table of oak, in the light of the morning sun.")
    assert not loops("a cup.") and not loops("")


def test_a_judge_is_asked_once_about_each_and_its_reasons_count(forbidden: Forbidden) -> None:
    asked: list[str] = []

    def judge(new: Sequence[str]) -> list[str | None]:
        asked.extend(new)
        return ["off theme" if subject.startswith("ba") else None for subject in new]

    one = Naming(TEA, KIND, 1, WORDING, set(), forbidden, judge)
    found = one.find(10, Script(["bell", "cup", "bar stool", "cups", *MANY[200:240]]), nothing)
    assert "cup" in subjects(found) and not any(s.startswith("ba") for s in subjects(found))
    assert one.refused["off theme"] == 1 + sum(s.startswith("ba") for s in MANY[200:240])
    assert len(set(asked)) == len(asked)


def test_a_seed_that_the_model_says_again_is_not_its_own(forbidden: Forbidden) -> None:
    theme = replace(TEA, seeds=(("any", ("samovar", "tea urn")),))
    found = naming(forbidden, theme=theme).find(4, Script(["Samovars", "cup", "pot"]), nothing)
    origins = {named.subject: named.origin for named in found}
    assert origins["samovars"] == REPEATED and origins["samovars"].startswith(FROM_FILE)
    assert origins["cup"].startswith("model, ") and origins["pot"].startswith("model, ")


def test_every_second_subject_is_a_seed_while_there_are_any(forbidden: Forbidden) -> None:
    theme = replace(TEA, seeds=(("any", ("samovar", "tea urn")),))
    found = naming(forbidden, theme=theme).find(8, Script(MANY), nothing)
    own = [named.origin == FROM_FILE for named in found]
    assert own == [False, True, False, True, False, False, False, False]
    assert {named.subject for named in found if named.origin == FROM_FILE} == {"samovar", "tea urn"}


def test_a_model_is_not_asked_for_what_the_seeds_bring(forbidden: Forbidden) -> None:
    seeds = tuple(f"seed {word}" for word in MANY[:40])
    few, many = Script(MANY[40:]), Script(MANY[40:])
    naming(forbidden, theme=replace(TEA, seeds=(("any", seeds),))).find(40, few, nothing)
    naming(forbidden, theme=TEA).find(40, many, nothing)
    assert len(few.asks) < 0.7 * len(many.asks)


def test_seeds_in_other_letters_do_not_come(forbidden: Forbidden) -> None:
    theme = replace(TEA, seeds=(("any", ("самовар", "th\u00e9i\u00e8re")),))
    found = naming(forbidden, theme=theme).find(3, Script(["самовар"]), nothing)
    assert found == [Named("theiere", FROM_FILE)]
