"""Stands in for sd-scripts' train_network.py: reads its files as that does, and saves LoRAs.

Beside it lies `lora.safetensors`, which it saves in place of a trained one, and `does.json`: at
which step it is out of memory (for a batch above a limit), gives NaN, rises or is killed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config_file", required=True)
    config = tomllib.loads(Path(parser.parse_args().config_file).read_text())
    dataset = tomllib.loads(Path(config["dataset_config"]).read_text())
    does = json.loads((HERE / "does.json").read_text())
    (one,) = dataset["datasets"]
    subset, *others = one["subsets"]
    images = sorted(Path(subset["image_dir"]).glob("*.png"))
    told = {
        "config": config,
        "dataset": dataset,
        "captions": [image.with_suffix(".txt").read_text() for image in images],
        "images": [image.name for image in images],
        "others": {
            image.name: image.with_suffix(".txt").read_text()
            for each in others
            for image in sorted(Path(each["image_dir"]).glob("*.png"))
        },
        "continued": Path(config.get("network_weights", "none")).is_file(),
        "checkpoint": Path(config["pretrained_model_name_or_path"]).is_file(),
        "cwd": str(Path.cwd()),
    }
    with (HERE / "told.jsonl").open("a") as log:
        log.write(json.dumps(told) + "\n")
    if one["batch_size"] > does.get("fits", 99):
        print("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB")
        return 1
    steps, every = config["max_train_steps"], config["save_every_n_steps"]
    out = Path(config["output_dir"])
    for step in range(1, steps + 1):
        loss = "nan" if step == does.get("nan") else f"{1 / step:.3f}"
        if step >= does.get("rises", 9999):
            loss = "0.9"
        bar = (
            f"steps:  {step * 100 // steps}%|##| {step}/{steps} [00:01<00:01,  1.00it/s, avr_loss="
        )
        print(f"\r{bar}{loss}]", end="", flush=True)
        print(f"\r{bar}0.99]", end="", flush=True)  # tqdm tells a step again; the first one counts
        if step == does.get("dies"):
            (out / f"{config['output_name']}-step{step:08d}.safetensors").write_bytes(b"half")
            (HERE / "does.json").write_text("{}")
            os.kill(os.getppid() if does.get("with_driver") else os.getpid(), signal.SIGKILL)
        if step % every == 0 and step < steps:
            shutil.copy(
                HERE / "lora.safetensors",
                out / f"{config['output_name']}-step{step:08d}.safetensors",
            )
    shutil.copy(HERE / "lora.safetensors", out / f"{config['output_name']}.safetensors")
    print("\nmodel saved.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
