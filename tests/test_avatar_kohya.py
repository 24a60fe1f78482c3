"""kohya's sd-scripts behind the same command, with a stand-in that reads its files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from driver.avatars.kohya import Kohya
from driver.avatars.people import Folder
from driver.avatars.store import ModelStore, default_store
from driver.avatars.training import Trainer, train
from driver.avatars.training_events import CandidateJudged, SegmentTrained, TrainingRuns
from driver.avatars.training_state import State, file_of, read_state, write_state
from driver.errors import AvatarInvalid, TrainingFailed
from driver.events import Notice
from driver.server import Server
from driver.weights import folders
from stockwright.core.people import TRIGGER
from tests.make_lora import make_lora
from tests.persons import NAME, TOKEN, make_person
from tests.trainings import SKETCH, Heard, asked, tiny


@pytest.fixture
def trainer(tmp_path: Path, sketch_path: Path) -> Path:
    """A folder as that of sd-scripts."""
    folder = tmp_path / "sd-scripts"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("kohya_double.py"), folder / "train_network.py")
    make_lora(sketch_path, folder / "lora.safetensors", seed=1, scale=0.1)
    (folder / "does.json").write_text("{}")
    return folder


CROPS = {"1.png": b"", "1.txt": b"photo of ohwx man"}


def run(work: Kohya, state: State) -> State:
    return work.run(state, SKETCH, CROPS, lambda numbers: {}, lambda: None)


def told(trainer: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (trainer / "told.jsonl").read_text().splitlines()]


def kohya(folder: Folder, trainer: Path, heard: Heard, **changes: Any) -> tuple[Kohya, State]:
    preset = tiny(**changes)
    state = State(key="0" * 16, batch=preset.batch, checkpointing=preset.checkpointing)
    return Kohya(folder, preset, trainer, folders.embedded(), heard), state


def test_its_files_are_written_and_its_lora_is_taken(server: Server, trainer: Path, tmp_path: Path):
    people = tmp_path / "people"
    folder, heard = make_person(people), Heard()
    how = {
        "trainer": Trainer.KOHYA,
        "trainer_dir": trainer,
        "preset": tiny(candidates=2, alpha=4, class_pictures=20),
    }
    model = train(folder, asked(server.url, **how), heard)
    (one,) = told(trainer)
    config = one["config"]
    crops = [crop for crop in folder.read().crops if not crop.held_back]
    assert one["images"] == sorted(Path(crop.file).name for crop in crops)
    assert set(one["captions"]) == {"photo of ohwx man"}
    assert one["checkpoint"]
    assert (config["network_dim"], config["network_alpha"]) == (8, 4)
    assert config["max_train_steps"] == 12
    assert config["text_encoder_lr"] == pytest.approx(config["unet_lr"] / 2)
    assert config["no_metadata"] is True
    assert config["cache_latents"] is True
    assert one["dataset"]["general"]["enable_bucket"] is True
    assert one["dataset"]["datasets"][0]["resolution"] == 64
    first, second = one["dataset"]["datasets"][0]["subsets"]
    assert (second["is_reg"], "is_reg" in first) == (True, False)
    assert (len(one["others"]), len(crops), first["num_repeats"]) == (20, 8, 3)
    assert all("man" in text and TRIGGER not in text for text in one["others"].values())
    assert NAME not in json.dumps({key: value for key, value in one.items() if key != "cwd"})
    assert [event["done"] for event in heard.of(SegmentTrained)] == [4, 8, 12]
    assert [event["done"] for event in heard.of(TrainingRuns)] == [*range(1, 13)]
    judged = heard.of(CandidateJudged)
    assert [event["steps"] for event in judged] == [0, 8, 12]
    assert ModelStore(default_store(people), TOKEN).sha256(model.key) == model.sha256
    assert model.size == (trainer / "lora.safetensors").stat().st_size
    assert not folder.training.exists()


def test_a_killed_trainer_goes_on_with_what_it_saved(trainer: Path, tmp_path: Path):
    folder, heard = make_person(tmp_path / "people"), Heard()
    (trainer / "does.json").write_text('{"dies": 6}')
    work, state = kohya(folder, trainer, heard)
    with pytest.raises(TrainingFailed, match="sd-scripts failed") as caught:
        run(work, state)
    assert "goes on" in caught.value.hint
    work, _ = kohya(folder, trainer, heard)
    done = run(work, state)
    assert [saved.steps for saved in done.saved] == [4, 8, 12]
    assert file_of(folder, done.saved[-1]).stat().st_mode & 0o777 == 0o600
    first, second = told(trainer)
    assert "network_weights" not in first["config"]
    assert second["continued"]
    assert second["config"]["max_train_steps"] == 8
    preset = tiny()
    assert first["config"]["unet_lr"] == preset.learning_rate
    assert preset.rate(4, 0) < preset.learning_rate
    assert second["config"]["unet_lr"] == pytest.approx(preset.rate(4, 0))


def test_memory_and_no_numbers(trainer: Path, tmp_path: Path):
    folder, heard = make_person(tmp_path / "people"), Heard()
    (trainer / "does.json").write_text('{"fits": 1}')
    work, state = kohya(folder, trainer, heard)
    done = run(work, state)
    assert (done.batch, done.accumulation, done.checkpointing) == (1, 2, True)
    assert len(heard.of(Notice)) == 2
    batches = [one["dataset"]["datasets"][0]["batch_size"] for one in told(trainer)]
    assert batches == [2, 2, 1]
    (trainer / "does.json").write_text('{"rises": 9}')
    shutil.rmtree(folder.training)
    with pytest.raises(
        TrainingFailed, match=r"its mean up to step 12 is 0\.9000, it was 0\.15"
    ) as caught:
        run(work, state)
    (trainer / "does.json").write_text('{"nan": 3}')
    assert "learning_rate" in caught.value.hint
    assert not folder.training.exists()
    with pytest.raises(TrainingFailed, match="the loss is no number") as caught:
        run(work, state)
    assert "learning_rate" in caught.value.hint


def test_its_folder_and_the_checkpoint_have_to_be_here(trainer: Path, tmp_path: Path):
    folder, heard = make_person(tmp_path / "people"), Heard()
    for where in (None, tmp_path):
        with pytest.raises(AvatarInvalid) as caught:
            Kohya(folder, tiny(), where, folders.embedded(), heard)
        assert "sd-scripts" in caught.value.hint
    with pytest.raises(AvatarInvalid, match=r"no sdxl_train_network\.py"):
        Kohya(folder, tiny(kohya="sdxl_train_network.py"), trainer, folders.embedded(), heard)
    work, state = kohya(folder, trainer, heard)
    with pytest.raises(AvatarInvalid, match=r"needs other\.safetensors on this machine"):
        work.run(state, "other.safetensors", {}, lambda numbers: {}, lambda: None)


def test_a_trainer_that_is_not_there_leaves_a_training_that_goes_on(server: Server, tmp_path: Path):
    folder = make_person(tmp_path / "people")
    going = State(key="0" * 16, batch=1, checkpointing=False)
    write_state(folder, going)
    with pytest.raises(AvatarInvalid, match="needs its folder"):
        train(folder, asked(server.url, trainer=Trainer.KOHYA, preset=tiny()), Heard())
    assert read_state(folder, going.key) == going
