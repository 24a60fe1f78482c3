"""Planning with a scripted model: exact counts, checks and replacements, same seed same jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stockwright.core.asking import Ask
from stockwright.core.axes import Axis
from stockwright.core.checking import BUDGET, Checks, SameWords
from stockwright.core.errors import SubjectsExhausted
from stockwright.core.forbidden import Forbidden
from stockwright.core.jobs import MAX_SEED, Job, check_jobs
from stockwright.core.kinds import Kind, load_kinds, quotas, shares_of
from stockwright.core.planning import ALL_NEW, MOST, PICTURES, PlanReport, plan
from stockwright.core.themes import Theme, load_themes, new_theme
from stockwright.core.wording import load_wording

PROMPTS = Path(__file__).parent.parent / "prompts"
KINDS = load_kinds([PROMPTS])
THEMES = load_themes([PROMPTS])
WORDING = load_wording([PROMPTS])
FORBIDDEN = Forbidden.load([PROMPTS])


def axis(name: str, *values: str) -> Axis:
    return Axis(name, values, (1.0,) * len(values))


LIGHT = axis("light", "day", "dusk", "noon", "dawn", "candles")
VIEW = axis("view", "near", "far", "above", "below")
ANY = (
    Kind("any", 3, "things", "{subject}, {light}, {view}", axes=(LIGHT, VIEW)),
    Kind("more", 1, "other things", "{subject}"),
)
_SYLLABLES = ["ba", "do", "fe", "gi", "ko", "lu", "ma", "ne", "pi", "ro", "tu", "va"]
MANY = ["".join(word) for word in product(_SYLLABLES, repeat=3)]
TEA = replace(new_theme("Tea"), areas=tuple(f"{word} tea" for word in MANY[:12]))


class Script:
    """A model that goes on through its lines, and then says nothing more."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        self.asks: list[Ask] = []
        self.at = 0

    def __call__(self, asks: Sequence[Ask]) -> list[list[str]]:
        return [self.answer(ask) for ask in asks]

    def answer(self, ask: Ask) -> list[str]:
        self.asks.append(ask)
        start, self.at = self.at, self.at + ask.lines
        return self.lines[start : self.at]


def words(text: str) -> int:
    return len(text.replace(",", " ,").split())


def checks(pool: SameWords | None = None) -> Checks:
    return Checks(FORBIDDEN, pool or SameWords(), words)


def told(
    lines: Iterable[str], count: int, theme: Theme = TEA, kinds: Sequence[Kind] = ANY, **others: Any
) -> tuple[list[Job], PlanReport]:
    options: dict[str, Any] = {"wording": WORDING, "checks": checks(), "seed": 1} | others
    seed = options.pop("seed")
    jobs, report = plan(theme, kinds, count, seed, Script(lines), **options)
    return list(jobs), report


def planned(lines: Iterable[str], count: int, **others: Any) -> list[Job]:
    return told(lines, count, **others)[0]


def test_counts_are_exact_and_kind_by_kind():
    for count in (1, 2, 3, 7, 10, 41):
        jobs = planned(MANY, count)
        wanted = quotas(count, shares_of(ANY))
        assert [job.kind for job in jobs] == ["any"] * wanted["any"] + ["more"] * wanted["more"]
        check_jobs(tuple(jobs))
        assert all(job.width is None and job.theme == "Tea" for job in jobs)
        assert all(0 <= job.seed <= MAX_SEED for job in jobs)
        assert len({job.seed for job in jobs}) == count


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
def test_all_themes_and_kinds_together(theme: Theme):
    # Lines that suit every kind in turn.
    lines = [f"{word} {tail}".strip() for word in MANY for tail in ("room", "tower", "")]
    jobs = planned(lines, 50, theme=theme, kinds=KINDS)
    assert [job.kind for job in jobs] == ["interiors"] * 30 + ["exteriors"] * 10 + ["items"] * 10
    assert len({job.subject for job in jobs}) == 50
    for job in jobs:
        kind = next(kind for kind in KINDS if kind.name == job.kind)
        assert [name for name, _ in job.axes] == [axis.name for axis in kind.axes]
        assert job.prompt.startswith(job.subject) and words(job.prompt) <= BUDGET


