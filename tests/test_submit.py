"""Whole orders, run as a user runs them, on a real server with the real language model."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image

from driver import places
from driver.server import Server
from tests import commands
from tests.commands import submit, the_run
from tests.proxy import Proxy

SKETCH = ("--checkpoint", "sketch")


@pytest.fixture(scope="module")
def finished(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which `submit.py --theme Education` has run."""
    cwd = tmp_path_factory.mktemp("finished")
    done = submit(cwd, "--theme", "Education")
    assert done.returncode == 0, done.stderr
    assert "the small one stands in" in done.stderr
    assert done.stdout.splitlines()[0] == f"10 pictures in {the_run(cwd).relative_to(cwd)}"
    return cwd


def test_an_order_is_exact(finished: Path):
    run = the_run(finished)
    assert commands.kinds(run) == {"interiors": 6, "exteriors": 2, "items": 2}
    rows = commands.manifest(run)
    assert len({row["subject"].casefold() for row in rows}) == 10
    assert [json.loads(text) for text in (run / "manifest.jsonl").read_text().splitlines()] == [
        {k: int(v) if k in ("seed", "width", "height", "bytes") else v for k, v in row.items()}
        for row in rows
    ]


def test_every_picture_is_where_the_manifest_says(finished: Path):
    run = the_run(finished)
    assert len(commands.pictures(run)) == 10
    for row in commands.manifest(run):
        path = run / row["file"]
        assert path.parent.relative_to(run).as_posix() == (
            f"images/trainings-and-education/{row['kind']}"
        )
        assert re.fullmatch(rf"[\w-]+-{row['id']}\.png", path.name)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
        with Image.open(path) as image:
            assert image.size == (64, 64)
            assert json.loads(image.info["stockwright"])["prompt"] == row["prompt"]
            assert "nodes" in json.loads(image.info["workflow"]), "the canvas opens it"


def test_the_contact_sheet_is_a_picture(finished: Path):
    with Image.open(the_run(finished) / "contact-sheet.jpg") as image:
        image.load()
        assert image.width > 600


def test_the_servers_copies_are_removed(finished: Path):
    order = the_run(finished).name[-8:]
    left = places.BASE / "output" / "stockwright" / order
    assert left.is_dir()
    assert not [p for p in left.rglob("*") if p.is_file()]


def test_the_same_command_again_makes_nothing(finished: Path):
    run = the_run(finished)
    before = {p: p.stat().st_mtime_ns for p in commands.pictures(run)}
    done = submit(finished, "--theme", "Education", "--server", "http://127.0.0.1:9")
    assert done.returncode == 0, "no server is needed for what is done"
    assert {p: p.stat().st_mtime_ns for p in commands.pictures(run)} == before


def test_a_run_goes_on_by_its_folder_alone(finished: Path):
    run = the_run(finished)
    gone = commands.pictures(run)[3]
    content = Image.open(gone).tobytes()
    gone.unlink()
    done = submit(finished, "--run", str(run))
    assert done.returncode == 0, done.stderr
    assert "1 finished pictures are missing or cut" in done.stderr
    assert Image.open(gone).tobytes() == content, "the same job gives the same picture"
    assert len(commands.pictures(run)) == 10


def test_a_cut_picture_and_a_changed_graph_are_noticed(finished: Path):
    run = the_run(finished)
    cut = commands.pictures(run)[0]
    cut.write_bytes(cut.read_bytes()[:100])
    done = submit(finished, "--run", str(run))
    assert done.returncode == 0, done.stderr
    assert "1 finished pictures are missing or cut" in done.stderr
    graph = run / "workflow.json"
    before = graph.read_text()
    graph.write_text(before.replace('"karras"', '"normal"'))
    done = submit(finished, "--run", str(run))
    graph.write_text(before)
    assert done.returncode == 2
    assert "[order-conflict]" in done.stderr


def test_another_order_does_not_get_into_a_run(finished: Path):
    run = the_run(finished)
    done = submit(finished, "--theme", "Education", "--count", "12", "--run", str(run))
    assert done.returncode == 2
    assert "[order-conflict]" in done.stderr
    assert "count" in done.stderr


