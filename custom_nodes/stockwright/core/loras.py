"""LoRA texts: `name[:strength]`, joined by commas, semicolons or line breaks.

A name is a file of the `loras` model folder, with or without its subfolder and ending. A strength
is a number from -20 to 20; without one it is 1. The last colon separates it, so names may hold
colons.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from .errors import LoraInvalid

MAX_STRENGTH = 20.0


@dataclass(frozen=True, slots=True)
class LoraUse:
    name: str
    strength: float = 1.0

    def __str__(self) -> str:
        return f"{self.name}:{self.strength:g}"


def parse_loras(text: str) -> tuple[LoraUse, ...]:
    """The LoRAs a text names, in its order. Raises LoraInvalid for a part that has no name or a
    strength that is no number in range."""
    return tuple(_parse(part.strip()) for part in re.split(r"[,;\n]", text) if part.strip())


def find_lora(name: str, available: Sequence[str]) -> str:
    """The one file of `available` (paths relative to the model folder) that `name` means.

    Raises LoraInvalid, listing near names or all that match, unless there is exactly one.
    """
    wanted = name.replace("\\", "/")
    files = {file: PurePosixPath(file.replace("\\", "/")) for file in available}
    for matches in (
        [file for file, path in files.items() if str(path) == wanted],
        [file for file, path in files.items() if str(path.with_suffix("")) == wanted],
        [file for file, path in files.items() if wanted in (path.name, path.stem)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise LoraInvalid(
                f"{name!r} matches {len(matches)} LoRAs: {', '.join(sorted(matches))}",
                hint="Write its subfolder too.",
            )
    stems = {path.stem.lower(): file for file, path in files.items()}
    near = [stems[s] for s in difflib.get_close_matches(wanted.lower(), stems, 5, 0.4)]
    have = near or sorted(available)[:10]
    listed = f"{'Near names' if near else 'There are'}: {', '.join(have)}." if have else ""
    raise LoraInvalid(
        f"there is no LoRA {name!r} in the loras folder",
        hint=listed or "The loras folder is empty: put the file there.",
    )


def _parse(part: str) -> LoraUse:
    name, colon, tail = part.rpartition(":")
    if not colon:
        return LoraUse(part)
    try:
        strength = float(tail)
    except ValueError:
        raise LoraInvalid(
            f"{tail.strip()!r} is not a strength",
            where=f"LoRA {part!r}",
            hint="Write name:strength, such as film:0.6.",
        ) from None
    if not name.strip():
        raise LoraInvalid("the name is missing", where=f"LoRA {part!r}")
    if not math.isfinite(strength) or abs(strength) > MAX_STRENGTH:
        raise LoraInvalid(
            f"strength {tail.strip()} is not from -{MAX_STRENGTH:g} to {MAX_STRENGTH:g}",
            where=f"LoRA {part!r}",
        )
    return LoraUse(name.strip(), strength)
