"""The exact size that a finished picture shall have, worked out apart from what the server says.

The link into the only Save Stock Image is followed back to the decoder. Restore Faces keeps a size,
one Upscale to Size brings it to its goal. Where anything else stands in between, or links set the
size, nobody can tell before; then sizes are not compared.
"""

from __future__ import annotations

from typing import Any

from stockwright.core.jobs import Job
from stockwright.core.names import RESTORE_FACES, SAVE_IMAGE, UPSCALE
from stockwright.core.sizes import Shape, Size

from ..driven import Driven
from ..graphs import find_nodes
from ..graphs.model import is_link

KEY = "enlarged"
"""Under which a run's ledger keeps what `enlargement` tells."""
_AS_PAINTED = ("1x", Shape.CROP.value)
_DECODERS = ("VAEDecode", "VAEDecodeTiled")


def enlargement(driven: Driven) -> tuple[str, str] | None:
    """(size, shape) as Upscale to Size takes them; None where nobody can tell."""
    savers = find_nodes(driven.stock, SAVE_IMAGE)
    if driven.one_job or len(savers) != 1:
        return None
    link: Any = driven.stock[savers[0]]["inputs"].get("images")
    told: tuple[str, str] | None = None
    while is_link(link) and link[0] in driven.stock:
        node = driven.stock[link[0]]
        inputs = node["inputs"]
        if node["class_type"] in _DECODERS:
            return told or _AS_PAINTED
        if node["class_type"] == UPSCALE and told is None:
            if is_link(inputs["size"]) or is_link(inputs["shape"]):
                return None
            told = (inputs["size"], inputs["shape"])
        elif node["class_type"] != RESTORE_FACES:
            return None
        link = inputs.get("image")
    return None


def asked_size(told: tuple[str, str] | None, job: Job) -> tuple[int, int] | None:
    """(width, height) in pixels that the picture of a job shall have; None where nobody can tell.
    `told`: `enlargement`."""
    if told is None or not job.width or not job.height:
        return None
    size, shape = told
    goal = Size.parse(size).goal(job.width, job.height, Shape(shape))
    return goal.width, goal.height
