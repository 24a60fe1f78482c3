"""The driver waits for files that are written after their graph, and learns of failed ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from driver.collect import PictureRefused, SavedFile, collect, saved_files, saved_image
from driver.errors import ServerRefused
from driver.server import Finished, Server
from driver.settling import settled
from stockwright.core.jobs import Job
from tests.localserver import LocalServer

JOB = Job.create(theme="Ships", kind="items", subject="anchor", prompt="p", negative="", seed=1)
FULL = "anchor-a.png was not written: No space left on device"
PLACE = {"subfolder": "x", "type": "output"}


class Handler(BaseHTTPRequestHandler):
    """A ticket's answers, one after the other, the last one again and again."""

    answers: dict[str, list[Any]]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        left = self.answers.get(self.path.removeprefix("/stockwright/saved/"))
        answer = None if left is None else left.pop(0) if len(left) > 1 else left[0]
        self.send_response(404 if answer is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    Handler.answers, Handler.asked = {}, []
    with LocalServer(Handler) as local:
        yield Server(local.url, local=True)


def entry(job: str, ticket: str | None = "t", **more: Any) -> dict[str, Any]:
    told = {"job": job, "filename": f"{job}.png", "width": 64, "height": 64, **PLACE, **more}
    return told if ticket is None else {**told, "ticket": ticket}


def ended(**outputs: Any) -> Finished:
    return Finished(True, False, "", "", outputs, 1.0)


def output(*files: dict[str, Any]) -> dict[str, Any]:
    previews = [{k: f[k] for k in ("filename", "subfolder", "type")} for f in files]
    return {"images": previews, "stockwright_files": list(files)}


def test_files_are_waited_for(server: Server):
    done = [{"job": "a", "bytes": 3, "sha256": "A"}, {"job": "b", "bytes": 4, "sha256": "B"}]
    Handler.answers["t"] = [
        {"settled": False, "files": []},
        {"settled": False, "files": done[:1]},
        {"settled": True, "files": done},
    ]
    found = saved_files(settled(server, ended(n=output(entry("a"), entry("b")))))
    assert found == {
        name: SavedFile(f"{name}.png", "x", "output", 64, 64, name.upper()) for name in "ab"
    }
    assert Handler.asked == ["/stockwright/saved/t"] * 3, "one question for all of a ticket"


def test_a_late_failure_is_the_jobs_with_its_reason(server: Server, tmp_path: Path):
    done = [{"job": "a", "error": FULL}, {"job": "b", "bytes": 4, "sha256": "B"}]
    Handler.answers["t"] = [{"settled": True, "files": done}]
    finished = settled(server, ended(n=output(entry("a"), entry("b"))))
    found = saved_files(finished)
    assert found["b"].sha256 == "B" and not found["b"].error
    with pytest.raises(PictureRefused, match="No space left on device"):
        collect(server, JOB, found["a"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_late_failure_is_found_by_its_preview_too(server: Server):
    Handler.answers["t"] = [{"settled": True, "files": [{"job": "a", "error": FULL}]}]
    finished = settled(server, ended(n=output(entry("a"))))
    assert saved_image(finished, {"n": 1}) == SavedFile("a.png", "x", "output", error=FULL)


@pytest.mark.parametrize("answers", [{}, {"t": [{"settled": True, "files": []}]}])
def test_what_the_server_forgot_is_not_taken_for_done(server: Server, answers: dict[str, Any]):
    Handler.answers = answers
    found = saved_files(settled(server, ended(n=output(entry("a")))))
    assert "does not know any more" in found["a"].error


def test_nodes_that_write_at_once_are_left_alone(server: Server):
    old = output(entry("a", None, sha256="A", bytes=3))
    outputs = {"n": old, "m": {"images": [{"filename": "z.png"}]}, "empty": None}
    assert settled(server, ended(**outputs)).outputs == outputs
    assert Handler.asked == []


def test_an_answer_of_something_else_is_an_error(server: Server):
    Handler.answers["t"] = [["what"]]
    with pytest.raises(ServerRefused, match="not what ComfyUI sends"):
        settled(server, ended(n=output(entry("a"))))


def test_strange_entries_do_not_count(server: Server):
    odd = {"stockwright_files": ["text", None, {"ticket": "t"}, entry("a", None)]}
    assert saved_files(settled(server, ended(n=odd))) == {}
