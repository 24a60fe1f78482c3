"""Whole runs through the quality gate for tests, with a server and checks that are made.

@pytest.fixture
def bench(tmp_path, monkeypatch):
    return maker(tmp_path, monkeypatch)

one = bench(judge)      # what the gate says of a picture
one.run()
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driver import runner, session
from driver.events import Event
from driver.gate.examining import QualityGate
from driver.gate.near import Near, earlier_looks
from driver.gate.quality import Quality
from driver.gate.worker import Answer, Task, Vectors
from driver.ledger import JobState, Ledger
from driver.order import Order, digest, read_kinds, read_themes
from driver.places import WORKFLOWS
from driver.session import Asked, Outcome, carry_out
from stockwright.core.quality import CHECKS, Action, Setting
from tests.madeserver import MadeConnection, MadeServer, listener_of

PLAN = json.loads((WORKFLOWS / "plan.json").read_text())
STOCK = json.loads((WORKFLOWS / "stock.json").read_text())
QUALITY = Quality({name: {"check": "off"} for name in CHECKS})

Judge = Callable[[Task], dict[str, Any]]


class Here:
    """In place of `Workers`: examines in this process, and answers the last picture first."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self._tasks = judge, list[Task]()
        self.missing = {"nsfw": "there is no nsfw.onnx: pull it"}

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        self._tasks = []

    def give(self, task: Task) -> None:
        self._tasks.append(task)

    def answers(self, *, waiting: bool) -> list[Answer]:
        if not self._tasks:
            return []
        task = self._tasks.pop()
        told = {"scores": {"blur": 3.5}, "reasons": [], "warnings": [], "phash": "", "not_done": {}}
        return [Answer(task.number, told | self._judge(task), 0.25)]


class Bench:
    """Runs one order in one folder, as often as a test likes."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, judge: Judge) -> None:
        self.folder, self.judge = folder, judge
        self.server = MadeServer()
        self.events: list[Event] = []
        self.near: tuple[Action, int] = (Action.REJECT, 4)
        monkeypatch.setattr(session, "connect", lambda *_: MadeConnection(self.server))
        monkeypatch.setattr(session, "quality_gate", self._gate)
        monkeypatch.setattr(runner, "Listener", listener_of(self.server))
        order = Order.checked(
            themes=read_themes(["Education"]), kinds=read_kinds(None), count=10, seed=1,
            workflow=digest(STOCK), plan=digest(PLAN), checkpoint="sketch", quality=QUALITY.digest,
        )  # fmt: skip
        self.asked = Asked(
            order=order, workflow=STOCK, plan=PLAN, workflow_file=Path("stock.json"),
            folder=folder, batch=2, server=None, comfyui=None, headers={}, quality=QUALITY,
        )  # fmt: skip

    def _gate(
        self,
        quality: Quality,
        order: Order,
        folder: Path,
        comfyui: Any,
        ledger: Ledger,
        report: Any,
        *,
        person: Vectors,
    ) -> QualityGate:
        action, within = self.near
        near = Near(
            Setting(action, {"within": within, "similar": 0.97}, {"similar_check": action.value})
        )
        near.remember(earlier_looks(folder))
        here: Any = Here(self.judge)
        return QualityGate(
            ledger, folder, report, workers=here, near=near, people=order.wants_people
        )

    def run(self) -> Outcome:
        return carry_out(self.asked, self.events.append)

    def states(self) -> dict[str, JobState]:
        ledger = Ledger(self.folder / "run.sqlite")
        try:
            return {entry.job.id: entry.state for entry in ledger.entries()}
        finally:
            ledger.close()

    def manifest(self) -> list[dict[str, str]]:
        with (self.folder / "manifest.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def pictures(self, place: str) -> set[str]:
        return {
            str(path.relative_to(self.folder))
            for path in (self.folder / place).rglob("*.png")
            if path.is_file()
        }


Make = Callable[..., Bench]


def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes benches, each with a run of its own beside the others."""

    def make(judge: Judge, name: str = "run") -> Bench:
        return Bench(tmp_path / "runs" / name, monkeypatch, judge)

    return make