def test_the_same_seed_gives_the_same_jobs_and_another_seed_others():
    first = planned(MANY, 12)
    assert planned(MANY, 12) == first
    other = planned(MANY, 12, seed=2)
    assert {job.seed for job in other}.isdisjoint(job.seed for job in first)
    assert [job.axes for job in other] != [job.axes for job in first]


def test_excluded_subjects_do_not_come():
    jobs = planned(MANY[:40], 20, exclude=[f"the {MANY[0]}s", "", MANY[1].upper()])
    assert {MANY[0], MANY[1]}.isdisjoint(job.subject for job in jobs)


def test_small_orders_show_each_subject_once():
    jobs = planned(MANY, ALL_NEW, kinds=ANY[:1])
    assert len({job.subject for job in jobs}) == ALL_NEW


def test_of_large_orders_no_subject_has_more_than_its_share():
    jobs, report = told(MANY, 400, kinds=ANY[:1])
    pictures = Counter(job.subject for job in jobs)
    assert max(pictures.values()) <= 400 * 0.05
    assert len(pictures) >= 400 / 4 and report.subjects == {"any": len(pictures)}
    assert len({job.prompt for job in jobs}) == 400
    assert not report.notes


class Seldom(Script):
    """A model that names something new at two of five calls."""

    def answer(self, ask: Ask) -> list[str]:
        self.asks.append(ask)
        if len(self.asks) % 5 not in (0, 2):
            return ["cup"]
        self.at += 1
        return [self.lines[self.at]]


def test_a_model_that_knows_little_is_asked_on_only_where_it_must():
    few, many = Seldom(MANY), Seldom(MANY)
    jobs, _ = plan(TEA, ANY[:1], 300, 1, few, wording=WORDING, checks=checks())
    assert len(jobs) == 300 and 20 <= few.at < 300 / PICTURES
    # There are 20 combinations for each subject: it takes more of them now.
    jobs, _ = plan(TEA, ANY[:1], 1000, 1, many, wording=WORDING, checks=checks())
    assert len(jobs) == 1000 and many.at >= 49 > few.at


def test_each_picture_of_a_subject_is_another_one_and_all_combinations_are_used():
    jobs, report = told(["cup", "pot"], 40, kinds=ANY[:1])
    assert Counter(job.subject for job in jobs) == {"cup": 20, "pot": 20}
    assert len({(job.subject, job.axes) for job in jobs}) == 40
    assert "only 2 subjects are known" in report.notes[0] and "20 pictures" in report.notes[0]
    with pytest.raises(SubjectsExhausted, match="40 prompts of 41 asked, from 2 subjects"):
        told(["cup", "pot"], 41, kinds=ANY[:1])


def test_axis_values_keep_their_shares():
    jobs = planned(MANY, 300, kinds=ANY[:1])
    for name, values in (("light", LIGHT.values), ("view", VIEW.values)):
        dealt = Counter(dict(job.axes)[name] for job in jobs)
        even = 300 / len(values)
        assert all(0.8 * even <= dealt[value] <= 1.2 * even for value in values)


def test_what_fails_a_check_is_replaced_and_counted():
    pool = SameWords()
    pool.remember([f"cup, {light}, {view}" for light in LIGHT.values for view in VIEW.values[:3]])
    kind = replace(ANY[0], prompt="{subject}, {light}, {view}")
    jobs, report = told(["cup", "nike shoe", "old teacher"], 5, kinds=[kind], checks=checks(pool))
    assert {(job.subject, dict(job.axes)["view"]) for job in jobs} == {("cup", "below")}
    assert report.refused["near-duplicate"] > 0
    assert report.refused["brands"] == 1 and report.refused["people"] == 1


