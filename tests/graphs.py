"""Small API graphs on the sketch checkpoint, and running them on a real server."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import requests

from driver.server import Finished, Server
from driver.settling import settled

Graph = dict[str, dict[str, Any]]


def node(class_type: str, title: str | None = None, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": title or class_type}}


def stock_graph(
    jobs: str,
    *,
    checkpoint: str = "sketch.safetensors",
    size: int = 64,
    steps: int = 4,
    cfg: float = 5.0,
    sampler: str = "dpmpp_2m",
    loras: str = "",
    folder: str = "tests",
    image_format: str = "png",
    per_job: bool = False,
) -> Graph:
    """Checkpoint to files, as in workflows/stock.json, with few steps."""
    graph = {
        "1": node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "2": node("StockwrightLoraStack", model=["1", 0], clip=["1", 1], loras=loras),
        "3": node("StockwrightBatch", jobs=jobs, clip=["2", 1], width=size, height=size),
        "4": node("CFGGuider", model=["2", 0], positive=["3", 0], negative=["3", 1], cfg=cfg),
        "5": node("KSamplerSelect", sampler_name=sampler),
        "6": node("BasicScheduler", model=["2", 0], scheduler="karras", steps=steps, denoise=1.0),
        "7": node(
            "SamplerCustomAdvanced",
            noise=["3", 2],
            guider=["4", 0],
            sampler=["5", 0],
            sigmas=["6", 0],
            latent_image=["3", 3],
        ),
        "8": node("VAEDecode", samples=["7", 0], vae=["1", 2]),
        "9": node(
            "StockwrightSaveImage",
            images=["8", 0],
            jobs=["3", 4],
            folder=folder,
            format=image_format,
            quality=95,
        ),
    }
    if per_job:
        graph["10"] = node("StockwrightJobSampler", sampler=["5", 0], jobs=["3", 4])
        graph["7"]["inputs"]["sampler"] = ["10", 0]
    return graph


def llm_graph(model: str) -> Graph:
    """Only the handle of a language model, shown as text: nothing is loaded."""
    loader = node(
        "StockwrightLoadLLM",
        model=model,
        context_length=2048,
        gpu_layers=0,
        threads=0,
        keep_loaded=False,
    )
    return {"1": loader, "9": node("PreviewAny", source=["1", 0])}


def plan_graph(theme: str, kinds: str, *, linked: bool = False) -> Graph:
    """One job by the small language model; `linked` brings the texts in by links."""
    graph = {
        "1": llm_graph("SmolLM2-135M-Instruct.Q4_1.gguf")["1"],
        "2": node(
            "StockwrightWritePrompts",
            llm=["1", 0],
            theme=["3", 0] if linked else theme,
            kinds=["4", 0] if linked else kinds,
            count=1,
            seed=1,
            exclude="",
        ),
    }
    if linked:
        graph["3"] = node("PrimitiveString", value=theme)
        graph["4"] = node("PrimitiveString", value=kinds)
    return graph


def run(server: Server, graph: Graph, seconds: float = 120) -> Finished:
    """Queues a graph, and waits for its end and for its files."""
    return settled(server, _run(server, graph, str(uuid.uuid4()), seconds))


def cached(server: Server, graph: Graph) -> set[str]:
    """Runs a graph; ids of the nodes that did not run again."""
    graph_id = str(uuid.uuid4())
    assert _run(server, graph, graph_id).success
    history = requests.get(f"{server.url}/history/{graph_id}", timeout=60).json()
    messages = history[graph_id]["status"]["messages"]
    return {n for name, told in messages if name == "execution_cached" for n in told["nodes"]}


def _run(server: Server, graph: Graph, graph_id: str, seconds: float = 120) -> Finished:
    server.queue_graph(graph, graph_id, "tests", workflow=None)
    end = time.monotonic() + seconds
    while (done := server.finished(graph_id)) is None:
        assert time.monotonic() < end, "the graph did not end"
        time.sleep(0.05)
    return done


def saved(finished: Finished) -> dict[str, dict[str, Any]]:
    """What Save Stock Image reported, by job id."""
    assert finished.success, finished.error
    return {f["job"]: f for out in finished.outputs.values() for f in out["stockwright_files"]}


def output_path(home: Path, file: dict[str, Any]) -> Path:
    return home / "base" / "output" / file["subfolder"] / file["filename"]
