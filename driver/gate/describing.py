"""What a CLIP-vision model of the server sees in each picture, for the search for near-duplicates.

The driver adds two nodes to a graph that it sends: a loader of the model, and *Describe Pictures*,
linked to what the saving node saves. The pictures stay as they are. `vision` of the check
`duplicate` says which model:

    vision     model
    ---------  ------------------------------------------------------------------
    auto       the server's best one by `_BEST`; none where no name tells of CLIP
    a file     this one; QualityInvalid where the server does not offer it
    off        none

A model that the server cannot use is done without: no picture is lost for it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from stockwright.core.errors import QualityInvalid
from stockwright.core.jobs import Job
from stockwright.core.names import PICTURE_EMBEDDING, SAVE_IMAGE, UI_EMBEDDINGS
from stockwright.core.quality import AUTO, VISION, Action, Setting

from ..driven import Driven
from ..graphs import ApiGraph, ObjectInfo, find_nodes
from ..graphs.definitions import node_def
from ..graphs.links import links_of_type
from ..graphs.nearest import listed, same_file
from ..server import Finished

_OURS = "describing"
"""What the ids of the added nodes begin with."""
_LOADER, _FILE = "CLIPVisionLoader", "clip_name"
_BEST = tuple(
    re.compile(rf"(vit|clip|vision)[-_]?(big)?{size}(?![a-z])", re.IGNORECASE) for size in "lhg"
)
"""Names of CLIP's own models, those first that are enough for the purpose and cost the least."""
_OTHERS = re.compile(r"sig|llava|dino", re.IGNORECASE)
"""Models of other kinds lie in the same folder. Their cosines are spread in another way, so that
they count only if they are named."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """What `model` sees in a picture: a vector of length 1, as `core.vectors` reads it."""

    model: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Describing:
    driven: Driven
    model: str
    """A file as the server's loader names it."""

    def added(self, graph: ApiGraph) -> ApiGraph:
        """A bound graph that also describes its pictures."""
        added: ApiGraph = {_OURS: _node(_LOADER, {_FILE: self.model})}
        for number, (images, jobs) in enumerate(self._pictures(graph)):
            inputs = {"images": images, "clip_vision": [_OURS, 0]}
            inputs |= {"jobs": jobs} if jobs is not None else {}
            added[f"{_OURS}-{number}"] = _node(PICTURE_EMBEDDING, inputs)
        return {**graph, **added}

    def told(self, jobs: Sequence[Job], ended: Finished) -> dict[str, Embedding]:
        """What the server says of a graph's pictures, by job id."""
        entries = [
            entry
            for output in ended.outputs.values()
            for entry in (output or {}).get(UI_EMBEDDINGS, [])
        ]
        found = {str(entry["job"]): entry["vector"] for entry in entries}
        if self.driven.one_job and entries:  # whatever the graph calls its one job
            found = {jobs[0].id: entries[0]["vector"]}
        return {job: Embedding(self.model, base64.b64decode(text)) for job, text in found.items()}

    def _pictures(self, graph: ApiGraph) -> list[tuple[Any, Any]]:
        """Links to the pictures that are saved, each with a link to their jobs or None."""
        if not self.driven.one_job:
            inputs = [graph[node_id]["inputs"] for node_id in find_nodes(graph, SAVE_IMAGE)]
            return [(each["images"], each["jobs"]) for each in inputs]
        saver = next(iter(self.driven.savers))
        [(_, link), *_] = links_of_type(graph, self.driven.info, saver, "IMAGE")
        return [(list(link), None)]


def describing(duplicate: Setting, driven: Driven) -> Describing | None:
    """None where no model describes pictures. Raises QualityInvalid for one that is not there."""
    asked = duplicate.names.get(VISION, Action.OFF.value)
    if duplicate.action is Action.OFF or asked.casefold() == Action.OFF:
        return None
    offered = _offered(driven.info)
    if asked.casefold() == AUTO:
        model = _best(offered)
    else:
        found = same_file(asked, offered)
        if len(found) != 1:
            raise QualityInvalid(
                f"the server does not offer the CLIP-vision model {asked!r}",
                where="quality.yaml, check duplicate, key vision",
                hint=f"It offers {listed(asked, offered) or 'none'}."
                " Without such a model: vision: off.",
            )
        model = found[0]
    return Describing(driven, model) if model and driven.savers else None


def describing_broke(ended: Finished) -> bool:
    """Whether it is the describing that a graph failed for, and not what paints."""
    return ended.error_node.startswith(_OURS)


def _offered(info: ObjectInfo) -> list[str]:
    definition = node_def(info, _LOADER)
    spec = definition.input(_FILE) if definition and PICTURE_EMBEDDING in info else None
    return [str(choice) for choice in (spec.choices if spec else None) or ()]


def _best(offered: Sequence[str]) -> str | None:
    usable = [name for name in offered if not _OTHERS.search(name)]
    ranked = (name for sign in _BEST for name in usable if sign.search(PurePath(name).name))
    return next(ranked, None)


def _node(class_type: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    meta = {"title": "Describe Pictures"}
    return {"class_type": class_type, "inputs": dict(inputs), "_meta": meta}
