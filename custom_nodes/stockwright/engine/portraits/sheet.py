"""The crops of a person at a glance: a row for each photo, with what is said of them."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

THUMB, GAP, LINE, LINES = 256, 12, 15, 4
_PAPER, _INK, _SOFT = "#f4f3f0", "#1d1d1f", "#6d6a66"
_WIDTH = 40  # letters of a line


@dataclass(frozen=True, slots=True)
class Tile:
    file: Path
    heading: str
    caption: str


def contact_sheet(rows: Sequence[Sequence[Tile]]) -> bytes:
    """A JPEG. No row may be empty."""
    columns = max(map(len, rows))
    high = THUMB + (1 + LINES) * LINE + GAP
    sheet = Image.new("RGB", (GAP + columns * (THUMB + GAP), GAP + len(rows) * high), _PAPER)
    draw, small = ImageDraw.Draw(sheet), _font(12)
    for at, row in enumerate(rows):
        for n, tile in enumerate(row):
            x, y = GAP + n * (THUMB + GAP), GAP + at * high
            with Image.open(tile.file, formats=["PNG"]) as image:
                sheet.paste(image.convert("RGB").resize((THUMB, THUMB), _LANCZOS), (x, y))
            draw.text((x, y + THUMB + 2), tile.heading, fill=_INK, font=small)
            words = textwrap.wrap(tile.caption, _WIDTH)[:LINES]
            for line, text in enumerate(words, 1):
                draw.text((x, y + THUMB + 2 + line * LINE), text, fill=_SOFT, font=small)
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


_LANCZOS = Image.Resampling.LANCZOS


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
