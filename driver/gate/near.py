"""Near-duplicates: pictures compared by how they look, in this run and with others.

score       of the nearest picture that passed before
----------  ----------------------------------------------------------------------
duplicate   bits of 64 in which the perceptual hashes differ, told up to TOLD
similar     cosine of what a CLIP-vision model sees, where both were seen by the same
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from stockwright.core.likeness import Nearest
from stockwright.core.quality import SIMILAR_CHECK, Action, Setting
from stockwright.core.vectors import NearestVector

from ..earlier import other_runs
from .describing import Embedding
from .quality import DUPLICATE, SIMILAR
from .verdicts import LOOKS, Verdict

TOLD = 12
"""A nearest picture is told of within so many bits, also where it rejects nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the picture `name` looks; `seen` is None where no model has looked at it."""

    name: str
    phash: str
    seen: Embedding | None = None


class Near:
    """What it is given in `setting`: pictures whose hashes differ in up to `within` bits, or whose
    vectors have a cosine of `similar` or more, are nearly the same. `check` says what becomes of
    the first, `similar_check` of the second."""

    def __init__(self, setting: Setting) -> None:
        self._action = setting.action
        self._within = int(setting.limits.get("within", 0))
        self._similar = setting.limits.get("similar", 1.0)
        self._similar_action = Action(setting.names.get(SIMILAR_CHECK, Action.WARN))
        self._hashes = Nearest(max(self._within, TOLD))
        self._vectors: defaultdict[tuple[str, int], NearestVector] = defaultdict(NearestVector)

    def remember(self, looks: Iterable[Look]) -> None:
        """Pictures that are there."""
        for look in looks:
            self._hashes.add(look.name, look.phash)
            if look.seen is not None:
                self._of(look.seen).add(look.name, look.seen.data)

    def compared(self, look: Look, verdict: Verdict) -> Verdict:
        """The verdict with this check's part in it. A picture that passes is remembered."""
        if self._action is Action.OFF or not look.phash:
            return verdict
        alike: list[tuple[Action, str]] = []
        scores = dict(verdict.scores)
        if (nearest := self._hashes.find(look.phash)) is not None:
            scores[DUPLICATE] = float(nearest[1])
            alike += [(self._action, nearest[0])] if nearest[1] <= self._within else []
        if look.seen and (seen := self._of(look.seen).find(look.seen.data)) is not None:
            scores[SIMILAR] = seen[1]
            alike += [(self._similar_action, seen[0])] if seen[1] >= self._similar else []
        verdict = _marked(replace(verdict, scores=scores), alike)
        if not verdict.reasons:
            self.remember([look])
        return verdict

    def _of(self, seen: Embedding) -> NearestVector:
        """Only vectors of one model can be compared."""
        return self._vectors[seen.model, len(seen.data)]


def _marked(verdict: Verdict, alike: list[tuple[Action, str]]) -> Verdict:
    """With what follows from the pictures that are nearly the same: rejecting goes first."""
    told = dict(reversed(alike))
    if Action.REJECT in told:
        near, reasons = told[Action.REJECT], (*verdict.reasons, DUPLICATE)
        return replace(verdict, near=near, reasons=reasons)
    if Action.WARN in told:
        near, warnings = told[Action.WARN], (*verdict.warnings, DUPLICATE)
        return replace(verdict, near=near, warnings=warnings)
    return verdict


def looks(rows: Iterable[tuple[str, str, str | None, bytes | None]], run: str = "") -> list[Look]:
    """From rows of LOOKS. Names are those of jobs, behind `run` if they are of another run."""
    return [
        Look(f"{run}{job}", phash, None if model is None else Embedding(model, vector or b""))
        for job, phash, model, vector in rows
    ]


def earlier_looks(run: Path) -> list[Look]:
    """Finished pictures of all other runs of the folder that `run` lies in, as "run/job"."""
    return [look for name, rows in other_runs(run, LOOKS) for look in looks(rows, f"{name}/")]
