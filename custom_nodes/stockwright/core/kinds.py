"""Kinds: what sort of picture is made of a theme, and the shares of an order.

A kind is one entry of `kinds.yaml` in a prompts folder, and needs nothing else:

    items:
      share: 20                      # of 100: the shares of a file add up to 100
      ask: small objects             # what the model lists
      examples:                      # worked examples: other theme -> subjects
        Music: [grand piano, brass trumpet]
      endings: []                    # a subject must end in one of these words (empty: any)
      without: [room, hall]          # a subject must not contain one of these words
      prompt: "{subject}, {theme}, product photo, {view}, {light}, {look}"
      axes:                          # one value of each is dealt to each picture, in equal parts
        view: [85mm lens, top-down flat lay]
        light: [softbox light, hard sun: 0.5]        # hard sun half as often
      clashes: [top-down + horizon, tall tree]       # what may not meet in one prompt
      negative: [blurry, text]
      people: no                     # yes: people may be in the pictures
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from .axes import Axis, Table, parse_clash
from .definitions import Definition, dump_yaml, nearest, read_text
from .errors import KindInvalid

MAX_WORDS = 60
"""Words in a prompt: about as many as the 77 tokens that CLIP reads at once can hold."""
SUBJECT_WORDS = 6
"""Words in a subject, and in a theme's title that is put into a prompt."""
_LISTS = ("endings", "without", "clashes", "negative")
_SLOTS = ("subject", "theme", "look")
_FORMER = ("camera", "light", "material")
_NAME = re.compile(r"\w[\w -]{0,39}")


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    share: float
    ask: str
    prompt: str
    examples: tuple[tuple[str, tuple[str, ...]], ...] = ()
    endings: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()
    clashes: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    people: bool = False

    def compose(self, subject: str, theme: str, drawn: Mapping[str, str], look: str = "") -> str:
        """The prompt for one subject; parts between commas that stay empty are left out.

        Args:
            theme, look: words of the theme, or "".
            drawn: a value for each axis, by its name (`Dealer.deal`).
        """
        text = self.prompt.format(subject=subject, theme=theme, look=look, **drawn)
        return ", ".join(part for part in (p.strip() for p in text.split(",")) if part)


_KEYS = tuple(field.name for field in fields(Kind) if field.name != "name")


def load_kinds(folders: Iterable[str | Path]) -> tuple[Kind, ...]:
    """The kinds in `kinds.yaml` of prompts folders, in the order in which they are written.

    The first folder that has a name wins; a folder or file that is not there is passed over.

    Raises:
        KindInvalid: an entry with a fault, or shares of a file that do not add up to 100.
    """
    kinds: dict[str, Kind] = {}
    for folder in folders:
        path = Path(folder) / "kinds.yaml"
        if path.is_file():
            values = Definition.read(read_text(path, KindInvalid), str(path), KindInvalid)
            here = _define_all(values)
            _check_shares(here, values)
            for kind in here:
                kinds.setdefault(kind.name, kind)
    return tuple(kinds.values())


def parse_kinds(text: str, known: Sequence[Kind]) -> tuple[Kind, ...]:
    """The kinds of an order, from shares of known ones or from definitions.

    Args:
        text: `name=share, name=share` (commas or new lines), or a YAML mapping name -> definition
            as `kinds_to_yaml` writes it. Shares are above 0 and need not add up to 100.

    Raises:
        KindInvalid: an unknown kind, a kind twice, a share that is no number above 0, no kinds.
    """
    if ":" in text:
        return tuple(_define_all(Definition.read(text, "kinds", KindInvalid)))
    by_name = {kind.name.casefold(): kind for kind in known}
    chosen: dict[str, Kind] = {}
    for part in (p.strip() for p in re.split(r"[,;\n]", text)):
        if not part:
            continue
        name, equals, share = (p.strip() for p in part.partition("="))
        kind = by_name.get(name.casefold())
        if kind is None:
            raise KindInvalid(
                f"there is no kind {name!r}", where="kinds", hint=nearest(name, by_name)
            )
        if not equals:
            raise KindInvalid("has no share", where=f"kinds, {name}", hint=f"Write {name}=100.")
        if kind.name in chosen:
            raise KindInvalid("stands twice", where=f"kinds, {name}")
        chosen[kind.name] = replace(kind, share=_share(share, name))
    if not chosen:
        raise KindInvalid("no kinds are given", where="kinds", hint="Write interiors=100.")
    return tuple(chosen.values())


def kinds_to_yaml(kinds: Iterable[Kind]) -> str:
    """Definitions that `parse_kinds` reads back as the same kinds."""
    return dump_yaml({kind.name: _to_dict(kind) for kind in kinds})


def shares_of(kinds: Iterable[Kind]) -> dict[str, float]:
    return {kind.name: kind.share for kind in kinds}


def quotas(count: int, shares: Mapping[str, float]) -> dict[str, int]:
    """How many of `count` pictures each share gets; adds up to `count` exactly.

    Largest remainder (Hamilton's method): each gets the whole part of its due, what is left goes
    to the largest remainders, and of equal ones to the first. Each lies within 1 of its due.

    Raises:
        KindInvalid: no shares, or one that is not above 0.
    """
    if not shares or min(shares.values()) <= 0:
        raise KindInvalid("every share must be above 0", where="kinds")
    parts = {name: Fraction(str(share)) for name, share in shares.items()}
    total = sum(parts.values())
    due = {name: count * part / total for name, part in parts.items()}
    result = {name: int(value) for name, value in due.items()}
    left = count - sum(result.values())
    for name in sorted(due, key=lambda n: result[n] - due[n])[:left]:
        result[name] += 1
    return result


