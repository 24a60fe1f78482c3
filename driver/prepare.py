"""From the saved graphs to graphs that the server can run: converted, settings applied, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stockwright.core.names import BATCH

from .driven import Driven
from .errors import BindingError
from .graphs import (
    ApiGraph,
    Difference,
    Graph,
    ObjectInfo,
    Origins,
    batch_size_of,
    check,
    check_classes,
    check_free,
    check_placeholders,
    differences,
    every_sampler,
    find_input,
    find_missing_models,
    find_nodes,
    has_placeholder,
    model_files,
    more_than_kept,
    names_a_node,
    no_node,
    parse_assignment,
    picture_nodes,
    place_at,
    placeholders,
    set_checkpoint,
    set_llm,
    set_loras,
    set_only,
    set_size,
    set_value,
    size_of,
    to_api,
    trace_graph,
    with_inputs,
    without_lacking,
    without_planner,
)
from .images import ImageDriven, Loader, loading_place
from .order import Order
from .standins import with_stand_ins

SKETCH, SKETCH_SIZE, SKETCH_CFG = "sketch.safetensors", 128, 2.5
"""The small checkpoint that set-up makes, and the side of its pictures in pixels."""


@dataclass(frozen=True, slots=True)
class Prepared:
    driven: Driven
    plan: ApiGraph
    size: tuple[int, int]
    """(width, height) of the jobs, in pixels; (0, 0) where the graph decides."""
    sketch: bool
    """Whether the small checkpoint stands in for a missing one."""
    checkpoints: tuple[str, ...]
    """The models that paint, as the graph names them."""
    changes: tuple[Difference, ...]
    """What the order's settings and the small checkpoint changed in the graphs, and where the parts
    of a job go in a graph without a Stockwright Batch, as `{prompt}` and so on."""
    notes: tuple[str, ...]
    """What a person should know of how the graph is driven."""
    models: tuple[str, ...] = ()
    """All model files that the graphs name."""


def prepare(
    order: Order,
    workflow: dict[str, Any],
    plan: dict[str, Any],
    info: ObjectInfo,
    *,
    sketch: bool | None,
    workflow_name: str = "workflow.json",
) -> Prepared:
    """Graphs for one server, whose /object_info is `info`. Nothing is queued.

    `sketch` says whether the small checkpoint stands in: True or False as settled at the run's
    first start, None to let it stand in if the graph's own is missing and nobody named another.
    `workflow_name` stands in errors.

    Raises GraphInvalid, PreflightFailed with all that is missing, BindingError (only where no class
    is missing), or TraceUncertain.
    """
    saved = _graph(workflow_name, workflow)
    stock_api = without_planner(to_api(saved, info), info)
    plan_api = to_api(_graph("plan.json", plan), info)
    origins = Origins.of(saved)
    try:
        bound = _bind(order, stock_api, plan_api, info)
        if sketch is None:
            lacking = _lacks_checkpoint(order, bound[0], stock_api, info)
            sketch = lacking and _takes_a_size(bound[0], info)
            if lacking and not sketch and not every_sampler(bound[0], info):
                # The small checkpoint would stand in but for that: the fault to tell.
                painting = set_checkpoint(bound[0], SKETCH, info)
                check(painting, bound[1], info, origins)
                _driven(order, painting, info, canvas_of(workflow))
        if sketch:
            bound = _bind(order, _with_sketch(stock_api, info), plan_api, info)
    except BindingError:
        check_classes(stock_api, plan_api, info, origins)  # a missing class is why nothing fits
        raise
    stock, planned = bound
    standing_in: tuple[str, ...] = ()
    if order.wish is not None:
        planned, standing_in = without_lacking(planned, info)
    if SKETCH in _checkpoints(stock):
        stock, more = with_stand_ins(stock, stock_api, info)
        standing_in += more
    check(stock, planned, info, origins, rewrites=order.wish is not None)
    driven, size, notes = _driven(order, stock, info, canvas_of(workflow))
    notes += standing_in
    seen = placeholders(stock, driven.trace) if driven.trace else stock
    if driven.one_job:
        notes += tuple(more_than_kept(seen, info))
    changes = (*differences(stock_api, seen), *differences(plan_api, planned))
    models = dict.fromkeys([*model_files(stock, info), *model_files(planned, info)])
    return Prepared(
        driven, planned, size, sketch, _checkpoints(stock), changes, notes, tuple(models)
    )


def prepare_images(
    order: Order, workflow: dict[str, Any], info: ObjectInfo, loader: Loader, workflow_name: str
) -> Prepared:
    """The same for a graph that works on pictures that are there. Nothing is queued.

    Raises GraphInvalid, PreflightFailed or BindingError.
    """
    saved = _graph(workflow_name, workflow)
    origins = Origins.of(saved)
    stock_api = to_api(saved, info)
    check_classes(stock_api, {}, info, origins)
    stock, _ = _bind(order, stock_api, {}, info)
    node_id, name = loading_place(stock, info)
    changes = differences(stock_api, stock)
    # Whatever the file names is replaced by each picture in turn.
    stock = with_inputs(stock, {node_id: {name: "stockwright/picture.png"}})
    check(stock, None, info, origins)
    savers = picture_nodes(stock, info)
    driven = ImageDriven(stock, canvas_of(workflow), info, savers, loader=loader)
    models = tuple(model_files(stock, info))
    return Prepared(driven, {}, (0, 0), False, (), tuple(changes), (), models)


def _driven(
    order: Order, stock: ApiGraph, info: ObjectInfo, canvas: dict[str, Any] | None
) -> tuple[Driven, tuple[int, int], tuple[str, ...]]:
    """How a graph is driven, the size of its jobs, and notes for a person."""
    savers = picture_nodes(stock, info)
    if find_nodes(stock, BATCH):
        driven = Driven(stock, canvas, info, savers)
        alone = "The graph has no Save Stock Image: each picture gets a graph of its own."
        return driven, batch_size_of(stock), (alone,) if driven.one_job else ()
    set_places = [
        (find_input(stock, target), value)
        for target, value in map(parse_assignment, order.settings)
        if names_a_node(stock, target)
    ]
    named = [place_at(stock, info, at, text) for at, text in set_places if has_placeholder(text)]
    kept = [at for at, text in set_places if not has_placeholder(text)]
    traced = trace_graph(stock, info, named, kept)
    return Driven(stock, canvas, info, savers, traced), traced.size or (0, 0), traced.notes


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
        stock = set_checkpoint(stock, order.checkpoint, info)
    if order.loras:
        stock = set_loras(stock, order.loras, info)
    general = {"sampler_name": order.sampler, "steps": order.steps, "cfg": order.cfg}
    for name, value in general.items():
        if value is not None:
            stock = set_only(stock, name, str(value), info)
    if order.size is not None:
        stock = _sized(stock, *order.size, info)
    if order.llm is not None:
        plan = set_llm(plan, order.llm, info)
    traced = not find_nodes(stock, BATCH)
    for setting in order.settings:
        target, value = parse_assignment(setting)
        if names_a_node(stock, target):
            if traced:
                check_placeholders(value, target)
            if not (traced and has_placeholder(value)):  # the job's own, put in when it is queued
                stock = set_value(stock, target, value, info)
        elif names_a_node(plan, target):
            check_free(plan, target)
            plan = set_value(plan, target, value, info)
        else:
            raise no_node(target.rpartition(".")[0], stock, plan, f"the setting {setting!r}")
    return stock, plan


def _sized(stock: ApiGraph, width: int, height: int, info: ObjectInfo) -> ApiGraph:
    if not find_nodes(stock, BATCH):
        return set_size(stock, width, height, info)
    for side, value in (("width", width), ("height", height)):
        stock = set_value(stock, f"{BATCH}.{side}", str(value), info)
    return stock


def _lacks_checkpoint(order: Order, bound: ApiGraph, saved: ApiGraph, info: ObjectInfo) -> bool:
    """Whether the saved graph's checkpoint is missing, and the small one is there."""
    loaders = [node for node in saved.values() if "ckpt_name" in node["inputs"]]
    return (
        order.checkpoint is None
        and len(loaders) == 1
        and any(
            missing.input == "ckpt_name"
            and SKETCH in missing.available
            and missing.node_id in saved
            and saved[missing.node_id]["inputs"].get("ckpt_name") == missing.value
            for missing in find_missing_models(bound, info)
        )
    )


def _takes_a_size(stock: ApiGraph, info: ObjectInfo) -> bool:
    batches = find_nodes(stock, BATCH)
    return len(batches) == 1 if batches else size_of(stock, info) is not None


def _with_sketch(stock: ApiGraph, info: ObjectInfo) -> ApiGraph:
    """The graph with the small checkpoint, at the size and the guidance at which it draws best."""
    sized = _sized(set_checkpoint(stock, SKETCH, info), SKETCH_SIZE, SKETCH_SIZE, info)
    guided = [i for i, node in sized.items() if isinstance(node["inputs"].get("cfg"), (int, float))]
    return with_inputs(sized, {node_id: {"cfg": SKETCH_CFG} for node_id in guided})


def canvas_of(workflow: dict[str, Any]) -> dict[str, Any] | None:
    """The graph as the canvas opens it, or None for an API graph: it has no layout."""
    return workflow if "nodes" in workflow else None
