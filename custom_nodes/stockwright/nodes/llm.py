"""Load Prompt LLM: the language model that names what the pictures show."""

from __future__ import annotations

import folder_paths
from comfy_api.latest import io

from ..core import names
from ..engine.llm import PromptLLM as LLM
from .folders import fingerprint, llm_files
from .types import CATEGORY, PromptLLM, search_words

NO_MODEL = "put a GGUF file into models/llm"


class LoadPromptLLM(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.LOAD_LLM,
            display_name="Load Prompt LLM",
            category=CATEGORY,
            **search_words(names.LOAD_LLM),
            description="A language model that names what the pictures show. "
            "It is loaded when it is first asked.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=llm_files() or [NO_MODEL],
                    tooltip="A GGUF file of the folder models/llm.",
                ),
                io.Int.Input(
                    "context_length",
                    default=2048,
                    min=256,
                    max=131072,
                    tooltip="How much text the model reads at once, in tokens. 2048 is enough for "
                    "most themes.",
                ),
                io.Int.Input(
                    "gpu_layers",
                    default=-1,
                    min=-1,
                    max=1000,
                    tooltip="How many layers go to the GPU. -1 puts all of them there, 0 none.",
                ),
                io.Int.Input(
                    "threads",
                    default=0,
                    min=0,
                    max=256,
                    tooltip="Of the processor, for the model. 0 takes all cores but one.",
                ),
                io.Boolean.Input(
                    "keep_loaded",
                    default=False,
                    tooltip="On keeps the model for the next run. Off frees its memory before the "
                    "pictures are sampled.",
                ),
            ],
            outputs=[
                PromptLLM.Output(
                    display_name="llm", tooltip="The language model, for Write Theme Prompts."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str | None = None) -> bool | str:
        if model is None or model in (files := llm_files()):  # None: linked
            return True
        have = ", ".join(files) or "nothing"
        return f"there is no {model!r} in the llm model folder, which holds {have}"

    @classmethod
    def fingerprint_inputs(cls, model: str | None = None, **others: object) -> str:
        """Of the files: another one may take a name. All of them count for a linked model."""
        return fingerprint(names.LLM_FOLDER, llm_files() if model is None else [model])

    @classmethod
    def execute(
        cls, model: str, context_length: int, gpu_layers: int, threads: int, keep_loaded: bool
    ) -> io.NodeOutput:
        path = folder_paths.get_full_path_or_raise(names.LLM_FOLDER, model)
        return io.NodeOutput(LLM(path, context_length, gpu_layers, threads, keep_loaded))
