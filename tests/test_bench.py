"""The bench, with few pictures on a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent / "bench" / "bench.py"


def test_it_prints_a_table():
    done = subprocess.run(
        [sys.executable, str(BENCH), "--quick"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    head, _, *rows = done.stdout.splitlines()
    assert head == "| ratio | is | goal | measured |"
    ratios = {cells[1].strip(): cells[2].strip() for cells in (row.split("|") for row in rows)}
    figures = [text for text in ratios.values() if text != "left out"]
    assert len(ratios) == 16
    assert len(figures) >= 13
    assert all(float(text) > 0 for text in figures)


def test_planning_is_timed_with_the_judge_of_subjects():
    judged = (
        "import prompts; bench = object.__new__(prompts._Bench); "
        "bench._themes, bench._forbidden, bench._count_tokens = (), None, len; "
        "print(bench._checks().judge_of is not None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", judged],
        # As a script of the bench finds its neighbours, and the repository.
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(BENCH.parent), *sys.path])},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "True", done.stderr
