"""Which of the given photos are kept, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stockwright.core.portraits import Fault, Limits, Remark

from ..hashing import file_sha256
from .choosing import Unclear, distances, twins
from .intake_events import Examining, PhotoKept, PhotoKnown, PhotoRefused, Report
from .intake_worker import Died, Worker
from .people import Folder, Person, Photo


@dataclass(frozen=True, slots=True)
class Chosen:
    photos: tuple[Photo, ...]
    """Their files lie in the stage, named as in `Photo.file`."""
    refused: tuple[tuple[str, ...], ...]
    """The faults of each photo that is not taken."""
    known: int
    """Files that are there already, or were given twice."""


@dataclass(frozen=True, slots=True)
class _Good:
    """A photo without a fault of its own; `found` is `engine.portraits.studio.Examined`."""

    source: Path
    sha256: str
    found: Any


@dataclass
class _Choice:
    report: Report
    refused: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    known: int = 0

    def refuse(self, source: Path, remarks: Sequence[Remark]) -> None:
        faults = tuple(remark.fault.value for remark in remarks)
        self.refused.append(faults)
        self.report(PhotoRefused(str(source), faults, "; ".join(one.words for one in remarks)))


def examine(
    folder: Folder,
    person: Person,
    sources: Sequence[Path],
    limits: Limits,
    worker: Worker,
    stage: Path,
    report: Report,
) -> Chosen:
    """Reports of each photo what becomes of it. Raises IntakeFailed."""
    choice = _Choice(report)
    good = _good(person, sources, worker, stage, choice)
    good = _of_the_person(good, person, limits, choice)
    good = _once(good, folder, person, limits, worker, choice)
    for one in good:
        report(PhotoKept(str(one.source), one.found.words, round(one.found.fitness, 3)))
    photos = tuple(
        Photo(
            sha256=one.sha256,
            file=f"photos/{_name(one.sha256)}",
            fitness=one.found.fitness,
            vector=one.found.vector,
        )
        for one in good
    )
    return Chosen(photos, tuple(choice.refused), choice.known)


def _name(sha256: str) -> str:
    return f"{sha256[:16]}.png"


def _good(
    person: Person, sources: Sequence[Path], worker: Worker, stage: Path, choice: _Choice
) -> list[_Good]:
    seen = {photo.sha256 for photo in person.photos}
    good: list[_Good] = []
    for done, source in enumerate(sources):
        choice.report(Examining(done, len(sources)))
        try:
            sha256 = file_sha256(source)
        except OSError as error:
            words = f"cannot be read: {error.strerror}"
            choice.refuse(source, [Remark(Fault.UNREADABLE, words)])
            continue
        if sha256 in seen:
            choice.known += 1
            choice.report(PhotoKnown(str(source)))
            continue
        seen.add(sha256)
        try:
            found = worker.examine(source, stage / _name(sha256))
        except Died:
            words = "reading it takes too long, or more memory than there is"
            choice.refuse(source, [Remark(Fault.UNREADABLE, words)])
            continue
        if found.remarks:
            choice.refuse(source, found.remarks)
        else:
            good.append(_Good(source, sha256, found))
    choice.report(Examining(len(sources), len(sources)))
    return good


def _of_the_person(
    good: Sequence[_Good], person: Person, limits: Limits, choice: _Choice
) -> list[_Good]:
    try:
        far = distances([one.found.vector for one in good], person.vectors, limits.same)
    except Unclear:
        words = "the photos show several people, and none of them is in most photos"
        for one in good:
            choice.refuse(one.source, [Remark(Fault.STRANGER, words)])
        return []
    stay: list[_Good] = []
    for one, distance in zip(good, far, strict=True):
        if distance <= limits.same:
            stay.append(one)
            continue
        words = (
            f"it shows somebody else than the other photos (distance {distance:.2f}, at most"
            f" {limits.same:g})"
        )
        choice.refuse(one.source, [Remark(Fault.STRANGER, words)])
    return stay


def _once(
    good: Sequence[_Good],
    folder: Folder,
    person: Person,
    limits: Limits,
    worker: Worker,
    choice: _Choice,
) -> list[_Good]:
    by_hash = {one.sha256: one for one in good}
    same = twins(
        {one.sha256: one.found.phash for one in good},
        {one.sha256: one.found.fitness for one in good},
        _known_hashes(folder, person, worker) if good else {},
        int(limits.near),
    )
    for sha256, other in same.items():
        named = f"as {by_hash[other].source.name}" if other in by_hash else "as one that is there"
        words = f"it shows the same {named}: a photo of another moment helps more"
        choice.refuse(by_hash[sha256].source, [Remark(Fault.TWIN, words)])
    return [one for one in good if one.sha256 not in same]


def _known_hashes(folder: Folder, person: Person, worker: Worker) -> Mapping[str, str]:
    return {photo.sha256: worker.hash_of(folder.path / photo.file) for photo in person.photos}
