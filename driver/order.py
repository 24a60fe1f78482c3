"""The order: all that was asked of a run, frozen, and its YAML.

Everything that decides which pictures come out is in it: the full definitions of themes and kinds
and the hash of each graph, but not where they are made (server, headers) nor how fast (batch). Two
orders are the same if and only if their ids are.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stockwright.core.jobs import Job, slug
from stockwright.core.kinds import Kind, load_kinds, parse_kinds, quotas, shares_of
from stockwright.core.loras import LoraUse
from stockwright.core.themes import Theme, load_themes, parse_theme

from .errors import OrderInvalid
from .places import PROMPTS

PER_THEME = 10
"""Pictures of each theme where no count is given."""

MAX_SEED = 2**53 - 1
MAX_COUNT = 100_000

_LATER = (
    *("sampler", "steps", "cfg", "size", "llm", "style", "quality", "images", "pictures"),
    "wish",
)
_LATER_OF_THEMES = ("areas", "seeds", "look", "people")


class Wish(BaseModel):
    """Pictures of a person, of whom an order knows no more than a token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    """As it was typed, in any language."""
    token: str
    """By which servers know the person."""
    phrase: str
    """What stands for the person while the prompt is rewritten."""
    front: str
    """The same as it stands in front of the finished prompt, with its weight and what follows."""
    references: str | None = None
    """SHA-256 of the photos that are shown to the model instead of a training."""


class Order(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    themes: tuple[Theme, ...] = ()
    kinds: tuple[Kind, ...] = ()
    count: int = Field(ge=1, le=MAX_COUNT)
    """Pictures in all."""
    seed: int = Field(ge=0, le=MAX_SEED)
    workflow: str
    """SHA-256 of the stock graph's JSON."""
    plan: str
    """SHA-256 of the plan graph's JSON."""
    checkpoint: str | None = None
    loras: tuple[LoraUse, ...] = ()
    sampler: str | None = None
    steps: int | None = Field(default=None, ge=1)
    cfg: float | None = Field(default=None, ge=0)
    size: tuple[int, int] | None = None
    """(width, height) in pixels, instead of the graph's own."""
    llm: str | None = None
    """The language model that plans: a file's name or a server's address."""
    settings: tuple[str, ...] = ()
    """`Node title.input=value`, in the order in which they were given."""
    style: str | None = None
    """Name of the style whose words, LoRAs and settings are in the other fields."""
    quality: str | None = None
    """SHA-256 of what pictures are examined for; None for nothing."""
    images: str | None = None
    """A folder of pictures that are there: they are worked on, instead of themes."""
    pictures: str | None = None
    """SHA-256 of the names and contents of these pictures."""
    wish: Wish | None = None
    """Whose pictures these are. The theme and the kind then say only how they are filed."""

    @model_validator(mode="after")
    def _has_something_to_make(self) -> Order:
        if self.images is None and not (self.themes and self.kinds):
            raise ValueError("an order needs themes and kinds, or pictures")
        return self

    @classmethod
    def checked(cls, **fields: Any) -> Order:
        """An order of the given fields. Raises OrderInvalid with the field that is wrong."""
        try:
            return cls(**fields)
        except ValidationError as error:
            raise OrderInvalid(_problems(error)) from error

    @property
    def id(self) -> str:
        """Eight hex digits that follow from the content."""
        content = self.model_dump(mode="json")
        # Orders that were written down before there were these fields keep their ids.
        content = {k: v for k, v in content.items() if k not in _LATER or v is not None}
        content["themes"] = [
            {k: v for k, v in theme.items() if k not in _LATER_OF_THEMES or v}
            for theme in content["themes"]
        ]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def name(self) -> str:
        """The name of its run folder: the themes, as far as they fit, and the id."""
        titles = [theme.title for theme in self.themes] or [Path(self.images or "").name]
        text = titles[0] if len(titles) == 1 else f"{len(titles)} themes"
        return f"{slug(text, 40)}-{self.id}"

    def theme_counts(self) -> dict[Theme, int]:
        """Pictures of each theme: even shares, exact by largest remainder."""
        if not self.themes:
            return {}
        by_id = quotas(self.count, {theme.id: 1.0 for theme in self.themes})
        return {theme: by_id[theme.id] for theme in self.themes}

    def wants_people(self, job: Job) -> bool:
        """Whether a job's kind wants people, and its theme allows them. True where neither is the
        order's own."""
        kinds = [kind.people for kind in self.kinds if kind.name == job.kind]
        themes = [theme.people != "no" for theme in self.themes if theme.title == job.theme]
        return all((*kinds, *themes))

    def kind_counts(self, count: int) -> dict[str, int]:
        """Pictures of each kind among `count` of one theme, exact by largest remainder."""
        return quotas(count, shares_of(self.kinds))

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json"), allow_unicode=True, sort_keys=False)

    @classmethod
    def from_yaml(cls, path: Path) -> Order:
        """Raises OrderInvalid with the file and the key that is wrong."""
        try:
            return cls.model_validate(yaml.safe_load(path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise OrderInvalid(f"the order cannot be read: {error}", where=str(path)) from error
        except ValidationError as error:
            raise OrderInvalid(
                _problems(error),
                where=str(path),
                hint="This file is written by the driver; start a new run instead of editing it.",
            ) from error

    def differences(self, other: Order) -> list[str]:
        """Names of the fields in which two orders differ."""
        mine, theirs = self.model_dump(), other.model_dump()
        return [name for name in mine if mine[name] != theirs[name]]


def read_themes(texts: Sequence[str]) -> tuple[Theme, ...]:
    """Themes from what was typed: `all`, a name of a theme file, or any other text.

    Raises ThemeInvalid, or OrderInvalid for a theme that is named twice.
    """
    known = load_themes([PROMPTS])
    themes: list[Theme] = []
    for text in texts:
        themes += known if text.strip().casefold() == "all" else [parse_theme(text, known)]
    for names in ([t.title for t in themes], [t.id for t in themes]):
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise OrderInvalid(f"the theme {twice[0]!r} is named twice", where="--theme")
    return tuple(themes)


def remarks(themes: Sequence[Theme], count: int | None) -> list[str]:
    """What a person may not have meant: a theme that looks misspelt, themes without a picture."""
    known = load_themes([PROMPTS])
    words = {
        word: theme.title
        for theme in known
        for name in (theme.id, theme.title, theme.title_ru, *theme.aliases)
        for word in (name.casefold(), *name.casefold().split())
        if len(word) > 3
    }
    found: list[str] = []
    for theme in themes:
        near = difflib.get_close_matches(theme.title.casefold(), words, 1, 0.8)
        if near and theme not in known:
            meant = words[near[0]]
            found.append(f"{theme.title!r} is taken as a new theme. Did you mean {meant!r}?")
    if count is not None and 0 < count < len(themes):
        found.append(f"{count} pictures over {len(themes)} themes: some themes get none.")
    return found


def read_kinds(text: str | None) -> tuple[Kind, ...]:
    """Kinds from `name=share, …`, or all of the kinds file. Raises KindInvalid."""
    known = load_kinds([PROMPTS])
    return known if text is None else parse_kinds(text, known)


def _problems(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())


def digest(graph: dict[str, Any]) -> str:
    """SHA-256 of a graph's JSON, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()
