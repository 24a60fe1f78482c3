"""What is kept of a training: presets, rates, and how candidates are judged."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image

from driver import places
from driver.avatars.candidates import Judging, choose, prompt_fit
from driver.avatars.comparison_sheet import Column, draw_comparison
from driver.avatars.errands import Errands
from driver.avatars.likeness_worker import NoJudge, likeness_of
from driver.avatars.losses import gain
from driver.avatars.painting import Painting
from driver.avatars.people import make_private
from driver.avatars.presets import FILE, Schedule, load_presets
from driver.avatars.serverfiles import remove_photos
from driver.avatars.training_events import CandidateJudged
from driver.avatars.training_state import Saved, State
from driver.connection import connect
from driver.errors import AvatarInvalid
from driver.hashing import file_sha256
from driver.server import Server
from stockwright.core.people import stem
from tests.faces import identity, photo, picture, the_face
from tests.make_lora import make_lora
from tests.people import KEY
from tests.persons import encoded, make_person
from tests.trainings import SKETCH, Heard, tiny

MODELS = {
    "face_detection": [places.ROOT / ".embedded/base/models/face_detection"],
    "face_identity": [places.ROOT / ".embedded/base/models/face_identity"],
}


def vector(name: str) -> tuple[float, ...]:
    image = photo(name)
    return tuple(identity().vector(picture(image).permute(2, 0, 1), the_face(image)).tolist())


def test_likeness_is_found_in_a_process_of_its_own(tmp_path: Path):
    paths: list[Path] = []
    for name in ("obama-later", "biden"):
        paths.append(tmp_path / f"{name}.png")
        photo(name, 512).save(paths[-1])
    paths.append(tmp_path / "nobody.png")
    Image.new("RGB", (128, 128), "green").save(paths[-1])
    same, other, nobody = likeness_of(paths, [vector("obama")], MODELS)
    assert same and other and same > 0.4 > other
    assert nobody is None


def test_without_networks_or_vectors_there_is_a_reason(tmp_path: Path):
    with pytest.raises(NoJudge, match="pull face-identity"):
        likeness_of([], [(0.1,) * 128], {"face_identity": [tmp_path]})
    with pytest.raises(NoJudge, match="no vectors"):
        likeness_of([], [()], MODELS)
    (tmp_path / "face_recognition_dlib.safetensors").write_bytes(b"broken")
    with pytest.raises(NoJudge, match="cannot be used to compare faces"):
        broken = {**MODELS, "face_identity": [tmp_path]}
        likeness_of([tmp_path / "a.png"], [(0.1,) * 128], broken)


def test_prompt_fit_is_the_chance_that_a_prompt_is_the_pictures_own():
    def fit(own: float, other: float) -> float:
        return prompt_fit({(0, 0): [own], (0, 1): [other], (1, 1): [own], (1, 0): [other]})

    assert fit(1, 1) == 0.5
    assert 0.5 < fit(1, 1.01) < fit(1, 1.1) < 1
    assert fit(1, 0.9) < 0.5
    assert fit(1, 2) == pytest.approx(fit(100, 200)), "however large the losses are"
    assert prompt_fit({(0, 0): [None], (0, 1): [1.0]}) == 0


def test_gain_counts_every_level_alike():
    assert gain([2.0, 8.0], [1.0, 4.0]) == pytest.approx(2)
    assert gain([1.0, 400.0], [2.0, 200.0]) == pytest.approx(1)
    assert gain([], []) is None
    assert gain([1.0], [1.0, 2.0]) is None
    assert gain([None, 3.0], [1.0, 1.0]) == pytest.approx(3)


def test_families_and_rates():
    presets = load_presets()
    assert presets.family_of("sd_xl_base_1.0.safetensors") == "sdxl"
    assert presets.family_of("SDXL/juggernautXL.safetensors") == "sdxl"
    assert presets.family_of("v1-5-pruned-emaonly.safetensors") == "sd15"
    assert presets.family_of("sketch.safetensors") == "sketch"
    sdxl = presets.preset("sdxl")
    assert (sdxl.rank, sdxl.alpha, sdxl.learning_rate) == (32, 16, 1e-4)
    assert 1000 <= sdxl.steps <= 1600
    assert sdxl.dtype == "bf16"
    rates = [sdxl.rate(done, 10) for done in range(0, sdxl.steps, 10)]
    top = max(rates)
    assert top == pytest.approx(1e-4, rel=0.01)
    assert rates[0] < 0.1 * top, "it warms up"
    peak = rates.index(top)
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 0.001 * top
    flat = sdxl.model_copy(update={"schedule": Schedule.CONSTANT})
    assert math.isclose(flat.rate(800, 100), 1e-4)
    with pytest.raises(AvatarInvalid, match="no family 'sd3'") as caught:
        presets.preset("sd3")
    assert "sdxl" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("rank: 32", "rank: 0", "families.sdxl.rank"),
        ("rank: 32", "rnak: 32", "families.sdxl"),
        ("size: 1024\n    steps", "size: 1000.5\n    steps", "families.sdxl.size"),
        ("families:", "famlies:", "families"),
        ("families:", "families: [", "training.yaml"),
    ],
)
def test_a_faulty_file_says_where(tmp_path: Path, old: str, new: str, where: str):
    path = tmp_path / "training.yaml"
    text = FILE.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(AvatarInvalid) as caught:
        load_presets(path)
    assert where in caught.value.where


def test_the_sheet_shows_prompts_by_candidates(tmp_path: Path):
    colours = ("red", "blue", "green")
    columns: list[Column] = []
    for number, colour in enumerate(colours):
        paths = tuple(tmp_path / f"{number}-{row}.png" for row in range(2))
        for path in paths:
            Image.new("RGB", (64, 64), colour).save(path)
        columns.append(Column(f"{number} steps", "likeness 0.50", paths, kept=number == 1))
    data = draw_comparison(columns, ["a prompt", "another prompt " * 40])
    with Image.open(io.BytesIO(data)) as sheet:
        sheet.load()
        assert sheet.format == "JPEG"
        assert not sheet.getexif()
        width, height = sheet.size
        for number, colour in enumerate(colours):
            at = (int((number + 0.5) * width / 3), height // 4)
            wanted = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
            assert isinstance(wanted, tuple)
            seen = sheet.getpixel(at)
            assert isinstance(seen, tuple)
            assert max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) < 30


def test_the_candidate_that_is_like_the_person_is_kept(
    server: Server, sketch_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The small checkpoint draws no faces: real photos stand for what candidates paint. All else is
    as it is: networks compare the faces, and the server tells the prompts' fit."""
    folder = make_person(tmp_path / "people", count=3)
    record = folder.read()
    photos = tuple(one.model_copy(update={"vector": vector("obama")}) for one in record.photos)
    person = record.model_copy(update={"photos": photos})
    preset = tiny(candidates=2)
    saved: list[Saved] = []
    for number, steps in enumerate((4, 8, 12)):
        name = stem(KEY, steps)
        path = folder.training / f"{name}.safetensors"
        make_private(folder.training)
        make_lora(sketch_path, path, number, 0.05)
        size, digest = path.stat().st_size, file_sha256(path)
        saved.append(Saved(steps=steps, stem=name, sha256=digest, size=size))
    shown = {"": ("biden", "biden"), "_8_": ("obama-later", "biden"), "_12_": ("obama-later",) * 2}
    asked: list[str] = []

    def painted(painting: Painting, errands: Errands, prompts: Sequence[str],
                seeds: Sequence[int], loras: Callable[[], str]) -> list[bytes]:  # fmt: skip
        asked.append(loras())
        names = next(names for part, names in reversed(shown.items()) if part in asked[-1])
        return [encoded(photo(name, 256)) for name in names]

    monkeypatch.setattr(Painting, "of", painted)
    compare = load_presets().compare.model_copy(update={"prompts": ("a {person}", "a tree")})
    heard = Heard()
    connection = connect(server.url, None, {}, heard)
    state = State(key=KEY, batch=1, checkpointing=False, saved=tuple(saved))
    work = Judging(
        *(folder, person, preset, compare, SKETCH, Errands(connection), MODELS), {}, heard
    )
    try:
        assert choose(work, state).steps == 12
    finally:
        remove_photos(connection.server, person.token)
        connection.close()
    assert [asked[0], len(asked)] == ["", 3], "only as many of the last as the preset says"
    untrained, earlier, last = heard.of(CandidateJudged)
    assert untrained["by_faces"] and earlier["by_faces"] and last["by_faces"]
    assert untrained["likeness"] < earlier["likeness"] < last["likeness"]
    assert last["likeness"] > 0.4 > untrained["likeness"]
    with Image.open(folder.path / "training.jpg") as sheet:
        assert sheet.width > sheet.height
