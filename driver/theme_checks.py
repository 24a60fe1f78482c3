"""What a designer should know of theme files and of the files beside them, found without a server.

| file | what is looked at |
|---|---|
| kinds.yaml, llm.yaml, forbidden.yaml | whether it can be used; its first fault is told |
| glossary.yaml, quality.yaml | the same |
| modifiers/contradictions.yaml, modifiers/*.json | the same |
| any other | whether it is a theme; then its names, its language, its kinds and each of its seeds |

A fault keeps a file from being used as it is meant. Advice does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stockwright.core.definitions import SUFFIXES, Definition, nearest, read_text
from stockwright.core.errors import StockwrightError, ThemeInvalid
from stockwright.core.forbidden import Forbidden
from stockwright.core.glossary import load_glossary
from stockwright.core.kinds import Kind, load_kinds
from stockwright.core.modifiers.contradictions import FILE as CONTRADICTIONS
from stockwright.core.modifiers.contradictions import Contradictions
from stockwright.core.modifiers.table import ENDING, ModifierTable
from stockwright.core.naming import phrases
from stockwright.core.quality import load_quality
from stockwright.core.subjects import Sieve, subject_keys, tidied, words_of
from stockwright.core.themes import Theme, find_theme, read_theme
from stockwright.core.wording import Wording, load_wording

from .places import PROMPTS
from .styles import check_styles

_T = TypeVar("_T")

FEW = 30
"""Seeds of a kind below which a theme may run dry under a small model."""
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for a person. `where` names the file, and the line where one is known."""

    where: str
    what: str
    hint: str = ""
    is_fault: bool = False

    @classmethod
    def of(cls, error: StockwrightError) -> Finding:
        return cls(error.where, error.what, error.hint, is_fault=True)

    def __str__(self) -> str:
        advice = "" if self.is_fault else "advice: "
        return f"{self.where}: {advice}{self.what.rstrip('.')}. {self.hint}".strip()


def prompt_files(folder: Path) -> list[Path]:
    """The files of a prompts folder that `findings` knows."""
    named = [folder / name for name in (*_BESIDE, CONTRADICTIONS)]
    named += sorted((folder / CONTRADICTIONS.parent).glob(f"*{ENDING}"))
    themes = sorted(p for p in (folder / "themes").glob("*") if p.suffix in SUFFIXES)
    return [path for path in named if path.is_file()] + themes


def findings(files: Sequence[Path]) -> list[Finding]:
    """What is to be said of files, in their order; nothing of a file in which all is well."""
    found: list[Finding] = []
    themes: dict[Path, Theme] = {}
    rules: dict[Path, Rules] = {}
    for path in files:
        try:
            if not _is_theme(path):
                _load(path)
            else:
                themes[path] = read_theme(path)
        except StockwrightError as error:
            found.append(Finding.of(error))
    known = (_coming_along() if themes else {}) | {p.resolve(): t for p, t in themes.items()}
    for path, theme in themes.items():
        folder = path.parent.parent if path.parent.name == "themes" else path.parent
        if folder not in rules:
            rules[folder] = Rules([folder, PROMPTS])
            found += rules[folder].faults
        values = Definition.read(read_text(path, ThemeInvalid), str(path), ThemeInvalid)
        found += _names(values, theme, [theme, *_beside(path, theme, known)])
        found += _foreign(values, theme)
        found += _seeds(values, theme, rules[folder])
    return list(dict.fromkeys(found))


class Rules:
    """What seeds are held against. A part with a fault is left out, and told in `faults`."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.faults: list[Finding] = []
        self.kinds: tuple[Kind, ...] | None = self._read(load_kinds, folders)
        self.wording: Wording | None = self._read(load_wording, folders)
        self.forbidden: Forbidden | None = self._read(Forbidden.load, folders)

    def _read(self, load: Callable[[Iterable[Path]], _T], folders: Sequence[Path]) -> _T | None:
        try:
            return load(folders)
        except StockwrightError as error:
            self.faults.append(Finding.of(error))
            return None


_BESIDE: dict[str, Callable[[Iterable[Path]], object]] = {
    "kinds.yaml": load_kinds,
    "llm.yaml": load_wording,
    "forbidden.yaml": Forbidden.load,
    "glossary.yaml": load_glossary,
    "styles.yaml": check_styles,
    "quality.yaml": lambda folders: load_quality([*folders, PROMPTS]),
}


def _is_theme(path: Path) -> bool:
    return not (path.name in _BESIDE or path.suffix == ENDING or _is_contradictions(path))


def _is_contradictions(path: Path) -> bool:
    return path.absolute().parts[-2:] == CONTRADICTIONS.parts


def _load(path: Path) -> None:
    """Raises StockwrightError: a file beside the themes that cannot be used."""
    if path.suffix == ENDING:
        ModifierTable.load(path)
        return
    read_text(path, ThemeInvalid)  # a folder may lack it, a file that is named may not
    if _is_contradictions(path):
        Contradictions.load([path.absolute().parent.parent])
    else:
        _BESIDE[path.name]([path.parent])


def _coming_along() -> dict[Path, Theme]:
    """The pack's themes; one with a fault is passed over, it has a check of its own."""
    themes: dict[Path, Theme] = {}
    for path in prompt_files(PROMPTS):
        if _is_theme(path):
            with suppress(ThemeInvalid):
                themes[path.resolve()] = read_theme(path)
    return themes


