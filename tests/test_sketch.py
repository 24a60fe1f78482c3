"""The sketch's layout and its file, with ComfyUI's own modules but without a server."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from safetensors import safe_open

from driver import places
from driver.weights import manifest
from tests.make_lora import make_lora

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


def test_the_file_is_small_and_says_what_it_is(sketch_path: Path):
    shipped = places.CUSTOM_NODES / "stockwright_sketch" / "sketch.safetensors"
    assert sketch_path.resolve() == shipped
    assert sketch_path.stat().st_size < 40e6
    with safe_open(sketch_path, "pt") as checkpoint:
        said = checkpoint.metadata()
    assert said["modelspec.title"] == "stockwright-sketch"
    assert "for trying out and for tests" in said["modelspec.description"]
    assert said["modelspec.license"] == "MIT"
    assert said["modelspec.resolution"] == "128x128"


def test_the_manifest_knows_the_file(sketch_path: Path):
    model = manifest.read(manifest.shipped_file(), own=False)["sketch"]
    assert model.size == sketch_path.stat().st_size
    assert model.sha256 == hashlib.sha256(sketch_path.read_bytes()).hexdigest()


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
