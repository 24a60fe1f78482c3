"""Whether a server can run the graphs of an order; asked before anything is queued."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from stockwright.core import names
from stockwright.core.errors import LoraInvalid
from stockwright.core.loras import find_lora, parse_loras
from stockwright.core.people import LORAS

from ..errors import PreflightFailed
from .definitions import COMBO, InputSpec, node_def
from .links import behind, output_nodes, picture_nodes
from .model import ApiGraph, ObjectInfo, find_nodes, is_link, names_of, one_line, shown, title_of
from .nearest import alike, listed, nearest_first
from .origins import NO_ORIGINS, Origins
from .wiring import wrong_inputs

_Fault: TypeAlias = tuple[str, str]
"""(what is wrong, on one line; what to do)."""
_Wrong: TypeAlias = tuple[str, str, list[str], str]
"""(input, value, names offered, where the server looks for it or nothing) of a choice."""

LISTED = 20
"""Lines of one sort that an error lists."""
_BATCH, _WRITER = "Stockwright Batch", "Write Theme Prompts"
_SUBGRAPH = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""How the canvas names the class of a subgraph's node."""
_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload", "animated_image_upload")

_INPUT = "ComfyUI/input"
_FOLDERS = {
    "ckpt_name": "models/checkpoints",
    "lora_name": "models/loras",
    "unet_name": "models/diffusion_models",
    "clip_name": "models/text_encoders",
    "vae_name": "models/vae",
    "photomaker_model_name": "models/photomaker",
}
"""Where the server looks for the file that an input names."""

_ADD_SAVER = (
    "Add a Save Image or Save Stock Image (a muted or bypassed one does not count), and save the"
    " graph."
)
_INSTALL = "Install the packs that the server lacks, and restart it."
_GET_MODELS = (
    "Put models there (`driver/models.py pull` or `add`), or name others with --checkpoint, --lora"
    " or --set."
)
_PUT_INPUTS = (
    f"Put input files into the server's {_INPUT} (the embedded one's is .embedded/base/input), or"
    " name others with --set."
)
_SET = "Give what the server takes with --set."
_MEND = "Mend the graph in the canvas."


@dataclass(frozen=True)
class MissingModel:
    """A value that the server does not offer: in most cases the name of a model file.

    `available` is what it does offer, the nearest names first; `folder` is where the server looks
    for it, such as `models/loras`, or empty where that is not known.
    """

    node_id: str
    title: str
    input: str
    value: str
    available: tuple[str, ...]
    folder: str

    def __str__(self) -> str:
        there = f"there is {listed(self.value, self.available)}"
        if self.folder == _INPUT:
            has = listed(self.value, self.available) if self.available else "none of its kind"
            there = f"it is not in {_INPUT}; the folder has: {has}"
        elif self.folder and not self.available:
            there = f"the server has none in {self.folder}"
        where = f"{shown(self.title, 200)}, {one_line(self.input)}"
        return f"{where}: {shown(self.value, 200)}; {there}"

    @property
    def advice(self) -> str:
        """What a person may do about it, as a sentence."""
        if self.folder == _INPUT:
            return _PUT_INPUTS
        is_file = self.folder or PurePosixPath(self.value).suffix[1:].isalpha()
        return _GET_MODELS if is_file else _SET


def check(
    stock: ApiGraph,
    plan: ApiGraph | None,
    info: ObjectInfo,
    origins: Origins = NO_ORIGINS,
    *,
    rewrites: bool = False,
) -> None:
    """Raises one PreflightFailed that lists all that keeps the two graphs from running: classes,
    files, choices, numbers and links that the server does not take, with what it has instead and
    where to get it, as far as `origins`, those of the stock graph's file, tell; and nodes that the
    driver needs: one that takes pictures and at most one Stockwright Batch in `stock`, exactly one
    Write Theme Prompts in `plan`, if there is a plan that `rewrites` no prompts."""
    faults = [
        *_missing_nodes(stock, info),
        *_with(_MEND, _wrong_plan(None if rewrites else plan)),
    ]
    for graph, known in ((stock, origins), (plan or {}, NO_ORIGINS)):
        run = _run(graph, info)
        faults += _with(_INSTALL, unknown_classes(graph, info, known))
        for missing in find_missing_models(graph, info)[:LISTED]:
            faults.append((f"{missing}{known.address_of(missing.value)}", missing.advice))
        faults += _with(_MEND, (line for i in run for line in wrong_inputs(graph, info, i)))
        faults += _with(_SET, (line for i in run for line in _wrong_numbers(graph, info, i)))
    _raise(faults)


