"""A picture and its label as the bytes of a file.

    what                     PNG                    JPEG                   WebP
    -----------------------  ---------------------  ---------------------  ------------------
    sRGB profile             iCCP                   APP2                   ICCP
    resolution               pHYs                   JFIF, EXIF             EXIF
    XMP, the job in it       iTXt                   APP1                   XMP
    IPTC (IIM)               -                      APP13                  -
    title, creator, rights   -                      EXIF                   EXIF
    graphs                   tEXt prompt, workflow  -                      EXIF Model, Make
    the job as text          tEXt stockwright       -                      -

The graphs are where the ComfyUI canvas looks for them. JPEG has no room for them, nor does the
canvas read them there.
"""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from ...core.languages import ENGLISH
from . import iim, xmp
from .formats import ImageFormat
from .label import Label

_DESCRIPTION, _MAKE, _MODEL, _ARTIST, _COPYRIGHT = 0x010E, 0x010F, 0x0110, 0x013B, 0x8298
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _INCH = 0x011A, 0x011B, 0x0128, 2
_YCBCR_POSITIONING, _CENTERED = 0x0213, 1
_EXIF_GRAPHS = {"prompt": _MODEL, "workflow": _MAKE}
_APP1, _APP13 = 0xE1, 0xED
_MOST_IN_SEGMENT = 65533
_XMP_IN_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_MADE_AT = slice(24, 36)
"""Where an ICC header has the time at which the profile was made."""


def to_pixels(image: np.ndarray) -> np.ndarray:
    """uint8 (height, width, channels) from floats in [0, 1]; values outside are clipped.

    Raises ValueError for NaN or infinity: such a picture would be stored as a black one.
    """
    if not np.isfinite(image).all():
        raise ValueError("the picture holds NaN or infinite values")
    return np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)


def encode(
    pixels: np.ndarray, image_format: ImageFormat, quality: int, dpi: int, label: Label
) -> bytes:
    """A file of uint8 sRGB pixels (height, width, 3).

    `quality` (1 to 100) is for JPEG, whose colours are never subsampled, and WebP. `dpi` is pixels
    an inch. The same values give the same bytes.
    """
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    options: dict[str, Any] = {"icc_profile": _srgb()}
    packet = xmp.packet(label)
    match image_format:
        case ImageFormat.PNG:
            options |= {"pnginfo": _png_texts(label, packet), "dpi": (dpi, dpi)}
            image.save(buffer, "PNG", compress_level=4, **options)
        case ImageFormat.JPEG:
            if len(packet) > _MOST_IN_SEGMENT - len(_XMP_IN_JPEG) - 2:
                packet = xmp.packet(replace(label, job=""))
            extra = _segment(_APP1, _XMP_IN_JPEG + packet) + _segment(_APP13, iim.segment(label))
            options |= {"exif": _exif(label, dpi), "dpi": (dpi, dpi), "extra": extra}
            image.save(buffer, "JPEG", quality=quality, subsampling=0, **options)
        case ImageFormat.WEBP:
            exif = _exif(label, dpi)
            for name, graph in label.graphs.items():
                exif[_EXIF_GRAPHS[name]] = f"{name}:{graph}"
            image.save(buffer, "WEBP", quality=quality, exif=exif, xmp=packet, **options)
    return buffer.getvalue()


def _png_texts(label: Label, packet: bytes) -> PngInfo:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    texts = {**label.graphs, "stockwright": label.job}
    for name, text in texts.items():
        if text:
            info.add_text(name, text)
    return info


def _exif(label: Label, dpi: int) -> Image.Exif:
    exif = Image.Exif()
    texts = {
        _DESCRIPTION: label.title[ENGLISH],
        _ARTIST: label.creator,
        _COPYRIGHT: label.copyright,
    }
    for tag, text in texts.items():
        if text:
            exif[tag] = text.encode()  # Pillow would replace all that is not ASCII
    exif[_X_RESOLUTION] = exif[_Y_RESOLUTION] = float(dpi)
    exif[_RESOLUTION_UNIT] = _INCH
    exif[_YCBCR_POSITIONING] = _CENTERED  # EXIF asks for it in every file
    return exif


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


@cache
def _srgb() -> bytes:
    """An sRGB profile; without the time of its making, so that equal pictures are equal files."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_MADE_AT] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(profile)
