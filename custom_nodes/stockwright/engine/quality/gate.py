"""The quality gate: one picture's file in, scores and a verdict out.

    check      score                                           reject or warn
    ---------  ----------------------------------------------  ----------------------
    file       none: whether it can be read to its end
    size       none: whether it has the size that was asked
    flat       deviation of colours from their mean            below a limit
    blur       sharpness of the sharpest parts                 below a limit
    noise      grain in the calmest parts                      above a limit
    nsfw       probability                                     above a limit
    text       percent of the picture                          above a limit
    people     faces, where the theme wants none               above a limit
    deformed   the least face-like of the faces                above a limit

Which of them are made, and the limits, stand in quality.yaml (core/quality.py). `duplicate` stands
there too: it compares the hashes of verdicts, which is not done here. A check that cannot be made,
or that breaks on one picture, is in `not_done` and has the score None; it never passes for one that
found nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import FaceDetectionUnavailable, FaceModelInvalid, StockwrightError
from ...core.names import FACE_IDENTITY_FOLDER
from ...core.quality import LIKENESS, Action, Setting, read_quality
from . import faces, hashing, looking, nsfw
from .missing import PartMissing
from .text import TextFinder
from .view import Unreadable, View

if TYPE_CHECKING:
    from .likeness import Vectors

_NOT_MEASURED = ("file", "size", "duplicate")
_NO_MEMORY = "there is not enough memory for it: a smaller picture, or fewer at a time"

Folders = Mapping[str, Sequence[Path]]
Score = Callable[[View, Setting], float | None]
"""A check: the score of a picture, None where there is nothing to judge."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one picture; plain data, to be kept as JSON."""

    scores: Mapping[str, float | None] = field(default_factory=dict)
    """By check; None for one that is in `not_done`."""
    reasons: tuple[str, ...] = ()
    """The checks that reject it. None: it has passed."""
    warnings: tuple[str, ...] = ()
    phash: str = ""
    """For `core.likeness`; empty for a file that cannot be read."""
    not_done: Mapping[str, str] = field(default_factory=dict)
    """By check, why it was not made, and what to do about it."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"reasons": list(self.reasons), "warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Verdict:
        return cls(
            dict(said["scores"]),
            tuple(said["reasons"]),
            tuple(said["warnings"]),
            said["phash"],
            dict(said["not_done"]),
        )


class Gate:
    """Loads what its checks need once; keeps nothing between pictures."""

    def __init__(self, settings: Mapping[str, Any], folders: Folders, person: Vectors = ()) -> None:
        """
        Args:
            settings: of all checks, as `core.quality.load_quality` gives them.
            folders: where model files are, by the name of the model folder.
            person: vectors of the faces in photos of whom the pictures shall show. None: nobody
                is known, and `likeness` is not looked at.

        Raises:
            QualityInvalid: the settings have a fault.
        """
        self._settings = {
            name: setting
            for name, setting in read_quality(settings).items()
            if setting.action is not Action.OFF and (name != LIKENESS or person)
        }
        self._person = person
        self.missing: dict[str, str] = {}
        """Checks that are on and cannot be made here, with what to install."""
        self._checks = self._prepared(folders)

    def examine(self, path: Path, *, size: tuple[int, int] | None, people: bool) -> Verdict:
        """
        Args:
            size: (width, height) in pixels that was asked for; None where nobody can tell.
            people: whether people may be in the picture.
        """
        try:
            view = View.load(path)
        except Unreadable as error:
            measured = [name for name in self._settings if name not in _NOT_MEASURED]
            not_done = dict.fromkeys(measured, f"the file cannot be read: {error}")
            return self._verdict(["file"], dict.fromkeys(measured), "", not_done)
        except MemoryError:
            not_done = dict.fromkeys(self._settings, _NO_MEMORY)
            return self._verdict([], dict.fromkeys(self._settings), "", not_done)
        failed = [] if size in (None, view.picture.size) else ["size"]
        scores: dict[str, float | None] = {}
        not_done: dict[str, str] = {}
        if size is None and "size" in self._settings:
            not_done["size"] = "nobody can tell from the graph what size was asked for"
        for name, setting in self._settings.items():
            if name in _NOT_MEASURED or (name == "people" and people):
                continue
            why = self.missing.get(name) or _too_small(view, setting)
            score, broken = (None, "") if why else self._scored(name, view, setting)
            if why := why or broken:
                scores[name], not_done[name] = None, why
            elif score is not None:
                scores[name] = score
                failed += [name] * _outside(score, setting)
        try:
            phash = hashing.phash(view.picture)
        except MemoryError:
            phash = ""
            if "duplicate" in self._settings:
                not_done["duplicate"] = _NO_MEMORY
        return self._verdict(failed, scores, phash, not_done)

    def _scored(self, name: str, view: View, setting: Setting) -> tuple[float | None, str]:
        """The score of a check, or why it could not be made of this picture."""
        try:
            return self._checks[name](view, setting), ""
        except StockwrightError as error:
            return None, f"it broke down: {error}"
        except Exception as error:  # noqa: BLE001 - other people's networks break in any way
            return None, f"it broke down: {type(error).__name__}: {error}"

    def _verdict(
        self,
        failed: Sequence[str],
        scores: Mapping[str, float | None],
        phash: str,
        not_done: Mapping[str, str],
    ) -> Verdict:
        by_action = {
            action: tuple(
                name
                for name, setting in self._settings.items()
                if name in failed and setting.action is action
            )
            for action in (Action.REJECT, Action.WARN)
        }
        return Verdict(scores, by_action[Action.REJECT], by_action[Action.WARN], phash, not_done)

    def _prepared(self, folders: Folders) -> dict[str, Score]:
        """The checks that are on, with what they need; `missing` gets those that lack it."""
        checks: dict[str, Score] = {
            "flat": lambda view, _: looking.flatness(view.seen_pixels),
            "blur": lambda view, _: looking.sharpness(view.seen_luma),
            "noise": lambda view, _: max(looking.grain(view.luma), looking.grain(view.seen_luma)),
        }
        if "nsfw" in self._settings:
            self._load(checks, ("nsfw",), lambda: _nsfw_score(folders))
        if "text" in self._settings:
            self._load(checks, ("text",), _text_score)
        find = cache(lambda: faces.FaceFinder(folders.get(faces.FOLDER, ())))
        if on := [name for name in ("people", "deformed") if name in self._settings]:
            self._load(checks, on, lambda: _face_scores(find()))
        if LIKENESS in self._settings:
            self._load(checks, (LIKENESS,), lambda: _likeness(find(), folders, self._person))
        return checks

    def _load(
        self,
        checks: dict[str, Score],
        names: Sequence[str],
        load: Callable[[], Mapping[str, Score]],
    ) -> None:
        try:
            checks |= load()
        except PartMissing as part:
            self.missing |= dict.fromkeys(names, str(part))
        except (FaceDetectionUnavailable, FaceModelInvalid) as error:
            self.missing |= dict.fromkeys(names, f"{error.what}. {error.hint}")


def _too_small(view: View, setting: Setting) -> str:
    """Why a picture is too small for a check; empty if it is not."""
    least = setting.limits.get("from", 0)
    if min(view.picture.size) >= least:
        return ""
    return f"the picture is smaller than {least:g} pixels"


def _outside(score: float, setting: Setting) -> bool:
    """Beyond the limit. A score that is no number is beyond every limit."""
    limits = setting.limits
    return not limits.get("below", -math.inf) <= score <= limits.get("above", math.inf)


def _nsfw_score(folders: Folders) -> Mapping[str, Score]:
    classify = nsfw.NsfwClassifier(folders.get(nsfw.FOLDER, ()))
    return {"nsfw": lambda view, _: classify(view.seen)}


def _text_score() -> Mapping[str, Score]:
    find = TextFinder()
    return {"text": lambda view, setting: find(view.seen_pixels, setting["certain"])}


def _face_scores(find: faces.FaceFinder) -> Mapping[str, Score]:
    checks = faces.FaceChecks(find)
    return {"people": checks.people, "deformed": checks.deformed}


def _likeness(find: faces.FaceFinder, folders: Folders, person: Vectors) -> Mapping[str, Score]:
    from .likeness import Likeness  # here: it loads torch, for seconds

    score = Likeness(find, folders.get(FACE_IDENTITY_FOLDER, ()), person)
    return {LIKENESS: lambda view, _: score(view)}
