"""`make golden`: has the real canvas export all graphs of `reference`, and keeps what it says.

The server is the embedded one, with all of ComfyUI's classes: API nodes are not called, and audio
nodes need torchaudio only to compute. It has no models, so that files do not change with those of
this machine. Names as arguments: these templates and graphs only, compared and not kept.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from driver import places
from driver.graphs import Graph, load_graph, to_api
from driver.host import install, launch
from driver.server import Server
from tests.browser import BrowserMissing, Canvas, canvas
from tests.golden import reference
from tests.golden.differences import differences

_START_SECONDS = 300
_LIVE = ("LOAD_3D", "WEBCAM")
"""Inputs whose values are new files, made by the canvas when it queues a graph."""
_ADD = """(names) => {
    app.graph.clear();
    for (const name of names) app.graph.add(LiteGraph.createNode(name));
}"""


class ExportFailed(Exception):
    """The exports cannot be made; the text says why."""


def main(names: list[str]) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server is stopped then too
    templates, own = reference.installed_templates(), reference.own_graphs()
    if unknown := set(names) - set(templates) - set(own):
        print(f"error: no such graph: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    try:
        with _server() as url, canvas(url) as opened:
            info = Server(url).object_info()
            if names:
                for name in names:
                    _export(opened, info, load_graph((templates | own)[name]))
            else:
                _export_all(opened, info)
    except (ExportFailed, BrowserMissing) as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    return 0


def _export_all(opened: Canvas, info: dict[str, Any]) -> None:
    templates, own = reference.installed_templates(), reference.own_graphs()
    exports = {name: _export(opened, info, load_graph(file)) for name, file in own.items()}
    every = _every_class(opened, info)
    every_api = _export(opened, info, Graph("every class", every, is_canvas=True))
    golden = reference.Golden(
        versions=reference.installed_versions(),
        info={kind: _trimmed(info[kind]) for kind in sorted(info)},
        templates={
            name: _untitled(_export(opened, info, load_graph(file)))
            for name, file in templates.items()
        },
        every_class=every,
        every_class_api=_untitled(every_api),
    )
    reference.write(golden)
    for name, api in exports.items():
        text = json.dumps(api, indent=1, ensure_ascii=False)
        reference.own_export(name).write_text(f"{text}\n", "utf-8")
    size = reference.FILE.stat().st_size
    print(f"{len(templates)} templates, {len(every_api)} classes: {size / 1000:.0f} kB")


def _export(opened: Canvas, info: dict[str, Any], graph: Graph) -> reference.Api:
    opened.load(graph.data)
    # A class that the server does not have is queued without its name.
    api = {number: node for number, node in opened.api().items() if "class_type" in node}
    found = differences(api, to_api(graph, info), info)
    print("\n    ".join([f"{graph.name}: {len(api)} nodes", *found]), flush=True)
    return api


def _untitled(api: reference.Api) -> reference.Api:
    """Without titles, which are in the canvas's language."""
    return {
        number: {key: value for key, value in node.items() if key != "_meta"}
        for number, node in api.items()
    }


def _every_class(opened: Canvas, info: dict[str, Any]) -> dict[str, Any]:
    names = [kind for kind in info if not _differs_each_time(info[kind])]
    opened.evaluate(_ADD, names)
    kept = ("id", "type", "mode", "inputs", "outputs", "widgets_values")
    nodes = [{key: node[key] for key in kept if key in node} for node in opened.saved()["nodes"]]
    # No positions: they depend on the fonts here.
    return {"nodes": [{**node, "pos": [0, 0], "size": [0, 0]} for node in nodes], "links": []}


def _differs_each_time(definition: dict[str, Any]) -> bool:
    specs = [spec for group in definition["input"].values() for spec in group.values()]
    return any(
        spec[0] in _LIVE or (len(spec) > 1 and isinstance(spec[1], dict) and "remote" in spec[1])
        for spec in specs
    )


def _trimmed(definition: dict[str, Any]) -> dict[str, Any]:
    """A class's definition without what is only read by people."""
    inputs: dict[str, dict[str, list[Any]]] = definition["input"]
    kept = {key: definition[key] for key in ("output", "name", "display_name", "output_node")}
    trimmed = {
        group: {name: [_without_tooltip(part) for part in spec] for name, spec in specs.items()}
        for group, specs in inputs.items()
        if group != "hidden"
    }
    return {"input": trimmed, "input_order": definition["input_order"], **kept}


def _without_tooltip(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {key: value for key, value in part.items() if key != "tooltip"}


@contextmanager
def _server() -> Generator[str]:
    """The address of a ComfyUI of its own, with our packs and without models."""
    with tempfile.TemporaryDirectory(prefix="stockwright-golden-") as folder:
        base = Path(folder)
        (base / "custom_nodes").mkdir()
        for pack in install.PACKS:
            (base / "custom_nodes" / pack).symlink_to(places.CUSTOM_NODES / pack)
        (base / "modules").mkdir()
        (base / "modules" / "torchaudio.py").touch()
        port = launch.free_port(None)
        line = [sys.executable, "main.py", "--listen", launch.HOST, "--port", str(port)]
        line += ["--disable-auto-launch", "--base-directory", folder, "--cpu"]
        line += ["--database-url", f"sqlite:///{base / 'comfyui.db'}"]
        log = base / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                line,
                cwd=places.COMFYUI,
                env={**launch.environment(), "PYTHONPATH": str(base / "modules")},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait(process, port, log)
            yield f"http://{launch.HOST}:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not launch.answers(port):
        if process.poll() is not None or time.monotonic() > end:
            text = log.read_text("utf-8", errors="replace")[-3000:]
            raise ExportFailed(f"ComfyUI did not start. Its log ends so:\n{text}")
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
