"""The size that finished pictures shall have, as the gate works it out of the graph."""

from __future__ import annotations

import json
from typing import Any

import pytest

from driver.driven import Driven
from driver.gate.sizes import asked_size, enlargement
from driver.graphs import Graph, picture_nodes, to_api
from driver.places import WORKFLOWS
from stockwright.core.jobs import Job
from tests.graphs import node, stock_graph
from tests.madeserver import INFO


def driven(graph: dict[str, Any]) -> Driven:
    return Driven(graph, None, INFO, picture_nodes(graph, INFO))


def with_upscale(**inputs: Any) -> dict[str, Any]:
    graph = stock_graph("[]")
    graph["20"] = node("StockwrightRestoreFaces", image=["8", 0])
    graph["21"] = node("StockwrightUpscale", image=["20", 0], **inputs)
    graph["9"]["inputs"]["images"] = ["21", 0]
    return graph


def job(width: int, height: int) -> Job:
    made = Job.create(theme="T", kind="k", subject="s", prompt="p", negative="", seed=1)
    return made.sized(width, height)


@pytest.mark.parametrize(
    ("size", "shape", "expected"),
    [
        ("2x", "crop", (128, 192)),
        ("1920x1080", "crop", (1920, 1080)),
        ("1920x1080", "fit", (720, 1080)),
        ("960", "crop", (640, 960)),
    ],
)
def test_upscale_to_size_tells_it(size: str, shape: str, expected: tuple[int, int]):
    told = enlargement(driven(with_upscale(size=size, shape=shape)))
    assert asked_size(told, job(64, 96)) == expected


def test_without_it_pictures_stay_as_large_as_their_jobs():
    assert asked_size(enlargement(driven(stock_graph("[]"))), job(64, 96)) == (64, 96)


def test_the_shipped_graph_doubles():
    data = json.loads((WORKFLOWS / "stock.json").read_text())
    graph = to_api(Graph("stock.json", data, is_canvas=True), INFO)
    assert enlargement(driven(graph)) == ("2x", "crop")


def changed(**nodes: dict[str, Any]) -> dict[str, Any]:
    return with_upscale(size="2x", shape="crop") | nodes


@pytest.mark.parametrize(
    "graph",
    [
        changed(**{"20": node("ImageScaleBy", image=["8", 0])}),
        changed(**{"20": node("StockwrightUpscale", image=["8", 0], size="2x", shape="crop")}),
        changed(**{"21": node("StockwrightUpscale", image=["8", 0], size=["5", 0], shape="crop")}),
        changed(**{"8": node("LoadImage", image="x.png")}),
        changed(**{"30": node("StockwrightSaveImage", images=["8", 0], jobs=["3", 4], folder="b")}),
        changed(**{"9": node("SaveImage", images=["8", 0], filename_prefix="x")}),
    ],
)
def test_where_anything_else_changes_sizes_nobody_can_tell(graph: dict[str, Any]):
    assert enlargement(driven(graph)) is None
    assert asked_size(None, job(64, 96)) is None


def test_of_a_picture_that_is_there_nobody_can_tell():
    assert asked_size(("2x", "crop"), job(0, 0)) is None
