"""Legacy group nodes. `data/groups/sample.json` holds one with two texts, a sampler and a decoder;
what is expected follows the canvas's own code (frontend 1.32.9)."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from driver.errors import GraphInvalid
from driver.graphs import ApiGraph, Graph, to_api

DATA = Path(__file__).parent / "data"
INFO = json.loads((DATA / "object_info.json").read_text())


@pytest.fixture
def saved() -> dict[str, Any]:
    return json.loads((DATA / "groups" / "sample.json").read_text())


def convert(data: dict[str, Any]) -> ApiGraph:
    return to_api(Graph("group.json", data, is_canvas=True), INFO)


def group_of(data: dict[str, Any]) -> dict[str, Any]:
    return data["extra"]["groupNodes"]["Sample"]


def node_of(data: dict[str, Any], node_id: int) -> dict[str, Any]:
    return next(node for node in data["nodes"] if node["id"] == node_id)


def test_inner_nodes_ids_links_and_values(saved: dict[str, Any]) -> None:
    api = convert(saved)
    assert set(api) == {"1", "2", "5:0", "5:1", "5:2", "5:3", "6"}
    assert api["5:0"]["inputs"] == {"text": "a red chair", "clip": ["1", 1]}
    assert api["5:0"]["_meta"] == {"title": "Good"}
    assert api["5:1"]["inputs"] == {"text": "blurry", "clip": ["1", 1]}
    assert api["5:2"]["class_type"] == "KSampler"
    assert api["5:2"]["inputs"] == {
        "model": ["1", 0],
        "positive": ["5:0", 0],
        "negative": ["5:1", 0],
        "latent_image": ["2", 0],
        "seed": 42,
        "steps": 7,
        "cfg": 5.5,
        "sampler_name": "dpmpp_2m",
        "scheduler": "karras",
        "denoise": 1,
    }
    assert api["5:3"]["inputs"] == {"samples": ["5:2", 0], "vae": ["1", 2]}
    assert api["6"]["inputs"]["images"] == ["5:3", 0]


def test_the_older_separator(saved: dict[str, Any]) -> None:
    expected = convert(saved)
    node_of(saved, 5)["type"] = "workflow/Sample"
    assert convert(saved) == expected


def test_two_of_a_group(saved: dict[str, Any]) -> None:
    second = copy.deepcopy(node_of(saved, 5))
    second.update(id=8, outputs=[])
    second["widgets_values"][0] = "a blue chair"
    saved["nodes"].append(second)
    api = convert(saved)
    assert api["5:0"]["inputs"]["text"] == "a red chair"
    assert api["8:0"]["inputs"]["text"] == "a blue chair"


def test_widgets_that_were_made_inputs_come_last(saved: dict[str, Any]) -> None:
    steps = {"name": "steps", "type": "INT", "link": None, "widget": {"name": "steps"}}
    group_of(saved)["nodes"][2]["inputs"].append(steps)
    values = node_of(saved, 5)["widgets_values"]
    node_of(saved, 5)["widgets_values"] = [*values[:4], *values[5:], values[4]]
    assert convert(saved)["5:2"]["inputs"]["steps"] == 7
    assert convert(saved)["5:2"]["inputs"]["cfg"] == 5.5


def test_a_primitive_inside_feeds_its_widget(saved: dict[str, Any]) -> None:
    group = group_of(saved)
    steps = {"name": "steps", "type": "INT", "link": None, "widget": {"name": "steps"}}
    group["nodes"][2]["inputs"].append(steps)
    group["nodes"].insert(0, {"type": "PrimitiveNode", "title": "Steps", "widgets_values": [3]})
    for link in group["links"]:
        link[0] = None if link[0] is None else link[0] + 1
        link[2] += 1
    group["links"].append([0, 0, 3, 4, 20, "INT"])
    group["external"] = [[4, 0, "IMAGE"]]
    values = node_of(saved, 5)["widgets_values"]
    node_of(saved, 5)["widgets_values"] = [9, "fixed", *values[:4], *values[5:]]
    api = convert(saved)
    assert api["5:3"]["inputs"]["steps"] == 9
    assert api["5:3"]["inputs"]["seed"] == 42
    assert "5:0" not in api


def test_a_primitive_outside_sets_the_groups_widget(saved: dict[str, Any]) -> None:
    text = {"name": "text", "type": "STRING", "link": 9, "widget": {"name": "text"}}
    node_of(saved, 5)["inputs"].append(text)
    primitive = {"id": 9, "type": "PrimitiveNode", "widgets_values": ["a lamp"], "outputs": []}
    saved["nodes"].append(primitive)
    saved["links"].append([9, 9, 0, 5, 5, "STRING"])
    assert convert(saved)["5:0"]["inputs"]["text"] == "a lamp"


def test_hidden_and_renamed_inputs(saved: dict[str, Any]) -> None:
    group_of(saved)["config"] = {
        "2": {"input": {"model": {"visible": False}}},
        "3": {"input": {"vae": {"name": "decoder"}}},
    }
    node = node_of(saved, 5)
    node["inputs"] = [slot for slot in node["inputs"] if slot["name"] != "model"]
    node["inputs"][-1]["name"] = "decoder"
    api = convert(saved)
    assert "model" not in api["5:2"]["inputs"]
    assert api["5:3"]["inputs"]["vae"] == ["1", 2]


def test_a_bypassed_group_hands_on_by_type(saved: dict[str, Any]) -> None:
    node_of(saved, 5)["mode"] = 4
    assert "images" not in convert(saved)["6"]["inputs"]


def broken(data: dict[str, Any], change: str) -> None:
    match change:
        case "definition":
            del data["extra"]["groupNodes"]["Sample"]
        case "class":
            inner = group_of(data)["nodes"][3]
            inner.update(type="Fancy", properties={"cnr_id": "fancy-pack", "ver": "2"})
        case "group":
            group_of(data)["nodes"][3]["type"] = "workflow>Sample"
        case "subgraph":
            group = data["nodes"].pop(2)
            data["nodes"] = [{"id": 1, "type": "s"}]
            data["links"] = []
            data["definitions"] = {"subgraphs": [{"id": "s", "nodes": [group]}]}
        case _:
            node = node_of(data, 5)
            node["outputs"].append({"name": "x", "type": "IMAGE", "links": [7]})
            data["links"][-1][2] = 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("definition", "not in the file"),
        ("class", r"'Fancy', which the server does not have \(it is in the pack fancy-pack 2\)"),
        ("group", "group node in a group node"),
        ("subgraph", "group node in a subgraph"),
        ("output", "gives its output 1"),
    ],
)
def test_what_the_canvas_cannot_queue_either(
    saved: dict[str, Any], change: str, words: str
) -> None:
    broken(saved, change)
    with pytest.raises(GraphInvalid, match=words) as error:
        convert(saved)
    assert "'Sample'" in error.value.where
    assert error.value.hint
