"""The ledger: states, limits, migrations, and what a failed write leaves."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from driver import store
from driver.errors import DiskTrouble, LedgerInvalid
from driver.ledger import MAX_FAILED, MAX_LOST, AttemptState, JobState, Ledger, StoredFile
from stockwright.core.jobs import Job

FILE = StoredFile("images/t/k/s-1.png", 64, 64, 1000, "ab" * 32)


def make_jobs(count: int, theme: str = "T") -> list[Job]:
    return [
        Job.create(
            theme=theme, kind="k", subject=f"s{n}", prompt=f"p{n}", negative="", seed=n
        ).sized(64, 64)
        for n in range(count)
    ]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "run.sqlite")


def test_the_way_of_a_job(ledger: Ledger):
    jobs = make_jobs(3)
    ledger.add(jobs)
    assert ledger.next_jobs(2) == jobs[:2]
    ledger.queue("g1", jobs[:2])
    assert ledger.next_jobs(5) == jobs[2:]
    assert ledger.open_graphs() == {"g1": jobs[:2]}
    ledger.finish("g1", {jobs[0].id: FILE})
    assert ledger.give_back("g1", [jobs[1].id], AttemptState.FAILED, "flat") == []
    assert ledger.open_graphs() == {}
    assert ledger.counts() == {
        JobState.PLANNED: 2, JobState.QUEUED: 0, JobState.MADE: 0, JobState.DONE: 1,
        JobState.REJECTED: 0, JobState.FAILED: 0,
    }  # fmt: skip
    entries = list(ledger.entries())
    assert [e.state for e in entries] == [JobState.DONE, JobState.PLANNED, JobState.PLANNED]
    assert entries[0].file == FILE
    assert entries[1].error == "flat"


def test_all_is_there_after_reopening(tmp_path: Path):
    jobs = make_jobs(2)
    first = Ledger(tmp_path / "run.sqlite")
    first.add(jobs)
    first.settle("sketch", True)
    first.queue("g", jobs)
    del first  # as after kill -9: nothing was closed
    again = Ledger(tmp_path / "run.sqlite")
    assert again.open_graphs() == {"g": jobs}
    assert again.settled("sketch") is True
    assert again.settled("other") is None
    assert again.planned_themes() == {"T"}
    assert again.subjects() == ["s0", "s1"]


@pytest.mark.parametrize(
    ("state", "limit"), [(AttemptState.FAILED, MAX_FAILED), (AttemptState.LOST, MAX_LOST)]
)
def test_a_job_is_given_up_after_its_limit(ledger: Ledger, state: AttemptState, limit: int):
    (job,) = jobs = make_jobs(1)
    ledger.add(jobs)
    for n in range(limit):
        ledger.queue(f"g{n}", jobs)
        given_up = ledger.give_back(f"g{n}", [job.id], state, "why")
        assert given_up == ([job.id] if n == limit - 1 else [])
    assert ledger.next_jobs(1) == []
    assert ledger.reopen_failed() == 1
    assert ledger.next_jobs(1) == jobs
    ledger.queue("again", jobs)
    assert ledger.give_back("again", [job.id], state, "why") == []


def test_dropped_attempts_never_count(ledger: Ledger):
    jobs = make_jobs(1)
    ledger.add(jobs)
    for n in range(10):
        ledger.queue(f"g{n}", jobs)
        assert ledger.give_back(f"g{n}", [jobs[0].id], AttemptState.DROPPED, "memory") == []


def test_a_job_that_failed_comes_alone(ledger: Ledger):
    jobs = make_jobs(4)
    ledger.add(jobs)
    ledger.queue("g", jobs[1:2])
    ledger.give_back("g", [jobs[1].id], AttemptState.FAILED, "why")
    assert ledger.next_jobs(4) == jobs[:1]
    ledger.queue("h", jobs[:1])
    assert ledger.next_jobs(4) == jobs[1:2]
    ledger.queue("i", jobs[1:2])
    assert ledger.next_jobs(4) == jobs[2:]


def test_jobs_of_two_sizes_do_not_share_a_graph(ledger: Ledger):
    jobs = make_jobs(3)
    jobs[1] = replace(jobs[1], width=128)
    ledger.add(jobs)
    assert ledger.next_jobs(3) == jobs[:1]


def test_adding_is_all_or_nothing(ledger: Ledger):
    jobs = make_jobs(2)
    with pytest.raises(ValueError, match="there already"):
        ledger.add([*jobs, jobs[0]])
    assert ledger.planned_themes() == set()


def test_a_full_disk_is_an_error_with_a_way_out(ledger: Ledger):
    jobs = make_jobs(1)
    ledger.add(jobs)
    ledger._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(DiskTrouble, match="full"):
        ledger.add(make_jobs(5000, "U"))
    ledger._db.execute("PRAGMA max_page_count = 100000")
    assert [e.job for e in ledger.entries()] == jobs


def test_migrations_run_from_every_older_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def add_note(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE jobs ADD COLUMN note TEXT")

    jobs = make_jobs(2)
    old = Ledger(tmp_path / "run.sqlite")
    old.add(jobs)
    old.close()
    migrations = (*store.MIGRATIONS, add_note)
    monkeypatch.setattr(store, "MIGRATIONS", migrations)
    for path in (tmp_path / "run.sqlite", tmp_path / "new.sqlite"):
        new = Ledger(path)
        new._db.execute("SELECT note FROM jobs")
        names = [n for (n,) in new._db.execute("SELECT name FROM migrations ORDER BY rowid")]
        assert names == [m.__name__ for m in migrations]
        new.close()
    assert [e.job for e in Ledger(tmp_path / "run.sqlite").entries()] == jobs
    monkeypatch.undo()
    with pytest.raises(LedgerInvalid, match="newer Stockwright wrote this ledger"):
        Ledger(tmp_path / "run.sqlite")


def test_a_ledger_of_the_oldest_schema_keeps_its_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    db = sqlite3.connect(tmp_path / "run.sqlite")
    db.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, at REAL)")
    oldest = store.MIGRATIONS[0]
    oldest(db)
    db.execute("INSERT INTO migrations VALUES (?, 0)", (oldest.__name__,))
    db.execute(
        "INSERT INTO jobs VALUES (1, 'a1', 'Tea', 'items', 'cup', 'a cup', '', 7, 64, 128,"
        " 'planned', NULL, NULL)"
    )
    db.commit()
    db.close()
    (entry,) = Ledger(tmp_path / "run.sqlite").entries()
    assert entry.job == Job("a1", "Tea", "items", "cup", "a cup", "", 7, 64, 128)


def test_how_a_job_came_about_is_kept(ledger: Ledger):
    (job,) = make_jobs(1)
    told = replace(job, origin="theme file", axes=(("light", "blue hour"), ("season", "зима")))
    ledger.add([told])
    assert [e.job for e in ledger.entries()] == [told] == ledger.next_jobs(1)


def test_a_migration_that_fails_leaves_the_old_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def breaks(db: sqlite3.Connection) -> None:
        db.execute("DROP TABLE attempts")
        db.execute("SELECT * FROM nowhere")

    old = Ledger(tmp_path / "run.sqlite")
    old.add(make_jobs(1))
    old.close()
    monkeypatch.setattr(store, "MIGRATIONS", (*store.MIGRATIONS, breaks))
    with pytest.raises((LedgerInvalid, DiskTrouble)):
        Ledger(tmp_path / "run.sqlite")
    monkeypatch.undo()
    assert Ledger(tmp_path / "run.sqlite").open_graphs() == {}


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path):
    path = tmp_path / "run.sqlite"
    path.write_text("not a database, but long enough to be taken for one" * 30)
    with pytest.raises(LedgerInvalid) as caught:
        Ledger(path)
    assert caught.value.where == str(path)
