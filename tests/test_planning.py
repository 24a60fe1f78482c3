"""Planning with a scripted model: exact counts, no subject twice, same seed same jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from stockwright.core.asking import Ask, grammar
from stockwright.core.errors import SubjectsExhausted, WordingInvalid
from stockwright.core.jobs import MAX_SEED, Job, check_jobs
from stockwright.core.kinds import MAX_WORDS, Kind, load_kinds, parse_kinds, quotas, shares_of
from stockwright.core.planning import plan
from stockwright.core.subjects import Sieve, subject_keys
from stockwright.core.themes import Theme, load_themes, new_theme
from stockwright.core.wording import load_wording

PROMPTS = Path(__file__).parent.parent / "prompts"
KINDS = load_kinds([PROMPTS])
THEMES = load_themes([PROMPTS])
WORDING = load_wording([PROMPTS])
ANY = (
    Kind(name="any", share=3, ask="things", prompt="{subject}, {light}", light=("day", "dusk")),
    Kind(name="more", share=1, ask="other things", prompt="{subject}"),
)
_SYLLABLES = ["ba", "do", "fe", "gi", "ko", "lu", "ma", "ne", "pi", "ro", "tu", "va"]
MANY = ["".join(word) for word in product(_SYLLABLES, repeat=3)]


class Script:
    """A model that goes on through its lines; an answer is as long as the grammar has lines."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        self.asks: list[Ask] = []
        self.at = 0

    def __call__(self, ask: Ask) -> list[str]:
        self.asks.append(ask)
        size = ask.grammar.count("rest") - 1
        answer = [self.lines[(self.at + i) % len(self.lines)] for i in range(size)]
        self.at += size
        return answer


def planned(namer: Script, count: int, seed: int = 1, exclude: Iterable[str] = ()) -> list[Job]:
    jobs = plan(new_theme("Tea"), ANY, count, seed, namer, wording=WORDING, exclude=exclude)
    return list(jobs)


def test_counts_are_exact_and_kind_by_kind() -> None:
    for count in (1, 2, 3, 7, 10, 41):
        jobs = planned(Script(MANY), count)
        wanted = quotas(count, shares_of(ANY))
        assert [job.kind for job in jobs] == ["any"] * wanted["any"] + ["more"] * wanted["more"]
        check_jobs(tuple(jobs))
        assert all(job.width is None and job.theme == "Tea" for job in jobs)
        assert all(0 <= job.seed <= MAX_SEED for job in jobs)
        assert len({job.seed for job in jobs}) == count


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
def test_all_themes_and_kinds_together(theme: Theme) -> None:
    # Lines that suit every kind in turn.
    lines = [f"{word} {tail}".strip() for word in MANY for tail in ("room", "tower", "")]
    jobs = plan(theme, KINDS, 50, 5, Script(lines), wording=WORDING)
    assert [job.kind for job in jobs] == ["interiors"] * 30 + ["exteriors"] * 10 + ["items"] * 10
    assert all(len(job.prompt.split()) <= MAX_WORDS for job in jobs)
    assert len({job.subject for job in jobs}) == 50


def test_the_same_seed_gives_the_same_jobs_and_another_seed_others() -> None:
    first = planned(Script(MANY), 12)
    assert planned(Script(MANY), 12) == first
    other = planned(Script(MANY), 12, seed=2)
    assert {job.seed for job in other}.isdisjoint(job.seed for job in first)


def test_no_subject_comes_twice() -> None:
    same = ["book store", "The Bookstore.", "- bookstores", "store book", "a book store"]
    jobs = planned(Script([*same, *MANY[:3]]), 4)
    assert [job.subject for job in jobs] == ["book store", *MANY[:3]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("work bench", "The Workbenches"),
        ("work bench", "bench for work"),
        ("school in a village", "village school"),
        ("t-shirt", "T shirts"),
    ],
)
def test_subjects_that_are_the_same(one: str, other: str) -> None:
    assert subject_keys(one) & subject_keys(other)


@pytest.mark.parametrize(
    ("one", "other"), [("desk lamp", "desk palm"), ("tea", "eat"), ("desk", "desk lamp")]
)
def test_subjects_that_are_not_the_same(one: str, other: str) -> None:
    assert not subject_keys(one) & subject_keys(other)
    jobs = planned(Script([one, other]), 2)
    assert [job.subject for job in jobs] == [one, other]


def test_excluded_subjects_do_not_come() -> None:
    jobs = planned(Script(MANY[:6]), 4, exclude=[f"the {MANY[0]}s", "", MANY[1].upper()])
    assert {job.subject for job in jobs} == set(MANY[2:6])


def test_a_subject_keeps_its_prompt_and_seed_when_others_are_excluded() -> None:
    before = {job.subject: job for job in planned(Script(MANY), 8)}
    after = {job.subject: job for job in planned(Script(MANY), 8, exclude=MANY[:2])}
    shared = [s for s in before if s in after and before[s].kind == after[s].kind]
    assert shared and all(before[s] == after[s] for s in shared)


