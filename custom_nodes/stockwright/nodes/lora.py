"""LoRA Stack: several LoRAs from one line of text."""

from __future__ import annotations

import comfy.sd
import comfy.utils
import folder_paths
from comfy_api.latest import io

from ..core import names
from ..core.errors import LoraInvalid
from ..core.loras import find_lora, parse_loras
from .folders import fingerprint
from .types import CATEGORY, search_words


class LoraStack(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.LORA_STACK,
            display_name="LoRA Stack",
            category=CATEGORY,
            **search_words(names.LORA_STACK),
            description="Applies several LoRAs, written as a line of text. "
            "An empty line changes nothing.",
            inputs=[
                io.Model.Input("model", tooltip="The diffusion model, from the checkpoint."),
                io.Clip.Input("clip", tooltip="The text encoder, from the checkpoint."),
                io.String.Input(
                    "loras",
                    multiline=True,
                    default="",
                    placeholder="film:0.6, pastel:0.4",
                    tooltip="name:strength, joined by commas. Without a strength it is 1. "
                    "The ending of a file name may be left out.",
                ),
            ],
            outputs=[
                io.Model.Output(display_name="model", tooltip="The model with the LoRAs applied."),
                io.Clip.Output(
                    display_name="clip", tooltip="The text encoder with the LoRAs applied."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, loras: str | None = None) -> bool | str:
        if loras is None:  # linked: known only when it runs
            return True
        try:
            _resolve(loras)
        except LoraInvalid as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, loras: str | None = None, **others: object) -> str:
        """Of the files: another one may take a name. All of them count for a linked text."""
        if loras is None:
            return fingerprint("loras", folder_paths.get_filename_list("loras"))
        try:
            return fingerprint("loras", [file for file, _ in _resolve(loras)])
        except LoraInvalid as error:
            return str(error)  # `execute` reports it

    @classmethod
    def execute(cls, model, clip, loras: str) -> io.NodeOutput:
        for file, strength in _resolve(loras):
            path = folder_paths.get_full_path_or_raise("loras", file)
            weights = comfy.utils.load_torch_file(path, safe_load=True)
            model, clip = comfy.sd.load_lora_for_models(model, clip, weights, strength, strength)
        return io.NodeOutput(model, clip)


def _resolve(text: str) -> list[tuple[str, float]]:
    uses = parse_loras(text)
    available = folder_paths.get_filename_list("loras") if uses else []
    return [(find_lora(use.name, available), use.strength) for use in uses if use.strength]
