"""Likes and dislikes of a person's pictures, each with all that made the picture.

ratings.sqlite in the person's folder: one row a picture, by the SHA-256 of its file; who judges it
again changes the row. A picture is known by its content, so a copy elsewhere may be judged, too.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from stockwright.core.jobs import Job
from stockwright.core.modifiers.phrases import is_modifier, split_prompt
from stockwright.core.modifiers.verdicts import PRIOR_DISLIKES, PRIOR_LIKES
from stockwright.core.people import PHOTOMAKER, TRIGGER

from ..errors import AvatarUnknown, DiskTrouble
from ..hashing import file_sha256
from ..schema import JOB_COLUMNS, job_of
from .people import PEOPLE, PRIVATE_FILE, Folder, names

_FILE = "ratings.sqlite"


class Rating(BaseModel):
    """A verdict, and what made the picture."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    """Of the picture's file."""
    liked: bool
    at: float
    """Seconds since 1970."""
    run: str
    """Name of the run's folder."""
    file: str
    """Below the run's folder."""
    job: str
    """Id in the run's ledger."""
    wish: str
    """The job's subject."""
    prompt: str
    negative: str
    modifiers: tuple[str, ...]
    """What the prompt adds to the wish, as `modifiers_of` finds it."""
    axes: dict[str, str]
    seed: int
    size: tuple[int, int]
    """(width, height) in pixels of the job, not of the finished picture."""
    model: str
    """Key of the person's model; empty without one."""
    style: str
    checkpoint: str
    loras: tuple[str, ...]
    """As `name:strength`, besides the person's own those of a style."""
    order: str
    """The whole order, as order.yaml has it."""


def rate(folder: Folder, picture: Path, liked: bool) -> Rating:
    """Keeps a verdict. Raises AvatarUnknown for a picture that no run of the person made, or that
    is not there, AvatarInvalid and DiskTrouble."""
    with folder.unnamed():
        folder.read()
        rating = _rating(folder, picture, _hash(picture), liked)
        Ratings(folder).keep(rating)
        return rating


def owner_of(picture: Path, people: Path = PEOPLE) -> Folder:
    """The person a picture was made of. Raises AvatarUnknown."""
    digest = _hash(picture)
    for name in names(people):
        folder = Folder(name, people)
        if _found(folder, digest) is not None:
            return folder
    raise _unknown(picture)


def modifiers_of(job: Job) -> tuple[str, ...]:
    """The phrases of the job's prompt that are neither its subject's nor call the person."""
    wished = set(split_prompt(job.subject))
    phrases = dict.fromkeys(split_prompt(job.prompt))
    return tuple(
        phrase
        for phrase in phrases
        if phrase not in wished
        and {TRIGGER, PHOTOMAKER}.isdisjoint(phrase.split())
        and is_modifier(phrase)
    )


