"""Stands in for the checks of the pack in a worker process: what it says of a picture is in the
picture's bytes, as JSON. It can also die of it, break on it, or take its time."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from stockwright.core.errors import QualityInvalid


@dataclass(frozen=True)
class DoubleVerdict:
    told: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {
            "scores": {},
            "reasons": [],
            "warnings": [],
            "phash": "",
            "not_done": {},
        } | self.told


class Double:
    missing: ClassVar[dict[str, str]] = {"nsfw": "there is no nsfw.onnx"}

    def examine(self, path: Path, *, size: tuple[int, int] | None, people: bool) -> DoubleVerdict:
        told: dict[str, Any] = json.loads(path.read_text())
        time.sleep(told.pop("seconds", 0))
        if told.pop("dies", False):
            os.kill(os.getpid(), signal.SIGKILL)
        if (once := told.pop("dies_once", None)) and not Path(once).exists():
            Path(once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if (once := told.pop("hangs_once", None)) and not Path(once).exists():
            Path(once).touch()
            threading.Event().wait()
        if "breaks" in told:
            raise ZeroDivisionError(told["breaks"])
        seen = {"size": size, "people": float(people), "process": os.getpid()}
        return DoubleVerdict(told | {"scores": seen | told.get("scores", {})})


def make() -> Double:
    return Double()


def make_nothing() -> Double:
    raise QualityInvalid("no such check 'blurr'", where="quality.yaml, line 3", hint="blur?")


def make_without_packages() -> Double:
    raise ImportError("No module named 'numpy'")


def make_and_die() -> Double:
    os.kill(os.getpid(), signal.SIGKILL)
    return Double()
