"""Continue and Save Person LoRA: around core's *Train LoRA*, so that a training can go on later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import comfy.sd
import comfy.utils
import folder_paths
import torch
from comfy_api.latest import io

from ..core import names
from ..core.errors import PersonLoraInvalid
from ..core.people import ID, LORAS, lora_name, stem
from ..engine.people_files import private_folder
from ..engine.person_lora import WHERE, added, check_finite, store, summed
from .folders import fingerprint
from .types import CATEGORY, search_words

NOTHING = "[None]"
"""As core's *Train LoRA* calls it."""

LoraWeights = io.Custom("LORA_MODEL")
LossMap = io.Custom("LOSS_MAP")


class ContinuePersonLora(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.CONTINUE_LORA,
            display_name="Continue Person LoRA",
            category=CATEGORY,
            **search_words(names.CONTINUE_LORA),
            description="Put it in front of Train LoRA, with the same file in both: the model then "
            "carries what Train LoRA would start anew, the changes of biases and norms.",
            inputs=[
                io.Model.Input("model", tooltip="The diffusion model, from the checkpoint."),
                io.Combo.Input(
                    "lora",
                    options=[*folder_paths.get_filename_list("loras"), NOTHING],
                    default=NOTHING,
                    tooltip="The LoRA to go on with, the same as existing_lora of Train LoRA. "
                    "[None] begins a new one.",
                ),
            ],
            outputs=[
                io.Model.Output(display_name="model", tooltip="The model, for Train LoRA."),
                LoraWeights.Output(
                    display_name="before",
                    tooltip="What the model carries already, for Save Person LoRA.",
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, lora: str | None = None, **others: object) -> str:
        files = folder_paths.get_filename_list("loras") if lora is None else [lora]
        return fingerprint("loras", files)

    @classmethod
    def execute(cls, model: Any, lora: str) -> io.NodeOutput:
        if lora == NOTHING:
            return io.NodeOutput(model, {})
        path = folder_paths.get_full_path_or_raise("loras", lora)
        before = added(comfy.utils.load_torch_file(path, safe_load=True))
        if before:
            model, _ = comfy.sd.load_lora_for_models(model, None, before, 1.0, 0.0)
        return io.NodeOutput(model, before)


class SavePersonLora(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.SAVE_LORA,
            display_name="Save Person LoRA",
            category=CATEGORY,
            **search_words(names.SAVE_LORA),
            description="Stores a trained LoRA in models/loras, for its owner alone, under a name "
            "that Train LoRA can go on with. A training that gave no numbers is not stored.",
            inputs=[
                LoraWeights.Input("lora", tooltip="The weights, from Train LoRA."),
                LoraWeights.Input("before", tooltip="From Continue Person LoRA."),
                LossMap.Input("loss", tooltip="The losses, from Train LoRA."),
                io.Int.Input(
                    "steps",
                    default=0,
                    min=0,
                    max=999999,
                    force_input=True,
                    tooltip="Steps of the whole training, from Train LoRA.",
                ),
                io.String.Input(
                    "person",
                    default="me",
                    tooltip="Names the folder in models/loras/stockwright_people. The driver "
                    "writes a random number here, never a name.",
                ),
                io.String.Input(
                    "key",
                    default="photos",
                    tooltip="Begins the file's name. The driver writes a number made of the "
                    "photos and the settings here.",
                ),
            ],
            outputs=[LossMap.Output(display_name="loss", tooltip="The same losses, for a plot.")],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, person: str | None = None, key: str | None = None) -> bool | str:
        for name, value in (("person", person), ("key", key)):
            if value is not None and not ID.fullmatch(value):
                return str(_no_id(name))
        return True

    @classmethod
    def execute(
        cls,
        lora: dict[str, torch.Tensor],
        before: dict[str, torch.Tensor],
        loss: dict[str, list[float]],
        steps: int,
        person: str,
        key: str,
    ) -> io.NodeOutput:
        for name, value in (("person", person), ("key", key)):
            if not ID.fullmatch(value):  # a link is known only when it runs
                raise _no_id(name)
        losses = loss["loss"]
        whole = summed(lora, before)
        check_finite(whole, losses)
        named = stem(key, steps)
        folder = private_folder(Path(folder_paths.get_folder_paths("loras")[0]) / LORAS, person)
        sha256, size = store(whole, folder / f"{named}.safetensors")
        file = lora_name(person, named)
        told = {"file": file, "sha256": sha256, "bytes": size, "steps": steps, "losses": losses}
        return io.NodeOutput(loss, ui={names.UI_LORA: [told]})


def _no_id(name: str) -> PersonLoraInvalid:
    return PersonLoraInvalid(
        "it is no name for a file",
        where=f"{WHERE}, {name}",
        hint="Use 1 to 40 small Latin letters, digits, - and _.",
    )
