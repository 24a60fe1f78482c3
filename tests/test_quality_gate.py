"""The quality gate: verdicts on real pictures, on harmed ones, and where something is missing."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stockwright.core.errors import FaceDetectionUnavailable, QualityInvalid
from stockwright.core.quality import CHECKS, load_quality
from stockwright.engine.faces.detection import Face
from stockwright.engine.quality import faces, hashing, looking, networks, text
from stockwright.engine.quality.gate import Gate, Verdict
from stockwright.engine.quality.view import View
from tests.quality import harm
from tests.quality.pictures import thumbnail

PROMPTS = Path(__file__).parent.parent / "prompts"
PLAIN = ("file", "size", "flat", "blur", "noise")
"""Checks that need no model file."""
GOOD = "flux_schnell_full_text_to_image-1"


def settings(*on: str, **changed: Mapping[str, Any]) -> dict[str, Any]:
    """The shipped ones with only these checks on, and these keys of theirs changed."""
    shipped = load_quality([PROMPTS])
    return {
        name: said | changed.get(name, {}) if name in (*on, *changed) else {"check": "off"}
        for name, said in shipped.items()
    }


def examine(gate: Gate, picture: Image.Image, path: Path, people: bool = False) -> Verdict:
    picture.save(path)
    return gate.examine(path, size=picture.size, people=people)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "picture.png"


def test_a_good_picture_passes_with_a_score_for_each_check(file: Path):
    verdict = examine(Gate(settings(*PLAIN), {}), thumbnail(GOOD), file)
    assert verdict.reasons == verdict.warnings == ()
    assert verdict.scores.keys() == {"flat", "blur", "noise"}
    assert all(score is not None for score in verdict.scores.values())
    assert verdict.not_done == {}
    assert len(verdict.phash) == 16


@pytest.mark.parametrize(
    ("harmed", "check"),
    [
        (harm.blurred(thumbnail(GOOD), 3), "blur"),
        (harm.noisy(thumbnail(GOOD), 15), "noise"),
        (Image.new("RGB", (400, 300), (200, 30, 30)), "flat"),
        (harm.faded(thumbnail(GOOD), 0.05), "flat"),
    ],
    ids=["blur", "noise", "one-colour", "faded"],
)
def test_a_harmed_picture_is_rejected_for_its_harm(harmed: Image.Image, check: str, file: Path):
    assert check in examine(Gate(settings(*PLAIN), {}), harmed, file).reasons


def test_a_check_that_warns_does_not_reject(file: Path):
    gate = Gate(settings(blur={"check": "warn"}), {})
    verdict = examine(gate, harm.blurred(thumbnail(GOOD), 3), file)
    assert verdict.reasons == ()
    assert verdict.warnings == ("blur",)


def test_a_check_that_is_off_is_not_made(file: Path):
    verdict = examine(Gate(settings("file"), {}), Image.new("RGB", (300, 300)), file)
    assert verdict.reasons == verdict.warnings == ()
    assert verdict.scores == verdict.not_done == {}


def test_another_size_is_rejected(file: Path):
    picture = thumbnail(GOOD)
    picture.save(file)
    verdict = Gate(settings(*PLAIN), {}).examine(
        file, size=(picture.width + 1, picture.height), people=False
    )
    assert verdict.reasons == ("size",)
    assert verdict.not_done == {}


def test_where_nobody_can_tell_the_size_that_check_is_not_made(file: Path):
    thumbnail(GOOD).save(file)
    verdict = Gate(settings(*PLAIN), {}).examine(file, size=None, people=False)
    assert verdict.reasons == ()
    assert verdict.not_done.keys() == {"size"}
    assert Gate(settings("file"), {}).examine(file, size=None, people=False).not_done == {}


def breaks(error: Exception) -> Any:
    def check(*_: object) -> float:
        raise error

    return check


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MemoryError(), "MemoryError"),
        (ValueError("shape (1, 5000)"), "ValueError: shape (1, 5000)"),
        (FaceDetectionUnavailable("no detector", hint="pull it"), "no detector"),
    ],
)
def test_a_check_that_breaks_on_one_picture_is_told_and_the_others_are_made(
    error: Exception, why: str, file: Path, monkeypatch: pytest.MonkeyPatch
):
    gate = Gate(settings(*PLAIN), {})
    with monkeypatch.context() as patched:
        patched.setattr(looking, "sharpness", breaks(error))
        verdict = examine(gate, thumbnail(GOOD), file)
    assert verdict.scores["blur"] is None
    assert why in verdict.not_done["blur"]
    assert verdict.scores["flat"] is not None and verdict.scores["noise"] is not None
    assert examine(gate, thumbnail(GOOD), file).not_done == {}


def test_a_picture_that_memory_is_too_short_for_is_not_rejected_for_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    gate = Gate(settings(*PLAIN, "duplicate"), {})
    with monkeypatch.context() as patched:
        patched.setattr(View, "load", breaks(MemoryError()))
        unseen = examine(gate, thumbnail(GOOD), file)
    assert unseen.reasons == () and unseen.phash == ""
    assert all("memory" in unseen.not_done[name] for name in (*PLAIN, "duplicate"))
    with monkeypatch.context() as patched:
        patched.setattr(hashing, "phash", breaks(MemoryError()))
        verdict = examine(gate, thumbnail(GOOD), file)
    assert verdict.phash == "" and "memory" in verdict.not_done["duplicate"]
    assert verdict.scores["flat"] is not None


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 2)])
def test_the_oddest_shapes_get_a_verdict(size: tuple[int, int], file: Path):
    verdict = examine(Gate(settings(*PLAIN, "text"), {}), Image.new("RGB", size), file)
    assert len(verdict.phash) == 16


@pytest.mark.parametrize("kind", ["missing", "text", "half"])
def test_a_file_that_cannot_be_read_is_rejected_and_nothing_else_is_told(kind: str, file: Path):
    thumbnail(GOOD).save(file)
    if kind == "missing":
        file.unlink()
    elif kind == "text":
        file.write_text("not a picture")
    else:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    verdict = Gate(settings(*PLAIN), {}).examine(file, size=(400, 400), people=False)
    assert verdict.reasons == ("file",)
    assert verdict.scores == {"flat": None, "blur": None, "noise": None}
    assert all("cannot be read" in why for why in verdict.not_done.values())
    assert verdict.phash == ""


def test_a_small_picture_is_not_judged_by_its_fine_parts(file: Path):
    small = harm.blurred(thumbnail(GOOD), 3).resize((128, 128))
    verdict = examine(Gate(settings(*PLAIN), {}), small, file)
    assert verdict.reasons == ()
    assert verdict.scores["blur"] is None
    assert verdict.not_done["blur"] == "the picture is smaller than 300 pixels"
    assert verdict.scores["flat"] is not None


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16", "1"])
def test_pictures_of_other_kinds_are_examined_too(mode: str, file: Path):
    wide = thumbnail(GOOD).convert("L") if mode == "I;16" else thumbnail(GOOD)
    verdict = examine(Gate(settings(*PLAIN), {}), wide.convert(mode), file)
    assert verdict.scores["blur"] is not None


def test_a_large_picture_is_judged_as_a_small_one_would_be(file: Path):
    picture = thumbnail("embedding_example-1").crop((0, 0, 900, 600))
    gate = Gate(settings("blur"), {})
    once = examine(gate, picture.resize((1024, 683), Image.Resampling.LANCZOS), file).scores
    large = picture.resize((3072, 2048), Image.Resampling.LANCZOS)
    assert examine(gate, large, file).scores["blur"] == pytest.approx(once["blur"], abs=0.08)


def test_what_is_missing_is_told_and_never_passes_for_done(file: Path, tmp_path: Path):
    gate = Gate(settings("nsfw", "people", "deformed"), {"nsfw_detection": [tmp_path]})
    assert gate.missing.keys() == {"nsfw", "people", "deformed"}
    assert "models.py pull open-nsfw" in gate.missing["nsfw"]
    assert "models.py pull mtcnn" in gate.missing["people"]
    verdict = examine(gate, thumbnail(GOOD), file)
    assert verdict.scores == {"nsfw": None, "people": None, "deformed": None}
    assert verdict.not_done == gate.missing
    assert verdict.reasons == ()


def test_a_broken_model_file_is_told_as_missing(tmp_path: Path):
    (tmp_path / "open_nsfw.onnx").write_bytes(b"no network")
    gate = Gate(settings("nsfw"), {"nsfw_detection": [tmp_path]})
    assert "cannot be used" in gate.missing["nsfw"]
    assert "models.py pull open-nsfw" in gate.missing["nsfw"]


def test_missing_packages_are_told_with_how_to_install_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(networks, "find_spec", lambda _: None)
    monkeypatch.setattr(text, "find_spec", lambda _: None)
    gate = Gate(settings("nsfw", "text"), {})
    assert "pip install onnxruntime" in gate.missing["nsfw"]
    assert "pip install --no-deps rapidocr-onnxruntime" in gate.missing["text"]


def test_words_are_found_and_a_bare_picture_has_none(file: Path):
    gate = Gate(settings("text"), {})
    assert gate.missing == {}
    assert examine(gate, thumbnail(GOOD), file).scores == {"text": 0}
    lettered = examine(gate, harm.lettered(thumbnail(GOOD), 1), file)
    assert lettered.reasons == ("text",)
    assert examine(gate, thumbnail("api_kling_effects-1"), file).reasons == ("text",)


POINTS = ((75.0, 70.0), (105.0, 70.0), (90.0, 88.0), (78.0, 101.0), (104.0, 101.0))


def face(size: float = 120, score: float = 0.99, points: Any = POINTS) -> Face:
    return Face((30, 30, 30 + size, 30 + size), points, score)


class Faces:
    """Finds the same faces in every whole picture. In copies of one it finds a face that is
    mirrored as the copy is, and whose points are `shake` of the copy's side off each other time."""

    def __init__(self, *found: Face, shake: float = 0, lost: bool = False) -> None:
        self._found, self._shake, self._lost = list(found), shake, lost
        self.wholes = self.copies = 0

    def __call__(self, pixels: np.ndarray) -> list[Face]:
        assert pixels.dtype == np.uint8 and pixels.shape[2] == 3
        height, width = pixels.shape[:2]
        if width >= 300:
            self.wholes += 1
            return self._found
        self.copies += 1
        if self._lost:
            return []
        side = width / 180
        points = [(x * side, y * side) for x, y in POINTS]
        if self.copies % 2 == 0:  # the second and the fourth copy are mirrored
            points = [(width - x, y) for x, y in (points[n] for n in (1, 0, 2, 4, 3))]
            points[1] = (points[1][0], points[1][1] + self._shake * width)
        return [Face((0, 0, width, height), tuple(points), 0.99)]


