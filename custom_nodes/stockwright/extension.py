"""The list of nodes, and the model folders that they read."""

from __future__ import annotations

import gc

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
        # ComfyUI collects garbage between two graphs every 10 s, and each time looks through all
        # that was imported: 0.3 s in which nothing is sampled. That stays until the end anyhow.
        gc.collect()
        gc.freeze()
        return [
            LoadPromptLLM,
            WriteThemePrompts,
            StockwrightBatch,
            PerJobSampler,
            SaveStockImage,
            LoraStack,
        ]
