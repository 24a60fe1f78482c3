"""What designers write in YAML (themes, kinds, wording), read with checks.

Every fault is raised as the error class that the caller gives, with the file, the line and the key
in `where` ("kinds.yaml, line 14, key light"), and with the nearest allowed name as a hint.
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
_FLAGS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


class Lined(dict[str, Any]):
    """A mapping that was read from YAML: `lines` has the line of each key, from 1."""

    lines: dict[str, int]


class LinedList(list[Any]):
    """A list that was read from YAML: `lines` has the line of each item, from 1."""

    lines: list[int]


class Definition:
    """One YAML mapping. `where` is the file (and line and key) that errors name."""

    def __init__(
        self, values: Mapping[str, Any], where: str, error: ErrorClass, source: str = ""
    ) -> None:
        self.values = values
        self.where = where
        self.error = error
        self.source = source or where

    @classmethod
    def read(cls, text: str, where: str, error: ErrorClass) -> Definition:
        return cls.of(load_yaml(text, where, error), where, error)

    @classmethod
    def of(cls, value: Any, where: str, error: ErrorClass, source: str = "") -> Definition:
        """`source`: the file alone, where `where` says more than that."""
        if not isinstance(value, dict):
            raise error("must be a mapping of keys to values", where=where)
        values = cast("dict[Any, Any]", value)
        for key in values:
            if not isinstance(key, str):
                raise error(f"the key {key!r} must be text", where=where)
        return cls(values, where, error, source)

    def only(self, known: Iterable[str]) -> None:
        """Raises for a key that is not in `known`."""
        allowed = list(known)
        for key in self.values:
            if key not in allowed:
                raise self.error(
                    f"unknown key {key!r}", where=self.at(key), hint=nearest(key, allowed)
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
        return tuple(self._one_line(item, key, n) for n, item in enumerate(self._items(key)))

    def weighted(self, key: str) -> tuple[tuple[str, float], ...]:
        """A list of texts, each with its weight: `text` weighs 1, `text: 2` weighs 2."""
        found: list[tuple[str, float]] = []
        for n, item in enumerate(self._items(key)):
            if isinstance(item, dict):
                inner = Definition.of(item, self.at(key, n), self.error, self.source)
                found += [
                    (self._one_line(text, key, n), inner.number(text)) for text in inner.values
                ]
            else:
                found.append((self._one_line(item, key, n), 1))
        return tuple(found)

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

    def flag(self, key: str, default: bool) -> bool:
        """yes or no; `default` where the key is missing."""
        text = self.text(key, "yes" if default else "no")
        if text.casefold() not in _FLAGS:
            raise self.error(f"{text!r} is neither yes nor no", where=self.at(key))
        return _FLAGS[text.casefold()]

    def inner(self, key: str) -> Definition:
        """The mapping under `key`; an empty one where the key is missing."""
        return Definition.of(self.values.get(key) or {}, self.at(key), self.error, self.source)

    def at(self, key: str, item: int | None = None) -> str:
        """Where `key` stands, or should; `item`: the place in its list that is meant."""
        line = self.values.lines.get(key) if isinstance(self.values, Lined) else None
        if line is None:
            return f"{self.where}, key {key}"
        value = self.values[key]
        if item is not None and isinstance(value, LinedList):
            line = value.lines[item]
        return f"{self.source}, line {line}, key {key}"

    def _items(self, key: str) -> list[Any]:
        value: Any = self.values.get(key) or []
        return cast("list[Any]", value if isinstance(value, list) else [value])

    def _one_line(self, item: Any, key: str, place: int) -> str:
        if not isinstance(item, str) or not item.strip():
            raise self.error(f"{item!r} is not text", where=self.at(key, place))
        return " ".join(item.split())


def load_yaml(text: str, where: str, error: ErrorClass) -> Any:
    """What the text holds, as Lined, LinedList and str; None for an empty one.

    All scalars stay text: a designer's `on`, `no` or `2026` is a word here.
    """
    try:
        node = yaml.BaseLoader(text).get_single_node()
        return None if node is None else _plain(node, {})
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        reason = str(getattr(problem, "problem", None) or problem)
        colon = reason == "mapping values are not allowed here"
        raise error(
            reason if reason.startswith("the key ") else f"not valid YAML: {reason}",
            where=f"{where}{line}",
            hint="Put text that holds a colon into quotes." if colon else "",
        ) from problem


def _plain(node: yaml.Node, known: dict[int, Any]) -> Any:
    """`known`: what was made of nodes already, since aliases may name one often."""
    if id(node) not in known:
        if isinstance(node, yaml.MappingNode):
            known[id(node)] = _lined(node, known)
        elif isinstance(node, yaml.SequenceNode):
            items = LinedList(_plain(item, known) for item in node.value)
            items.lines = [item.start_mark.line + 1 for item in node.value]
            known[id(node)] = items
        else:
            known[id(node)] = _scalar(node)
    return known[id(node)]


def _scalar(node: yaml.Node) -> str:
    text = str(node.value)
    # YAML's escapes can write half of a character, which nothing can save or send.
    if half := next((c for c in text if "\ud800" <= c <= "\udfff"), ""):
        raise yaml.MarkedYAMLError(
            problem=f"{half!r} is half of a character", problem_mark=node.start_mark
        )
    return text


def _lined(node: yaml.MappingNode, known: dict[int, Any]) -> Lined:
    values = Lined()
    values.lines = {}
    for name, value in node.value:
        key = _plain(name, known)
        if not isinstance(key, str) or key in values:
            fault = "stands twice" if isinstance(key, str) else "must be text"
            raise yaml.MarkedYAMLError(
                problem=f"the key {key!r} {fault}", problem_mark=name.start_mark
            )
        values[key] = _plain(value, known)
        values.lines[key] = name.start_mark.line + 1
    return values


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
