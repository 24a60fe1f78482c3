"""A server that is not there: it plans and paints at once, for tests of all that lies around it.

Subjects are numbered, so that a plan which must leave some out gives the next ones. A picture is
one flat colour that follows from its job's seed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from driver.listener import Ended
from driver.server import Finished
from stockwright.core import names
from stockwright.core.jobs import Job
from stockwright.core.kinds import parse_kinds, quotas, shares_of
from stockwright.core.sizes import Shape, Size

INFO = json.loads((Path(__file__).parent / "data" / "object_info.json").read_text())

VISION = "clip_vision_l.safetensors"
VISION_INFO = {
    "CLIPVisionLoader": {
        "input": {"required": {"clip_name": [[VISION], {}]}},
        "output": ["CLIP_VISION"],
        "output_node": False,
    }
}


class MadeServer:
    url = websocket_url = "ws://nowhere"
    headers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.graphs: dict[str, Finished] = {}
        self.files: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.worked_on: list[dict[str, Any]] = []
        self.plans: list[dict[str, Any]] = []
        self.knows_subjects = 1000
        self.asked = 0
        self.sees: Callable[[dict[str, Any]], list[float]] | None = None
        """A vector for a job's picture, where the server has a CLIP-vision model."""
        self.ended: deque[str] = deque()

    def object_info(self) -> dict[str, Any]:
        self.asked += 1
        return INFO if self.sees is None else INFO | VISION_INFO

    def queue_graph(self, graph: Any, graph_id: str, client_id: str, workflow: Any) -> None:
        by_class = {node["class_type"]: node["inputs"] for node in graph.values()}
        if names.WRITE_PROMPTS in by_class:
            outputs = self._plan(by_class[names.WRITE_PROMPTS])
        elif names.BATCH not in by_class:
            outputs = self._enlarge(by_class, graph_id)
        else:
            jobs = json.loads(by_class[names.BATCH]["jobs"])
            outputs = self._paint(jobs, by_class.get(names.UPSCALE), graph_id)
            if self.sees and names.PICTURE_EMBEDDING in by_class:
                outputs[names.UI_EMBEDDINGS] = [self._seen(job, self.sees(job)) for job in jobs]
        done = outputs is not None
        why = "" if done else "the model knows too few subjects [subjects-exhausted]"
        self.graphs[graph_id] = Finished(done, False, why, "", {"9": outputs or {}}, 0.01)
        self.ended.append(graph_id)

    def _plan(self, asked: dict[str, Any]) -> dict[str, list[Any]] | None:
        self.plans.append(asked)
        theme = yaml.safe_load(asked["theme"])["title"]
        kinds = parse_kinds(asked["kinds"], ())
        taken = set(asked["exclude"].splitlines())
        jobs: list[dict[str, Any]] = []
        for kind, wanted in quotas(asked["count"], shares_of(kinds)).items():
            every = [f"{kind} {n}" for n in range(self.knows_subjects)]
            free = [subject for subject in every if subject not in taken][:wanted]
            if len(free) < wanted:
                return None
            for subject in free:
                text = f"{theme} {subject} {asked['seed']}"
                seed = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
                job = Job.create(
                    theme=theme, kind=kind, subject=subject, prompt=subject, negative="", seed=seed
                )
                jobs.append(job.to_dict())
        return {names.UI_JOBS: jobs}

    def _paint(
        self, jobs: list[dict[str, Any]], upscale: dict[str, Any] | None, graph_id: str
    ) -> dict[str, list[Any]]:
        return {names.UI_FILES: [self._picture(job, upscale, graph_id) for job in jobs]}

    def _picture(
        self, job: dict[str, Any], upscale: dict[str, Any] | None, graph_id: str
    ) -> dict[str, Any]:
        size = (job["width"], job["height"])
        if upscale is not None:
            goal = Size.parse(upscale["size"]).goal(*size, Shape(upscale["shape"]))
            size = (goal.width, goal.height)
        buffer = io.BytesIO()
        color = tuple(job["seed"].to_bytes(8, "big")[-3:])
        Image.new("RGB", size, color).save(buffer, "PNG")
        name = f"{graph_id}-{job['id']}.png"
        self.files[name] = buffer.getvalue()
        told = {"job": job["id"], "filename": name, "subfolder": "", "type": "output"}
        sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
        return told | {"width": size[0], "height": size[1], "sha256": sha256}

    def _seen(self, job: dict[str, Any], values: list[float]) -> dict[str, str]:
        data = struct.pack(f"<{len(values)}e", *values)
        return {"job": job["id"], "vector": base64.b64encode(data).decode()}

    def _enlarge(self, by_class: dict[str, Any], graph_id: str) -> dict[str, list[Any]]:
        """The picture that was loaded, twice as large."""
        self.worked_on.append(by_class)
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(self.uploads[by_class["LoadImage"]["image"]])) as image:
            image.resize((image.width * 2, image.height * 2)).save(buffer, "PNG")
        name = f"{graph_id}.png"
        self.files[name] = buffer.getvalue()
        return {"images": [{"filename": name, "subfolder": "", "type": "output"}]}

    def upload(self, filename: str, subfolder: str, data: bytes) -> str:
        self.uploads[f"{subfolder}/{filename}"] = data
        return f"{subfolder}/{filename}"

    def finished(self, graph_id: str) -> Finished | None:
        return self.graphs.get(graph_id)

    def knows(self, graph_id: str) -> bool:
        return graph_id in self.graphs

    def view(self, filename: str, subfolder: str, folder_type: str) -> bytes | None:
        return self.files.get(filename)

    def delete(self, graph_ids: list[str]) -> None:
        """Nothing waits here."""

    def interrupt(self, graph_id: str) -> None:
        """Nothing runs here."""


class MadeConnection:
    output: Path | None = None
    input: Path | None = None

    def __init__(self, server: MadeServer) -> None:
        self.server = server

    def recover(self, down: Exception) -> None:
        raise down

    def close(self) -> None:
        """It is not ours."""


def listener_of(server: MadeServer) -> Callable[..., Any]:
    """In place of `Listener`: tells at once that the graphs which were queued have ended."""

    class Told:
        def __init__(self, *_: object) -> None:
            pass

        def __enter__(self) -> Told:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def hear(self, seconds: float) -> Ended | None:
            return Ended(server.ended.popleft()) if server.ended else None

    return Told
