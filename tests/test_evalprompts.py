"""The measures of the evaluation, on jobs and vectors that are made up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from driver.errors import PlanFailed
from driver.events import Event, Planning, ThemePlanned
from stockwright.core.axes import Axis
from stockwright.core.forbidden import Forbidden
from stockwright.core.jobs import Job
from stockwright.core.kinds import Kind
from stockwright.core.themes import Theme
from tests.evalprompts import __main__ as command
from tests.evalprompts import sheet, table
from tests.evalprompts.judging import Judge, Verdict
from tests.evalprompts.kindjudge import KINDS, KindJudge, Seed
from tests.evalprompts.measures import (
    Rows,
    Share,
    distinct_subjects,
    duplicates,
    highest_cosine,
    imbalance,
    nearest,
    vendi_score,
)
from tests.evalprompts.planned import Clock, Plan, Planned, without_failures
from tests.evalprompts.themejudge import ThemeJudge
from tests.evalprompts.wordjudge import WordJudge

LIGHT = Axis("light", ("day", "dusk"), (3, 1))
ROOMS = Kind(name="interiors", share=1, ask="rooms", prompt="{subject}, {light}", axes=(LIGHT,))
WORDS = ("room", "hall", "tower", "bridge", "lamp", "spoon", "bees", "stars", "honey", "comet")


def job(subject: str, prompt: str = "", theme: str = "Tea", kind: str = "interiors") -> Job:
    return Job.create(
        theme=theme, kind=kind, subject=subject, prompt=prompt or subject, negative="", seed=1
    )


def rows(*vectors: Sequence[float]) -> Rows:
    found = np.array(vectors, np.float32).reshape(len(vectors), -1 if vectors else 1)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def encode(texts: Sequence[str]) -> Rows:
    """Each of WORDS has a dimension of its own; a text without them has one too."""
    split = [re.findall(r"\w+", text.lower()) for text in texts]
    counts = [[words.count(word) for word in WORDS] for words in split]
    return rows(*[[*count, 0.1] for count in counts])


def test_a_share_reaches_a_goal_by_its_counts() -> None:
    assert Share(95, 100).reaches(95)
    assert not Share(1899, 2000).reaches(95)  # 94.95 %
    assert not Share(0, 0).reaches(95)  # nothing was measured


def test_nearest_and_highest_cosine() -> None:
    found = rows([1, 0], [0.6, 0.8], [0, 1])
    assert nearest(found, rows([0, 1], [1, 0])) == [1, 0, 0]
    assert highest_cosine(found) == pytest.approx(0.8)
    assert highest_cosine(found[:1]) is None


def test_pools_larger_than_one_part_are_compared_across_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = rows([1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0.1, 0], [0, 1, 0.1])
    whole = highest_cosine(found), duplicates(list("abcde"), found, 0.95)
    monkeypatch.setattr("tests.evalprompts.measures.AT_ONCE", 2)
    assert (highest_cosine(found), duplicates(list("abcde"), found, 0.95)) == whole
    assert whole[1] == 2


def test_duplicates_are_near_to_an_earlier_prompt_or_have_its_words() -> None:
    found = rows([1, 0, 0], [0, 1, 0], [1, 0.1, 0], [0, 0, 1])
    prompts = ["tea room, dusk", "tea hall", "small cafe", "the dusk in tea rooms"]
    assert duplicates(prompts, found, 0.93) == 2
    assert duplicates(prompts[:3], found[:3], 0.999) == 0


def test_subjects_are_told_apart_as_the_planner_does() -> None:
    jobs = [job("tea room"), job("The Tea Rooms"), job("room of tea"), job("tea hall")]
    assert distinct_subjects(jobs) == Share(2, 4)


def test_the_vendi_score_counts_what_has_nothing_in_common() -> None:
    assert vendi_score(np.eye(5, dtype=np.float32)) == pytest.approx(5)
    assert vendi_score(rows(*[[1, 2, 3]] * 7)) == pytest.approx(1)
    assert vendi_score(rows(*[[1, 0]] * 4, *[[0, 1]] * 4)) == pytest.approx(2)
    half = rows([1, 0], [1, 1])  # eigenvalues of K/2: (1 +- cos 45 degrees) / 2
    shares = np.array([1 + 0.5**0.5, 1 - 0.5**0.5]) / 2
    assert vendi_score(half) == pytest.approx(float(np.exp(-(shares * np.log(shares)).sum())))


def dealt(day: int, dusk: int) -> list[Job]:
    values = ["day"] * day + ["dusk"] * dusk
    return [replace(job(f"room {n}"), axes=(("light", v),)) for n, v in enumerate(values)]


def test_the_imbalance_is_that_of_the_value_furthest_from_its_share() -> None:
    even = imbalance(dealt(30, 10), [ROOMS])
    assert even is not None
    assert even.deviation == 0
    found = imbalance(dealt(27, 13), [ROOMS])
    assert found is not None
    assert (found.value, found.deviation) == ("dusk", pytest.approx(0.3))


def test_values_that_are_due_too_seldom_do_not_count() -> None:
    assert imbalance(dealt(12, 0), [ROOMS]) is None  # 9 and 3 are due
    found = imbalance(dealt(20, 0), [ROOMS])
    assert found is not None
    assert found.value == "day"
    assert imbalance([job("room")], [ROOMS]) is None


SEEDS = [
    Seed(theme, kind, f"{word} {n}")
    for theme in ("tea", "sport")
    for n, (kind, words) in enumerate(
        zip(KINDS, [("room", "hall"), ("tower", "bridge"), ("lamp", "spoon")], strict=True)
    )
    for word in words
]


def by_first_word(texts: Sequence[str]) -> Rows:
    return encode([text.split()[0] for text in texts])


def test_kinds_are_judged_by_the_seeds_of_other_themes() -> None:
    judge = KindJudge(SEEDS, by_first_word)
    subjects = ["room x", "tower x", "spoon x", "honey x"]
    asked = ["interiors", "interiors", "items", "people"]
    assert judge.clearly(subjects, asked, "tea") == ["interiors", "exteriors", "items", ""]
    assert judge.agreement() == (Share(12, 12), Share(0, 24))


def test_a_subject_that_could_be_either_is_of_the_kind_that_was_asked() -> None:
    judge = KindJudge(SEEDS, encode)
    assert judge.clearly(["room tower"], ["interiors"], "new") == ["interiors"]
    assert judge.clearly(["room tower"], ["exteriors"], "new") == ["exteriors"]


def test_nothing_is_judged_where_only_the_theme_itself_has_seeds() -> None:
    own = [seed for seed in SEEDS if seed.theme == "tea"]
    judge = KindJudge(own, by_first_word)
    assert judge.clearly(["room x"], ["interiors"], "tea") == [""]
    assert judge.agreement() == (Share(0, 0), Share(0, 0))
    assert KindJudge([], by_first_word).clearly(["room x"], ["items"], "tea") == [""]


BEES = Theme(id="bees", title="Bees", about="honey")
STARS = Theme(id="stars", title="Stars", people="no")


def judge_of(people: bool = False) -> Judge:
    return Judge(
        [BEES],
        [BEES, STARS],
        [replace(ROOMS, people=people)],
        encode=encode,
        forbidden=Forbidden([("people", "keeper"), ("brands", "acme")]),
        words=WordJudge({"people": ["beekeeper"], "text": ["poster"]}),
        count_tokens=lambda text: len(text.split()),
    )


def verdicts(theme: Theme, jobs: Sequence[Job], people: bool = False) -> list[Verdict]:
    return judge_of(people).verdicts(theme, jobs, encode([j.prompt for j in jobs]))


def test_a_prompt_is_on_theme_by_the_nearest_description() -> None:
    jobs = [
        job("honey jar", "honey jar, bees", theme="Bees"),
        job("comet", "comet honey", theme="Bees"),
        job("stars", "stars stars bees", theme="Bees"),
    ]
    found = verdicts(BEES, jobs)
    assert [v.theme for v in found] == ["Bees", "Bees", "Stars"]
    assert [v.on_theme for v in found] == [True, True, False]
    assert found[0].subject_theme == "Bees"
    assert found[2].subject_theme == "Stars"


def test_a_theme_without_a_file_is_judged_by_the_subject_alone() -> None:
    about_bees = job("honey bees", "honey bees, stars stars stars", theme="Stars")
    (found,) = verdicts(STARS, [about_bees])
    assert found.plain_theme == "Stars"  # its title is in the prompt
    assert not found.on_theme


STYLE = replace(ROOMS, prompt="{subject}, {theme}, stars stars stars", axes=())


def test_words_that_all_prompts_of_a_kind_have_tell_nothing_of_a_theme() -> None:
    judge = ThemeJudge([BEES, STARS], [STYLE], encode)
    prompts = encode([STYLE.compose("honey", "bees", {}), STYLE.compose("stars stars", "", {})])
    assert judge.plainly(prompts) == ["Stars", "Stars"]
    assert judge.titles(prompts[:1], ["interiors"]) == ["Bees"]


def test_the_judge_of_themes_is_tried_with_right_and_wrong_subjects() -> None:
    seeded = [
        replace(BEES, seeds=(("interiors", ("honey", "bees")),)),
        replace(STARS, seeds=(("interiors", ("comet stars", "stars")),)),
    ]
    kind = replace(STYLE, prompt="{subject}, room")
    assert ThemeJudge(seeded, [kind], encode).agreement() == (Share(4, 4), Share(0, 4))
    assert ThemeJudge([BEES, STARS], [kind], encode).agreement() == (Share(0, 0), Share(0, 0))


def test_the_judge_of_themes_without_a_file_is_tried_with_titles() -> None:
    seeded = [
        replace(BEES, about="comet", seeds=(("interiors", ("honey bees", "bees")),)),
        replace(STARS, about="comet", seeds=(("interiors", ("stars", "comet")),)),
    ]
    judge = ThemeJudge(seeded, [STYLE], encode)
    # Its title alone does not tell that the comet is a matter of the stars.
    assert judge.agreement_by_title() == (Share(3, 4), Share(0, 4))
    assert ThemeJudge([BEES], [STYLE], encode).agreement_by_title() == (Share(0, 0), Share(0, 0))


def test_the_evaluation_has_a_list_of_its_own_words() -> None:
    judge = WordJudge.load()
    shown = {
        "a Beekeeper at the hive, soft light": "beekeeper",
        "market stalls, two shoemakers": "shoemakers",
        "a desk, poster on the wall, lego bricks": "lego, poster",
        "sunflowers in the style of monet": "in the style of",
    }
    for prompt, words in shown.items():
        assert judge.found(prompt, people=False) == words
    for prompt in (
        "student dormitory, waiter's station, dentist chair, mechanic workshop",
        "manhole, signal lamp, keyboard, humane design, personal desk",
    ):
        assert judge.found(prompt, people=False) == ""
    assert judge.found("a beekeeper with an iphone", people=True) == "iphone"


def test_words_of_that_list_count_whatever_the_planner_thinks() -> None:
    jobs = [job("bees", "bees with a beekeeper", theme="Bees"), job("bees", "poster", theme="Bees")]
    assert [v.words for v in verdicts(BEES, jobs)] == ["beekeeper", "poster"]
    assert [v.words for v in verdicts(BEES, jobs, people=True)] == ["", "poster"]
    assert [v.forbidden for v in verdicts(BEES, jobs)] == ["", ""]
    found = table.Row.of("Bees", 2, verdicts(BEES, jobs), encode(["a", "b"]), [], EFFORT)
    assert (found.words, found.forbidden) == (2, 0)
    assert "Bees: forbidden 2, goal 0" in table.missed([found])
    assert "**must not hold: poster**" in sheet.lines("Bees", verdicts(BEES, jobs), 1)[-2]


def test_people_are_forbidden_where_kind_or_theme_says_so() -> None:
    jobs = [job("bees", "bees with a keeper", theme="Bees"), job("bees", "acme bees", theme="Bees")]
    assert [v.forbidden for v in verdicts(BEES, jobs)] == ["people", "brands"]
    assert [v.forbidden for v in verdicts(BEES, jobs, people=True)] == ["", "brands"]
    assert [v.forbidden for v in verdicts(STARS, jobs, people=True)] == ["people", "brands"]


def test_a_prompt_of_more_than_75_tokens_is_over_budget() -> None:
    short, long = (job("bees", " ".join(["bees"] * n), theme="Bees") for n in (75, 76))
    assert [v.over_budget for v in verdicts(BEES, [short, long])] == [False, True]


EFFORT = table.Effort(4.0, 6, 1)


def row(name: str = table.ALL, **changes: object) -> table.Row:
    found = verdicts(BEES, [job("honey", theme="Bees"), job("bees", theme="Bees")])
    vectors = encode(["honey", "bees"])
    made = table.Row.of(name, 2, found, vectors, [ROOMS], EFFORT)
    changes = {"kind": Share(1, 1), **changes}  # no seeds of other themes judge it here
    return replace(made, **changes)


def test_a_row_and_its_cells() -> None:
    head, _, line = table.lines([row("Bees", kind=Share(0, 0))])
    cells = dict(zip(head.split(" | "), line.split(" | "), strict=True))
    assert cells["on theme (≥ 95 %)"] == "100 %"
    assert cells["right kind (≥ 95 %)"] == "**-**"
    assert cells["highest cosine"] == "0.010"
    assert cells["axis balance"] == "-"
    assert cells["dry calls"] == "1 of 6"
    assert cells["prompts/s |"] == "0.5 |"
    assert table.missed([row("Bees"), row()]) == []


def test_shares_are_rounded_down_and_a_miss_is_bold() -> None:
    (*_, line) = table.lines([row(on_theme=Share(18_999, 20_000))])
    assert "**94.9 %**" in line


def test_all_together_must_be_on_theme_and_each_theme_distinct() -> None:
    poor = row("Bees", on_theme=Share(1, 2), distinct=Share(1, 2))
    assert table.missed([poor, row()]) == [
        "Bees: distinct subjects 50 %, goal ≥ 80 % of 100 a theme"
    ]
    many = replace(poor, prompts=101, asked=101)
    assert table.missed([many, row()]) == []
    missed = table.missed(
        [row(kind=Share(9, 10), on_theme=Share(9, 10), duplicates=1, words=3, forbidden=2)]
    )
    assert [line.split(", goal")[0] for line in missed] == [
        "all: on theme 90 %",
        "all: right kind 90 %",
        "all: duplicates 1",
        "all: forbidden 3",
        "all: forbidden by the planner's list 2",
    ]


def test_the_sheet_has_a_few_prompts_and_all_that_were_judged_wrong() -> None:
    jobs = [job(f"honey {n}", theme="Bees") for n in range(9)]
    jobs.append(job("stars", "stars acme", theme="Bees"))
    lines = sheet.lines("Bees", verdicts(BEES, jobs), 1)
    assert lines == sheet.lines("Bees", verdicts(BEES, jobs), 1)
    at = lines.index("### Judged wrong: 1")
    assert len([line for line in lines[:at] if line.startswith("- ")]) == sheet.FEW
    assert lines[at + 2].endswith("**nearest theme: Stars; forbidden: brands**")


def test_the_clock_tells_themes_apart_and_passes_events_on() -> None:
    seen: list[Event] = []
    clock = Clock(seen.append)
    told = ThemePlanned("Bees", 1, 1, {}, [], calls=6, dry=2)
    events = [Planning("Bees", 0, 1), Planning("Bees", 1, 1), told, Planning("Stars", 0, 0)]
    for event in events:
        clock(event)
    found = clock.planned([BEES], [job("honey", theme="Bees"), job("comet", theme="Stars")])
    assert found == [
        Planned(BEES, (job("honey", theme="Bees"),), found[0].effort),
    ]
    assert found[0].effort.seconds >= 0
    assert (found[0].effort.calls, found[0].effort.dry) == (6, 2)
    assert seen == events


def test_a_theme_that_runs_out_of_subjects_is_a_row_and_a_missed_goal() -> None:
    clock = Clock(lambda event: None)
    calls: list[list[str]] = []

    def jobs_of(left: Sequence[Theme]) -> list[Job]:
        calls.append([theme.title for theme in left])
        for theme in left:
            clock(Planning(theme.title, 0, 2))
            if theme is STARS:
                raise PlanFailed("1 prompts of 2 asked", where="theme 'Stars'")
            clock(ThemePlanned(theme.title, 1, 1, {}, [], calls=len(calls), dry=0))
        return [job("honey", theme=theme.title) for theme in left]

    jobs = without_failures([BEES, STARS], jobs_of, clock)
    assert calls == [["Bees", "Stars"], ["Bees"]]
    bees, stars = clock.planned([BEES, STARS], jobs)
    assert (len(bees.jobs), bees.effort.calls, bees.failure) == (1, 1, "")  # as at first
    assert (stars.jobs, stars.effort.calls) == ((), 0)
    assert "1 prompts of 2" in stars.failure
    empty = table.Row.of("Stars", 2, verdicts(STARS, []), encode([]), [ROOMS], EFFORT)
    assert "| **0 of 2** |" in table.lines([empty])[-1]
    assert table.missed([empty]) == ["Stars: prompts 0 of 2, goal as many as asked"]
    assert len(sheet.lines("Stars", [], 1)) == 3
    assert without_failures([STARS], jobs_of, clock) == []


class Encoder:
    def vectors(self, texts: Sequence[str]) -> Rows:
        """As `SentenceEncoder`: those of no texts have no width."""
        return encode(texts) if texts else np.zeros((0, 1), np.float32)


def test_the_text_has_a_row_for_a_theme_without_prompts() -> None:
    honey = (job("honey", theme="Bees"), job("bees", theme="Bees"))
    failed = Planned(STARS, (), EFFORT, "theme 'Stars': 1 prompts of 2 asked")
    plan = Plan((ROOMS,), "small", (Planned(BEES, honey, EFFORT), failed))
    judge = judge_of()
    found, vectors = command._judged(judge, plan, Encoder())  # type: ignore[arg-type]
    made = command._rows(plan, 2, found, vectors)
    assert [(row.name, row.prompts, row.asked) for row in made] == [
        ("Bees", 2, 2),
        ("Stars", 0, 2),
        ("all", 2, 4),
    ]
    missed = table.missed(made)
    assert "Stars: prompts 0 of 2, goal as many as asked" in missed
    judged = [verdict for of_theme in found for verdict in of_theme]
    text = command._text(plan, 2, made, missed, judge, judged)
    on_theme = sum(verdict.on_theme for verdict in judged)
    assert f"Of the model's own, on theme {50.0 * on_theme} %" in text
    assert "- Not planned: theme 'Stars': 1 prompts of 2 asked" in text
    nothing = Plan((ROOMS,), "small", (failed,))
    made = command._rows(nothing, 2, *command._judged(judge, nothing, Encoder()))  # type: ignore[arg-type]
    assert made[-1].prompts == 0
