"""What became of the files of a graph that ended: *Save Stock Image* writes them after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from stockwright.core.names import UI_FILES

from .collect import pictures
from .server import Finished, Server

Told = dict[str, Any]
_LOST = "the server does not know any more whether it wrote the file"


def settled(server: Server, finished: Finished) -> Finished:
    """The graph with what became of its files: each of them has `bytes` and `sha256`, or an
    `error`, and so has its preview. Waits until all are settled.

    Raises ServerDown or ServerRefused.
    """
    known: dict[str, dict[str, Told]] = {}
    outputs: dict[str, dict[str, list[Any]]] = {}
    for node_id, output in finished.outputs.items():
        files = [_with_outcome(server, file, known) for file in _files(output)]
        outputs[node_id] = output
        if files:
            errors = {_place(file): file["error"] for file in files if "error" in file}
            previews = [_with_error(picture, errors) for picture in pictures(output)]
            outputs[node_id] = {**output, UI_FILES: files, "images": previews}
    return replace(finished, outputs=outputs)


def _files(output: Mapping[str, Any] | None) -> list[Told]:
    files = cast("list[Any]", (output or {}).get(UI_FILES, []))
    return [cast("Told", file) for file in files if isinstance(file, dict)]


def _with_outcome(server: Server, file: Told, known: dict[str, dict[str, Told]]) -> Told:
    if "ticket" not in file:
        return file
    ticket = str(file["ticket"])
    if ticket not in known:
        known[ticket] = _outcomes(server, ticket)
    return {**file, **known[ticket].get(str(file.get("job")), {"error": _LOST})}


def _with_error(picture: Told, errors: Mapping[tuple[Any, Any], Any]) -> Told:
    place = _place(picture)
    return {**picture, "error": errors[place]} if place in errors else picture


def _outcomes(server: Server, ticket: str) -> dict[str, Told]:
    """By job id, when all are settled; nothing for an unknown ticket."""
    while (answer := server.saved(ticket)) is not None:
        if answer.get("settled"):
            files: list[Told] = answer["files"]
            return {str(file["job"]): file for file in files}
    return {}


def _place(file: Told) -> tuple[Any, Any]:
    return file.get("subfolder"), file.get("filename")
