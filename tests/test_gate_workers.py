"""Worker processes of the quality gate: real ones, with checks that are made for the test."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from driver.errors import QualityFailed
from driver.gate import workers as module
from driver.gate.worker import Answer, Task
from driver.gate.workers import BACKLOG, Workers
from tests import gatedouble
from tests.commands import ROOT


def picture(folder: Path, number: int, **told: object) -> Task:
    path = folder / f"{number}.json"
    path.write_text(json.dumps(told))
    return Task(number, str(path), (64, 48), number % 2 == 0)


def all_answers(workers: Workers) -> list[Answer]:
    found: list[Answer] = []
    while workers.open:
        found += workers.answers(waiting=True)
    return sorted(found, key=lambda answer: answer.number)


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_every_task_is_answered_by_another_process(tmp_path: Path):
    with Workers(gatedouble.make, 2) as workers:
        processes = workers.processes
        for number in range(2 * BACKLOG + 3):
            workers.give(picture(tmp_path, number, phash=f"{number:x}"))
            assert workers.open <= BACKLOG
        answers = all_answers(workers)
    assert [answer.verdict["phash"] for answer in answers] == [
        f"{n:x}" for n in range(2 * BACKLOG + 3)
    ]
    scores = [answer.verdict["scores"] for answer in answers]
    assert {score["process"] for score in scores} == set(processes)
    assert os.getpid() not in processes
    assert workers.missing == gatedouble.Double.missing
    assert [score["people"] for score in scores[:3]] == [1, 0, 1]
    assert scores[0]["size"] == (64, 48)
    assert all(map(gone, processes))


def test_giving_and_asking_do_not_wait(tmp_path: Path):
    with Workers(gatedouble.make, 1) as workers:
        workers.give(picture(tmp_path, 0, seconds=30))
        assert workers.answers(waiting=False) == []
        assert workers.open == 1
        (process,) = workers.processes
    assert gone(process), "also in the middle of a picture"


def test_a_killed_worker_is_replaced_and_its_pictures_are_examined(tmp_path: Path):
    with Workers(gatedouble.make, 1) as workers:
        workers.give(picture(tmp_path, 0))
        all_answers(workers)
        (first,) = workers.processes
        os.kill(first, signal.SIGKILL)  # at rest
        for number in range(1, 4):
            workers.give(picture(tmp_path, number))
        assert len(all_answers(workers)) == 3
        (second,) = workers.processes
        assert second != first
        died = str(tmp_path / "died")
        for number in range(4, 8):  # in the middle of a picture
            workers.give(picture(tmp_path, number, **({"dies_once": died} if number == 5 else {})))
        assert [answer.number for answer in all_answers(workers)] == [4, 5, 6, 7]
        assert workers.processes != [second]


def test_workers_that_die_together_are_both_replaced(tmp_path: Path):
    with Workers(gatedouble.make, 2) as workers:
        first = workers.processes
        hung = [tmp_path / "hung-0", tmp_path / "hung-1"]
        workers.give(picture(tmp_path, 0, hangs_once=str(hung[0])))
        for number in range(1, 6):  # three of six go to the worker that hangs
            workers.give(picture(tmp_path, number))
        answered: list[Answer] = []
        while len(answered) < 3:
            answered += workers.answers(waiting=True)
        workers.give(picture(tmp_path, 6, hangs_once=str(hung[1])))
        while not all(path.exists() for path in hung):
            workers.answers(waiting=False)
        children = [one for one in multiprocessing.active_children() if one.pid in first]
        for child in children:
            child.kill()
        for child in children:
            child.join()  # so that both ends are seen at once
        assert [answer.number for answer in all_answers(workers)] == [0, 2, 4, 6]
        assert not set(workers.processes) & set(first)


def test_a_worker_that_hangs_is_killed_and_its_pictures_are_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "TASK_SECONDS", 2.0)
    with Workers(gatedouble.make, 1) as workers:
        (first,) = workers.processes
        workers.give(picture(tmp_path, 0, hangs_once=str(tmp_path / "hung")))
        workers.give(picture(tmp_path, 1))
        assert [answer.number for answer in all_answers(workers)] == [0, 1]
        assert gone(first)


def test_a_picture_that_kills_every_worker_stops_the_run(tmp_path: Path):
    with Workers(gatedouble.make, 1) as workers:
        workers.give(picture(tmp_path, 0))
        workers.give(picture(tmp_path, 1, dies=True))
        with pytest.raises(QualityFailed, match="died, or hung, 3 times") as caught:
            all_answers(workers)
    assert caught.value.where == str(tmp_path / "1.json")


def test_a_check_that_breaks_names_the_picture(tmp_path: Path):
    with Workers(gatedouble.make, 1) as workers:
        workers.give(picture(tmp_path, 0, breaks="by zero"))
        with pytest.raises(QualityFailed, match="ZeroDivisionError: by zero") as caught:
            all_answers(workers)
    assert caught.value.where == str(tmp_path / "0.json")


@pytest.mark.parametrize(
    ("make", "what", "hint"),
    [
        (gatedouble.make_nothing, "no such check 'blurr'", "blur?"),
        (gatedouble.make_without_packages, "No module named 'numpy'", "--no-quality"),
        (gatedouble.make_and_die, "died, or hung, 3 times", "Memory may be short"),
    ],
)
def test_checks_that_cannot_be_loaded_say_why(tmp_path: Path, make: object, what: str, hint: str):
    with (
        Workers(make, 1) as workers,  # type: ignore[arg-type]
        pytest.raises(QualityFailed, match=what) as caught,
    ):
        workers.give(picture(tmp_path, 0))
        all_answers(workers)
    assert hint in caught.value.hint


DRIVER = """
import sys, time
from driver.gate.workers import Workers
from driver.gate.worker import Task
from tests import gatedouble

if __name__ == "__main__":
    with Workers(gatedouble.make, 2) as workers:
        for number, path in enumerate(sys.argv[1:]):
            workers.give(Task(number, path, None, False))
        print(*workers.processes, flush=True)
        while workers.open:
            workers.answers(waiting=True)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_their_driver_and_say_nothing(tmp_path: Path, how: signal.Signals):
    script = tmp_path / "driver_of_the_test.py"
    script.write_text(DRIVER)
    paths = [picture(tmp_path, n, seconds=1).path for n in range(4)]
    driver = subprocess.Popen(
        [sys.executable, str(script), *paths],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert driver.stdout is not None
    processes = [int(word) for word in driver.stdout.readline().split()]
    assert len(processes) == 2
    if how is signal.SIGINT:
        os.killpg(driver.pid, how)  # as a terminal does
    else:
        driver.kill()
    # The workers hold standard error, too: it ends when the last of them has.
    _, said = driver.communicate(timeout=60)
    assert said.count("Traceback") == (how is signal.SIGINT), said
