"""Whether a picture shows the person that it shall show: the gate's check, on real photos."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from driver import places
from driver.avatars.making_settings import QUALITY
from driver.gate.quality import given_quality
from stockwright.core.quality import CHECKS, LIKENESS
from stockwright.engine.quality.gate import Gate, Verdict
from tests import faces

SIDE = 400
Vectors = tuple[tuple[float, ...], ...]


def photo(name: str, side: int = SIDE) -> Image.Image:
    """Its shorter side has so many pixels."""
    image = faces.photo(name)
    scale = side / min(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)))


@cache
def vector(name: str) -> tuple[float, ...]:
    image = photo(name)
    return tuple(faces.identity().vector(faces.planes(image), faces.the_face(image)).tolist())


def folders() -> dict[str, list[Path]]:
    faces.identity()  # fetches it
    home = places.ROOT / ".embedded" / "base" / "models"
    return {
        "face_detection": [places.MODELS / "face_detection"],
        "face_identity": [home / "face_identity"],
    }


def gate(*person: str, of: dict[str, list[Path]] | None = None) -> Gate:
    settings: dict[str, dict[str, object]] = {name: {"check": "off"} for name in CHECKS}
    settings |= {LIKENESS: {"check": "reject", "below": 0.4, "from": 300}}
    known = tuple(vector(name) for name in person)
    return Gate(settings, folders() if of is None else of, known)


def examine(one: Gate, picture: Image.Image, folder: Path) -> Verdict:
    file = folder / "picture.png"
    picture.save(file)
    return one.examine(file, size=None, people=True)


def beside(*names: str) -> Image.Image:
    photos = [photo(name) for name in names]
    sheet = Image.new("RGB", (sum(p.width for p in photos), max(p.height for p in photos)))
    for n, one in enumerate(photos):
        sheet.paste(one, (sum(p.width for p in photos[:n]), 0))
    return sheet


def test_the_person_passes_and_others_do_not(tmp_path: Path):
    one = gate("obama")
    later = examine(one, photo("obama-later"), tmp_path)
    assert later.reasons == ()
    assert later.scores[LIKENESS] == pytest.approx(0.65, abs=0.15)
    for other in ("biden", "collins"):
        verdict = examine(one, photo(other), tmp_path)
        assert verdict.reasons == (LIKENESS,)
        assert (verdict.scores[LIKENESS] or 0) < 0.3


def test_one_odd_photo_of_the_person_changes_nothing(tmp_path: Path):
    one = gate("obama", "obama-later", "biden")
    assert examine(one, photo("obama"), tmp_path).reasons == ()
    assert examine(one, photo("biden"), tmp_path).reasons == (LIKENESS,)


def test_among_several_faces_the_persons_counts(tmp_path: Path):
    one = gate("obama")
    alone = examine(one, photo("obama-later"), tmp_path).scores[LIKENESS]
    among = examine(one, beside("biden", "obama-later", "collins"), tmp_path)
    assert among.reasons == ()
    assert among.scores[LIKENESS] == pytest.approx(alone, abs=0.1)


def test_without_a_face_nobody_would_know_the_person(tmp_path: Path):
    verdict = examine(gate("obama"), Image.new("RGB", (SIDE, SIDE), "teal"), tmp_path)
    assert (verdict.scores[LIKENESS], verdict.reasons) == (0.0, (LIKENESS,))


def test_what_cannot_be_told_is_told(tmp_path: Path):
    small = examine(gate("obama"), photo("biden", 200), tmp_path)
    assert small.reasons == () and "smaller than 300" in small.not_done[LIKENESS]
    lacking = gate("obama", of=folders() | {"face_identity": [tmp_path]})
    assert "pull face-identity" in lacking.missing[LIKENESS]
    verdict = examine(lacking, photo("biden"), tmp_path)
    assert (verdict.scores[LIKENESS], verdict.reasons) == (None, ())


def test_a_network_that_is_none_is_told(tmp_path: Path):
    (tmp_path / "face_recognition_dlib.safetensors").write_bytes(b"nothing")
    broken = gate("obama", of=folders() | {"face_identity": [tmp_path]})
    assert "cannot be used to compare faces" in broken.missing[LIKENESS]


def test_where_nobody_is_known_it_is_not_looked_at(tmp_path: Path):
    verdict = examine(gate(), photo("biden"), tmp_path)
    assert LIKENESS not in verdict.scores and not verdict.not_done and not verdict.reasons


def test_it_is_a_check_of_a_persons_pictures_only(tmp_path: Path):
    assert LIKENESS not in given_quality(None).settings
    own = given_quality(None, QUALITY).settings
    assert own[LIKENESS] == {"check": "reject", "below": 0.4, "from": 300}
    assert own["duplicate"]["check"] == "warn"
    file = tmp_path / "mine.yaml"
    file.write_text("likeness: {below: 0.5}\nduplicate: off\n")
    mine = given_quality(file, QUALITY).settings
    assert mine[LIKENESS] == {"check": "reject", "below": 0.5, "from": 300}
    assert mine["duplicate"]["check"] == "off"
