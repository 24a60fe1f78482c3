"""Pictures are believed only when they are whole, decodable and large enough."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from driver.collect import (
    PictureRefused,
    SavedFile,
    collect,
    saved_files,
    saved_image,
    write_file,
)
from driver.errors import DiskTrouble
from driver.gate.rejects import keep_refused
from driver.server import Finished, Server
from stockwright.core.jobs import Job

JOB = Job.create(
    theme="Ships", kind="items", subject="an anchor", prompt="p", negative="", seed=1
).sized(64, 64)


class Files:
    """The one thing that `collect` asks of a server: a file's bytes."""

    def __init__(self, data: bytes | None) -> None:
        self.data = data

    def view(self, filename: str, subfolder: str, folder_type: str) -> bytes | None:
        return self.data


def encode(width: int = 64, height: int = 64, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 80).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def take(
    data: bytes | None, folder: Path, asked: tuple[int, int] | None = (64, 64), **changes: object
):
    told = {
        "filename": "a.png", "subfolder": "x", "type": "output", "width": 64, "height": 64,
        "sha256": hashlib.sha256(data or b"").hexdigest(),
    } | changes  # fmt: skip
    return collect(cast("Server", Files(data)), JOB, SavedFile(**told), folder, asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
def test_a_good_picture_is_filed_under_its_true_format(tmp_path: Path, kind: str, ending: str):
    data = encode(kind=kind)
    stored = take(data, tmp_path)
    assert stored.path == f"images/ships/items/an-anchor-{JOB.id}.{ending}"
    assert (tmp_path / stored.path).read_bytes() == data
    assert stored.size == len(data)


def test_a_larger_picture_is_what_an_upscaling_graph_gives(tmp_path: Path):
    assert take(encode(192, 128), tmp_path, width=192, height=128).width == 192


@pytest.mark.parametrize(
    ("data", "changes", "reason"),
    [
        (None, {}, "no file"),
        (encode(), {"sha256": "0" * 64}, "its hash differs"),
        (encode()[:2000], {}, "does not decode"),
        (b"not a picture", {}, "does not decode"),
        (b"", {}, "does not decode"),
        (encode(kind="GIF"), {}, "does not decode"),
        (encode(72, 64), {}, "72x64 instead of 64x64"),
        (encode(64, 56), {"height": 56}, "64x56, less than 64x64"),
    ],
)
def test_what_is_no_good_is_refused_with_the_reason(
    tmp_path: Path, data: bytes | None, changes: dict[str, object], reason: str
):
    with pytest.raises(PictureRefused, match=reason) as caught:
        take(data, tmp_path, **changes)
    assert not list(tmp_path.iterdir())
    assert caught.value.data == (data or b"")


@pytest.mark.parametrize("asked", [(32, 56), None], ids=["crop, .5x", "nobody can tell"])
def test_a_graph_may_be_asked_for_less_than_the_job_has(
    tmp_path: Path, asked: tuple[int, int] | None
):
    stored = take(encode(32, 56), tmp_path, asked, width=32, height=56)
    assert (stored.width, stored.height) == (32, 56)


def test_what_was_refused_is_kept_with_the_reason(tmp_path: Path):
    for data, name in ((b"half", "a.png"), (b"page", "b.json"), (b"half", "c.png")):
        keep_refused(tmp_path, JOB, PictureRefused("it does not decode", data), name)
    kept = sorted((tmp_path / "rejected" / "ships" / "items").iterdir())
    assert [(path.suffix, path.read_bytes()) for path in kept if path.suffix != ".json"] == [
        (".bin", b"page"),
        (".png", b"half"),
    ]
    notes = [json.loads(path.read_text()) for path in kept if path.suffix == ".json"]
    assert len(notes) == 2
    for note in notes:
        assert (note["subject"], note["refused"]) == ("an anchor", "it does not decode")
        assert hashlib.sha256((tmp_path / note["file"]).read_bytes()).hexdigest() == note["sha256"]


def test_a_picture_that_the_graph_did_not_save_is_refused(tmp_path: Path):
    with pytest.raises(PictureRefused, match="saved no picture of this job"):
        collect(cast("Server", Files(b"")), JOB, None, tmp_path)


def test_answers_that_lack_something_do_not_count():
    whole = {
        "job": "a", "filename": "f", "subfolder": "s", "type": "output", "width": 1, "height": 1,
        "sha256": "x", "bytes": 3,
    }  # fmt: skip
    outputs = {"9": {"stockwright_files": [whole, {"job": "b"}, "text", None]}, "8": None}
    ended = Finished(True, False, "", "", outputs, 1.0)  # type: ignore[arg-type]
    assert list(saved_files(ended)) == ["a"]


def told(*files: object) -> dict[str, list[object]]:
    return {"images": list(files)}


def picture(name: str, kind: str = "output", **more: str) -> dict[str, str]:
    return {"filename": name, "type": kind, **more}


@pytest.mark.parametrize(
    ("outputs", "name"),
    [
        ({"7": told(picture("a")), "23": told(picture("b"))}, "b"),
        ({"7": told(picture("a")), "23": told(picture("b", "temp"))}, "b"),
        ({"7": told(picture("a", "temp")), "8": told(picture("b"))}, "b"),
        ({"7": told(picture("a", "temp")), "99": told(picture("b"))}, "a"),
        ({"99": told(picture("c")), "7": told(picture("a"))}, "a"),
        ({"99": told(picture("c"), picture("d"))}, "c"),
        ({"7": None, "8": {"text": ["x"]}, "9": told("x", None, {"type": "output"})}, None),
        ({"7": {"images": "x"}}, None),
        ({}, None),
    ],
)
def test_the_most_finished_picture_of_any_node_counts(outputs: object, name: str | None):
    ended = Finished(True, False, "", "", outputs, 1.0)  # type: ignore[arg-type]
    found = saved_image(ended, {"23": 2, "7": 1, "8": 1})
    assert (found.filename if found else None) == name


def test_subfolder_and_type_are_those_that_were_told():
    outputs = {"7": told(picture("a.png", "temp", subfolder="x/y"))}
    ended = Finished(True, False, "", "", outputs, 1.0)  # type: ignore[arg-type]
    assert saved_image(ended, {}) == SavedFile("a.png", "x/y", "temp")


def test_a_picture_that_only_has_a_name_is_measured_here(tmp_path: Path):
    data = encode(40, 24)
    file = SavedFile("a.png", "x", "output")
    stored = collect(cast("Server", Files(data)), JOB, file, tmp_path)
    assert (stored.width, stored.height) == (40, 24), "the graph decides"
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    with pytest.raises(PictureRefused, match="does not decode"):
        collect(cast("Server", Files(data[:200])), JOB, file, tmp_path)


def test_a_file_that_cannot_be_written_says_where(tmp_path: Path):
    (tmp_path / "images").write_text("in the way")
    with pytest.raises(DiskTrouble) as caught:
        write_file(tmp_path / "images" / "a.png", b"x")
    assert caught.value.where.endswith("a.png")
