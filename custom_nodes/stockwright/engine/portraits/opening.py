"""A file to an upright RGB picture in sRGB, unless its decoding could do harm."""

from __future__ import annotations

import io
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from ...core.portraits import Fault, Remark

FORMATS = ("JPEG", "PNG", "WEBP")
_HEIF = "HEIF"
_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
LONGEST = 4096
"""Pixels of the longer side that are kept: more than any crop needs."""


class Unusable(Exception):
    """Why a file gives no picture."""

    def __init__(self, fault: Fault, words: str) -> None:
        super().__init__(words)
        self.remark = Remark(fault, words)


def open_photo(path: Path, megapixels: float) -> Image.Image:
    """An upright picture without anything else that was in the file, at most LONGEST pixels long.

    The pixels are counted before any is decoded.

    Raises:
        Unusable: no picture, a broken one, or one with more than `megapixels` million pixels.
    """
    Image.init()  # Pillow knows the formats that `formats` names only then
    formats = [*FORMATS, _HEIF] if _with_heif() else list(FORMATS)
    with warnings.catch_warnings():
        # Pillow warns of what is refused here, or finds odd metadata, which are not kept.
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=formats) as image:
                _check_size(image, megapixels)
                image.load()
                return _plain(image)
        except Image.DecompressionBombError as error:
            raise Unusable(Fault.HUGE, _too_many(megapixels)) from error
        except Unusable:
            raise
        except MemoryError as error:
            words = "takes more memory than there is: make it smaller"
            raise Unusable(Fault.HUGE, words) from error
        except Exception as error:  # decoders raise anything for files made to break them
            raise Unusable(Fault.UNREADABLE, _reason(path)) from error


def _with_heif() -> bool:
    if find_spec("pillow_heif") is None:
        return False
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    return True


def _check_size(image: Image.Image, megapixels: float) -> None:
    if image.width * image.height > megapixels * 1e6:
        raise Unusable(
            Fault.HUGE, f"{image.width} x {image.height} pixels, {_too_many(megapixels)}"
        )


def _too_many(megapixels: float) -> str:
    return f"more than {megapixels:g} million pixels: make it smaller"


def _reason(path: Path) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if start[4:8] == b"ftyp" and start[8:12] in _BRANDS and find_spec("pillow_heif") is None:
        return "HEIC needs a package: pip install pillow-heif"
    if not start:
        return "an empty file"
    known = start.startswith((b"\xff\xd8\xff", b"\x89PNG", b"RIFF")) or start[4:8] == b"ftyp"
    return "the picture is broken" if known else "no JPEG, PNG, WebP or HEIC picture"


def _plain(image: Image.Image) -> Image.Image:
    """RGB, upright, sRGB; see-through parts grey."""
    upright = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    if upright.mode.startswith("I"):  # 16 bits of grey
        values = np.asarray(upright, np.float32) / 257
        upright = Image.fromarray(values.clip(0, 255).round().astype(np.uint8))
    if upright.has_transparency_data:
        ground = Image.new("RGBA", upright.size, (128, 128, 128, 255))
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
        upright = upright.convert("RGB")
    rgb = _in_srgb(upright, profile) if profile else upright.convert("RGB")
    rgb.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return Image.fromarray(np.array(rgb))  # pixels alone


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        ours = ImageCms.createProfile("sRGB")
        changed = ImageCms.profileToProfile(image, theirs, ours, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile of another kind, or broken
        changed = None
    return changed or image.convert("RGB")
