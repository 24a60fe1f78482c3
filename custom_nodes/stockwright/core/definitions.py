"""What designers write in YAML (themes, kinds, wording), read with checks.

Every fault is raised as the error class that the caller gives, with the file and the key in
`where`, and with the nearest allowed name as a hint.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from .errors import StockwrightError

ErrorClass = Callable[..., StockwrightError]
SUFFIXES = (".yaml", ".yml")


class Definition:
    """One YAML mapping. `where` is the file (and key) that errors name."""

    def __init__(self, values: Mapping[str, Any], where: str, error: ErrorClass) -> None:
        self.values = values
        self.where = where
        self.error = error

    @classmethod
    def read(cls, text: str, where: str, error: ErrorClass) -> Definition:
        return cls.of(load_yaml(text, where, error), where, error)

    @classmethod
    def of(cls, value: Any, where: str, error: ErrorClass) -> Definition:
        if not isinstance(value, dict):
            raise error("must be a mapping of keys to values", where=where)
        values = cast("dict[Any, Any]", value)
        for key in values:
            if not isinstance(key, str):
                raise error(f"the key {key!r} must be text", where=where)
        return cls(values, where, error)

    def only(self, known: Iterable[str]) -> None:
        """Raises for a key that is not in `known`."""
        allowed = list(known)
        for key in self.values:
            if key not in allowed:
                raise self.error(
                    f"unknown key {key!r}", where=self.where, hint=nearest(key, allowed)
                )

    def text(self, key: str, default: str | None = None) -> str:
        """One line of text; without `default` it must be there and not be empty."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            what = "is missing" if value is None else "must be one line of text"
            raise self.error(what, where=self.at(key))
        value = " ".join(value.split())
        if not value and default is None:
            raise self.error("is empty", where=self.at(key))
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text is a list of one, an empty or missing one has none."""
        value: Any = self.values.get(key) or []
        items = cast("list[Any]", value if isinstance(value, list) else [value])
        for item in items:
            if not isinstance(item, str) or not item.strip():
                raise self.error(f"{item!r} is not text", where=self.at(key))
        return tuple(" ".join(str(item).split()) for item in items)

    def number(self, key: str) -> float:
        """A finite number above 0; a whole one as int."""
        text = self.text(key)
        try:
            value = float(text)
        except ValueError as problem:
            raise self.error(f"{text!r} is not a number", where=self.at(key)) from problem
        if not math.isfinite(value) or value <= 0:
            raise self.error(f"{text} is not above 0", where=self.at(key))
        return int(value) if value.is_integer() else value

    def inner(self, key: str) -> Definition:
        """The mapping under `key`; an empty one where the key is missing."""
        return Definition.of(self.values.get(key) or {}, self.at(key), self.error)

    def at(self, key: str) -> str:
        return f"{self.where}, key {key}"


def load_yaml(text: str, where: str, error: ErrorClass) -> Any:
    try:
        # All scalars stay text: a designer's `on`, `no` or `2026` is a word here.
        return yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        reason = getattr(problem, "problem", None) or str(problem)
        colon = reason == "mapping values are not allowed here"
        raise error(
            f"not valid YAML: {reason}",
            where=f"{where}{line}",
            hint="Put text that holds a colon into quotes." if colon else "",
        ) from problem


def read_text(path: Path, error: ErrorClass) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise error(f"cannot be read: {problem}", where=str(path)) from problem


def dump_yaml(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), allow_unicode=True, sort_keys=False, width=100)


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint: the names that are near to `name`, or else all of them."""
    known = list(names)
    near = difflib.get_close_matches(name.casefold(), known, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(repr(n) for n in near)}?"
    return f"Known: {', '.join(known)}." if known else ""
