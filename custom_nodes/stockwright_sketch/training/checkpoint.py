"""The networks as one SDXL checkpoint: writing it, and reading it as ComfyUI does."""

from __future__ import annotations

import json
import os
from pathlib import Path

import comfy.sd
import torch
from safetensors.torch import save

from .. import layout
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
    _write(
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


def _write(target: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> Path:
    """Writes a safetensors file; the same content gives the same bytes."""
    data = _serialise(tensors, metadata)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _serialise(tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> bytes:
    # safetensors writes the metadata in random order, so two equal files would differ.
    data = save({key: tensor.contiguous() for key, tensor in tensors.items()}, metadata)
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"] = dict(sorted(metadata.items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    return data[:8] + text.ljust(size) + data[8 + size :]
