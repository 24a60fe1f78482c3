"""How the language model is asked: `llm.yaml` of a prompts folder. Every key is required.

system: You name subjects ...           # who the model is
question: "Theme: {theme}. List {ask}." # slots: theme (title and what belongs to it), ask
angles: [modern, old]                   # words before {ask}: another each time it runs dry
lines: 10                               # subjects in one call
shown: 5                                # of those already named, how many it is shown
temperature: 0.8
temperature_step: 0.1                   # added each time it runs dry
temperature_max: 1.6
patience: 12                            # calls in a row without one new subject, then it stops
starts: abcdefghlmoprstvw               # two letters or more, with which lines may be made to start
unwanted: [people, photo]               # no subject may contain one of these words
loose: [with, of]                       # no subject may start or end with one of these words
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from .definitions import Definition, nearest, read_text
from .errors import WordingInvalid


@dataclass(frozen=True, slots=True)
class Wording:
    system: str
    question: str
    angles: tuple[str, ...]
    lines: int
    shown: int
    temperature: float
    temperature_step: float
    temperature_max: float
    patience: int
    starts: str
    unwanted: tuple[str, ...]
    loose: tuple[str, ...]


def load_wording(folders: Iterable[str | Path]) -> Wording:
    """The wording in the first folder that has an `llm.yaml`.

    Raises:
        WordingInvalid: there is none, or it has a fault.
    """
    tried = [Path(folder) / "llm.yaml" for folder in folders]
    for path in tried:
        if path.is_file():
            text = read_text(path, WordingInvalid)
            return _define(Definition.read(text, str(path), WordingInvalid))
    raise WordingInvalid(
        "there is no llm.yaml", where=", ".join(map(str, tried)) or "no prompts folders"
    )


def _define(values: Definition) -> Wording:
    values.only(field.name for field in fields(Wording))
    question = values.text("question")
    for slot in re.findall(r"\{(.*?)\}", question):
        if slot not in ("theme", "ask"):
            raise WordingInvalid(
                f"unknown slot {{{slot}}}",
                where=values.at("question"),
                hint=nearest(slot, ("theme", "ask")),
            )
    if re.search(r"[{}]", re.sub(r"\{(.*?)\}", "", question)):
        raise WordingInvalid("has braces that are no slot", where=values.at("question"))
    starts = values.text("starts")
    # Each line gets half of them: half of one would be none, and no line could start.
    if not re.fullmatch(r"[a-z]{2,}", starts):
        raise WordingInvalid(
            f"{starts!r} is not two or more letters from a to z", where=values.at("starts")
        )
    return Wording(
        system=values.text("system"),
        question=question,
        angles=values.texts("angles"),
        lines=_count(values, "lines"),
        shown=_count(values, "shown"),
        temperature=values.number("temperature"),
        temperature_step=values.number("temperature_step"),
        temperature_max=values.number("temperature_max"),
        patience=_count(values, "patience"),
        starts=starts,
        unwanted=values.texts("unwanted"),
        loose=values.texts("loose"),
    )


def _count(values: Definition, key: str) -> int:
    number = values.number(key)
    if not float(number).is_integer() or number > 100:
        raise WordingInvalid(f"{number} is not a whole number from 1 to 100", where=values.at(key))
    return int(number)
