"""Canvas graph -> API graph: nodes that packs have in the canvas only, and values that the canvas
changes when it opens or queues a graph."""

from __future__ import annotations

from typing import Any

import pytest

from driver.errors import GraphInvalid
from driver.graphs import Graph, to_api
from tests.golden import reference

INFO = reference.read().info


def node(number: int, kind: str, *links: tuple[str, str, int], **more: Any) -> dict[str, Any]:
    """A node as a file has it; `links` are (name, type, link) of its inputs that are linked."""
    inputs = [{"name": name, "type": type_, "link": link} for name, type_, link in links]
    return {"id": number, "type": kind, "inputs": inputs, "outputs": [], **more}


def convert(nodes: list[dict[str, Any]], links: list[list[Any]], **more: Any) -> dict[str, Any]:
    return to_api(Graph("g.json", {"nodes": nodes, "links": links, **more}, is_canvas=True), INFO)


def subgraph(nodes: list[dict[str, Any]], links: list[list[Any]], **more: Any) -> dict[str, Any]:
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
    named = [dict(zip(keys, link, strict=False)) for link in links]
    return {"subgraphs": [{"id": "sub", "nodes": nodes, "links": named, **more}]}


LOADER = node(1, "CheckpointLoaderSimple")
DECODER = node(9, "VAEDecode", ("vae", "VAE", 9))


def passed(setter: str, getter: str) -> list[dict[str, Any]]:
    """A pair by the name `v`, among others of other names."""
    return [
        node(2, setter, ("VAE", "VAE", 1), widgets_values=["v"]),
        node(3, setter, ("CLIP", "CLIP", 2), widgets_values=["w"]),
        node(4, setter, ("VAE", "VAE", 3), widgets_values=["v"]),
        node(5, getter, widgets_values=["v"]),
    ]


TAKEN = [[1, 1, 2, 2, 0, "VAE"], [2, 1, 1, 3, 0, "CLIP"], [3, 1, 0, 4, 0, "MODEL"]]


@pytest.mark.parametrize("pair", [("SetNode", "GetNode"), ("easy setNode", "easy getNode")])
def test_what_is_set_is_got_by_its_name(pair: tuple[str, str]) -> None:
    api = convert([LOADER, *passed(*pair), DECODER], [*TAKEN, [9, 5, 0, 9, 0, "VAE"]])
    assert api.keys() == {"1", "9"}
    assert api["9"]["inputs"] == {"vae": ["1", 2]}


def test_a_set_node_hands_on_what_it_sets() -> None:
    api = convert([LOADER, *passed("SetNode", "GetNode"), DECODER], [*TAKEN, [9, 2, 0, 9, 0]])
    assert api["9"]["inputs"] == {"vae": ["1", 2]}


@pytest.mark.parametrize("setters", [[], [node(2, "SetNode", widgets_values=["other"])]])
@pytest.mark.parametrize("name", ["v", ""])
def test_what_nothing_sets_is_an_error(setters: list[dict[str, Any]], name: str) -> None:
    getter = node(5, "GetNode", widgets_values=[name], title="Get_v")
    with pytest.raises(GraphInvalid, match="no SetNode sets what it gets") as error:
        convert([LOADER, *setters, getter, DECODER], [[9, 5, 0, 9, 0, "VAE"]])
    assert "'Get_v'" in error.value.where


@pytest.mark.parametrize(("own", "expected"), [(False, ["1", 2]), (True, ["7:1", 2])])
def test_a_subgraph_gets_from_the_graph_around_it(own: bool, expected: list[Any]) -> None:
    inner = [node(5, "GetNode", widgets_values=["v"]), DECODER]
    links: list[list[Any]] = [[9, 5, 0, 9, 0, "VAE"]]
    if own:  # of the same name, and nearer
        inner += [LOADER, node(2, "SetNode", ("VAE", "VAE", 1), widgets_values=["v"])]
        links.append([1, 1, 2, 2, 0, "VAE"])
    outer = [LOADER, *passed("SetNode", "GetNode"), node(7, "sub")]
    api = convert(outer, TAKEN, definitions=subgraph(inner, links))
    assert api["7:9"]["inputs"] == {"vae": expected}


def test_a_set_node_that_sets_itself_is_a_circle() -> None:
    nodes = [
        node(2, "SetNode", ("*", "*", 1), widgets_values=["v"]),
        node(5, "GetNode", widgets_values=["v"]),
        DECODER,
    ]
    with pytest.raises(GraphInvalid, match="circle"):
        convert(nodes, [[1, 5, 0, 2, 0, "*"], [9, 5, 0, 9, 0, "VAE"]])


def test_reroutes_of_a_pack() -> None:
    reroute = node(2, "Reroute (rgthree)", ("", "*", 1))
    api = convert([LOADER, reroute, DECODER], [[1, 1, 2, 2, 0, "*"], [9, 2, 0, 9, 0, "VAE"]])
    assert api.keys() == {"1", "9"}
    assert api["9"]["inputs"] == {"vae": ["1", 2]}


@pytest.mark.parametrize("kind", ["Label (rgthree)", "Bookmark (rgthree)", "Unknown"])
def test_unknown_nodes_without_links_go(kind: str) -> None:
    inputs = [{"name": "", "type": "*", "link": None}]
    alone = {**node(2, kind), "inputs": inputs, "widgets_values": ["text"]}
    assert convert([LOADER, alone], []).keys() == {"1"}
    inside = subgraph([LOADER, alone], [])
    assert convert([node(7, "sub")], [], definitions=inside).keys() == {"7:1"}


