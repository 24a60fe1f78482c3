"""Carrying out an order: folder, ledger, server, graphs and loop put together.

What a command needs: `Asked` in, `Outcome` out. Nothing here prints.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stockwright.core.errors import StockwrightError
from stockwright.core.jobs import Job

from .batching import BatchSizer
from .connection import Connection, StartedServer, connect
from .errors import GraphRefused
from .events import Notice, Report, RunEnded, RunStarted
from .folder import RunFolder
from .gate.describing import Describing, describing
from .gate.examining import Gate, OpenGate
from .gate.opening import quality_gate
from .gate.quality import Quality
from .gate.sizes import KEY, enlargement
from .gate.verdicts import Verdicts
from .graphs import Difference
from .hooks import Hooks
from .images import Loader, image_jobs, uploads_of
from .ledger import JobState, Ledger
from .model_hashes import settle_models
from .order import Order
from .prepare import SKETCH, SKETCH_SIZE, Prepared, prepare, prepare_images
from .replacing import Replacing, extra_tries
from .reporting import write_report
from .reports import write_manifests, write_sheets
from .resuming import resume
from .runner import Runner


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
    quality: Quality | None = None
    """What finished pictures are examined for; None for nothing."""
    extra_tries: int | None = None
    """Jobs that may take the place of rejected ones; None for what `replacing.extra_tries` says."""
    hooks: Hooks = Hooks()  # noqa: RUF009 - it is frozen


@dataclass(frozen=True, slots=True)
class Outcome:
    folder: Path
    """Of the run."""
    done: int
    failed: int
    sheets: list[Path]
    """Pages of the contact sheet."""
    rejected: int = 0
    lacking: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Rejected pictures that no other ones replace any more, by theme and kind."""
    report: Path | None = None
    replaceable: bool = True
    """Whether others can be made in place of rejected ones: not of pictures that were there."""

    @property
    def complete(self) -> bool:
        return not self.failed and not self.lacking


def carry_out(asked: Asked, report: Report) -> Outcome:
    """Makes what is open of an order. Manifests are written however it ends, contact sheets and the
    report when it ran to its end: they take long for a large run."""
    folder, began = RunFolder(asked.folder), time.monotonic()
    with folder.held() as is_new:
        folder.settle(asked.order, asked.workflow, asked.plan, asked.quality)
        ledger = Ledger(folder.ledger)
        try:
            resume(ledger, folder.path, report)
            done = ledger.counts()[JobState.DONE]
            report(RunStarted(str(folder.path), asked.order.count, done))
            try:
                if _is_open(asked, ledger):
                    with (
                        _gate(asked, ledger, report) as gate,
                        _runner(asked, ledger, gate, report) as (runner, _),
                    ):
                        runner.run()
            except StockwrightError as error:
                # A folder in which nothing came to be would only be in the way.
                if is_new and _is_empty(ledger, error):
                    folder.discard()
                raise
            finally:
                if folder.order.exists():
                    _close(asked, folder, ledger, time.monotonic() - began, report)
            return _outcome(asked, folder, ledger)
        finally:
            ledger.close()


def _is_empty(ledger: Ledger, error: StockwrightError) -> bool:
    """Whether a run that ended so is worth nothing. Jobs of a graph that the server refuses are
    not: another graph is another order, and the server keeps what the model answered."""
    counts = ledger.counts()
    if isinstance(error, GraphRefused):
        return not any(counts[state] for state in (JobState.MADE, JobState.DONE, JobState.REJECTED))
    return not any(counts.values())


def _is_open(asked: Asked, ledger: Ledger) -> bool:
    """Whether there is anything to plan, make or examine."""
    verdicts = Verdicts(ledger)
    missing = asked.order.count - ledger.counts()[JobState.DONE]
    final = len(verdicts.unreplaced())
    can_replace = bool(asked.order.themes) and verdicts.extra_tries() < _tries(asked)
    return missing > (0 if can_replace else final)


def _tries(asked: Asked) -> int:
    """So many jobs may take the place of rejected ones."""
    return extra_tries(asked.order.count) if asked.extra_tries is None else asked.extra_tries


