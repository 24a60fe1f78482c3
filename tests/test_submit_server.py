"""Orders whose driver, server or network misbehaves; real parts, and a proxy between them."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from driver.server import Server
from tests import commands
from tests.commands import ITEMS, SKETCH, made, submit, the_run, until
from tests.proxy import Proxy


def test_two_drivers_do_not_share_a_run(server: Server, tmp_path: Path):
    slowly = ("--set", "BasicScheduler.steps=200")
    arguments = (*ITEMS, "--count", "5", "--batch", "1", *slowly)
    first = commands.start(tmp_path, *arguments)
    until(lambda: len(made(tmp_path)) >= 1, first)
    second = submit(tmp_path, *arguments)
    assert second.returncode == 2
    assert "another driver works in this run folder" in second.stderr
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=60)
    assert first.returncode == 130
    assert "goes on from here" in said
    assert server.queued() == (set(), set()), "nothing of the run is left in the queue"


def test_a_killed_driver_makes_nothing_twice(server: Server, tmp_path: Path):
    arguments = (*ITEMS, "--count", "12", "--batch", "2")
    first = commands.start(tmp_path, *arguments)
    until(lambda: len(made(tmp_path)) >= 4, first)
    first.kill()
    first.wait()
    there = {p: p.stat().st_mtime_ns for p in made(tmp_path)}
    done = submit(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    run = the_run(tmp_path)
    assert len(commands.pictures(run)) == len(commands.manifest(run)) == 12
    after = {p: p.stat().st_mtime_ns for p in commands.pictures(run)}
    # A picture may have been on the disk and not yet in the ledger.
    assert sum(after[p] != stamp for p, stamp in there.items()) <= 2
    assert commands.attempts(run)["lost"] == 0, "the server still knew the graphs in flight"


def test_a_silent_websocket_stops_nothing(server: Server, tmp_path: Path):
    with Proxy(server.url, silent=True) as proxy:
        done = submit(tmp_path, *ITEMS, "--count", "4", *SKETCH, "--server", proxy.url)
    assert done.returncode == 0, done.stderr
    assert proxy.frames == 0
    assert proxy.swallowed > 0
    assert len(commands.pictures(the_run(tmp_path))) == 4


def test_a_given_server_that_goes_away_is_waited_for(server: Server, tmp_path: Path):
    with Proxy(server.url) as proxy:
        arguments = (*ITEMS, "--count", "6", "--batch", "1", *SKETCH)
        driver = commands.start(tmp_path, *arguments, "--server", proxy.url)
        until(lambda: len(made(tmp_path)) >= 2, driver)
        proxy.down = True
        time.sleep(6)
        assert driver.poll() is None
        proxy.down = False
        _, said = driver.communicate(timeout=120)
    assert driver.returncode == 0, said
    assert "waiting for it" in said
    run = the_run(tmp_path)
    assert len(commands.pictures(run)) == 6
    assert commands.attempts(run)["lost"] == 0, "the server itself went on"


def test_a_redirect_is_not_followed(server: Server, tmp_path: Path):
    """A POST would come back as a GET, and the token would go where it should not."""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", server.url)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as moved:
        threading.Thread(target=moved.serve_forever, daemon=True).start()
        url = f"http://user:secret@127.0.0.1:{moved.server_port}"
        done = submit(tmp_path, "--theme", "Travel", *SKETCH, "--server", url)
        moved.shutdown()
    assert done.returncode == 3
    assert f"It redirects to {server.url}" in done.stderr
    assert "secret" not in done.stderr


def test_a_token_goes_with_every_request(server: Server, tmp_path: Path):
    arguments = (*ITEMS, "--count", "2", *SKETCH, "--server")
    with Proxy(server.url, token="secret") as proxy:
        refused = submit(tmp_path, *arguments, proxy.url)
        assert refused.returncode == 3
        assert "401" in refused.stderr
        assert "--header" in refused.stderr
        proxy.refused = 0
        header = ("--header", "Authorization: Bearer secret")
        assert submit(tmp_path, *arguments, proxy.url, *header).returncode == 0
        done = submit(
            tmp_path, *arguments, proxy.url, "--seed", "2", env={"STOCKWRIGHT_TOKEN": "secret"}
        )
        assert done.returncode == 0, done.stderr
        assert proxy.refused == 0
        assert proxy.frames > 0, "the websocket was let in too"


def spoil_first(change: Callable[[bytes], bytes | None]) -> Callable[[str], object]:
    """Spoils one picture, the first that is asked for, each time that it is asked for."""
    chosen: list[str] = []

    def spoil(name: str) -> Callable[[bytes], bytes | None] | None:
        if not chosen:
            chosen.append(name)
        return change if name in chosen else None

    return spoil


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: None, "the server has no file"),
        (lambda data: data[: len(data) // 2], "its hash differs"),
    ],
)
def test_a_job_that_fails_three_times_is_given_up_and_can_be_tried_again(
    server: Server, tmp_path: Path, change: Callable[[bytes], bytes | None], reason: str
):
    arguments = (*ITEMS, "--count", "4", "--batch", "2", *SKETCH, "--server")
    with Proxy(server.url, spoil=spoil_first(change)) as proxy:
        done = submit(tmp_path, *arguments, proxy.url)
    assert done.returncode == 1
    run = the_run(tmp_path)
    assert len(commands.pictures(run)) == 3
    (failed,) = [json.loads(t) for t in (run / "failed.jsonl").read_text().splitlines()]
    assert reason in failed["error"]
    assert commands.attempts(run) == {"done": 3, "failed": 3}
    again = submit(tmp_path, *arguments, server.url)
    assert again.returncode == 0, again.stderr
    assert len(commands.pictures(run)) == 4
    assert not (run / "failed.jsonl").exists()