def check_classes(stock: ApiGraph, plan: ApiGraph, info: ObjectInfo, origins: Origins) -> None:
    """Raises PreflightFailed if the server lacks node classes of the two graphs; as `check` does,
    but before settings are put into them."""
    faults = _with(_INSTALL, unknown_classes(stock, info, origins))
    _raise([*faults, *_with(_INSTALL, unknown_classes(plan, info, NO_ORIGINS))])


def _with(advice: str, lines: Iterable[str]) -> list[_Fault]:
    return [(line, advice) for line in islice(lines, LISTED)]


def _raise(faults: Sequence[_Fault]) -> None:
    if faults:
        raise PreflightFailed(
            "the graphs cannot run on this server:\n"
            + "\n".join(f"  {line}" for line, _ in faults),
            hint=" ".join(dict.fromkeys(advice for _, advice in faults)),
        )


def find_missing_models(api: ApiGraph, info: ObjectInfo) -> list[MissingModel]:
    """Values of choices, and LoRAs of a LoRA Stack, that the server does not offer, in the nodes
    that it would run.

    Of files to be uploaded, those that lie directly in its input folder are judged; lists that the
    canvas fetches from elsewhere are not.
    """
    called = names_of(api)
    return [
        MissingModel(node_id, called[node_id], name, value, _instead(value, offered), folder)
        for node_id in _run(api, info)
        for name, value, offered, folder in _not_offered(api[node_id], info)
    ]


def _instead(value: str, offered: Sequence[str]) -> tuple[str, ...]:
    """What is there, the nearest first, without LoRAs of people: they are nobody else's choice."""
    return tuple(nearest_first(value, [o for o in offered if not o.startswith(f"{LORAS}/")]))


def models_not_there(api: ApiGraph, info: ObjectInfo, origins: Origins) -> Iterator[str]:
    """A line for each of `find_missing_models`: the node's title, what is there instead, and the
    address that the file has for it."""
    for missing in find_missing_models(api, info):
        yield f"{missing}{origins.address_of(missing.value)}"


def unknown_classes(api: ApiGraph, info: ObjectInfo, origins: Origins) -> Iterator[str]:
    """A line for each node whose class the server does not have, with the pack that has it, where
    the file says so, and names that are much like it."""
    for node_id, node in api.items():
        kind = node["class_type"]
        if kind in info:
            continue
        title = shown(title_of(api, node_id), 200)
        if _SUBGRAPH.fullmatch(kind):
            yield f"{title} is a subgraph, and what it consists of is not in the file"
            continue
        near = alike(kind, list(info))
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        yield (
            f"{title} is of the class {shown(kind)}, which the server does not have"
            f"{origins.pack_of(kind)}{meant}"
        )


def _wrong_numbers(api: ApiGraph, info: ObjectInfo, node_id: str) -> Iterator[str]:
    """A line for each number of a node that is none, or is out of its range."""
    node = api[node_id]
    definition = node_def(info, node["class_type"])
    for spec in definition.inputs if definition else ():
        if wrong := _wrong_number(spec, node["inputs"].get(spec.name)):
            yield f"{shown(names_of(api)[node_id], 200)}, {spec.name}: {wrong}"


def _wrong_number(spec: InputSpec, value: Any) -> str:
    """What is wrong with the value of an input that takes a number; empty if nothing is."""
    if spec.type not in ("INT", "FLOAT") or value is None or isinstance(value, list):
        return ""
    try:
        number = int(value) if spec.type == "INT" else float(value)
    except (TypeError, ValueError, OverflowError):
        return f"{shown(value)} is not a {'whole ' if spec.type == 'INT' else ''}number"
    low, high = spec.options.get("min"), spec.options.get("max")
    if (low is not None and not number >= low) or (high is not None and not number <= high):
        return f"{one_line(value)} is not from {low} to {high}"
    return ""


