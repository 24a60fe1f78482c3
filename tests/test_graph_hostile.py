"""Broken and hostile workflow files: each gives a graph or a StockwrightError, and nothing else."""

from __future__ import annotations

import copy
import json
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driver.errors import (
    BindingError,
    GraphInvalid,
    PreflightFailed,
    StockwrightError,
    TraceUncertain,
)
from driver.graphs import (
    Graph,
    check,
    differences,
    find_input,
    load_graph,
    parse_graph,
    picture_nodes,
    set_size,
    set_value,
    to_api,
    trace_graph,
)
from driver.graphs.inputs import settable_inputs
from driver.graphs.parts import check_classes, missing_models
from driver.graphs.reading import MAX_BYTES, MAX_CONTAINERS, MAX_DEPTH
from driver.graphs.soundness import MAX_NODES
from driver.graphs.values import resolve_choices
from tests.golden import reference
from tests.graphs import node

DATA = Path(__file__).parent / "data"
INFO = reference.read().info | json.loads((DATA / "object_info.json").read_text())
FILES = [*reference.own_graphs().values(), reference.own_export("classic")]
GROUP = DATA / "groups" / "sample.json"
ODD: list[Any] = [
    None, True, -1, 0, 4, 1e300, 10**30, "", "-10", "KSampler", "workflow>x", "Reroute", [], {},
    [[]], {"a": [1]}, ["1", 0], "\ud800", "{" * 40, "/*" * 40,
]  # fmt: skip


