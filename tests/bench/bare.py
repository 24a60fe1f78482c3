"""A loop over ComfyUI's websocket without anything else: queue a graph, wait, fetch its picture.

What its users write first. One graph is on the server at a time, and pictures stay in memory.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

import requests
import websocket
from measured import Block
from pictures import core_graph

from stockwright.core.jobs import Job


def run(url: str, jobs: Sequence[Job]) -> Block:
    """Makes one picture a job; what is timed ends with the last one in hand."""
    client_id = str(uuid.uuid4())
    socket = websocket.create_connection(f"ws{url.removeprefix('http')}/ws?clientId={client_id}")
    seconds = 0.0
    with requests.Session() as session:
        began = time.monotonic()
        for job in jobs:
            answer = session.post(
                f"{url}/prompt", json={"prompt": core_graph(job), "client_id": client_id}
            )
            answer.raise_for_status()
            graph = answer.json()["prompt_id"]
            _wait(socket, graph)
            entry = session.get(f"{url}/history/{graph}").json()[graph]
            (image,) = entry["outputs"]["7"]["images"]
            session.get(f"{url}/view", params=image).raise_for_status()
            seconds += execution_seconds(entry)
        ended = time.monotonic()
    socket.close()
    return Block(len(jobs), ended - began, seconds)


def queue(url: str, graph: dict[str, Any], node: str) -> tuple[float, list[dict[str, Any]]]:
    """Runs one graph: how long the server ran it, and the pictures that a node tells."""
    client_id = str(uuid.uuid4())
    socket = websocket.create_connection(f"ws{url.removeprefix('http')}/ws?clientId={client_id}")
    answer = requests.post(f"{url}/prompt", json={"prompt": graph, "client_id": client_id})
    answer.raise_for_status()
    graph_id = answer.json()["prompt_id"]
    _wait(socket, graph_id)
    socket.close()
    entry = requests.get(f"{url}/history/{graph_id}").json()[graph_id]
    return execution_seconds(entry), entry["outputs"][node]["images"]


def execution_seconds(entry: dict[str, Any]) -> float:
    """How long the server ran a graph, by its history's entry."""
    stamps = {name: data["timestamp"] for name, data in entry["status"]["messages"]}
    return (stamps["execution_success"] - stamps["execution_start"]) / 1000


def _wait(socket: websocket.WebSocket, graph: str) -> None:
    while True:
        message = socket.recv()
        if not isinstance(message, str):
            continue  # a preview
        told = json.loads(message)
        data = told.get("data", {})
        if told["type"] == "executing" and data["node"] is None and data["prompt_id"] == graph:
            return