def test_people_come_where_the_kind_wants_them_and_the_theme_does_not_forbid_them():
    kind = Kind("at work", 1, "people", "{subject}", people=True)
    assert planned(["busy teacher"], 1, kinds=[kind])[0].subject == "busy teacher"
    with pytest.raises(SubjectsExhausted, match="people"):
        told(["busy teacher"], 1, kinds=[kind], theme=replace(TEA, people="no"))


def test_long_prompts_are_cut_to_what_is_read_at_once():
    kind = replace(ANY[0], prompt="{subject}, {light}, " + "very " * 60 + "long, {view}, end")
    assert all(words(job.prompt) <= BUDGET for job in planned(MANY, 8, kinds=[kind]))
    kind = replace(ANY[0], prompt="very " * BUDGET + "{subject}")
    with pytest.raises(SubjectsExhausted, match="over budget"):
        told(MANY[:4], 1, kinds=[kind])


class Polisher(Script):
    """Writes `sentence` where a sentence is asked for."""

    def __init__(self, sentence: str) -> None:
        super().__init__(["cup"])
        self.sentence = sentence

    def answer(self, ask: Ask) -> list[str]:
        return super().answer(ask) if ask.lines else [self.sentence]


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("a cup stands on a table.", True),
        ("a pot stands on a table.", False),
        ("a cup by van gogh.", False),
        ("a cup stands on a стол.", False),
        ("a cup stands on a \ud800 table.", False),
        ("", False),
    ],
)
def test_a_polished_prompt_is_kept_if_it_passes(sentence: str, kept: bool):
    (job,), report = plan(
        TEA, ANY[:1], 1, 1, Polisher(sentence), wording=WORDING, checks=checks(), polish=True
    )
    assert (job.prompt == sentence) is kept
    assert job.prompt.startswith("cup, ") is not kept
    assert not report.refused["polish"] and not report.refused["near-duplicate"]
    assert report.notes == (
        []
        if kept
        else [
            "Tea, any: prompts that stay as composed, since the model's sentence lost the subject "
            "or failed a check: 1."
        ]
    )


def test_how_a_plan_came_about_is_told():
    jobs, report = told(MANY, 30)
    assert report.areas == TEA.areas
    assert report.calls > 0 and report.to_dict()["calls"] == report.calls
    assert all(job.origin.startswith("model, area ") for job in jobs)
    theme = replace(TEA, seeds=(("any", tuple(MANY[100:140])),))
    jobs = planned(MANY[:5], 20, theme=theme, kinds=ANY[:1])
    assert Counter(job.origin.split(",")[0] for job in jobs)["theme file"] == 15


def test_a_model_that_says_nothing_is_given_up():
    with pytest.raises(SubjectsExhausted, match="0 prompts of 1 asked") as caught:
        told([], 1)
    assert "Tea" in caught.value.where and "any" in caught.value.where


def test_progress_is_told_between_calls_and_may_interrupt():
    seen: list[tuple[int, int]] = []
    told(MANY, 30, on_progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 30) and seen[-1] == (30, 30)
    assert len(seen) > 4 and seen == sorted(seen)

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told(MANY, 30, on_progress=stop)


def test_a_title_in_another_script_stays_out_of_the_prompt():
    kind = replace(ANY[0], prompt="{subject}, {theme}", axes=())
    for title, prompt in (("Чай", "cup"), ("Green Tea", "cup, green tea"), ("Café", "cup, cafe")):
        (job,), report = told(["cup"], 1, theme=replace(TEA, title=title), kinds=[kind])
        assert (job.theme, job.prompt) == (title, prompt)
        assert ["not in English" in note for note in report.notes] == [True] * (prompt == "cup")


def test_a_title_that_is_forbidden_stays_out_of_the_prompt():
    kind = replace(ANY[0], prompt="{subject}, {theme}", axes=())
    theme = replace(TEA, title="Marlboro Teachers")
    (job,), report = told(["cup"], 1, theme=theme, kinds=[kind])
    assert job.prompt == "cup"
    assert report.notes == [
        "Marlboro Teachers: the title holds what forbidden.yaml has under brands, so prompts do "
        "without it."
    ]
    theme = replace(TEA, title="Teachers")
    notes = told(MANY, 8, theme=theme, kinds=[kind, replace(kind, name="more")])[1].notes
    assert len(notes) == 1 and "under people" in notes[0]
    (job,) = planned(["cup"], 1, theme=theme, kinds=[replace(kind, people=True)])
    assert job.prompt == "cup, teachers"


