"""What a training reports beside a run's events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..events import Event


@dataclass(frozen=True, slots=True)
class TrainingStarted:
    """`photos` are trained on, `held_back` are not; `done` of `steps` were trained by earlier
    commands."""

    checkpoint: str
    family: str
    photos: int
    held_back: int
    steps: int
    done: int


@dataclass(frozen=True, slots=True)
class TrainingRuns:
    """`done` of `steps` are trained at this moment."""

    done: int
    steps: int


@dataclass(frozen=True, slots=True)
class SegmentTrained:
    """A part is trained and stored. `loss` is the mean of its steps; `held_back` that of pictures
    that are not trained on, `untrained` the same before the training; None where it is unknown."""

    done: int
    steps: int
    loss: float | None
    held_back: float | None
    untrained: float | None


@dataclass(frozen=True, slots=True)
class CandidateJudged:
    """`steps` 0 is the checkpoint without a LoRA. `likeness` and `prompt_fit` are from 0 to 1;
    where too few faces are found, likeness is by held-back pictures, and `by_faces` false."""

    steps: int
    likeness: float
    by_faces: bool
    prompt_fit: float


@dataclass(frozen=True, slots=True)
class TrainingEnded:
    """`steps` is the best candidate's; `again` says that it was trained by an earlier command."""

    key: str
    steps: int
    seconds: float
    again: bool


TrainEvent = (
    Event | TrainingStarted | TrainingRuns | SegmentTrained | CandidateJudged | TrainingEnded
)
TrainReport = Callable[[TrainEvent], None]
