"""Stockwright's node pack: prompts, batches and files for stock-image pools.

ComfyUI calls `comfy_entrypoint`; everything heavy is imported there, so that importing this
package loads neither torch nor ComfyUI.
"""

from __future__ import annotations

from typing import Any

WEB_DIRECTORY = "./web"
"""What ComfyUI serves below `/extensions/stockwright`: the scripts that the canvas loads, and help
pages, in `docs`."""


async def comfy_entrypoint() -> Any:
    from .extension import StockwrightExtension

    return StockwrightExtension()
