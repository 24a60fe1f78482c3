"""Wire types of the pack."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from comfy_api.latest import io

from ..core import names

Jobs = io.Custom("JOBS")
"""tuple[Job, ...]: see `core.jobs`."""

PromptLLM = io.Custom("PROMPT_LLM")
"""A language model that is loaded when it is first asked: see `engine.llm`."""

SentenceEncoder = io.Custom("SENTENCE_ENCODER")
"""Tells how near the meanings of texts are: see `engine.encoder`."""

FaceModel = io.Custom("FACE_RESTORER")
"""A network that restores faces, or None for none: see `nodes.faces.FaceRestorer`."""

CATEGORY = "Stockwright"

MAX_SEED = 2**53 - 1
"""The largest seed that the canvas, which counts in doubles, keeps exactly."""


def search_words(node_id: str) -> dict[str, Any]:
    """The schema's argument for a node's search words; older versions of ComfyUI have none."""
    known = {field.name for field in fields(io.Schema)}
    return {"search_aliases": [*names.SEARCH_WORDS[node_id]]} if "search_aliases" in known else {}
