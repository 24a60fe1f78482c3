"""Text on sheets of pictures."""

from __future__ import annotations

from PIL import ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def font(size: int) -> Font:
    """Of `size` pixels, with Cyrillic letters where the machine has such a font."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def cut(draw: ImageDraw.ImageDraw, text: str, letters: Font, width: int) -> str:
    """As much of the text as fits into `width` pixels."""
    if draw.textlength(text, letters) <= width:
        return text
    while text and draw.textlength(text + "…", letters) > width:
        text = text[:-1]
    return text.rstrip() + "…"
