"""Which of the names that are there was meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import PurePosixPath

from .model import one_line

_COMPARED = 200
"""Characters: comparing takes the square of their number."""
_ALIKE = 0.75


def same_file(wanted: str, names: Sequence[str]) -> list[str]:
    """The names that `wanted` means: itself, or else those that differ from it in letter case, or
    in that it leaves out their folder or their ending."""
    if wanted in names:
        return [wanted]
    folded = _path(wanted)
    found = [name for name in names if str(_path(name)) == str(folded)]
    return found or [
        name
        for name in names
        if str(folded) in (str(_path(name).with_suffix("")), _path(name).name, _path(name).stem)
    ]


def nearest_first(wanted: str, names: Sequence[str]) -> list[str]:
    """All names, those most like `wanted` first; file names count without their folder."""

    stem = _path(wanted[-_COMPARED:]).stem

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, stem, _path(name).stem).ratio()

    return sorted(names, key=likeness, reverse=True)


def alike(wanted: str, names: Sequence[str]) -> list[str]:
    """At most three names that may be meant by a misspelt one, the nearest first."""
    return difflib.get_close_matches(wanted[:_COMPARED], names, 3, _ALIKE)


def listed(wanted: str, names: Sequence[str], most: int = 5) -> str:
    """A few names, the nearest first, and how many more there are."""
    if not names:
        return "nothing"
    ordered = nearest_first(wanted, names)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(one_line(name, _COMPARED) for name in ordered[:most]) + more


def _path(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/").casefold() or ".")
