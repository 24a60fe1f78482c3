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
_TEXTS = re.compile(r'"((?:[^"\\]|\\.)*)"')
_MARK = re.compile(r"^\s*(?:[-*+\u2022\u2013\u2014]|\(?\d{1,3}[.):])\s*")
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
    found = _listed(text) if text[:1] in ("{", "[") else _written(text, cut)
    cleaned = (_cleaned(line) for line in found)
    return [line for line in cleaned if line][: ask.lines]


def _messages(ask: Ask, form: Form) -> list[dict[str, str]]:
    talk = [
        (role, text)
        for question, answer in ask.turns
        for role, text in (("user", question), ("assistant", _example(answer, form)))
    ]
    every = [("system", ask.system), *talk, ("user", _question(ask, form))]
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


def _listed(text: str) -> list[str]:
    """The texts of a JSON list, also of one inside an object, or of one that was cut off."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return [_unescaped(one) for one in _TEXTS.findall(text[text.find("[") + 1 :])]
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), [])
    return [one for one in found if isinstance(one, str)]


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return ""


def _written(text: str, cut: bool) -> list[str]:
    lines = text.splitlines()
    if cut:
        lines = lines[:-1]
    return [_MARK.sub("", line) for line in lines if not line.rstrip().endswith(":")]


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
