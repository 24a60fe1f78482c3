"""`models.py check`: a face whose real look is known, restored with what is in the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from spandrel.architectures.RestoreFormer import RestoreFormer

from driver import places
from stockwright.engine.faces import selfcheck
from stockwright.engine.faces.alignment import aligned, to_template
from tests.faces import detector, identity, photo, planes, to_face
from tests.weights import Home

DETECTION = places.MODELS / "face_detection"


def oracle(faces: torch.Tensor) -> torch.Tensor:
    """What the best of restorers would give: the real face, where the spoilt one is."""
    real, spoilt = (one.permute(2, 0, 1) for one in selfcheck.portraits())
    (face,) = detector()((spoilt * 255).byte().permute(1, 2, 0).numpy())
    return aligned(real, to_template(face.points)).clamp(0, 1)[None].expand_as(faces)


def test_a_good_restorer_is_told_from_a_useless_one(tmp_path: Path):
    good = selfcheck.compare(oracle, detector(), identity(), tmp_path / "good.png")
    assert good.good and not good.reason
    for before, after in (good.psnr, good.sharpness):  # type: ignore[misc]
        assert after > before
    assert good.distance and good.distance[1] < 0.6 and good.distance[1] < good.distance[0]
    with Image.open(tmp_path / "good.png") as sheet:
        assert sheet.size == (3 * 512, 512)
    same = selfcheck.compare(lambda faces: faces, detector(), None, tmp_path / "same.png")
    assert not same.good
    assert same.reason == "the restored face is not sharper"
    assert same.distance is None


def test_a_restorer_of_somebody_else_is_no_good(tmp_path: Path):
    image = photo("biden")
    other = aligned(planes(image), to_face(image)).clamp(0, 1)[None]
    found = selfcheck.compare(lambda faces: other, detector(), identity(), tmp_path / "a.png")
    assert found.reason == "the restored face is less like the real one than the spoilt one was"


def test_a_restorer_that_destroys_the_face_is_no_good(tmp_path: Path):
    found = selfcheck.compare(torch.zeros_like, detector(), None, tmp_path / "a.png")
    assert not found.good


def test_a_broken_file_is_reported_with_its_reason(tmp_path: Path):
    file = tmp_path / "broken.safetensors"
    file.write_text("nothing of use")
    options = ["--out", str(tmp_path), "--detection", str(DETECTION)]
    assert selfcheck.main([str(file), *options]) == 0
    (finding,) = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert finding["file"] == str(file)
    assert "cannot be read as weights" in finding["reason"]
    assert not finding["good"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    (home.models / "facerestore_models").mkdir(parents=True)
    return home


def test_the_command_without_a_model_says_how_to_fetch_one(home: Home):
    done = home.call("check")
    assert done.returncode == 2
    assert "there is no face model to check" in done.stderr
    assert "pull gfpgan" in done.stderr


def test_the_command_without_a_detector_says_how_to_fetch_one(home: Home):
    (home.models / "facerestore_models" / "a.pth").write_bytes(b"never opened")
    done = home.call("check")
    assert done.returncode == 2
    assert "pull mtcnn-pnet mtcnn-rnet mtcnn-onet" in done.stderr


def test_the_command_shows_what_each_file_makes_of_a_face(home: Home, tmp_path: Path):
    (home.models / "face_detection").symlink_to(DETECTION)
    folder = home.models / "facerestore_models"
    (folder / "broken.pth").write_bytes(b"nothing of use")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        weights = RestoreFormer(ch=32, ch_mult=(1, 1, 1, 1, 1, 1), num_res_blocks=1).state_dict()
    save_file(weights, folder / "random.safetensors")
    done = home.call("check", "--out", str(tmp_path / "out"))
    assert done.returncode == 1, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "RestoreFormer" in lines["random.safetensors"]
    assert "BAD" in lines["random.safetensors"]
    assert "cannot be read as weights" in done.stdout
    assert json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))


def test_the_command_with_a_python_that_cannot(home: Home):
    (home.models / "facerestore_models" / "a.pth").write_bytes(b"never opened")
    done = home.call("check", "--python", "/bin/false")
    assert done.returncode == 3
    assert "--python PATH" in done.stderr