def _close(asked: Asked, folder: RunFolder, ledger: Ledger, seconds: float, report: Report) -> None:
    write_manifests(ledger, folder.path)
    counts = ledger.counts()
    done, failed = counts[JobState.DONE], counts[JobState.FAILED]
    left, rejected = asked.order.count - done - failed, counts[JobState.REJECTED]
    report(RunEnded(str(folder.path), done, failed, left, round(seconds, 3), rejected))


def _outcome(asked: Asked, folder: RunFolder, ledger: Ledger) -> Outcome:
    counts = ledger.counts()
    lacking = Counter((job.theme, job.kind) for job in Verdicts(ledger).unreplaced())
    return Outcome(
        folder=asked.folder,
        done=counts[JobState.DONE],
        failed=counts[JobState.FAILED],
        sheets=write_sheets(ledger, folder.path),
        rejected=counts[JobState.REJECTED],
        lacking=lacking,
        report=write_report(ledger, folder.path),
        replaceable=bool(asked.order.themes),
    )


@contextmanager
def _gate(asked: Asked, ledger: Ledger, report: Report) -> Generator[Gate]:
    if asked.quality is None:
        yield OpenGate(ledger, asked.folder, report)
        return
    with quality_gate(
        asked.quality,
        asked.order,
        asked.folder,
        asked.comfyui,
        ledger,
        report,
        person=asked.hooks.vectors,
    ) as gate:
        yield gate


def plan_only(asked: Asked, report: Report) -> tuple[list[Job], tuple[Difference, ...]]:
    """The jobs of an order, planned beside its run folder, which is not touched, and what its
    settings change in the graphs."""
    with tempfile.TemporaryDirectory() as scratch:
        ledger = Ledger(Path(scratch) / "run.sqlite")
        try:
            gate = OpenGate(ledger, asked.folder, report)
            with _runner(asked, ledger, gate, report) as (runner, prepared):
                runner.plan()
            return [entry.job for entry in ledger.entries()], prepared.changes
        finally:
            ledger.close()


@contextmanager
def _runner(
    asked: Asked, ledger: Ledger, gate: Gate, report: Report
) -> Generator[tuple[Runner, Prepared]]:
    connection = connect(asked.server, asked.comfyui, asked.headers, report)
    try:
        with asked.hooks.visit(connection) as before:
            prepared = _prepare(asked, connection, ledger, report)
            seeing = _seeing(asked, prepared, report)
            planner = asked.hooks.planner(asked.order, prepared, asked.folder)
            with ledger.run(connection.server.url):
                runner = Runner(
                    place=asked.hooks.place or f"stockwright/{asked.order.id}",
                    folder=asked.folder,
                    ledger=ledger,
                    connection=connection,
                    planner=planner,
                    driven=prepared.driven,
                    sizer=BatchSizer(1 if prepared.driven.one_job else asked.batch),
                    gate=gate,
                    replacing=Replacing(planner, ledger, _tries(asked), report),
                    report=report,
                    before=before,
                    describing=seeing,
                )
                yield runner, prepared
        # After what the ledger times: reading large files is no work on pictures.
        if ledger.counts()[JobState.DONE]:
            ours = isinstance(connection, StartedServer)
            models = [*prepared.models, *([seeing.model] if seeing else [])]
            settle_models(ledger, models, asked.comfyui, report, here=ours)
    finally:
        if asked.order.images and connection.input:
            shutil.rmtree(connection.input / uploads_of(asked.order), ignore_errors=True)
        connection.close()


def _seeing(asked: Asked, prepared: Prepared, report: Report) -> Describing | None:
    if asked.quality is None:
        return None
    found = describing(asked.quality.duplicate, prepared.driven)
    if found is not None:
        report(Notice(f"{found.model} looks at each picture too, for near-duplicates."))
    return found


def _prepare(asked: Asked, connection: Connection, ledger: Ledger, report: Report) -> Prepared:
    if asked.order.images is not None:
        return _prepare_images(asked, connection, ledger)
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
    ledger.settle(KEY, enlargement(prepared.driven))
    return prepared


def _prepare_images(asked: Asked, connection: Connection, ledger: Ledger) -> Prepared:
    order = asked.order
    jobs, places = image_jobs(order)
    loader = Loader(connection, Path(order.images or ""), uploads_of(order), places)
    info = connection.server.object_info()
    prepared = prepare_images(order, asked.workflow, info, loader, str(asked.workflow_file))
    if not any(ledger.counts().values()):
        ledger.add(jobs)
    return prepared