def test_a_dry_run_prints_the_same_jobs_and_makes_nothing(finished: Path, tmp_path: Path):
    done = submit(tmp_path, "--theme", "Education", "--dry-run", "--json")
    jobs = [json.loads(text) for text in done.stdout.splitlines()]
    fields = {"theme", "kind", "subject", "prompt", "negative", "seed", "width", "height", "id"}
    assert all(job.keys() == fields for job in jobs)
    assert [job["id"] for job in jobs] == [r["id"] for r in commands.manifest(the_run(finished))]
    assert not list(tmp_path.iterdir())


def test_a_dry_run_is_a_table(server: Server, tmp_path: Path):
    done = submit(tmp_path, "--theme", "Образование", "--count", "3", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Trainings and Education" in done.stdout
    assert done.stdout.count("64x64") == 3


def test_quotas_are_exact_over_all_themes(server: Server, tmp_path: Path):
    done = submit(tmp_path, "--theme", "all", "--count", "28", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    jobs = [json.loads(text) for text in done.stdout.splitlines()]
    themes = {job["theme"] for job in jobs}
    assert len(jobs) == 28
    assert len(themes) == 13
    for theme in themes:
        mine = [job["kind"] for job in jobs if job["theme"] == theme]
        assert (mine.count("interiors"), mine.count("exteriors"), mine.count("items")) in (
            [(1, 1, 0)] if len(mine) == 2 else [(2, 1, 0)]
        )
    assert len({job["id"] for job in jobs}) == 28
    assert len({job["subject"].casefold() for job in jobs}) == 28


def test_a_new_theme_and_own_shares(server: Server, tmp_path: Path):
    arguments = (
        "--theme",
        "Underwater archaeology",
        "--count",
        "4",
        "--kinds",
        "items=3,exteriors=1",
    )
    done = submit(tmp_path, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert commands.kinds(the_run(tmp_path)) == {"items": 3, "exteriors": 1}
    seen = commands.events(done.stdout)
    assert sum(e["event"] == "PictureDone" for e in seen) == 4
    last = seen[-1]
    assert last["event"] == "RunEnded"
    assert (last["done"], last["failed"], last["open"]) == (4, 0, 0)


def test_a_given_batch_size_is_used(server: Server, tmp_path: Path):
    done = submit(tmp_path, "--theme", "Medicine", "--count", "6", "--batch", "4", "--json")
    sizes = [e["jobs"] for e in commands.events(done.stdout) if e["event"] == "GraphQueued"]
    assert sizes == [4, 2]


def test_a_given_server_needs_its_checkpoint(server: Server, tmp_path: Path):
    done = submit(tmp_path, "--theme", "Education", "--server", server.url)
    assert done.returncode == 2
    assert "[preflight]" in done.stderr
    assert "sd_xl_base_1.0.safetensors" in done.stderr
    assert "sketch.safetensors" in done.stderr, "what is there instead"


def test_a_missing_checkpoint_is_named(server: Server, tmp_path: Path):
    done = submit(tmp_path, "--theme", "Education", "--checkpoint", "sketchy")
    assert done.returncode == 2
    assert "sketch.safetensors" in done.stderr


def test_all_that_is_missing_is_said_at_once(server: Server, tmp_path: Path):
    graph = json.loads((places.WORKFLOWS / "stock.json").read_text())
    for node in graph["nodes"]:
        if node["type"] == "VAEDecode":
            node["type"] = "VAEDecodeOfAnotherPack"
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(graph))
    done = submit(
        tmp_path, "--theme", "Education", "--workflow", str(path), "--server", server.url,
        "--lora", "nobody:0.5",
    )  # fmt: skip
    assert done.returncode == 2
    for name in ("VAEDecodeOfAnotherPack", "sd_xl_base_1.0.safetensors", "nobody"):
        assert name in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ((), 2, "no theme is named"),
        (("--theme", " "), 2, "[theme-invalid]"),
        (("--theme", "Education", "--count", "0"), 2, "count"),
        (("--theme", "Education", "--seed", "-1"), 2, "seed"),
        (("--theme", "Education", "education"), 2, "named twice"),
        (("--theme", "Education", "--kinds", "interior=1"), 2, "interiors"),
        (("--theme", "Education", "--batch", "0"), 2, "--batch"),
        (("--theme", "Education", "--lora", "film:x"), 2, "[lora-invalid]"),
        (("--theme", "Education", "--workflow", "absent.json"), 2, "absent.json"),
        (("--theme", "Education", "--header", "Token"), 2, "--header"),
        (("--theme", "Education", "--set", "Nobody.x=1"), 2, "Stockwright Batch"),
        (("--theme", "Education", "--server", "ftp://x"), 2, "--server"),
        (("--theme", "Education", "--server", "http://127.0.0.1:9"), 3, "[server-down]"),
        (("--theme", "Education", "--server", "http://nowhere.invalid"), 3, "name is not known"),
        (("--theme", "Education", "--server", "http://[x"), 2, "not a server's address"),
        (("--theme", "Education", "--server", "x", "--comfyui", "y"), 2, "exclude each other"),
        (("--theme", "Education", "--comfyui", "nowhere"), 3, "main.py"),
        (("--run", "nowhere"), 2, "there is no run in this folder"),
        (("--run", "nowhere", "--count", "3"), 2, "--count needs --theme"),
    ],
)
def test_wrong_use_is_said_in_plain_words(
    server: Server, tmp_path: Path, arguments: tuple[str, ...], code: int, expected: str
):
    done = submit(tmp_path, *arguments, small=False)
    assert done.returncode == code, done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("order.yaml")), "no empty run is left"


