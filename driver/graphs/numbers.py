"""The size of a graph's pictures and its seeds: where these numbers stand.

The size is that of the node that makes the first sampler's empty latent: it has the whole numbers
`width` and `height` and takes no latent. Nodes behind the samplers that have the very same width
and height, such as a scheduler that follows the size, go with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BindingError
from .definitions import InputSpec, node_def
from .links import behind, first_samplers, links_of_type, picture_nodes
from .model import ApiGraph, ObjectInfo, is_link, with_inputs

SIDES = ("width", "height")
SEEDS = ("seed", "noise_seed")
BATCH = "batch_size"


@dataclass(frozen=True)
class Number:
    """A whole number in a graph: its node and input."""

    node_id: str
    input: str


@dataclass(frozen=True)
class Size:
    """(width, height) in pixels, and the places of both; a place may serve both."""

    pixels: tuple[int, int]
    widths: tuple[Number, ...]
    heights: tuple[Number, ...]
    batches: tuple[Number, ...]
    """Where the number of pictures in a latent stands."""


def size_of(api: ApiGraph, info: ObjectInfo) -> Size | None:
    """The size of the pictures, or None where the graph takes it from elsewhere, such as from a
    picture."""
    starts = first_samplers(api, info)
    latents = list(dict.fromkeys(i for start in starts for i in _latents(api, info, start)))
    sides = [found for i in latents if (found := _sides(api, info, i))]
    if not sides:
        return None
    pixels = _pixels(api, sides[0])
    others = (_sides(api, info, node_id) for node_id in behind(api, starts))
    same = [found for found in (*sides, *others) if found and _pixels(api, found) == pixels]
    return Size(
        pixels,
        widths=tuple(dict.fromkeys(width for width, _ in same)),
        heights=tuple(dict.fromkeys(height for _, height in same)),
        batches=tuple(Number(i, BATCH) for i in latents if BATCH in api[i]["inputs"]),
    )


def set_size(api: ApiGraph, width: int, height: int, info: ObjectInfo) -> ApiGraph:
    """Sets the size of the pictures. Raises BindingError where no place for it is found, or where
    one number is both sides and these differ."""
    size = size_of(api, info)
    if size is None:
        raise BindingError(
            "no node that makes an empty latent for the first sampler is found",
            where=f"size {width}x{height}",
            hint='Name the inputs: "Node title.width" and "Node title.height".',
        )
    if width != height and set(size.widths) & set(size.heights):
        raise BindingError(
            "the graph takes its width and height from one number", where=f"size {width}x{height}"
        )
    changed = api
    for places, value in ((size.widths, width), (size.heights, height)):
        for place in places:
            changed = with_inputs(changed, {place.node_id: {place.input: value}})
    return changed


def seeds_of(api: ApiGraph, info: ObjectInfo) -> list[Number]:
    """Every seed behind the nodes that take pictures, where its number stands."""
    found: list[Number] = []
    for node_id in behind(api, picture_nodes(api, info)):
        definition = node_def(info, api[node_id]["class_type"])
        for spec in definition.inputs if definition else ():
            if spec.name in SEEDS and spec.type == "INT":
                place = _number_at(api, info, node_id, spec.name)
                # A number that is worked out is replaced where it is used.
                found.append(place or Number(node_id, spec.name))
    return list(dict.fromkeys(found))


def _latents(api: ApiGraph, info: ObjectInfo, sampler: str) -> list[str]:
    """Nodes that make a sampler's latent, and take none themselves."""
    found: dict[str, None] = {}
    waiting, seen = [sampler], set[str]()
    while waiting:
        node_id = waiting.pop(0)
        if node_id in seen:
            continue
        seen.add(node_id)
        latents = [output[0] for _, output in links_of_type(api, info, node_id, "LATENT")]
        waiting += latents
        if not latents and node_id != sampler:
            found[node_id] = None
    return list(found)


def _number_at(api: ApiGraph, info: ObjectInfo, node_id: str, name: str) -> Number | None:
    """Where an input's number stands: there, or in a node that holds one number and is linked."""
    for _ in api:
        value = api[node_id]["inputs"].get(name)
        if not is_link(value):
            return Number(node_id, name)
        if value[0] not in api:
            return None
        held = _held_numbers(api, info, str(value[0]))
        if len(held) != 1:
            return None
        node_id, name = str(value[0]), held[0].name
    return None


def _held_numbers(api: ApiGraph, info: ObjectInfo, node_id: str) -> list[InputSpec]:
    definition = node_def(info, api[node_id]["class_type"])
    if definition is None or definition.outputs[:1] != ("INT",):
        return []
    return [spec for spec in definition.inputs if spec.type == "INT"]


def _sides(api: ApiGraph, info: ObjectInfo, node_id: str) -> tuple[Number, Number] | None:
    """Where a node's width and height stand, or None unless it has both as known numbers."""
    definition = node_def(info, api[node_id]["class_type"])
    kinds = {spec.name: spec.type for spec in definition.inputs} if definition else {}
    if any(kinds.get(side) != "INT" for side in SIDES):
        return None
    width, height = (_number_at(api, info, node_id, side) for side in SIDES)
    if width is None or height is None:
        return None
    values = [api[place.node_id]["inputs"].get(place.input) for place in (width, height)]
    return (width, height) if all(type(value) is int for value in values) else None


def _pixels(api: ApiGraph, sides: tuple[Number, Number]) -> tuple[int, int]:
    width, height = (int(api[place.node_id]["inputs"][place.input]) for place in sides)
    return width, height
