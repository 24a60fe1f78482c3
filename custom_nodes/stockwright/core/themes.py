"""Themes: what a pool of pictures is about.

A theme is a YAML file in `themes/` of a prompts folder:

    id: education                    # optional: made from the title
    title: Trainings and Education
    title_ru: Тренинги и образование # optional, as are the others
    aliases: [learning, школа]
    about: schools, lecture halls, textbooks     # what belongs to it, phrases between commas
    avoid: gym, police training                  # no subject may contain one of these phrases
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from .definitions import SUFFIXES, Definition, dump_yaml, load_yaml, nearest, read_text
from .errors import ThemeInvalid
from .jobs import slug

_PLAIN = {ord("ё"): "\N{CYRILLIC SMALL LETTER IE}"}

MAX_TITLE = 120
"""Characters in a title."""


@dataclass(frozen=True, slots=True)
class Theme:
    id: str
    title: str
    title_ru: str = ""
    aliases: tuple[str, ...] = ()
    about: str = ""
    avoid: str = ""

    def to_yaml(self) -> str:
        """The definition; `parse_theme` makes the same theme of it. Empty fields are left out."""
        values: dict[str, Any] = asdict(self) | {"aliases": list(self.aliases)}
        return dump_yaml({key: value for key, value in values.items() if value})


_KEYS = tuple(field.name for field in fields(Theme))
_KEY = re.compile(rf"^[ \t]*(\{{\s*)?['\"]?({'|'.join(_KEYS)})['\"]?[ \t]*:", re.M)


def load_themes(folders: Iterable[str | Path]) -> tuple[Theme, ...]:
    """The themes in `themes/*.yaml` of prompts folders, by file name.

    The first folder that has an id wins; a folder that is not there is passed over.

    Raises:
        ThemeInvalid: a file that is no theme, or one id twice in one folder.
    """
    themes: dict[str, Theme] = {}
    for folder in folders:
        here: dict[str, Path] = {}
        for path in sorted((Path(folder) / "themes").glob("*")):
            if path.suffix not in SUFFIXES:
                continue
            theme = _define(Definition.read(read_text(path, ThemeInvalid), str(path), ThemeInvalid))
            if theme.id in here:
                raise ThemeInvalid(
                    f"the id {theme.id!r} stands in {here[theme.id].name} too", where=str(path)
                )
            here[theme.id] = path
            themes.setdefault(theme.id, theme)
    return tuple(themes.values())


def find_theme(text: str, themes: Sequence[Theme]) -> Theme | None:
    """The theme that `text` names: by id, title or alias, else by words of one title.

    Letter case, the dots of ё and punctuation do not matter; English and Russian both count.

    Raises:
        ThemeInvalid: empty text, or text that names more than one theme.
    """
    asked = _words(text)
    if not asked:
        what = "has no letters or digits" if text.strip() else "is empty"
        raise ThemeInvalid(f"the theme {what}", where="theme", hint=nearest("", _ids(themes)))
    exact = [t for t in themes if any(_words(name) == asked for name in _names(t))]
    found = exact or [
        t for t in themes if any(set(asked) <= set(_words(name)) for name in (t.title, t.title_ru))
    ]
    if len(found) > 1:
        raise ThemeInvalid(
            f"{text.strip()!r} names {len(found)} themes",
            where="theme",
            hint="Write one of: " + ", ".join(f"{t.id} ({t.title})" for t in found) + ".",
        )
    return found[0] if found else None


def new_theme(text: str) -> Theme:
    """A theme that no file defines: its title is the text, its id is made from that.

    Raises:
        ThemeInvalid: empty text, or more than MAX_TITLE characters.
    """
    return _theme(id="", title=" ".join(text.split()), where="theme")


def parse_theme(text: str, themes: Sequence[Theme] = ()) -> Theme:
    """The theme that `text` defines, names, or else starts as a new one.

    It defines one if it is a YAML mapping with a line that starts with a theme's key. Other text
    with colons is a name: "Cafe: interior".

    Raises:
        ThemeInvalid: empty or ambiguous text, or a definition with a fault.
    """
    if _KEY.search(text) and isinstance(load_yaml(text, "theme", ThemeInvalid), dict):
        return _define(Definition.read(text, "theme", ThemeInvalid))
    return find_theme(text, themes) or new_theme(text)


def _define(values: Definition) -> Theme:
    values.only(_KEYS)
    return _theme(
        id=values.text("id", ""),
        title=values.text("title"),
        title_ru=values.text("title_ru", ""),
        aliases=values.texts("aliases"),
        about=values.text("about", ""),
        avoid=values.text("avoid", ""),
        where=values.where,
    )


def _theme(*, id: str, title: str, where: str, **others: Any) -> Theme:
    if not _words(title):
        raise ThemeInvalid("the title has no letters or digits", where=f"{where}, key title")
    if odd := [c for c in title if unicodedata.category(c) in ("Cc", "Cs")]:
        raise ThemeInvalid(f"the title holds {odd[0]!r}, no character", where=f"{where}, key title")
    if len(title) > MAX_TITLE:
        raise ThemeInvalid(
            f"the title has {len(title)} characters, more than {MAX_TITLE}",
            where=f"{where}, key title",
            hint="Put a long description under the key about.",
        )
    if id and slug(id) != id:
        raise ThemeInvalid(
            f"{id!r} is no id: lower-case letters and digits, joined by hyphens",
            where=f"{where}, key id",
            hint=f"Write {slug(id)!r}.",
        )
    return Theme(id=id or slug(title), title=title, **others)


def _names(theme: Theme) -> tuple[str, ...]:
    return (theme.id, theme.title, theme.title_ru, *theme.aliases)


def _ids(themes: Sequence[Theme]) -> list[str]:
    return [theme.id for theme in themes]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_PLAIN)
    return re.findall(r"[^\W_]+", plain)