def gate_with(found: Faces, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> Gate:
    monkeypatch.setattr(faces, "find_detector", lambda _: found)
    return Gate(settings("people", "deformed", **changed), {})


def test_faces_are_counted_where_none_are_wanted(file: Path, monkeypatch: pytest.MonkeyPatch):
    found = Faces(face(), face(size=5), face(score=0.5), face())
    gate = gate_with(found, monkeypatch)
    verdict = examine(gate, thumbnail(GOOD), file)
    assert verdict.scores["people"] == 2
    assert verdict.reasons == ("people",)
    assert found.wholes == 1
    wanted = examine(gate, thumbnail(GOOD), file, people=True)
    assert "people" not in wanted.scores and wanted.reasons == ()


def test_without_faces_there_is_nothing_to_be_deformed(file: Path, monkeypatch: pytest.MonkeyPatch):
    verdict = examine(gate_with(Faces(), monkeypatch), thumbnail(GOOD), file)
    assert verdict.scores == {"people": 0}
    assert verdict.reasons == verdict.warnings == ()


@pytest.mark.parametrize(
    ("found", "score"),
    [
        (Faces(face()), 0),
        # One of two eyes half their distance apart: a quarter of it from its mean, which stretches
        # the distance itself.
        (Faces(face(), shake=15 / 180), 0.25 / 5**0.5 / (1 + 0.25**2) ** 0.5),
        (Faces(face(), lost=True), 1),
    ],
    ids=["steady", "shaken", "lost"],
)
def test_a_face_whose_points_are_unsteady_is_deformed(
    found: Faces, score: float, file: Path, monkeypatch: pytest.MonkeyPatch
):
    verdict = examine(gate_with(found, monkeypatch), thumbnail(GOOD), file, people=True)
    assert verdict.scores["deformed"] == pytest.approx(score, abs=1e-9)
    assert verdict.warnings == (("deformed",) if score else ())
    assert verdict.reasons == ()


def test_a_verdict_is_plain_data(file: Path):
    gate = Gate(settings(*PLAIN, "nsfw"), {})
    verdict = examine(gate, harm.blurred(thumbnail(GOOD), 3), file)
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict
    assert pickle.loads(pickle.dumps(verdict)) == verdict


def test_nothing_is_kept_between_pictures(file: Path):
    gate = Gate(settings(*PLAIN), {})
    first = examine(gate, thumbnail(GOOD), file)
    examine(gate, harm.noisy(thumbnail("sdxlturbo_example-1"), 20), file)
    assert examine(gate, thumbnail(GOOD), file) == first


def test_settings_with_a_fault_are_refused():
    with pytest.raises(QualityInvalid, match="unknown key 'blurr'"):
        Gate(settings(*CHECKS) | {"blurr": {"check": "warn"}}, {})
