"""The bench, with few pictures on a real server."""

from __future__ import annotations

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
    assert len(ratios) == 12
    assert len(figures) >= 9
    assert all(float(text) > 0 for text in figures)
