"""What a run reports while it goes on. `--json` prints each as one line: its name and fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know."""

    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the run waits for at this moment, and how long already."""

    text: str


@dataclass(frozen=True, slots=True)
class RunStarted:
    """Counts are pictures of the whole order; `done` were there already."""

    folder: str
    total: int
    done: int


@dataclass(frozen=True, slots=True)
class Planning:
    """`done` of `total` jobs of a theme are written."""

    theme: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ThemePlanned:
    """`subjects` are different ones; `refused` counts what was replaced, by reason; `notes` are
    sentences for a person. `dry` of the `calls` of the language model brought nothing new."""

    theme: str
    jobs: int
    subjects: int
    refused: dict[str, int]
    notes: list[str]
    calls: int = 0
    dry: int = 0


@dataclass(frozen=True, slots=True)
class GraphQueued:
    graph: str
    jobs: int


@dataclass(frozen=True, slots=True)
class NodeRuns:
    """A node of the running graph has done `value` of `maximum`."""

    graph: str
    node: str
    value: float
    maximum: float


@dataclass(frozen=True, slots=True)
class PictureDone:
    job: str
    theme: str
    kind: str
    subject: str
    path: str


@dataclass(frozen=True, slots=True)
class PictureRejected:
    """The quality gate refuses a picture; `reasons` are names of checks."""

    job: str
    theme: str
    kind: str
    subject: str
    path: str
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """A job did not work out; it is tried again unless `final`."""

    job: str
    reason: str
    final: bool


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Counts are jobs. `open` are neither done nor failed: the run was stopped, or the extra tries
    for `rejected` pictures are used up."""

    folder: str
    done: int
    failed: int
    open: int
    seconds: float
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """The run stopped with an error."""

    code: str
    what: str
    where: str
    hint: str


Event = (
    Notice
    | Waiting
    | RunStarted
    | Planning
    | ThemePlanned
    | GraphQueued
    | NodeRuns
    | PictureDone
    | PictureRejected
    | AttemptFailed
    | RunEnded
    | Failed
)
Report = Callable[[Event], None]


def to_json(event: Event) -> str:
    return json.dumps({"event": type(event).__name__, **asdict(event)}, ensure_ascii=False)
