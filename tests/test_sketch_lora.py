"""ComfyUI's LoRA training works on the sketch: ten pictures teach it a thing in a new colour."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
import requests
from PIL import Image

from driver import places
from driver.server import Server
from tests.graphs import Graph, node, run, stock_graph

PROMPT = "apple on white background"
FOLDER = "blue-apples"
LORA = "blue-apple"


@pytest.fixture
def pictures(server: Server) -> Iterator[list[Image.Image]]:
    """Ten apples that the sketch draws, before anything was trained."""
    yield drawn(server, "")
    shutil.rmtree(places.BASE / "input" / FOLDER, ignore_errors=True)


def drawn(server: Server, loras: str) -> list[Image.Image]:
    jobs = [{"id": f"a{n}", "prompt": PROMPT, "seed": n} for n in range(10)]
    graph = stock_graph(json.dumps(jobs), size=128, steps=12, cfg=2.5, loras=loras)
    files = run(server, graph).outputs["9"]["stockwright_files"]
    found: list[Image.Image] = []
    for file in files:
        asked = {key: file[key] for key in ("filename", "subfolder", "type")}
        answer = requests.get(f"{server.url}/view", params=asked, timeout=30)
        found.append(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    return found


def training(steps: int) -> Graph:
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="sketch.safetensors"),
        "2": node("LoadImageDataSetFromFolder", folder=FOLDER),
        "3": node(
            "MakeTrainingDataset", images=["2", 0], vae=["1", 2], clip=["1", 1], texts=PROMPT
        ),
        "4": node(
            "TrainLoraNode",
            model=["1", 0],
            latents=["3", 0],
            positive=["3", 1],
            batch_size=2,
            grad_accumulation_steps=1,
            steps=steps,
            learning_rate=0.005,
            rank=8,
            optimizer="AdamW",
            loss_function="MSE",
            seed=0,
            training_dtype="fp32",
            lora_dtype="fp32",
            algorithm="LoRA",
            gradient_checkpointing=False,
            existing_lora="[None]",
        ),
        "5": node("SaveLoRA", lora=["4", 1], prefix=f"loras/{LORA}", steps=["4", 3]),
    }


def redness(images: list[Image.Image]) -> float:
    """Red minus blue in the middle, where the apple is; -255 to 255."""
    middle = np.stack([np.asarray(image)[40:88, 40:88] for image in images]).astype(float)
    return float(middle[..., 0].mean() - middle[..., 2].mean())


def test_a_lora_of_ten_pictures_changes_the_colour(server: Server, pictures: list[Image.Image]):
    assert redness(pictures) > 40, "the sketch draws red apples"
    folder = places.BASE / "input" / FOLDER
    folder.mkdir(parents=True)
    for number, image in enumerate(pictures):
        red, green, blue = image.split()
        Image.merge("RGB", (blue, green, red)).save(folder / f"{number}.png")
    run(server, training(steps=24))
    (made,) = (places.BASE / "output" / "loras").glob(f"{LORA}*.safetensors")
    made.rename(places.MODELS / "loras" / f"{LORA}.safetensors")
    assert redness(drawn(server, f"{LORA}:1")) < 0, "and now blue ones"
