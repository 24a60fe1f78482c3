"""A checkpoint that ComfyUI knows by itself, with random weights: SD 1.5's layout with one level.

    PYTHONPATH=<ComfyUI folder> python make_checkpoint.py OUT

About 280 MB: CLIP-L has one size only. The same bytes each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from comfy.cli_args import args

args.cpu = True

import comfy.sd1_clip  # noqa: E402
import comfy.supported_models  # noqa: E402
from comfy.taesd.taesd import TAESD  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 320,
    "num_res_blocks": [1],
    "channel_mult": [1],
    "transformer_depth": [1],
    "transformer_depth_output": [1, 1],
    "transformer_depth_middle": 1,
    "context_dim": 768,
    "adm_in_channels": None,
    "use_linear_in_transformer": False,
    "use_spatial_transformer": True,
    "use_temporal_attention": False,
    "legacy": False,
}


def main(out: Path) -> None:
    config = comfy.supported_models.SD15(UNET)
    config.set_inference_dtype(torch.float32, None)
    clip = comfy.sd1_clip.SD1ClipModel().state_dict()
    tensors = config.get_model({}).state_dict_for_saving(clip, TAESD().state_dict())
    generator = torch.Generator().manual_seed(0)
    save_file({key: fill(key, tensors[key], generator) for key in sorted(tensors)}, out)


def fill(key: str, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if like.ndim < 2:
        return torch.full(like.shape, float(key.endswith(".weight"))).half()
    values = torch.randn(like.shape, generator=generator)
    return (values * like[0].numel() ** -0.5).half()


main(Path(sys.argv[1]))
