"""Canvas graph -> API graph: what the graphs of test_golden.py do not show.

`data/graphs/NAME.json` was saved by the canvas (ComfyUI 0.3.75, frontend 1.32.9).
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from driver.errors import GraphInvalid
from driver.graphs import Graph, load_graph, parse_graph, to_api
from driver.graphs.resolving import types_match
from driver.graphs.values import resolve_choices
from driver.places import WORKFLOWS

DATA = Path(__file__).parent / "data"
INFO = json.loads((DATA / "object_info.json").read_text())


def saved(name: str) -> Graph:
    own = DATA / "graphs" / f"{name}.json"
    return load_graph(own if own.exists() else WORKFLOWS / f"{name}.json")


def changed(name: str, **nodes: dict[str, Any]) -> Graph:
    """A saved graph with fields of nodes replaced, by node type."""
    data = copy.deepcopy(saved(name).data)
    for node in data["nodes"]:
        node.update(nodes.get(node["type"], {}))
    return Graph(name, data, is_canvas=True)


def of_class(api: dict[str, Any], class_type: str) -> dict[str, Any]:
    return next(node["inputs"] for node in api.values() if node["class_type"] == class_type)


def test_conversion_leaves_the_graph_alone() -> None:
    graph = saved("subgraph_promoted")
    before = copy.deepcopy(graph.data)
    to_api(graph, INFO)
    assert graph.data == before


def test_an_api_graph_comes_back_as_a_copy() -> None:
    graph = load_graph(DATA / "graphs" / "classic.api.json")
    assert not graph.is_canvas
    api = to_api(graph, INFO)
    assert api == graph.data
    next(iter(api.values()))["inputs"]["x"] = 1
    assert api != graph.data


def test_missing_widget_values_are_defaults() -> None:
    api = to_api(changed("classic", KSampler={"widgets_values": [5]}), INFO)
    assert of_class(api, "KSampler")["seed"] == 5
    assert of_class(api, "KSampler")["steps"] == 20
    assert of_class(api, "KSampler")["scheduler"] == "simple"


def test_widget_values_saved_by_name() -> None:
    values = {"steps": 3, "cfg": 2.5, "unknown": 1}
    api = to_api(changed("classic", KSampler={"widgets_values": values}), INFO)
    assert of_class(api, "KSampler")["steps"] == 3
    assert "unknown" not in of_class(api, "KSampler")


def test_lists_are_wrapped_so_that_they_are_no_links() -> None:
    api = to_api(changed("classic", SaveImage={"widgets_values": [["1", 0]]}), INFO)
    assert of_class(api, "SaveImage")["filename_prefix"] == {"__value__": ["1", 0]}


def test_a_value_for_a_forced_link_is_left_out() -> None:
    info = copy.deepcopy(INFO)
    info["EmptyLatentImage"]["input"]["required"]["height"][1]["forceInput"] = True
    api = to_api(saved("classic"), info)
    assert of_class(api, "EmptyLatentImage") == {"width": 512, "batch_size": 2}


def test_unknown_classes_keep_their_links() -> None:
    info = {name: INFO[name] for name in INFO if name != "KSampler"}
    api = to_api(saved("classic"), info)
    expected = of_class(to_api(saved("classic"), INFO), "KSampler")
    assert of_class(api, "KSampler") == {
        name: value for name, value in expected.items() if isinstance(value, list)
    }


def test_links_in_a_circle() -> None:
    data = copy.deepcopy(saved("reroute_primitive").data)
    reroutes = [node for node in data["nodes"] if node["type"] == "Reroute"]
    first = next(n for n in reroutes if n["inputs"][0].get("link") and n["outputs"][0]["links"])
    first["inputs"][0]["link"] = first["outputs"][0]["links"][0]
    link = next(link for link in data["links"] if link[0] == first["inputs"][0]["link"])
    link[1] = first["id"]
    with pytest.raises(GraphInvalid, match="circle"):
        to_api(Graph("loop.json", data, is_canvas=True), INFO)


def test_a_link_that_is_not_in_the_file_names_the_node() -> None:
    data = copy.deepcopy(saved("classic").data)
    data["links"] = [link for link in data["links"] if link[5] != "VAE"]
    with pytest.raises(GraphInvalid) as error:
        to_api(Graph("broken.json", data, is_canvas=True), INFO)
    assert "broken.json" in error.value.where
    assert "VAE Decode" in error.value.where
    assert "vae" in error.value.what


def test_a_subgraph_in_itself() -> None:
    data = copy.deepcopy(saved("subgraph").data)
    subgraph = data["definitions"]["subgraphs"][0]
    subgraph["nodes"][0]["type"] = subgraph["id"]
    with pytest.raises(GraphInvalid, match="contains itself"):
        to_api(Graph("deep.json", data, is_canvas=True), INFO)


def test_two_instances_of_a_subgraph_keep_their_own_values() -> None:
    data = copy.deepcopy(saved("subgraph_promoted").data)
    outer, inner = sorted(data["definitions"]["subgraphs"], key=lambda s: len(s["nodes"]))
    texts = outer if any(n.get("title") == "Positive" for n in outer["nodes"]) else inner
    template = {"type": texts["id"], "mode": 0, "outputs": [], "inputs": [], "properties": {}}
    for number in (901, 902):
        values = [f"text {number}"]
        data["nodes"].append({**template, "id": number, "widgets_values": values})
    api = to_api(Graph("twice.json", data, is_canvas=True), INFO)
    positive = next(n["id"] for n in texts["nodes"] if n.get("title") == "Positive")
    for number in (901, 902):
        assert api[f"{number}:{positive}"]["inputs"]["text"] == f"text {number}"


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "{}", '"nodes"', '{"nodes": 3}', '{"1": {"inputs": {}}}', "[" * 100_000]
)
def test_what_is_no_graph(text: str) -> None:
    with pytest.raises(GraphInvalid) as error:
        parse_graph(text, "mine.json")
    assert error.value.where == "mine.json"
    assert "Save" in error.value.hint


@pytest.mark.parametrize(
    "data",
    [
        {"nodes": [1]},
        {"nodes": [{}]},
        {"nodes": [{"id": 1, "type": "KSampler", "inputs": [{"name": "model"}, 3]}]},
        {"nodes": [{"id": 1, "type": "KSampler", "mode": "off"}]},
        {"nodes": [{"id": 1, "type": "s"}], "definitions": {"subgraphs": [{"id": "s"}]}},
        {"nodes": [{"id": 1, "type": "KSampler", "inputs": [{"name": "model", "link": []}]}]},
        {"nodes": [], "links": [[1, 2]]},
        {"nodes": [], "links": ["abcdef"]},
        {"nodes": [], "definitions": {"subgraphs": [{}]}},
        {"nodes": [], "definitions": []},
    ],
)
def test_wrong_types_in_a_canvas_graph(data: dict[str, Any]) -> None:
    try:
        api = to_api(parse_graph(json.dumps(data), "odd.json"), INFO)
    except GraphInvalid as error:
        assert error.where.startswith("odd.json")
    else:
        assert api == {}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    for name in ("none.json", "bytes.json", "."):
        with pytest.raises(GraphInvalid) as error:
            load_graph(tmp_path / name)
        assert str(tmp_path) in error.value.where


@pytest.mark.parametrize(
    ("text", "queued"),
    [
        ("a {red|blue} chair", "a red chair"),
        ("{a {big|small}|no} cat", "a big cat"),
        (r"\{kept\} \| \n", r"{kept} | \n"),
        (r"{a\|b|c}", "a|b"),
        ("one // not this\ntwo /* nor\nthis */ three", "one \ntwo  three"),
        ("open {a|b", "open a"),
        ("{}", ""),
        ("end \\", "end \\"),
    ],
)
def test_choices_in_prompts(text: str, queued: str) -> None:
    assert resolve_choices(text) == queued


@pytest.mark.parametrize(
    ("a", "b", "match"),
    [
        ("IMAGE", "image", True),
        ("IMAGE", "MASK", False),
        ("*", "MASK", True),
        ("STRING,JOBS", "JOBS", True),
        ("STRING,JOBS", "INT,FLOAT", False),
    ],
)
def test_types_match(a: str, b: str, match: bool) -> None:
    assert types_match(a, b) is match
