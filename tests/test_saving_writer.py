"""Files that other threads write: in order, within bounds, whole or not at all, and to the end."""

from __future__ import annotations

import errno
import gc
import os
import shlex
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stockwright.core.errors import SavingUnavailable
from stockwright.engine.saving import files
from stockwright.engine.saving.files import put
from stockwright.engine.saving.writer import Failed, Task, Writer, Written

LONG = 30.0


class Stop(Exception):
    pass


class Valve:
    """A file's writer that waits until it is let go."""

    def __init__(self, result: Written | None = None) -> None:
        self.started, self.go = threading.Event(), threading.Event()
        self._result = result or Written(1, "x")

    def __call__(self) -> Written:
        self.started.set()
        assert self.go.wait(LONG)
        return self._result


@pytest.fixture
def writer() -> Iterator[Writer]:
    made = Writer(threads=2, most_bytes=100)
    yield made
    made.close()


def result(writer: Writer, ticket: str, name: str = "a") -> object:
    outcomes = writer.outcomes(ticket)
    assert outcomes is not None
    return outcomes[name].result(LONG)


def task(write: object, name: str = "a", path: str = "a.png") -> Task:
    return Task(name, Path(path), write)  # type: ignore[arg-type]


def test_whoever_asks_for_a_file_does_not_wait_for_it(writer: Writer):
    valve = Valve(Written(7, "hash"))
    ticket = writer.submit([task(valve)], 10)
    assert valve.started.wait(LONG)
    outcomes = writer.outcomes(ticket)
    assert outcomes is not None and not outcomes["a"].done()
    assert writer.pending(Path("a.png")) is outcomes["a"]
    valve.go.set()
    assert result(writer, ticket) == Written(7, "hash")
    assert writer.pending(Path("a.png")) is None
    assert writer.outcomes("unknown") is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (ValueError("the picture holds NaN or infinite values"), "holds NaN"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_failure_has_its_reason_and_hurts_no_other(writer: Writer, error: Exception, reason: str):
    def fail() -> Written:
        raise error

    ticket = writer.submit([task(fail), task(lambda: Written(1, "y"), "b", "b.png")], 10)
    failed = result(writer, ticket)
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("a.png was not written: ") and reason in failed.reason
    assert result(writer, ticket, "b") == Written(1, "y")


def test_no_more_is_held_than_there_is_room_for(writer: Writer):
    valves = [Valve(), Valve()]
    writer.submit([task(valves[0])], 60)
    with ThreadPoolExecutor(1) as other:
        second = other.submit(writer.submit, [task(valves[1], path="b.png")], 60)
        assert not valves[1].started.wait(0.3), "there is no room for it yet"
        assert not second.done()
        valves[0].go.set()
        assert valves[1].started.wait(LONG)
        valves[1].go.set()
        assert result(writer, second.result(LONG)) == Written(1, "x")


def test_a_batch_is_held_until_its_last_file(writer: Writer):
    first, last = Valve(), Valve()
    ticket = writer.submit([task(first), task(last, "b", "b.png")], 60)
    first.go.set()
    result(writer, ticket)

    def give_up() -> None:
        raise Stop

    with pytest.raises(Stop):
        writer.submit([task(Valve())], 60, give_up)
    last.go.set()
    result(writer, ticket, "b")
    done = writer.submit([task(lambda: Written(2, "z"), path="c.png")], 60, give_up)
    assert result(writer, done) == Written(2, "z")


def test_one_that_is_too_large_goes_alone(writer: Writer):
    assert result(writer, writer.submit([task(lambda: Written(1, "x"))], 10**9)) == Written(1, "x")
    assert result(writer, writer.submit([task(lambda: Written(1, "x"))], 10)) == Written(1, "x")


def test_the_later_file_of_a_name_stays(writer: Writer, tmp_path: Path):
    path, slow = tmp_path / "a", Valve()

    def late() -> Written:
        slow()
        path.write_text("first")
        return Written(1, "first")

    def quick() -> Written:
        path.write_text("second")
        return Written(1, "second")

    first = writer.submit([Task("a", path, late)], 10)
    second = writer.submit([Task("a", path, quick)], 10)
    assert slow.started.wait(LONG)
    slow.go.set()
    assert result(writer, first) == Written(1, "first")
    assert result(writer, second) == Written(1, "second")
    assert path.read_text() == "second"


def test_a_failed_picture_is_let_go(writer: Writer):
    class Picture:
        pass

    picture = Picture()
    gone = weakref.ref(picture)

    def fail(held: Picture = picture) -> Written:
        raise OSError(errno.EIO, f"no {held}")

    ticket = writer.submit([task(fail)], 10)
    assert isinstance(result(writer, ticket), Failed)
    del fail, picture
    result(writer, writer.submit([task(lambda: Written(1, "x"))], 10))
    gc.collect()
    assert gone() is None


def test_a_closed_writer_has_written_all_and_takes_no_more():
    writer = Writer(threads=1, most_bytes=10**6)
    done: list[int] = []

    def write(number: int) -> Written:
        done.append(number)
        return Written(1, "x")

    for number in range(20):
        writer.submit([task(partial(write, number), path=f"{number}")], 1)
    writer.close()
    assert done == list(range(20))
    with pytest.raises(SavingUnavailable, match="the server is being stopped"):
        writer.submit([task(Valve())], 1)


SCRIPT = """
import os, signal, sys, time
from functools import partial
from pathlib import Path
from stockwright.engine.saving.files import put
from stockwright.engine.saving.writer import Task, Writer, Written

folder = Path(sys.argv[1])
writer = Writer(threads=2, most_bytes=10**9)

def write(path):
    time.sleep(0.05)
    put(path, b"x" * 1000)
    return Written(1000, "")

for n in range(30):
    path = folder / str(n)
    writer.submit([Task(str(n), path, partial(write, path))], 1)
print("queued", flush=True)
"""


def run(script: str, folder: Path) -> tuple[int, list[str]]:
    done = subprocess.run([sys.executable, "-c", script, str(folder)], timeout=120, check=False)
    return done.returncode, sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("ending", ["", "raise KeyboardInterrupt"])
def test_what_is_queued_at_the_end_is_written(tmp_path: Path, ending: str):
    assert run(SCRIPT + ending, tmp_path)[1] == sorted(map(str, range(30)))


def test_a_file_that_ends_too_soon_is_not_there(tmp_path: Path):
    """The kernel takes the first 1,000 bytes, and refuses the rest, as on a full disk."""
    script = """
import resource, sys
from pathlib import Path
from stockwright.engine.saving.files import put

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
folder = Path(sys.argv[1])
put(folder / "old", b"x" * 900)
for name in ("old", "new"):
    try:
        put(folder / name, b"y" * 5000)
    except OSError as error:
        print(error.strerror)
    else:
        sys.exit("it was written")
"""
    assert run(script, tmp_path) == (0, ["old"])
    assert (tmp_path / "old").read_bytes() == b"x" * 900


def test_a_disk_that_is_really_full(tmp_path: Path):
    """It is a tmpfs of 64 KiB in a mount space of its own; later there is room again."""
    script = """
import sys
from functools import partial
from pathlib import Path
from stockwright.engine.saving.files import put
from stockwright.engine.saving.writer import Failed, Task, Writer, Written

folder = Path(sys.argv[1])
writer = Writer(threads=2, most_bytes=10**9)

def write(path, size):
    put(path, b"x" * size)
    return Written(size, "")

def outcome(name, size):
    path = folder / name
    ticket = writer.submit([Task(name, path, partial(write, path, size))], 1)
    return writer.outcomes(ticket)[name].result()

print(outcome("large", 100_000).reason)
print(sorted(path.name for path in folder.iterdir()))
print(outcome("small", 10_000))
print(sorted(path.name for path in folder.iterdir()))
"""
    small = shlex.quote(str(tmp_path))
    line = f"mount -t tmpfs -o size=64k none {small} && exec {shlex.quote(sys.executable)} -c"
    command = f"{line} {shlex.quote(script)} {small}"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "large was not written: No space left on device",
        "[]",
        "Written(size=10000, sha256='')",
        "['small']",
    ]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = (os, "fsync") if step == "fsync" else (Path, "replace")
    monkeypatch.setattr(*target, full)
    with pytest.raises(OSError, match="No space left"):
        put(tmp_path / "deep" / "a.png", b"x")
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_folder_that_cannot_be_made_lasting_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A share may refuse to open a folder as a file. The file itself is whole and in place."""
    real = os.open

    def refuses(path: Any, *more: Any, **others: Any) -> int:
        if Path(path) == tmp_path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, *more, **others)

    monkeypatch.setattr(os, "open", refuses)
    put(tmp_path / "a.png", b"x")
    assert (tmp_path / "a.png").read_bytes() == b"x"


def test_what_a_killed_server_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "_swept", set())
    before = files._started - 2 * files._SURELY_LEFT  # pyright: ignore[reportPrivateUsage]
    names = [f".{'0a' * 16}.part", f".{'1b' * 16}.part", ".mine.part", "a.png"]
    for name in names:
        (tmp_path / name).write_text("old")
        os.utime(tmp_path / name, (before, before))
    (tmp_path / names[1]).write_text("another server's, right now")
    put(tmp_path / "b.png", b"x")
    assert {path.name for path in tmp_path.iterdir()} == {*names[1:], "b.png"}


def test_a_name_of_the_longest_kind_can_be_written(tmp_path: Path):
    path = tmp_path / ("ж" * 120 + "-" + "i" * 9 + ".webp")
    put(path, b"x")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
