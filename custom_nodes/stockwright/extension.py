"""The list of nodes, and the model folders that they read."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .nodes import folders
from .nodes.batch import StockwrightBatch
from .nodes.lora import LoraStack
from .nodes.prompts import LoadPromptLLM, WriteThemePrompts
from .nodes.sampler import PerJobSampler
from .nodes.save import SaveStockImage


class StockwrightExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        folders.register()  # here, since ComfyUI 0.3.75 does not call on_load
        return [
            LoadPromptLLM,
            WriteThemePrompts,
            StockwrightBatch,
            PerJobSampler,
            SaveStockImage,
            LoraStack,
        ]
