"""The small SDXL layout: its sizes, and its place in ComfyUI's list of models.

| part | layout |
|---|---|
| UNet | SDXL's: 2 levels (96, 192 channels), 1 residual block each, transformers at the upper |
| text | CLIP-L 64 wide + CLIP-G 128 wide, 3 layers each, CLIP's own tokenizer: context 192 |
| autoencoder | TAESD's: 8 x 8 pixels to one place of 8 latent channels, of about unit variance |
| prediction | v with zero terminal SNR, chosen by the keys `v_pred` and `ztsnr` in the file |

Any size that is a multiple of 8 works.

A sample computed in bf16 on a CPU has the same bits alone and in any batch, which tests rely on.
So the transformers have 96 channels: oneDNN splits a product over more than about 500 inputs
according to the number of rows, and a transformer's feed-forward part has 4 x its channels.
"""

from __future__ import annotations

from typing import Any, ClassVar

import comfy.latent_formats
import comfy.sdxl_clip
import comfy.supported_models
import comfy.supported_models_base
import torch

NATIVE_SIZE = 128
"""Pixels, for both sides."""

LATENT_CHANNELS = 8

CLIP_L_WIDTH = 64
CLIP_G_WIDTH = 128
# SDXL adds six sizes (height, width, crop and target), each as 256 sines, to CLIP-G's summary.
SIZE_EMBEDDING = 6 * 256


def _text_config(width: int) -> dict[str, int]:
    # Three layers at least: SDXL reads the one before the last.
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_attention_heads": width // 32,
        "num_hidden_layers": 3,
        "projection_dim": width,
    }


class SketchLatent(comfy.latent_formats.LatentFormat):
    latent_channels = LATENT_CHANNELS


class SketchClip(comfy.sdxl_clip.SDXLClipModel):
    def __init__(
        self, device: Any = "cpu", dtype: Any = None, model_options: dict[str, Any] | None = None
    ) -> None:
        sizes = {
            "clip_l_model_config": _text_config(CLIP_L_WIDTH),
            "clip_g_model_config": _text_config(CLIP_G_WIDTH),
        }
        super().__init__(
            device=device, dtype=dtype, model_options={**(model_options or {}), **sizes}
        )


class Sketch(comfy.supported_models.SDXL):
    # ComfyUI compares these with what it finds in a file; no other model has this combination.
    unet_config: ClassVar[dict[str, Any]] = {
        "model_channels": 96,
        "in_channels": LATENT_CHANNELS,
        "use_linear_in_transformer": True,
        "transformer_depth": [1, 0],
        "context_dim": CLIP_L_WIDTH + CLIP_G_WIDTH,
        "adm_in_channels": CLIP_G_WIDTH + SIZE_EMBEDDING,
        "use_temporal_attention": False,
    }
    unet_extra_config: ClassVar[dict[str, Any]] = {"num_heads": -1, "num_head_channels": 32}
    latent_format = SketchLatent

    def set_inference_dtype(self, dtype: Any, manual_cast_dtype: Any) -> None:
        # On a CPU ComfyUI computes bf16 weights in fp32, where PyTorch picks its algorithm by the
        # size of the batch; its bf16 ones give a sample the same bits alone and in any batch.
        if dtype == torch.bfloat16:
            manual_cast_dtype = None
        super().set_inference_dtype(dtype, manual_cast_dtype)

    def inpaint_model(self) -> bool:
        # The base class takes more than four input channels for an inpainting model.
        return False

    def clip_target(
        self, state_dict: dict[str, Any] | None = None
    ) -> comfy.supported_models_base.ClipTarget:
        return comfy.supported_models_base.ClipTarget(comfy.sdxl_clip.SDXLTokenizer, SketchClip)


# What ComfyUI finds in a sketch file: the sizes above and those that follow from the tensors.
DETECTED_CONFIG: dict[str, Any] = {
    **Sketch.unet_config,
    "use_checkpoint": False,
    "image_size": 32,
    "use_spatial_transformer": True,
    "legacy": False,
    "num_classes": "sequential",
    "out_channels": LATENT_CHANNELS,
    "num_res_blocks": [1, 1],
    "channel_mult": [1, 2],
    "transformer_depth_middle": -1,
    "transformer_depth_output": [1, 1, 0, 0],
    "use_temporal_resblock": False,
}


def register() -> None:
    """Puts the layout first in ComfyUI's list of models; calling it again changes nothing.

    Models are compared by name, since ComfyUI may load this pack twice under different names.
    """
    models = comfy.supported_models.models
    if not any(model.__name__ == Sketch.__name__ for model in models):
        models.insert(0, Sketch)
