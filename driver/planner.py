"""Planning: a graph runs once for each theme, and its jobs go into the ledger.

`Planner` is what a run needs of it. The `ThemePlanner`'s plan graph is told the subjects that must
not come again, and the prompts that new ones must differ from: those of the ledger, and those of
other runs beside this one.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from stockwright.core.errors import JobInvalid
from stockwright.core.jobs import Job, parse_jobs
from stockwright.core.kinds import Kind, kinds_to_yaml
from stockwright.core.names import UI_JOBS, UI_PLAN
from stockwright.core.seeding import seeded
from stockwright.core.themes import Theme

from .earlier import earlier_jobs
from .errors import PlanFailed, ServerDown
from .events import Planning, Report, ThemePlanned
from .follow import Follower, Lost
from .graphs import ApiGraph, bind_plan
from .ledger import Ledger
from .order import MAX_SEED, Order
from .server import Finished, Server

UNCHANGED = "The plan graph must pass the driver's theme, kinds, count and seed on unchanged."


class Planner(Protocol):
    theme: str
    """Title of the theme that was queued last."""
    knows_others: bool
    """Whether it can name other subjects in place of rejected ones. If not, the same prompts get
    other seeds, and `instead` and `jobs` are not used."""

    @property
    def themes(self) -> tuple[Theme, ...]: ...

    def open_themes(self, ledger: Ledger) -> list[tuple[Theme, int]]:
        """Themes whose jobs are not planned yet, with their numbers of pictures."""
        ...

    def queue(
        self,
        theme: Theme,
        count: int,
        ledger: Ledger,
        server: Server,
        client_id: str,
        instead: Mapping[str, int] | None = None,
    ) -> str:
        """Queues the plan of a theme; its graph id. `instead`: so many jobs of each kind, `count`
        in all, that take the place of rejected ones."""
        ...

    def take(
        self, theme: Theme, count: int, ended: Finished, ledger: Ledger, report: Report
    ) -> None:
        """Puts the jobs of a plan graph that ended into the ledger. Raises PlanFailed."""
        ...

    def jobs(self, theme: Theme, wanted: Mapping[str, int], ended: Finished) -> list[Job]:
        """What a plan graph that ended gives: so many jobs of each kind. Raises PlanFailed."""
        ...


class ThemePlanner:
    knows_others = True

    def __init__(self, order: Order, graph: ApiGraph, size: tuple[int, int], folder: Path) -> None:
        """`graph` is the plan graph, settings applied; `size` the (width, height) of the jobs;
        `folder` the run's, whether it is there yet or not."""
        self._order, self._graph, self._size, self._folder = order, graph, size, folder
        self.theme = ""

    def open_themes(self, ledger: Ledger) -> list[tuple[Theme, int]]:
        there = ledger.planned_themes()
        counts = self._order.theme_counts().items()
        return [(theme, n) for theme, n in counts if n and theme.title not in there]

    @property
    def themes(self) -> tuple[Theme, ...]:
        return self._order.themes

    def queue(
        self,
        theme: Theme,
        count: int,
        ledger: Ledger,
        server: Server,
        client_id: str,
        instead: Mapping[str, int] | None = None,
    ) -> str:
        others = earlier_jobs(self._folder)
        subjects = [*ledger.subjects(), *(subject for subject, _ in others)]
        prompts = [*ledger.prompts(), *(prompt for _, prompt in others)]
        graph = bind_plan(
            self._graph,
            theme.to_yaml(),
            kinds_to_yaml(self._kinds(instead)),
            count,
            self._order.seed if instead is None else self._another_seed(theme, ledger),
            exclude=list(dict.fromkeys(subjects)),
            earlier=list(dict.fromkeys(prompts)),
        )
        graph_id, self.theme = str(uuid.uuid4()), theme.title
        server.queue_graph(graph, graph_id, client_id, workflow=None)
        return graph_id

    def take(
        self, theme: Theme, count: int, ended: Finished, ledger: Ledger, report: Report
    ) -> None:
        wanted = {kind: n for kind, n in self._order.kind_counts(count).items() if n}
        jobs = self.jobs(theme, wanted, ended)
        try:
            ledger.add(jobs)
        except ValueError as error:
            raise PlanFailed(str(error), where=f"theme {theme.title!r}", hint=UNCHANGED) from error
        told = _told(ended)
        ledger.settle(f"plan of {theme.title}", told)
        report(
            ThemePlanned(
                theme.title,
                len(jobs),
                len({job.subject for job in jobs}),
                dict(told.get("refused", {})),
                list(told.get("notes", [])),
                told.get("calls", 0),
                told.get("dry", 0),
            )
        )

    def jobs(self, theme: Theme, wanted: Mapping[str, int], ended: Finished) -> list[Job]:
        if not ended.success:
            raise PlanFailed(ended.error, where=f"theme {theme.title!r}")
        jobs = self._jobs(theme, ended)
        self._check(theme, wanted, jobs)
        return jobs

    def _kinds(self, instead: Mapping[str, int] | None) -> tuple[Kind, ...]:
        if instead is None:
            return self._order.kinds
        # With its own number as its share each kind gets exactly that.
        return tuple(
            replace(kind, share=instead[kind.name])
            for kind in self._order.kinds
            if kind.name in instead
        )

    def _another_seed(self, theme: Theme, ledger: Ledger) -> int:
        # With the order's own seed the model would say again what is taken.
        made = sum(entry.job.theme == theme.title for entry in ledger.entries())
        return seeded(self._order.seed, theme.id, "instead", made).getrandbits(53)

    def _jobs(self, theme: Theme, ended: Finished) -> list[Job]:
        found: list[Any] = [
            job for output in ended.outputs.values() for job in (output or {}).get(UI_JOBS, [])
        ]
        try:
            return [job.sized(*self._size) for job in parse_jobs(found)]
        except JobInvalid as error:
            raise PlanFailed(str(error), where=f"theme {theme.title!r}") from error

    def _check(self, theme: Theme, wanted: Mapping[str, int], jobs: list[Job]) -> None:
        got = dict(Counter(job.kind for job in jobs))
        where = f"theme {theme.title!r}"
        if got != dict(wanted):
            raise PlanFailed(
                f"the plan has {got} instead of {dict(wanted)}", where=where, hint=UNCHANGED
            )
        for job in jobs:
            if job.theme != theme.title or job.seed > MAX_SEED:
                raise PlanFailed(
                    f"job {job.id} has the theme {job.theme!r} and the seed {job.seed}",
                    where=where,
                    hint=UNCHANGED,
                )


def _told(ended: Finished) -> dict[str, Any]:
    """What the plan graph says of how it came by its jobs; other graphs may say nothing."""
    for output in ended.outputs.values():
        for told in (output or {}).get(UI_PLAN, []):
            return told
    return {}


def plan_all(
    planner: Planner,
    ledger: Ledger,
    server: Server,
    client_id: str,
    follower: Follower,
    report: Report,
) -> None:
    """Plans every theme that is not planned yet, one after the other, so that a theme's subjects
    are known to the next one. Raises ServerDown when the server dies under it."""
    for theme, count in planner.open_themes(ledger):
        report(Planning(theme.title, 0, count))
        follower.add(planner.queue(theme, count, ledger, server, client_id))
        _, ended = follower.wait()
        if isinstance(ended, Lost):
            raise ServerDown("the server was restarted while it planned", where=server.url)
        planner.take(theme, count, ended, ledger, report)
