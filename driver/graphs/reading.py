"""Workflow files, read: canvas JSON, API JSON, or a picture that carries either.

Whatever a file holds, it gives a Graph or a GraphInvalid, soon and in little memory: files past
8 MiB, JSON nested deeper than 100 levels and JSON of more than 200,000 lists and objects are
refused. The largest graph among ComfyUI's templates has 170 KB.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, cast

from ..errors import GraphInvalid
from .model import Graph, as_list
from .pictures import embedded_texts, picture_format

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 100
MAX_CONTAINERS = 200_000
NEWEST_VERSION = 1
"""The newest version of the canvas's format that is known; nearly all files say 0.4."""

_JPEG = b"\xff\xd8\xff"
_HOW_TO_SAVE = "Save the graph in the canvas with Workflow > Save, or with Workflow > Export (API)."


def load_graph(path: Path) -> Graph:
    """Reads a workflow file: canvas JSON, API JSON, or a PNG or WebP that was saved by ComfyUI.

    Of a picture's two graphs the API one counts if it can be read, else the canvas one: it is what
    painted the picture, while the driver's pictures have the designer's graph for the canvas, with
    the settings of the file and not of the run. Raises GraphInvalid naming the file.
    """
    where = str(path)
    try:
        with path.open("rb") as file:
            kind = picture_format(file)
            if kind is not None:
                return _from_picture(embedded_texts(file, kind, MAX_BYTES), kind, where)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise GraphInvalid("there is no such file", where=where) from None
    except IsADirectoryError:
        raise GraphInvalid("is a folder, not a file", where=where) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise GraphInvalid(f"cannot be read: {error}", where=where) from error
    if data.startswith(_JPEG):
        raise GraphInvalid(
            "a JPEG carries no graph", where=where, hint="Give the PNG or WebP, or the saved graph."
        )
    try:
        return parse_graph(data.decode("utf-8-sig"), where)
    except UnicodeDecodeError as error:
        if len(data) > MAX_BYTES:
            raise _too_large(where) from error
        raise GraphInvalid(
            f"is neither JSON nor a PNG or WebP picture: {error}", where=where, hint=_HOW_TO_SAVE
        ) from error


def parse_graph(text: str, name: str) -> Graph:
    """A graph from JSON text; `name` stands in errors. Raises GraphInvalid."""
    if len(text) > MAX_BYTES or text.count("[") + text.count("{") > MAX_CONTAINERS:
        raise _too_large(name)
    try:
        data: Any = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError as error:
        raise GraphInvalid(f"is not valid JSON: {error}", where=name, hint=_HOW_TO_SAVE) from error
    if not isinstance(data, dict):
        raise GraphInvalid("is not a workflow", where=name, hint=_HOW_TO_SAVE)
    graph = cast("dict[str, Any]", data)
    if _depth_passes(graph):
        raise _too_deep(name)
    if "nodes" in graph:
        return _canvas(graph, name)
    if graph and all(_is_api_node(node) for node in graph.values()):
        return Graph(name, graph, is_canvas=False)
    raise GraphInvalid(
        "is neither a canvas graph (nodes, links) nor an API graph (class_type, inputs)",
        where=name,
        hint=_HOW_TO_SAVE,
    )


def _canvas(graph: dict[str, Any], name: str) -> Graph:
    version = graph.get("version")
    if isinstance(version, int | float) and version > NEWEST_VERSION:
        raise GraphInvalid(
            f"is in version {version:.12g} of the canvas's format, and {NEWEST_VERSION} is the"
            " newest that is known here",
            where=name,
            hint="Update Stockwright, or save the graph with Workflow > Export (API).",
        )
    if not isinstance(graph["nodes"], list) or not isinstance(graph.get("links", []), list):
        raise GraphInvalid("nodes and links must be lists", where=name, hint=_HOW_TO_SAVE)
    return Graph(name, graph, is_canvas=True)


def _from_picture(texts: dict[str, str], kind: str, where: str) -> Graph:
    found = [
        (texts[key], f"{where} ({key} in its metadata)")
        for key in ("prompt", "workflow")
        if texts.get(key)
    ]
    if not found:
        raise GraphInvalid(
            f"is a {kind} picture without a graph in its metadata",
            where=where,
            hint="Take the file as ComfyUI saved it: editors and websites drop the metadata.",
        )
    first: GraphInvalid | None = None
    for text, name in found:
        try:
            return parse_graph(text, name)
        except GraphInvalid as error:
            first = first or error
    assert first is not None
    raise first


def _too_large(name: str) -> GraphInvalid:
    return GraphInvalid(
        f"is too large for a workflow: more than {MAX_BYTES >> 20} MiB, or more than"
        f" {MAX_CONTAINERS:,} lists and objects",
        where=name,
        hint=_HOW_TO_SAVE,
    )


def _too_deep(name: str) -> GraphInvalid:
    return GraphInvalid(
        f"is nested deeper than {MAX_DEPTH} levels, as no workflow is",
        where=name,
        hint=_HOW_TO_SAVE,
    )


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not a number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is too large")
    return value


def _depth_passes(data: dict[str, Any]) -> bool:
    """Whether containers are nested deeper than MAX_DEPTH."""
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for container in level:
            if isinstance(container, dict):
                container = list(cast("dict[str, Any]", container).values())
            below += [value for value in as_list(container) if isinstance(value, dict | list)]
        if not below:
            return False
        level = below
    return True


def _is_api_node(node: Any) -> bool:
    if not isinstance(node, dict):
        return False
    fields = cast("dict[str, Any]", node)
    return (
        isinstance(fields.get("class_type"), str)
        and isinstance(fields.get("inputs"), dict)
        and isinstance(fields.get("_meta", {}), dict)
    )
