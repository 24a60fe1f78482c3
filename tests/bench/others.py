"""comfy-cli and ComfyScript, in a venv of their own that the first bench makes.

comfy-cli: `comfy run --workflow FILE --wait`, once a graph, as its users script it.
ComfyScript: one process that queues every graph at once and then waits for the results; that is its
fastest way, since the server always has a next graph. Only its loop is timed, not its start.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import requests
from bare import execution_seconds
from home import INSTALLED, SKETCH, BenchFailed, Home
from measured import Block
from pictures import CFG, SAMPLER, SCHEDULER, STEPS, core_graph

from stockwright.core.jobs import Job

VENV = INSTALLED / "bench-venv"
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_TIMEOUT = 300
_SCRIPT = Path(__file__).with_name("comfyscript_loop.py")


def ready() -> bool:
    stamp = _stamp()
    return stamp.is_file() and stamp.read_text() == _wanted()


def make_venv() -> None:
    """Raises BenchFailed with pip's last lines."""
    shutil.rmtree(VENV, ignore_errors=True)
    _checked([sys.executable, "-m", "venv", str(VENV)])
    pip = [_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _checked([*pip, "-r", str(_REQUIREMENTS)])
    _stamp().write_text(_wanted())


def run_comfy_cli(home: Home, url: str, jobs: Sequence[Job]) -> Block:
    address = urlsplit(url)
    # A home of its own: it neither reads nor writes the user's settings.
    env = home.env | {"HOME": str(home.folder), "DO_NOT_TRACK": "1"}
    file = home.folder / "comfy-cli.json"
    comfy = [str(VENV / "bin" / "comfy"), "--skip-prompt", "run", "--workflow", str(file), "--wait"]
    comfy += ["--host", str(address.hostname), "--port", str(address.port)]
    before = _history(url)
    began = time.monotonic()
    for job in jobs:
        file.write_text(json.dumps(core_graph(job)))
        _checked(comfy, env=env)
    return _block(url, before, jobs, time.monotonic() - began)


def run_comfyscript(home: Home, url: str, jobs: Sequence[Job]) -> Block:
    file = home.folder / "comfyscript.json"
    settings = {"steps": STEPS, "cfg": CFG, "sampler_name": SAMPLER, "scheduler": SCHEDULER}
    task = {"url": url, "checkpoint": SKETCH, "settings": settings}
    file.write_text(json.dumps(task | {"jobs": [job.to_dict() for job in jobs]}))
    before = _history(url)
    out = _checked([_python(), str(_SCRIPT), str(file)], env=home.env)
    return _block(url, before, jobs, float(out.split()[-1]))


def _block(url: str, before: set[str], jobs: Sequence[Job], wall: float) -> Block:
    history = requests.get(f"{url}/history").json()
    entries = [entry for graph, entry in history.items() if graph not in before]
    if len(entries) != len(jobs):
        raise BenchFailed(f"{len(entries)} graphs ended on the server instead of {len(jobs)}")
    return Block(len(jobs), wall, sum(map(execution_seconds, entries)))


def _history(url: str) -> set[str]:
    return set(requests.get(f"{url}/history").json())


def _stamp() -> Path:
    return VENV / "requirements.sha256"


def _wanted() -> str:
    return hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()


def _python() -> str:
    return str(VENV / "bin" / "python")


def _checked(line: list[str], env: dict[str, str] | None = None) -> str:
    name = Path(line[0]).name
    try:
        done = subprocess.run(
            line, env=env, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchFailed(f"{name} did not end within {_TIMEOUT} s") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise BenchFailed(f"{name} ended with {done.returncode}: {' '.join(last)}")
    return done.stdout
