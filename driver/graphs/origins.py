"""Where a file says that its nodes and models come from.

The canvas writes into a node's `properties`: `cnr_id` (the pack's name in the registry) or `aux_id`
(its repository), `ver`, and `models` (name, url, directory); older files have `models` of their
own, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from .model import Graph, as_list, one_line

_CORE = "comfy-core"
_LONGEST = 300


@dataclass(frozen=True)
class Origins:
    """`packs`: node class -> pack and version. `models`: file name -> (address, model folder)."""

    packs: Mapping[str, str]
    models: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, graph: Graph) -> Origins:
        """What the file says; an API graph says nothing."""
        if not graph.is_canvas:
            return NO_ORIGINS
        packs: dict[str, str] = {}
        models: dict[str, tuple[str, str]] = {}
        for node in _nodes(graph.data):
            properties = _mapping(node.get("properties"))
            pack = properties.get("cnr_id") or properties.get("aux_id")
            if isinstance(pack, str):
                version = properties.get("ver")
                text = f"{pack} {version}" if isinstance(version, str) else pack
                packs.setdefault(str(node.get("type")), one_line(text, _LONGEST))
            models.update(_models(properties))
        models.update(_models(graph.data))
        return cls(packs, models)

    def pack_of(self, class_type: str) -> str:
        """` (it is in the pack NAME VERSION)`, or nothing where the file does not say."""
        pack = self.packs.get(class_type)
        if pack and pack.startswith(_CORE):
            return f" (it comes with ComfyUI{pack.removeprefix(_CORE)})"
        return f" (it is in the pack {pack})" if pack else ""

    def address_of(self, value: str) -> str:
        """`; it is at URL, for models/FOLDER`, or nothing where the file does not say."""
        url, folder = self.models.get(value.replace("\\", "/").rpartition("/")[2], ("", ""))
        if not url:
            return ""
        return f"; it is at {url}" + (f", for models/{folder}" if folder else "")


def _nodes(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every node that the file holds, at whatever level; what is no node is passed over."""
    scopes: list[Any] = [data, *as_list(_mapping(data.get("definitions")).get("subgraphs"))]
    scopes += _mapping(_mapping(data.get("extra")).get("groupNodes")).values()
    for scope in scopes:
        for node in as_list(_mapping(scope).get("nodes")):
            yield _mapping(node)


def _models(holder: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    for entry in as_list(holder.get("models")):
        model = _mapping(entry)
        name, url = model.get("name"), model.get("url")
        if isinstance(name, str) and isinstance(url, str):
            yield name, (one_line(url, _LONGEST), one_line(str(model.get("directory") or "")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


NO_ORIGINS = Origins({}, {})
