"""The nodes for a person's photos and LoRA on a real server, with the sketch checkpoint."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from driver import places
from driver.avatars.training_graph import LEVELS
from driver.errors import GraphRefused
from driver.server import Finished, Server
from stockwright.core.errors import PersonLoraInvalid, PersonPhotosInvalid, TrainingDiverged
from stockwright.core.names import UI_LORA, UI_LOSS
from stockwright.core.people import LORAS
from stockwright.engine.person_lora import added, check_finite, summed
from stockwright.engine.person_photos import find_photos, load_square, read_captions
from tests.graphs import Graph, cached, node, run
from tests.persons import encoded, varied
from tests.trainings import SKETCH

FOLDER = "person-nodes"
WHO = "nodes-test"


@pytest.fixture(scope="module")
def photos() -> Iterator[Path]:
    """Three photos below the input folder, two of them with captions."""
    from random import Random

    folder = places.BASE / "input" / FOLDER
    folder.mkdir(parents=True)
    for number in range(3):
        picture = varied("obama", 96, Random(number))
        (folder / f"{number}.png").write_bytes(encoded(picture))
    (folder / "0.txt").write_text("photo of ohwx man\n")
    (folder / "1.txt").write_text("ohwx man, smiling")
    yield folder
    shutil.rmtree(folder)
    shutil.rmtree(places.MODELS / "loras" / LORAS / WHO, ignore_errors=True)


def loading(**changes: Any) -> dict[str, Any]:
    return node(
        "StockwrightPersonPhotos", **{"folder": FOLDER, "captions": "", "size": 64} | changes
    )


def test_photos_their_captions_and_references(server: Server, photos: Path):
    graph = {
        "1": loading(),
        "2": node("PreviewAny", source=["1", 1]),
        "3": node("SaveImage", images=["1", 0], filename_prefix="tests/person-nodes"),
        "4": node("GetImageSize", image=["1", 2]),
        "5": node("PreviewAny", source=["4", 0]),
        "6": node("PreviewAny", source=["4", 2]),
    }
    outputs = run(server, graph).outputs
    assert outputs["2"]["text"] == ["photo of ohwx man", "ohwx man, smiling", ""]
    assert len(outputs["3"]["images"]) == 3
    file = outputs["3"]["images"][1]
    path = places.BASE / "output" / file["subfolder"] / file["filename"]
    with Image.open(path) as saved, Image.open(photos / "1.png") as original:
        assert saved.size == (64, 64)
        wanted = np.asarray(original.resize((64, 64), Image.Resampling.LANCZOS)).astype(int)
        assert np.abs(np.asarray(saved) - wanted).max() <= 1
    assert (outputs["5"]["text"], outputs["6"]["text"]) == (["512"], ["3"])


def test_captions_as_text_go_before_files(server: Server, photos: Path):
    told = {f"{number}.png": f"caption {number}" for number in range(3)}
    graph = {"1": loading(captions=json.dumps(told)), "2": node("PreviewAny", source=["1", 1])}
    assert run(server, graph).outputs["2"]["text"] == [*told.values()]
    del told["2.png"]
    graph["1"] = loading(captions=json.dumps(told))
    ended = run(server, graph)
    assert "1 of 3 photos have no caption, such as 2.png" in ended.error


def test_photos_are_read_again_only_when_they_changed(server: Server, photos: Path):
    graph = {"1": loading(), "2": node("PreviewAny", source=["1", 1])}
    run(server, graph)
    assert "1" in cached(server, graph)
    (photos / "2.txt").write_text("a new caption")
    assert "1" not in cached(server, graph)
    (photos / "2.txt").unlink()


@pytest.mark.parametrize("folder", ["..", "../models", "/etc", "", ".", "person-nodes/../.."])
def test_a_folder_cannot_leave_the_input_folder(server: Server, folder: str):
    with pytest.raises(GraphRefused, match="must be one below the input folder"):
        run(server, {"1": loading(folder=folder), "2": node("PreviewAny", source=["1", 1])})


def test_a_link_cannot_leave_it_either(server: Server, photos: Path, tmp_path: Path):
    shutil.copy(photos / "0.png", tmp_path)
    link = places.BASE / "input" / "person-link"
    link.symlink_to(tmp_path)
    try:
        with pytest.raises(GraphRefused, match="must be one below the input folder"):
            run(server, {"1": loading(folder=link.name), "2": node("PreviewAny", source=["1", 1])})
    finally:
        link.unlink()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"folder": "nobody"}, "the folder is not there"),
        ({"captions": "[]"}, "no JSON object of texts"),
        ({"captions": '{"0.png": 1}'}, "no JSON object of texts"),
    ],
)
def test_what_cannot_be_read_is_refused_before_it_runs(
    server: Server, photos: Path, change: dict[str, Any], said: str
):
    with pytest.raises(GraphRefused, match=said):
        run(server, {"1": loading(**change), "2": node("PreviewAny", source=["1", 1])})


def test_a_file_that_is_no_picture_is_named(tmp_path: Path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(PersonPhotosInvalid, match="no picture that can be read") as caught:
        load_square(tmp_path / "a.png", 64)
    assert "a.png" in caught.value.where
    assert find_photos(tmp_path) == [tmp_path / "a.png"]
    (tmp_path / "a.png").rename(tmp_path / "a.gif")
    with pytest.raises(PersonPhotosInvalid, match="there is no picture in the folder"):
        find_photos(tmp_path)
    assert read_captions([tmp_path / "b.png"], "  ") == [""]


def training(steps: int, continued: str, **changes: Any) -> Graph:
    """Trains on the photos, stores, and measures before and after."""
    train = {
        "batch_size": 1, "grad_accumulation_steps": 1, "steps": steps, "learning_rate": 0.003,
        "rank": 4, "optimizer": "AdamW", "loss_function": "MSE", "seed": 7,
        "training_dtype": "fp32", "lora_dtype": "fp32", "algorithm": "LoRA",
        "gradient_checkpointing": False, "existing_lora": continued,
    }  # fmt: skip
    measure = {"latents": ["3", 0], "positive": ["3", 1], "levels": LEVELS, "noise": 0}
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name=SKETCH),
        "2": loading(),
        "3": node("MakeTrainingDataset", images=["2", 0], vae=["1", 2], clip=["1", 1],
                  texts=["2", 1]),
        "4": node("StockwrightContinuePersonLora", model=["1", 0], lora=continued),
        "5": node("TrainLoraNode", model=["4", 0], latents=["3", 0], positive=["3", 1],
                  **train | changes),
        "6": node("StockwrightSavePersonLora", lora=["5", 1], before=["4", 1], loss=["5", 2],
                  steps=["5", 3], person=WHO, key="k"),
        "7": node("StockwrightMeasureLoss", model=["1", 0], every_caption=False, **measure),
        "8": node("StockwrightMeasureLoss", model=["5", 0], every_caption=False, **measure),
    }  # fmt: skip


def told(ended: Finished) -> dict[str, Any]:
    assert ended.success, ended.error
    (one,) = ended.outputs["6"][UI_LORA]
    return one


def losses(ended: Finished, node_id: str) -> np.ndarray:
    return np.array([one["levels"] for one in ended.outputs[node_id][UI_LOSS]])


def test_a_training_that_goes_on_is_stored_as_a_whole(server: Server, photos: Path):
    first = run(server, training(10, "[None]"))
    one = told(first)
    assert one["file"] == f"{LORAS}/{WHO}/k_10_steps_.safetensors"
    assert (one["steps"], len(one["losses"])) == (10, 10)
    path = places.MODELS / "loras" / one["file"]
    data = path.read_bytes()
    assert (one["sha256"], one["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    second = run(server, training(2, one["file"], seed=8, learning_rate=1e-4))
    two = told(second)
    assert two["steps"] == 12
    assert two["file"].endswith("/k_12_steps_.safetensors")

    # What is stored does what the model did that was trained: so nothing of either part is lost.
    measured = training(1, "[None]")
    del measured["5"], measured["6"], measured["8"]
    measured["9"] = node("StockwrightLoraStack", model=["1", 0], clip=["1", 1], loras=two["file"])
    measured["7"]["inputs"]["model"] = ["9", 0]
    stored = losses(run(server, measured), "7")
    trained, before = losses(second, "8"), losses(first, "7")
    assert np.abs(trained - before).mean() > 20 * np.abs(stored - trained).mean()
    new, old = load_file(places.MODELS / "loras" / two["file"]), load_file(path)
    names = [name for name in added(new) if added(old)[name].abs().max() > 0.005]
    assert names, "biases have learned in the first part"
    kept = [float(torch.dist(new[n], old[n]) / old[n].norm()) for n in names]
    assert max(kept) < 0.1, "and are not begun anew in the second, which learns little"


def test_a_picture_is_found_again_best_under_its_own_caption(server: Server, tmp_path: Path):
    """Of pictures that the sketch has painted."""
    prompts = ["a red apple on white background", "a blue office room", "a green tree in a park"]
    jobs = json.dumps([{"id": f"j{n}", "prompt": p, "seed": 3} for n, p in enumerate(prompts)])
    from tests.graphs import output_path, saved, stock_graph

    made = saved(run(server, stock_graph(jobs, size=128, steps=10, cfg=4.0)))
    folder = places.BASE / "input" / "painted"
    folder.mkdir()
    try:
        for number, prompt in enumerate(prompts):
            shutil.copy(output_path(places.EMBEDDED, made[f"j{number}"]), folder / f"{number}.png")
            (folder / f"{number}.txt").write_text(prompt)
        graph = training(1, "[None]")
        del graph["4"], graph["5"], graph["6"], graph["8"]
        graph["2"]["inputs"] |= {"folder": folder.name, "size": 128}
        graph["7"]["inputs"]["every_caption"] = True
        ended = run(server, graph)
    finally:
        shutil.rmtree(folder)
    found = {(o["picture"], o["caption"]): o["levels"] for o in ended.outputs["7"][UI_LOSS]}
    assert len(found) == 9
    for picture in range(3):
        means = [np.log(found[picture, caption]).mean() for caption in range(3)]
        assert int(np.argmin(means)) == picture
    graph["7"]["inputs"]["every_caption"] = False


def test_weights_that_are_no_numbers_are_not_stored(server: Server, photos: Path):
    one = told(run(server, training(2, "[None]", seed=11)))
    place = places.MODELS / "loras" / LORAS / WHO
    weights = load_file(places.MODELS / "loras" / one["file"])
    name = next(name for name in weights if name.endswith(".diff_b"))
    weights[name] = torch.full_like(weights[name], float("inf"))
    save_file(weights, place / "broken_3_steps_.safetensors")
    ended = run(server, training(2, f"{LORAS}/{WHO}/broken_3_steps_.safetensors"))
    assert "no number" in ended.error
    assert "[training-diverged]" in ended.error
    assert not (place / "k_5_steps_.safetensors").exists()


def test_nothing_that_is_no_number_passes():
    check_finite({"a": torch.ones(2)}, [0.1, 0.2])
    with pytest.raises(TrainingDiverged, match="from step 2 of 3"):
        check_finite({}, [0.1, float("nan"), 0.1])
    with pytest.raises(TrainingDiverged, match="the weights are no numbers"):
        check_finite({"a": torch.tensor([1.0, float("inf")])}, [0.1])


def test_what_was_added_before_is_added_up():
    new = {"x.diff_b": torch.ones(2), "x.lora_up.weight": torch.ones(1), "y.diff": torch.ones(1)}
    before = {"x.diff_b": torch.full((2,), 0.5)}
    whole = summed(new, before)
    assert whole["x.diff_b"].tolist() == [1.5, 1.5]
    assert whole["y.diff"].tolist() == whole["x.lora_up.weight"].tolist() == [1.0]
    with pytest.raises(PersonLoraInvalid, match="which the model has not"):
        summed({}, before)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "Ж", "A"])
def test_names_of_files_are_plain(server: Server, photos: Path, name: str):
    for field in ("person", "key"):
        graph = training(1, "[None]")
        graph["6"]["inputs"][field] = name
        with pytest.raises(GraphRefused, match="it is no name for a file"):
            run(server, graph)
