"""From tensors to files."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from stockwright.core.errors import SavingInvalid
from stockwright.core.jobs import Job
from stockwright.core.keywords import Description
from stockwright.engine.saving.encoding import to_pixels
from stockwright.engine.saving.formats import ImageFormat
from stockwright.engine.saving.label import Details, Label, make_label
from stockwright.engine.saving.owner import Owner, read_owner
from stockwright.engine.saving.picture import Shape, check_size, pixels_of, tasks
from stockwright.engine.saving.writer import Task
from tests import certificates, exiftool

LABEL = Label({"en": "A chair"}, {"en": "A chair."}, ("chair",))
JOB = Job.create(theme="T", kind="k", subject="s", prompt="p", negative="", seed=1)
WORDS = Description({"en": "S"}, {"en": "S."}, ("s",))


def one(images: torch.Tensor, path: Path, shape: Shape | None = None) -> tuple[Task, int]:
    shape = shape or Shape(ImageFormat.PNG, 95, 300)
    (task,), held = tasks(images, ["a"], [path], [lambda: LABEL], shape)
    return task, held


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_tensor_becomes_a_file(tmp_path: Path, kind: torch.dtype, channels: int):
    levels = torch.arange(256).repeat(48)[: 40 * 64 * channels].reshape(1, 40, 64, channels)
    images = (levels / 255).to(kind)
    path = tmp_path / "deep" / "a.png"
    task, _ = one(images, path)
    assert not path.exists(), "nothing is done before the task is"
    written = task.write()
    data = path.read_bytes()
    assert (written.size, written.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    with Image.open(path) as image:
        far = np.abs(np.asarray(image).astype(int) - levels[0, ..., :3].numpy())
    assert image.size == (64, 40)
    assert far.max() <= (0 if kind is torch.float32 else 1)


def test_pictures_are_held_without_a_copy(tmp_path: Path):
    images = torch.zeros(3, 8, 8, 3)
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    made, held = tasks(images, ["a", "b", "c"], paths, [lambda: LABEL] * 3,
                       Shape(ImageFormat.PNG, 95, 300))  # fmt: skip
    assert held == 3 * 8 * 8 * 3 * 4
    images[1] = 1.0
    for task in made:
        task.write()
    assert [Image.open(path).getpixel((0, 0)) for path in paths] == [
        (0, 0, 0), (255, 255, 255), (0, 0, 0)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("height", "width"), [(1500, 700), (3, 300_000), (1, 1)])
def test_blocks_of_rows_are_bit_for_bit_the_whole(height: int, width: int, kind: torch.dtype):
    generator = torch.Generator().manual_seed(4)
    image = (torch.rand(height, width, 4, generator=generator) * 1.2 - 0.1).to(kind)
    assert np.array_equal(pixels_of(image), to_pixels(image[..., :3].float().numpy()))


def test_a_thread_makes_no_float_copy_of_the_whole_picture():
    image = torch.rand(1024, 2048, 3, generator=torch.Generator().manual_seed(4))
    tracemalloc.start()
    try:
        pixels = pixels_of(image)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < pixels.nbytes + image.nbytes / 2


@pytest.mark.parametrize(("name", "most"), [("webp", 16383), ("jpeg", 65500)])
def test_a_format_that_has_no_room_is_refused(name: str, most: int):
    check_size(8, most, ImageFormat(name))
    for size in ((most + 1, 8), (8, most + 1)):
        with pytest.raises(SavingInvalid, match=f"at most {most} pixels a side, not") as caught:
            check_size(*size, ImageFormat(name))
        assert "field format" in caught.value.where
        assert "Choose png" in caught.value.hint
        check_size(*size, ImageFormat.PNG)


@pytest.mark.parametrize("name", ["webp", "jpeg"])
def test_the_longest_side_of_a_format_can_be_written(tmp_path: Path, name: str):
    shape = Shape(ImageFormat(name), 50, 300)
    for more in (0, 1):
        side = shape.format.longest_side + more
        task, _ = one(torch.zeros(1, 1, side, 3), tmp_path / f"{more}", shape)
        if more:
            with pytest.raises((OSError, ValueError)):
                task.write()
        else:
            task.write()


def test_a_broken_picture_is_no_black_one(tmp_path: Path):
    images = torch.zeros(1, 8, 8, 3)
    images[0, 4, 4, 1] = torch.nan
    task, _ = one(images, tmp_path / "a.png")
    with pytest.raises(ValueError, match="NaN"):
        task.write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.exiftool
def test_what_is_signed_is_what_is_hashed(tmp_path: Path):
    certificates.make(tmp_path)
    (tmp_path / "saving.yaml").write_text("certificate: chain.pem\nprivate_key: key.pem\n")
    shape = Shape(ImageFormat.JPEG, 95, 300, read_owner(tmp_path).credentials)
    path = tmp_path / "a.jpg"
    task, _ = one(torch.rand(1, 32, 32, 3), path, shape)
    assert task.write().sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert b"c2pa" in path.read_bytes()
    assert exiftool.read(path)["XMP-dc:Title"] == "A chair"


@pytest.mark.parametrize(
    ("details", "has_job", "has_owner"),
    [(Details.ALL, True, True), (Details.NO_GRAPH, False, True), (Details.ANONYMOUS, False, False)],
)
def test_how_much_a_label_tells(details: Details, has_job: bool, has_owner: bool):
    label = make_label(JOB, WORDS, details, Owner("Olga", "me"), {"prompt": "{}"})
    assert (bool(label.job), bool(label.graphs)) == (has_job, has_job)
    assert (bool(label.creator), bool(label.copyright)) == (has_owner, has_owner)
    assert label.title == WORDS.title
