"""What files say, as ExifTool reads it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from stockwright.core.jobs import Job
from stockwright.core.keywords import Description
from stockwright.core.sources import Source, says_ai
from stockwright.engine.saving.encoding import encode, to_pixels
from stockwright.engine.saving.formats import ImageFormat
from stockwright.engine.saving.label import Details, Label, make_label
from stockwright.engine.saving.owner import Owner
from tests import exiftool

JOB = Job.create(
    theme="Medicine & health",
    kind="interiors",
    subject="dental <clinic>",
    prompt='a "dental" clinic, daylight\x07 \N{SNOWMAN}',
    negative="",
    seed=2**64 - 1,
)
WORDS = Description(
    {"en": "Dental <clinic>", "ru": "Стоматология"},
    {"en": "Dental <clinic> & daylight.", "ru": "Стоматология, свет."},
    ("dental clinic", "daylight", "клиника"),
)
OWNER = Owner("Ольга Norð", "© 2026 Studio & Co")
GRAPHS = {
    "prompt": json.dumps({"1": {"class_type": "X", "inputs": {"text": "кот"}}}),
    "workflow": json.dumps({"nodes": [], "host": "http://studio-server:8188"}),
}

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
EDITED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

every_format = pytest.mark.parametrize("image_format", list(ImageFormat))


def pixels(width: int = 64, height: int = 40) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def label(details: Details = Details.ALL) -> Label:
    return make_label(JOB, WORDS, details, OWNER, GRAPHS)


def save(folder: Path, image_format: ImageFormat, told: Label, dpi: int = 300) -> Path:
    path = folder / f"a{image_format.suffix}"
    path.write_bytes(encode(pixels(), image_format, 95, dpi, told))
    return path


@pytest.mark.exiftool
@every_format
def test_stock_tools_find_what_they_look_for(tmp_path: Path, image_format: ImageFormat):
    tags = exiftool.read(save(tmp_path, image_format, label()))
    assert tags["XMP-dc:Title"] == "Dental <clinic>"
    assert tags["XMP-dc:Title-ru"] == "Стоматология"
    assert tags["XMP-dc:Description"] == "Dental <clinic> & daylight."
    assert tags["XMP-dc:Description-ru"] == "Стоматология, свет."
    assert tags["XMP-dc:Subject"] == ["dental clinic", "daylight", "клиника"]
    assert tags["XMP-dc:Creator"] == OWNER.creator
    assert tags["XMP-dc:Rights"] == OWNER.copyright
    assert tags["XMP-xmpRights:Marked"] is True
    assert tags["XMP-iptcExt:DigitalSourceType"] == AI


@pytest.mark.exiftool
@every_format
def test_a_photo_that_was_enhanced_is_not_said_to_be_made_by_a_model(
    tmp_path: Path, image_format: ImageFormat
):
    photo = replace(JOB, source=Source.ENHANCED)
    for details in Details:
        told = make_label(photo, WORDS, details, OWNER, GRAPHS)
        path = save(tmp_path, image_format, told)
        assert exiftool.read(path)["XMP-iptcExt:DigitalSourceType"] == EDITED
        assert not says_ai(path.read_bytes())
        assert says_ai(save(tmp_path, image_format, label(details)).read_bytes())


@pytest.mark.exiftool
@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
def test_what_another_tool_labelled_is_recognised(tmp_path: Path, ending: str):
    path = tmp_path / f"a{ending}"
    Image.fromarray(pixels()).save(path)
    for source, ai in ((EDITED, False), (AI, True), (EDITED.replace("composite", "x"), False)):
        exiftool.write(path, "XMP-iptcExt:DigitalSourceType", source)
        assert says_ai(path.read_bytes()) == ai


@pytest.mark.exiftool
def test_a_jpeg_has_the_older_iptc_and_exif_too(tmp_path: Path):
    tags = exiftool.read(save(tmp_path, ImageFormat.JPEG, label()))
    assert tags["IPTC:CodedCharacterSet"] == "\x1b%G"
    assert tags["IPTC:ObjectName"] == "Dental <clinic>"
    assert tags["IPTC:Caption-Abstract"] == "Dental <clinic> & daylight."
    assert tags["IPTC:Keywords"] == ["dental clinic", "daylight", "клиника"]
    assert tags["IPTC:By-line"] == OWNER.creator
    assert tags["IPTC:CopyrightNotice"] == OWNER.copyright
    assert tags["Photoshop:IPTCDigest"] == tags["File:CurrentIPTCDigest"]
    assert tags["IFD0:Artist"] == OWNER.creator
    assert tags["IFD0:Copyright"] == OWNER.copyright
    assert tags["File:YCbCrSubSampling"] == "1 1", "4:4:4"


@pytest.mark.exiftool
@every_format
def test_exiftool_finds_nothing_wrong(tmp_path: Path, image_format: ImageFormat):
    for details in Details:
        assert exiftool.problems(save(tmp_path, image_format, label(details))) == []


@pytest.mark.exiftool
@every_format
@pytest.mark.parametrize("dpi", [72, 300])
def test_profile_and_resolution(tmp_path: Path, image_format: ImageFormat, dpi: int):
    tags = exiftool.read(save(tmp_path, image_format, label(), dpi))
    assert tags["ICC_Profile:ProfileDescription"].startswith("sRGB")
    if image_format is ImageFormat.PNG:
        assert tags["PNG-pHYs:PixelsPerUnitX"] == round(dpi / 0.0254)
        assert tags["PNG-pHYs:PixelUnits"] == 1
        return
    assert (tags["IFD0:XResolution"], tags["IFD0:YResolution"]) == (dpi, dpi)
    assert tags["IFD0:ResolutionUnit"] == 2
    if image_format is ImageFormat.JPEG:
        assert (tags["JFIF:XResolution"], tags["JFIF:ResolutionUnit"]) == (dpi, 1)


@pytest.mark.exiftool
@every_format
def test_the_job_comes_back_as_it_was(tmp_path: Path, image_format: ImageFormat):
    path = save(tmp_path, image_format, label())
    tags = exiftool.read(path)
    assert json.loads(tags["XMP-stockwright:Job"]) == JOB.to_dict()
    with Image.open(path) as image:
        if image_format is ImageFormat.PNG:
            assert json.loads(image.info["stockwright"]) == JOB.to_dict()


@every_format
def test_graphs_are_where_the_canvas_looks(tmp_path: Path, image_format: ImageFormat):
    path = save(tmp_path, image_format, label())
    with Image.open(path) as image:
        found = dict(image.info)
        for text in (image.getexif().get(tag) for tag in (0x010F, 0x0110)):
            if text:
                name, _, value = text.partition(":")
                found[name] = value
    if image_format is ImageFormat.JPEG:
        assert b"class_type" not in path.read_bytes()
    else:
        assert {name: found[name] for name in GRAPHS} == GRAPHS


@pytest.mark.exiftool
@every_format
def test_an_anonymous_file_leads_nowhere(tmp_path: Path, image_format: ImageFormat):
    path = save(tmp_path, image_format, label(Details.ANONYMOUS))
    tags = exiftool.read(path)
    assert tags["XMP-dc:Title"] == "Dental <clinic>"
    assert tags["XMP-iptcExt:DigitalSourceType"] == AI
    own = {tag: value for tag, value in tags.items() if tag.split(":")[0] not in ("System",)}
    said = json.dumps(own, ensure_ascii=False).replace(str(path), "")
    for trace in (*OWNER.creator.split(), "Studio", JOB.id, "class_type", "studio-server", "8188"):
        assert trace not in said
        assert trace.encode() not in path.read_bytes()
    known = {"XMP-x", "XMP-dc", "XMP-iptcExt", "ICC_Profile", "ICC-header", "ICC-chrm", "IPTC"}
    known |= {"JFIF", "IFD0", "ExifTool", "System", "File", "PNG", "PNG-pHYs", "RIFF", "Composite"}
    known |= {"Photoshop"}
    assert {tag.split(":")[0] for tag in tags} - {"SourceFile"} <= known


@pytest.mark.exiftool
@every_format
def test_without_the_graph_the_owner_stays(tmp_path: Path, image_format: ImageFormat):
    path = save(tmp_path, image_format, label(Details.NO_GRAPH))
    tags = exiftool.read(path)
    assert tags["XMP-dc:Creator"] == OWNER.creator
    assert "XMP-stockwright:Job" not in tags
    for trace in (JOB.id, "class_type", "studio-server"):
        assert trace.encode() not in path.read_bytes()


@pytest.mark.exiftool
@every_format
def test_texts_of_any_length_fit(tmp_path: Path, image_format: ImageFormat):
    words = Description({"en": "a " * 90}, {"en": "слово " * 900}, ("ф" * 99,))
    graphs = {"prompt": json.dumps({"x": "щ" * 90_000})}
    told = make_label(JOB, words, Details.ALL, Owner("щ" * 99, "щ" * 999), graphs)
    path = save(tmp_path, image_format, told)
    tags = exiftool.read(path)
    with Image.open(path) as image:
        image.load()
    assert tags["XMP-dc:Description"].strip() == ("слово " * 900).strip()
    assert json.loads(tags["XMP-stockwright:Job"]) == JOB.to_dict()
    if image_format is ImageFormat.JPEG:
        assert tags["IPTC:ObjectName"] == ("a " * 32).strip()
        assert tags["IPTC:Keywords"] == "ф" * 32
        assert tags["IPTC:By-line"] == "щ" * 16
        assert 1900 < len(tags["IPTC:Caption-Abstract"].encode()) <= 2000


@pytest.mark.exiftool
def test_a_job_too_long_for_a_jpeg_is_left_out_and_nothing_else(tmp_path: Path):
    told = Label({"en": "t"}, {"en": "d"}, ("k",), "c", "r", json.dumps({"prompt": "x" * 66_000}))
    tags = exiftool.read(save(tmp_path, ImageFormat.JPEG, told))
    assert tags["XMP-dc:Title"] == "t"
    assert "XMP-stockwright:Job" not in tags


@every_format
def test_pixels_are_those_that_were_given(image_format: ImageFormat):
    data = encode(pixels(), image_format, 100, 300, label())
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == image_format.name
        assert image.mode == "RGB"
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        assert ImageCms.getProfileDescription(profile).startswith("sRGB")
        far = np.abs(np.asarray(image).astype(int) - pixels())
    if image_format is ImageFormat.PNG:
        assert far.max() == 0
    elif image_format is ImageFormat.JPEG:
        assert far.max() <= 6, "the colours are not subsampled"


@every_format
def test_equal_pictures_are_equal_files_and_quality_counts(image_format: ImageFormat):
    one, other = (encode(pixels(), image_format, 90, 300, label()) for _ in range(2))
    assert one == other
    worse = len(encode(pixels(), image_format, 30, 300, label()))
    assert (worse < len(one)) == (image_format is not ImageFormat.PNG)


def test_floats_become_bytes():
    values = np.array([-1.0, 0.0, 0.5 / 255, 0.6 / 255, 1.0, 2.0], dtype=np.float32)
    assert to_pixels(values).tolist() == [0, 0, 0, 1, 255, 255]
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="NaN or infinite"):
            to_pixels(np.array([0.1, bad]))
