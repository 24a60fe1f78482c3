"""Describe Pictures in the graphs that the driver sends: which model, where it is linked, and what
is read of it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from driver.driven import Driven
from driver.gate.describing import Describing, describing
from driver.graphs import Graph, picture_nodes, to_api
from driver.places import WORKFLOWS
from driver.server import Finished
from stockwright.core import names
from stockwright.core.errors import QualityInvalid
from stockwright.core.jobs import Job
from stockwright.core.quality import Action, Setting
from tests.graphs import node, stock_graph
from tests.madeserver import INFO

LARGE = "CLIP-ViT-bigG-14-laion2B-39B-b160k.safetensors"
HUGE = "ipadapter/CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors"
FLUX = "sigclip_vision_patch14_384.safetensors"


def info(*models: str) -> dict[str, Any]:
    loader = {"required": {"clip_name": [list(models), {}]}}
    return INFO | {
        "CLIPVisionLoader": {"input": loader, "output": ["CLIP_VISION"], "output_node": False}
    }


def driven(graph: dict[str, Any] | None = None, *models: str) -> Driven:
    known = info(*models)
    stock = stock_graph("[]") if graph is None else graph
    return Driven(stock, None, known, picture_nodes(stock, known))


def setting(vision: str = "auto", action: Action = Action.REJECT) -> Setting:
    return Setting(action, {"within": 10, "similar": 0.97}, {"vision": vision})


@pytest.mark.parametrize(
    ("models", "best"),
    [
        ((LARGE, HUGE, "clip_vision_l.safetensors"), "clip_vision_l.safetensors"),
        ((LARGE, "clip-vit-large-patch14.bin", HUGE), HUGE),
        ((LARGE, "clip-vit-l14.safetensors", FLUX), "clip-vit-l14.safetensors"),
        ((FLUX, LARGE), LARGE),
        ((FLUX, "model.safetensors"), None),
        ((FLUX, "llava_llama3_vision.safetensors", "dino2.safetensors"), None),
        ((), None),
    ],
)
def test_the_best_model_that_is_there_is_taken(models: tuple[str, ...], best: str | None):
    found = describing(setting(), driven(None, *models))
    assert (found and found.model) == best


@pytest.mark.parametrize("off", [setting("off"), setting(action=Action.OFF)])
def test_none_describes_where_it_is_off(off: Setting):
    assert describing(off, driven(None, HUGE)) is None


def test_a_server_with_an_older_pack_describes_nothing():
    known = {kind: told for kind, told in info(HUGE).items() if kind != names.PICTURE_EMBEDDING}
    graph = stock_graph("[]")
    assert describing(setting(), Driven(graph, None, known, picture_nodes(graph, known))) is None


def test_a_model_may_be_named_and_must_be_there():
    found = describing(setting("sigclip_vision_patch14_384"), driven(None, HUGE, FLUX))
    assert found is not None
    assert found.model == FLUX
    told = describing(setting("model"), driven(None, HUGE, "model.safetensors"))
    assert told is not None
    assert told.model == "model.safetensors", "whatever its name tells"
    with pytest.raises(QualityInvalid, match="does not offer") as caught:
        describing(setting("vit.safetensors"), driven(None, HUGE, FLUX))
    assert HUGE in caught.value.hint
    with pytest.raises(QualityInvalid, match="does not offer") as caught:
        describing(setting("vit.safetensors"), driven())
    assert "It offers nothing." in caught.value.hint


def made(graph: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is added to a graph, by class."""
    one = Describing(driven(graph, HUGE), HUGE)
    added = one.added(graph)
    assert {key: added[key] for key in graph} == graph, "what was there stays"
    return {n["class_type"]: n["inputs"] for key, n in added.items() if key not in graph}


def test_what_is_saved_is_described_by_job():
    added = made(stock_graph("[]"))
    assert added["CLIPVisionLoader"] == {"clip_name": HUGE}
    assert added[names.PICTURE_EMBEDDING] == {
        "images": ["8", 0],
        "jobs": ["3", 4],
        "clip_vision": ["describing", 0],
    }


def test_the_shipped_graph_is_described_at_its_end():
    data = json.loads((WORKFLOWS / "stock.json").read_text())
    graph = to_api(Graph("stock.json", data, is_canvas=True), INFO)
    (saver,) = [n for n in graph.values() if n["class_type"] == names.SAVE_IMAGE]
    (link,) = [made(graph)[names.PICTURE_EMBEDDING]["images"]]
    assert link == saver["inputs"]["images"]
    assert graph[link[0]]["class_type"] == names.UPSCALE


def test_a_graph_of_somebody_else_is_described_before_its_best_saver():
    graph = stock_graph("[]")
    graph["9"] = node("SaveImage", images=["8", 0], filename_prefix="x")
    graph["7b"] = node("PreviewImage", images=["1", 2])
    assert made(graph)[names.PICTURE_EMBEDDING] == {
        "images": ["8", 0],
        "clip_vision": ["describing", 0],
    }


def job(subject: str) -> Job:
    return Job.create(theme="T", kind="k", subject=subject, prompt="p", negative="", seed=1)


def ended(*told: tuple[str, bytes]) -> Finished:
    entries = [{"job": i, "vector": base64.b64encode(data).decode()} for i, data in told]
    outputs: dict[str, Any] = {
        "9": {"images": []},
        "d-0": {names.UI_EMBEDDINGS: entries},
        "p": None,
    }
    return Finished(True, False, "", "", outputs, 0.1)


def test_vectors_are_read_by_job():
    one, other = job("one"), job("other")
    found = Describing(driven(None, HUGE), HUGE).told([one, other], ended((other.id, b"\x00\x3c")))
    assert list(found) == [other.id]
    assert (found[other.id].model, found[other.id].data) == (HUGE, b"\x00\x3c")
    alone = stock_graph("[]")
    alone["9"] = node("SaveImage", images=["8", 0], filename_prefix="x")
    told = Describing(driven(alone, HUGE), HUGE).told([one], ended(("", b"ab"), ("", b"cd")))
    assert {key: seen.data for key, seen in told.items()} == {one.id: b"ab"}
    assert Describing(driven(alone, HUGE), HUGE).told([one], ended()) == {}
