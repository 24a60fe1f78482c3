"""What the canvas itself makes of graphs: `tests/data/golden.json.gz`, written by `make golden`.

The official templates are not in it: they are read from the installed packages, which the embedded
server pins. Graphs of our own are `tests/data/graphs/*.json` and `workflows/*.json`; the exports of
these are `tests/data/graphs/*.api.json`, to be read by people.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from driver.places import WORKFLOWS

FILE = Path(__file__).resolve().parent.parent / "data" / "golden.json.gz"
GRAPHS = FILE.with_name("graphs")
PACKAGES = (
    "comfyui-frontend-package",
    "comfyui-workflow-templates",
    "comfyui-workflow-templates-media-api",
    "comfyui-workflow-templates-media-image",
    "comfyui-workflow-templates-media-other",
    "comfyui-workflow-templates-media-video",
)

Api = dict[str, dict[str, Any]]


@dataclass
class Golden:
    versions: dict[str, str]
    """Of the packages whose canvas and templates these are."""
    info: dict[str, Any]
    """What /object_info said to the canvas, without help texts."""
    templates: dict[str, Api]
    """Template -> its API graph. Nodes of classes that ComfyUI does not have are not in it."""
    every_class: dict[str, Any]
    """A canvas graph with a new node of each class."""
    every_class_api: Api


def read() -> Golden:
    return Golden(**json.loads(gzip.decompress(FILE.read_bytes())))


def write(golden: Golden) -> None:
    """The same bytes for the same content."""
    text = json.dumps(asdict(golden), ensure_ascii=False, separators=(",", ":"))
    part = FILE.with_suffix(".part")
    part.write_bytes(gzip.compress(text.encode(), mtime=0))
    part.replace(FILE)


def installed_versions() -> dict[str, str]:
    return {package: metadata.version(package) for package in PACKAGES}


def installed_templates() -> dict[str, Path]:
    """The canvas graphs among the installed templates, by name."""
    files = [
        Path(str(file))
        for package in PACKAGES[2:]
        for file in (resources.files(package.replace("-", "_")) / "templates").iterdir()
        if file.name.endswith(".json")
    ]
    return {file.stem: file for file in sorted(files) if _is_graph(file)}


def own_graphs() -> dict[str, Path]:
    """The canvas graphs of this repository, by name."""
    files = (*GRAPHS.glob("*.json"), *WORKFLOWS.glob("*.json"))
    return {file.stem: file for file in sorted(files) if not file.name.endswith(".api.json")}


def own_export(name: str) -> Path:
    return GRAPHS / f"{name}.api.json"


def _is_graph(file: Path) -> bool:
    data = json.loads(file.read_text("utf-8"))
    return isinstance(data, dict) and "nodes" in data
