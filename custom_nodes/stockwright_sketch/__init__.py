"""Teaches ComfyUI the layout of `sketch.safetensors`, a small SDXL; the pack has no nodes.

Importing it loads neither torch nor ComfyUI: both come with the entry point, which ComfyUI calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comfy_api.latest import ComfyExtension

__all__ = ["comfy_entrypoint"]


async def comfy_entrypoint() -> ComfyExtension:
    from .extension import SketchExtension

    return SketchExtension()