@pytest.mark.parametrize("link", [[1, 1, 2, 2, 0, "VAE"], [1, 2, 0, 9, 0, "VAE"]])
def test_unknown_nodes_with_a_link_stay(link: list[Any]) -> None:
    """`preflight` names them then."""
    takes = [("", "*", 1)] if link[3] == 2 else []
    nodes = [LOADER, node(2, "Unknown", *takes), node(9, "VAEDecode", ("vae", "VAE", 1))]
    api = convert(nodes[: 2 if takes else 3], [link])
    assert "2" in api


@pytest.mark.parametrize("kind", ["KSampler", "KSamplerAdvanced"])
def test_names_of_samplers_in_old_files(kind: str) -> None:
    values = {"sampler_name": "sample_euler", "scheduler": "sample_x"}
    old = node(3, kind, widgets_values=values)
    inputs = convert([old], [])["3"]["inputs"]
    assert (inputs["sampler_name"], inputs["scheduler"]) == ("euler", "sample_x")


def test_names_of_samplers_stay_elsewhere() -> None:
    """In subgraphs and in other classes the canvas leaves them alone."""
    values = {"sampler_name": "sample_euler"}
    inside = subgraph([node(3, "KSampler", widgets_values=values)], [])
    api = convert(
        [node(7, "sub"), node(8, "KSamplerSelect", widgets_values=values)], [], definitions=inside
    )
    assert {name: entry["inputs"]["sampler_name"] for name, entry in api.items()} == {
        "7:3": "sample_euler",
        "8": "sample_euler",
    }


SAMPLER = node(
    3, "KSampler", title="Main", widgets_values=[18446744073709551615, "fixed", 20, 7.0, "a/b"]
)


def saved_as(text: str, *others: dict[str, Any], **more: Any) -> str:
    save = node(9, "SaveImage", widgets_values=[text])
    return convert([save, SAMPLER, *others], [], **more)["9"]["inputs"]["filename_prefix"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("%KSampler.steps%_%Main.steps%", "20_20"),
        ("%KSampler.seed%", "18446744073709552000"),  # a number of JavaScript
        ("%KSampler.cfg%/%KSampler.sampler_name%", "7/a_b"),
        ("%KSampler.control_after_generate%", "fixed"),
        ("%width%x%height% %year%", "%width%x%height% %year%"),  # the server's
        ("%date:yyyy-MM-dd%", "%date:yyyy-MM-dd%"),
        ("%KSampler.none%_%None.steps%_%a.b.c%", "%KSampler.none%_%None.steps%_%a.b.c%"),
        ("100%_%KSampler.steps%", "100%_%KSampler.steps%"),  # the first % pairs with the second
        ("%SaveImage.filename_prefix%", "%SaveImage.filename_prefix%"),  # has a title only
    ],
)
def test_names_of_files_are_filled_in(text: str, name: str) -> None:
    assert saved_as(text) == name


def test_names_for_search_and_replace_come_before_titles() -> None:
    named = node(4, "EmptyLatentImage", widgets_values=[64, 32, 1])
    named["properties"] = {"Node name for S&R": "Main"}
    assert saved_as("%Main.width%_%Main.steps%", named) == "64_%Main.steps%"
    assert saved_as("%EmptyLatentImage.width%", named) == "%EmptyLatentImage.width%"


def test_nodes_in_subgraphs_are_found_with_what_is_shown_for_them() -> None:
    steps = {"name": "steps", "type": "INT", "link": 1, "widget": {"name": "steps"}}
    inner = {**node(4, "KSampler", title="Inner", widgets_values=[1]), "inputs": [steps]}
    slots = [{"name": "steps", "type": "INT", "linkIds": [1]}]
    inside = subgraph([inner], [[1, -10, 0, 4, 0]], inputs=slots)
    outer = node(7, "sub", title="Outer", widgets_values=[33])
    outer["inputs"] = [{"name": "steps", "type": "INT", "link": None}]
    text = "%Inner.steps%_%Inner.seed%_%Outer.steps%"
    assert saved_as(text, outer, definitions=inside) == "33_1_33"


def linked_prefix(text: str, replaces: bool) -> str:
    properties = {"Run widget replace on values": replaces}
    primitive = node(1, "PrimitiveNode", widgets_values=[text], properties=properties)
    save, other = node(9, "SaveImage"), node(8, "CLIPTextEncode")
    for link, (taker, name) in enumerate([(save, "filename_prefix"), (other, "text")], 1):
        slot = {"name": name, "type": "STRING", "link": link, "widget": {"name": name}}
        taker["inputs"] = [slot]
    links = [[1, 1, 0, 9, 0, "STRING"], [2, 1, 0, 8, 0, "STRING"]]
    api = convert([primitive, save, other, SAMPLER], links)
    return api["9"]["inputs"]["filename_prefix"] + " " + api["8"]["inputs"]["text"]


def test_what_a_primitive_node_gives_is_filled_in_where_the_canvas_does() -> None:
    assert linked_prefix("%Main.steps%", replaces=False) == "20 %Main.steps%"
    assert linked_prefix("%Main.steps%", replaces=True) == "20 20"
    assert linked_prefix("%PrimitiveNode.value%", replaces=True) == " ".join(
        ["%PrimitiveNode.value%"] * 2
    )


def test_choices_that_a_primitive_node_gives_are_the_nodes() -> None:
    assert linked_prefix("{a|b}", replaces=False) == "{a|b} a"


def test_other_classes_keep_their_names_of_files() -> None:
    api = convert([node(9, "StockwrightSaveImage", widgets_values=["%Main.steps%"]), SAMPLER], [])
    assert api["9"]["inputs"]["folder"] == "%Main.steps%"