def containers(value: Any) -> Iterator[Any]:
    """Every list and object in a value, itself among them."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict | list) and found:
            yield found
            waiting += found.values() if isinstance(found, dict) else found


def mutate(data: Any, chance: random.Random) -> None:
    """Drops, replaces, doubles or swaps one to three values anywhere in it."""
    for _ in range(chance.randint(1, 3)):
        everything = list(containers(data)) or [[0]]
        holder, other = chance.choice(everything), chance.choice(everything)
        key: Any = chance.choice([*(holder if isinstance(holder, dict) else range(len(holder)))])
        match chance.randrange(5):
            case 0:
                del holder[key]
            case 1:
                holder[key] = copy.deepcopy(chance.choice(ODD))
            case 2:
                values = list(other.values()) if isinstance(other, dict) else other
                holder[key] = copy.deepcopy(chance.choice(values))
            case 3 if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case _:
                holder[key] = chance.choice([str, repr, bool, lambda value: [value]])(holder[key])


def everything(graph: Graph) -> None:
    """All that the command does with a graph but printing it."""
    api = to_api(graph, INFO)
    json.dumps(api)
    missing_models(graph, api, INFO)
    settable_inputs(api, INFO)
    check_classes(graph, api, INFO)


@pytest.mark.parametrize("path", [*FILES, GROUP], ids=lambda path: path.stem)
def test_a_changed_file_gives_a_graph_or_an_error(path: Path) -> None:
    chance = random.Random(path.name)
    original = json.loads(path.read_text())
    good = 0
    for number in range(30):
        data = copy.deepcopy(original)
        mutate(data, chance)
        try:
            everything(parse_graph(json.dumps(data), f"{number}.json"))
            good += 1
        except StockwrightError as error:
            assert len(str(error)) < 20_000
    assert good


@pytest.mark.parametrize("path", FILES[:4], ids=lambda path: path.stem)
def test_a_torn_file_gives_an_error(path: Path) -> None:
    text = path.read_text()
    for end in range(0, len(text) - 2, max(1, len(text) // 40)):
        with pytest.raises(GraphInvalid):
            parse_graph(text[:end], "torn.json")


def canvas(nodes: list[Any], links: list[Any] | None = None, **more: Any) -> Graph:
    return Graph("h.json", {"nodes": nodes, "links": links or [], **more}, is_canvas=True)


def nested_subgraphs(depth: int, copies: int) -> Graph:
    """Each subgraph holds the next one several times."""
    subgraphs = [
        {"id": f"s{i}", "nodes": [{"id": n, "type": f"s{i + 1}"} for n in range(copies)]}
        for i in range(depth)
    ]
    subgraphs.append({"id": f"s{depth}", "nodes": [{"id": 1, "type": "VAEDecode"}]})
    return canvas([{"id": 1, "type": "s0"}], definitions={"subgraphs": subgraphs})


def reroutes(count: int) -> Graph:
    """A chain of Reroute nodes into a VAEDecode."""
    nodes = [
        {"id": i, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": i}]}
        for i in range(1, count + 1)
    ]
    last = {"name": "samples", "type": "LATENT", "link": count + 1}
    nodes.append({"id": count + 1, "type": "VAEDecode", "inputs": [last]})
    nodes.append({"id": 0, "type": "EmptyLatentImage"})
    return canvas(nodes, [[i, i - 1, 0, i, 0, "*"] for i in range(1, count + 2)])


def with_texts(text: str) -> Graph:
    nodes = [{"id": 1, "type": "s", "inputs": []}, {"id": 2, "type": "s", "inputs": []}]
    inner = [{"id": i, "type": "CLIPTextEncode", "widgets_values": [text]} for i in range(20)]
    return canvas(nodes, definitions={"subgraphs": [{"id": "s", "nodes": inner}]})


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (nested_subgraphs(30, 2), "unfolds to more"),
        (nested_subgraphs(500, 1), "subgraphs deep"),
        (with_texts("x" * 1_000_000), "unfolds to more"),
        (with_texts("{" * 1_000), "nested deeper"),
        (canvas([{"id": 1, "type": "VAEDecode"}] * 2), "same id"),
        (canvas([], [[i, 9, 0, 1, 0] for i in range(300_000)]), "unfolds to more"),
        (canvas([{"id": 1, "type": "VAEDecode", "mode": "\0" * 10**6}]), "not in the canvas's"),
    ],
    ids=["doubling", "deep", "texts", "choices", "ids", "links", "long-value"],
)  # fmt: skip
def test_what_unfolds_without_bound(graph: Graph, words: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(GraphInvalid, match=words) as error:
            to_api(graph, INFO)
        assert tracemalloc.get_traced_memory()[1] < 400 * 2**20
    finally:
        tracemalloc.stop()
    assert len(str(error.value)) < 1_000


def test_a_long_chain_of_reroutes_is_followed() -> None:
    api = to_api(reroutes(5_000), INFO)
    assert api["5001"]["inputs"]["samples"] == ["0", 0]


def test_many_readers_behind_many_bypassed_nodes() -> None:
    bypassed, readers = 300, 8_000
    taken = {"name": "vae", "type": "VAE"}
    nodes = [
        {"id": i, "type": "x", "mode": 4, "inputs": [taken | {"link": i}], "outputs": [taken]}
        for i in range(1, bypassed + 1)
    ]
    behind = range(bypassed + 1, bypassed + 1 + readers)
    nodes += [{"id": i, "type": "VAEDecode", "inputs": [taken | {"link": i}]} for i in behind]
    nodes.append({"id": 0, "type": "VAELoader"})
    links = [[i, min(i - 1, bypassed), 0, i, 0, "VAE"] for i in range(1, behind.stop)]
    api = to_api(canvas(nodes, links), INFO)
    assert all(api[str(i)]["inputs"]["vae"] == ["0", 0] for i in behind)


def test_what_is_filled_in_is_bounded() -> None:
    long = {"id": 1, "type": "CLIPTextEncode", "title": "t", "widgets_values": ["x" * 100_000]}
    save = {"id": 2, "type": "SaveImage", "widgets_values": ["%t.text%" * 1_000]}
    with pytest.raises(GraphInvalid, match="filled in"):
        to_api(canvas([long, save]), INFO)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "deeper"),
        ('{"nodes": ' + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1) + "}", "deeper"),
        ('{"nodes": [' + "[]," * MAX_CONTAINERS + "[]]}", "too large"),
        ('{"nodes": [], "x": "' + "x" * MAX_BYTES + '"}', "too large"),
        ('{"nodes": [], "x": NaN}', "NaN is not a number"),
        ('{"nodes": [], "x": -Infinity}', "Infinity is not a number"),
        ('{"nodes": [], "x": 1e999}', "1e999 is too large"),
        ('{"nodes": [], "x": ' + "9" * 5_000 + "}", "not valid JSON"),
        ('{"nodes": [], "version": 2}', "version 2 of the canvas's format"),
        ('{"nodes": [], "version": 1e300}', "newest that is known"),
    ],
    ids=["open", "depth", "containers", "bytes", "nan", "inf", "1e999", "digits", "v2", "v-huge"],
)
def test_json_that_is_refused(text: str, words: str) -> None:
    with pytest.raises(GraphInvalid, match=words):
        parse_graph(text, "h.json")


@pytest.mark.parametrize("version", [0.4, 1, None, "2", [3]])
def test_versions_that_are_read(version: Any) -> None:
    assert to_api(parse_graph(json.dumps({"nodes": [], "version": version}), "v.json"), INFO) == {}


def test_50_megabytes_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "large.json").write_bytes(b"[" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(GraphInvalid, match="too large"):
            load_graph(tmp_path / "large.json")
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", ["/*", "//", "{", "}", "|", "{|", "{a|b}", "\\", "\\{", "{/*|"])
def test_choices_of_long_texts_end(part: str) -> None:
    try:
        resolve_choices(part * 200_000)
    except ValueError as error:
        assert "deeper" in str(error)


def painting(savers: int, chain: int, stages: int) -> dict[str, Any]:
    """Samplers one behind the other, then a chain of nodes, then nodes that save."""
    graph: dict[str, Any] = {
        "m": node("CheckpointLoaderSimple", ckpt_name="a"),
        "t": node("CLIPTextEncode", clip=["m", 1], text="a"),
        "s0": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    }
    own = {"model": ["m", 0], "positive": ["t", 0], "negative": ["t", 0], "seed": 1}
    for i in range(1, stages + 1):
        graph[f"s{i}"] = node("KSampler", **own, latent_image=[f"s{i - 1}", 0])
    graph["c0"] = node("VAEDecode", samples=[f"s{stages}", 0], vae=["m", 2])
    for i in range(1, chain + 1):
        graph[f"c{i}"] = node("ImageInvert", image=[f"c{i - 1}", 0])
    saver = node("SaveImage", images=[f"c{chain}", 0], filename_prefix="x")
    return graph | {f"o{i}": saver for i in range(savers)}


@pytest.mark.parametrize(
    ("savers", "chain", "stages"), [(200, 5_000, 1), (1, 0, 400), (50, 500, 50)]
)
def test_large_graphs_are_traced_and_checked(savers: int, chain: int, stages: int) -> None:
    api = to_api(Graph("large.json", painting(savers, chain, stages), is_canvas=False), INFO)
    assert len(picture_nodes(api, INFO)) == savers
    with pytest.raises(TraceUncertain, match="both the prompt and the negative") as uncertain:
        trace_graph(api, INFO)
    assert len(str(uncertain.value)) < 1_000
    with pytest.raises(PreflightFailed) as failed:
        check(api, {}, INFO)
    assert len(str(failed.value)) < 20_000
    assert set_size(api, 128, 64, INFO)["s0"]["inputs"]["width"] == 128
    assert find_input(api, "SaveImage#1.images" if savers > 1 else "SaveImage.images")[0] == "o0"


def test_an_api_graph_of_too_many_nodes() -> None:
    nodes = {str(i): node("VAEDecode") for i in range(MAX_NODES + 1)}
    with pytest.raises(GraphInvalid, match="more than 20,000 nodes"):
        to_api(Graph("many.json", nodes, is_canvas=False), INFO)


def test_messages_name_texts_of_a_file_on_one_line() -> None:
    odd = "x\n\x1b[2J\u202e" + "y" * 100_000
    api: dict[str, Any] = {str(i): node("CLIPTextEncode", odd, text=odd) for i in range(3)}
    messages = []
    for act in (
        lambda: find_input(api, f"{odd}.text"),
        lambda: find_input(api, f"{odd}z.text"),
        lambda: set_value(api, f"{odd}#2.nothing", "1", INFO),
    ):
        with pytest.raises(BindingError) as error:
            act()
        messages.append(error.value.what + error.value.hint)
    messages += [str(one) for one in differences({}, api)]
    for message in messages:
        assert message.isprintable()
        assert len(message) < 2_000
