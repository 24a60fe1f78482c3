"""Subjects and prompts of earlier runs in a folder, and what a plan is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from driver.earlier import earlier_jobs
from driver.graphs import ApiGraph
from driver.ledger import Ledger
from driver.order import Order
from driver.planner import ThemePlanner
from driver.server import Server
from stockwright.core.jobs import Job
from stockwright.core.kinds import Kind
from stockwright.core.themes import new_theme

KIND = Kind("any", 1, "things", "{subject}")


def make_run(folder: Path, *subjects: str, theme: str = "Tea") -> Ledger:
    folder.mkdir(parents=True)
    ledger = Ledger(folder / "run.sqlite")
    ledger.add([
        Job.create(
            theme=theme, kind="any", subject=subject, prompt=f"{subject}, dusk", negative="", seed=n
        ).sized(64, 64)
        for n, subject in enumerate(subjects)
    ])  # fmt: skip
    return ledger


def test_jobs_of_all_themes_in_the_runs_beside_one(tmp_path: Path) -> None:
    make_run(tmp_path / "b", "pot")
    make_run(tmp_path / "a", "cup", "plate")
    make_run(tmp_path / "c", "bean", theme="Coffee")
    make_run(tmp_path / "run", "kettle")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.sqlite").write_text("not a ledger")
    assert earlier_jobs(tmp_path / "run") == [
        ("cup", "cup, dusk"),
        ("plate", "plate, dusk"),
        ("pot", "pot, dusk"),
        ("bean", "bean, dusk"),
    ]
    assert earlier_jobs(tmp_path / "elsewhere" / "run") == []


class FakeServer:
    def __init__(self) -> None:
        self.graphs: list[ApiGraph] = []

    def queue_graph(self, graph: ApiGraph, *others: Any, **named: Any) -> None:
        self.graphs.append(graph)


def test_their_subjects_must_not_come_again(tmp_path: Path) -> None:
    make_run(tmp_path / "a", "cup", "plate", "cup")
    ledger = make_run(tmp_path / "run", "bean", "plate", theme="Coffee")
    tea = new_theme("Tea")
    order = Order.checked(
        themes=(tea,), kinds=(KIND,), count=1, seed=1, workflow="0" * 64, plan="0" * 64
    )
    graph: ApiGraph = {"1": {"class_type": "StockwrightWritePrompts", "inputs": {}}}
    server = FakeServer()
    planner = ThemePlanner(order, graph, (64, 64), tmp_path / "run")
    planner.queue(tea, 1, ledger, cast(Server, server), "client")
    inputs = server.graphs[0]["1"]["inputs"]
    assert inputs["exclude"].splitlines() == ["bean", "plate", "cup"]
    assert inputs["earlier"].splitlines() == ["bean, dusk", "plate, dusk", "cup, dusk"]
