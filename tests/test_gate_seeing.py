"""Whole runs with what a CLIP-vision model sees, on a server that is made for the test."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from driver.events import Notice, PictureRejected
from driver.gate.quality import Quality
from driver.gate.verdicts import Verdicts
from driver.gate.worker import Task
from driver.ledger import Ledger
from stockwright.core.quality import Action
from tests.gatebench import QUALITY, Make, maker
from tests.madeserver import VISION


class Killed(BaseException):
    """Stands for kill -9."""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    return maker(tmp_path, monkeypatch)


SEEING = Quality(
    QUALITY.settings
    | {"duplicate": {"check": "reject", "within": 0, "similar": 0.97, "vision": "auto"}}
)


def vector_of(job: dict[str, Any]) -> list[float]:
    """Of its own for each picture, but for four of the interiors."""
    number = int(job["subject"].split()[1])
    alike = job["kind"] == "interiors" and number in (0, 1, 2, 8)
    chance = random.Random("alike" if alike else job["subject"])
    return [chance.gauss(0, 1) for _ in range(64)]


def hash_of(task: Task) -> dict[str, Any]:
    """Far from any other."""
    return {"phash": hashlib.sha256(Path(task.path).name.encode()).hexdigest()[:16]}


def test_what_a_model_sees_rejects_within_the_run_and_in_later_ones(bench: Make):
    one = bench(hash_of)
    one.server.sees, one.asked = vector_of, replace(one.asked, quality=SEEING)
    one.near = (Action.REJECT, 0)
    outcome = one.run()
    subjects = {row["subject"] for row in one.manifest()}
    assert outcome.done == 10
    assert "interiors 0" in subjects
    assert subjects.isdisjoint({"interiors 1", "interiors 2"})
    reasons = [e.reasons for e in one.events if isinstance(e, PictureRejected)]
    assert reasons[:2] == [["duplicate"]] * 2
    assert any(VISION in event.text for event in one.events if isinstance(event, Notice))
    ledger = Ledger(one.folder / "run.sqlite")
    counted = Verdicts(ledger).described()
    assert counted == {VISION: outcome.done + outcome.rejected}
    assert [model["file"] for model in ledger.settled("models")][-1] == VISION
    later = bench(hash_of, "later")
    later.server.sees, later.asked = vector_of, replace(later.asked, quality=SEEING)
    later.near = (Action.WARN, 0)
    later.run()
    judged = {
        one.entry.job.subject: one.verdict
        for one in Verdicts(Ledger(later.folder / "run.sqlite")).judged()
    }
    first = next(row["id"] for row in one.manifest() if row["subject"] == "interiors 0")
    alike = judged["interiors 8"]
    assert (alike.near, alike.warnings) == (f"run/{first}", ("duplicate",))
    assert alike.scores["similar"] == pytest.approx(1, abs=1e-3)
    assert "duplicate" not in alike.scores, "the hashes are far apart"


def test_what_was_seen_outlives_a_driver_that_is_killed_before_the_verdict(bench: Make):
    def judge(task: Task) -> dict[str, Any]:
        raise Killed

    one = bench(judge)
    one.server.sees, one.asked = vector_of, replace(one.asked, quality=SEEING)
    one.near = (Action.REJECT, 0)
    with pytest.raises(Killed):
        one.run()
    ledger = Ledger(one.folder / "run.sqlite")
    waiting = [entry.job for entry in Verdicts(ledger).waiting()]
    assert waiting
    assert all(Verdicts(ledger).embedding(job) for job in waiting)
    ledger.close()
    one.judge = hash_of
    assert one.run().done == 10
