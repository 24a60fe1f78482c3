"""The quality gate in a page's words: what each check looks for, its limit, and what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stockwright.core.quality import LIKENESS, SIMILAR_CHECK, Action, Setting

from ..gate.quality import DUPLICATE, SIMILAR
from ..gate.verdicts import Judged, Verdict

_TITLES = {
    "file": ("File", "can be read to its end"),
    "size": ("Size", "has exactly the pixels that were asked for"),
    "flat": ("Colour", "how far its colours lie apart; a flat picture has little"),
    "blur": ("Sharpness", "of its sharpest parts, 0 to 1"),
    "noise": ("Noise", "grain of its calmest parts, in levels of 255"),
    "nsfw": ("Safe for work", "probability that it is not"),
    "text": ("Text and watermarks", "percent of the picture under letters"),
    "people": ("People", "faces where the theme and kind want none"),
    "deformed": ("Faces", "how unsteadily their features are placed"),
    LIKENESS: ("Likeness", "to the person's photos: 1 less the distance of faces, 0 to 1"),
    DUPLICATE: ("Near-duplicates", "bits of 64 that tell it from the nearest other picture"),
    SIMILAR: (
        "Similarity",
        "to what a CLIP-vision model sees in the nearest other picture, 0 to 1",
    ),
}
_LIMITS = {"below": "at least {:g}", "above": "at most {:g}", "within": "more than {:g} bits"}
_IN_ALL = ("file", "size")
"""Checks without a score, made of every picture."""


@dataclass(frozen=True, slots=True)
class Row:
    """One check. `limit`: what passes; empty where a picture either passes or does not."""

    title: str
    about: str
    limit: str
    action: str
    looked: int
    rejected: int
    warned: int
    not_done: Mapping[str, int]
    """Why it was not made, and of how many pictures."""


def title_of(score: str) -> str:
    return _TITLES.get(score, (score, ""))[0]


def about(score: str) -> str:
    return _TITLES.get(score, ("", ""))[1]


def rows(settings: Mapping[str, Setting], judged: Sequence[Judged]) -> list[Row]:
    """The checks that are on, in the order of the settings."""
    return [
        _row(name, setting, judged)
        for name, setting in settings.items()
        if setting.action is not Action.OFF
    ]


def _row(name: str, setting: Setting, judged: Sequence[Judged]) -> Row:
    verdicts = [one.verdict for one in judged]
    not_done = Counter(one.not_done[name] for one in verdicts if name in one.not_done)
    in_all = name in _IN_ALL or name == DUPLICATE
    scored = sum(one.scores.get(name) is not None for one in verdicts)
    return Row(
        title=title_of(name),
        about=about(name),
        limit=_limit(setting, seen=any(SIMILAR in one.scores for one in verdicts)),
        action=setting.action.value,
        looked=len(verdicts) - not_done.total() if in_all else scored,
        rejected=sum(name in one.reasons for one in verdicts),
        warned=sum(name in one.warnings for one in verdicts),
        not_done=dict(not_done.most_common()),
    )


def _limit(setting: Setting, *, seen: bool) -> str:
    """`seen`: whether a CLIP-vision model has compared pictures."""
    told = [text.format(setting[key]) for key, text in _LIMITS.items() if key in setting.limits]
    action = setting.names.get(SIMILAR_CHECK, Action.WARN)
    if seen and SIMILAR in setting.limits and action != Action.OFF:
        more = "" if action == setting.action else f" (or {action})"
        told.append(f"similarity below {setting[SIMILAR]:g}{more}")
    return ", ".join(told)


def why(reason: str, judged: Judged, subjects: Mapping[str, str]) -> str:
    """What a rejected picture's thumbnail is told with. `subjects`: of the run's jobs, by id."""
    verdict = judged.verdict
    if reason == DUPLICATE:
        parts = [_bits(verdict.scores.get(DUPLICATE)), _cosine(verdict.scores.get(SIMILAR))]
        parts += [f"like {subjects.get(verdict.near, verdict.near)}"] if verdict.near else []
        return ", ".join(filter(None, parts))
    score = verdict.scores.get(reason)
    return "" if score is None else f"score {score:.3g}"


def likeness(verdict: Verdict) -> str:
    """What a finished picture's thumbnail is told with: how like the person it is, if it was
    looked at."""
    score = verdict.scores.get(LIKENESS)
    return "" if score is None else f"likeness {score:.2f}"


def _bits(bits: float | None) -> str:
    return "" if bits is None else f"{bits:g} of 64 bits differ"


def _cosine(cosine: float | None) -> str:
    return "" if cosine is None else f"similarity {cosine:.3f}"
