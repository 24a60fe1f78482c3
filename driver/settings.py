"""The settings file of `--settings`: YAML with these keys, each of which may be left out.

checkpoint   a file's name
llm          a GGUF file's name, or the address of a language model's server
loras        a text such as `film:0.6, pastel`, or a list of such
sampler      a sampler's name
steps        a whole number
cfg          a number
size         `768x512`, in pixels
Title.input  a value for any input, by the title or class of its node

`yes`, `no`, `on` and `off` are texts, as in YAML 1.2, and truth values only where the node has one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from stockwright.core.errors import JobInvalid, LoraInvalid
from stockwright.core.jobs import check_size
from stockwright.core.loras import LoraUse, parse_loras

from .errors import BindingError, OrderInvalid
from .graphs import parse_assignment

KEYS = ("checkpoint", "loras", "sampler", "steps", "cfg", "size", "llm")

_PLACE = "a place is written as Node title.input, without ="
_LEAVE_OUT = "Leave the key out for what the graph has."
_BOOL = "tag:yaml.org,2002:bool"
_TRUTH = re.compile(r"(true|True|TRUE|false|False|FALSE)$")


class _Loader(yaml.SafeLoader):
    """A choice may be called `off`, which YAML 1.1 would take for `false`."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, _TRUTH if tag == _BOOL else pattern) for tag, pattern in resolvers]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuses a key that is there twice, of which YAML would take the last."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    what = f"the key {key.value!r} is there twice"
                    raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a settings file holds. `values` are `Title.input=value` in the file's order."""

    checkpoint: str | None = None
    loras: tuple[LoraUse, ...] = ()
    sampler: str | None = None
    steps: int | None = None
    cfg: float | None = None
    size: tuple[int, int] | None = None
    llm: str | None = None
    values: tuple[str, ...] = ()


def read_settings(path: Path) -> Settings:
    """Raises OrderInvalid with the file and the key that is wrong."""
    try:
        data: Any = yaml.load(path.read_text("utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise OrderInvalid(f"the settings cannot be read: {error}", where=str(path)) from error
    if data is None:
        return Settings()
    if not isinstance(data, dict):
        raise OrderInvalid("settings are keys and values, such as steps: 20", where=str(path))
    content = cast("dict[Any, Any]", data)
    return _Reader(path, {str(key): value for key, value in content.items()}).read()


def settings_of(values: Mapping[str, str], where: str) -> Settings:
    """The same from values that are all texts, such as `steps`: `30`. Raises OrderInvalid."""
    content = {k: _number_in(v) if k in ("steps", "cfg") else v for k, v in values.items()}
    return _Reader(where, content).read()


def _number_in(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


class _Reader:
    def __init__(self, path: Path | str, content: dict[str, Any]) -> None:
        self._path, self._content = path, content

    def read(self) -> Settings:
        for key, value in self._content.items():
            if key in KEYS and value is None:
                raise self._wrong(key, "is empty", _LEAVE_OUT)
            if key not in KEYS and isinstance(value, dict) and value:
                self._nested(key, cast("dict[Any, Any]", value))
            if key not in KEYS and "." not in key:
                self._unknown(key)
        return Settings(
            checkpoint=self._text("checkpoint"),
            loras=self._loras(),
            sampler=self._text("sampler"),
            steps=cast("int | None", self._number("steps", int)),
            cfg=self._number("cfg", int, float),
            size=self._size(),
            llm=self._text("llm"),
            values=tuple(self._assignment(key) for key in self._content if key not in KEYS),
        )

    def _nested(self, key: str, values: dict[Any, Any]) -> None:
        name, value = next(iter(values.items()))
        hint = f'Give each input a line of its own: "{key}.{name}": {value}'
        raise self._wrong(key, "takes a text, a number, true or false", hint)

    def _unknown(self, key: str) -> None:
        near = difflib.get_close_matches(key.casefold(), KEYS, 2, 0.6)
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        raise self._wrong(
            key, "no such setting", f"{meant}There are {', '.join(KEYS)} and any Title.input."
        )

    def _text(self, key: str) -> str | None:
        value = self._content.get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key, f"{value!r} is not a text", "Write it in quotes.")
        if value is not None and not value.strip():
            raise self._wrong(key, "is empty", _LEAVE_OUT)
        return value

    def _number(self, key: str, *kinds: type) -> float | None:
        value = self._content.get(key)
        if value is not None and type(value) not in kinds:
            kind = "a number" if float in kinds else "a whole number"
            raise self._wrong(key, f"{value!r} is not {kind}")
        return value

    def _loras(self) -> tuple[LoraUse, ...]:
        value = self._content.get("loras")
        texts = cast("list[Any]", value if isinstance(value, list) else [value or ""])
        if not all(isinstance(text, str) for text in texts):
            raise self._wrong("loras", "write name:strength, or a list of these")
        try:
            return tuple(use for text in texts for use in parse_loras(text))
        except LoraInvalid as error:
            raise self._wrong("loras", str(error)) from error

    def _size(self) -> tuple[int, int] | None:
        value = self._content.get("size")
        if value is None:
            return None
        match = re.fullmatch(r"(\d{1,5})\s*[xх×]\s*(\d{1,5})", str(value).strip())  # noqa: RUF001
        if match is None:
            raise self._wrong("size", f"{value!r} is not a size", "Write it as 768x512.")
        width, height = int(match[1]), int(match[2])
        try:
            check_size(width, height, "size")
        except JobInvalid as error:
            raise self._wrong("size", error.what, error.hint) from error
        return width, height

    def _assignment(self, key: str) -> str:
        value = self._content[key]
        if not isinstance(value, (str, int, float)):  # bool is an int
            raise self._wrong(key, "takes a text, a number, true or false")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        try:
            place = parse_assignment(f"{key}={text}")
        except BindingError as error:
            raise self._wrong(key, _PLACE) from error
        if place != (key.strip(), text):
            raise self._wrong(key, _PLACE)
        return f"{key}={text}"

    def _wrong(self, key: str, what: str, hint: str = "") -> OrderInvalid:
        return OrderInvalid(what, where=f"{self._path}, key {key!r}", hint=hint)