def test_words_of_the_title_do_not_hide_what_is_forbidden():
    kind = replace(ANY[0], prompt="{subject}, {theme}, {look}", axes=())
    with pytest.raises(SubjectsExhausted, match="brands"):
        told(["cup"], 1, theme=replace(TEA, title="Coca", look="coca cola red"), kinds=[kind])


def test_earlier_prompts_are_read_in_slices_and_reading_may_be_interrupted():
    sizes: list[int] = []

    class Spy(SameWords):
        def remember(self, texts: Sequence[str]) -> None:
            sizes.append(len(texts))
            super().remember(texts)

    earlier = [f"cup, {light}, {view}" for light in LIGHT.values for view in VIEW.values[:3]]
    many = [*earlier, *MANY]
    jobs = planned(["cup"], 5, kinds=ANY[:1], checks=checks(Spy()), earlier=many)
    assert {dict(job.axes)["view"] for job in jobs} == {"below"}
    assert sum(sizes) == len(many) and max(sizes) < len(many) / 4

    def stop(done: int, total: int) -> None:
        if sizes:
            raise KeyboardInterrupt

    sizes.clear()
    with pytest.raises(KeyboardInterrupt):
        told(MANY, 5, checks=checks(Spy()), earlier=many, on_progress=stop)
    assert len(sizes) == 1


def test_where_earlier_runs_took_the_subjects_the_error_says_so():
    with pytest.raises(SubjectsExhausted) as caught:
        told(["cup"], 1, exclude=["cup"])
    assert "--run another folder" in caught.value.hint
    with pytest.raises(SubjectsExhausted) as caught:
        told([], 1)
    assert "--run" not in caught.value.hint


def test_the_look_of_a_theme_is_in_its_prompts():
    kind = replace(ANY[0], prompt="{subject}, {look}, {light}", axes=(LIGHT,))
    (job,) = planned(["cup"], 1, theme=replace(TEA, look="calm"), kinds=[kind])
    assert job.prompt == f"cup, calm, {dict(job.axes)['light']}"


def by_ask(asks: Sequence[Ask]) -> list[list[str]]:
    """A model whose answer follows from the ask alone."""
    rngs = [Random(repr(ask)) for ask in asks]
    return [rng.sample(MANY, ask.lines) for rng, ask in zip(rngs, asks, strict=True)]


def test_what_was_planned_before_does_not_matter():
    def jobs_of(theme: Theme) -> tuple[Job, ...]:
        return plan(theme, ANY, 80, 1, by_ask, wording=WORDING, checks=checks())[0]

    coffee = replace(new_theme("Coffee"), areas=TEA.areas)
    alone = jobs_of(TEA)
    others = jobs_of(coffee)
    assert jobs_of(TEA) == alone
    assert others != alone


def test_two_thousand_jobs_of_one_theme():
    theme = next(theme for theme in THEMES if theme.id == "education")
    lines = [f"{word} {tail}".strip() for word in MANY for tail in ("room", "tower", "")]
    jobs, report = told(lines, 2000, theme=theme, kinds=KINDS)
    assert Counter(job.kind for job in jobs) == quotas(2000, shares_of(KINDS))
    assert len({job.prompt for job in jobs}) == len({job.id for job in jobs}) == 2000
    assert max(Counter(job.subject for job in jobs).values()) <= 2000 * MOST
    assert not report.notes
    for kind in KINDS:
        dealt = [dict(job.axes) for job in jobs if job.kind == kind.name]
        for one in kind.axes:
            even = len(dealt) / sum(one.weights)
            counts = Counter(drawn[one.name] for drawn in dealt)
            for value, weight in zip(one.values, one.weights, strict=True):
                assert 0.8 * even * weight <= counts[value] <= 1.2 * even * weight, value
