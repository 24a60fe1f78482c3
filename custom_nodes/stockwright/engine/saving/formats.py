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
    def mime(self) -> str:
        return f"image/{self.value}"
