"""`submit.py --images`: a folder of pictures through the shipped graph, on a real server."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from driver.server import Server
from tests.commands import manifest, pictures, start, submit, until

COUNT = 8


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    pool = tmp_path / "Old pool"
    for number in range(COUNT):
        path = pool / ("rooms" if number % 2 else "") / f"red_sofa-{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.linear_gradient("L").resize((48, 32)).rotate(number * 20)
        Image.merge("RGB", (image, image, Image.new("L", image.size, 60))).save(path)
    return pool


def test_every_picture_of_a_folder_is_enlarged(server: Server, pool: Path, tmp_path: Path):
    done = submit(tmp_path, "--images", str(pool), "--run", "run")
    assert done.returncode == 0, done.stderr
    rows = manifest(tmp_path / "run")
    assert {(row["width"], row["height"]) for row in rows} == {("96", "64")}
    assert [row["theme"] for row in rows] == ["Old pool"] * COUNT
    assert sorted(row["kind"] for row in rows) == ["pictures"] * 4 + ["rooms"] * 4
    assert {row["subject"] for row in rows} == {f"red sofa {n}" for n in range(COUNT)}
    assert len({row["sha256"] for row in rows}) == COUNT
    again = submit(tmp_path, "--images", str(pool), "--run", "run")
    assert again.returncode == 0
    assert manifest(tmp_path / "run") == rows


def test_a_killed_driver_goes_on_and_makes_nothing_twice(
    server: Server, pool: Path, tmp_path: Path
):
    run = tmp_path / "run"

    def made() -> list[Path]:
        """What the ledger holds for done: a file that it does not know yet is written again."""
        if not (run / "run.sqlite").exists():
            return []
        with closing(sqlite3.connect(run / "run.sqlite")) as db:
            try:
                rows = db.execute("SELECT file FROM jobs WHERE state = 'done'").fetchall()
            except sqlite3.OperationalError:  # its tables come a moment later
                return []
        return [run / json.loads(file)[0] for (file,) in rows]

    driver = start(tmp_path, "--images", str(pool), "--run", "run")
    until(lambda: len(made()) >= 2, driver)
    driver.kill()
    driver.communicate()
    kept = {path: path.stat().st_mtime_ns for path in made()}
    assert 2 <= len(kept) < COUNT
    done = submit(tmp_path, "--run", "run")
    assert done.returncode == 0, done.stderr
    assert len(pictures(run)) == COUNT
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_the_graph_for_faces_says_what_is_missing(server: Server, pool: Path, tmp_path: Path):
    graph = Path(__file__).parent.parent / "workflows" / "restore_only.json"
    done = submit(tmp_path, "--images", str(pool), "--workflow", str(graph))
    assert done.returncode == 2
    assert "GFPGANv1.4.safetensors" in done.stderr
    more = ("--set", "StockwrightLoadFaceModel.model=none", "--run", "run")
    done = submit(tmp_path, "--images", str(pool), "--workflow", str(graph), *more)
    assert done.returncode == 0, done.stderr
    assert len(pictures(tmp_path / "run")) == COUNT
