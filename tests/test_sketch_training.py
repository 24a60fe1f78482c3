"""The sketch's training, from pictures to a checkpoint, in its quick form."""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image, ImageDraw
from safetensors import safe_open

from driver import places
from stockwright_sketch.training import portraits, sprites
from stockwright_sketch.training.captions import reworded

TRAINING = places.CUSTOM_NODES / "stockwright_sketch" / "training"


TWICE = """
import sys
from pathlib import Path
from stockwright_sketch.training import train

out, folder = map(Path, sys.argv[1:])
train.train(out, folder, train.QUICK)
before = out.read_bytes()
print("again", flush=True)
train.train(out, folder, train.QUICK)
assert out.read_bytes() == before
"""


def blob(number: int) -> bytes:
    """A WebP with transparency, such as the emoji are."""
    image = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(image).ellipse((8, 4, 56, 62), fill=(37 * number % 256, 90, 160, 255))
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=True)
    return file.getvalue()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A training folder with made-up emoji and portraits, so that npm is not asked for any."""
    texts = [path.read_text("utf-8") for path in TRAINING.rglob("*.yaml")]
    texts += [path.read_text("utf-8") for path in TRAINING.rglob("*.py")]
    code = re.compile(r"\b[0-9a-f]{4,5}(?:-[0-9a-f]{4,5})*\b")
    codes = sorted({found for text in texts for found in code.findall(text)})
    folder = tmp_path / "training"
    folder.mkdir()
    with tarfile.open(folder / sprites.TARBALL, "w:gz") as archive:
        for number, name in enumerate(codes):
            data = blob(number)
            member = tarfile.TarInfo(f"package/assets/{name}.webp")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    people = np.zeros((portraits.PERSONS * portraits.VARIATIONS, 256, 256, 3), np.uint8)
    np.save(portraits.drawn_file(folder), people)
    return folder


def test_training_starts_from_nothing_and_goes_on_where_it_stopped(
    pictures: Path, sketch_path: Path
):
    out = pictures / "sketch.safetensors"
    done = subprocess.run(
        [sys.executable, "-c", TWICE, out, pictures],
        env=os.environ | {"PYTHONPATH": str(places.COMFYUI), "GOMP_SPINCOUNT": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, again = done.stdout.split("again\n")
    assert "autoencoder 2/2" in first
    assert "UNet 2/2" in first
    assert "2/2" not in again, "all steps were done"
    with safe_open(out, "pt") as made, safe_open(sketch_path, "pt") as built:
        assert sorted(made.keys()) == sorted(built.keys())
    assert (pictures / "sheets" / "last.png").is_file()


def test_captions_say_the_same_in_the_planners_words():
    frozen = yaml.safe_load((TRAINING / "captions.yaml").read_text("utf-8"))
    words, kinds = frozen["words"], frozen["kinds"].values()
    painted = {p for kind in kinds for axis in ("camera", "light", "material") for p in kind[axis]}
    assert set(words["now"]) <= painted, "what is put in other words is what is painted"
    caption = "globe, 85mm macro lens, f/5.6, linen cloth, sharp focus"
    for seed in range(20):
        said = reworded(caption, words, random.Random(seed))
        assert said == reworded(caption, words, random.Random(seed))
        assert said.startswith("globe, ") and "straight front view, 85mm lens" in said
        assert "natural linen cloth" in said and "sharp focus" not in said
    assert reworded("", words, random.Random(1)) == ""
