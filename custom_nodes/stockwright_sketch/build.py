"""Builds `sketch.safetensors`: the small SDXL layout with seeded random weights, for tests.

    PYTHONPATH=<ComfyUI folder> python build.py OUT [--seed N]

The same seed gives the same bytes. The pictures are patterns without a meaning: finite, and
different for each prompt and each noise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import save

# A weight's spread is its gain / sqrt(inputs); this keeps each stage near unit variance. The first
# entry that matches a part of the key counts.
GAINS = {
    "diffusion_model.out.2.": 1.7,  # behind a SiLU
    "taesd_decoder.19.": 0.22,  # brings the colours to mean 0.5, spread about 0.2
    "taesd_encoder.14.": 10.0,
    ".conv.4.": 0.5,  # the last of a TAESD block, added to what came in
    "taesd_": 2**0.5,  # behind a ReLU
}
CONSTANTS = {
    "taesd_decoder.19.bias": 0.5,
    "vae_scale": 1.0,
    "vae_shift": 0.0,
    "logit_scale": 4.6055,
}


def build(path: str | os.PathLike[str], seed: int = 0) -> Path:
    """Writes the checkpoint (fp16) to `path` in one step: the file is whole or not there."""
    layout = _layout()
    tensors = {key: _fill(key, tensor, seed) for key, tensor in _empty_checkpoint(layout).items()}
    metadata = {
        "modelspec.title": "stockwright-sketch",
        "modelspec.description": "random weights, for tests",
        "modelspec.license": "MIT",
        "modelspec.resolution": f"{layout.NATIVE_SIZE}x{layout.NATIVE_SIZE}",
        "seed": str(seed),
    }
    return write_checkpoint(Path(path), tensors, metadata)


def write_checkpoint(
    target: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]
) -> Path:
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


def _layout() -> ModuleType:
    # Late, since it loads ComfyUI. Started as a script this file is no part of a package, and
    # Python has put its folder on the path.
    if __package__:
        from . import layout
    else:
        import layout
    return layout


def _empty_checkpoint(layout: ModuleType) -> dict[str, torch.Tensor]:
    """Every tensor of the layout under its name in a checkpoint, with undefined values."""
    from comfy.taesd.taesd import TAESD

    config = layout.Sketch(layout.DETECTED_CONFIG)
    config.set_inference_dtype(torch.float32, None)
    marks = {"v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}
    model = config.get_model(marks)
    clip = layout.SketchClip().state_dict()
    vae = TAESD(latent_channels=layout.LATENT_CHANNELS).state_dict()
    return model.state_dict_for_saving(clip, vae) | marks


def _fill(key: str, like: torch.Tensor, seed: int) -> torch.Tensor:
    """The weights of `key`, which depend on nothing but the key, the shape and the seed."""
    if not like.is_floating_point() or like.numel() == 0:
        return like
    constant = next((value for part, value in CONSTANTS.items() if part in key), None)
    if constant is None and like.ndim < 2:
        # Norms pass through what they get; other biases are nothing.
        constant = 1.0 if key.endswith(".weight") else 0.0
    if constant is not None:
        return torch.full(like.shape, constant, dtype=torch.float16)
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:6]))
    values = torch.randn(like.shape, generator=generator)
    if "embedding" in key:
        return values.half()
    if "taesd_" in key:
        # What comes out of a ReLU is positive: without this every picture has one strong tint.
        values -= values.flatten(1).mean(dim=1).view(-1, 1, 1, 1)
    return (values * (_gain(key) / like[0].numel() ** 0.5)).half()


def _gain(key: str) -> float:
    return next((gain for part, gain in GAINS.items() if part in key), 1.0)


def _serialise(tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> bytes:
    # safetensors writes the metadata in random order, so two equal files would differ.
    data = save({key: tensor.contiguous() for key, tensor in tensors.items()}, metadata)
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"] = dict(sorted(metadata.items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    return data[:8] + text.ljust(size) + data[8 + size :]


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the sketch checkpoint.")
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    # Shapes need no GPU, and ComfyUI looks for one as soon as its modules load.
    from comfy.cli_args import args

    args.cpu = True
    build(arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