def test_a_theme_that_looks_misspelt_is_remarked_on(server: Server, tmp_path: Path):
    done = submit(tmp_path, "--theme", "Educatoin", "--count", "1", "--dry-run")
    assert done.returncode == 0
    assert "Did you mean 'Trainings and Education'?" in done.stderr


def test_https_on_a_server_without_it_is_said(server: Server, tmp_path: Path):
    url = server.url.replace("http:", "https:")
    done = submit(tmp_path, "--theme", "Education", "--server", url)
    assert done.returncode == 3
    assert "does not speak https" in done.stderr


def test_a_closed_pipe_and_an_early_interrupt_end_quietly(server: Server, tmp_path: Path):
    driver = commands.start(tmp_path, "--theme", "Sport", "--count", "2", "--json")
    assert driver.stdout is not None
    driver.stdout.readline()
    driver.stdout.close()
    assert driver.stderr is not None
    assert driver.stderr.read() == ""
    assert driver.wait(60) == 130
    early = commands.start(tmp_path, "--theme", "Sport", "--count", "2")
    time.sleep(0.3)
    early.send_signal(signal.SIGINT)
    _, said = early.communicate(timeout=60)
    assert early.returncode in (130, -signal.SIGINT), "before Python itself is ready"
    assert "driver" not in said or "Traceback" not in said


def test_a_python_without_the_dependencies_gets_one_line(tmp_path: Path):
    script = places.ROOT / "driver" / "submit.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), "--theme", "Education"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert "make setup" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (("submit",), 2, "no theme is named"),
        (("submit", "--help"), 0, "--theme TEXT"),
        (("embedded", "status"), 0, "http://127.0.0.1:"),
        (("--help",), 0, "usage: stockwright"),
        (("draw",), 2, "usage: stockwright"),
    ],
)
def test_one_name_for_all_commands(
    server: Server, tmp_path: Path, arguments: tuple[str, ...], code: int, expected: str
):
    command = Path(sys.executable).with_name("stockwright")
    done = subprocess.run([command, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code
    assert expected in done.stdout + done.stderr


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Waits for a condition while a process runs."""
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def made(cwd: Path) -> list[Path]:
    return sorted(cwd.glob("runs/*/images/*/*/[!.]*"))


def test_two_drivers_do_not_share_a_run(server: Server, tmp_path: Path):
    slowly = ("--set", "BasicScheduler.steps=200")
    arguments = ("--theme", "Finance", "--count", "5", "--batch", "1", *slowly)
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
    arguments = ("--theme", "Logistics", "--count", "12", "--batch", "2")
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
        done = submit(tmp_path, "--theme", "Travel", "--count", "4", *SKETCH, "--server", proxy.url)
    assert done.returncode == 0, done.stderr
    assert proxy.frames == 0
    assert proxy.swallowed > 0
    assert len(commands.pictures(the_run(tmp_path))) == 4


def test_a_given_server_that_goes_away_is_waited_for(server: Server, tmp_path: Path):
    with Proxy(server.url) as proxy:
        arguments = ("--theme", "Travel", "--count", "6", "--batch", "1", *SKETCH)
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
    arguments = ("--theme", "Travel", "--count", "2", *SKETCH, "--server")
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
    arguments = ("--theme", "Sport", "--count", "4", "--batch", "2", *SKETCH, "--server")
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