def _define_all(values: Definition) -> list[Kind]:
    if not values.values:
        raise KindInvalid("no kinds are given", where=values.where)
    return [_define(name, values.inner(name)) for name in values.values]


def _check_shares(kinds: Sequence[Kind], values: Definition) -> None:
    total = sum(Fraction(str(kind.share)) for kind in kinds)
    if total == 100:
        return
    fitting = quotas(100, shares_of(kinds))
    written = ", ".join(f"{name} {share}" for name, share in fitting.items())
    last = values.inner(kinds[-1].name)
    raise KindInvalid(
        f"the shares of this file add up to {float(total):g}, not to 100",
        where=last.at("share"),
        hint=f"In the same proportion they are: {written}." if min(fitting.values()) else "",
    )


def _define(name: str, values: Definition) -> Kind:
    if not _NAME.fullmatch(name):
        raise KindInvalid(
            f"{name!r} is no name: letters, digits, spaces, - and _", where=values.where
        )
    _check_keys(values)
    examples, axes = values.inner("examples"), values.inner("axes")
    kind = Kind(
        name=name,
        share=values.number("share"),
        ask=values.text("ask"),
        prompt=values.text("prompt"),
        examples=tuple((theme, examples.texts(theme)) for theme in examples.values),
        axes=tuple(_axis(axis, axes) for axis in axes.values),
        people=values.flag("people", default=False),
        **{key: values.texts(key) for key in _LISTS},
    )
    _check_prompt(kind, values)
    _check_clashes(kind, values)
    return kind


def _check_keys(values: Definition) -> None:
    for key in _FORMER:
        if key in values.values:
            raise KindInvalid(
                f"{key!r} is an axis",
                where=values.at(key),
                hint=f"Put it under the key axes:\n  axes:\n    {key}: [...]",
            )
    values.only(_KEYS)


def _axis(name: str, axes: Definition) -> Axis:
    if not _NAME.fullmatch(name) or name in _SLOTS:
        raise KindInvalid(
            f"{name!r} cannot be the name of an axis",
            where=axes.at(name),
            hint=f"Letters, digits, spaces, - and _; not {', '.join(_SLOTS)}.",
        )
    pairs = axes.weighted(name)
    values = tuple(value for value, _ in pairs)
    if not values:
        raise KindInvalid("has no values", where=axes.at(name))
    for place, value in enumerate(values):
        if value in values[:place]:
            raise KindInvalid(f"{value!r} stands twice", where=axes.at(name, place))
    return Axis(name, values, tuple(weight for _, weight in pairs))


def _check_prompt(kind: Kind, values: Definition) -> None:
    slots = re.findall(r"\{(.*?)\}", kind.prompt)
    choices = {axis.name: axis.values for axis in kind.axes}
    known = (*_SLOTS, *choices)
    for slot in slots:
        if slot not in known:
            raise KindInvalid(
                f"unknown slot {{{slot}}}", where=values.at("prompt"), hint=nearest(slot, known)
            )
    if "subject" not in slots or re.search(r"[{}]", re.sub(r"\{(.*?)\}", "", kind.prompt)):
        raise KindInvalid(
            "needs {subject}, and braces only around slots", where=values.at("prompt")
        )
    for name in choices:
        if name[0].isdigit():
            raise KindInvalid(
                f"the axis {name!r} cannot stand in a prompt",
                where=values.inner("axes").at(name),
                hint="Let its name begin with a letter.",
            )
        if name not in slots:
            raise KindInvalid(
                f"the axis {name!r} is not in the prompt",
                where=values.inner("axes").at(name),
                hint=f"Write {{{name}}} into the prompt.",
            )
    words = len(re.sub(r"\{.*?\}", "", kind.prompt).split())
    for slot in slots:
        named = SUBJECT_WORDS if slot in ("subject", "theme") else 0
        words += max((len(choice.split()) for choice in choices.get(slot, ())), default=named)
    if words > MAX_WORDS:
        raise KindInvalid(
            f"prompts may have {words} words, more than {MAX_WORDS}", where=values.at("prompt")
        )


def _check_clashes(kind: Kind, values: Definition) -> None:
    for place, text in enumerate(kind.clashes):
        where = values.at("clashes", place)
        if parse_clash(text) is None:
            raise KindInvalid(
                f"{text!r} is no clash",
                where=where,
                hint="Write what may not meet with a + between: snow + lawn, green field.",
            )
        table = Table([text])
        if not any(table.sides(value) for axis in kind.axes for value in axis.values):
            raise KindInvalid(
                f"no value of an axis holds a word of {text!r}",
                where=where,
                hint="One side at least must be in the values of an axis.",
            )


def _to_dict(kind: Kind) -> dict[str, Any]:
    values: dict[str, Any] = {"share": kind.share, "ask": kind.ask}
    if kind.examples:
        values["examples"] = {theme: list(subjects) for theme, subjects in kind.examples}
    values["prompt"] = kind.prompt
    values |= {key: list(getattr(kind, key)) for key in _LISTS if getattr(kind, key)}
    if kind.axes:
        values["axes"] = {axis.name: _weighted(axis) for axis in kind.axes}
    return values | ({"people": "yes"} if kind.people else {})


def _weighted(axis: Axis) -> list[str | dict[str, float]]:
    pairs = zip(axis.values, axis.weights, strict=True)
    return [value if weight == 1 else {value: weight} for value, weight in pairs]


def _share(text: str, name: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?%?", text) or not float(text.rstrip("%")) > 0:
        raise KindInvalid(
            f"{text!r} is not a number above 0", where=f"kinds, {name}", hint=f"Write {name}=60."
        )
    number = float(text.rstrip("%"))
    return int(number) if number.is_integer() else number
