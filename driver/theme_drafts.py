"""A theme file that a language model has begun, for a person to complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import yaml

from stockwright.core.jobs import Job
from stockwright.core.themes import Theme, new_theme

WIDTH = 100
_AREA = re.compile(r"\barea ([^,]+)")

_HEAD = """\
# Drafted by a language model. Read every line, and take out what is not of this theme.
# Then look at it with `{command} check FILE`.
"""
_NOTES = {
    "title_ru": "The title in Russian, so that the theme is found by it.",
    "aliases": "Other names by which it is to be found, English and Russian: [diving, wrecks].",
    "about": "What the theme is about, 15 to 25 phrases between commas.",
    "avoid": "What drifts off the theme, phrases between commas: no subject may hold one of them.",
    "look": "Two to four words that go into every prompt, such as: bright and welcoming",
    "areas": "Parts of the theme, 10 to 16: places, activities, trades.",
    "seeds": "Subjects by kind, 30 or more each: what one picture can show, without people.",
}


def drafted(title: str, jobs: Iterable[Job]) -> Theme:
    """The theme that planned jobs make: their subjects are its seeds, and the areas that their
    origins name are its own.

    Raises:
        ThemeInvalid: a title that cannot be one.
    """
    seeds: dict[str, dict[str, None]] = {}
    named: dict[str, None] = {}
    for job in jobs:
        seeds.setdefault(job.kind, {})[job.subject] = None
        if area := _AREA.search(job.origin):
            named[area[1].strip()] = None
    return replace(
        new_theme(title),
        about=", ".join(named),
        areas=tuple(named),
        seeds=tuple((kind, tuple(subjects)) for kind, subjects in seeds.items()),
    )


def draft_text(theme: Theme, command: str) -> str:
    """The file of a drafted theme, with a comment on each key that a person should look at.

    `command` is how the check is run. `parse_theme` makes the same theme of the text.
    """
    lines = [_HEAD.format(command=command), _scalar("id", theme.id), _scalar("title", theme.title)]
    for key in ("title_ru", "aliases", "about", "avoid", "look"):
        value = getattr(theme, key)
        lines += [
            f"# {_NOTES[key]}",
            *(_list(key, value) if key == "aliases" else [_scalar(key, value)]),
        ]
    lines += [f"# {_NOTES['areas']}", *_list("areas", theme.areas)]
    lines += [f"# {_NOTES['seeds']}", "seeds:"]
    for kind, subjects in theme.seeds:
        lines += [f"  {line}" for line in _list(kind, subjects)]
    return "\n".join(lines) + "\n"


def _scalar(key: str, value: str) -> str:
    return yaml.safe_dump({key: value}, allow_unicode=True, width=WIDTH - 10).rstrip("\n")


def _list(key: str, items: Sequence[str]) -> list[str]:
    """`key: [` and the items, as many on a line as fit, and `]`."""
    lines = [""]
    for item in items:
        # As YAML writes it between brackets, without the brackets.
        written = yaml.safe_dump([item], allow_unicode=True, default_flow_style=True, width=10**6)
        part = written.strip()[1:-1] + ","
        if len(lines[-1]) + len(part) > WIDTH - 6:
            lines.append("")
        lines[-1] = f"{lines[-1]} {part}".strip()
    head = _scalar(key, "x").removesuffix(" x")
    return [f"{head} []"] if not items else [f"{head} [", *(f"  {line}" for line in lines), "]"]
