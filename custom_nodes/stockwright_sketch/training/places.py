from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """names: what prompts call it. themes: ids of the theme files that it fits; empty: any."""

    names: tuple[str, ...]
    themes: tuple[str, ...]
