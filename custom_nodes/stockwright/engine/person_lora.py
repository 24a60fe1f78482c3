"""The weights of a training that goes on in steps, and their file.

Core's *Train LoRA* trains two sorts of weights: pairs of small matrices (`….lora_up.weight`,
`….lora_down.weight`), and what is added to biases and to the weights of norms (`….diff_b`,
`….diff`). With an older file it goes on with the pairs, but starts the others at zero: so the
model has to carry those of the older file already, and both have to be added up when it is stored.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save

from ..core.errors import PersonLoraInvalid, TrainingDiverged

Weights = Mapping[str, torch.Tensor]
WHERE = "Save Person LoRA"
_ADDED = (".diff", ".diff_b")


def added(weights: Weights) -> dict[str, torch.Tensor]:
    """The part of a LoRA that is added to biases and norms."""
    return {name: value for name, value in weights.items() if name.endswith(_ADDED)}


def summed(new: Weights, before: Weights) -> dict[str, torch.Tensor]:
    """The whole LoRA: what was trained now, and on top of it what was added before.

    Raises:
        PersonLoraInvalid: the older one is of another model.
    """
    if strange := sorted(before.keys() - new.keys()):
        raise PersonLoraInvalid(
            f"the LoRA that goes on has {strange[0]}, which the model has not",
            where=WHERE,
            hint="Continue a LoRA with the checkpoint that it was begun with.",
        )
    return {
        name: value + before[name].to(value) if name in before else value
        for name, value in new.items()
    }


def check_finite(weights: Weights, losses: Sequence[float]) -> None:
    """Raises TrainingDiverged where a loss or a weight is no number."""
    bad = next((step for step, loss in enumerate(losses, 1) if not math.isfinite(loss)), None)
    if bad is not None:
        what = f"the loss is no number from step {bad} of {len(losses)} on"
    elif not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        what = "the weights are no numbers any more"
    else:
        return
    raise TrainingDiverged(
        what,
        where=WHERE,
        hint="Nothing was stored. Take a smaller learning rate, and fp32 or bf16 for training.",
    )


def store(weights: Weights, path: Path) -> tuple[str, int]:
    """Writes a safetensors file that only its owner may read, whole or not at all; its SHA-256 and
    its bytes. Raises PersonLoraInvalid."""
    data = save({name: value.detach().cpu().contiguous() for name, value in weights.items()})
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise PersonLoraInvalid(
            f"the file cannot be written: {error.strerror}", where=WHERE, hint="Make room."
        ) from error
    return hashlib.sha256(data).hexdigest(), len(data)
