"""Load Sentence Encoder: the model that tells whether two prompts mean nearly the same."""

from __future__ import annotations

import folder_paths
from comfy_api.latest import io

from ..core import names
from ..engine.encoder import SentenceEncoder as Encoder
from .folders import encoder_files, fingerprint, kept_file
from .types import CATEGORY, SentenceEncoder, search_words

NO_MODEL = "put an encoder into models/sentence_embedding"


class LoadSentenceEncoder(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.LOAD_ENCODER,
            display_name="Load Sentence Encoder",
            category=CATEGORY,
            **search_words(names.LOAD_ENCODER),
            description="A small model that tells how near the meanings of two prompts are. "
            "It runs on the processor, and is loaded when it is first asked.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=encoder_files() or [NO_MODEL],
                    tooltip="A safetensors file of the folder models/sentence_embedding. Its "
                    "config and tokenizer lie beside it.",
                )
            ],
            outputs=[
                SentenceEncoder.Output(
                    display_name="encoder", tooltip="The encoder, for Write Theme Prompts."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str | None = None) -> bool | str:
        if model is None or model in (files := encoder_files()):  # None: linked
            return True
        have = ", ".join(files) or "nothing"
        return (
            f"there is no {model!r} in the {names.ENCODER_FOLDER} model folder, which holds {have}"
        )

    @classmethod
    def fingerprint_inputs(cls, model: str | None = None, **others: object) -> str:
        """Of the weights: another file may take a name. All of them count for a linked model."""
        return fingerprint(names.ENCODER_FOLDER, encoder_files() if model is None else [model])

    @classmethod
    def execute(cls, model: str) -> io.NodeOutput:
        path = folder_paths.get_full_path_or_raise(names.ENCODER_FOLDER, model)
        stamp = fingerprint(names.ENCODER_FOLDER, [model])
        return io.NodeOutput(Encoder(path, stamp, kept_file("vectors")))
