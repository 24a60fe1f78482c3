"""Errors of a graph name the node by title and say what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from driver.errors import GraphInvalid, StockwrightError
from driver.graphs import Graph, to_api
from driver.graphs.parts import check_classes, missing_models

INFO = json.loads((Path(__file__).parent / "data" / "object_info.json").read_text())


def api_node(title: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": "VAEDecode", "inputs": inputs, "_meta": {"title": title}}


def test_nodes_in_a_circle_are_named_by_title() -> None:
    data = {
        "1": api_node("One", samples=["3", 0]),
        "2": api_node("Two", samples=["1", 0]),
        "3": api_node("Three", samples=["2", 0]),
        "4": api_node("Four", samples=["3", 0]),
    }
    with pytest.raises(GraphInvalid, match="circle") as error:
        to_api(Graph("loop.json", data, is_canvas=False), INFO)
    assert all(f"'{title}'" in error.value.what for title in ("One", "Two", "Three"))
    assert "Four" not in error.value.what


def test_a_link_to_a_node_that_is_not_there() -> None:
    data = {"1": api_node("Decode", samples=["9", 0])}
    with pytest.raises(
        GraphInvalid, match="'samples' comes from a node that is not there: '9'"
    ) as e:
        to_api(Graph("dangling.json", data, is_canvas=False), INFO)
    assert "'Decode'" in e.value.where


def test_an_unknown_class_names_its_pack() -> None:
    properties = {"cnr_id": "face-pack", "ver": "1.2.0"}
    taken = [{"name": "x", "type": "X", "link": 1}]
    given = [{"name": "x", "type": "X", "links": [1]}]
    core = {"cnr_id": "comfy-core", "ver": "0.3.75"}
    nodes = [
        {"id": 1, "type": "FaceFixer", "title": "Faces", "properties": properties, "inputs": taken},
        {"id": 2, "type": "Vanished", "properties": core, "outputs": given},
        {"id": 3, "type": "Mystery", "inputs": taken},
    ]
    graph = Graph("nodes.json", {"nodes": nodes, "links": [[1, 2, 0, 1, 0, "X"]]}, is_canvas=True)
    with pytest.raises(StockwrightError) as error:
        check_classes(graph, to_api(graph, INFO), INFO)
    text = str(error.value)
    assert "'Faces' is of the class 'FaceFixer'" in text
    assert "(it is in the pack face-pack 1.2.0)" in text
    assert "(it comes with ComfyUI 0.3.75)" in text
    assert "'Mystery'" in text
    assert error.value.exit_code == 2


def test_a_missing_model_names_its_address() -> None:
    entry = {"name": "x.safetensors", "url": "https://example.org/x", "directory": "checkpoints"}
    node = {
        "id": 1,
        "type": "CheckpointLoaderSimple",
        "title": "Model",
        "widgets_values": ["sub\\x.safetensors"],
        "properties": {"models": [entry, {"name": 3}, None]},
    }
    graph = Graph("model.json", {"nodes": [node]}, is_canvas=True)
    (line,) = missing_models(graph, to_api(graph, INFO), INFO)
    assert line.startswith("'Model', ckpt_name:")
    assert line.endswith("; it is at https://example.org/x, for models/checkpoints")
