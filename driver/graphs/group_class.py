"""The node class that the canvas builds for a legacy group node.

Names matter, since a saved group node finds its inputs by them: an inner input keeps its own name,
or the one it was given (`config`, a label); one that is taken gets its node's title before it, and
a number if that is taken, too. Widgets that were turned into inputs come behind all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from .canvas import PRIMITIVE, REROUTE, GroupLinks
from .definitions import COMBO, UPLOAD_OPTIONS, WIDGET_TYPES, node_def
from .model import ObjectInfo, as_list

_UPLOAD = "IMAGEUPLOAD"
_ADDED = {"upload": _UPLOAD, "image": "STRING"}
"""Widgets that the canvas adds to the definition of inner classes, and their types."""


@dataclass
class GroupClass:
    """`inputs` and `outputs` are a definition as in /object_info, as far as widgets go."""

    links: GroupLinks
    inputs: dict[str, list[Any]]
    outputs: list[Any]
    widgets: dict[str, tuple[int, str]]
    """Widget of the group node -> (inner node, its widget)."""
    primitives: dict[int, list[tuple[int, str]]]
    """Inner Primitive node -> (inner node, widget) of all that it feeds."""


def read_class(data: Mapping[str, Any], info: ObjectInfo) -> GroupClass:
    """The class for an entry of `extra.groupNodes`. KeyError and the like for a broken one."""
    return _Reader(data, info).read()


@dataclass
class _Reader:
    data: Mapping[str, Any]
    info: ObjectInfo
    nodes: list[Mapping[str, Any]] = field(init=False)
    into: dict[int, dict[int, list[Any]]] = field(default_factory=dict[int, Any])
    out_of: dict[int, dict[int, list[list[Any]]]] = field(default_factory=dict[int, Any])
    external: dict[int, dict[int, Any]] = field(default_factory=dict[int, Any])
    inputs: dict[str, list[Any]] = field(default_factory=dict[str, Any])
    outputs: list[Any] = field(default_factory=list[Any])
    behind: list[tuple[int, int]] = field(default_factory=list[Any])
    outer: dict[int, dict[int, int]] = field(default_factory=dict[int, Any])
    widgets: dict[str, tuple[int, str]] = field(default_factory=dict[str, Any])
    primitive_specs: dict[int, list[Any]] = field(default_factory=dict[int, Any])
    primitives: dict[int, list[tuple[int, str]]] = field(default_factory=dict[int, Any])
    names: dict[str, int] = field(default_factory=dict[str, int])
    slots: int = 0
    late: list[Callable[[], None]] = field(default_factory=list[Any])

    def read(self) -> GroupClass:
        self.nodes = list(self.data["nodes"])
        for link in self.data["links"]:
            if link[0] is None:  # from outside
                continue
            source, output, target, slot = (int(part) for part in link[:4])
            self.out_of.setdefault(source, {}).setdefault(output, []).append(link)
            self.into.setdefault(target, {})[slot] = link
        for place, output, kind in self.data.get("external") or ():
            self.external.setdefault(int(place), {})[int(output)] = kind
        for place, raw in enumerate(self.nodes):
            inputs, outputs = self._definition(place, raw)
            self._add_inputs(place, raw, inputs)
            self._add_outputs(place, outputs)
        for step in self.late:
            step()
        inner = {
            target: {slot: (int(link[0]), int(link[1])) for slot, link in slots.items()}
            for target, slots in self.into.items()
        }
        links = GroupLinks(self.outer, inner, tuple(self.behind))
        return GroupClass(links, self.inputs, self.outputs, self.widgets, self.primitives)

    def _definition(
        self, place: int, raw: Mapping[str, Any]
    ) -> tuple[dict[str, list[Any]], list[Any]]:
        kind = str(raw["type"])
        if kind == PRIMITIVE:
            return self._primitive(place, raw)
        if kind == REROUTE:
            return self._reroute(place)
        definition = node_def(self.info, kind)
        if definition is None:  # a note
            return {}, []
        groups: Mapping[str, dict[str, list[Any]]] = self.info[kind].get("input", {})
        known = {spec.name for spec in definition.inputs}
        added = [w.name for w in definition.widgets if w.name in _ADDED and w.name not in known]
        inputs: dict[str, list[Any]] = {
            **(groups.get("required") or {}),
            **{name: [_ADDED[name], {}] for name in added},
            **(groups.get("optional") or {}),
        }
        return inputs, list(self.info[kind].get("output") or ())

    def _primitive(
        self, place: int, raw: Mapping[str, Any]
    ) -> tuple[dict[str, list[Any]], list[Any]]:
        if place not in self.out_of:
            return {}, []
        link = self.out_of[place][0][0]
        kind: Any = link[5]
        if kind == COMBO:
            widget = raw["outputs"][0]["widget"]["name"]
            kind = self._spec(int(link[2]), widget)[0]
        spec = self.primitive_specs[place] = [kind, {}]
        return {"value": spec}, [kind]

    def _spec(self, place: int, name: str) -> list[Any]:
        groups = self.info[str(self.nodes[place]["type"])]["input"]
        required: Mapping[str, Any] = groups.get("required") or {}
        return required[name] if name in required else groups["optional"][name]

    def _reroute(self, place: int) -> tuple[dict[str, list[Any]], list[Any]]:
        into, out_of = self.into.get(place), self.out_of.get(place)
        external = self.external.get(place, {}).get(0)
        if into and out_of and not external:
            return {}, []  # it only passes on what stays inside
        kind = "*"
        if out_of:
            for link in out_of[0]:
                if kind == "*":
                    kind = str(self.nodes[int(link[2])]["inputs"][int(link[3])]["type"])
        elif into:
            kind = str(self.nodes[int(into[0][0])]["outputs"][int(into[0][1])]["type"])
        else:
            kind = str(next((link[5] for link in self.data["links"] if link[2] == place), "*"))
            kind = str(external or "*") if kind == "*" else kind
        return {kind: [kind, {"forceInput": True}]}, [kind]

    def _add_inputs(
        self, place: int, raw: Mapping[str, Any], inputs: Mapping[str, list[Any]]
    ) -> None:
        saved: list[Mapping[str, Any]] = as_list(raw.get("inputs"))
        slots: list[str] = []
        converted: dict[int, str] = {}
        for name, spec in inputs.items():
            if not _is_widget(spec):
                slots.append(name)
                continue
            at = next((i for i, slot in enumerate(saved) if _converts(slot, name)), None)
            if at is None:
                self._add_widget(place, name, spec)
            else:
                converted[at] = name
        into = self.into.get(place, {})
        self.outer[place] = {}
        for index, name in enumerate(slots):
            if index in into:
                self._feed(into[index], inputs[name], name)
                continue
            new = self._name(place, name)
            if self._config(place, "input", name).get("visible") is False:
                continue
            self._put(place, index, new, inputs[name])
        self.late.append(partial(self._add_converted, place, len(slots), converted, inputs))

    def _add_converted(
        self,
        place: int,
        slots: int,
        converted: Mapping[int, str],
        inputs: Mapping[str, list[Any]],
    ) -> None:
        into = self.into.get(place, {})
        # By the text of the number: the canvas sorts them so.
        for index, at in enumerate(sorted(converted, key=str), start=slots):
            name = converted[at]
            if index in into:
                self._feed(into[index], inputs[name], name)
            else:
                self._put(place, index, self._add_widget(place, name, inputs[name]))

    def _put(self, place: int, index: int, name: str, spec: list[Any] | None = None) -> None:
        if spec is not None:
            self.inputs[name] = spec
        self.outer[place][index] = self.slots
        self.slots += 1

    def _add_widget(self, place: int, name: str, spec: list[Any]) -> str:
        new = self._name(place, name)
        if place not in self.primitive_specs:  # what these feed says more about them
            options: dict[str, Any] = dict(spec[1]) if len(spec) > 1 and spec[1] else {}
            if name in ("seed", "noise_seed"):
                options["control_after_generate"] = True
            kind = "STRING" if spec[0] == _UPLOAD else spec[0]
            kept = {k: v for k, v in options.items() if k not in (*UPLOAD_OPTIONS, "audio_upload")}
            spec = [kind, kept]
        self.inputs[new] = spec
        self.widgets[new] = (place, name)
        return new

    def _feed(self, link: list[Any], spec: list[Any], name: str) -> None:
        """A Primitive node takes over the options of what it feeds."""
        source = int(link[0])
        if self.nodes[source]["type"] != PRIMITIVE:
            return
        options = dict(spec[1]) if len(spec) > 1 and spec[1] else {}
        self.primitive_specs[source][1] = {**options, "control_after_generate": True}
        self.primitives.setdefault(source, []).append((int(link[2]), name))

    def _name(self, place: int, name: str) -> str:
        raw = self.nodes[place]
        given = self._config(place, "input", name).get("name")
        slots: list[Mapping[str, Any]] = as_list(raw.get("inputs"))
        label = next((s.get("label") for s in slots if s.get("name") == name), None)
        new = key = str(next((n for n in (given, label) if n is not None), name))
        title = raw.get("title")
        if (raw["type"] == PRIMITIVE and title) or new in self.names:
            prefix = str(raw["type"] if title is None else title)
            new = key = f"{prefix} {name}"
            if new in self.names:
                new = f"{prefix} {self.names[new]} {name}"
        self.names[key] = self.names.get(key, 1) + 1
        return new

    def _add_outputs(self, place: int, outputs: list[Any]) -> None:
        for output, kind in enumerate(outputs):
            visible = self._config(place, "output", str(output)).get("visible")
            if visible is None:
                inside = output in self.out_of.get(place, {})
                visible = not inside or bool(self.external.get(place, {}).get(output))
            if visible:
                self.behind.append((place, output))
                self.outputs.append(kind)

    def _config(self, place: int, side: str, name: str) -> Mapping[str, Any]:
        config = cast("Mapping[str, Any]", self.data.get("config") or {})
        found: Any = config.get(str(place))
        for key in (side, name):
            found = cast("Mapping[str, Any]", found or {}).get(key)
        return cast("Mapping[str, Any]", found or {})


def _converts(slot: Mapping[str, Any], name: str) -> bool:
    widget = cast("Mapping[str, Any]", slot.get("widget") or {})
    return slot.get("name") == name and widget.get("name") == name


def _is_widget(spec: list[Any]) -> bool:
    return isinstance(spec[0], list) or spec[0] in WIDGET_TYPES or spec[0] == _UPLOAD
