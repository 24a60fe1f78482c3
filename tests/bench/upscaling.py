"""Upscale to Size against ComfyUI's own ImageUpscaleWithModel: the same model, pictures and server.

Each graph makes plain pictures of a colour of its own, so that nothing comes from the cache, and
enlarges them to the model's scale: there the two nodes do the same. What is timed is the server's
execution of the graph, its small preview within. The two take turns, and the fastest of each
counts, since whatever else the machine does only makes them slower.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import requests
from bare import execution_seconds
from home import BenchFailed

MODEL = "DAT_light_x2.safetensors"
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Upscaled:
    """Seconds for one graph of `pictures` of `size` by `size` pixels before they are enlarged."""

    pictures: int
    size: int
    ours: float
    core: float


def compare(url: str, pictures: int, size: int, turns: int) -> Upscaled:
    """`turns` graphs of each node; one more of each, which is not timed, loads the model."""
    best = {"ours": float("inf"), "core": float("inf")}
    with requests.Session() as session:
        for turn in range(turns + 1):
            for number, who in enumerate(best):
                colour = 0x10000 * size + 0x100 * pictures + 2 * turn + number
                seconds = _run(session, url, _graph(who, pictures, size, colour % 0x1000000))
                if turn:
                    best[who] = min(best[who], seconds)
    return Upscaled(pictures, size, best["ours"], best["core"])


def _graph(who: str, pictures: int, size: int, colour: int) -> dict[str, Any]:
    model, plain = {"upscale_model": ["1", 0]}, {"image": ["2", 0]}
    enlarge = {
        "ours": ("StockwrightUpscale", {"size": f"{2 * size}x{2 * size}", "shape": "crop"}),
        "core": ("ImageUpscaleWithModel", {}),
    }[who]
    made = {"width": size, "height": size, "batch_size": pictures, "color": colour}
    return {
        "1": {"class_type": "UpscaleModelLoader", "inputs": {"model_name": MODEL}},
        "2": {"class_type": "EmptyImage", "inputs": made},
        "3": {"class_type": enlarge[0], "inputs": model | plain | enlarge[1]},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    }


def _run(session: requests.Session, url: str, graph: dict[str, Any]) -> float:
    graph_id = str(uuid.uuid4())
    asked = session.post(f"{url}/prompt", json={"prompt": graph, "prompt_id": graph_id})
    if not asked.ok:
        raise BenchFailed(f"the server refused a graph that enlarges: {asked.text}")
    end = time.monotonic() + _SECONDS
    while not (entry := session.get(f"{url}/history/{graph_id}").json().get(graph_id)):
        if time.monotonic() > end:
            raise BenchFailed(f"a graph that enlarges did not end within {_SECONDS} s")
        time.sleep(0.05)
    if entry["status"]["status_str"] != "success":
        raise BenchFailed(f"a graph that enlarges failed: {entry['status']['messages'][-1]}")
    return execution_seconds(entry)
