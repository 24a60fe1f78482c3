"""Whole orders, run as a user runs them, on a real server with the real language model."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from driver import places
from driver.graphs import parse_graph, to_api
from driver.server import Server
from tests import commands
from tests.commands import submit, the_run
from tests.golden.differences import differences

ORDER = ("--theme", "Education", "--set", "StockwrightUpscale.size=2x")


@pytest.fixture(scope="module")
def finished(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which `submit.py --theme Education` has run."""
    cwd = tmp_path_factory.mktemp("finished")
    done = submit(cwd, *ORDER)
    assert done.returncode == 0, done.stderr
    assert "The small checkpoint paints (the graph's checkpoint is not installed" in done.stderr
    assert done.stdout.splitlines()[0] == f"10 pictures in {the_run(cwd).relative_to(cwd)}"
    return cwd


def test_an_order_is_exact(finished: Path):
    run = the_run(finished)
    assert commands.kinds(run) == {"interiors": 6, "exteriors": 2, "items": 2}
    rows = commands.manifest(run)
    assert len({row["subject"].casefold() for row in rows}) == 10
    told = [json.loads(text) for text in (run / "manifest.jsonl").read_text().splitlines()]
    numbers = ("seed", "width", "height", "bytes")
    assert [job | {"axes": None} for job in told] == [
        {k: int(v) if k in numbers else v for k, v in row.items()} | {"axes": None} for row in rows
    ]
    for job, row in zip(told, rows, strict=True):
        assert row["axes"] == "; ".join(f"{name}: {value}" for name, value in job["axes"].items())
        assert all(value in job["prompt"] for value in job["axes"].values())
        assert job["origin"].startswith(("model, area ", "theme file"))


def test_every_picture_is_where_the_manifest_says(finished: Path, object_info: dict[str, Any]):
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
            assert image.size == (int(row["width"]), int(row["height"])) == (128, 128)
            assert json.loads(image.info["stockwright"])["prompt"] == row["prompt"]
            assert "sketch.safetensors" in image.info["prompt"], "what painted it"
            canvas = parse_graph(image.info["workflow"], row["file"])
            painted = json.loads(image.info["prompt"])
            opened = to_api(canvas, object_info)
            assert not differences(painted, opened, object_info), "the canvas opens what painted it"
        assert row["checkpoint"] == "sketch.safetensors"


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
    done = submit(finished, *ORDER, "--server", "http://127.0.0.1:9")
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
    done = submit(finished, *ORDER, "--count", "12", "--run", str(run))
    assert done.returncode == 2
    assert "[order-conflict]" in done.stderr
    assert "count" in done.stderr


def test_a_dry_run_prints_the_same_jobs_and_makes_nothing(finished: Path, tmp_path: Path):
    done = submit(tmp_path, "--theme", "Education", "--dry-run", "--json")
    jobs = [json.loads(text) for text in done.stdout.splitlines()]
    fields = {"theme", "kind", "subject", "prompt", "negative", "seed", "width", "height", "id"}
    fields |= {"origin", "axes"}
    assert all(job.keys() == fields for job in jobs)
    assert [job["id"] for job in jobs] == [r["id"] for r in commands.manifest(the_run(finished))]
    assert not list(tmp_path.iterdir())


def test_a_dry_run_is_a_table(server: Server, tmp_path: Path):
    done = submit(tmp_path, "--theme", "Образование", "--count", "3", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Trainings and Education" in done.stdout
    assert done.stdout.count("64x64") == 3


def test_quotas_are_exact_over_several_themes(server: Server, tmp_path: Path):
    themes = ("Education", "Medicine", "Finance")
    done = submit(tmp_path, "--theme", *themes, "--count", "8", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    jobs = [json.loads(text) for text in done.stdout.splitlines()]
    counted = Counter((job["theme"], job["kind"]) for job in jobs)
    assert sorted(Counter(job["theme"] for job in jobs).values()) == [2, 3, 3]
    for theme in {job["theme"] for job in jobs}:
        mine = tuple(counted[theme, kind] for kind in ("interiors", "exteriors", "items"))
        assert mine in ([(1, 1, 0)] if sum(mine) == 2 else [(2, 1, 0)])
    assert len({job["id"] for job in jobs}) == 8
    assert len({job["subject"].casefold() for job in jobs}) == 8


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
