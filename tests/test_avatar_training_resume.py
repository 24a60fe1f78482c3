"""A training whose driver or server is killed goes on where it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driver import places
from driver.avatars.serverfiles import list_loras
from driver.avatars.training import train
from driver.avatars.training_events import SegmentTrained, TrainingStarted
from driver.avatars.training_state import State
from driver.server import Server
from stockwright.core.people import LORAS
from tests.conftest import make_home
from tests.persons import TOKEN, make_person
from tests.trainings import Heard, asked


def begin(people: Path, *arguments: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.trainings", str(people), *arguments],
        cwd=places.ROOT,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def heard(process: subprocess.Popen[str], kind: str, most: int = 1) -> list[dict[str, Any]]:
    """Reads events until so many of a kind came."""
    assert process.stdout is not None
    found: list[dict[str, Any]] = []
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == kind:
            found.append(event)
        if len(found) == most:
            return found
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


def test_a_killed_driver_goes_on_with_the_segment_that_runs(server: Server, tmp_path: Path):
    folder = make_person(tmp_path)
    process = begin(tmp_path, server.url, env={})
    heard(process, "SegmentTrained")
    heard(process, "TrainingRuns")
    process.send_signal(signal.SIGKILL)
    process.wait()
    state = State.model_validate_json((folder.training / "state.json").read_bytes())
    assert state.steps == 4
    assert state.graph, "the segment that runs"
    assert set(list_loras(server, TOKEN)) >= {state.saved[0].stem}
    told = Heard()
    model = train(folder, asked(server.url), told)
    assert [one["done"] for one in told.of(TrainingStarted)] == [4]
    assert [one["done"] for one in told.of(SegmentTrained)] == [8, 12]
    assert server.finished(state.graph), "it was followed, not queued again"
    assert model.steps == 12
    assert not folder.training.exists()


def test_a_server_without_the_lora_gets_it_back(server: Server, tmp_path: Path):
    """As after its disk was another one."""
    folder, told = make_person(tmp_path), Heard()

    class Stopped(Exception):
        pass

    def stop(event: Any) -> None:
        if isinstance(event, SegmentTrained):
            raise Stopped

    with pytest.raises(Stopped):
        train(folder, asked(server.url), stop)
    shutil.rmtree(places.MODELS / "loras" / LORAS)
    assert train(folder, asked(server.url), told).steps == 12
    assert [one["done"] for one in told.of(SegmentTrained)] == [8, 12]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a home of its own, whose server may be killed."""
    env = {"STOCKWRIGHT_HOME": str(make_home(tmp_path / "home"))}
    command = [sys.executable, str(places.ROOT / "driver" / "embedded.py")]
    subprocess.run([*command, "install"], env=os.environ | env, check=True, capture_output=True)
    yield env
    subprocess.run([*command, "stop"], env=os.environ | env, check=True, capture_output=True)


def test_a_killed_server_is_started_again_and_trains_on(home: dict[str, str], tmp_path: Path):
    people = tmp_path / "people"
    folder = make_person(people)
    process = begin(people, env=home)
    heard(process, "SegmentTrained")
    heard(process, "TrainingRuns")
    (record,) = Path(home["STOCKWRIGHT_HOME"]).glob("server*.json")
    os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)
    assert [one["done"] for one in heard(process, "SegmentTrained", 2)] == [8, 12]
    heard(process, "TrainingEnded")
    assert process.wait() == 0
    (model,) = folder.read().models
    assert model.steps == 12
    base = Path(home["STOCKWRIGHT_HOME"]) / "base"
    assert not list((base / "input").rglob("*.png")), "no photo is left"
    assert not list((base / "output").rglob("*.png")), "and no candidate's picture"
