"""How the language model is asked: `llm.yaml` of a prompts folder. Every key is required.

system: You name subjects ...           # who the model is
question: "Theme: {theme}. List {ask}." # slots: theme (title and what belongs to it), ask
question_area: "{theme}, {area}..."   # the same within one area; slots: theme (title), area, ask
question_areas: "List areas of {theme}" # asks for the areas of a theme; slot: theme
areas_examples:                         # worked examples of it: other theme -> areas
  Music: [concerts, piano lessons]
areas: 12                               # areas of a theme; what its file lacks the model names
angles: [unusual, rural]                # words before {ask}: another each time it stays dry
round: 4                                # calls that are made at once
lines: 10                               # subjects in one call
shown: 4                                # of those already named, how many it is shown
temperature: 0.8
temperature_step: 0.1                   # added each time it runs dry
temperature_max: 1.6
patience: 12                            # calls in a row without one new subject, then it stops
starts: abcdefghlmoprstvw               # two letters or more, with which lines may be made to start
unwanted: [people, photo]               # no subject may contain one of these words
loose: [with, of]                       # no subject may start or end with one of these words
polish_system: You rewrite ...          # who the model is when it makes a prompt a sentence
polish_question: "Rewrite: {prompt}"    # slot: prompt
polish_examples:                        # worked examples of it: prompt -> sentence
  "red door, dusk": a red door at dusk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from .definitions import Definition, nearest, read_text
from .errors import WordingInvalid


@dataclass(frozen=True, slots=True)
class Wording:
    system: str
    question: str
    question_area: str
    question_areas: str
    areas_examples: tuple[tuple[str, tuple[str, ...]], ...]
    areas: int
    angles: tuple[str, ...]
    round: int
    lines: int
    shown: int
    temperature: float
    temperature_step: float
    temperature_max: float
    patience: int
    starts: str
    unwanted: tuple[str, ...]
    loose: tuple[str, ...]
    polish_system: str
    polish_question: str
    polish_examples: tuple[tuple[str, str], ...]


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
    starts = values.text("starts")
    # Each line gets half of them: half of one would be none, and no line could start.
    if not re.fullmatch(r"[a-z]{2,}", starts):
        raise WordingInvalid(
            f"{starts!r} is not two or more letters from a to z", where=values.at("starts")
        )
    themes, prompts = values.inner("areas_examples"), values.inner("polish_examples")
    return Wording(
        system=values.text("system"),
        question=_question(values, "question", ("theme", "ask")),
        question_area=_question(values, "question_area", ("theme", "area", "ask")),
        question_areas=_question(values, "question_areas", ("theme",)),
        areas_examples=tuple((theme, themes.texts(theme)) for theme in themes.values),
        areas=_count(values, "areas"),
        angles=values.texts("angles"),
        round=_count(values, "round"),
        lines=_count(values, "lines"),
        shown=_count(values, "shown"),
        temperature=values.number("temperature"),
        temperature_step=values.number("temperature_step"),
        temperature_max=values.number("temperature_max"),
        patience=_count(values, "patience"),
        starts=starts,
        unwanted=values.texts("unwanted"),
        loose=values.texts("loose"),
        polish_system=values.text("polish_system"),
        polish_question=_question(values, "polish_question", ("prompt",)),
        polish_examples=tuple((prompt, prompts.text(prompt)) for prompt in prompts.values),
    )


def _question(values: Definition, key: str, slots: Sequence[str]) -> str:
    """A text with each of these slots, once or more often."""
    text = values.text(key)
    found = re.findall(r"\{(.*?)\}", text)
    for slot in found:
        if slot not in slots:
            raise WordingInvalid(
                f"unknown slot {{{slot}}}", where=values.at(key), hint=nearest(slot, slots)
            )
    if re.search(r"[{}]", re.sub(r"\{(.*?)\}", "", text)):
        raise WordingInvalid("has braces that are no slot", where=values.at(key))
    if missing := [slot for slot in slots if slot not in found]:
        raise WordingInvalid(f"has no slot {{{missing[0]}}}", where=values.at(key))
    return text


def _count(values: Definition, key: str) -> int:
    number = values.number(key)
    if not float(number).is_integer() or number > 100:
        raise WordingInvalid(f"{number} is not a whole number from 1 to 100", where=values.at(key))
    return int(number)
