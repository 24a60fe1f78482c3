"""The sketch's layout and its builder, with ComfyUI's own modules but without a server."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from safetensors import safe_open

from driver import places
from tests.make_lora import make_lora

BUILD = """
import comfy.cli_args
comfy.cli_args.args.cpu = True
import sys
from stockwright_sketch.build import build

for seed, path in enumerate(sys.argv[1:]):
    build(path, seed)
"""

DETECT = """
import comfy.cli_args
comfy.cli_args.args.cpu = True
import json, sys
import comfy.model_detection, comfy.supported_models, comfy.utils
from stockwright_sketch import layout

before = len(comfy.supported_models.models)
layout.register()
layout.register()
state = comfy.utils.load_torch_file(sys.argv[1])
found = comfy.model_detection.model_config_from_unet(state, "model.diffusion_model.")
print(json.dumps({
    "added": len(comfy.supported_models.models) - before,
    "found": type(found).__name__,
    "prediction": found.model_type(state).name,
    "config": comfy.model_detection.detect_unet_config(state, "model.diffusion_model.")
    == layout.DETECTED_CONFIG,
}))
"""


def run(*command: str | Path) -> str:
    """Runs Python with ComfyUI importable and nothing of this process's own path."""
    done = subprocess.run(
        [sys.executable, *command],
        env=os.environ | {"PYTHONPATH": str(places.COMFYUI)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_seed_decides_every_byte(sketch_path: Path, tmp_path: Path):
    again, other = tmp_path / "new folder" / "again.safetensors", tmp_path / "other.safetensors"
    run("-c", BUILD, again, other)
    assert sha256(again) == sha256(sketch_path), "the set-up's was built with the first seed, too"
    assert sha256(other) != sha256(sketch_path)
    assert [path.name for path in again.parent.iterdir()] == [again.name]


def test_the_file_is_small_and_says_what_it_is(sketch_path: Path):
    assert sketch_path.stat().st_size < 40e6
    with safe_open(sketch_path, "pt") as checkpoint:
        assert checkpoint.metadata() == {
            "modelspec.title": "stockwright-sketch",
            "modelspec.description": "random weights, for tests",
            "modelspec.license": "MIT",
            "modelspec.resolution": "128x128",
            "seed": "0",
        }


def test_comfyui_recognises_the_layout_which_is_registered_once(sketch_path: Path):
    assert json.loads(run("-c", DETECT, sketch_path)) == {
        "added": 1,
        "found": "Sketch",
        "prediction": "V_PREDICTION",
        "config": True,
    }


def test_a_lora_covers_the_unet_and_the_text_encoder(sketch_path: Path, tmp_path: Path):
    path = tmp_path / "lora.safetensors"
    layers = make_lora(sketch_path, path, seed=3, scale=0.5)
    with safe_open(path, "pt") as lora:
        names = {key.split(".")[0] for key in lora.keys()}  # noqa: SIM118, not a dict
    assert len(names) == layers
    assert "lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k" in names
    assert "lora_te1_text_model_encoder_layers_0_self_attn_q_proj" in names
