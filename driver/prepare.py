"""From the saved graphs to graphs that the server can run: converted, settings applied, checked."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from stockwright.core.names import BATCH

from .errors import BindingError
from .graph import (
    ApiGraph,
    Graph,
    ObjectInfo,
    batch_size_of,
    check,
    find_missing_models,
    names_a_node,
    parse_assignment,
    set_checkpoint,
    set_loras,
    set_value,
    title_of,
    to_api,
)
from .order import Order

SKETCH, SKETCH_SIZE = "sketch.safetensors", 128
"""The small checkpoint that set-up makes, and the side of its pictures in pixels."""


@dataclass(frozen=True, slots=True)
class Prepared:
    stock: ApiGraph
    plan: ApiGraph
    size: tuple[int, int]
    """(width, height) of the jobs, in pixels."""
    sketch: bool
    """Whether the small checkpoint stands in for a missing one."""
    checkpoints: tuple[str, ...]
    """The models that paint, as the graph names them."""


def prepare(
    order: Order,
    workflow: dict[str, Any],
    plan: dict[str, Any],
    info: ObjectInfo,
    *,
    sketch: bool | None,
) -> Prepared:
    """Graphs for one server, whose /object_info is `info`. Nothing is queued.

    `sketch` says whether the small checkpoint stands in: True or False as settled at the run's
    first start, None to let it stand in if the graph's own is missing and nobody named another.

    Raises GraphInvalid, BindingError, or PreflightFailed with all that is
    missing.
    """
    stock_api = to_api(_graph("workflow.json", workflow), info)
    plan_api = to_api(_graph("plan.json", plan), info)
    bound = _bind(order, stock_api, plan_api, info)
    if sketch is None:
        sketch = _needs_sketch(order, bound[0], stock_api, info)
    if sketch:
        bound = _bind(order, _with_sketch(stock_api, info), plan_api, info)
    stock, planned = bound
    check(stock, planned, info)
    return Prepared(stock, planned, batch_size_of(stock), sketch, _checkpoints(stock))


def _checkpoints(stock: ApiGraph) -> tuple[str, ...]:
    named = {
        value
        for node in stock.values()
        for key, value in node["inputs"].items()
        if key in ("ckpt_name", "unet_name") and isinstance(value, str)
    }
    return tuple(sorted(named))


def _graph(name: str, data: dict[str, Any]) -> Graph:
    return Graph(name=name, data=data, is_canvas="nodes" in data)


def _bind(
    order: Order, stock: ApiGraph, plan: ApiGraph, info: ObjectInfo
) -> tuple[ApiGraph, ApiGraph]:
    if order.checkpoint is not None:
        stock = _with_checkpoint(stock, order.checkpoint, info)
    if order.loras:
        stock = set_loras(stock, [(use.name, use.strength) for use in order.loras])
    for setting in order.settings:
        target, value = parse_assignment(setting)
        if names_a_node(stock, target):
            stock = set_value(stock, target, value, info)
        elif names_a_node(plan, target):
            plan = set_value(plan, target, value, info)
        else:
            titles = sorted({title_of(g, n) for g in (stock, plan) for n in g})
            raise BindingError(
                "no node has this title or class",
                where=f"--set {setting!r}",
                hint=f"There are: {', '.join(titles)}.",
            )
    return stock, plan


def _with_checkpoint(stock: ApiGraph, name: str, info: ObjectInfo) -> ApiGraph:
    try:
        return set_checkpoint(stock, name, info)
    except BindingError:
        loaders = [n for n in stock if "ckpt_name" in stock[n]["inputs"]]
        if len(loaders) != 1:
            raise
        # Not there: the check says so, together with all else that is missing.
        changed = copy.deepcopy(stock)
        changed[loaders[0]]["inputs"]["ckpt_name"] = name
        return changed


def _needs_sketch(order: Order, bound: ApiGraph, saved: ApiGraph, info: ObjectInfo) -> bool:
    return order.checkpoint is None and any(
        missing.input == "ckpt_name"
        and SKETCH in missing.available
        and saved[missing.node_id]["inputs"].get("ckpt_name") == missing.value
        for missing in find_missing_models(bound, info)
    )


def _with_sketch(stock: ApiGraph, info: ObjectInfo) -> ApiGraph:
    stock = set_checkpoint(stock, SKETCH, info)
    for side in ("width", "height"):
        stock = set_value(stock, f"{BATCH}.{side}", str(SKETCH_SIZE), info)
    return stock


def canvas_of(workflow: dict[str, Any]) -> dict[str, Any] | None:
    """The graph as the canvas opens it, or None for an API graph: it has no layout."""
    return workflow if "nodes" in workflow else None
