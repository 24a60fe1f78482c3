"""Wrong use of `submit.py`, and what is missing, is said in plain words; a real server answers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from driver import places
from driver.server import Server
from tests import commands
from tests.commands import submit


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
    driver = commands.start(tmp_path, *commands.ITEMS, "--count", "2", "--json")
    assert driver.stdout is not None
    driver.stdout.readline()
    driver.stdout.close()
    assert driver.stderr is not None
    assert driver.stderr.read() == ""
    assert driver.wait(60) == 130
    early = commands.start(tmp_path, *commands.ITEMS, "--count", "2")
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
