"""Upscale to Size: pictures enlarged by a model, and brought to the exact size that is asked."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import comfy.model_management
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from ..core import names
from ..core.errors import SizeInvalid
from ..core.sizes import Shape, Size
from ..engine.enlarging import WHERE, Host
from ..engine.upscaling import passes_for, upscale
from .types import CATEGORY, search_words

_FIELD = f"{WHERE}, field size"

_ROOM = 1024**3
"""Bytes on the GPU for the model's calls, for which ComfyUI unloads other models if it must. Tiles
become larger where more is free."""

_STEPS = 1000
"""Of the progress bar."""

_patchers: WeakKeyDictionary[Any, ModelPatcher] = WeakKeyDictionary()


class UpscaleToSize(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.UPSCALE,
            display_name="Upscale to Size",
            category=CATEGORY,
            **search_words(names.UPSCALE),
            description="Enlarges pictures with an upscale model, in tiles that leave no seam, and "
            "brings them to the exact size.",
            inputs=[
                io.Image.Input("image", tooltip="The pictures. Transparency is kept."),
                io.String.Input(
                    "size",
                    default="2x",
                    tooltip="2x is a factor, 4096 the longer side, 24MP megapixels, and 1920x1080 "
                    "a width and height in pixels.",
                ),
                io.Combo.Input(
                    "shape",
                    options=Shape,
                    default=Shape.CROP,
                    tooltip="For a width and height: crop cuts off what is too much, fit keeps the "
                    "whole picture and may leave one side shorter.",
                ),
                io.UpscaleModel.Input(
                    "upscale_model",
                    optional=True,
                    tooltip="From Load Upscale Model. Without one the pictures are only resized.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The pictures in that size.")],
        )

    @classmethod
    def validate_inputs(cls, size: str | None = None) -> bool | str:
        try:
            if size is not None:  # None: linked
                Size.parse(size, _FIELD)
        except SizeInvalid as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls, image: torch.Tensor, size: str, shape: str, upscale_model: Any = None
    ) -> io.NodeOutput:
        height, width = image.shape[1:3]
        goal = Size.parse(size, _FIELD).goal(width, height, Shape(shape), _FIELD)
        model = upscale_model
        if model is not None and not passes_for(model.scale, goal.enlargement):
            model = None  # it has nothing to do, and need not drive others from the GPU
        return io.NodeOutput(upscale(image, model, goal, _host(model)))


def _host(model: Any) -> Host:
    """This machine, with the model on its GPU."""
    management = comfy.model_management
    device = management.get_torch_device()
    if model is not None:
        _load(model, device)
    bar = comfy.utils.ProgressBar(_STEPS)

    def on_progress(done: float) -> None:
        management.throw_exception_if_processing_interrupted()
        bar.update_absolute(round(done * _STEPS))

    return Host(
        device=device,
        output=management.intermediate_device(),
        precision=_precision(model, device),
        free_memory=lambda: management.get_free_memory(device),
        release=management.soft_empty_cache,
        progress=on_progress,
    )


def _load(model: Any, device: torch.device) -> None:
    """By ComfyUI's manager, which leaves it there until something else needs the room."""
    if model not in _patchers:
        offload = comfy.model_management.unet_offload_device()
        _patchers[model] = ModelPatcher(model.model, device, offload)
    comfy.model_management.load_models_gpu(
        [_patchers[model]], memory_required=_ROOM, force_full_load=True
    )
    # ComfyUI's own upscale node moves a model back by itself, and its manager does not know.
    model.to(device)


def _precision(model: Any, device: torch.device) -> torch.dtype:
    """bf16 where this server computes pictures in it; fp16 is too coarse for some models."""
    if model is None or not model.supports_bfloat16 or device.type not in ("cpu", "cuda", "xpu"):
        return torch.float32
    chosen = comfy.model_management.vae_dtype(device, [torch.bfloat16])
    return torch.bfloat16 if chosen is torch.bfloat16 else torch.float32
