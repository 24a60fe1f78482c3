"""Real faces for tests, degraded ones, and what finds and compares them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter

from driver import places
from stockwright.engine.faces.alignment import Similarity, to_template
from stockwright.engine.faces.detection import Detector, Face, find_detector
from stockwright.engine.faces.identity import Identity
from stockwright.engine.faces.selfcheck import PORTRAIT

PHOTOS = Path(__file__).parent / "data" / "faces"
ONE_FACE = ("collins", "obama", "obama-later", "biden")


@cache
def detector() -> Detector:
    return find_detector([places.MODELS / "face_detection"])


@cache
def identity() -> Identity:
    """dlib's network, fetched beside the models of the checkout's embedded server."""
    home = places.ROOT / ".embedded"
    command = [sys.executable, "driver/models.py"]
    environment = os.environ | {"STOCKWRIGHT_HOME": str(home)}
    for do in (["pull", "face-identity", "--python", sys.executable], ["where", "face-identity"]):
        done = subprocess.run(
            [*command, *do], cwd=places.ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return Identity(Path(done.stdout.strip()))


def photo(name: str, size: int | None = None) -> Image.Image:
    """One of PHOTOS or the self-check's; `size` is that of its longer side."""
    file = PORTRAIT if name == "collins" else PHOTOS / f"{name}.jpg"
    image = Image.open(file).convert("RGB")
    if size is not None:
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
    return image


def thumbnail(name: str) -> Image.Image:
    """A picture of ComfyUI's official templates, such as `flux_schnell-1`."""
    kinds = ("api", "image", "other", "video")
    for spec in (find_spec(f"comfyui_workflow_templates_media_{kind}") for kind in kinds):
        folder = Path(str((spec.submodule_search_locations or [""])[0] if spec else ""))
        if (file := folder / "templates" / f"{name}.webp").is_file():
            return Image.open(file).convert("RGB")
    raise FileNotFoundError(name)


def pixels(image: Image.Image) -> np.ndarray:
    return np.array(image)


def picture(image: Image.Image) -> torch.Tensor:
    """(height, width, 3) in [0, 1], as ComfyUI has it."""
    return torch.from_numpy(pixels(image)).float() / 255


def planes(image: Image.Image) -> torch.Tensor:
    return picture(image).permute(2, 0, 1)


def the_face(image: Image.Image) -> Face:
    (face,) = detector()(pixels(image))
    return face


def to_face(image: Image.Image) -> Similarity:
    return to_template(the_face(image).points)


def blurred(image: Image.Image, radius: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))


def stored_badly(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def psnr(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(-10 * torch.log10(torch.mean((one - other) ** 2)))
