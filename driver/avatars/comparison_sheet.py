"""training.jpg: prompts down, candidates across, the one that is kept framed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from ..lettering import cut, font

THUMB, GAP, HEADING, CAPTION = 224, 16, 56, 28
_INK, _SOFT, _PAPER, _FRAME, _KEPT = "#1c1e21", "#62666d", "#ffffff", "#e6e8eb", "#1a7f37"


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    numbers: str
    pictures: tuple[Path, ...]
    """One a prompt."""
    kept: bool


def draw_comparison(columns: Sequence[Column], prompts: Sequence[str]) -> bytes:
    """A JPEG without any metadata."""
    width = GAP + len(columns) * (THUMB + GAP)
    height = GAP + HEADING + len(prompts) * (THUMB + CAPTION + GAP)
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    title, small = font(20), font(14)
    for place, column in enumerate(columns):
        x = GAP + place * (THUMB + GAP)
        heading = f"{column.heading} (kept)" if column.kept else column.heading
        draw.text((x, GAP), heading, fill=_KEPT if column.kept else _INK, font=title)
        draw.text((x, GAP + 28), column.numbers, fill=_SOFT, font=small)
        for row, path in enumerate(column.pictures):
            y = GAP + HEADING + row * (THUMB + CAPTION + GAP)
            edge = (x - 3, y - 3, x + THUMB + 2, y + THUMB + 2)
            draw.rectangle(edge, fill=_KEPT if column.kept else _FRAME)
            with Image.open(path) as image:
                sheet.paste(ImageOps.fit(image.convert("RGB"), (THUMB, THUMB)), (x, y))
    for row, prompt in enumerate(prompts):
        y = GAP + HEADING + row * (THUMB + CAPTION + GAP) + THUMB + 6
        draw.text((GAP, y), cut(draw, prompt, small, width - 2 * GAP), fill=_SOFT, font=small)
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()
