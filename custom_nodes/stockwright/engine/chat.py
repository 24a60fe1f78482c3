"""How an `Ask` is put to a chat server, and how its answer is read.

A list is asked for in one of three forms:

    GRAMMAR   the field `grammar` with our GBNF: llama-server
    SCHEMA    the field `response_format` with a JSON schema: vLLM, Ollama from 0.5, OpenAI
    PLAIN     in words alone

A chat server does not continue an answer that has begun, so the lines of `Ask.opening` go into the
question. The schema is an object, since not every server takes a list at the top, and has a pattern
without a maximum length, since some servers heed only one of the two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from ..core.asking import BULLET, Ask


class Form(Enum):
    GRAMMAR = "grammar"
    SCHEMA = "schema"
    PLAIN = "plain"


_KEY = "lines"
_PATTERN = "^[a-z]{1,16}( [a-z]{1,16}){0,4}$"
_TOKENS_AROUND, _TOKENS_PER_LINE = 24, 8
"""For brackets, quotes and numbers, which `Ask.max_tokens` does not count."""

_THOUGHTS = re.compile(r"^.*?</think>", re.DOTALL)
_FENCE = re.compile(r"^\s*```\w*\s*\n(.*?)(\n\s*```.*)?$", re.DOTALL)
_TEXTS = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?')
_MARK = re.compile(r"^\s*(?:[-*+\u2022\u2013\u2014]|\(?\d{1,3}[.):](?!\d))\s*")
_NUMBER = re.compile(r"(?:^|\s)\(?\d{1,3}[.)]\s")
_RULE = re.compile(r"\s*\|?[\s:|-]*--[\s:|-]*")
"""What stands between a table's head and its rows."""
_REMARK = re.compile(r"\s+[-\u2013\u2014]\s+|:|\(")
_AROUND = " \t\"'`*_,.;\u201c\u201d\u2018\u2019\u00ab\u00bb"


def body(ask: Ask, model: str, form: Form, extra: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent to /chat/completions."""
    found: dict[str, Any] = {
        "model": model,
        "messages": _messages(ask, form),
        "temperature": ask.temperature,
        "seed": ask.seed,
        "max_tokens": ask.max_tokens,
        "stream": False,
        **extra,
    }
    if form is Form.GRAMMAR and ask.grammar:
        return {**found, "grammar": ask.grammar}
    if ask.lines:
        found["max_tokens"] += _TOKENS_AROUND + _TOKENS_PER_LINE * ask.lines
    if form is Form.SCHEMA and ask.lines:
        found["response_format"] = _schema(ask.lines)
    return found


def lines_of(ask: Ask, text: str, *, cut: bool) -> list[str]:
    """The lines of an answer: at most `ask.lines`, in lower case, without bullets, numbers and
    quotes; or one sentence as it was written, if `ask.lines` is 0.

    `cut` says that the answer came to its longest: the line at its end is left out.
    """
    text = _THOUGHTS.sub("", text, count=1).strip()
    if fenced := _FENCE.match(text):
        text = fenced[1].strip()
    if not ask.lines:
        return _sentence(text, cut)
    found = _listed(text)
    if found is None:
        found = _written(text, cut)
    cleaned = (_cleaned(line) for line in found)
    return [line for line in cleaned if line][: ask.lines]


def _messages(ask: Ask, form: Form) -> list[dict[str, Any]]:
    talk = [
        (role, text)
        for question, answer in ask.turns
        for role, text in (("user", question), ("assistant", _example(answer, form)))
    ]
    question: Any = _question(ask, form)
    if ask.image:
        picture = {"type": "image_url", "image_url": {"url": ask.image}}
        question = [{"type": "text", "text": question}, picture]
    every = [("system", ask.system), *talk, ("user", question)]
    return [{"role": role, "content": text} for role, text in every]


def _example(answer: str, form: Form) -> str:
    """A worked example's answer, in the form that is asked for."""
    if form is Form.SCHEMA and answer.startswith(BULLET):
        return json.dumps({_KEY: _bare(answer)})
    return answer.rstrip("\n")


def _question(ask: Ask, form: Form) -> str:
    parts = [ask.question]
    if ask.opening:
        parts.append(f"Not these: {', '.join(_bare(ask.opening))}.")
    if ask.lines and form is Form.SCHEMA:
        parts.append(f'Answer in JSON: {{"{_KEY}": [...]}} with {ask.lines} short texts.')
    elif ask.lines and form is Form.PLAIN:
        parts.append(f"Write {ask.lines} of them, each on a line of its own, and nothing else.")
    return " ".join(parts)


def _bare(answer: str) -> list[str]:
    return [line.removeprefix(BULLET).strip() for line in answer.splitlines() if line.strip()]


def _schema(lines: int) -> dict[str, Any]:
    texts = {
        "type": "array",
        "items": {"type": "string", "pattern": _PATTERN},
        "minItems": lines,
        "maxItems": lines,
    }
    schema = {
        "type": "object",
        "properties": {_KEY: texts},
        "required": [_KEY],
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": _KEY, "strict": True, "schema": schema},
    }


def _listed(text: str) -> list[str] | None:
    """The texts of JSON, also of JSON that was cut off; None for what is none."""
    try:
        return _texts(json.loads(text))
    except (ValueError, RecursionError):
        if text[:1] not in ("{", "["):
            return None
        found = _TEXTS.findall(text[text.find("[") + 1 :])
        return [_unescaped(one) for one, is_field in found if not is_field]


def _texts(found: Any) -> list[str]:
    """Of an object those of the field that was asked for, or of its lists, or of all its fields;
    of one in a list only the first, since a name comes before its description."""
    if isinstance(found, str):
        return re.split(r"[,;\n]", found)
    if isinstance(found, list):
        parts = [[one] if isinstance(one, str) else _texts(one) for one in found]
        of_objects = [isinstance(one, dict) for one in found]
        pairs = zip(parts, of_objects, strict=True)
        return [text for part, first in pairs for text in (part[:1] if first else part)]
    if isinstance(found, dict):
        values = [value for value in found.values() if isinstance(value, list)]
        values = [found[_KEY]] if _KEY in found else values or [*found.values()]
        return [text for value in values for text in _texts(value)]
    return []


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return ""


def _written(text: str, cut: bool) -> list[str]:
    lines = text.splitlines()
    if cut:
        lines = lines[:-1]
    heads = {place - 1 for place, line in enumerate(lines) if _RULE.fullmatch(line)}
    lines = [
        line for place, line in enumerate(lines) if place not in heads | {n + 1 for n in heads}
    ]
    items = [item for line in lines for item in _items(line)]
    return [_MARK.sub("", item) for item in items if not item.rstrip().endswith(":")]


def _items(line: str) -> list[str]:
    """What a line lists: the first cell with a letter of a table's row, all of "1) cup 2) pot"."""
    line = line.strip()
    if line.startswith("|"):
        cells = [cell for cell in line.split("|") if any(map(str.isalpha, cell))]
        return cells[:1]
    return _NUMBER.split(line) if _NUMBER.match(line) else [line]


def _cleaned(line: str) -> str:
    line = line.strip(_AROUND)
    return _REMARK.split(line, maxsplit=1)[0].strip(_AROUND).lower()


def _sentence(text: str, cut: bool) -> list[str]:
    """The first line that does not only announce the next one."""
    lines = [line.strip() for line in text.splitlines()]
    if cut:
        lines = lines[:-1]
    found = [line for line in lines if line and not line.endswith(":")]
    return [found[0].strip("\"'`* \u201c\u201d")] if found else []
