"""Running the driver's commands as a user does, and looking at the run folders they leave."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

SKETCH = ("--checkpoint", "sketch")
ITEMS = ("--theme", "Education", "--kinds", "items=1")
"""What is planned soonest, for tests of what comes after the planning."""
ROOT = Path(__file__).resolve().parent.parent
SMALL = (
    *("--set", "StockwrightBatch.width=64"),
    *("--set", "StockwrightBatch.height=64"),
    *("--set", "BasicScheduler.steps=4"),
    *("--set", "StockwrightUpscale.size=1x"),
)
"""Settings that make the shipped graph quick; a test's own come later and win. Enlarging takes ten
times as long as painting here."""


def submit(
    cwd: Path,
    *arguments: str,
    env: dict[str, str] | None = None,
    small: bool = True,
    examined: bool = False,
) -> Any:
    """`submit.py` to its end, in a folder of the test's own; `examined`: with the quality gate."""
    return subprocess.run(
        line(*arguments, small=small, examined=examined),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
    )


def start(
    cwd: Path, *arguments: str, env: dict[str, str] | None = None, examined: bool = False
) -> subprocess.Popen[str]:
    """`submit.py`, started and left running."""
    return subprocess.Popen(
        line(*arguments, examined=examined),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line(*arguments: str, small: bool = True, examined: bool = False) -> list[str]:
    extra = SMALL if small and "--theme" in arguments else ()
    if "--theme" in arguments and not examined:
        extra = (*extra, "--no-quality")
    return [sys.executable, str(ROOT / "driver" / "submit.py"), *extra, *arguments]


def the_run(cwd: Path) -> Path:
    (run,) = (cwd / "runs").iterdir()
    return run


def pictures(run: Path) -> list[Path]:
    return sorted(p for p in (run / "images").rglob("*") if p.is_file())


def manifest(run: Path) -> list[dict[str, str]]:
    with (run / "manifest.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def painted(run: Path) -> dict[str, dict[str, Any]]:
    """Job id -> the API graph that the picture carries."""
    found: dict[str, dict[str, Any]] = {}
    for row in manifest(run):
        with Image.open(run / row["file"]) as image:
            found[row["id"]] = json.loads(image.info["prompt"])
    return found


def kinds(run: Path) -> Counter[str]:
    return Counter(row["kind"] for row in manifest(run))


def attempts(run: Path) -> Counter[str]:
    with sqlite3.connect(run / "run.sqlite") as db:
        return Counter(state for (state,) in db.execute("SELECT state FROM attempts"))


def events(output: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in output.splitlines()]


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Waits for a condition while a process runs."""
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def made(cwd: Path) -> list[Path]:
    return sorted(cwd.glob("runs/*/images/*/*/[!.]*"))
