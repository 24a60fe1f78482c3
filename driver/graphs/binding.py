"""Settings into a graph: by node title or class, never by numeric id.

A setting must fit exactly one place. What does not is a BindingError that lists the candidates.
Every function gives a new graph and leaves its argument as it was.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from stockwright.core import names
from stockwright.core.jobs import Job, slug

from ..errors import BindingError
from .definitions import COMBO, InputSpec, NodeDef, node_def
from .model import (
    ApiGraph,
    ObjectInfo,
    find_nodes,
    names_of,
    one_line,
    shown,
    title_of,
    with_inputs,
)
from .naming import candidates, find_input
from .nearest import alike, listed, same_file
from .numbers import SIDES
from .planners import jobs_entry

CHECKPOINT_INPUT, _MODEL_INPUT = "ckpt_name", "unet_name"
_ORDERED = {
    "theme": "--theme",
    "kinds": "--kinds",
    "count": "--count",
    "seed": "--seed",
    "exclude": "--theme, --kinds, --count and --seed",
    "earlier": "--theme, --kinds, --count and --seed",
}
"""Inputs of Write Theme Prompts, and the flags that say what goes in."""
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def set_value(api: ApiGraph, target: str, value: str, info: ObjectInfo) -> ApiGraph:
    """Sets `Node title.input` (or `NodeClass.input`) to a value written as text.

    The text is read as the input's type: a whole number, a number, yes or no, one of a choice, or
    text. A link that was there is replaced.
    """
    node_id, name = find_input(api, target)
    title, class_type = one_line(names_of(api)[node_id]), api[node_id]["class_type"]
    definition = node_def(info, class_type)
    if definition is None:
        what = f"the server does not have its class {shown(class_type)}"
        raise BindingError(what, where=title)
    spec = definition.input(name)
    if spec is None:
        near = alike(name, [spec.name for spec in definition.inputs if spec.is_widget])
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        raise BindingError(
            f"has no input {shown(name)}",
            where=title,
            hint=f"{meant}It has {_inputs_of(definition)}.",
        )
    return with_inputs(api, {node_id: {name: _parse(spec, value, f"{title}.{name}")}})


def set_checkpoint(api: ApiGraph, name: str, info: ObjectInfo) -> ApiGraph:
    """Sets the checkpoint of the one node that loads one; its folder and ending may be left out. A
    name that the server does not offer is set as it is: preflight lists it with all else."""
    loaders = _taking(api, CHECKPOINT_INPUT, info)
    where = f"--checkpoint {name}"
    if not loaders:
        raise _no_checkpoint(api, info, where)
    if len(loaders) > 1:
        raise BindingError(
            f"{len(loaders)} nodes load a checkpoint{candidates(api, list(loaders))}",
            where=where,
            hint=f"Name the node: {_commands(api, loaders, CHECKPOINT_INPUT, name)}.",
        )
    [(node_id, spec)] = loaders.items()
    offered = same_file(name, [str(choice) for choice in spec.choices or ()])
    value = _parse(spec, name, where) if offered else name
    return with_inputs(api, {node_id: {CHECKPOINT_INPUT: value}})


def set_only(api: ApiGraph, name: str, value: str, info: ObjectInfo) -> ApiGraph:
    """Sets the input of this name (`steps`, `cfg`, `sampler_name`), which only one node may have,
    to a value written as text."""
    nodes = _taking(api, name, info)
    if len(nodes) != 1:
        raise BindingError(
            f"{len(nodes)} nodes have an input {name!r}{candidates(api, list(nodes))}",
            where=f"{name} = {value}",
            hint=f'Name the node: "Node title.{name}".',
        )
    [(node_id, spec)] = nodes.items()
    where = f"{one_line(title_of(api, node_id))}.{name}"
    return with_inputs(api, {node_id: {name: _parse(spec, value, where)}})


def bind_jobs(api: ApiGraph, jobs: Sequence[Job], folder: str) -> ApiGraph:
    """Puts jobs in front of the Stockwright Batch (`jobs_entry`), in place of a link if one is
    there, and `folder` into the Save Stock Image node. Several of these get a subfolder each, named
    by title."""
    batch = _only(api, names.BATCH, "Stockwright Batch", "Add one, and save the graph.")
    text = json.dumps([job.to_dict() for job in jobs], ensure_ascii=False)
    node_id, name = jobs_entry(api, batch)
    values: dict[str, dict[str, Any]] = {node_id: {name: text}}
    savers = find_nodes(api, names.SAVE_IMAGE)
    for index, node_id in enumerate(savers, start=1):
        own = f"/{slug(title_of(api, node_id))}-{index}" if len(savers) > 1 else ""
        values[node_id] = {"folder": folder + own}
    return with_inputs(api, values)


def check_free(api: ApiGraph, target: str) -> None:
    """Raises BindingError for a `Node title.input` that `bind_plan` fills."""
    node_id, name = find_input(api, target)
    if api[node_id]["class_type"] == names.WRITE_PROMPTS and name in _ORDERED:
        raise BindingError(
            "is filled in for each order", where=target, hint=f"Use {_ORDERED[name]} instead."
        )


def bind_plan(
    api: ApiGraph,
    theme_yaml: str,
    kinds_yaml: str,
    count: int,
    seed: int,
    *,
    exclude: Sequence[str],
    earlier: Sequence[str],
) -> ApiGraph:
    """Puts one theme's plan into Write Theme Prompts.

    `exclude` are subjects that must not come again, `earlier` prompts that new ones must differ
    from.
    """
    node_id = _only(api, names.WRITE_PROMPTS, "Write Theme Prompts", "Add one, and save the graph.")
    values = {
        "theme": theme_yaml,
        "kinds": kinds_yaml,
        "count": count,
        "seed": seed,
        "exclude": "\n".join(exclude),
        "earlier": "\n".join(earlier),
    }
    return with_inputs(api, {node_id: values})


def batch_size_of(api: ApiGraph) -> tuple[int, int]:
    """(width, height) in pixels that the Stockwright Batch gives to jobs without a size."""
    node_id = _only(api, names.BATCH, "Stockwright Batch", "Add one, and save the graph.")
    width, height = (api[node_id]["inputs"].get(side) for side in ("width", "height"))
    if not isinstance(width, int) or not isinstance(height, int):
        raise BindingError(
            "width and height must be numbers in its widgets, not links",
            where=one_line(title_of(api, node_id)),
            hint="Take the links off, and save the graph.",
        )
    return width, height


def _taking(api: ApiGraph, name: str, info: ObjectInfo) -> dict[str, InputSpec]:
    """Nodes that take a value by an input of this name."""
    return {
        node_id: spec
        for node_id, node in api.items()
        if (definition := node_def(info, node["class_type"]))
        and (spec := definition.input(name))
        and spec.is_widget
    }


def _no_checkpoint(api: ApiGraph, info: ObjectInfo, where: str) -> BindingError:
    models = _taking(api, _MODEL_INPUT, info)
    if not models:
        what = "the graph has no checkpoint loader, and no node that loads a diffusion model"
        return BindingError(what, where=where, hint="Leave --checkpoint out.")
    inputs = ", ".join(f"{shown(names_of(api)[i], 200)}.{_MODEL_INPUT}" for i in models)
    return BindingError(
        "the graph has no checkpoint loader; it loads a diffusion model with " + inputs,
        where=where,
        hint="Leave --checkpoint out, and name a file of models/diffusion_models with "
        f"{_commands(api, models, _MODEL_INPUT, 'FILE')}.",
    )


def _commands(api: ApiGraph, nodes: Iterable[str], name: str, value: str) -> str:
    """The flags that set the input of this name in each of these nodes."""
    called = names_of(api)
    return " ".join(f'--set "{one_line(called[i], 200)}.{name}={value}"' for i in nodes)


def _only(api: ApiGraph, class_type: str, display_name: str, hint: str) -> str:
    found = find_nodes(api, class_type)
    if len(found) != 1:
        what = f"the graph has {len(found)} {display_name} nodes instead of one"
        raise BindingError(
            what + candidates(api, found),
            hint=hint if not found else "Remove the others, and save the graph.",
        )
    return found[0]


def _inputs_of(definition: NodeDef) -> str:
    values = [spec.name for spec in definition.inputs if spec.is_widget]
    return ", ".join(values) or "no inputs that take a value"


def _parse(spec: InputSpec, text: str, where: str) -> Any:
    kind = spec.widget_type
    if kind in ("INT", "FLOAT"):
        return _number(spec, text, where)
    if kind == "BOOLEAN":
        word = text.strip().lower()
        if word not in _TRUE | _FALSE:
            raise BindingError(f"{text!r} is neither true nor false", where=where)
        return word in _TRUE
    if kind == COMBO:
        return _choice(spec, text, where)
    if kind == "STRING":
        return text
    raise BindingError(f"takes a link of type {spec.type}, not a value", where=where)


def _number(spec: InputSpec, text: str, where: str) -> int | float:
    try:
        value = int(text) if spec.widget_type == "INT" else float(text)
    except ValueError:
        kind = "a whole number" if spec.widget_type == "INT" else "a number"
        raise BindingError(f"{text!r} is not {kind}", where=where) from None
    low, high = spec.options.get("min"), spec.options.get("max")
    if (
        not math.isfinite(value)
        or (low is not None and value < low)
        or (high is not None and value > high)
    ):
        raise BindingError(f"{text} is not from {low} to {high}", where=where)
    step = spec.options.get("step")
    if (
        spec.name in SIDES
        and isinstance(value, int)
        and isinstance(step, int)
        and step > 1
        and value % step
    ):
        nearest = round(value / step) * step
        raise BindingError(
            f"{text} is not a multiple of {step}; the nearest is {nearest}", where=where
        )
    return value


def _choice(spec: InputSpec, text: str, where: str) -> Any:
    by_name = {str(choice): choice for choice in spec.choices or ()}
    found = same_file(text, list(by_name))
    if len(found) == 1:
        return by_name[found[0]]
    if found:
        raise BindingError(f"{text!r} may mean {', '.join(found)}", where=where)
    if spec.options.get("remote"):  # the list is not in /object_info
        return text
    raise BindingError(
        f"the server does not offer {text!r}",
        where=where,
        hint=f"It offers {listed(text, list(by_name))}.",
    )
