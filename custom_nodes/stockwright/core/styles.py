"""Styles: a look that is asked for by its name. An entry of `styles.yaml` in a prompts folder:

    film:
      words: [35mm film photo, fine grain]     # behind the subject of every prompt
      negative: [oversaturated]                # added to the negative of every kind
      loras: [film:0.6]                        # as --lora writes them
      settings:                                # as a file of --settings has them
        steps: 30
        "Save Stock Image.format": jpeg

Each key may be left out, but not all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from .definitions import Definition, nearest, read_text
from .errors import LoraInvalid, StyleInvalid
from .kinds import Kind
from .loras import LoraUse, parse_loras

FILE = "styles.yaml"
MAX_WORDS = 16
"""Words of a style: of the 75 tokens of a prompt the subject needs most."""
_NAME = re.compile(r"\w[\w -]{0,39}")


@dataclass(frozen=True, slots=True)
class Style:
    name: str
    words: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    loras: tuple[LoraUse, ...] = ()
    settings: tuple[tuple[str, str, str], ...] = ()
    """(key, value, where it stands), as written: what they may be is the driver's to say."""

    def of_kinds(self, kinds: Iterable[Kind]) -> tuple[Kind, ...]:
        """The kinds with this style's words in their prompts and negatives."""
        return tuple(
            replace(
                kind,
                prompt=_with_words(kind.prompt, self.words),
                negative=tuple(dict.fromkeys((*kind.negative, *self.negative))),
            )
            for kind in kinds
        )


_KEYS = tuple(field.name for field in fields(Style) if field.name != "name")


def load_styles(folders: Iterable[str | Path]) -> tuple[Style, ...]:
    """The styles in `styles.yaml` of prompts folders; the first folder that has a name wins, a
    folder or file that is not there is passed over.

    Raises:
        StyleInvalid: an entry with a fault.
    """
    styles: dict[str, Style] = {}
    for folder in folders:
        path = Path(folder) / FILE
        if path.is_file():
            values = Definition.read(read_text(path, StyleInvalid), str(path), StyleInvalid)
            for name in values.values:
                styles.setdefault(name, _style(name, values))
    return tuple(styles.values())


def find_style(name: str, known: Sequence[Style]) -> Style:
    """The style of a name, whatever its letter case. Raises StyleInvalid with near names."""
    by_name = {style.name.casefold(): style for style in known}
    found = by_name.get(name.strip().casefold())
    if found is None:
        raise StyleInvalid(
            f"there is no style {name!r}",
            where="--style",
            hint=nearest(name, by_name) or f"There is no {FILE}, or nothing in it.",
        )
    return found


def _style(name: str, values: Definition) -> Style:
    if not _NAME.fullmatch(name):
        raise StyleInvalid(
            f"{name!r} is no name: letters, digits, spaces, - and _", where=values.at(name)
        )
    entry = values.inner(name)
    entry.only(_KEYS)
    if not any(entry.values.values()):
        raise StyleInvalid(
            "changes nothing", where=values.at(name), hint=f"Give it one of {', '.join(_KEYS)}."
        )
    settings = entry.inner("settings")
    return Style(
        name=name,
        words=_words(entry),
        negative=entry.texts("negative"),
        loras=_loras(entry),
        settings=tuple((key, settings.text(key), settings.at(key)) for key in settings.values),
    )


def _words(entry: Definition) -> tuple[str, ...]:
    words = entry.texts("words")
    if (count := sum(len(text.split()) for text in words)) > MAX_WORDS:
        raise StyleInvalid(
            f"has {count} words, more than {MAX_WORDS}",
            where=entry.at("words"),
            hint="A prompt must have room for its subject.",
        )
    for place, text in enumerate(words):
        if "{" in text or "}" in text:
            raise StyleInvalid(f"{text!r} has braces", where=entry.at("words", place))
    return words


def _loras(entry: Definition) -> tuple[LoraUse, ...]:
    uses: list[LoraUse] = []
    for place, text in enumerate(entry.texts("loras")):
        try:
            uses += parse_loras(text)
        except LoraInvalid as error:
            raise StyleInvalid(
                error.what, where=entry.at("loras", place), hint=error.hint
            ) from error
    return tuple(uses)


def _with_words(prompt: str, words: Sequence[str]) -> str:
    """The words behind the part that names the subject: what stands last may be left out."""
    parts = prompt.split(", ")
    place = next(n for n, part in enumerate(parts) if "{subject}" in part) + 1
    return ", ".join([*parts[:place], *words, *parts[place:]])
