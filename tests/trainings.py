"""Small trainings for tests; as a program, one that may be killed.

python -m tests.trainings PEOPLE [SERVER]   prints each event as a line of JSON
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from driver.avatars.people import Folder
from driver.avatars.presets import Preset, load_presets
from driver.avatars.training import TrainAsked, train
from driver.events import to_json
from tests.persons import NAME

SKETCH = "sketch.safetensors"


def tiny(**changes: Any) -> Preset:
    """The sketch's preset at half its size, with 12 steps in parts of 4."""
    preset = load_presets().families["sketch"]
    sampling = preset.sampling.model_dump() | {"size": 64, "steps": 4}
    values = {"size": 64, "steps": 12, "segment": 4, "candidates": 1, "sampling": sampling}
    return Preset.model_validate(preset.model_dump() | values | changes)


def asked(server: str | None, **changes: Any) -> TrainAsked:
    return replace(TrainAsked(checkpoint=SKETCH, server=server, preset=tiny()), **changes)


class Heard:
    """Takes events, and gives those of a kind as dicts."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, event: Any) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[dict[str, Any]]:
        return [asdict(event) for event in self.events if isinstance(event, kind)]


def tell(event: Any) -> None:
    print(to_json(event), flush=True)


if __name__ == "__main__":
    where = sys.argv[2] if len(sys.argv) > 2 else None
    train(Folder(NAME, Path(sys.argv[1])), asked(where), tell)
