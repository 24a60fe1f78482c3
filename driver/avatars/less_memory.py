"""What a training does where memory runs out: gradient checkpointing, then smaller batches."""

from __future__ import annotations

from ..errors import TrainingFailed
from ..events import Notice
from .people import Folder
from .training_events import TrainReport
from .training_state import State, write_state


def with_less_memory(
    folder: Folder, state: State, why: str, where: str, report: TrainReport
) -> State:
    """The training as it goes on, written down. A step sees as many pictures as before (of an
    odd batch one less).

    Raises TrainingFailed where nothing is left to save.
    """
    if not state.checkpointing:
        changed = {"checkpointing": True, "graph": ""}
        how = "gradient checkpointing"
    elif state.batch > 1:
        half = state.batch // 2
        changed = {"batch": half, "accumulation": state.accumulation * 2, "graph": ""}
        how = "batches of half the size"
    else:
        raise TrainingFailed(
            f"{why}, with gradient checkpointing and one picture at a time, too",
            where=where,
            hint="Take a smaller size or rank in prompts/avatars/training.yaml.",
        )
    report(Notice(f"{why}: the training goes on with {how}"))
    state = state.model_copy(update=changed)
    write_state(folder, state)
    return state
