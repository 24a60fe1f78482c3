"""`submit` as a process of its own, watched through its events.

Its run folder is filled beforehand: the order is written down and the jobs are in the ledger, so
that no language model runs. The clock starts at the first GraphQueued and stops at the last
PictureDone.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from bare import execution_seconds
from home import ROOT, SKETCH, BenchFailed, Home
from measured import Block, memory_mb
from pictures import CFG, SAMPLER, SCHEDULER, STEPS

from driver.folder import RunFolder
from driver.gate.quality import Quality, given_quality
from driver.graphs import load_graph
from driver.ledger import Ledger
from driver.order import Order, digest, read_kinds, read_themes
from stockwright.core.jobs import Job


@dataclass(frozen=True, slots=True)
class Submitted:
    block: Block
    command: float
    """Seconds of the whole command: Python's start, preflight, manifest and contact sheet too."""
    batch: int
    """Jobs in most graphs of the last third."""
    memory: Memory | None
    """None where the system does not tell."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the driver, in MB."""

    half_way: int
    at_the_end: int
    peak: int


@dataclass(frozen=True, slots=True)
class FirstPicture:
    """Seconds from the start of the command."""

    server: float
    """Until the server that it started answers."""
    plan: float
    """Until the language model has named the subjects."""
    picture: float


def run(
    home: Home, url: str, jobs: Sequence[Job], name: str, quality: Quality | None = None
) -> Submitted:
    """Makes the jobs with `--batch auto`, on the home's server; `quality` must reject nothing."""
    folder = home.folder / "runs" / name
    _fill(folder, jobs, quality)
    pictures = 0
    queued: dict[str, int] = {}
    first = last = 0.0
    half = end = None
    peak = 0
    began = time.monotonic()
    with events(home, "--run", str(folder)) as (pid, stream):
        for at, event in stream:
            match event["event"]:
                case "GraphQueued":
                    first = first or at
                    queued[event["graph"]] = event["jobs"]
                case "PictureDone":
                    pictures, last = pictures + 1, at
                    if pictures == (len(jobs) + 1) // 2:
                        half = memory_mb(pid, "VmRSS")
                    elif pictures == len(jobs):
                        end = memory_mb(pid, "VmRSS")
                case "RunEnded":
                    peak = memory_mb(pid, "VmHWM") or 0
                case _:
                    pass
    command = time.monotonic() - began
    if pictures != len(jobs):
        raise BenchFailed(f"submit made {pictures} of {len(jobs)} pictures")
    memory = Memory(half, end, max(peak, end)) if half and end else None
    block = Block(pictures, last - first, sum(_executions(url, list(queued))))
    sizes = Counter(list(queued.values())[-max(len(queued) // 3, 1) :])
    return Submitted(block, command, sizes.most_common(1)[0][0], memory)


def first_picture(home: Home, count: int) -> FirstPicture:
    """The main job as a user gives it, planning and all; no server runs before."""
    times: dict[str, float] = {}
    began = time.monotonic()
    run = home.folder / "runs" / "first"
    with events(home, "--theme", "Education", "--count", str(count), "--run", str(run)) as started:
        for at, event in started[1]:
            times.setdefault(event["event"], at - began)
    return FirstPicture(times["Planning"], times["ThemePlanned"], times["PictureDone"])


def shipped_checks(*, small: bool) -> Quality:
    """The shipped checks, which warn here and reject nothing, so that as many pictures are painted
    as without them. With `small` all are made, also those that pass over small pictures."""

    def changed(said: Mapping[str, Any]) -> dict[str, Any]:
        warning = {} if said["check"] == "off" else {"check": "warn"}
        return {**said, **warning, **({"from": 0} if small and "from" in said else {})}

    settings = given_quality(None).settings
    return Quality({name: changed(said) for name, said in settings.items()})


def _fill(folder: Path, jobs: Sequence[Job], quality: Quality | None) -> None:
    workflow = load_graph(ROOT / "workflows" / "stock.json").data
    plan = load_graph(ROOT / "workflows" / "plan.json").data
    order = Order.checked(
        themes=read_themes([jobs[0].theme]),
        kinds=read_kinds(f"{jobs[0].kind}=100"),
        count=len(jobs),
        seed=jobs[0].seed,
        workflow=digest(workflow),
        plan=digest(plan),
        checkpoint=SKETCH,
        quality=quality.digest if quality else None,
        settings=(
            f"StockwrightBatch.width={jobs[0].width}",
            f"StockwrightBatch.height={jobs[0].height}",
            f"BasicScheduler.steps={STEPS}",
            f"BasicScheduler.scheduler={SCHEDULER}",
            f"KSamplerSelect.sampler_name={SAMPLER}",
            f"CFGGuider.cfg={CFG}",
            # The others enlarge nothing; how fast that is has rows of its own.
            "StockwrightUpscale.size=1x",
        ),
    )
    run = RunFolder(folder)
    with run.held():
        run.settle(order, workflow, plan, quality)
        ledger = Ledger(run.ledger)
        ledger.add(jobs)
        ledger.close()


@contextmanager
def events(
    home: Home, *arguments: str
) -> Iterator[tuple[int, Iterator[tuple[float, dict[str, Any]]]]]:
    """The process's id, and its events with the moments at which they came."""
    errors = home.folder / "submit.errors"
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            home.command("submit.py", *arguments, "--json"),
            env=home.env,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield process.pid, ((time.monotonic(), json.loads(line)) for line in process.stdout)
        except BaseException:
            process.terminate()  # Popen would wait for its end
            raise
    if process.returncode:
        raise BenchFailed(f"submit ended with {process.returncode}: {errors.read_text().strip()}")


def _executions(url: str, graphs: list[str]) -> Iterator[float]:
    for graph in graphs:
        yield execution_seconds(requests.get(f"{url}/history/{graph}").json()[graph])