def _run(api: ApiGraph, info: ObjectInfo) -> list[str]:
    """The nodes that a server runs: those behind an output. All, where there is none."""
    reached = behind(api, output_nodes(api, info) or api)
    return [node_id for node_id in api if node_id in reached]


def _missing_nodes(stock: ApiGraph, info: ObjectInfo) -> Iterator[_Fault]:
    if len(find_nodes(stock, names.BATCH)) > 1:
        yield from _with(_MEND, _wrong_nodes("the workflow", stock, names.BATCH, _BATCH))
    # A class that the server lacks may be the one that saves.
    known = all(node["class_type"] in info for node in stock.values())
    if known and not picture_nodes(stock, info):
        yield "the workflow has no output node that saves pictures", _ADD_SAVER


def _not_offered(node: dict[str, Any], info: ObjectInfo) -> Iterator[_Wrong]:
    """Each wrong choice of a node."""
    definition = node_def(info, node["class_type"])
    for spec in definition.inputs if definition else ():
        value = node["inputs"].get(spec.name)
        if value is None or not _judged(spec, value) or value in (spec.choices or ()):
            continue
        if _uploaded(spec) and not _in_input_folder(str(value), spec.choices or ()):
            continue
        folder = _INPUT if _uploaded(spec) else _FOLDERS.get(spec.name, "")
        yield spec.name, str(value), [str(choice) for choice in spec.choices or ()], folder
    text = node["inputs"].get("loras")
    if node["class_type"] == names.LORA_STACK and isinstance(text, str):
        yield from _missing_loras(text, info)


def _judged(spec: InputSpec, value: Any) -> bool:
    return (
        spec.type == COMBO
        and not is_link(value)
        and not isinstance(value, dict)  # several choices at once
        and not spec.options.get("remote")
    )


def _uploaded(spec: InputSpec) -> bool:
    return any(spec.options.get(name) for name in _UPLOADS)


def _in_input_folder(value: str, choices: Sequence[Any]) -> bool:
    """Whether a file's name is one that the choices would list, and do not."""
    name, _, folder = value.removesuffix("]").rpartition(" [")
    if not name:
        name, folder = value, "input"
    return folder == "input" and "/" not in name and "\\" not in name and name not in choices


def _missing_loras(text: str, info: ObjectInfo) -> Iterator[_Wrong]:
    loader = node_def(info, "LoraLoader")
    spec = loader.input("lora_name") if loader else None
    if spec is None:
        return
    files = [str(choice) for choice in spec.choices or ()]
    try:
        uses = parse_loras(text)
    except LoraInvalid as error:
        raise PreflightFailed(error.what, where=error.where, hint=error.hint) from error
    for use in uses:
        try:
            find_lora(use.name, files)
        except LoraInvalid:
            yield "loras", use.name, files, _FOLDERS["lora_name"]


def _wrong_plan(plan: ApiGraph | None) -> Iterator[str]:
    if plan is not None:
        yield from _wrong_nodes("the plan graph", plan, names.WRITE_PROMPTS, _WRITER)


def picture_loaders(api: ApiGraph, info: ObjectInfo) -> list[tuple[str, str]]:
    """(node id, input) of the inputs that name a picture of the server's input folder."""
    return [
        (node_id, spec.name)
        for node_id, node in api.items()
        if (definition := node_def(info, node["class_type"]))
        for spec in definition.inputs
        if spec.options.get("image_upload") and not is_link(node["inputs"].get(spec.name))
    ]


def _wrong_nodes(where: str, api: ApiGraph, class_type: str, display_name: str) -> Iterator[str]:
    found = find_nodes(api, class_type)
    if len(found) != 1:
        titles = ", ".join(shown(title_of(api, node_id)) for node_id in found[:LISTED])
        there = f": {titles}" if titles else ""
        yield f"{where} has {len(found)} {display_name} nodes instead of exactly one{there}"
