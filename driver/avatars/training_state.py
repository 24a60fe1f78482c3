"""A training that goes on: `training/state.json` in the person's folder, and its LoRAs beside it.

Every change is written whole or not at all, so a command that is killed goes on where it was.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .people import Folder, make_private, write_private

_FILE = "state.json"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Saved(_Kept):
    """A LoRA after a segment."""

    steps: int
    stem: str
    """Of its file on the server and here, without the ending."""
    sha256: str
    size: int
    losses: tuple[float, ...] = ()
    held_back: tuple[float | None, ...] = ()
    """Losses of held-back pictures: of each picture at each level of noise."""


class State(_Kept):
    key: str
    checkpoint: str = ""
    seed: int = Field(default_factory=lambda: secrets.randbits(40))
    """Drawn anew for each training, so that a server never takes one for another."""
    batch: int
    accumulation: int = 1
    """Batches that make one step."""
    checkpointing: bool
    graph: str = ""
    """Id of the segment's graph that was queued last, which may run yet."""
    untrained: tuple[float | None, ...] = ()
    """Losses of held-back pictures before the training."""
    saved: tuple[Saved, ...] = ()
    """In the order of their steps. Only the last ones have their files yet."""

    @property
    def steps(self) -> int:
        return self.saved[-1].steps if self.saved else 0


def read_state(folder: Folder, key: str) -> State | None:
    """The training of this key that goes on; what is left of another one does not count."""
    try:
        state = State.model_validate_json((folder.training / _FILE).read_text("utf-8"))
    except (FileNotFoundError, ValidationError):
        return None
    return state if state.key == key else None


def write_state(folder: Folder, state: State) -> None:
    make_private(folder.training)
    write_private(folder.training / _FILE, state.model_dump_json().encode())


def file_of(folder: Folder, saved: Saved) -> Path:
    return folder.training / f"{saved.stem}.safetensors"


def remove_state(folder: Folder) -> None:
    """Removes the state first: what is left after an interruption is no training."""
    (folder.training / _FILE).unlink(missing_ok=True)
    shutil.rmtree(folder.training, ignore_errors=True)