def test_a_dry_model_is_asked_hotter_and_from_other_angles_and_then_given_up() -> None:
    script = Script(MANY[:4])
    with pytest.raises(SubjectsExhausted) as caught:
        planned(script, 8)
    assert "4 distinct subjects of 6" in caught.value.what
    assert "Tea" in caught.value.where and "any" in caught.value.where
    dry = script.asks[-WORDING.patience :]
    assert dry[-1].temperature > dry[0].temperature
    assert max(ask.temperature for ask in dry) <= WORDING.temperature_max
    assert len({ask.question for ask in dry}) == 1 + min(WORDING.patience - 1, len(WORDING.angles))
    assert len({ask.seed for ask in script.asks}) == len(script.asks)


def test_a_model_that_says_nothing_is_given_up() -> None:
    with pytest.raises(SubjectsExhausted, match="0 distinct subjects of 1"):
        plan(new_theme("Tea"), ANY, 1, 1, lambda ask: [], wording=WORDING)


def test_calls_are_small_and_tell_what_was_named() -> None:
    script = Script(MANY)
    planned(script, 60)
    assert all(ask.grammar.count("rest") - 1 <= WORDING.lines for ask in script.asks)
    named = set(MANY)
    for ask in script.asks[1:4]:
        shown = ask.opening.removeprefix("- ").rstrip("\n").split("\n- ")
        assert len(shown) == WORDING.shown and set(shown) <= named


def test_progress_is_told_between_calls_and_may_interrupt() -> None:
    seen: list[tuple[int, int]] = []
    script = Script(MANY)
    plan(
        new_theme("Tea"), ANY, 30, 1, script, wording=WORDING,
        on_progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen[0] == (0, 30) and seen[-1] == (30, 30)
    assert len(seen) == len(script.asks) + 1 and seen == sorted(seen)

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    script = Script(MANY)
    with pytest.raises(KeyboardInterrupt):
        plan(new_theme("Tea"), ANY, 30, 1, script, wording=WORDING, on_progress=stop)
    assert len(script.asks) == 1


def test_a_new_kind_is_one_entry() -> None:
    kinds = parse_kinds("dishes: {share: 1, ask: dishes, prompt: 'a plate of {subject}'}", KINDS)
    (job,) = plan(new_theme("Tea"), kinds, 1, 1, Script(["apple pie"]), wording=WORDING)
    assert (job.kind, job.prompt) == ("dishes", "a plate of apple pie")


def test_worked_examples_are_neither_taken_nor_shown_for_their_own_theme() -> None:
    kind = replace(ANY[0], examples=(("Music", ("old violin", "brass horn")),))
    jobs = plan(new_theme("Tea"), [kind], 1, 1, Script(["old violin", "cup"]), wording=WORDING)
    assert jobs[0].subject == "cup"
    script = Script(["old violin"])
    jobs = plan(new_theme("music"), [kind], 1, 1, script, wording=WORDING)
    assert jobs[0].subject == "old violin" and not script.asks[0].turns


def test_a_title_in_another_script_stays_out_of_the_prompt() -> None:
    kind = replace(ANY[0], prompt="{subject}, {theme}")
    for title, prompt in (("Чай", "cup"), ("Green Tea", "cup, green tea")):
        (job,) = plan(new_theme(title), [kind], 1, 1, Script(["cup"]), wording=WORDING)
        assert (job.theme, job.prompt) == (title, prompt)


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("- The  Red Door.", "red door"),
        ("3. red door", "red door"),
        ("door with", None),
        ("door door", None),
        ("doors of the door", None),
        ("a man at a door", None),
        ("casino door", None),
        ("dark cellar door", None),
        ("one two three four five six door", None),
        ("red window", None),
        ("", None),
        ("-", None),
    ],
)
def test_lines_are_tidied_and_sieved(line: str, subject: str | None) -> None:
    kind = replace(ANY[0], endings=("doors",), without=("cellar",))
    sieve = Sieve(kind, unwanted=["man"], loose=["with"], avoid=["casinos", "blue moon"])
    assert sieve.subject(line) == subject


def test_the_grammar_has_one_line_for_each_start() -> None:
    assert grammar(["ab", "c"]).splitlines()[0] == 'root ::= "- " [ab] rest "- " [c] rest'


def test_two_letters_are_enough_to_start_with(tmp_path: Path) -> None:
    text = (PROMPTS / "llm.yaml").read_text().replace("starts: abcdefghlmoprstvw", "starts: ab")
    (tmp_path / "llm.yaml").write_text(text)
    script = Script(MANY)
    plan(new_theme("Tea"), ANY, 3, 1, script, wording=load_wording([tmp_path]))
    assert all("[]" not in ask.grammar for ask in script.asks)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lines: 10", "lines: 0", "not above 0"),
        ("lines: 10", "lines: 2.5", "not a whole number"),
        ("patience:", "patince:", "Did you mean 'patience'"),
        ("{theme}", "{them}", "Did you mean 'theme'"),
        ("{theme}", "{theme} }", "braces"),
        ("starts: ", "starts: é", "from a to z"),
        ("starts: abcdefghlmoprstvw", "starts: a", "'a' is not two or more letters"),
    ],
)
def test_faults_in_the_wording(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (PROMPTS / "llm.yaml").read_text()
    assert old in text
    path = tmp_path / "llm.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(WordingInvalid, match=message) as caught:
        load_wording([tmp_path])
    assert str(path) in caught.value.where


def test_no_wording_at_all(tmp_path: Path) -> None:
    with pytest.raises(WordingInvalid, match=r"no llm\.yaml"):
        load_wording([tmp_path])
