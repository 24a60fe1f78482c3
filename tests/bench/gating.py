"""The quality gate beside a sampler that takes its time: `submit --images` with and without it.

Where the processor paints, it has nothing left for the gate. On the servers that the gate is made
for a graphics card paints, which cannot be had here: a node that waits stands for it. All the rest
is real: pictures of 1024 px (parts of the templates' thumbnails), their way through the server, the
shipped checks. They only warn, so that both runs finish as many pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path

import ours
import yaml
from home import BenchFailed, Home
from PIL import Image

SIDE = 1024
_PACK = '''"""A node that takes as long as painting would, without the processor."""

import time


class BenchWait:
    CATEGORY = "bench"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "wait"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",), "seconds": ("FLOAT", {"default": 1.0})}}

    def wait(self, image, seconds):
        time.sleep(seconds)
        return (image,)


NODE_CLASS_MAPPINGS = {"BenchWait": BenchWait}
'''


@dataclass(frozen=True, slots=True)
class Gated:
    """Seconds from the first graph queued to the last picture finished, `paint` for each picture
    within."""

    pictures: int
    paint: float
    with_gate: float
    without: float


def install(home: Home) -> None:
    """Puts the node that waits into the home; its server must not run yet."""
    (home.folder / "base" / "custom_nodes" / "bench_wait.py").write_text(_PACK)


def compare(home: Home, url: str, count: int, paint: float) -> Gated:
    folder = home.folder / "gated"
    _make_pictures(folder / "pictures", count)
    graph, checks = folder / "graph.json", folder / "checks.yaml"
    graph.write_text(json.dumps(_graph(paint)))
    checks.write_text(yaml.safe_dump(dict(ours.shipped_checks(small=False).settings)))
    asked = ("--images", str(folder / "pictures"), "--workflow", str(graph), "--server", url)
    without = _run(home, count, *asked, "--run", str(folder / "without"), "--no-quality")
    gated = _run(home, count, *asked, "--run", str(folder / "with"), "--quality", str(checks))
    return Gated(count, paint, gated, without)


def _run(home: Home, count: int, *arguments: str) -> float:
    queued: list[float] = []
    done: list[float] = []
    with ours.events(home, *arguments) as (_, events):
        for at, event in events:
            if event["event"] == "GraphQueued":
                queued.append(at)
            elif event["event"] == "PictureDone":
                done.append(at)
    if len(done) != count:
        raise BenchFailed(f"submit finished {len(done)} of {count} pictures")
    return done[-1] - queued[0]


def _graph(paint: float) -> dict[str, object]:
    labels = {"theme": "", "kind": "", "subject": "", "made_by": "an AI model"}
    saving = {"folder": "", "format": "jpeg", "quality": 95, "dpi": 300, "details": "all"}
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "picture.png"}},
        "2": {"class_type": "BenchWait", "inputs": {"image": ["1", 0], "seconds": paint}},
        "3": {"class_type": "StockwrightPictureJob", "inputs": {"images": ["1", 0], **labels}},
        "4": {
            "class_type": "StockwrightSaveImage",
            "inputs": {"images": ["2", 0], "jobs": ["3", 0], "language": "English", **saving},
        },
    }


def _make_pictures(folder: Path, count: int) -> None:
    """Another part of a thumbnail each, so that none is like another."""
    folder.mkdir(parents=True)
    sources = cycle(enumerate(_thumbnails()))
    for number in range(count):
        place, path = next(sources)
        with Image.open(path) as picture:
            edge = 24 * (number // 8 % 8) + place
            part = picture.convert("RGB").crop((edge, edge // 2, SIDE - edge // 2, SIDE - edge))
        part.resize((SIDE, SIDE)).save(folder / f"{number:04}.jpg", quality=95)


def _thumbnails() -> Iterator[Path]:
    for media in ("image", "api", "other", "video"):
        spec = find_spec(f"comfyui_workflow_templates_media_{media}")
        for place in (spec.submodule_search_locations if spec else None) or ():
            for path in sorted(Path(place, "templates").glob("*.webp")):
                with Image.open(path) as picture:
                    if picture.size == (SIDE, SIDE):
                        yield path
