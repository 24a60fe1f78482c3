"""Whole runs through the quality gate, with a server and checks that are made for the test: quotas,
replacements, the cap, the order of verdicts, and what a killed driver leaves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from driver import runner, session
from driver.errors import PlanFailed, ServerFailing
from driver.events import Notice, PictureDone, PictureRejected
from driver.flags import parser
from driver.gate.verdicts import Verdicts
from driver.gate.worker import Task
from driver.ledger import JobState, Ledger
from driver.order import read_kinds
from driver.server import Finished
from driver.store import Store
from stockwright.core.quality import Action
from tests.gatebench import Bench, Judge, Make, maker

SHARES = {"interiors": 6, "exteriors": 2, "items": 2}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    return maker(tmp_path, monkeypatch)


def reject(*subjects: str, reason: str = "blur") -> Judge:
    """Rejects pictures by what stands in their names."""

    def judge(task: Task) -> dict[str, Any]:
        name = Path(task.path).name
        hit = any(name.startswith(subject.replace(" ", "-") + "-") for subject in subjects)
        return {"reasons": [reason], "scores": {"blur": 9.5}} if hit else {}

    return judge


def test_what_passes_is_delivered_and_nothing_else_happens(bench: Make):
    one = bench(lambda _: {"warnings": ["noise"]})
    outcome = one.run()
    assert (outcome.done, outcome.rejected, dict(outcome.lacking)) == (10, 0, {})
    assert Counter(row["kind"] for row in one.manifest()) == SHARES
    assert not (one.folder / "rejected").exists()
    assert len(one.server.plans) == 1
    assert sum(isinstance(event, PictureDone) for event in one.events) == 10
    said = [event.text for event in one.events if isinstance(event, Notice)]
    assert said.count("The check nsfw is not made: there is no nsfw.onnx: pull it") == 1
    (last,) = [e for e in one.events if type(e).__name__ == "RunEnded"]
    assert (last.done, last.open, last.rejected) == (10, 0, 0)  # type: ignore[union-attr]


def test_rejects_are_replaced_by_other_subjects_of_their_kind(bench: Make):
    one = bench(reject("interiors 0", "interiors 3", "items 1", "interiors 6"))
    outcome = one.run()
    assert (outcome.done, outcome.rejected) == (10, 4)
    assert Counter(row["kind"] for row in one.manifest()) == SHARES
    first, second, third = one.server.plans
    assert (second["count"], third["count"]) == (3, 1), "interiors 6 was itself a replacement"
    assert set(first) == set(second)
    assert "interiors 0" in second["exclude"].splitlines()
    assert len({plan["seed"] for plan in one.server.plans}) == 3
    subjects = {row["subject"] for row in one.manifest()}
    assert {"interiors 7", "interiors 8", "items 2"} <= subjects
    assert subjects.isdisjoint({"interiors 0", "interiors 3", "items 1", "interiors 6"})


def test_rejected_pictures_are_kept_with_their_scores(bench: Make):
    one = bench(reject("items 1"))
    one.run()
    (path,) = (one.folder / "rejected").rglob("*.png")
    assert path.parent == one.folder / "rejected" / "trainings-and-education" / "items"
    told = json.loads(path.with_suffix(".json").read_text())
    assert told["reasons"] == ["blur"]
    assert told["scores"] == {"blur": 9.5}
    assert (told["subject"], told["file"]) == ("items 1", str(path.relative_to(one.folder)))
    assert one.pictures("images") == {row["file"] for row in one.manifest()}
    (event,) = [event for event in one.events if isinstance(event, PictureRejected)]
    assert (event.path, event.reasons) == (str(path), ["blur"])
    before = one.states()
    again = one.run()
    assert (again.done, again.rejected) == (10, 1)
    assert one.states() == before, "a finished run stays as it is"


def test_the_same_run_gives_the_same_jobs_again(bench: Make):
    judge = reject("interiors 0", "items 1", "exteriors 1", "interiors 7")
    one = bench(judge, "a")
    one.run()
    other = bench(judge, "elsewhere/a")
    other.run()
    assert list(one.states().items()) == list(other.states().items())


def test_extra_tries_have_an_end_which_is_told_and_can_be_moved(bench: Make):
    one = bench(reject(*(f"items {n}" for n in range(9))))
    one.asked = replace(one.asked, extra_tries=3)
    outcome = one.run()
    assert (outcome.done, outcome.rejected) == (8, 5)
    assert dict(outcome.lacking) == {("Trainings and Education", "items"): 2}
    moved = next((one.folder / "rejected").rglob("*.png"))
    moved.rename(one.folder / "images" / moved.relative_to(one.folder / "rejected"))
    asked_before = one.server.asked
    assert one.run().lacking == outcome.lacking
    assert one.server.asked == asked_before, "no server is started in vain"
    assert moved.is_file(), "what a killed driver left is done even so"
    one.asked = replace(one.asked, extra_tries=12)
    outcome = one.run()
    assert (outcome.done, outcome.rejected, dict(outcome.lacking)) == (10, 9, {})
    assert Counter(row["kind"] for row in one.manifest()) == SHARES


@pytest.mark.parametrize(("count", "tries"), [(4, 10), (12, 12)])
def test_as_many_extra_tries_as_pictures_and_at_least_ten(bench: Make, count: int, tries: int):
    one = bench(lambda _: {"reasons": ["blur"]})
    one.asked = replace(one.asked, order=one.asked.order.model_copy(update={"count": count}))
    outcome = one.run()
    assert (outcome.done, outcome.rejected) == (0, count + tries)
    assert "as many as asked, at least 10" in " ".join(parser().format_help().split())


def test_where_the_model_knows_no_more_the_same_prompts_get_other_seeds(bench: Make):
    rejected: set[str] = set()

    def judge(task: Task) -> dict[str, Any]:
        name = Path(task.path).stem
        if name.startswith("items-1-") and len(rejected | {name}) <= 2:
            rejected.add(name)
            return {"reasons": ["blur"]}
        return {}

    one = bench(judge)
    one.server.knows_subjects = 6
    one.asked = replace(
        one.asked,
        order=one.asked.order.model_copy(update={"kinds": read_kinds("items=6"), "count": 6}),
    )
    outcome = one.run()
    assert (outcome.done, outcome.rejected) == (6, 2)
    (row,) = [row for row in one.manifest() if row["subject"] == "items 1"]
    assert row["origin"].startswith("another seed of ")
    assert any("get other seeds" in event.text for event in one.events if isinstance(event, Notice))


def test_the_first_of_two_that_look_alike_stays_whoever_is_examined_first(bench: Make):
    def judge(task: Task) -> dict[str, Any]:
        number = int(Path(task.path).name.split("-")[1])
        kind = Path(task.path).parent.name
        same = kind == "interiors" and number in (0, 1, 2, 8)
        spread = {"interiors": 1, "exteriors": 2, "items": 3}[kind] * 100 + number
        return {"phash": f"{0 if same else spread * 0x9E3779B97F4A7C15 % 2**64:016x}"}

    one = bench(judge)
    outcome = one.run()
    assert (outcome.done, outcome.rejected) == (10, 2)
    subjects = {row["subject"] for row in one.manifest()}
    assert "interiors 0" in subjects
    assert subjects.isdisjoint({"interiors 1", "interiors 2"})
    reasons = [e.reasons for e in one.events if isinstance(e, PictureRejected)]
    assert reasons == [["duplicate"]] * 2
    told = [json.loads(path.read_text()) for path in (one.folder / "rejected").rglob("*.json")]
    first = next(row["id"] for row in one.manifest() if row["subject"] == "interiors 0")
    assert {one["near"] for one in told} == {first}
    later = bench(judge, "later")
    later.near = (Action.WARN, 4)
    assert later.run().rejected == 0
    ledger = Ledger(later.folder / "run.sqlite")
    judged = {one.entry.job.subject: one.verdict for one in Verdicts(ledger).judged()}
    assert judged["interiors 8"].near == f"run/{first}", "in an earlier run of the folder"
    assert judged["interiors 8"].warnings == ("duplicate",)
    assert judged["interiors 8"].scores["duplicate"] == 0


def test_a_plan_that_fails_for_another_reason_ends_the_run(
    bench: Make, monkeypatch: pytest.MonkeyPatch
):
    one = bench(reject("items 1"))
    queue = one.server.queue_graph

    def breaks(graph: Any, graph_id: str, *rest: Any, **named: Any) -> None:
        queue(graph, graph_id, *rest, **named)
        if len(one.server.plans) == 2:
            one.server.graphs[graph_id] = Finished(False, False, "", "", {}, 0.01)

    monkeypatch.setattr(one.server, "queue_graph", breaks)
    with pytest.raises(PlanFailed, match="Trainings and Education"):
        one.run()
    assert Counter(one.states().values()) == {JobState.DONE: 9, JobState.REJECTED: 1}


def test_a_plan_that_gives_the_same_job_again_is_told(bench: Make, monkeypatch: pytest.MonkeyPatch):
    one = bench(reject("items 0"))
    plan, asked = one.server._plan, one.server.plans  # pyright: ignore[reportPrivateUsage]

    def forgets(said: dict[str, Any]) -> Any:
        first = asked[0] if asked else said
        return plan({**said, "exclude": "", "seed": first["seed"]})

    monkeypatch.setattr(one.server, "_plan", forgets)
    with pytest.raises(PlanFailed, match="a job is there already") as caught:
        one.run()
    assert "unchanged" in caught.value.hint


def test_a_file_that_is_refused_is_kept_and_its_job_tried_again(
    bench: Make, monkeypatch: pytest.MonkeyPatch
):
    one = bench(lambda _: {})
    view, given = one.server.view, list[bytes]()

    def cut(*place: str) -> bytes | None:
        given.append(view(*place) or b"")
        return given[-1][:-9] if len(given) == 3 else given[-1]

    monkeypatch.setattr(one.server, "view", cut)
    outcome = one.run()
    assert (outcome.done, outcome.rejected, outcome.failed) == (10, 0, 0)
    (kept,) = one.pictures("rejected")
    assert (one.folder / kept).read_bytes() == given[2][:-9]
    told = json.loads((one.folder / kept).with_suffix(".json").read_text())
    assert "its hash differs" in told["refused"]


def test_a_server_that_stops_giving_pictures_half_way_stops_the_run(
    bench: Make, monkeypatch: pytest.MonkeyPatch
):
    one = bench(lambda _: {})
    view, asked = one.server.view, list[str]()

    def full(name: str, *rest: str) -> bytes | None:
        asked.append(name)
        return view(name, *rest) if len(asked) <= 4 else None

    monkeypatch.setattr(one.server, "view", full)
    monkeypatch.setattr(runner, "FRUITLESS", 5)
    with pytest.raises(ServerFailing, match="5 graphs in a row brought no picture") as caught:
        one.run()
    assert "no file" in caught.value.what
    assert one.states()[next(iter(one.states()))] is JobState.DONE


class Killed(BaseException):
    """Stands for kill -9: nothing that is tried afterwards is done, either."""


class Killer:
    """Kills the driver at one of the moments around a change of the ledger or of a file's name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: float = float("inf")
        self.passed = 0
        really, rename, kill = Store.transaction, Path.replace, self._moment

        @contextmanager
        def transaction(store: Store) -> Generator[Any]:
            kill()
            with really(store) as db:
                yield db
            kill()

        def renamed(path: Path, target: Any) -> Path:
            kill()
            found = rename(path, target)
            kill()
            return found

        monkeypatch.setattr(Store, "transaction", transaction)
        monkeypatch.setattr(Path, "replace", renamed)

    def _moment(self) -> None:
        self.passed += 1
        self.left -= 1
        if self.left < 0:
            raise Killed


def test_killed_at_any_moment_a_run_ends_the_same(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = reject("interiors 0", "items 1", "interiors 6", reason="noise")
    monkeypatch.setattr(session, "write_sheets", lambda *_: [])  # they only take time
    monkeypatch.setattr(session, "write_report", lambda *_: None)
    whole = bench(judge, "whole/run")
    killer = Killer(monkeypatch)
    whole.run()
    moments, wanted = killer.passed, files_of(whole)
    for moment in range(5, moments, moments // 8):
        one = bench(judge, f"{moment}/run")
        killer.left = moment
        with pytest.raises(Killed):
            one.run()
        killer.left = float("inf")
        outcome = one.run()
        assert (outcome.done, outcome.rejected) == (10, 3), moment
        assert files_of(one) == wanted, moment


def files_of(one: Bench) -> tuple[Sequence[tuple[str, JobState]], set[str], set[str], set[str]]:
    notes = {str(p.relative_to(one.folder)) for p in (one.folder / "rejected").rglob("*.json")}
    return (
        list(one.states().items()), one.pictures("images"), one.pictures("rejected"), notes,
    )  # fmt: skip
