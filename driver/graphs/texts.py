"""From conditioning back to the texts that it is made of.

An *encoder* is a node that makes conditioning and takes none: its texts are its STRING inputs, or
what is linked into them. Nodes that hand conditioning on (guidance, ControlNet, combining) are
passed through; a zeroed conditioning carries no text, nor does that of a node without such inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

from .definitions import NodeDef, node_def
from .links import Output, links_of_type, named
from .model import ApiGraph, ObjectInfo, is_link, names_of, one_line

CONDITIONING, STRING = "CONDITIONING", "STRING"
_ZEROED = "ConditioningZeroOut"


@dataclass(frozen=True)
class Encoder:
    """A node that turns text into conditioning, and the (node id, input) of each of its texts.

    `unsure` says in words why these are not all certain; empty where they are.
    """

    node_id: str
    texts: tuple[tuple[str, str], ...]
    unsure: str = ""

    def values(self, api: ApiGraph) -> tuple[str, ...]:
        """The texts themselves, each once."""
        return tuple(dict.fromkeys(str(api[i]["inputs"].get(name, "")) for i, name in self.texts))


def encoders(api: ApiGraph, info: ObjectInfo, output: Output) -> list[Encoder]:
    """The encoders behind an output that gives conditioning, the nearest first."""
    found: dict[str, Encoder] = {}
    seen: set[Output] = set()
    waiting = [output]
    while waiting:
        at = waiting.pop(0)
        class_type = api[at[0]]["class_type"]
        definition = node_def(info, class_type)
        if at in seen or definition is None or class_type == _ZEROED:
            continue
        seen.add(at)
        if handed_on := links_of_type(api, info, at[0], CONDITIONING):
            waiting += _through(definition, handed_on, at[1])
        elif any(spec.type == STRING for spec in definition.inputs):
            found[at[0]] = _encoder(api, info, definition, at[0])
    return list(found.values())


def _through(definition: NodeDef, links: list[tuple[str, Output]], slot: int) -> list[Output]:
    """Where an output's conditioning comes from: all of a node's, or that of the same place where
    it gives several, such as positive and negative."""
    places = [n for n, kind in enumerate(definition.outputs) if kind == CONDITIONING]
    inputs = [spec.name for spec in definition.inputs if spec.type == CONDITIONING]
    if len(places) > 1 and slot in places and places.index(slot) < len(inputs):
        wanted = inputs[places.index(slot)]
        return [output for name, output in links if name == wanted]
    return [output for _, output in links]


def _encoder(api: ApiGraph, info: ObjectInfo, definition: NodeDef, node_id: str) -> Encoder:
    names = [spec.name for spec in definition.inputs if spec.type == STRING]
    long = [
        spec.name
        for spec in definition.inputs
        if spec.name in names
        and (spec.options.get("multiline") or is_link(api[node_id]["inputs"].get(spec.name)))
    ]
    texts: list[tuple[str, str]] = []
    for name in long or names:
        found = _behind_text(api, info, node_id, name)
        if isinstance(found, str):
            return Encoder(node_id, (), found)
        texts.append(found)
    return Encoder(node_id, tuple(dict.fromkeys(texts)))


def _behind_text(api: ApiGraph, info: ObjectInfo, node_id: str, name: str) -> tuple[str, str] | str:
    """The place that holds the text of an input, or in words why it cannot be told.

    A node that joins a linked text with words of its own hands the linked one on.
    """
    value = api[node_id]["inputs"].get(name)
    if not is_link(value) or value[0] not in api:
        return node_id, name
    found: dict[tuple[str, str] | str, None] = {}
    waiting, seen = [str(value[0])], set[str]()
    while waiting:
        source = waiting.pop(0)
        if source in seen:
            continue
        seen.add(source)
        linked = [output[0] for _, output in links_of_type(api, info, source, STRING)]
        waiting += linked
        if not linked:
            found[_own_text(api, info, node_id, source)] = None
    if len(found) == 1:
        return next(iter(found))
    names = names_of(api)
    parts = ", ".join(one_line(f"{names[f[0]]}.{f[1]}") for f in found if not isinstance(f, str))
    how = f"is put together by {named(api, str(value[0]))} from {parts or 'other nodes'}"
    return f"the text of {named(api, node_id)} {how}"


def _own_text(api: ApiGraph, info: ObjectInfo, node_id: str, source: str) -> tuple[str, str] | str:
    definition = node_def(info, api[source]["class_type"])
    specs = [s for s in (definition.inputs if definition else ()) if s.type == STRING]
    held = [s for s in specs if s.options.get("multiline")] or specs
    filled = [s for s in held if api[source]["inputs"].get(s.name)]
    for candidates in (held, filled):
        if len(candidates) == 1:
            return source, candidates[0].name
    if held:
        parts = ", ".join(s.name for s in held)
        return f"the text of {named(api, node_id)} is put together in {named(api, source)}: {parts}"
    return f"the text of {named(api, node_id)} comes from {named(api, source)}, which has none"
