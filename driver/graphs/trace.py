"""Driving a graph that has no Stockwright Batch: where a job goes in.

From the nodes that take pictures back to the samplers; from these through guider and conditioning
to the texts, to the seeds, and to the node that makes the empty latent. The first sampler's texts
are the job's. A later one, which continues the picture (a refiner, a second pass at a larger size),
gets them too. What --set names comes before all that: a value with a placeholder such as
`{prompt}` says where that part of a job belongs, any other value stays as it is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stockwright.core.jobs import Job, slug

from ..errors import BindingError, TraceUncertain
from .definitions import node_def
from .links import PREFIX, named
from .model import ApiGraph, ObjectInfo, names_of, one_line, shown, title_of, with_inputs
from .numbers import Number, seeds_of, size_of
from .stages import job_texts

_PART = re.compile(r"\{(prompt|negative|seed|width|height)\}")
_PLACED = ("prompt", "negative", "seed")
"""The parts of a job that a person may place."""
_WORD = re.compile(r"\{\s*(\w{1,20})\s*\}")
_ALIKE = 0.9


@dataclass(frozen=True)
class Place:
    """An input that takes a part of a job: `{prompt}`, `{seed}` and so on within `template`.

    `maximum` is that of a whole number; None for a text.
    """

    node_id: str
    input: str
    template: str
    maximum: int | None = None

    @property
    def fields(self) -> set[str]:
        return set(_PART.findall(self.template))


@dataclass(frozen=True)
class Trace:
    """`size` is (width, height) in pixels, or None where the graph takes it from elsewhere; `notes`
    are for a person."""

    places: tuple[Place, ...]
    size: tuple[int, int] | None
    notes: tuple[str, ...]


def has_placeholder(text: str) -> bool:
    return any(f"{{{part}}}" in text for part in _PLACED)


def check_placeholders(text: str, where: str) -> None:
    """Raises BindingError for a word in braces that is nearly a placeholder, such as `{Prompt}`;
    other braces are text."""
    for match in _WORD.finditer(text):
        near = difflib.get_close_matches(match[1].casefold().removesuffix("s"), _PLACED, 1, _ALIKE)
        if near and match[0] != f"{{{near[0]}}}":
            raise BindingError(
                f"unknown placeholder {match[0]}; there are {{prompt}}, {{negative}} and {{seed}}",
                where=where,
                hint=f"Did you mean {{{near[0]}}}?",
            )


def place_at(api: ApiGraph, info: ObjectInfo, place: tuple[str, str], template: str) -> Place:
    """The place that a person names for parts of a job. Raises BindingError where its type does not
    take them."""
    node_id, name = place
    definition = node_def(info, api[node_id]["class_type"])
    spec = definition.input(name) if definition else None
    where = f"{one_line(names_of(api)[node_id])}.{name}"
    if spec is None or spec.widget_type not in ("STRING", "INT"):
        raise BindingError("takes neither a text nor a whole number", where=where)
    if spec.widget_type == "STRING":
        return Place(node_id, name, template)
    if template.strip() != "{seed}":
        raise BindingError(f"takes {{seed}}, and not {template!r}", where=where)
    return _number(api, info, node_id, name, "{seed}")


def trace_graph(
    api: ApiGraph,
    info: ObjectInfo,
    named_places: Sequence[Place] = (),
    kept: Iterable[tuple[str, str]] = (),
) -> Trace:
    """Where jobs go into a graph. `named_places` are the person's own; `kept` are (node id, input)
    of values that stay.

    Raises TraceUncertain, listing what was found, unless each part of a job has its place.
    """
    told = {field for place in named_places for field in place.fields}
    fixed = {*kept, *((place.node_id, place.input) for place in named_places)}
    places = list(named_places)
    texts = job_texts(api, info, told, fixed)
    places += [Place(*text, "{prompt}") for text in texts.prompt]
    places += [Place(*text, "{negative}") for text in texts.negative]
    problems = list(texts.problems)
    seeds = [] if "seed" in told else seeds_of(api, info)
    numbers = [(number, "{seed}") for number in seeds]
    notes = (*texts.notes, *_own_texts(api, named_places), *_set_seeds(api, seeds, fixed))
    if not numbers and "seed" not in told:
        what = "no seed is found: the jobs' seeds do not count"
        if "prompt" in told:  # a person knows this graph
            notes = (*notes, what)
        else:
            problems.append(what)
    size = size_of(api, info)
    if size:
        numbers += [(number, "{width}") for number in size.widths]
        numbers += [(number, "{height}") for number in size.heights]
        numbers += [(number, "1") for number in size.batches]
    places += [
        _number(api, info, number.node_id, number.input, template)
        for number, template in numbers
        if fixed.isdisjoint({(number.node_id, number.input), number.held})
    ]
    if problems:
        raise TraceUncertain(
            "the graph has no Stockwright Batch, and where a job belongs in it is not certain:\n"
            + "\n".join(f"  {problem}" for problem in problems),
            hint='Name the place: --set "Node title.input={prompt}", and so {negative} and {seed};'
            " Title#2 is the second node of a title. Or add a Stockwright Batch in the canvas, and"
            " save the graph.",
        )
    return Trace(tuple(places), size.pixels if size else None, notes)


def bind_traced(api: ApiGraph, traced: Trace, job: Job) -> ApiGraph:
    """Puts a job, which has a size, into its places; a seed past an input's maximum begins anew."""
    parts = {
        "prompt": job.prompt,
        "negative": job.negative,
        "seed": str(job.seed),
        "width": str(job.width),
        "height": str(job.height),
    }
    values: dict[str, dict[str, Any]] = {}
    for place in traced.places:
        text = _PART.sub(lambda match: parts[match[1]], place.template)
        value = text if place.maximum is None else int(text) % (place.maximum + 1)
        values.setdefault(place.node_id, {})[place.input] = value
    return with_inputs(api, values)


