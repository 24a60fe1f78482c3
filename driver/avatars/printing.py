"""What `avatar.py` prints of people, on standard output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import StockwrightError
from ..ledger import JobState, Ledger
from .people import Folder
from .ratings import Ratings

_LEDGER = "run.sqlite"
_SHOWN = (
    *("name", "word", "consent", "captions", "photos", "crops", "pictures", "likes", "dislikes"),
)


def print_people(people: Sequence[Folder], *, as_json: bool) -> None:
    """One whose files cannot be read is told as that, and hides nobody."""
    told: list[dict[str, Any]] = []
    broken: list[dict[str, str]] = []
    for folder in people:
        try:
            told.append(_told(folder))
        except StockwrightError as error:
            broken.append({"name": folder.name, "trouble": error.what})
    if as_json:
        for one in (*told, *broken):
            print(json.dumps(one, ensure_ascii=False))
        return
    if not people:
        print("Nobody yet. Add a person: python driver/avatar.py add NAME PHOTO…")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "photos", "models", "pictures", "likes", "dislikes"):
        table.add_column(column)
    for one in told:
        models = ", ".join(f"{m['family']} ({m['steps']} steps)" for m in one["models"]) or "none"
        counts = (one["pictures"], one["likes"], one["dislikes"])
        table.add_row(one["name"], str(one["photos"]), models, *map(str, counts))
    _console().print(table)
    for one in broken:
        print(f"{one['name']}: {one['trouble']}. See: python driver/avatar.py show {one['name']}")


def print_person(folder: Folder, *, as_json: bool) -> None:
    """Raises AvatarUnknown."""
    told, ratings = _told(folder), Ratings(folder).all()
    if as_json:
        told["ratings"] = [rating.model_dump(mode="json") for rating in ratings]
        print(json.dumps(told, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for key in _SHOWN:
        table.add_row(key, Text(str(told[key]), overflow="fold"))
    for model in told["models"]:
        table.add_row("model", f"{model['family']}, {model['checkpoint']}, {model['steps']} steps,"
                      f" strength {model['strength']:g}, key {model['key']}")  # fmt: skip
    for run in told["runs"]:
        table.add_row("run", Text(run, overflow="fold"))
    _console().print(table)
    for one in ratings:  # no table: paths are copied
        print(f"{'like' if one.liked else 'dislike':8} {folder.made / one.run / one.file}")
        print(f"{'':8} {one.prompt} (style {one.style or 'none'}, seed {one.seed})")
    if weights := Ratings(folder).modifier_weights():
        ranked = sorted(weights.items(), key=lambda item: (-abs(item[1]), item[0]))
        print("what follows: " + ", ".join(f"{name} {weight:+.2f}" for name, weight in ranked[:12]))


def print_incomplete(name: str, removed: Sequence[str], *, as_json: bool) -> None:
    """What is gone of a person of whom something is left."""
    if as_json:
        print(json.dumps({"forgetting": name, "removed": list(removed)}, ensure_ascii=False))
        return
    for place in removed:
        print(f"removed  {place}")


def print_removed(name: str, removed: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"forgotten": name, "removed": list(removed)}, ensure_ascii=False))
        return
    for place in removed:
        print(f"removed  {place}")
    print(f"{name} is forgotten: {len(removed)} removed, nothing is left" if removed
          else f"There is nothing of {name}.")  # fmt: skip


def _told(folder: Folder) -> dict[str, Any]:
    person, ratings = folder.read(), Ratings(folder).all()
    runs = sorted(path.parent for path in folder.made.glob(f"*/{_LEDGER}"))
    liked = sum(rating.liked for rating in ratings)
    return {
        "name": folder.name,
        "word": person.word,
        "consent": person.consent,
        "captions": person.captions or "templates",
        "photos": len(person.photos),
        "crops": len(person.crops),
        "models": [model.model_dump(mode="json") for model in person.models],
        "pictures": sum(_done(run / _LEDGER) for run in runs),
        "runs": [str(run) for run in runs],
        "likes": liked,
        "dislikes": len(ratings) - liked,
    }


def _done(ledger: Any) -> int:
    opened = Ledger(ledger)
    try:
        return opened.counts()[JobState.DONE]
    finally:
        opened.close()


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    return console
