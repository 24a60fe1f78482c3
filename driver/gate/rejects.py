"""Rejected pictures: moved out of `images/`, never deleted, each with its scores beside it.

    rejected/<theme>/<kind>/<subject>-<job>.png
    rejected/<theme>/<kind>/<subject>-<job>.json   the job, what rejected it, all scores

A file that was refused before it came to be examined lies there too, below the first digits of its
SHA-256, since a job may have several: `<subject>-<job>-<hash>.bin` or `.png`, and `.json` with the
reason. The ledger knows only the reason.

The ledger is told first. A driver that is killed before the move is done by the next one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

from stockwright.core.jobs import Job

from ..collect import FORMATS, IMAGES, PictureRefused, place_below, write_file
from ..errors import DiskTrouble
from ..ledger import JobState, StoredFile
from .verdicts import Judged, Verdicts

REJECTED = "rejected"


def place_of(file: StoredFile) -> StoredFile:
    """A picture of `images/` at its place among the rejected."""
    inner = PurePosixPath(file.path).relative_to(IMAGES)
    return replace(file, path=str(PurePosixPath(REJECTED) / inner))


def set_aside(folder: Path, judged: Judged) -> None:
    """Moves the picture of a rejected job to where the ledger says that it is, and puts the scores
    beside it. What is done already is not done again; a picture that is gone stays away."""
    file = judged.entry.file
    assert file is not None
    target = folder / file.path
    source = folder / IMAGES / PurePosixPath(file.path).relative_to(REJECTED)
    told = judged.entry.job.to_dict() | {"file": file.path} | judged.verdict.to_dict()
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    if source.exists():
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        except OSError as error:
            raise DiskTrouble(
                f"the rejected picture cannot be moved: {error.strerror}",
                where=str(target),
                hint="Mend that, then give the same command again: it goes on where it stopped.",
            ) from error
    scores = target.with_suffix(".json")
    if target.exists() and not scores.exists():
        write_file(scores, text.encode())


def keep_refused(folder: Path, job: Job, refused: PictureRefused, name: str) -> None:
    """Files what the server gave for a job and was refused, with the reason beside it. `name`: the
    file's name on the server."""
    sha256 = hashlib.sha256(refused.data).hexdigest()
    suffix = Path(name).suffix.lower()
    suffix = suffix if suffix in FORMATS.values() else ".bin"
    place = place_below(REJECTED, job, f"-{sha256[:8]}{suffix}")
    told = job.to_dict() | {"file": place.as_posix(), "sha256": sha256, "refused": str(refused)}
    write_file(folder / place, refused.data)
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    write_file((folder / place).with_suffix(".json"), text.encode())


def set_aside_left(folder: Path, verdicts: Verdicts) -> None:
    """Does what a driver that was killed had not done of this."""
    for judged in verdicts.judged():
        if judged.entry.state is JobState.REJECTED:
            set_aside(folder, judged)
