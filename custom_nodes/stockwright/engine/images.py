"""Pictures as files: one atomic write each, with the graph inside where ComfyUI looks for it.

PNG carries the texts `prompt` (API graph), `workflow` (canvas graph) and `stockwright` (the job);
JPEG and WebP carry them as EXIF strings `prompt:…`, `workflow:…`, `stockwright:…` in the tags Make,
Model and ImageDescription, the place from which the ComfyUI canvas reads a WebP.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

_EXIF_TAGS = {"workflow": 0x010F, "prompt": 0x0110, "stockwright": 0x010E}  # Make, Model, ...
_EXIF_LIMIT = 65_000  # a JPEG segment holds 64 KiB


class ImageFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"

    @property
    def suffix(self) -> str:
        return ".jpg" if self is ImageFormat.JPEG else f".{self.value}"


@dataclass(frozen=True, slots=True)
class WrittenImage:
    path: Path
    width: int
    height: int
    size: int
    """Bytes."""
    sha256: str


def to_pixels(image: np.ndarray) -> np.ndarray:
    """uint8 (height, width, channels) from floats in [0, 1]; values outside are clipped.

    Raises ValueError for NaN or infinity: such a picture would be stored as a black one.
    """
    if not np.isfinite(image).all():
        raise ValueError("the picture holds NaN or infinite values")
    return np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)


def write_image(
    pixels: np.ndarray,
    path: Path,
    image_format: ImageFormat,
    quality: int,
    metadata: Mapping[str, Any],
) -> WrittenImage:
    """Encodes uint8 pixels (height, width, 3) and puts the file in place in one step.

    `quality` (1 to 100) is for JPEG, which is never subsampled, and WebP. `metadata` maps the names
    of the module's docstring to values that JSON can hold. Raises OSError; nothing half is left.
    """
    data = _encode(Image.fromarray(pixels), image_format, quality, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    height, width = pixels.shape[:2]
    return WrittenImage(path, width, height, len(data), hashlib.sha256(data).hexdigest())


def _encode(
    image: Image.Image, image_format: ImageFormat, quality: int, metadata: Mapping[str, Any]
) -> bytes:
    buffer = io.BytesIO()
    if image_format is ImageFormat.PNG:
        info = PngInfo()
        for name, value in metadata.items():
            info.add_text(name, json.dumps(value, ensure_ascii=True))
        image.save(buffer, "PNG", pnginfo=info, compress_level=4)
        return buffer.getvalue()
    exif = _exif(metadata)
    if image_format is ImageFormat.JPEG:
        image.save(buffer, "JPEG", quality=quality, subsampling=0, exif=exif)
    else:
        image.save(buffer, "WEBP", quality=quality, exif=exif)
    return buffer.getvalue()


def _exif(metadata: Mapping[str, Any]) -> Image.Exif:
    """As much of the metadata as a JPEG segment holds: the job first, then the graphs."""
    exif = Image.Exif()
    for name in sorted(metadata, key=list(_EXIF_TAGS).index, reverse=True):
        exif[_EXIF_TAGS[name]] = f"{name}:{json.dumps(metadata[name], ensure_ascii=True)}"
        if len(exif.tobytes()) > _EXIF_LIMIT:
            del exif[_EXIF_TAGS[name]]
    return exif
