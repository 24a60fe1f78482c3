"""A style by its name, and its settings, read as those of a settings file are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stockwright.core.errors import StyleInvalid
from stockwright.core.styles import Style, find_style, load_styles

from .errors import OrderInvalid
from .places import PROMPTS
from .settings import Settings, settings_of

_ELSEWHERE = ("loras", "llm")


def named_style(name: str) -> tuple[Style, Settings]:
    """A style of styles.yaml, and what it sets. Raises StyleInvalid."""
    style = find_style(name, load_styles([PROMPTS]))
    return style, style_settings(style)


def check_styles(folders: Iterable[Path]) -> None:
    """Raises StyleInvalid for the first fault in the styles of prompts folders."""
    for style in load_styles(folders):
        style_settings(style)


def style_settings(style: Style) -> Settings:
    """What a style sets. Raises StyleInvalid for what a settings file must not hold, either."""
    for key, value, where in style.settings:
        if key in _ELSEWHERE:
            hint = "LoRAs stand beside settings, not in them." if key == "loras" else ""
            raise StyleInvalid(f"{key} is no setting of a style", where=where, hint=hint)
        try:
            settings_of({key: value}, where)
        except OrderInvalid as error:
            raise StyleInvalid(error.what, where=where, hint=error.hint) from error
    return settings_of({key: value for key, value, _ in style.settings}, style.name)
