"""The networks as one SDXL checkpoint: writing it, and reading it as ComfyUI does."""

from __future__ import annotations

from pathlib import Path

import comfy.sd
import torch

from .. import layout
from ..build import write_checkpoint
from .networks import Networks, marks


def write(networks: Networks, path: Path, samples: int) -> None:
    """fp16, about 38 MB."""
    tensors = networks.model.state_dict_for_saving(
        networks.clip.state_dict(), networks.vae.state_dict()
    )
    tensors = {
        key: tensor.detach().cpu().half() if tensor.is_floating_point() else tensor.cpu()
        for key, tensor in (tensors | marks()).items()
    }
    write_checkpoint(
        path,
        tensors,
        {
            "modelspec.title": "stockwright-sketch",
            "modelspec.description": "small model of rendered scenes, for trying out and for tests",
            "modelspec.license": "MIT",
            "modelspec.resolution": f"{layout.NATIVE_SIZE}x{layout.NATIVE_SIZE}",
            "samples": str(samples),
        },
    )


def read(path: Path) -> Networks:
    """The networks of a finished checkpoint, computed in fp32."""
    layout.register()
    options = {"dtype": torch.float32}
    model, clip, vae, _ = comfy.sd.load_checkpoint_guess_config(
        str(path), model_options=options, te_model_options=options
    )
    return Networks(model.model, clip.cond_stage_model, vae.first_stage_model.float())
