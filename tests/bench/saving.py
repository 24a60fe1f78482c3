"""How long saving a large picture holds the thread that runs the graphs.

The picture is painted once and stays in the server's cache, so that what a graph runs after that is
its save node alone. PNG both times, since ComfyUI's own node writes nothing else. What the server
itself adds to a graph, some milliseconds, is in both figures.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from bare import queue
from pictures import core_graph, jobs

_NAMED = "bench-saving"


@dataclass(frozen=True, slots=True)
class Saving:
    """Seconds on that thread, the median of several pictures."""

    core: float
    ours: float
    size: int
    pictures: int


def run(url: str, size: int, pictures: int) -> Saving:
    """`pictures` of `size` by `size` pixels by each node, one after the other."""
    return Saving(_median(url, size, pictures, _core), _median(url, size, pictures, _ours),
                  size, pictures)  # fmt: skip


def _median(
    url: str, size: int, pictures: int, save: Callable[[str], dict[str, dict[str, Any]]]
) -> float:
    (job,) = jobs(1, 256, 7_000)
    seconds: list[float] = []
    for number in range(pictures + 1):
        graph = core_graph(job) | save(f"{_NAMED}/{number}")
        graph["8"] = {
            "class_type": "ImageScale",
            "inputs": {
                "image": ["6", 0],
                "upscale_method": "bicubic",
                "width": size,
                "height": size,
                "crop": "disabled",
            },
        }
        took, (image, *_) = queue(url, graph, "7")
        seconds.append(took)
        # Waits for a file that is still being written: pictures do not pile up.
        requests.get(f"{url}/view", params=image, timeout=600).raise_for_status()
    return statistics.median(seconds[1:])  # the first one painted it


def _core(folder: str) -> dict[str, dict[str, Any]]:
    inputs = {"images": ["8", 0], "filename_prefix": f"{folder}/core"}
    return {"7": {"class_type": "SaveImage", "inputs": inputs}}


def _ours(folder: str) -> dict[str, dict[str, Any]]:
    told = json.dumps([job.to_dict() for job in jobs(1, 256, 7_000)])
    batch = {"jobs": told, "clip": ["1", 1], "width": 256, "height": 256}
    saver = {
        "images": ["8", 0],
        "jobs": ["9", 4],
        "folder": folder,
        "format": "png",
        "quality": 95,
    }
    return {
        "7": {"class_type": "StockwrightSaveImage", "inputs": saver},
        "9": {"class_type": "StockwrightBatch", "inputs": batch},
    }
