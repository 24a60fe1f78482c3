"""LoRAs into a graph: into its LoRA Stack, or else as a chain of loaders behind the checkpoint."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import count

from stockwright.core import names
from stockwright.core.errors import LoraInvalid
from stockwright.core.loras import LoraUse, find_lora, parse_loras

from ..errors import BindingError
from .definitions import node_def
from .links import Output, behind, carried, links_into, named
from .model import ApiGraph, ObjectInfo, find_nodes, with_inputs
from .samplers import first_samplers

LOADER, MODEL_LOADER = "LoraLoader", "LoraLoaderModelOnly"


def set_loras(api: ApiGraph, loras: Sequence[LoraUse], info: ObjectInfo) -> ApiGraph:
    """Writes LoRAs into the graph's LoRA Stack in place of its own.

    A graph without one gets a chain of LoraLoaders behind the model, and the text encoder, that its
    first sampler uses: all that took these takes them from the last LoRA. Raises BindingError where
    there are several stacks, or not exactly one such model.
    """
    stacks = find_nodes(api, names.LORA_STACK)
    if len(stacks) > 1:
        raise BindingError(
            f"the graph has {len(stacks)} LoRA Stack nodes instead of one: "
            + ", ".join(named(api, node_id) for node_id in stacks),
            hint="Remove the others, and save the graph.",
        )
    return _stacked(api, stacks[0], loras) if stacks else _chained(api, loras, info)


def _stacked(api: ApiGraph, node_id: str, loras: Sequence[LoraUse]) -> ApiGraph:
    text = ", ".join(f"{use.name}:{use.strength!r}" for use in loras)
    try:
        if parse_loras(text) != tuple(loras):
            raise BindingError("a LoRA's name holds a comma or a semicolon", where=text)
    except LoraInvalid as error:
        raise BindingError(error.what, where=error.where, hint=error.hint) from error
    return with_inputs(api, {node_id: {"loras": text}})


def _chained(api: ApiGraph, loras: Sequence[LoraUse], info: ObjectInfo) -> ApiGraph:
    models, clips = (_sources(api, info, kind) for kind in ("MODEL", "CLIP"))
    if len(models) != 1 or len(clips) > 1:
        found = ", ".join(named(api, node_id) for node_id, _ in (*models, *clips))
        raise BindingError(
            "it is not certain where the LoRAs belong; models and text encoders come from: "
            + (found or "nowhere"),
            where=f"--lora {loras[0]}",
            hint="Add a LoRA Stack node behind the checkpoint loader, and save the graph.",
        )
    ends = {"model": models[0]} | ({"clip": clips[0]} if clips else {})
    tails, changed = dict(ends), copy.deepcopy(api)
    taken = _offered(info, LOADER if clips else MODEL_LOADER)
    free = (node_id for number in count(1) if (node_id := f"lora-{number}") not in api)
    for node_id, use in zip(free, loras, strict=False):
        strengths = {f"strength_{end}": use.strength for end in ends}
        changed[node_id] = {
            "class_type": LOADER if clips else MODEL_LOADER,
            "inputs": {
                **{end: list(output) for end, output in tails.items()},
                "lora_name": _file(use.name, taken),
                **strengths,
            },
            "_meta": {"title": f"LoRA {use.name}"},
        }
        tails = {end: (node_id, slot) for slot, end in enumerate(ends)}
    for node_id in api:
        for name, output in links_into(api, node_id):
            for end, source in ends.items():
                if output == source:
                    changed[node_id]["inputs"][name] = list(tails[end])
    return changed


def _sources(api: ApiGraph, info: ObjectInfo, kind: str) -> list[Output]:
    """Outputs of a type behind the first samplers that are loaded, not changed from another."""
    found: dict[Output, None] = {}
    for node_id in behind(api, first_samplers(api, info)):
        for _, output in links_into(api, node_id):
            definition = node_def(info, api[output[0]]["class_type"])
            kinds = [spec.type for spec in definition.inputs] if definition else []
            if carried(api, info, output) == kind and kind not in kinds:
                found[output] = None
    return list(found)


def _offered(info: ObjectInfo, loader: str) -> list[str]:
    definition = node_def(info, loader)
    spec = definition.input("lora_name") if definition else None
    return [str(choice) for choice in spec.choices or ()] if spec else []


def _file(name: str, files: Sequence[str]) -> str:
    """The file that a name means; the name itself where there is none, for preflight to list."""
    try:
        return find_lora(name, files)
    except LoraInvalid:
        return name
