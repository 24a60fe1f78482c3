"""New jobs for rejected ones: of the same theme and kind, until the extra tries are used up.

The plan graph is asked once for each theme, when all that was planned has been made and examined,
for other subjects than any so far. Where it knows no more, the same prompts get other seeds; any
other failure of the plan is the run's, as at its start. Both follow from the order and from
what was rejected: the same run gives the same jobs again.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence

from stockwright.core.errors import SubjectsExhausted
from stockwright.core.jobs import Job
from stockwright.core.seeding import seeded
from stockwright.core.themes import Theme

from .errors import PlanFailed, ServerDown
from .events import Notice, Planning, Report
from .follow import Follower, Lost
from .gate.verdicts import Verdicts
from .ledger import Ledger
from .planner import UNCHANGED, Planner
from .server import Server

FEWEST_TRIES = 10

_EXHAUSTED = f"[{SubjectsExhausted.code}]"
"""By which the node's error is known: the server passes on its text alone."""


def extra_tries(count: int) -> int:
    """How many jobs may take the place of rejected ones where nobody says: as many as pictures,
    and at least FEWEST_TRIES."""
    return max(count, FEWEST_TRIES)


class Replacing:
    def __init__(self, planner: Planner, ledger: Ledger, tries: int, report: Report) -> None:
        """`tries`: so many jobs of the whole run may take the place of rejected ones."""
        self._planner, self._ledger, self._report = planner, ledger, report
        self._tries, self._verdicts = tries, Verdicts(ledger)

    def plan(self, server: Server, client_id: str, follower: Follower) -> bool:
        """Puts jobs into the ledger for rejected ones. Returns whether there is anything to make.

        Raises PlanFailed, or ServerDown when the server dies under it.
        """
        found = False
        left = self._tries - self._verdicts.extra_tries()
        rejected = self._verdicts.unreplaced()[: max(left, 0)]
        for theme in self._planner.themes:
            if mine := [job for job in rejected if job.theme == theme.title]:
                jobs = self._planned(theme, mine, server, client_id, follower)
                self._add(theme, jobs, mine)
                found = True
        return found

    def _planned(
        self,
        theme: Theme,
        rejected: Sequence[Job],
        server: Server,
        client_id: str,
        follower: Follower,
    ) -> list[Job]:
        if not self._planner.knows_others:
            return [another_seed(job) for job in rejected]
        wanted = Counter(job.kind for job in rejected)
        self._report(Planning(theme.title, 0, len(rejected)))
        graph = self._planner.queue(
            theme, len(rejected), self._ledger, server, client_id, instead=wanted
        )
        follower.add(graph)
        _, ended = follower.wait()
        if isinstance(ended, Lost):
            raise ServerDown("the server was restarted while it planned", where=server.url)
        if not ended.success and _EXHAUSTED in ended.error:
            first = ended.error.splitlines()[0]
            self._report(
                Notice(
                    f"{theme.title}: no other subjects ({first}). The same prompts get other seeds."
                )
            )
            return [another_seed(job) for job in rejected]
        return _in_places(self._planner.jobs(theme, wanted, ended), rejected)

    def _add(self, theme: Theme, jobs: Sequence[Job], rejected: Sequence[Job]) -> None:
        try:
            self._ledger.add(jobs, replaced=rejected)
        except ValueError as error:
            raise PlanFailed(str(error), where=f"theme {theme.title!r}", hint=UNCHANGED) from error


def another_seed(job: Job) -> Job:
    """A job of the same prompt whose seed follows from the job's."""
    changed = Job.create(
        theme=job.theme,
        kind=job.kind,
        subject=job.subject,
        prompt=job.prompt,
        negative=job.negative,
        seed=seeded(job.seed, "another", job.id).getrandbits(53),
        origin=f"another seed of {job.id}",
        axes=job.axes,
    )
    return changed if job.width is None else changed.sized(job.width, job.height or 0)


def _in_places(jobs: Sequence[Job], rejected: Sequence[Job]) -> list[Job]:
    """The jobs in the order of the rejected ones, kind by kind."""
    by_kind: defaultdict[str, deque[Job]] = defaultdict(deque)
    for job in jobs:
        by_kind[job.kind].append(job)
    return [by_kind[job.kind].popleft() for job in rejected]
