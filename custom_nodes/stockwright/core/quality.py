"""The settings of the quality gate: `quality.yaml` of a prompts folder.

    blur:
      check: reject       # off: not looked at; warn: told in the report; reject: the picture is out
      below: 0.27         # a limit: what each means stands in CHECKS
      from: 300           # not looked at in pictures with a side shorter than so many pixels
    nsfw: off             # short for check: off

A folder's file may leave out checks and keys: what it does not say is taken from the next folder.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from .definitions import SUFFIXES, Definition, nearest, read_text
from .errors import QualityInvalid

FILE = "quality.yaml"


class Action(StrEnum):
    OFF = "off"
    WARN = "warn"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Range:
    """What a limit may be."""

    low: float
    high: float
    whole: bool = False


LIKENESS = "likeness"
"""The check of a person's pictures; nobody is known in any others."""

_SIDE = Range(0, 16384, whole=True)
_SHARE = Range(0, 1)

CHECKS: Mapping[str, Mapping[str, Range]] = MappingProxyType(
    {
        # The file can be read to its end.
        "file": {},
        # Exactly as many pixels as were asked for.
        "size": {},
        # How far colours lie from their mean: less is flat. 0 to 255.
        "flat": {"below": Range(0, 255)},
        # Sharpness of the sharpest parts: less is blurred.
        "blur": {"below": _SHARE, "from": _SIDE},
        # Standard deviation of grain in the calmest parts: more is noise. 0 to 255.
        "noise": {"above": Range(0, 255), "from": _SIDE},
        # Probability that it is not safe for work.
        "nsfw": {"above": _SHARE},
        # Percent of the picture that is covered by text, legible or garbled. Lines of whose letters
        # the reader is less certain are not counted.
        "text": {"above": Range(0, 100), "certain": _SHARE, "from": _SIDE},
        # Faces where none are wanted. Smaller ones (percent of the picture's longer side) and
        # less certain ones are not counted.
        "people": {
            "above": Range(0, 1000, whole=True),
            "smallest": Range(0, 100),
            "certain": _SHARE,
            "from": _SIDE,
        },
        # How unsteadily the features of a face are placed, in distances of its eyes.
        "deformed": {
            "above": _SHARE,
            "smallest": Range(0, 100),
            "certain": _SHARE,
            "from": _SIDE,
        },
        # How near its nearest face is to the photos of the person that it shall show: 1 less the
        # distance of dlib's vectors.
        LIKENESS: {"below": _SHARE, "from": _SIDE},
        # In how many of 64 bits the hashes of two pictures differ: no more is a duplicate. And the
        # cosine of their vectors, where a CLIP-vision model gives them: no less is one, and
        # `similar_check` says what becomes of it.
        "duplicate": {"within": Range(0, 32, whole=True), "similar": _SHARE},
    }
)
"""The checks of the gate, in its order, and the limits of each."""

VISION, AUTO = "vision", "auto"
"""The key of `duplicate` that names a CLIP-vision model of the server: a file, `auto` or `off`."""
SIMILAR_CHECK = "similar_check"
"""The key of `duplicate` that says what follows from `similar`: off, warn (also where it is left
out, as in runs from before it) or reject."""
_NAMES = {"duplicate": (VISION,)}
_ACTIONS = {"duplicate": (SIMILAR_CHECK,)}


@dataclass(frozen=True, slots=True)
class Setting:
    """What is set for one check. Where it is off it may lack limits."""

    action: Action
    limits: Mapping[str, float]
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is not a number, by its key: `vision`, `similar_check`."""

    def __getitem__(self, limit: str) -> float:
        return self.limits[limit]


def load_quality(folders: Iterable[str | Path]) -> dict[str, dict[str, Any]]:
    """The settings as plain data, complete: check -> `check` and the limits. `read_quality` reads
    it; it can be kept in an order and sent to another process. A YAML file may be given in place of
    a folder.

    Raises:
        QualityInvalid: no folder has the file, one has a fault, or all together say too little.
    """
    places = map(Path, folders)
    tried = [path if path.suffix in SUFFIXES else path / FILE for path in places]
    found = [path for path in tried if path.is_file()]
    if not found:
        where = ", ".join(map(str, tried)) or "no prompts folders"
        raise QualityInvalid(f"there is no {FILE}", where=where)
    merged: dict[str, dict[str, Any]] = {}
    for path in found:
        values = Definition.read(read_text(path, QualityInvalid), str(path), QualityInvalid)
        for name, said in _checks(values).items():
            merged[name] = said | merged.get(name, {})
    _check_complete(merged, str(found[-1]))
    return {name: merged[name] for name in CHECKS}


def read_quality(settings: Mapping[str, Any]) -> dict[str, Setting]:
    """The settings of all checks, from what `load_quality` gives.

    Raises:
        QualityInvalid: a fault, or a check or limit that is missing.
    """
    text = {name: _texts(said) for name, said in settings.items()}
    found = _checks(Definition(text, "quality", QualityInvalid))
    _check_complete(found, "quality")
    return {name: _setting(name, found[name]) for name in CHECKS}


def _setting(name: str, said: Mapping[str, Any]) -> Setting:
    limits = {key: said[key] for key in CHECKS[name] if key in said}
    others = (*_NAMES.get(name, ()), *_ACTIONS.get(name, ()))
    named = {key: said[key] for key in others if key in said}
    return Setting(Action(said["check"]), limits, named)


def _texts(said: Any) -> Any:
    if isinstance(said, Mapping):
        items = cast("Mapping[Any, Any]", said)
        return {key: str(value) for key, value in items.items()}
    return str(said)


def _checks(values: Definition) -> dict[str, dict[str, Any]]:
    values.only(CHECKS)
    return {name: _check(name, values) for name in values.values}


def _check(name: str, values: Definition) -> dict[str, Any]:
    if isinstance(values.values[name], str):
        return {"check": _action(values, name)}
    inner = values.inner(name)
    named, actions = _NAMES.get(name, ()), _ACTIONS.get(name, ())
    inner.only(("check", *CHECKS[name], *named, *actions))
    said: dict[str, Any] = {"check": _action(inner, "check")} if "check" in inner.values else {}
    for key, span in CHECKS[name].items():
        if key in inner.values:
            said[key] = _number(inner, key, span)
    said |= {key: inner.text(key) for key in named if key in inner.values}
    said |= {key: _action(inner, key) for key in actions if key in inner.values}
    return said


def _action(values: Definition, key: str) -> str:
    text = values.text(key).casefold()
    actions = [action.value for action in Action]
    if text not in actions:
        raise QualityInvalid(
            f"{text!r} is none of {', '.join(actions)}",
            where=values.at(key),
            hint=nearest(text, actions),
        )
    return text


def _number(values: Definition, key: str, span: Range) -> float:
    text = values.text(key)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    whole = number.is_integer()
    if not span.low <= number <= span.high or (span.whole and not whole):
        kind = "a whole number" if span.whole else "a number"
        raise QualityInvalid(
            f"{text!r} is not {kind} from {span.low:g} to {span.high:g}", where=values.at(key)
        )
    return int(number) if whole else number


def _check_complete(found: Mapping[str, Mapping[str, Any]], where: str) -> None:
    for name, limits in CHECKS.items():
        said = found.get(name, {})
        needed = () if said.get("check") == Action.OFF else (*limits, *_NAMES.get(name, ()))
        for key in ("check", *needed):
            if key not in said:
                raise QualityInvalid(
                    "is missing",
                    where=f"{where}, check {name}, key {key}",
                    hint=f"Write {name}: off to do without the check." if key != "check" else "",
                )
