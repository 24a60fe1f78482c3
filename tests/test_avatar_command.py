"""The command `avatar.py`, as a user runs it: from a training to nothing that is left."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from driver import places
from driver.avatars.people import Folder
from driver.avatars.reached import EMBEDDED, reached, remember
from driver.server import Server
from stockwright.core.people import LORAS, PHOTOS
from tests.commands import ROOT, events
from tests.people import holding
from tests.persons import NAME, TOKEN, make_person

WISH = "cosmonaut on the Moon"
FEW = (
    *("--set", "Scheduler.steps=2"),
    *("--set", "Upscale to Size.size=1x"),
    *("--set", "Stockwright Batch.width=64"),
    *("--set", "Stockwright Batch.height=64"),
)
TOKENS = {"token": TOKEN.encode()}
AVATAR = (str(ROOT / "driver" / "avatar.py"),)
TRAIN = """
import sys
from dataclasses import replace
from driver import avatar
from tests.trainings import tiny
train = avatar.train
avatar.train = lambda folder, asked, report: train(folder, replace(asked, preset=tiny()), report)
sys.exit(avatar.main())
"""
"""`avatar.py` whose trainings have 12 steps; the preset of the small checkpoint has 120."""


def avatar(
    cwd: Path, *arguments: str, program: tuple[str, ...] = AVATAR
) -> subprocess.CompletedProcess[str]:
    """`avatar.py` to its end, without a terminal."""
    return subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "custom_nodes")))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


@dataclass(frozen=True)
class Trained:
    cwd: Path
    folder: Folder
    told: list[dict[str, Any]]
    """What `train --json` printed."""


@pytest.fixture(scope="module")
def trained(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    cwd = tmp_path_factory.mktemp("user")
    folder = make_person(cwd / "avatars", count=4)
    command = ("train", NAME, "--checkpoint", "sketch", "--json")
    done = avatar(cwd, *command, program=("-c", TRAIN))
    assert done.returncode == 0, done.stderr
    return Trained(cwd, folder, events(done.stdout))


def test_from_a_training_to_nothing_that_is_left(trained: Trained):
    cwd, folder = trained.cwd, trained.folder
    (model,) = folder.read().models
    names = [event["event"] for event in trained.told]
    assert {"TrainingStarted", "SegmentTrained", "CandidateJudged"} <= set(names)
    ended = trained.told[-1]
    assert (ended["event"], ended["key"], ended["again"]) == ("TrainingEnded", model.key, False)
    assert model.checkpoint == "sketch.safetensors"

    again = avatar(cwd, "train", NAME, "--checkpoint", "sketch", program=("-c", TRAIN))
    assert again.returncode == 0, again.stderr
    assert "these photos are trained already" in again.stderr
    assert f"sketch: {model.steps} steps, strength 1, key {model.key}" in again.stdout

    # A picture
    wish = ("make", NAME, "--prompt", WISH, "--count", "1", *FEW)
    made = avatar(cwd, *wish, "--json")
    assert made.returncode == 0, made.stderr
    told = events(made.stdout)
    (picture,) = [Path(event["path"]) for event in told if event["event"] == "PictureDone"]
    assert (told[-1]["event"], told[-1]["done"], told[-1]["open"]) == ("RunEnded", 1, 0)
    assert {"RunStarted", "ThemePlanned", "GraphQueued"} <= {event["event"] for event in told}
    assert (cwd / picture).is_file()
    (run,) = folder.made.iterdir()
    assert (cwd / picture).is_relative_to(run / "images")

    # It is judged and shown
    liked = avatar(cwd, "like", str(picture))
    assert liked.returncode == 0, liked.stderr
    assert liked.stdout.startswith(f"liked: {picture}, ")
    shown = avatar(cwd, "show", NAME)
    assert shown.returncode == 0, shown.stderr
    for words in (model.key, f"{model.checkpoint}, {model.steps} steps", run.name, WISH, "like"):
        assert words in shown.stdout
    shown = avatar(cwd, "show", NAME, "--json")
    assert shown.returncode == 0, shown.stderr
    (one,) = events(shown.stdout)
    counted = {key: one[key] for key in ("photos", "crops", "pictures", "likes", "dislikes")}
    assert counted == {"photos": 4, "crops": 4, "pictures": 1, "likes": 1, "dislikes": 0}
    assert (one["name"], [each["key"] for each in one["models"]]) == (NAME, [model.key])
    (rating,) = one["ratings"]
    assert (rating["liked"], rating["run"]) == (True, run.name)
    listed = avatar(cwd, "list")
    assert listed.returncode == 0, listed.stderr
    _, line = listed.stdout.splitlines()
    assert line.split() == [NAME, "4", "sketch", f"({model.steps}", "steps)", "1", "1", "0"]

    # Nothing is left
    assert reached(folder).servers == (EMBEDDED,)
    on_server = [places.BASE / "input", places.BASE / "output", places.MODELS / "loras"]
    assert holding(on_server, TOKENS), "the LoRA lies there"
    forgotten = avatar(cwd, "forget", NAME)
    assert forgotten.returncode == 0, forgotten.stderr
    *removed, last = forgotten.stdout.splitlines()
    assert last == f"{NAME} is forgotten: {len(removed)} removed, nothing is left"
    assert all(line.startswith("removed  ") for line in removed)
    lora = f"loras/{LORAS}/{TOKEN}/{model.key}.safetensors"
    assert any(line.endswith(f": {lora}") for line in removed)
    assert holding(on_server, TOKENS) == {}
    for place in (PHOTOS, LORAS):
        assert not list(places.BASE.rglob(f"{place}/{TOKEN}"))
    assert [path for path in cwd.rglob("*") if path.is_file()] == []
    again = avatar(cwd, "forget", NAME)
    assert (again.returncode, again.stdout) == (0, f"There is nothing of {NAME}.\n")


# Wrong use


def test_photos_need_a_word_of_consent(tmp_path: Path):
    (tmp_path / "one.jpg").write_bytes(b"")
    added = avatar(tmp_path, "add", NAME, "one.jpg")
    assert (added.returncode, added.stdout) == (2, "")
    assert "[consent]" in added.stderr
    assert "--agreed" in added.stderr
    assert "--consent" not in added.stderr
    assert not (tmp_path / "avatars" / NAME).exists()


@pytest.mark.parametrize(("command", "name"), [("show", "../x"), ("forget", "Anna")])
def test_what_is_no_name_is_told(tmp_path: Path, command: str, name: str):
    done = avatar(tmp_path, command, name, "--json")
    assert done.returncode == 2
    assert "this is no name for a person" in done.stderr
    assert name not in done.stderr
    (failed,) = events(done.stdout)
    assert (failed["event"], failed["code"]) == ("Failed", "avatar-invalid")
    assert list(tmp_path.iterdir()) == []


def test_pictures_need_a_training(tmp_path: Path):
    make_person(tmp_path / "avatars", count=2)
    done = avatar(tmp_path, "make", NAME, "--prompt", WISH)
    assert (done.returncode, done.stdout) == (2, "")
    assert "[avatar-unknown]" in done.stderr
    assert "python driver/avatar.py train NAME" in done.stderr
    assert NAME not in done.stderr


@pytest.mark.parametrize("command", [("make", "--prompt", WISH), ("train",)])
def test_nobody_leaves_no_folder(tmp_path: Path, command: tuple[str, ...]):
    first, *flags = command
    done = avatar(tmp_path, first, NAME, *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is nobody of this name" in done.stderr
    assert NAME not in done.stderr
    assert not (tmp_path / "avatars" / NAME).exists()


def test_one_whose_record_is_broken_hides_nobody(tmp_path: Path):
    folder = make_person(tmp_path / "avatars", count=2)
    broken = tmp_path / "avatars" / "boris"
    broken.mkdir()
    (broken / "person.json").write_text("{")
    listed = avatar(tmp_path, "list")
    assert listed.returncode == 0, listed.stderr
    assert f"{folder.name} " in listed.stdout
    assert "boris: the record cannot be read" in listed.stdout
    listed = avatar(tmp_path, "list", "--json")
    assert [one["name"] for one in events(listed.stdout)] == [folder.name, "boris"]


def test_what_is_gone_is_named_also_where_something_is_left(tmp_path: Path):
    folder = make_person(tmp_path / "avatars", count=2)
    remember(folder, server="http://127.0.0.1:9")
    done = avatar(tmp_path, "forget", NAME)
    assert done.returncode == 3
    assert f"removed  avatars/{NAME}/person.json" in done.stdout.splitlines()
    assert "http://127.0.0.1:9" in done.stderr
