"""`graph.py FILE`: a workflow file as the API graph that would be queued, as JSON.

FILE is a graph as the canvas saves or exports it, or a PNG or WebP picture that carries one. What
the nodes are comes from a server, or from a file with its answer to /object_info. `--inputs` prints
a table of what can be set instead. Models that the server lacks are named on standard error.

Exit codes: 0 done, 2 wrong use or a graph that cannot be queued, 3 server or environment, 130
stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

try:
    from rich.console import Console
    from rich.table import Table

    from driver.connection import connect, request_headers
    from driver.ending import ended
    from driver.errors import GraphInvalid
    from driver.graphs import ApiGraph, ObjectInfo, load_graph, to_api
    from driver.graphs.inputs import SettableInput, settable_inputs
    from driver.graphs.model import as_list, one_line, shown
    from driver.graphs.parts import check_classes, missing_models
    from driver.progress import reporting
except ImportError as error:
    print(
        f"This Python cannot run Stockwright ({error}). Run `make setup`, then use"
        " .venv/bin/python instead of python.",
        file=sys.stderr,
    )
    sys.exit(3)
except KeyboardInterrupt:
    sys.exit(130)

_CHOICES = 5
_WHAT_TO_DO = (
    "Before this graph can run, put them there (driver/models.py pull fetches models), or name"
    " others to submit.py by --checkpoint or --set."
)


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    return ended(lambda: _print(args), debug=args.debug)


def _print(args: argparse.Namespace) -> int:
    graph = load_graph(args.file)
    info = _read_info(args.object_info) if args.object_info else _ask(args.server)
    api = to_api(graph, info)
    check_classes(graph, api, info)
    missing = missing_models(graph, api, info)
    for line in missing:
        print(f"not on the server: {line}", file=sys.stderr)
    if missing:
        print(_WHAT_TO_DO, file=sys.stderr)
    if args.inputs:
        _print_inputs(api, info)
    else:
        _print_json(api)
    return 0


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="graph", description="Prints a workflow file as the API graph that would be queued."
    )
    add = p.add_argument
    add("file", type=Path, metavar="FILE", help="a saved graph, or a PNG or WebP that carries one")
    where = p.add_mutually_exclusive_group()
    where.add_argument(
        "--server",
        metavar="URL",
        help="a ComfyUI server (default: STOCKWRIGHT_SERVER, else the embedded one)",
    )
    where.add_argument(
        "--object-info", type=Path, metavar="FILE", help="a server's answer to /object_info"
    )
    add("--inputs", action="store_true", help="print a table of what can be set")
    add("--debug", action="store_true", help="show a stack trace with an error")
    return p


def _ask(server: str | None) -> ObjectInfo:
    url = server or os.environ.get("STOCKWRIGHT_SERVER")
    with reporting(as_json=False) as report:  # standard output is for the graph
        connection = connect(url, None, request_headers([]), report)
        try:
            return connection.server.object_info()
        finally:
            connection.close()


def _read_info(path: Path) -> ObjectInfo:
    try:
        data: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise GraphInvalid(f"cannot be read: {error}", where=str(path)) from error
    nodes = cast("Mapping[str, Any]", data if isinstance(data, dict) else {})
    broken = [name for name, node in nodes.items() if not _is_definition(node)]
    if not nodes or broken:
        why = f": it does not say what inputs {shown(broken[0])} has" if broken else ""
        raise GraphInvalid(
            f"is not a server's answer to /object_info{why}",
            where=str(path),
            hint="Save what http://your-server:8188/object_info gives.",
        )
    return nodes


def _is_definition(node: Any) -> bool:
    """Whether a node's inputs are as /object_info has them: group -> name -> [type, options]."""
    groups: Any = cast("dict[str, Any]", node).get("input") if isinstance(node, dict) else None
    if not isinstance(groups, dict):
        return False
    for group in ("required", "optional"):
        specs: Any = cast("dict[str, Any]", groups).get(group) or {}
        if not isinstance(specs, dict):
            return False
        if not all(_is_input(spec) for spec in cast("dict[str, Any]", specs).values()):
            return False
    return True


def _is_input(spec: Any) -> bool:
    kind, *more = as_list(spec) or [None]
    options: Any = more[0] if more and more[0] else {}
    return isinstance(kind, str | list) and isinstance(options, dict)


def _print_json(api: ApiGraph) -> None:
    text = json.dumps(api, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(api, indent=2)
    print(text)


def _print_inputs(api: ApiGraph, info: ObjectInfo) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("title", "input", "type", "value", "choices"):
        table.add_column(column, overflow="fold")
    for entry in settable_inputs(api, info):
        value = f"← {entry.source}" if entry.source is not None else entry.value
        text = "" if value is None else one_line(value)
        cells = (one_line(entry.title, 200), one_line(entry.name), one_line(entry.type), text)
        table.add_row(*cells, _choices(entry))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def _choices(entry: SettableInput) -> str:
    if entry.choices is not None:
        first = ", ".join(one_line(choice) for choice in entry.choices[:_CHOICES])
        more = len(entry.choices) - _CHOICES
        return f"{first} and {more} more" if more > 0 else first or "none on this server"
    if entry.low is None or entry.high is None:
        return ""
    return (
        f"{entry.low:.16g} to {entry.high:.16g}" if abs(entry.high) < 1e15 else f"{entry.low:g} up"
    )


if __name__ == "__main__":
    sys.exit(main())