class Ratings:
    """The verdicts of one person. The file is made with the first of them."""

    def __init__(self, folder: Folder) -> None:
        self._path = folder.path / _FILE

    def keep(self, rating: Rating) -> None:
        """Raises DiskTrouble."""
        with self._open(make=True) as db:
            db.execute(
                "INSERT OR REPLACE INTO ratings VALUES (?, ?, ?)",
                (rating.sha256, rating.at, rating.model_dump_json()),
            )
            db.commit()

    def all(self) -> list[Rating]:
        """The oldest first. Raises DiskTrouble."""
        if not self._path.exists():
            return []
        with self._open() as db:
            rows = db.execute("SELECT rating FROM ratings ORDER BY at, sha256").fetchall()
        try:
            return [Rating.model_validate_json(text) for (text,) in rows]
        except ValidationError as error:
            raise self._broken(error.errors()[0]["msg"]) from error

    def marks(self) -> dict[str, tuple[int, int]]:
        """(likes, dislikes) of each modifier, as `Verdicts` takes them."""
        likes: Counter[str] = Counter()
        dislikes: Counter[str] = Counter()
        for rating in self.all():
            (likes if rating.liked else dislikes).update(rating.modifiers)
        return {phrase: (likes[phrase], dislikes[phrase]) for phrase in sorted(likes | dislikes)}

    def modifier_weights(self) -> dict[str, float]:
        """How much more likely than not a picture with the modifier is liked, as log-odds.

        ln((likes + a) / (dislikes + b)) with a = b = 2, the Beta prior of `Verdicts`: 0 for what
        was liked as often as not, or never judged, so that a single verdict gives ±.41 and no
        number of them infinity. Adding two of each before the ratio is taken is the adjustment of
        Agresti and Coull (The American Statistician 52, 1998) for few observations.
        """
        return {
            phrase: math.log((likes + PRIOR_LIKES) / (dislikes + PRIOR_DISLIKES))
            for phrase, (likes, dislikes) in self.marks().items()
        }

    @contextmanager
    def _open(self, make: bool = False) -> Generator[sqlite3.Connection]:
        try:
            if make:  # SQLite would let others read it
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
            with closing(sqlite3.connect(self._path)) as db:
                db.execute(
                    "CREATE TABLE IF NOT EXISTS ratings (sha256 TEXT PRIMARY KEY, at REAL NOT NULL,"
                    " rating TEXT NOT NULL)"
                )
                yield db
        except (sqlite3.Error, OSError) as error:
            raise self._broken(str(error)) from error

    def _broken(self, why: str) -> DiskTrouble:
        return DiskTrouble(
            f"the ratings cannot be used: {why}",
            where=str(self._path),
            hint="Make room; if the file is damaged, move it away: the ratings start anew.",
        )


def _rating(folder: Folder, picture: Path, digest: str, liked: bool) -> Rating:
    found = _found(folder, digest)
    if found is None:
        raise _unknown(picture)
    run, job, file = found
    text, order = _order(run)
    keys = [model.key for model in folder.read().models if model.key in text]
    return Rating(
        sha256=digest,
        liked=liked,
        at=time.time(),
        run=run.name,
        file=file,
        job=job.id,
        wish=job.subject,
        prompt=job.prompt,
        negative=job.negative,
        modifiers=modifiers_of(job),
        axes=dict(job.axes),
        seed=job.seed,
        size=(job.width or 0, job.height or 0),
        model=keys[0] if keys else "",
        style=str(order.get("style") or ""),
        checkpoint=str(order.get("checkpoint") or ""),
        loras=tuple(f"{one['name']}:{one['strength']:g}" for one in order.get("loras") or ()),
        order=text,
    )


def _found(folder: Folder, digest: str) -> tuple[Path, Job, str] | None:
    """The run that made a picture, the job, and the file below the run's folder."""
    query = f"SELECT {JOB_COLUMNS}, jobs.file FROM jobs WHERE jobs.file LIKE ?"
    for ledger in sorted(folder.made.glob("*/run.sqlite")):
        try:
            with closing(sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro", uri=True)) as db:
                row: list[Any] | None = db.execute(query, (f"%{digest}%",)).fetchone()
        except sqlite3.Error:
            continue  # its own command will say so
        if row is not None:
            *columns, file = row
            return ledger.parent, job_of(columns), str(json.loads(file)[0])
    return None


def _order(run: Path) -> tuple[str, dict[str, Any]]:
    """The run's order as text and read; nothing where it is gone."""
    try:
        text = (run / "order.yaml").read_text("utf-8")
        return text, yaml.safe_load(text) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return "", {}


def _hash(picture: Path) -> str:
    try:
        return file_sha256(picture)
    except OSError as error:
        raise AvatarUnknown(
            f"the picture cannot be read: {error.strerror}",
            where=picture.name,
            hint="Give the path of a picture that was made, below made in the person's folder.",
        ) from error


def _unknown(picture: Path) -> AvatarUnknown:
    return AvatarUnknown(
        "no run made this picture, or it was changed since",
        where=picture.name,
        hint="Give a picture as it was made, out of the person's folder made.",
    )
