"""What a file says of its picture, whatever the format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from ...core.jobs import Job
from ...core.keywords import Description
from ...core.sources import Source


class Named(Protocol):
    """Whose the picture is."""

    @property
    def creator(self) -> str: ...

    @property
    def copyright(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Label:
    """`title` and `description` by language code, with "en" among them.

    `job` is JSON, or "". `graphs` are JSON texts by the names under which ComfyUI finds them,
    `prompt` (the API graph) and `workflow` (the canvas graph). `source` is how the picture came
    into being.
    """

    title: Mapping[str, str]
    description: Mapping[str, str]
    keywords: tuple[str, ...]
    creator: str = ""
    copyright: str = ""
    job: str = ""
    graphs: Mapping[str, str] = field(default_factory=dict[str, str])
    source: Source = Source.MODEL


class Details(StrEnum):
    """How much a file tells beside the description and how the picture came into being."""

    ALL = "all"
    NO_GRAPH = "no graph"
    """Creator, copyright and signature, but neither job nor graph."""
    ANONYMOUS = "anonymous"
    """Nothing that could lead to a person or a server."""


def make_label(
    job: Job,
    words: Description,
    details: Details,
    owner: Named,
    graphs: Mapping[str, str],
) -> Label:
    """What a file says of a job's picture; `graphs` are as in `Label`."""
    told = Label(words.title, words.description, words.keywords, source=job.source)
    if details is not Details.ANONYMOUS:
        told = replace(told, creator=owner.creator, copyright=owner.copyright)
    if details is Details.ALL:
        told = replace(told, job=json.dumps(job.to_dict(), ensure_ascii=True), graphs=graphs)
    return told
