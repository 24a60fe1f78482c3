"""Carrying out an order: folder, ledger, server, graphs and loop put together.

What a command needs: `Asked` in, `Outcome` out. Nothing here prints.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stockwright.core.errors import StockwrightError
from stockwright.core.jobs import Job

from .batching import BatchSizer
from .connection import Connection, StartedServer, connect
from .events import Notice, Report, RunEnded, RunStarted
from .folder import RunFolder
from .graphs import Difference
from .ledger import JobState, Ledger
from .order import Order
from .planner import Planner
from .prepare import SKETCH, SKETCH_SIZE, Prepared, prepare
from .reports import write_manifests, write_sheets
from .runner import Runner, resume


@dataclass(frozen=True, slots=True)
class Asked:
    order: Order
    workflow: dict[str, Any]
    """The stock graph's JSON, as saved."""
    plan: dict[str, Any]
    """The plan graph's JSON, as saved."""
    workflow_file: Path
    """Where the stock graph was read, for errors."""
    folder: Path
    batch: int | None
    """Jobs in a graph; None finds the fastest."""
    server: str | None
    """Address of a server; None starts or joins one."""
    comfyui: Path | None
    """The ComfyUI folder to start instead of the embedded one."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    done: int
    failed: int
    sheets: list[Path]
    """Pages of the contact sheet."""


def carry_out(asked: Asked, report: Report) -> Outcome:
    """Makes what is open of an order. Manifests are written however it ends, contact sheets when
    it ran to its end: they take long for a large run."""
    folder, began = RunFolder(asked.folder), time.monotonic()
    with folder.held() as is_new:
        folder.settle(asked.order, asked.workflow, asked.plan)
        ledger = Ledger(folder.ledger)
        try:
            resume(ledger, folder.path, report)
            done = ledger.counts()[JobState.DONE]
            report(RunStarted(str(folder.path), asked.order.count, done))
            try:
                if done < asked.order.count:
                    with _runner(asked, ledger, report) as (runner, _):
                        runner.run()
            except StockwrightError:
                # A folder in which nothing came to be would only be in the way.
                if is_new and not any(ledger.counts().values()):
                    folder.discard()
                raise
            finally:
                if folder.order.exists():
                    _close(asked, folder, ledger, time.monotonic() - began, report)
            counts = ledger.counts()
            sheets = write_sheets(ledger, folder.path)
            return Outcome(counts[JobState.DONE], counts[JobState.FAILED], sheets)
        finally:
            ledger.close()


def _close(asked: Asked, folder: RunFolder, ledger: Ledger, seconds: float, report: Report) -> None:
    write_manifests(ledger, folder.path)
    counts = ledger.counts()
    done, failed = counts[JobState.DONE], counts[JobState.FAILED]
    left = asked.order.count - done - failed
    report(RunEnded(str(folder.path), done, failed, left, round(seconds, 3)))


def plan_only(asked: Asked, report: Report) -> tuple[list[Job], tuple[Difference, ...]]:
    """The jobs of an order, planned beside its run folder, which is not touched, and what its
    settings change in the graphs."""
    with tempfile.TemporaryDirectory() as scratch:
        ledger = Ledger(Path(scratch) / "run.sqlite")
        try:
            with _runner(asked, ledger, report) as (runner, prepared):
                runner.plan()
            return [entry.job for entry in ledger.entries()], prepared.changes
        finally:
            ledger.close()


@contextmanager
def _runner(asked: Asked, ledger: Ledger, report: Report) -> Generator[tuple[Runner, Prepared]]:
    connection = connect(asked.server, asked.comfyui, asked.headers, report)
    try:
        prepared = _prepare(asked, connection, ledger, report)
        with ledger.run(connection.server.url):
            runner = Runner(
                run_id=asked.order.id,
                folder=asked.folder,
                ledger=ledger,
                connection=connection,
                planner=Planner(asked.order, prepared.plan, prepared.size, asked.folder),
                driven=prepared.driven,
                sizer=BatchSizer(1 if prepared.driven.one_job else asked.batch),
                report=report,
            )
            yield runner, prepared
    finally:
        connection.close()


def _prepare(asked: Asked, connection: Connection, ledger: Ledger, report: Report) -> Prepared:
    # Settled at the first start: a run never changes its checkpoint half-way.
    settled: bool | None = ledger.settled("sketch")
    ours = isinstance(connection, StartedServer) and asked.comfyui is None
    allowed = settled if settled is not None else None if ours else False
    info = connection.server.object_info()
    prepared = prepare(
        asked.order,
        asked.workflow,
        asked.plan,
        info,
        sketch=allowed,
        workflow_name=str(asked.workflow_file),
    )
    if settled is None and SKETCH in prepared.checkpoints:
        why = f"the graph's checkpoint is not installed, {SKETCH}, {SKETCH_SIZE} px"
        report(
            Notice(
                f"The small checkpoint paints ({why if prepared.sketch else SKETCH})."
                " Its pictures are for trying out, not for a pool."
            )
        )
    for note in prepared.notes:
        report(Notice(note))
    if prepared.driven.one_job and (asked.batch or 1) > 1:
        report(Notice("--batch does not count: this graph makes one picture at a time."))
    ledger.settle("checkpoint", ", ".join(prepared.checkpoints))
    ledger.settle("sketch", prepared.sketch)
    return prepared
