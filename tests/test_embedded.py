"""The background server: one for all, whoever dies and whenever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from driver import embedded, places
from driver.errors import ServerStartFailed
from driver.host import install, processes

# Stands for a ComfyUI folder of the user's own where a test is about processes, not pictures.
SMALL_SERVER = """
import argparse, http.server, time

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
port = parser.parse_known_args()[0].port
time.sleep({delay})

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation of its own that shares ComfyUI and the models with the checkout's."""
    comfyui, models = places.COMFYUI, places.MODELS
    home = tmp_path / "home"
    (home / "base").mkdir(parents=True)
    (home / "ComfyUI").symlink_to(comfyui)
    (home / "base" / "models").symlink_to(models)
    monkeypatch.setenv("STOCKWRIGHT_HOME", str(home))
    monkeypatch.setattr(places, "EMBEDDED", home)
    monkeypatch.setattr(places, "COMFYUI", home / "ComfyUI")
    monkeypatch.setattr(places, "BASE", home / "base")
    monkeypatch.setattr(places, "MODELS", home / "base" / "models")
    install.install(print)
    yield home
    embedded.stop()


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Makes a ComfyUI folder from the text of its main.py."""
    made: list[Path] = []

    def make(main: str) -> Path:
        folder = tmp_path / f"comfyui-{len(made)}"
        folder.mkdir()
        (folder / "main.py").write_text(main)
        made.append(folder)
        return folder

    yield make
    for comfyui in made:
        embedded.stop(comfyui)


@pytest.fixture
def small(folder: Callable[[str], Path]) -> Path:
    return folder(SMALL_SERVER.format(delay=0))


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """Another process, such as a driver."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, str(places.ROOT / "driver" / "embedded.py"), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_commands_keep_one_real_server(home: Path) -> None:
    assert command("status").returncode == 3
    with ThreadPoolExecutor() as pool:
        started = list(pool.map(lambda _: command("start"), range(2)))
    assert [done.returncode for done in started] == [0, 0], started
    assert started[0].stdout == started[1].stdout

    server = embedded.running()
    assert server is not None
    assert server.kept
    assert server.url in started[0].stdout
    with urlopen(f"{server.url}/object_info") as answer:
        nodes = json.load(answer)
    assert {"StockwrightBatch", "StockwrightWritePrompts", "KSampler"} <= set(nodes)
    assert "kept" in command("status").stdout

    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not server.lives)
    assert embedded.running() is None
    again = embedded.start(owner=os.getpid())
    assert again.pid != server.pid
    assert again.url == server.url
    assert not again.kept

    assert command("stop").stdout == "stopped\n"
    assert not again.lives
    assert command("stop").stdout == "no server runs\n"


def test_ctrl_c_in_the_drivers_terminal_does_not_reach_it(small: Path) -> None:
    server = embedded.start(comfyui=small, owner=os.getpid())
    assert os.getpgid(server.pid) == server.pid != os.getpgid(0)


def test_last_owner_stops_it(small: Path, other: subprocess.Popen[bytes]) -> None:
    server = embedded.start(comfyui=small, owner=os.getpid())
    assert embedded.start(comfyui=small, owner=other.pid).pid == server.pid
    assert not embedded.release(os.getpid(), small)
    assert server.lives
    assert embedded.release(other.pid, small)
    assert not server.lives


def test_kept_server_outlives_its_users(small: Path) -> None:
    server = embedded.start(comfyui=small)
    embedded.start(comfyui=small, owner=os.getpid())
    assert not embedded.release(os.getpid(), small)
    assert server.lives


def test_orphan_is_adopted(small: Path, other: subprocess.Popen[bytes]) -> None:
    server = embedded.start(comfyui=small, owner=other.pid)
    assert not server.orphaned
    other.kill()
    other.wait()
    orphan = embedded.running(small)
    assert orphan is not None
    assert orphan.orphaned
    adopted = embedded.start(comfyui=small, owner=os.getpid())
    assert adopted.pid == server.pid
    assert not adopted.orphaned
    assert embedded.release(os.getpid(), small)


