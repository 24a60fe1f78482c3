"""Whose the pictures are, and the signature that says so."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image

from stockwright.core.errors import SavingInvalid, SavingUnavailable
from stockwright.core.sources import Source, says_ai
from stockwright.engine.saving.credentials import Credentials
from stockwright.engine.saving.encoding import encode
from stockwright.engine.saving.formats import ImageFormat
from stockwright.engine.saving.label import Label
from stockwright.engine.saving.owner import Owner, read_owner
from tests import certificates, exiftool

LABEL = Label({"en": "A red chair"}, {"en": "A red chair."}, ("chair",), "Studio North")
SIGNED = "certificate: chain.pem\nprivate_key: key.pem\n"


def settings(folder: Path, text: str) -> Path:
    (folder / "saving.yaml").write_text(text, "utf-8")
    return folder


def picture(image_format: ImageFormat) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return encode(pixels, image_format, 90, 300, LABEL)


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    certificates.make(tmp_path)
    found = read_owner(settings(tmp_path, SIGNED)).credentials
    assert found
    return found


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize("image_format", list(ImageFormat))
def test_a_signed_file_says_how_the_picture_came_into_being(
    credentials: Credentials, image_format: ImageFormat, source: Source
):
    signed = credentials.sign(picture(image_format), image_format, source)
    with c2pa.Reader(image_format.mime, io.BytesIO(signed)) as reader:
        manifest = reader.get_active_manifest()
        assert reader.get_validation_state() == "Valid"
    (actions,) = (a["data"]["actions"] for a in manifest["assertions"] if "actions" in a["label"])
    said = [(action["action"], action["digitalSourceType"]) for action in actions]
    assert said == [("c2pa.created", source.uri)]
    assert manifest["signature_info"]["common_name"] == "Studio North"
    assert manifest["claim_generator_info"][0]["name"] == "Stockwright"
    assert "thumbnail" not in manifest


@pytest.mark.parametrize("image_format", list(ImageFormat))
def test_a_file_that_only_its_credentials_call_ai_is_recognised(
    credentials: Credentials, image_format: ImageFormat
):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, image_format.value)
    for source in Source:
        signed = credentials.sign(buffer.getvalue(), image_format, source)
        assert says_ai(signed) == (source is Source.MODEL)


@pytest.mark.parametrize("image_format", list(ImageFormat))
def test_a_changed_file_is_found_out(credentials: Credentials, image_format: ImageFormat):
    signed = bytearray(credentials.sign(picture(image_format), image_format, Source.MODEL))
    signed[-40] ^= 1
    with c2pa.Reader(image_format.mime, io.BytesIO(bytes(signed))) as reader:
        assert reader.get_validation_state() == "Invalid"


@pytest.mark.exiftool
@pytest.mark.parametrize("image_format", list(ImageFormat))
def test_signing_leaves_the_label(
    credentials: Credentials, image_format: ImageFormat, tmp_path: Path
):
    path = tmp_path / f"a{image_format.suffix}"
    path.write_bytes(credentials.sign(picture(image_format), image_format, Source.MODEL))
    tags = exiftool.read(path)
    assert tags["XMP-dc:Title"] == "A red chair"
    assert tags["XMP-iptcExt:DigitalSourceType"] == Source.MODEL.uri
    assert tags["ICC_Profile:ProfileDescription"].startswith("sRGB")
    assert (image_format is ImageFormat.JPEG) == ("IPTC:ObjectName" in tags)


def test_settings_are_read(tmp_path: Path):
    assert read_owner(tmp_path) == Owner()
    assert read_owner(settings(tmp_path, "# nothing yet\n")) == Owner()
    text = "creator: Ольга\ncopyright: © 2026 Studio North"
    assert read_owner(settings(tmp_path, text)) == Owner("Ольга", "© 2026 Studio North")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("creater: x", "unknown key 'creater'"),
        ("[a]", "must be a mapping"),
        ("creator: [a, b]", "must be one line of text"),
        ("certificate: chain.pem", "go together"),
        (f"{SIGNED}algorithm: rot13", "'rot13' is no signing algorithm"),
        (f"{SIGNED}algorithm: ps256", "signing does not succeed"),
        (
            "certificate: chain.pem\nprivate_key: gone.pem",
            r"gone\.pem cannot be read: No such file",
        ),
        ("certificate: key.pem\nprivate_key: key.pem", "signing does not succeed"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, text: str, said: str):
    certificates.make(tmp_path)
    with pytest.raises(SavingInvalid, match=said) as caught:
        read_owner(settings(tmp_path, text))
    assert "saving.yaml" in caught.value.where


def test_a_certificate_of_yesterday_does_not_sign(tmp_path: Path):
    certificates.make(tmp_path, days=-1)
    with pytest.raises(SavingInvalid, match="signing does not succeed"):
        read_owner(settings(tmp_path, SIGNED))


def test_another_certificate_under_the_same_name_counts(tmp_path: Path):
    certificates.make(tmp_path)
    before = read_owner(settings(tmp_path, SIGNED)).credentials
    assert read_owner(tmp_path).credentials is before, "it is not tried out anew"
    certificates.make(tmp_path)
    after = read_owner(tmp_path).credentials
    assert after != before
    assert "PRIVATE" not in repr(after)


def test_a_certificate_without_the_package_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    chain, key = certificates.make(tmp_path)
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(SavingUnavailable, match="not installed") as caught:
        Credentials.read(chain, key, "es256", "saving.yaml")
    assert "pip install c2pa-python" in caught.value.hint
