"""Themes: what a pool of pictures is about.

A theme is a YAML file in `themes/` of a prompts folder:

    id: education                    # optional: made from the title
    title: Trainings and Education
    title_ru: Тренинги и образование # optional, as are the others
    aliases: [learning, школа]
    about: schools, lecture halls, textbooks     # what belongs to it, phrases between commas
    avoid: gym, police training                  # no subject may contain one of these phrases
    look: bright and welcoming                   # words that go into every prompt
    areas: [kindergarten, university]            # parts of it, in which subjects are named
    seeds:                                       # subjects by kind: every second one in a pool
      interiors: [lecture hall, school classroom]
      items: [textbook, globe]
    people: no                                   # no kind shows people; left out: the kinds decide
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from .definitions import SUFFIXES, Definition, load_yaml, nearest, read_text
from .errors import ThemeInvalid
from .jobs import slug

_PLAIN = {ord("ё"): "\N{CYRILLIC SMALL LETTER IE}"}

MAX_TITLE = 120
"""Characters in a title."""
MAX_LOOK = 6
"""Words in a look: it takes its room from the other words of a prompt."""


@dataclass(frozen=True, slots=True)
class Theme:
    id: str
    title: str
    title_ru: str = ""
    aliases: tuple[str, ...] = ()
    about: str = ""
    avoid: str = ""
    areas: tuple[str, ...] = ()
    seeds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Subjects by the name of a kind, which need not exist: not every order has all kinds."""
    look: str = ""
    people: str = ""
    """"no": no picture shows people, whatever its kind says. "": the kind says it."""

    def seeds_of(self, kind: str) -> tuple[str, ...]:
        """The subjects that are written for a kind: none, where the theme does not name it."""
        return dict(self.seeds).get(kind, ())

    def to_yaml(self) -> str:
        """The definition; `parse_theme` makes the same theme of it. Empty fields are left out, and
        lists run on, since it stands in a text box of a graph."""
        seeds = {kind: list(subjects) for kind, subjects in self.seeds}
        lists = {"aliases": list(self.aliases), "areas": list(self.areas), "seeds": seeds}
        values: dict[str, Any] = asdict(self) | lists
        filled = {key: value for key, value in values.items() if value}
        return yaml.dump(filled, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes mappings as blocks, and lists between brackets."""


def _bracketed(dumper: yaml.SafeDumper, items: list[str]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


_Dumper.add_representer(list, _bracketed)


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
            theme = read_theme(path)
            if theme.id in here:
                raise ThemeInvalid(
                    f"the id {theme.id!r} stands in {here[theme.id].name} too", where=str(path)
                )
            here[theme.id] = path
            themes.setdefault(theme.id, theme)
    return tuple(themes.values())


def read_theme(path: Path) -> Theme:
    """The theme that a file defines. Raises ThemeInvalid."""
    return _define(Definition.read(read_text(path, ThemeInvalid), str(path), ThemeInvalid))


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
    seeds = values.inner("seeds")
    return _theme(
        id=values.text("id", ""),
        title=values.text("title"),
        title_ru=values.text("title_ru", ""),
        aliases=values.texts("aliases"),
        about=values.text("about", ""),
        avoid=values.text("avoid", ""),
        areas=values.texts("areas"),
        seeds=tuple((kind, seeds.texts(kind)) for kind in seeds.values),
        look=_look(values),
        people=_people(values),
        where=values.where,
    )


def _look(values: Definition) -> str:
    look = values.text("look", "")
    if len(look.split()) > MAX_LOOK:
        raise ThemeInvalid(
            f"the look has {len(look.split())} words, more than {MAX_LOOK}",
            where=values.at("look"),
            hint="Keep the words that no other theme would have.",
        )
    return look


def _people(values: Definition) -> str:
    if values.flag("people", True):
        if values.text("people", ""):
            raise ThemeInvalid(
                "a theme can only forbid people",
                where=values.at("people"),
                hint="Write no, or leave the key out: each kind says whether it shows people.",
            )
        return ""
    return "no"


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
