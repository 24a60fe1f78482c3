"""Load Face Model and Restore Faces on a real server: RestoreFormer, small, with random weights."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import requests
import torch
import websocket
from PIL import Image
from safetensors.torch import save_file
from spandrel.architectures.RestoreFormer import RestoreFormer

from driver import places
from driver.errors import GraphRefused
from driver.server import Server
from tests.faces import photo
from tests.graphs import Graph, cached, node, output_path, run

FOLDER = places.MODELS / "facerestore_models"

GOOD, BAD, BROKEN = "random.safetensors", "fails.safetensors", "broken.safetensors"
NAMES = ("two", "none", "one")
SIZE = (512, 256)


def weights() -> dict[str, torch.Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        # As wide as its attention allows, since it has to run on a processor.
        return RestoreFormer(ch=32, ch_mult=(1, 1, 1, 1, 1, 1), num_res_blocks=1).state_dict()


@pytest.fixture(scope="module", autouse=True)
def files(server: Server) -> None:
    """The models, and pictures of two faces, of none and of one."""
    FOLDER.mkdir(exist_ok=True)
    save_file(weights(), FOLDER / GOOD)
    save_file({name: value * float("nan") for name, value in weights().items()}, FOLDER / BAD)
    (FOLDER / BROKEN).write_text("nothing of use")
    face = photo("collins", SIZE[1])
    two, none, one = (Image.new("RGB", SIZE, (90, 120, 200)) for _ in range(3))
    two.paste(face, (0, 0))
    two.paste(face.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (SIZE[1], 0))
    one.paste(face, (100, 0))
    folder = places.EMBEDDED / "base" / "input"
    folder.mkdir(exist_ok=True)
    for name, picture in zip(NAMES, (two, none, one), strict=True):
        picture.save(folder / f"faces-{name}.png")


def graph(model: str, **settings: Any) -> Graph:
    """The three pictures in one batch, saved as they came in ("6") and as they went out ("7"), with
    where the mask is above 0 ("8") and the number of faces ("9")."""
    made = {str(n): node("LoadImage", image=f"faces-{name}.png") for n, name in enumerate(NAMES)}
    made["3"] = node("ImageBatch", image1=["0", 0], image2=["1", 0])
    made["4"] = node("ImageBatch", image1=["3", 0], image2=["2", 0])
    usual = {"strength": 1.0, "smallest": 16, "most": 8, "sharp": 1.0}
    made["model"] = node("StockwrightLoadFaceModel", model=model)
    made["5"] = node(
        "StockwrightRestoreFaces",
        image=["4", 0],
        face_model=["model", 0],
        **usual | settings,
    )
    made["above"] = node("ThresholdMask", mask=["5", 1], value=0.0)
    made["mask"] = node("MaskToImage", mask=["above", 0])
    for key, source in {"6": ["4", 0], "7": ["5", 0], "8": ["mask", 0]}.items():
        made[key] = node("SaveImage", images=source, filename_prefix=f"faces-{key}")
    made["9"] = node("PreviewAny", source=["5", 2])
    return made


def pictures(outputs: Mapping[str, Any], key: str) -> np.ndarray:
    files = [output_path(places.EMBEDDED, file) for file in outputs[key]["images"]]
    return np.stack([np.asarray(Image.open(file)) for file in files])


def test_faces_of_a_batch_are_restored_and_all_else_stays(server: Server):
    done = run(server, graph(GOOD), 300)
    assert done.success, done.error
    assert done.outputs["9"]["text"] == ["3"]
    before, after, mask = (pictures(done.outputs, key) for key in "678")
    seen = mask[..., 0] > 0
    assert before.shape == after.shape == (3, SIZE[1], SIZE[0], 3)
    assert np.array_equal(before[1], after[1]) and not seen[1].any()
    assert np.array_equal(before[~seen], after[~seen]), "off the mask every pixel stays"
    assert seen[0, :, : SIZE[1]].any() and seen[0, :, SIZE[1] :].any(), "both faces"
    for number in (0, 2):
        changed = np.abs(after[number].astype(int) - before[number])[seen[number]]
        assert changed.mean() > 2


def test_the_settings_reach_the_faces(server: Server):
    done = run(server, graph(GOOD, most=1), 300)
    assert done.outputs["9"]["text"] == ["2"], done.error
    done = run(server, graph(GOOD, smallest=200))
    assert done.outputs["9"]["text"] == ["0"], done.error
    assert np.array_equal(pictures(done.outputs, "6"), pictures(done.outputs, "7"))


def test_none_lets_pictures_pass(server: Server):
    done = run(server, graph("none"))
    assert done.success, done.error
    assert done.outputs["9"]["text"] == ["0"]
    assert np.array_equal(pictures(done.outputs, "6"), pictures(done.outputs, "7"))
    assert not pictures(done.outputs, "8").any()


@pytest.mark.parametrize(
    ("model", "expected"),
    [(BROKEN, "cannot be read as weights"), (BAD, "it gave values that are no numbers")],
)
def test_a_model_that_fails_makes_the_graph_fail(server: Server, model: str, expected: str):
    done = run(server, graph(model), 300)
    assert not done.success and not done.interrupted
    assert expected in done.error and model in done.error
    assert "7" not in done.outputs, "no picture is passed on"


def test_a_model_that_is_not_there_is_refused_before_anything_runs(server: Server):
    with pytest.raises(GraphRefused, match=r"no 'gone\.pth'.*") as caught:
        run(server, graph("gone.pth"))
    assert GOOD in str(caught.value) and "pull gfpgan" in str(caught.value)


def test_a_missing_face_detector_is_told_before_anything_runs(server: Server):
    folder = places.MODELS / "face_detection"
    kept = folder.readlink()
    folder.unlink()
    folder.mkdir()
    try:
        with pytest.raises(GraphRefused, match="nothing to find faces with") as caught:
            run(server, graph(GOOD))
        assert "pull mtcnn-pnet" in str(caught.value)
        assert run(server, graph("none")).success
    finally:
        folder.rmdir()
        folder.symlink_to(kept)


def test_another_model_under_the_same_name_counts(server: Server):
    save_file(weights(), FOLDER / "changing.safetensors")
    made = {
        "1": node("StockwrightLoadFaceModel", model="changing.safetensors"),
        "9": node("PreviewAny", source=["1", 0]),
    }
    assert "1" not in cached(server, made)
    assert "1" in cached(server, made)
    os.utime(FOLDER / "changing.safetensors", ns=(0, 0))
    assert "1" not in cached(server, made)


def test_an_interrupt_is_obeyed_within_the_node(server: Server):
    made = graph(GOOD)
    made["many"] = node("RepeatImageBatch", image=["4", 0], amount=60)
    made["5"]["inputs"]["image"] = ["many", 0]
    graph_id = str(uuid.uuid4())
    socket = websocket.create_connection(f"{server.websocket_url}?clientId={graph_id}", timeout=60)
    server.queue_graph(made, graph_id, graph_id, workflow=None)
    while not is_at_work(socket.recv(), "5"):
        pass
    server.interrupt(graph_id)
    while not (told := ended(server, graph_id)):
        socket.recv()
    socket.close()
    assert told["execution_interrupted"]["node_id"] == "5"
    assert "execution_success" not in told


def is_at_work(frame: str | bytes, node_id: str) -> bool:
    event = json.loads(frame) if isinstance(frame, str) else {}
    return event.get("type") == "progress" and event["data"]["node"] == node_id


def ended(server: Server, graph_id: str) -> dict[str, Any]:
    """What the history tells of a graph, by event; nothing while it runs."""
    history = requests.get(f"{server.url}/history/{graph_id}", timeout=60).json()
    return dict(history[graph_id]["status"]["messages"]) if graph_id in history else {}
