"""The page itself: figures, plots and thumbnails put into the template."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stockwright.core.quality import Action, read_quality

from ..collect import write_file
from ..gate.quality import Quality, frozen_quality
from ..gate.verdicts import Judged, Verdicts
from ..ledger import Entry, JobState, Ledger
from . import checks
from .figures import figures
from .plots import HEIGHT, WIDTH, Plot, histogram
from .thumbs import thumbnails

NAME = "report.html"
MOST_PICTURES = 600
"""Thumbnails of finished pictures in a page: some 5 MB."""
MOST_REJECTED = 60
"""Thumbnails for one reason."""
_HIDDEN = ("themes", "kinds", "count", "settings", "loras", "images", "wish")
"""Parts of an order that are shown in words of their own, or are too long."""
_NAMES = {
    "workflow": "workflow, SHA-256",
    "plan": "plan graph, SHA-256",
    "quality": "quality.yaml, SHA-256",
    "pictures": "pictures that were given, SHA-256",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A thumbnail with its file, relative to the page, and what stands below it."""

    image: str
    file: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    heading: str
    total: int
    pictures: Sequence[Shown]
    size: str = ""
    """Width and height of its pictures, where all have the same."""


def write_report(ledger: Ledger, folder: Path) -> Path:
    """Writes the report of the run in `folder` anew, and returns its path."""
    found = figures(ledger)
    judged = list(Verdicts(ledger).judged())
    file = folder / "quality.yaml"
    quality = frozen_quality(file) if file.exists() else Quality({})
    plots = _plots(judged, quality.thresholds())
    page = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            figures=found,
            title=", ".join(dict.fromkeys(row.theme for row in found.rows)) or folder.name,
            run=folder.resolve().name,
            painted=ledger.settled("checkpoint") or "",
            groups=_groups(ledger, folder, judged),
            checks=checks.rows(read_quality(quality.complete), judged),
            seen=_seen(Verdicts(ledger).described(), quality),
            plots=plots,
            titles={
                plot.name: (checks.title_of(plot.name), checks.about(plot.name)) for plot in plots
            },
            rejects=_rejects(judged, folder),
            width=WIDTH,
            height=HEIGHT,
            settings=_settings(folder),
            models=ledger.settled("models") or [],
            quality=_text(file),
        )
    )
    path = folder / NAME
    write_file(path, page.encode())
    return path


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _groups(ledger: Ledger, folder: Path, judged: Sequence[Judged]) -> list[Group]:
    """Finished pictures by theme and kind; of large pools the first ones of each."""
    notes = {one.entry.job.id: checks.likeness(one.verdict) for one in judged}
    by_heading: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in ledger.entries():
        if entry.state is JobState.DONE:
            by_heading[f"{entry.job.theme} · {entry.job.kind}"].append(entry)
    total = sum(map(len, by_heading.values()))
    share = min(MOST_PICTURES / total, 1.0) if total else 1.0
    groups: list[Group] = []
    for heading, entries in by_heading.items():
        some = entries[: max(int(len(entries) * share), 1)]
        shown = _shown(some, folder, [notes.get(entry.job.id, "") for entry in some])
        groups.append(Group(heading, len(entries), shown, _size(entries)))
    return groups


def _size(entries: Sequence[Entry]) -> str:
    sizes = {f"{entry.file.width}x{entry.file.height}" for entry in entries if entry.file}
    return sizes.pop() if len(sizes) == 1 else ""


def _seen(described: Mapping[str, int], quality: Quality) -> str:
    """What near-duplicates were looked for by."""
    if quality.duplicate.action is Action.OFF:
        return ""
    if not described:
        return (
            "Near-duplicates were looked for by perceptual hashes alone: no CLIP-vision model of"
            " the server looked at the pictures."
        )
    models = " and ".join(f"{count} pictures also by {name}" for name, count in described.items())
    return f"Near-duplicates were looked for by perceptual hashes, in {models}."


def _shown(entries: Sequence[Entry], folder: Path, notes: Sequence[str]) -> list[Shown]:
    files = [entry.file.path if entry.file else "" for entry in entries]
    images = thumbnails([folder / file for file in files])
    return [
        Shown(image, file, entry.job.subject, note)
        for image, file, entry, note in zip(images, files, entries, notes, strict=True)
    ]


def _plots(judged: Iterable[Judged], limits: Mapping[str, Sequence[float]]) -> list[Plot]:
    passed: defaultdict[str, list[float]] = defaultdict(list)
    rejected: defaultdict[str, list[float]] = defaultdict(list)
    for one in judged:
        kind = rejected if one.verdict.reasons else passed
        for name, score in one.verdict.scores.items():
            if score is not None:
                kind[name].append(score)
    names = dict.fromkeys([*passed, *rejected])
    return [histogram(n, passed[n], rejected[n], limits.get(n, ())) for n in names]


def _rejects(judged: Sequence[Judged], folder: Path) -> list[Group]:
    by_reason: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        for reason in one.verdict.reasons:
            by_reason[reason].append(one)
    subjects = {one.entry.job.id: one.entry.job.subject for one in judged}
    groups: list[Group] = []
    for reason, found in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        some = found[:MOST_REJECTED]
        notes = [checks.why(reason, one, subjects) for one in some]
        shown = _shown([one.entry for one in some], folder, notes)
        groups.append(Group(checks.title_of(reason), len(found), shown))
    return groups


def _settings(folder: Path) -> dict[str, str]:
    """What was asked, as it stands in the frozen order."""
    text = _text(folder / "order.yaml")
    order: dict[str, Any] = yaml.safe_load(text) if text else {}
    wish: dict[str, Any] = order.get("wish") or {}
    told = {
        "pictures": str(order.get("count", "")),
        # Its name only: where it lies is nobody's who is given the report.
        "folder of pictures": Path(order.get("images") or "").name,
        "wish": str(wish.get("text", "")),
        "themes": ", ".join(theme["title"] for theme in order.get("themes", [])),
        "kinds": ", ".join(f"{k['name']} {k['share']:g}" for k in order.get("kinds", [])),
        "LoRAs": ", ".join(f"{use['name']}:{use['strength']:g}" for use in order.get("loras", [])),
        "set": "; ".join(order.get("settings", [])),
    }
    told |= {
        _NAMES.get(name, name): str(value)
        for name, value in order.items()
        if name not in _HIDDEN and value not in (None, [], "")
    }
    return {name: value for name, value in told.items() if value}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
