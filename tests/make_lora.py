"""A small LoRA for the sketch checkpoint, as kohya's trainers write them."""

from __future__ import annotations

import os
import re

import torch
from safetensors import safe_open
from safetensors.torch import save_file

RANK = 4
UNET = re.compile(r"model\.diffusion_model\.(.+attn\d\.to_(?:q|k|v|out\.0))\.weight")
CLIP_L = re.compile(
    r"conditioner\.embedders\.0\.transformer\.(text_model\.encoder\.layers\.\d+"
    r"\.(?:self_attn\.(?:q|k|v|out)_proj|mlp\.fc[12]))\.weight"
)


def make_lora(
    checkpoint_path: str | os.PathLike[str],
    out_path: str | os.PathLike[str],
    seed: int = 0,
    scale: float = 1.0,
) -> int:
    """Writes random weights for the attention of the UNet and for CLIP-L; returns the layers.

    At strength 1 each change is about `scale` times as large as the weights that it is added to.
    """
    generator = torch.Generator().manual_seed(seed)
    lora: dict[str, torch.Tensor] = {}
    with safe_open(checkpoint_path, "pt") as checkpoint:
        for key in sorted(checkpoint.keys()):
            name = _lora_name(key)
            if name is None:
                continue
            outputs, inputs = checkpoint.get_slice(key).get_shape()
            down = torch.randn(RANK, inputs, generator=generator) / inputs**0.5
            up = torch.randn(outputs, RANK, generator=generator) * (scale / RANK**0.5)
            lora[f"{name}.lora_down.weight"] = down.half()
            lora[f"{name}.lora_up.weight"] = up.half()
            lora[f"{name}.alpha"] = torch.tensor(float(RANK))
    save_file(lora, out_path, {"ss_network_module": "networks.lora", "ss_network_dim": str(RANK)})
    return len(lora) // 3


def _lora_name(key: str) -> str | None:
    for pattern, prefix in ((UNET, "lora_unet_"), (CLIP_L, "lora_te1_")):
        if match := pattern.fullmatch(key):
            return prefix + match[1].replace(".", "_")
    return None
