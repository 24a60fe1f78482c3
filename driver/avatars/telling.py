"""What intake and training report, in words: for a person each event is a line, or none."""

from __future__ import annotations

from typing import Any

from ..events import Event, Notice, Report, Waiting, to_json
from .intake_events import Cropping, Examining, PhotoKept, PhotoKnown, PhotoRefused
from .training_events import (
    CandidateJudged,
    SegmentTrained,
    TrainingEnded,
    TrainingRuns,
    TrainingStarted,
)


def telling(report: Report, *, as_json: bool) -> Any:
    """Takes events of any of these kinds: as they are where a program reads, as notices else."""

    def tell(event: Any) -> None:
        if as_json:
            print(to_json(event), flush=True)
        elif isinstance(event, Event):
            report(event)
        elif words := _passing(event):
            report(Waiting(words))
        elif words := _words(event):
            report(Notice(words))

    return tell


def _passing(event: Any) -> str:
    """What is true for a moment only."""
    match event:
        case Examining(done, total):
            return f"looking at photos: {done} of {total}"
        case Cropping(done, total):
            return f"cropping: {done} of {total}"
        case TrainingRuns(done, steps):
            return f"training: step {done} of {steps}"
        case _:
            return ""


def _words(event: Any) -> str:
    match event:
        case PhotoKept(file, words, _):
            return f"kept     {file}: {words}"
        case PhotoKnown(file):
            return f"known    {file}"
        case PhotoRefused(file, _, words):
            return f"refused  {file}: {words}"
        case TrainingStarted(checkpoint, family, photos, held_back, steps, done):
            on = f", {done} done before" if done else ""
            return (
                f"training on {photos} photos, {held_back} held back, {checkpoint} ({family}),"
                f" {steps} steps{on}"
            )
        case SegmentTrained(done, steps, loss, held_back, untrained):
            told = [f"step {done} of {steps}", f"loss {_number(loss)}"]
            if held_back is not None:
                told.append(f"held-back crops {held_back:.4f} (untrained {_number(untrained)})")
            return ", ".join(told)
        case CandidateJudged(steps, likeness, by_faces, fit):
            name = f"step {steps}" if steps else "untrained"
            by = "" if by_faces else " (by held-back crops)"
            return f"{name}: likeness {likeness:.3f}{by}, prompt fit {fit:.3f}"
        case TrainingEnded(_, steps, seconds, again):
            return (
                "these photos are trained already"
                if again
                else f"kept step {steps}, {seconds:.0f} s"
            )
        case _:
            return ""


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"