def test_nothing_to_leave_or_stop(small: Path) -> None:
    assert not embedded.release(os.getpid(), small)
    assert not embedded.stop(small)


def test_recycled_process_id_is_not_taken_for_the_server(
    small: Path, other: subprocess.Popen[bytes]
) -> None:
    server = embedded.start(comfyui=small, owner=os.getpid())
    embedded.stop(small)
    record = embedded.Record(small)
    record.write(replace(server, pid=other.pid, mark="another moment"))
    assert embedded.running(small) is None
    assert not embedded.stop(small)
    assert other.poll() is None
    record.write(replace(server, pid=other.pid, mark="another moment"))
    assert embedded.start(comfyui=small, owner=os.getpid()).pid != other.pid
    assert other.poll() is None


def test_unreadable_record_counts_as_none(small: Path) -> None:
    server = embedded.start(comfyui=small, owner=os.getpid())
    embedded.stop(small)
    record = embedded.Record(small)
    record.file.write_text("{")
    assert embedded.running(small) is None
    assert embedded.start(comfyui=small, owner=os.getpid()).pid != server.pid


def test_start_whose_starter_was_killed_is_taken_over(folder: Callable[[str], Path]) -> None:
    slow = folder(SMALL_SERVER.format(delay=2))
    line = [sys.executable, str(places.ROOT / "driver" / "embedded.py"), "start"]
    starter = subprocess.Popen([*line, "--comfyui", str(slow)])
    record = embedded.Record(slow)
    wait_until(lambda: record.read() is not None)
    starter.kill()
    starter.wait()
    begun = record.read()
    assert begun is not None
    assert embedded.start(comfyui=slow, owner=os.getpid()).pid == begun.pid


def test_failed_start_shows_the_log(folder: Callable[[str], Path]) -> None:
    broken = folder("import sys\nsys.exit('the model folder is on fire')")
    with pytest.raises(ServerStartFailed) as caught:
        embedded.start(comfyui=broken, owner=os.getpid())
    assert "the model folder is on fire" in str(caught.value)
    assert str(embedded.Record(broken).log) in str(caught.value)
    assert embedded.Record(broken).read() is None
    done = command("start", "--comfyui", str(broken))
    assert done.returncode == 3
    assert "on fire" in done.stderr
    assert "Traceback" not in done.stderr


def test_folder_without_comfyui(tmp_path: Path, home: Path) -> None:
    with pytest.raises(ServerStartFailed, match=r"main\.py"):
        embedded.start(comfyui=tmp_path, owner=os.getpid())


def test_start_before_the_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "COMFYUI", tmp_path / "ComfyUI")
    with pytest.raises(ServerStartFailed, match="make setup"):
        embedded.start(owner=os.getpid())


def test_place_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STOCKWRIGHT_HOME", str(tmp_path / "file" / "home"))
    (tmp_path / "main.py").write_text("")
    for arguments in (["install"], ["stop"], ["start", "--comfyui", str(tmp_path)]):
        done = command(*arguments)
        assert done.returncode == 3, arguments
        assert done.stderr.startswith("error: ")
        assert "Not a directory" in done.stderr
        assert "Traceback" not in done.stderr
        assert "Traceback" in command(*arguments, "--debug").stderr


def test_server_does_not_get_the_token(
    folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKWRIGHT_TOKEN", "secret")
    monkeypatch.setenv("KEPT", "yes")
    shows = "import os, sys; sys.exit(str([os.getenv('STOCKWRIGHT_TOKEN'), os.getenv('KEPT')]))"
    with pytest.raises(ServerStartFailed, match=r"\[None, 'yes'\]"):
        embedded.start(comfyui=folder(shows), owner=os.getpid())


def test_long_start_tells_that_it_lives(folder: Callable[[str], Path]) -> None:
    told: list[str] = []
    embedded.start(comfyui=folder(SMALL_SERVER.format(delay=5)), owner=os.getpid(), log=told.append)
    assert told


def test_zombie_does_not_live() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    wait_until(lambda: processes.mark(process.pid) is None)
    process.wait()


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