def placeholders(api: ApiGraph, traced: Trace) -> ApiGraph:
    """The graph with `{prompt}`, `{seed}` and so on in the places of a job, for a person to read;
    a size stands in front of its own, as in `512 ({width})`."""
    width, height = traced.size or ("", "")
    sides = {"{width}": f"{width} ({{width}})", "{height}": f"{height} ({{height}})"}
    values: dict[str, dict[str, Any]] = {}
    for place in traced.places:
        value = sides.get(place.template, place.template)
        values.setdefault(place.node_id, {})[place.input] = value if place.fields else int(value)
    return with_inputs(api, values)


def name_files(api: ApiGraph, savers: Iterable[str], folder: str) -> ApiGraph:
    """Puts the files of these nodes, as far as they name them by a prefix, into `folder` of the
    server's output."""
    prefixes = {
        node_id: {PREFIX: f"{folder}/{place}-{slug(title_of(api, node_id))}"}
        for place, node_id in enumerate(savers)
        if PREFIX in api[node_id]["inputs"]
    }
    return with_inputs(api, prefixes)


def _own_texts(api: ApiGraph, named_places: Iterable[Place]) -> Iterator[str]:
    for place in named_places:
        parts = [part for part in ("prompt", "negative") if part in place.fields]
        if parts and _PART.sub("", place.template, count=1):
            yield (
                f"{named(api, place.node_id)}, {place.input} is {shown(place.template)}: the"
                f" manifest lists the {' and the '.join(parts)} alone; the whole text is in the"
                " graph that each picture carries."
            )


def _set_seeds(
    api: ApiGraph, seeds: Sequence[Number], fixed: Collection[tuple[str, str]]
) -> Iterator[str]:
    used = [(number.node_id, number.input) for number in seeds]
    held = [number.held for number in seeds]
    for node_id, name in dict.fromkeys(at for at in (*used, *held) if at in fixed):
        value = one_line(api[node_id]["inputs"].get(name))
        yield (
            f"{named(api, node_id)}, {name} is set to {value}: every picture gets it in place"
            " of the seed that the manifest lists."
        )


def _number(api: ApiGraph, info: ObjectInfo, node_id: str, name: str, template: str) -> Place:
    definition = node_def(info, api[node_id]["class_type"])
    spec = definition.input(name) if definition else None
    maximum = spec.options.get("max") if spec else None
    return Place(node_id, name, template, int(maximum or 2**63 - 1))
