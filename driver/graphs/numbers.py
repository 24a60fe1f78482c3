"""The size of a graph's pictures and its seeds: where these numbers stand.

The size is that of the node that makes the first sampler's empty latent: it has the whole numbers
`width` and `height` and takes no latent. Nodes behind the samplers that have the very same width
and height, such as a scheduler that follows the size, go with it.

A number that comes by a link is replaced where it is used: what else takes it, such as a second
pass or a crop, keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BindingError
from .definitions import InputSpec, node_def
from .links import behind, links_of_type, picture_nodes
from .model import ApiGraph, ObjectInfo, is_link, with_inputs
from .samplers import first_samplers

SIDES = ("width", "height")
SEEDS = ("seed", "noise_seed")
BATCH = "batch_size"


@dataclass(frozen=True)
class Number:
    """A whole number in a graph: the node and input that use it, and those where it stands."""

    node_id: str
    input: str
    held: tuple[str, str]
    """The same, unless a node that holds one number is linked; also where it is worked out."""


@dataclass(frozen=True)
class Size:
    """(width, height) in pixels, and the places of both."""

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
        batches=tuple(Number(i, BATCH, (i, BATCH)) for i in latents if BATCH in api[i]["inputs"]),
    )


def set_size(api: ApiGraph, width: int, height: int, info: ObjectInfo) -> ApiGraph:
    """Sets the size of the pictures. Raises BindingError where no place for it is found."""
    size = size_of(api, info)
    if size is None:
        raise BindingError(
            "no node that makes an empty latent for the first sampler is found",
            where=f"size {width}x{height}",
            hint='Name the inputs: "Node title.width" and "Node title.height".',
        )
    values: dict[str, dict[str, int]] = {}
    for places, value in ((size.widths, width), (size.heights, height)):
        for place in places:
            values.setdefault(place.node_id, {})[place.input] = value
    return with_inputs(api, values)


def seeds_of(api: ApiGraph, info: ObjectInfo) -> list[Number]:
    """Every seed behind the nodes that take pictures."""
    found: list[Number] = []
    for node_id in behind(api, picture_nodes(api, info)):
        definition = node_def(info, api[node_id]["class_type"])
        for spec in definition.inputs if definition else ():
            if spec.name in SEEDS and spec.type == "INT":
                held = _held_at(api, info, node_id, spec.name)
                found.append(Number(node_id, spec.name, held or (node_id, spec.name)))
    return found


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


def _held_at(api: ApiGraph, info: ObjectInfo, node_id: str, name: str) -> tuple[str, str] | None:
    """Where an input's number stands: there, or in a node that holds one number and is linked. None
    where it is worked out."""
    for _ in api:
        value = api[node_id]["inputs"].get(name)
        if not is_link(value):
            return node_id, name
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
    """A node's width and height, or None unless it has both as known numbers."""
    definition = node_def(info, api[node_id]["class_type"])
    kinds = {spec.name: spec.type for spec in definition.inputs} if definition else {}
    if any(kinds.get(side) != "INT" for side in SIDES):
        return None
    found: list[Number] = []
    for side in SIDES:
        held = _held_at(api, info, node_id, side)
        if held is None or type(api[held[0]]["inputs"].get(held[1])) is not int:
            return None
        found.append(Number(node_id, side, held))
    return found[0], found[1]


def _pixels(api: ApiGraph, sides: tuple[Number, Number]) -> tuple[int, int]:
    width, height = (int(api[side.held[0]]["inputs"][side.held[1]]) for side in sides)
    return width, height
