"""The prompts that are evaluated, planned as a user's: one order of all themes, on a real server.

The server has a home of its own, where nothing was planned before: no answer of the language model
comes from an earlier run, and no earlier prompts are to be avoided. Its models are the embedded
server's.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driver.errors import PlanFailed, ServerStartFailed
from driver.events import Event, Planning, Report, ThemePlanned
from driver.graphs import load_graph
from driver.order import Order, digest, read_kinds
from driver.places import WORKFLOWS
from driver.session import Asked, plan_only
from stockwright.core.jobs import Job
from stockwright.core.kinds import Kind
from stockwright.core.names import LOAD_LLM
from stockwright.core.themes import Theme
from tests.bench.home import SKETCH, BenchFailed, Home
from tests.evalprompts.table import Effort

SEED = 1


@dataclass(frozen=True, slots=True)
class Planned:
    theme: Theme
    jobs: tuple[Job, ...]
    effort: Effort
    failure: str = ""
    """Why there are no jobs."""


@dataclass(frozen=True, slots=True)
class Plan:
    kinds: tuple[Kind, ...]
    llm: str
    """The language model: a file's name, or an address."""
    themes: tuple[Planned, ...]


def plan(themes: Sequence[Theme], count: int, llm: str | None, report: Report) -> Plan:
    """`count` prompts for each theme. `llm` as for submit; None: the plan graph's own.

    Raises StockwrightError.
    """
    workflow = load_graph(WORKFLOWS / "stock.json").data
    graph = load_graph(WORKFLOWS / "plan.json").data
    kinds = read_kinds(None)
    clock = Clock(report)
    with _server() as (folder, url):

        def jobs_of(left: Sequence[Theme]) -> Sequence[Job]:
            order = Order.checked(
                themes=tuple(left),
                kinds=kinds,
                count=count * len(left),
                seed=SEED,
                workflow=digest(workflow),
                plan=digest(graph),
                checkpoint=SKETCH,  # nothing is painted, but the graph must be one that could be
                llm=llm,
            )
            asked = Asked(
                order=order,
                workflow=workflow,
                plan=graph,
                workflow_file=WORKFLOWS / "stock.json",
                folder=folder / "runs" / "evaluation",
                batch=None,
                server=url,
                comfyui=None,
                headers={},
            )
            return plan_only(asked, clock)[0]

        jobs = without_failures(themes, jobs_of, clock)
    return Plan(kinds, llm or _own_llm(graph), tuple(clock.planned(themes, jobs)))


def without_failures(
    themes: Sequence[Theme], jobs_of: Callable[[Sequence[Theme]], Sequence[Job]], clock: Clock
) -> Sequence[Job]:
    """The jobs of the themes that can be planned. One that cannot, such as for want of subjects, is
    left out, and the others are planned anew: the model's answers to them are kept."""
    left = list(themes)
    while left:
        try:
            return jobs_of(left)
        except PlanFailed as error:
            failed = clock.fail(str(error))
            left = [theme for theme in left if theme.title != failed]
    return []


class Clock:
    """Passes events on, and notes how long each theme took."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._began: dict[str, float] = {}
        self._ended: dict[str, tuple[float, ThemePlanned]] = {}
        self._failed: dict[str, tuple[float, str]] = {}
        self._under_way = ""

    def __call__(self, event: Event) -> None:
        match event:
            case Planning(theme):
                self._under_way = theme
                self._began.setdefault(theme, time.monotonic())
            case ThemePlanned(theme):
                self._ended.setdefault(theme, (time.monotonic(), event))
            case _:
                pass
        self._report(event)

    def fail(self, why: str) -> str:
        """Notes that the theme under way cannot be planned; its title."""
        self._failed[self._under_way] = (time.monotonic(), why)
        return self._under_way

    def planned(self, themes: Sequence[Theme], jobs: Sequence[Job]) -> list[Planned]:
        found: list[Planned] = []
        for theme in themes:
            if theme.title in self._failed:
                ended, why = self._failed[theme.title]
                effort = Effort(ended - self._began[theme.title], 0, 0)
                found.append(Planned(theme, (), effort, why))
                continue
            ended, told = self._ended[theme.title]
            own = tuple(job for job in jobs if job.theme == theme.title)
            effort = Effort(ended - self._began[theme.title], told.calls, told.dry)
            found.append(Planned(theme, own, effort))
        return found


@contextmanager
def _server() -> Generator[tuple[Path, str]]:
    """A new home's folder, and the address of its server."""
    with tempfile.TemporaryDirectory(prefix="stockwright-evaluation-") as folder:
        try:
            home = Home(Path(folder))
            url = home.start_server()
        except BenchFailed as error:
            raise ServerStartFailed(str(error), where="the evaluation's server") from error
        try:
            yield home.folder, url
        finally:
            home.stop_server()


def _own_llm(graph: dict[str, Any]) -> str:
    named = [node["widgets_values"][0] for node in graph["nodes"] if node["type"] == LOAD_LLM]
    return named[0] if named else "the plan graph's own"
