"""Models that stand in for missing ones where the small checkpoint paints."""

from __future__ import annotations

from typing import Any

import pytest

from driver.errors import PreflightFailed
from driver.graphs import find_nodes
from driver.standins import UPSCALER, with_stand_ins
from tests.graphs import node, stock_graph
from tests.test_prepare import INFO, ready


def combo(*choices: str) -> list[Any]:
    return ["COMBO", {"options": list(choices)}]


def loader(name: str, *choices: str) -> dict[str, Any]:
    return {
        "input": {"required": {name: combo(*choices)}},
        "input_order": {"required": [name]},
        "output": ["X"],
        "output_node": False,
        "display_name": "Loader",
    }


def info(faces: tuple[str, ...] = ("none",), upscalers: tuple[str, ...] = (UPSCALER,)) -> Any:
    return {
        "StockwrightLoadFaceModel": loader("model", *faces),
        "UpscaleModelLoader": loader("model_name", *upscalers),
    }


GRAPH = {
    "1": node("StockwrightLoadFaceModel", "Faces", model="GFPGANv1.4.safetensors"),
    "2": node("UpscaleModelLoader", "Upscaler", model_name="RealESRGAN_x4plus.safetensors"),
}


def test_what_is_missing_is_replaced_and_told():
    graph, notes = with_stand_ins(GRAPH, GRAPH, info())
    assert graph["1"]["inputs"]["model"] == "none"
    assert graph["2"]["inputs"]["model_name"] == UPSCALER
    assert notes == (
        "GFPGANv1.4.safetensors is not installed: faces stay as they are (Faces).",
        f"RealESRGAN_x4plus.safetensors is not installed: {UPSCALER} stands in (Upscaler).",
    )


def test_what_is_there_stays():
    there = info(("GFPGANv1.4.safetensors", "none"), (UPSCALER, "RealESRGAN_x4plus.safetensors"))
    assert with_stand_ins(GRAPH, GRAPH, there) == (GRAPH, ())


def test_what_an_order_names_itself_stays():
    changed = {**GRAPH, "1": node("StockwrightLoadFaceModel", "Faces", model="mine.safetensors")}
    graph, notes = with_stand_ins(changed, GRAPH, info())
    assert graph["1"]["inputs"]["model"] == "mine.safetensors"
    assert len(notes) == 1


def test_nothing_stands_in_where_the_server_has_nothing():
    assert with_stand_ins(GRAPH, GRAPH, info((), ())) == (GRAPH, ())


@pytest.mark.parametrize("painter", ["sketch.safetensors", "sd_xl_base_1.0.safetensors"])
def test_only_the_small_checkpoint_is_helped_out(monkeypatch: pytest.MonkeyPatch, painter: str):
    graph = stock_graph('[{"prompt": "a"}]', checkpoint=painter)
    graph["20"] = node("UpscaleModelLoader", "Upscaler", model_name="RealESRGAN_x4plus.safetensors")
    graph["21"] = node("ImageUpscaleWithModel", upscale_model=["20", 0], image=["8", 0])
    graph["9"]["inputs"]["images"] = ["21", 0]
    upscale = {
        "input": {"required": {"upscale_model": ["X", {}], "image": ["IMAGE", {}]}},
        "input_order": {"required": ["upscale_model", "image"]},
        "output": ["IMAGE"],
        "output_node": False,
    }
    monkeypatch.setitem(INFO, "UpscaleModelLoader", loader("model_name", UPSCALER))
    monkeypatch.setitem(INFO, "ImageUpscaleWithModel", upscale)
    checkpoint = {"input": {"required": {"ckpt_name": combo("sketch.safetensors", painter)}}}
    known = INFO["CheckpointLoaderSimple"]
    monkeypatch.setitem(INFO, "CheckpointLoaderSimple", {**known, **checkpoint})
    if painter != "sketch.safetensors":
        with pytest.raises(PreflightFailed, match="RealESRGAN"):
            ready(graph)
        return
    prepared = ready(graph)
    (node_id,) = find_nodes(prepared.driven.stock, "UpscaleModelLoader")
    assert prepared.driven.stock[node_id]["inputs"]["model_name"] == UPSCALER
    assert any("stands in" in note for note in prepared.notes)
