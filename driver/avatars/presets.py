"""How a training is done: training.yaml, read and checked. Its head says what the fields mean."""

from __future__ import annotations

import math
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import AvatarInvalid
from ..places import PROMPTS

FILE = PROMPTS / "avatars" / "training.yaml"

_Side = Annotated[int, Field(ge=64, le=2048, multiple_of=8)]
_Positive = Annotated[float, Field(gt=0, le=1)]


class Schedule(StrEnum):
    COSINE = "cosine"
    CONSTANT = "constant"


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sampling(_Read):
    size: _Side
    steps: Annotated[int, Field(ge=1, le=200)]
    cfg: Annotated[float, Field(ge=0, le=100)]
    sampler: str
    scheduler: str


class Preset(_Read):
    checkpoints: tuple[str, ...]
    size: _Side
    steps: Annotated[int, Field(ge=1, le=99_999)]
    segment: Annotated[int, Field(ge=2)]
    learning_rate: _Positive
    schedule: Schedule
    warmup: Annotated[float, Field(ge=0, lt=1)]
    rank: Annotated[int, Field(ge=1, le=128)]
    alpha: Annotated[float, Field(gt=0)]
    batch: Annotated[int, Field(ge=1, le=64)]
    dtype: Literal["bf16", "fp32"]
    checkpointing: bool
    candidates: Annotated[int, Field(ge=1, le=20)]
    strength: Annotated[float, Field(gt=0, le=2)]
    rising: Annotated[float, Field(ge=1)]
    kohya: Literal["train_network.py", "sdxl_train_network.py"]
    class_pictures: Annotated[int, Field(ge=0, le=1000)]
    sampling: Sampling

    def rate(self, done: int, steps: int) -> float:
        """The learning rate of a segment of so many steps after `done` ones: that of its middle.

        It rises in a straight line while warming up, then follows half a cosine down to zero at
        the end, or stays.
        """
        place = (done + steps / 2) / self.steps
        if place < self.warmup:
            return self.learning_rate * place / self.warmup
        if self.schedule is Schedule.CONSTANT:
            return self.learning_rate
        down = (place - self.warmup) / (1 - self.warmup)
        return self.learning_rate * (1 + math.cos(math.pi * min(down, 1))) / 2


class Compare(_Read):
    negative: str
    prompts: Annotated[tuple[str, ...], Field(min_length=1)]

    def of(self, person: str) -> list[str]:
        return [prompt.replace("{person}", person) for prompt in self.prompts]


class Presets(_Read):
    compare: Compare
    families: dict[str, Preset]

    def family_of(self, checkpoint: str) -> str:
        """The first family that the checkpoint fits. Raises AvatarInvalid."""
        file = checkpoint.replace("\\", "/").rpartition("/")[2].lower()
        for family, preset in self.families.items():
            if any(fnmatch(file, pattern.lower()) for pattern in preset.checkpoints):
                return family
        raise AvatarInvalid(
            f"no family of checkpoints fits {checkpoint!r}",
            where=str(FILE),
            hint="Name it there, or give --family: " + ", ".join(self.families),
        )

    def preset(self, family: str) -> Preset:
        """Raises AvatarInvalid."""
        if family not in self.families:
            raise AvatarInvalid(
                f"there is no family {family!r}",
                where="--family",
                hint="There are: " + ", ".join(self.families),
            )
        return self.families[family]


def load_presets(path: Path = FILE) -> Presets:
    """Raises AvatarInvalid."""
    try:
        data: Any = yaml.safe_load(path.read_text("utf-8"))
        return Presets.model_validate(data)
    except (OSError, yaml.YAMLError) as error:
        raise AvatarInvalid(f"cannot be read: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise AvatarInvalid(first["msg"], where=f"{path}, {place}") from error