def _beside(path: Path, theme: Theme, known: dict[Path, Theme]) -> list[Theme]:
    """The themes that an order knows beside one, which takes the place of its namesake in another
    folder."""
    here = path.resolve()
    return [
        other
        for at, other in known.items()
        if at != here and (other.id != theme.id or at.parent == here.parent)
    ]


def _names(values: Definition, theme: Theme, themes: Sequence[Theme]) -> list[Finding]:
    """Names by which another theme is found too."""
    keyed = [("id", theme.id), ("title", theme.title), ("title_ru", theme.title_ru)]
    found: list[Finding] = []
    for key, name in [*keyed, *(("aliases", alias) for alias in theme.aliases)]:
        try:
            if name:
                find_theme(name, themes)
        except ThemeInvalid as error:
            found.append(Finding(values.at(key), error.what, error.hint, is_fault=True))
    return found


def _foreign(values: Definition, theme: Theme) -> list[Finding]:
    """What goes into prompts or to the language model, and is not English."""
    seeds = values.inner("seeds")
    texts = [(values.at("about"), theme.about), (values.at("look"), theme.look)]
    texts += [(values.at("areas", place), area) for place, area in enumerate(theme.areas)]
    for kind, subjects in theme.seeds:
        texts += [(seeds.at(kind, place), subject) for place, subject in enumerate(subjects)]
    hint = "Write it in English. Russian names go into title_ru and aliases."
    return [
        Finding(where, f"{text[:40]!r} is not English", hint, is_fault=True)
        for where, text in texts
        if _CYRILLIC.search(text)
    ]


def _seeds(values: Definition, theme: Theme, rules: Rules) -> list[Finding]:
    if rules.kinds is None:
        return []
    seeds = values.inner("seeds")
    kinds = {kind.name: kind for kind in rules.kinds}
    found: list[Finding] = []
    first: dict[str, str] = {}
    for name, subjects in theme.seeds:
        if name not in kinds:
            what, hint = f"there is no kind {name!r}", nearest(name, kinds)
            found.append(Finding(seeds.at(name), what, hint, is_fault=True))
        for place, subject in enumerate(subjects):
            where, keys = seeds.at(name, place), subject_keys(subject)
            if known := next((first[key] for key in keys if key in first), ""):
                found.append(Finding(where, f"{subject!r} is the same subject as {known!r}"))
            first.update(dict.fromkeys(keys, subject))
    for kind in rules.kinds:
        subjects = theme.seeds_of(kind.name)
        if len(subjects) < FEW:
            there = seeds if kind.name in seeds.values else values
            where = there.at(kind.name if there is seeds else "seeds")
            what = f"{len(subjects)} seeds for {kind.name}, fewer than {FEW}"
            found.append(Finding(where, what, "Every second subject of a pool is one of them."))
        check = _SeedCheck(theme, kind, rules)
        for place, subject in enumerate(subjects):
            if not _CYRILLIC.search(subject) and (why := check.refusal(tidied(subject))):
                found.append(Finding(seeds.at(kind.name, place), f"{subject!r} {why[0]}", why[1]))
    return found


class _SeedCheck:
    """Whether a subject is what a language model would have been allowed to name."""

    def __init__(self, theme: Theme, kind: Kind, rules: Rules) -> None:
        wording = rules.wording
        self._kind, self._forbidden = kind, rules.forbidden
        self._people = kind.people and theme.people != "no"
        self._sieve = Sieve(
            kind,
            unwanted=wording.unwanted if wording else (),
            loose=wording.loose if wording else (),
            avoid=phrases(theme.avoid),
        )

    def refusal(self, subject: str) -> tuple[str, str] | None:
        """What is wrong with it and what to do, or None."""
        if reason := self._sieve.refusal(subject):
            return self._told(reason, subject)
        if self._forbidden and (reason := self._forbidden.reason(subject, people=self._people)):
            return "will never be used", f"forbidden.yaml has a word of it under {reason}."
        return None

    def _told(self, reason: str, subject: str) -> tuple[str, str]:
        words = words_of(subject)
        if reason == "unwanted":
            return f"holds {_first(words, self._sieve.unwanted)}", "llm.yaml has it under unwanted."
        if reason == "avoided":
            return "holds a phrase that the theme avoids", "Change it, or the key avoid."
        if reason == "form":
            hint = "Write 1 to 6 words, none of them twice, and no small word at either end."
            return "does not have the form of a subject", hint
        if held := _first(words, self._sieve.without):
            hint = f"kinds.yaml has it for {self._kind.name} under without."
            return f"holds {held}", hint
        hint = f"kinds.yaml has the endings of {self._kind.name} under endings."
        return f"ends with {subject.split()[-1]!r}, which names none of the {self._kind.name}", hint


def _first(words: Iterable[str], of: Iterable[str]) -> str:
    return next((repr(word) for word in words if word in of), "")
