"""Title, description and keywords of a picture, as stock sites ask for them, from its job.

`keywords.yaml` of a prompts folder has the words for it:

    skip: [and, of, the]                 # never a keyword; what stands around them are two keywords
    praise: [masterpiece, best quality]  # phrases of prompts that tell nothing of the picture
    russian:                             # the Russian keyword for an English one
      waiting room: зал ожидания

Names of themes and the glossary give Russian words too. What has no Russian word is left out of the
Russian keywords; nothing is half translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .definitions import Definition, read_text
from .errors import SavingInvalid
from .forbidden import Forbidden
from .glossary import load_glossary
from .jobs import Job
from .languages import ENGLISH, RUSSIAN, is_latin
from .people import TRIGGER
from .syntax import split
from .themes import load_themes
from .words import bare_words, singular

FILE = "keywords.yaml"
MOST_KEYWORDS = 49
"""As many as the strictest of the large stock sites takes."""
MOST_TITLE = 64
"""Bytes of UTF-8: IPTC's object name holds no more."""
_LONGEST_RUN, _LONGEST_PHRASE = 3, 6


class Languages(StrEnum):
    """Of the texts in a file."""

    ENGLISH = "English"
    BOTH = "English and Russian"


@dataclass(frozen=True, slots=True)
class Description:
    """By language code, "en" always there; `keywords` are those of all languages, at most 49."""

    title: Mapping[str, str]
    description: Mapping[str, str]
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that keywords are made with; `russian` by what `_key` makes of the English ones."""

    skip: frozenset[str] = frozenset()
    praise: frozenset[str] = frozenset()
    russian: Mapping[str, str] = field(default_factory=dict[str, str])
    english_titles: Mapping[str, str] = field(default_factory=dict[str, str])
    """English title of a theme by its Russian one."""
    forbidden: Forbidden = field(default_factory=lambda: Forbidden(()))

    @classmethod
    def load(cls, folders: Sequence[str | Path]) -> Vocabulary:
        """The files of all folders together; the first folder that translates a word wins.

        Raises:
            SavingInvalid: a keywords.yaml that is none.
            ForbiddenInvalid, ThemeInvalid, TranslationInvalid: another file that cannot be read.
        """
        skip: set[str] = set()
        praise: set[str] = set()
        russian: dict[str, str] = {}
        for path in (Path(folder) / FILE for folder in folders):
            if path.is_file():
                words = _read_words(path)
                skip |= words.skip
                praise |= words.praise
                russian = {**words.russian, **russian}
        themes = [theme for theme in load_themes(folders) if theme.title_ru]
        for theme in themes:
            russian.setdefault(_key(theme.title), theme.title_ru)
        for term, english in load_glossary(folders).terms.items():
            russian.setdefault(_key(english), term)
        titles = {theme.title_ru.casefold(): theme.title for theme in themes}
        return cls(frozenset(skip), frozenset(praise), russian, titles, Forbidden.load(folders))


def check_words(files: Iterable[Path]) -> None:
    """Raises SavingInvalid for one of these keywords.yaml, as far as they are there, that is
    none."""
    for path in files:
        if path.is_file():
            _read_words(path)


def _read_words(path: Path) -> Vocabulary:
    """What one keywords.yaml says."""
    values = Definition.read(read_text(path, SavingInvalid), str(path), SavingInvalid)
    values.only(("skip", "praise", "russian"))
    russian: dict[str, str] = {}
    if "russian" in values.values:
        inner = values.inner("russian")
        for english in inner.values:
            russian.setdefault(_key(english), inner.text(english))
    skip = frozenset(word.casefold() for word in values.texts("skip"))
    return Vocabulary(skip, frozenset(map(_key, values.texts("praise"))), russian)


def describe(job: Job, vocabulary: Vocabulary, languages: Languages) -> Description:
    """What a job's picture shows, in words. No keyword names a brand, an artist or a person."""
    theme = vocabulary.english_titles.get(job.theme.casefold(), job.theme)
    told = _told(job)
    words = list(_distinct(_all_keywords(job, theme, vocabulary)))
    english = [word for word in words if is_latin(word)]
    title = {ENGLISH: _title(told)}
    place = ", ".join(filter(None, (theme, job.kind)))
    drawn = ", ".join(value for _, value in job.axes)
    about = ". ".join(_capital(part) for part in (", ".join(filter(None, (told, drawn))), place))
    description = {ENGLISH: f"{about.strip(' .')}."}
    if languages is Languages.ENGLISH:
        return Description(title, description, tuple(english[:MOST_KEYWORDS]))
    russian = list(_distinct(_russian(words, vocabulary)))
    if russian:
        title[RUSSIAN] = _title(_russian_title(told, theme, job.kind, vocabulary) or russian[0])
        description[RUSSIAN] = f"{_capital(', '.join(russian))}."
    english = english[: MOST_KEYWORDS - min(len(russian), MOST_KEYWORDS // 2)]
    return Description(title, description, (*english, *russian[: MOST_KEYWORDS - len(english)]))


def cut(text: str, most: int) -> str:
    """`text`, or as many whole words of it as fit into `most` bytes of UTF-8."""
    data = text.encode()
    if len(data) <= most:
        return text
    kept = data[:most].decode(errors="ignore")
    return (kept.rpartition(" ")[0] or kept).rstrip(" ,;.")


def _told(job: Job) -> str:
    """The subject, or else the first phrase of the prompt."""
    phrases = (piece.text for piece in split(job.prompt) if piece.is_phrase)
    return " ".join(job.subject.split()) or next(phrases, job.id)


def _title(text: str) -> str:
    return cut(_capital(text), MOST_TITLE)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _all_keywords(job: Job, theme: str, vocabulary: Vocabulary) -> Iterator[str]:
    """The most telling ones first, in the languages in which the job is written."""
    for run in _runs(_told(job), vocabulary):
        if len(run) <= _LONGEST_RUN:
            yield from _fit([" ".join(run)], vocabulary)
        yield from _fit(run, vocabulary)
    for text in (theme, " ".join(map(singular, job.kind.split()))):
        for run in _runs(text, vocabulary):
            yield from _fit([" ".join(run), *run], vocabulary)
    modifiers = [value for _, value in job.axes] + [job.prompt]
    for phrase in (piece.text for text in modifiers for piece in split(text) if piece.is_phrase):
        if TRIGGER in bare_words(phrase):  # how a model calls a person is nobody's search word
            continue
        if len(phrase.split()) <= _LONGEST_PHRASE:
            for run in _runs(phrase, vocabulary):
                # "clean and reassuring": what is left of a longer phrase is no name of a thing.
                if len(run) <= _LONGEST_RUN and (len(run) > 1 or run == [phrase.casefold()]):
                    yield from _fit([" ".join(run)], vocabulary)


def _runs(phrase: str, vocabulary: Vocabulary) -> Iterator[list[str]]:
    """The words between those that are skipped, without those with a digit, such as "24mm"."""
    if _key(phrase) in vocabulary.praise:
        return
    run: list[str] = []
    for word in re.findall(r"[\w'\u2019-]+|[,;]", phrase.casefold()):
        if word in vocabulary.skip or word in ",;":
            if run:
                yield run
            run = []
        elif any(map(str.isalpha, word)) and not any(map(str.isdigit, word)):
            run.append(word)
    if run:
        yield run


def _fit(words: Iterable[str], vocabulary: Vocabulary) -> Iterator[str]:
    for word in words:
        empty = len(word) < 3 or word in vocabulary.skip or _key(word) in vocabulary.praise
        if not empty and vocabulary.forbidden.reason(word, people=True) is None:
            yield word


def _distinct(words: Iterable[str]) -> Iterator[str]:
    """Each word once, whatever its plural."""
    seen: set[str] = set()
    for word in words:
        if (key := _key(word)) not in seen:
            seen.add(key)
            yield word


def _russian(words: Iterable[str], vocabulary: Vocabulary) -> Iterator[str]:
    for word in words:
        if not is_latin(word):
            yield word
        elif found := vocabulary.russian.get(_key(word)):
            yield found.casefold()


def _russian_title(told: str, theme: str, kind: str, vocabulary: Vocabulary) -> str:
    """Of the subject if it has one, else of the theme and the kind."""
    if not is_latin(told):
        return told
    known = [vocabulary.russian.get(_key(text), "") for text in (told, theme, kind)]
    return known[0] or ": ".join(filter(None, known[1:]))


def _key(text: str) -> str:
    return " ".join(bare_words(text))
