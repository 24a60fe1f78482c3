"""Files as phones and strangers make them: opened upright and bare, or refused with the reason."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from stockwright.core.portraits import Fault
from stockwright.engine.portraits.opening import LONGEST, Unusable, open_photo
from tests import faces

MOST = 120


def refused(path: Path, most: float = MOST):
    with pytest.raises(Unusable) as raised:
        open_photo(path, most)
    return raised.value.remark


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and has next to nothing in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (
        chunk(b"IHDR", header),
        chunk(b"IDAT", zlib.compress(bytes(1000))),
        chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_each_kind_is_opened_and_nothing_but_pixels_is_left(tmp_path: Path, kind: str):
    photo = faces.photo("obama", 300)
    exif = Image.Exif()
    exif[0x010F] = "a camera of somebody"
    file = tmp_path / "photo.with.any.name"
    if kind == "HEIF":
        pillow_heif.from_pillow(photo).save(file, quality=90, exif=exif.tobytes())
    else:
        photo.save(file, kind, quality=95, exif=exif)
    opened = open_photo(file, MOST)
    assert opened.mode == "RGB" and opened.size == photo.size
    assert np.abs(np.subtract(opened, photo, dtype=np.int16)).mean() < 4
    assert not opened.info and not opened.getexif()


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_a_photo_is_turned_as_its_exif_says(tmp_path: Path, orientation: int):
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        6: Image.Transpose.ROTATE_90,
        8: Image.Transpose.ROTATE_270,
    }
    photo = faces.photo("obama", 200)
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo.transpose(turn[orientation]).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(open_photo(tmp_path / "a.png", MOST), photo)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(bomb(100_000, 100_000))
    assert refused(tmp_path / "a.png").fault is Fault.HUGE  # decoding would find it broken
    (tmp_path / "b.png").write_bytes(bomb(2000, 1001))
    remark = refused(tmp_path / "b.png", 2)
    assert remark.fault is Fault.HUGE and "2000 x 1001" in remark.words
    (tmp_path / "c.png").write_bytes(bomb(2000, 1000))
    assert refused(tmp_path / "c.png", 2).fault is Fault.UNREADABLE


def test_files_that_are_no_pictures_are_told_from_broken_ones(tmp_path: Path):
    file = tmp_path / "photo.jpg"
    file.write_text("Dear photographer")
    assert refused(file).words == "no JPEG, PNG, WebP or HEIC picture"
    file.write_bytes(b"")
    assert refused(file).words == "an empty file"
    whole = io.BytesIO()
    faces.photo("obama", 300).save(whole, "JPEG")
    file.write_bytes(whole.getvalue()[:3000])
    assert refused(file).words == "the picture is broken"
    file.unlink()
    assert "No such file" in refused(file).words


def test_a_format_nobody_asked_for_is_not_decoded(tmp_path: Path):
    faces.photo("obama", 100).save(tmp_path / "a.jpg", "TIFF")
    assert refused(tmp_path / "a.jpg").words == "no JPEG, PNG, WebP or HEIC picture"


def test_colours_are_those_that_the_profile_means(tmp_path: Path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    photo = Image.new("RGB", (64, 64), (200, 60, 60))
    photo.save(tmp_path / "srgb.png", icc_profile=_srgb())
    assert np.abs(np.subtract(open_photo(tmp_path / "srgb.png", MOST), photo, dtype=int)).max() <= 1
    # A profile for another kind of picture says nothing: the colours stay.
    photo.save(tmp_path / "odd.png", icc_profile=lab.tobytes())
    assert np.array_equal(open_photo(tmp_path / "odd.png", MOST), photo)


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_grey_deep_and_see_through_pictures_become_plain_ones(tmp_path: Path):
    deep = Image.fromarray(np.full((64, 64), 32896, np.uint16))
    deep.save(tmp_path / "deep.png")
    assert np.array_equal(open_photo(tmp_path / "deep.png", MOST), np.full((64, 64, 3), 128))
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert np.array_equal(open_photo(tmp_path / "clear.png", MOST), np.full((64, 64, 3), 128))


def test_a_very_large_photo_is_made_smaller(tmp_path: Path):
    Image.new("RGB", (LONGEST + 1000, 500)).save(tmp_path / "a.jpg")
    assert open_photo(tmp_path / "a.jpg", MOST).width == LONGEST
