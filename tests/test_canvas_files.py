"""Saved pictures and the canvas: dropped onto it, and those that could not be written."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driver import places
from driver.server import Server
from driver.settling import settled
from stockwright.core import names
from tests import certificates, designer
from tests.browser import Canvas, canvas
from tests.graphs import output_path, saved, stock_graph

pytestmark = pytest.mark.browser

EXAMPLE = places.CUSTOM_NODES / "stockwright" / "example_workflows" / "stock.json"
EMPTY = {"nodes": [], "links": [], "last_node_id": 0, "last_link_id": 0, "version": 0.4}
UNSAVED = "stockwright_unsaved"
JOB = '[{"id": "dropped", "subject": "chair", "prompt": "a red chair", "seed": 3}]'
_DROP = """([text, name, type]) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name, {type}));
    const event = new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true});
    app.canvas.canvas.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def opened(server: Server) -> Iterator[Canvas]:
    with canvas(server.url) as opened:
        opened.page.set_default_timeout(60_000)
        yield opened


def painted(server: Server, **inputs: Any) -> Path:
    """A picture that carries the graph of EXAMPLE as its canvas graph."""
    graph, graph_id = stock_graph(JOB, folder=f"tests/{uuid.uuid4()}"), str(uuid.uuid4())
    graph["9"]["inputs"] |= inputs
    workflow = json.loads(EXAMPLE.read_text("utf-8"))
    server.queue_graph(graph, graph_id, "tests", workflow=workflow)
    while (ended := server.finished(graph_id)) is None:
        time.sleep(0.02)
    return output_path(places.EMBEDDED, saved(settled(server, ended))["dropped"])


def drop(opened: Canvas, path: Path) -> None:
    text = base64.b64encode(path.read_bytes()).decode()
    opened.evaluate(_DROP, [text, path.name, f"image/{path.suffix[1:]}"])


@pytest.mark.parametrize("image_format", ["png", "webp"])
@pytest.mark.parametrize("signed", [False, True])
def test_a_dropped_picture_opens_its_graph(
    server: Server, opened: Canvas, image_format: str, signed: bool
):
    settings = places.BASE / "user" / "__stockwright"
    settings.mkdir(parents=True, exist_ok=True)
    if signed:
        certificates.make(settings)
        text = "certificate: chain.pem\nprivate_key: key.pem\n"
        (settings / "saving.yaml").write_text(text)
    try:
        path = painted(server, format=image_format)
    finally:
        (settings / "saving.yaml").unlink(missing_ok=True)
    assert (b"c2pa" in path.read_bytes()) == signed
    opened.load(EMPTY)
    drop(opened, path)
    opened.page.wait_for_function("() => app.graph.nodes.length > 0")
    designer.close_dialog(opened, "sd_xl_base_1.0.safetensors")  # the graph's model is not here
    nodes = json.loads(EXAMPLE.read_text("utf-8"))["nodes"]
    types = [node["type"] for node in opened.saved()["nodes"]]
    assert sorted(types) == sorted(node["type"] for node in nodes)


def test_a_node_says_in_red_which_file_could_not_be_written(server: Server, opened: Canvas):
    opened.load(json.loads(EXAMPLE.read_text("utf-8")))
    designer.make_small(opened)
    folder = f"tests/{uuid.uuid4()}"
    blocked = places.BASE / "output" / folder
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("in the way")
    designer.write(opened, names.BATCH, "jobs", JOB)
    designer.write(opened, names.SAVE_IMAGE, "folder", folder)
    assert designer.run(opened) == "execution_success"
    designer.wait_until_shown(opened, names.SAVE_IMAGE, UNSAVED)
    said = designer.shown(opened, names.SAVE_IMAGE, UNSAVED)
    assert said and "was not written" in said
    blocked.unlink()
    designer.write(opened, names.SAVE_IMAGE, "quality", 90)
    assert designer.run(opened) == "execution_success"
    designer.wait_for_previews(opened, [64])
    assert designer.shown(opened, names.SAVE_IMAGE, UNSAVED) is None
