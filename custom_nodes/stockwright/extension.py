"""The list of nodes, and the model folders that they read."""

from __future__ import annotations

import gc

from comfy_api.latest import ComfyExtension, io

from .nodes import folders, people_files, saving
from .nodes.batch import StockwrightBatch
from .nodes.connect import ConnectPromptLLM
from .nodes.embedding import DescribePictures
from .nodes.encoder import LoadSentenceEncoder
from .nodes.expand import ExpandPrompt
from .nodes.faces import LoadFaceModel, RestoreFaces
from .nodes.llm import LoadPromptLLM
from .nodes.lora import LoraStack
from .nodes.measure_loss import MeasureLoss
from .nodes.modifiers import StyleModifiers
from .nodes.person_lora import ContinuePersonLora, SavePersonLora
from .nodes.person_photos import LoadPersonPhotos
from .nodes.photomaker import PhotoMakerEncodePhotos
from .nodes.picture_job import PictureJob
from .nodes.prompts import WriteThemePrompts
from .nodes.sampler import PerJobSampler
from .nodes.save import SaveStockImage
from .nodes.translate import TranslatePrompt
from .nodes.upscale import UpscaleToSize


class StockwrightExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        folders.register()  # here, since ComfyUI 0.3.75 does not call on_load
        saving.attach()
        people_files.attach()
        # ComfyUI collects garbage between two graphs every 10 s, and each time looks through all
        # that was imported: 0.3 s in which nothing is sampled. That stays until the end anyhow.
        gc.collect()
        gc.freeze()
        return [
            LoadPromptLLM,
            LoadSentenceEncoder,
            ConnectPromptLLM,
            WriteThemePrompts,
            StyleModifiers,
            ExpandPrompt,
            TranslatePrompt,
            StockwrightBatch,
            PerJobSampler,
            PictureJob,
            SaveStockImage,
            LoraStack,
            LoadFaceModel,
            RestoreFaces,
            UpscaleToSize,
            DescribePictures,
            LoadPersonPhotos,
            PhotoMakerEncodePhotos,
            ContinuePersonLora,
            SavePersonLora,
            MeasureLoss,
        ]
