"""Wire types of the pack."""

from __future__ import annotations

from comfy_api.latest import io

Jobs = io.Custom("JOBS")
"""tuple[Job, ...]: see `core.jobs`."""

PromptLLM = io.Custom("PROMPT_LLM")
"""A language model that is loaded when it is first asked: see `engine.llm`."""

CATEGORY = "Stockwright"
