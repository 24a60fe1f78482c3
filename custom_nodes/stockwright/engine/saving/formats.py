"""The formats that pictures are saved in."""

from __future__ import annotations

from enum import StrEnum


class ImageFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"

    @property
    def suffix(self) -> str:
        return ".jpg" if self is ImageFormat.JPEG else f".{self.value}"

    @property
    def longest_side(self) -> int:
        """In pixels: more cannot be written. WebP keeps a side in 14 bits; JPEG's number is that of
        libjpeg."""
        sides = {ImageFormat.WEBP: 2**14 - 1, ImageFormat.JPEG: 65500}
        return sides.get(self, 2**31 - 1)

    @property
    def mime(self) -> str:
        return f"image/{self.value}"
