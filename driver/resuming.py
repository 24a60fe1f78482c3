"""What is done before a run goes on: what failed gets new tries, what is gone is made again."""

from __future__ import annotations

from pathlib import Path

from .events import Notice, Report
from .gate.rejects import set_aside_left
from .gate.verdicts import Verdicts
from .ledger import JobState, Ledger, StoredFile


def resume(ledger: Ledger, folder: Path, report: Report) -> None:
    """Makes a run ready to go on: jobs given up get new tries, missing files new jobs, and rejected
    pictures that a killed driver did not move are moved."""
    set_aside_left(folder, Verdicts(ledger))
    if count := ledger.reopen_failed():
        report(Notice(f"{count} jobs that failed before are tried again"))
    there = [e for e in ledger.entries() if e.file and e.state is not JobState.REJECTED]
    gone = [e.job.id for e in there if e.file and not _is_whole(folder, e.file)]
    for job_id in gone:
        ledger.forget_file(job_id)
    if gone:
        report(Notice(f"{len(gone)} finished pictures are missing or cut, and are made again"))


def _is_whole(folder: Path, file: StoredFile) -> bool:
    try:
        return (folder / file.path).stat().st_size == file.size
    except OSError:
        return False
