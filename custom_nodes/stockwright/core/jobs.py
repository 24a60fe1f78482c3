"""Jobs: one picture to be made each, and the JSON in which they travel.

A list of jobs is a JSON array of objects (or a single object). Only `prompt` is required; `id` is
made from the other fields where it is missing. `width` and `height` are pixels, multiples of 8
from 16 to 16384, and may be left out together: then the node's own size counts. `seed` is an
integer from 0 to 2**64 - 1. `theme`, `kind` and `subject` are free text and name the file.
`origin` says how the subject came about, `axes` what was drawn for the prompt, such as
{"light": "blue hour"}, `source` how the picture comes into being, if not by a model alone (see
`sources`); the id does not depend on these three.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, cast

from .errors import JobInvalid
from .sources import Source

MIN_SIZE, MAX_SIZE, SIZE_STEP = 16, 16384, 8
MAX_SEED = 2**64 - 1
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TEXT_FIELDS = ("theme", "kind", "subject", "prompt", "negative", "origin")


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    theme: str
    kind: str
    subject: str
    prompt: str
    negative: str
    seed: int
    width: int | None = None
    height: int | None = None
    origin: str = ""
    axes: tuple[tuple[str, str], ...] = ()
    source: Source = Source.MODEL

    @classmethod
    def create(
        cls,
        *,
        theme: str,
        kind: str,
        subject: str,
        prompt: str,
        negative: str,
        seed: int,
        origin: str = "",
        axes: tuple[tuple[str, str], ...] = (),
    ) -> Job:
        """A job whose id follows from its content: 12 hex digits, the same for the same content."""
        digest = _digest(theme, kind, subject, prompt, negative, seed)
        return cls(digest, theme, kind, subject, prompt, negative, seed, origin=origin, axes=axes)

    def sized(self, width: int, height: int) -> Job:
        """This job with its own size, or with the given one where it has none."""
        if self.width is None:
            return replace(self, width=width, height=height)
        return self

    def to_dict(self) -> dict[str, Any]:
        """What `parse_jobs` reads back; what is not given is left out."""
        values = asdict(self) | {"axes": dict(self.axes)}
        if self.source is Source.MODEL:
            del values["source"]
        optional = ("width", "height", "origin", "axes")
        return {k: v for k, v in values.items() if k not in optional or v not in (None, "", {})}


def parse_jobs(source: str | Iterable[Any]) -> tuple[Job, ...]:
    """Jobs from JSON text or decoded JSON, checked.

    Raises:
        JobInvalid: text that is not JSON, no jobs, an id twice, an empty prompt, a size that is no
            multiple of 8 or out of range, an unknown field, a value of the wrong type.
    """
    decoded: Any = source
    if isinstance(source, str):
        try:
            decoded = json.loads(source)
        except (ValueError, RecursionError) as error:
            raise JobInvalid(
                f"jobs are not valid JSON: {error}",
                where="jobs",
                hint='Write a list such as [{"id": "a1", "prompt": "a red chair", "seed": 1}].',
            ) from error
    if isinstance(decoded, Mapping):
        decoded = [decoded]
    if not isinstance(decoded, (list, tuple)):
        raise JobInvalid("jobs must be a JSON list of objects", where="jobs")
    items = cast("list[Any]", decoded)
    jobs = tuple(_parse(item, index) for index, item in enumerate(items))
    check_jobs(jobs)
    return jobs


def check_jobs(jobs: tuple[Job, ...]) -> None:
    """Raises JobInvalid for an empty list or an id that stands twice."""
    if not jobs:
        raise JobInvalid(
            "there are 0 jobs",
            where="jobs",
            hint="Link a node that gives jobs, or write at least one job into the widget.",
        )
    seen: set[str] = set()
    for job in jobs:
        if job.id in seen:
            raise JobInvalid("the id stands twice", where=f"job {job.id}, field id")
        seen.add(job.id)


def check_size(width: int, height: int, where: str) -> None:
    """Raises JobInvalid unless both are multiples of 8 from 16 to 16384 pixels."""
    for name, value in (("width", width), ("height", height)):
        if value % SIZE_STEP or not MIN_SIZE <= value <= MAX_SIZE:
            raise JobInvalid(
                f"{value} is not a multiple of {SIZE_STEP} from {MIN_SIZE} to {MAX_SIZE}",
                where=f"{where}, field {name}",
                hint=f"The nearest size that fits is {_nearest_size(value)}.",
            )


def slug(text: str, limit: int = 60) -> str:
    """A file name's part: lower case, words joined by hyphens; letters of any script stay.

    It has at most `limit` characters and twice as many bytes of UTF-8: file systems count bytes, at
    most 255 for a whole name.
    """
    kept = "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKC", text).lower())
    cut = "-".join(kept.split())[:limit].encode()[: 2 * limit].decode(errors="ignore")
    return cut.strip("-") or "untitled"


def _nearest_size(value: int) -> int:
    return min(max(round(value / SIZE_STEP) * SIZE_STEP, MIN_SIZE), MAX_SIZE)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:12]


def _parse(item: Any, index: int) -> Job:
    where = f"job {index + 1}"
    if not isinstance(item, Mapping):
        raise JobInvalid("a job must be a JSON object", where=where)
    values = cast("Mapping[str, Any]", item)
    if isinstance(values.get("id"), str):
        where = f"job {values['id']}"
    known = {f.name for f in fields(Job)}
    if unknown := sorted(set(values) - known):
        raise JobInvalid(
            f"unknown field {unknown[0]!r}",
            where=where,
            hint=f"A job has the fields {', '.join(f.name for f in fields(Job))}.",
        )
    texts = {name: values.get(name, "") for name in _TEXT_FIELDS}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise JobInvalid("must be text", where=f"{where}, field {name}")
    if not texts["prompt"].strip():
        raise JobInvalid("the prompt is empty", where=f"{where}, field prompt")
    seed = _integer(values.get("seed", 0), f"{where}, field seed")
    if not 0 <= seed <= MAX_SEED:
        raise JobInvalid(f"{seed} is not from 0 to 2**64 - 1", where=f"{where}, field seed")
    job = Job.create(seed=seed, axes=_axes(values.get("axes", {}), where), **texts)
    job = replace(job, source=_source(values.get("source", Source.MODEL), where))
    if "id" in values:
        if not (isinstance(values["id"], str) and _ID.fullmatch(values["id"])):
            raise JobInvalid("an id is 1 to 64 letters, digits, - or _", where=f"{where}, field id")
        job = replace(job, id=values["id"])
    if ("width" in values) != ("height" in values):
        missing = "height" if "width" in values else "width"
        raise JobInvalid("width and height go together", where=f"{where}, field {missing}")
    if "width" in values:
        width = _integer(values["width"], f"{where}, field width")
        height = _integer(values["height"], f"{where}, field height")
        check_size(width, height, where)
        job = replace(job, width=width, height=height)
    return job


def _axes(value: Any, where: str) -> tuple[tuple[str, str], ...]:
    if isinstance(value, Mapping):
        items = tuple(cast("Mapping[Any, Any]", value).items())
        if all(isinstance(part, str) for item in items for part in item):
            return items
    raise JobInvalid("must be an object of texts", where=f"{where}, field axes")


def _source(value: Any, where: str) -> Source:
    if value not in tuple(Source):
        raise JobInvalid(
            f"{value!r} is no source of a picture",
            where=f"{where}, field source",
            hint=f"It is {' or '.join(Source)}.",
        )
    return Source(value)


def _integer(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise JobInvalid(f"{value!r} is not a whole number", where=where)
    return value
