"""Pictures made small, as `data:` addresses that a page holds in itself."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps

from ..collect import FORMATS

SIDE = 224
"""Pixels of the longer side."""


def thumbnails(paths: Sequence[Path]) -> list[str]:
    """One address for each file; an empty one where there is no picture any more."""
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 4)) as pool:
        return list(pool.map(_thumbnail, paths))


def _thumbnail(path: Path) -> str:
    try:
        with Image.open(path, formats=list(FORMATS)) as image:
            image.draft("RGB", (SIDE, SIDE))
            small = ImageOps.contain(image.convert("RGB"), (SIDE, SIDE))
    except (OSError, ValueError, SyntaxError):  # gone, or one that was rejected for it
        return ""
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=80)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
