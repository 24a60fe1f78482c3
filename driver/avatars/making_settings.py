"""How pictures of a person are asked for: making.yaml, read and checked. Its head says what the
fields mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stockwright.core.loras import LoraUse
from stockwright.core.people import TRIGGER

from ..errors import AvatarInvalid
from ..places import PROMPTS

FILE = PROMPTS / "avatars" / "making.yaml"
QUALITY = PROMPTS / "avatars" / "quality.yaml"

MOST = 1.5
"""The largest --strength: beyond it pictures fall apart."""

_Strength = Annotated[float, Field(gt=0, le=MOST)]
_Weight = Annotated[float, Field(gt=0, le=2)]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StrengthRule(_Read):
    even: _Strength
    slope: Annotated[float, Field(ge=0, le=2)]
    least: _Weight
    most: _Weight

    def weight(self, strength: float) -> float:
        """Of the person's phrase in a prompt: 1 + slope x (strength - even), cut to least and most;
        in hundredths."""
        weight = 1 + self.slope * (strength - self.even)
        return round(min(max(weight, self.least), self.most), 2)


class Instant(_Read):
    phrase: str
    lora: str
    strength: _Strength
    photos: Annotated[int, Field(ge=1, le=16)]
    framing: str


class MakingSettings(_Read):
    phrase: str
    negative: tuple[str, ...]
    strength: StrengthRule
    loras: Annotated[float, Field(gt=0, le=10)]
    instant: Instant

    def phrase_of(self, word: str) -> str:
        """What stands for the person in captions and prompts: `photo of ohwx woman`."""
        return self.phrase.replace("{person}", f"{TRIGGER} {word}")

    def balanced(self, person: float, style: Sequence[LoraUse]) -> tuple[LoraUse, ...]:
        """A style's LoRAs beside the person's, which has the strength `person`.

        Their strengths are multiplied by the same factor, 1 at most, so that they and the person's
        add up to `loras` at most: likeness goes before style.
        """
        wanted = sum(abs(use.strength) for use in style)
        room = max(self.loras - person, 0.0)
        if wanted <= room:
            return tuple(style)
        factor = room / wanted
        return tuple(replace(use, strength=round(use.strength * factor, 3)) for use in style)


def load_making(path: Path = FILE) -> MakingSettings:
    """Raises AvatarInvalid."""
    try:
        data: Any = yaml.safe_load(path.read_text("utf-8"))
        return MakingSettings.model_validate(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise AvatarInvalid(f"cannot be read: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise AvatarInvalid(first["msg"], where=f"{path}, {place}") from error
