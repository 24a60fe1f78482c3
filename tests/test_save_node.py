"""Save Stock Image on a real server: written while the graph goes on, and what the files say."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from driver import places
from driver.collect import PictureRefused, collect, saved_files
from driver.errors import GraphRefused
from driver.server import Finished, Server
from stockwright.core.jobs import parse_jobs
from stockwright.core.sources import Source
from tests import certificates, exiftool
from tests.graphs import Graph, node, output_path, run, saved, stock_graph

JOB = {
    "id": "job0", "theme": "Medicine and health", "kind": "interiors",
    "subject": "dental clinic reception", "prompt": "dental clinic reception, soft daylight",
    "seed": 7,
}  # fmt: skip
SETTINGS = Path("user", "__stockwright", "saving.yaml")


def graph(*jobs: dict[str, Any], side: int = 0, **inputs: Any) -> Graph:
    """`side`: the pictures are made this large, in pixels, before they are saved."""
    made = stock_graph(json.dumps(jobs or [JOB]))
    made["9"]["inputs"] |= {"folder": f"tests/{uuid.uuid4()}", **inputs}
    if side:
        made["20"] = node("ImageScale", image=["8", 0], upscale_method="nearest-exact",
                          width=side, height=side, crop="disabled")  # fmt: skip
        made["9"]["inputs"]["images"] = ["20", 0]
    return made


def path_of(ended: Finished, job: str = "job0") -> Path:
    return output_path(places.EMBEDDED, saved(ended)[job])


@pytest.fixture
def settings() -> Iterator[Path]:
    path = places.BASE / SETTINGS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("creator: Ольга\ncopyright: © Studio North\n", "utf-8")
    yield path
    for file in path.parent.glob("*.pem"):
        file.unlink()
    path.unlink()


@pytest.mark.exiftool
@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
def test_every_format_tells_what_stock_sites_ask(server: Server, settings: Path, image_format: str):
    language = "English and Russian"
    path = path_of(run(server, graph(format=image_format, dpi=240, language=language)))
    tags = exiftool.read(path)
    assert tags["XMP-dc:Title"] == "Dental clinic reception"
    assert tags["XMP-dc:Title-ru"] == "Медицина и здоровье: интерьер"
    assert {"dental", "soft daylight", "стоматология"} <= set(tags["XMP-dc:Subject"])
    assert tags["XMP-dc:Creator"] == "Ольга"
    assert tags["XMP-iptcExt:DigitalSourceType"] == Source.MODEL.uri
    assert json.loads(tags["XMP-stockwright:Job"])["seed"] == 7
    with Image.open(path) as image:
        if image_format != "webp":
            assert [round(value) for value in image.info["dpi"]] == [240, 240]
        if image_format == "png":
            text = image.info["prompt"]
        else:
            text = str(image.getexif().get(0x0110, "")).removeprefix("prompt:")
    assert bool(text) == (image_format != "jpeg")
    if text:
        assert json.loads(text)["9"]["inputs"]["format"] == image_format


@pytest.mark.exiftool
@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
def test_an_anonymous_file_names_nobody(server: Server, settings: Path, image_format: str):
    certificates.make(settings.parent)
    with settings.open("a", encoding="utf-8") as file:
        file.write("certificate: chain.pem\nprivate_key: key.pem\n")
    path = path_of(run(server, graph(format=image_format, details="anonymous")))
    tags = exiftool.read(path)
    assert tags["XMP-iptcExt:DigitalSourceType"] == Source.MODEL.uri
    for trace in ("Ольга", "Studio North", "sketch.safetensors", "job0", "c2pa"):
        assert trace.encode() not in path.read_bytes()
    signed = path_of(run(server, graph(format=image_format, details="no graph")))
    assert b"c2pa" in signed.read_bytes()
    assert b"sketch.safetensors" not in signed.read_bytes()


@pytest.mark.exiftool
@pytest.mark.parametrize(
    ("made_by", "source"),
    [({}, Source.ENHANCED), ({"made_by": "an AI model"}, Source.MODEL)],
)
def test_a_picture_that_was_there_is_labelled_by_who_made_it(
    server: Server, settings: Path, made_by: dict[str, str], source: Source
):
    made = graph(format="jpeg")
    about = {"theme": "Old pool", "kind": "rooms", "subject": "red sofa"}
    made["21"] = node("StockwrightPictureJob", images=["8", 0], **about, **made_by)
    made["9"]["inputs"]["jobs"] = ["21", 0]
    ((job, file),) = saved(run(server, made)).items()
    tags = exiftool.read(output_path(places.EMBEDDED, file))
    assert tags["XMP-dc:Title"] == "Red sofa"
    assert tags["XMP-iptcExt:DigitalSourceType"] == source.uri
    assert json.loads(tags["XMP-stockwright:Job"])["id"] == job


def test_settings_that_cannot_be_used_are_told_before_anything_runs(server: Server, settings: Path):
    settings.write_text("certificate: gone.pem\nprivate_key: gone.pem\n")
    with pytest.raises(GraphRefused, match=r"gone\.pem cannot be read"):
        run(server, graph())


def test_words_that_cannot_be_used_are_told_before_anything_runs(server: Server):
    file = places.MODELS / "prompts" / "keywords.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("skipp: [a]\n")
    try:
        with pytest.raises(GraphRefused, match=r"unknown key 'skipp'"):
            run(server, graph())
    finally:
        file.unlink()


def test_a_picture_that_its_format_has_no_room_for_is_an_error_of_the_node(server: Server):
    made = graph(format="webp")
    made["20"] = node("ImageScale", image=["8", 0], upscale_method="nearest-exact",
                      width=16384, height=8, crop="disabled")  # fmt: skip
    made["9"]["inputs"]["images"] = ["20", 0]
    ended = run(server, made)
    assert not ended.success
    assert "webp pictures have at most 16383 pixels a side, not 16384x8" in ended.error
    assert "Choose png" in ended.error


def test_pictures_with_the_same_words_do_not_replace_each_other(server: Server):
    """As on the canvas: another photo is loaded, and the words stay as they are."""
    made = graph()
    folder = places.BASE / "output" / made["9"]["inputs"]["folder"]
    made["21"] = node("StockwrightPictureJob", images=["20", 0], theme="", kind="", subject="x")
    made["9"]["inputs"] |= {"images": ["20", 0], "jobs": ["21", 0]}
    found: list[dict[str, Any]] = []
    for colour in (0x336699, 0xFFEE00, 0x336699):
        made["20"] = node("EmptyImage", width=64, height=64, batch_size=1, color=colour)
        found.append(saved(run(server, made)))
    assert list(found[0]) == list(found[2]) != list(found[1])
    assert len(list(folder.rglob("*.png"))) == 2


def test_a_late_failure_has_its_reason_and_its_job(server: Server, tmp_path: Path):
    """Where a folder should be there is a file: that is found out after the graph's end."""
    made = graph(JOB, JOB | {"id": "job1", "theme": "Other"})
    folder = places.BASE / "output" / made["9"]["inputs"]["folder"]
    folder.mkdir(parents=True)
    (folder / "medicine-and-health").write_text("in the way")
    ended = run(server, made)
    assert ended.success
    files = saved_files(ended)
    assert "Not a directory" in files["job0"].error or "File exists" in files["job0"].error
    with pytest.raises(PictureRefused, match="was not written"):
        collect(server, parse_jobs([JOB])[0], files["job0"], tmp_path)
    assert not files["job1"].error
    assert collect(server, parse_jobs([JOB])[0], files["job1"], tmp_path).width == 64


def test_the_graph_ends_before_its_file_is_there_and_the_preview_waits(server: Server):
    made, graph_id = graph(side=3000), str(uuid.uuid4())
    server.queue_graph(made, graph_id, "tests", workflow=None)
    while (ended := server.finished(graph_id)) is None:
        time.sleep(0.02)
    (preview,) = ended.outputs["9"]["images"]
    (file,) = ended.outputs["9"]["stockwright_files"]
    assert file["ticket"] and "sha256" not in file
    for prefix in ("", "/api"):
        shown = requests.get(f"{server.url}{prefix}/view", preview, timeout=60)
        assert shown.status_code == 200
    data = shown.content
    assert data.startswith(b"\x89PNG")
    told = server.saved(file["ticket"])
    assert told and told["settled"] and told["files"][0]["bytes"] == len(data)
    assert server.saved("unknown") is None


def test_the_same_graph_again_has_its_files_still(server: Server):
    made = graph()
    first, again = saved(run(server, made)), saved(run(server, made))
    assert first == again
