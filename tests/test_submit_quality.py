"""The quality gate of `submit.py`, with a real server and the pack's own checks."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from driver.gate.quality import given_quality
from driver.server import Server
from tests import commands
from tests.commands import ITEMS, start, submit, the_run, until

STRICT = """
flat: {check: reject, below: LIMIT}
blur: off
noise: off
nsfw: off
text: off
people: off
deformed: off
duplicate: {check: warn, within: 4}
"""
"""Only one check is made, by a limit that a test chooses."""


def strict(tmp_path: Path, below: float) -> tuple[str, str]:
    path = tmp_path / f"below-{below:g}.yaml"
    path.write_text(STRICT.replace("LIMIT", f"{below:g}"))
    return "--quality", str(path)


def flatness(run: Path) -> list[float]:
    """Of every examined picture, the least first."""
    with sqlite3.connect(run / "run.sqlite") as db:
        scores = [json.loads(text) for (text,) in db.execute("SELECT scores FROM verdicts")]
    return sorted(score["flat"] for score in scores)


def states(run: Path) -> Counter[str]:
    with sqlite3.connect(run / "run.sqlite") as db:
        return Counter(state for (state,) in db.execute("SELECT state FROM jobs"))


@pytest.fixture
def limit(server: Server, tmp_path: Path) -> float:
    """A limit that refuses three of the ten pictures of the order below."""
    done = submit(tmp_path, *ORDER, *strict(tmp_path, 0), "--run", "first/run", examined=True)
    assert done.returncode == 0, done.stderr
    scores = flatness(tmp_path / "first" / "run")
    assert len(scores) == 10
    return (scores[2] + scores[3]) / 2


ORDER = ("--theme", "Education")


def test_rejected_pictures_are_replaced_and_the_counts_are_exact(
    server: Server, limit: float, tmp_path: Path
):
    arguments = (*ORDER, *strict(tmp_path, limit))
    done = submit(tmp_path, *arguments, "--json", examined=True)
    assert done.returncode == 0, done.stderr
    run = the_run(tmp_path)
    assert commands.kinds(run) == {"interiors": 6, "exteriors": 2, "items": 2}
    rejected = [e for e in commands.events(done.stdout) if e["event"] == "PictureRejected"]
    assert len(rejected) >= 3
    assert {tuple(event["reasons"]) for event in rejected} == {("flat",)}
    assert all(Path(tmp_path / event["path"]).is_file() for event in rejected)
    assert len(list((run / "rejected").rglob("*.json"))) == len(rejected)
    subjects = [row["subject"] for row in commands.manifest(run)]
    assert not set(subjects) & {event["subject"] for event in rejected}
    page = (run / "report.html").read_text("utf-8")
    assert page.count("data:image/webp") == 10 + len(rejected)
    assert "sketch.safetensors" in page
    before = states(run)
    assert submit(tmp_path, *arguments, examined=True).returncode == 0
    assert states(run) == before, "what is finished stays"


def test_a_driver_that_is_killed_while_it_examines_goes_on(
    server: Server, limit: float, tmp_path: Path
):
    arguments = (*ORDER, *strict(tmp_path, limit), "--run", "run")
    run = tmp_path / "run"

    def seen() -> int:
        try:
            return sum(states(run).values()) - states(run)["planned"]
        except sqlite3.Error:
            return 0

    for number in (2, 7):
        driver = start(tmp_path, *arguments, examined=True)
        until(lambda number=number: seen() >= number, driver)
        driver.kill()
        driver.communicate()
    done = submit(tmp_path, *arguments, examined=True)
    assert done.returncode == 0, done.stderr
    assert commands.kinds(run) == {"interiors": 6, "exteriors": 2, "items": 2}
    counts = states(run)
    assert (counts["done"], counts["made"], counts["planned"]) == (10, 0, 0)
    assert len(list((run / "rejected").rglob("*.png"))) == counts["rejected"]
    assert len(commands.pictures(run)) == 10


def test_extra_tries_that_are_used_up_are_told(server: Server, tmp_path: Path):
    arguments = (*ITEMS, "--count", "2", *strict(tmp_path, 255))
    done = submit(tmp_path, *arguments, "--extra-tries", "3", examined=True)
    assert done.returncode == 1
    assert "Not delivered, since no extra tries are left: 2 pictures (items of" in done.stderr
    assert states(the_run(tmp_path)) == {"rejected": 5}
    assert not commands.pictures(the_run(tmp_path))


def workers_of(driver: int) -> list[int]:
    """The worker processes of a driver, by what they were started with."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
            parent = int((path.parent / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"spawn_main" in command and parent == driver:
            found.append(int(path.parent.name))
    return found


def test_ctrl_c_ends_the_workers_without_a_word(server: Server, tmp_path: Path):
    driver = start(tmp_path, *ITEMS, "--count", "16", *strict(tmp_path, 0), examined=True)
    until(lambda: len(commands.made(tmp_path)) >= 3, driver)
    workers = workers_of(driver.pid)
    assert workers
    driver.send_signal(signal.SIGINT)
    for worker in workers:  # a terminal sends it to all of them
        os.kill(worker, signal.SIGINT)
    _, said = driver.communicate(timeout=60)
    assert driver.returncode == 130
    assert "Traceback" not in said
    end = time.monotonic() + 10
    while any((Path("/proc") / str(worker)).exists() for worker in workers):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_killed_worker_is_replaced_during_a_run(server: Server, tmp_path: Path):
    driver = start(tmp_path, *ITEMS, "--count", "12", *strict(tmp_path, 0), examined=True)
    until(lambda: len(commands.made(tmp_path)) >= 3, driver)
    for worker in workers_of(driver.pid):
        os.kill(worker, signal.SIGKILL)
    _, said = driver.communicate(timeout=120)
    assert driver.returncode == 0, said
    assert len(commands.pictures(the_run(tmp_path))) == 12


def test_the_shipped_checks_are_the_default(server: Server, tmp_path: Path):
    done = submit(tmp_path, *ITEMS, "--count", "2", "--extra-tries", "2", examined=True)
    run = the_run(tmp_path)
    counts = states(run)
    # What the small checkpoint paints may pass or not: the exit code says which.
    assert counts["done"] + counts["rejected"] == sum(counts.values()) >= 2
    assert done.returncode == (0 if counts["done"] == 2 else 1), done.stderr
    with sqlite3.connect(run / "run.sqlite") as db:
        rows = db.execute("SELECT scores, not_done FROM verdicts").fetchall()
    assert len(rows) == sum(counts.values())
    on = {name for name, setting in given_quality(None).settings.items()
          if setting["check"] != "off"} - {"file", "size", "duplicate", "people"}  # fmt: skip
    for scores, not_done in rows:
        made = {name for name, score in json.loads(scores).items() if score is not None}
        assert on - {"deformed"} <= made | json.loads(not_done).keys()
    assert (run / "quality.yaml").is_file()
    again = submit(tmp_path, *ITEMS, "--count", "2", *strict(tmp_path, 1), "--run", str(run),
                   examined=True)  # fmt: skip
    assert again.returncode == 2
    assert "these differ: quality" in again.stderr
