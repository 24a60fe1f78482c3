"""Photos of a real person taken in: what is kept, what is refused, and what is left if it is cut
off. Ten photos are made of two of Barack Obama."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from driver import places
from driver.avatars import intake
from driver.avatars.intake_events import (
    Examining,
    IntakeEvent,
    PhotoKept,
    PhotoKnown,
    PhotoRefused,
)
from driver.avatars.people import Folder, Person, make_private, write_private
from driver.avatars.reached import Reached, reached, write
from driver.errors import AvatarInvalid, ConsentMissing, IntakeFailed, PhotosRefused, RunBusy
from stockwright.core.portraits import Fault
from tests import faces, portraits
from tests.test_portraits_opening import bomb

faces.identity()  # fetches the network where it is not there
USUAL = intake.default_intake()
SMALL = replace(USUAL, crops=replace(USUAL.crops, size=128))
SECRET = "anna-secret"


def add(folder: Folder, files: list[Path], least: int = 10, **given: object):
    events: list[IntakeEvent] = []
    values = {"consent": "she agreed", "word": "", "report": events.append, "intake": SMALL} | given
    person = intake.add_photos(folder, files, least=least, models=portraits.MODELS, **values)
    return person, events


def refused(events: list[IntakeEvent]) -> dict[str, tuple[str, ...]]:
    found = [event for event in events if isinstance(event, PhotoRefused)]
    assert all(event.words for event in found)
    return {Path(event.file).name: event.faults for event in found}


@pytest.fixture(scope="module", autouse=True)
def _one_process() -> Iterator[None]:
    with portraits.one_process(SMALL):
        yield


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return portraits.photos(tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory, ten: list[Path]):
    people = tmp_path_factory.mktemp("people")
    person, events = add(Folder(SECRET, people), ten, word="man")
    return people, person, events


@pytest.fixture
def folder(added: tuple[Path, Person, object], tmp_path: Path) -> Folder:
    """A copy of the person who was added."""
    shutil.copytree(added[0], tmp_path / "people")
    return Folder(SECRET, tmp_path / "people")


def files_in(folder: Folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder.path)): path.read_bytes()
        for path in folder.path.rglob("*")
        if path.is_file() and path.name != "person.lock"
    }


def test_ten_good_photos_are_kept(added: tuple[Path, Person, list[IntakeEvent]], ten: list[Path]):
    people, person, events = added
    kept = [event for event in events if isinstance(event, PhotoKept)]
    assert [event.file for event in kept] == list(map(str, ten)) and not refused(events)
    assert len(person.photos) == 10 and person == Folder(SECRET, people).read()
    assert person.word == "man" and person.consent.endswith(": she agreed")
    assert all(len(photo.vector) == 128 and 0 < photo.fitness <= 1 for photo in person.photos)
    assert person.best[0].fitness == pytest.approx(max(event.fitness for event in kept), abs=1e-3)


def test_only_the_owner_can_read_it_and_files_say_nothing(
    added: tuple[Path, Person, list[IntakeEvent]],
):
    root = Folder(SECRET, added[0]).path
    for path in (root, *root.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
        assert path == root or SECRET not in path.name
        if path.suffix in (".png", ".jpg"):
            with Image.open(path) as image:
                assert not image.getexif() and set(image.info) <= {
                    *("jfif", "jfif_version", "jfif_unit", "jfif_density")
                }
    assert not list(root.glob(".intake*"))


def test_every_photo_has_upright_crops_with_captions(
    added: tuple[Path, Person, list[IntakeEvent]],
):
    people, person, _ = added
    root = Folder(SECRET, people).path
    held = {crop.photo for crop in person.crops if crop.held_back}
    assert len(held) == 1
    assert {crop.photo for crop in person.crops} == {photo.sha256 for photo in person.photos}
    assert {crop.framing for crop in person.crops} == {"face", "portrait", "shoulders"}
    assert {path.name for path in (root / "crops").iterdir()} == {
        Path(crop.file).with_suffix(suffix).name
        for crop in person.crops
        for suffix in (".png", ".txt")
    }
    captions = [(root / crop.file).with_suffix(".txt").read_text() for crop in person.crops]
    assert all("ohwx man" in text for text in captions)
    assert len(set(captions)) > len(captions) * 0.7
    for crop in person.crops:
        with Image.open(root / crop.file) as image:
            assert image.size == (128, 128)
    with Image.open(root / "crops.jpg") as sheet:
        assert sheet.width > 3 * 256 and sheet.height > 10 * 256


def test_what_is_not_good_is_refused_one_by_one(folder: Folder, tmp_path: Path):
    given = tmp_path / "more"
    given.mkdir()
    obama, biden = faces.photo("obama"), faces.photo("biden")
    both = Image.new("RGB", (1160, 900), "grey")
    both.paste(obama, (0, 0))
    both.paste(biden.crop((0, 0, 440, 900)), (720, 0))
    pictures = {
        "stranger.jpg": biden,
        "blurred.jpg": faces.blurred(obama, 5),
        "two.jpg": both,
        "nobody.png": Image.effect_noise((400, 400), 60).convert("RGB"),
        "again.webp": obama.resize((700, 875)),
    }
    for name, picture in pictures.items():
        picture.save(given / name, quality=90)
    (given / "bomb.png").write_bytes(bomb(100_000, 100_000))
    (given / "letter.jpg").write_text("Dear photographer")
    before = files_in(folder)
    person, events = add(folder, intake.find_photos([given]))
    assert refused(events) == {
        "stranger.jpg": (Fault.STRANGER,),
        "blurred.jpg": (Fault.BLURRED,),
        "two.jpg": (Fault.CROWD,),
        "nobody.png": (Fault.NO_FACE,),
        "again.webp": (Fault.TWIN,),
        "bomb.png": (Fault.HUGE,),
        "letter.jpg": (Fault.UNREADABLE,),
    }
    assert len(person.photos) == 10 and files_in(folder) == before


def test_too_few_good_photos_say_what_is_missing_and_leave_nothing(tmp_path: Path, ten: list[Path]):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear photographer")
    folder = Folder("boris", tmp_path / "people")
    with pytest.raises(PhotosRefused) as raised:
        add(folder, [*ten[:2], letter])
    assert "2 good photos, 8 more" in raised.value.what
    assert "1 cannot be read" in raised.value.what and "--min 2" in raised.value.hint
    assert "letter" not in str(raised.value) and not folder.path.exists()


def test_fewer_will_do_if_that_is_said_and_more_can_come_later(tmp_path: Path, ten: list[Path]):
    folder = Folder("boris", tmp_path / "people")
    first, _ = add(folder, ten[:2], least=2)
    assert len(first.photos) == 2
    person, events = add(folder, [*ten[1:3], ten[2]], least=3, consent="", word="boy")
    assert [type(e) for e in events if isinstance(e, PhotoKnown)] == [PhotoKnown] * 2
    assert len(person.photos) == 3 and person.token == first.token and person.word == "boy"
    assert person.consent == first.consent
    text = (folder.path / person.crops[0].file).with_suffix(".txt").read_text()
    assert "ohwx boy" in text
    with pytest.raises(PhotosRefused):
        add(folder, [ten[0]], least=10)
    assert folder.read() == person


def test_nobody_is_added_without_consent(tmp_path: Path, ten: list[Path]):
    folder = Folder("boris", tmp_path / "people")
    with pytest.raises(ConsentMissing) as raised:
        add(folder, ten, consent="  ")
    assert "--agreed" in raised.value.hint
    assert not folder.path.exists()


def test_crops_by_other_options_are_made_once(tmp_path: Path, ten: list[Path]):
    folder = Folder(SECRET, tmp_path)
    add(folder, ten[:2], least=1)

    def crops(**changes: object) -> Person:
        changed = replace(SMALL, crops=replace(SMALL.crops, **changes))
        return add(folder, [], least=1, consent="", intake=changed)[0]

    before = folder.read()
    assert crops() == before
    person = crops(size=64, colour=False)
    assert person.cropped != before.cropped
    made = {crop.file: (folder.path / crop.file).stat().st_mtime_ns for crop in person.crops}
    for file in made:
        with Image.open(folder.path / file) as image:
            assert image.size == (64, 64)
    assert person.photos == before.photos and crops(size=64, colour=False) == person
    assert made == {file: (folder.path / file).stat().st_mtime_ns for file in made}
    looked = (folder.path / person.crops[0].file).read_bytes()
    (folder.path / person.crops[0].file).unlink()
    person = crops(size=64)
    assert (folder.path / person.crops[0].file).read_bytes() != looked, "with other colours"


def test_no_name_and_no_photo_gets_into_logs(
    tmp_path: Path, ten: list[Path], caplog: pytest.LogCaptureFixture, capfd
):
    caplog.set_level(logging.DEBUG)
    add(Folder(SECRET, tmp_path / "people"), ten[:2], least=1)
    said = caplog.text + "".join(capfd.readouterr())
    assert SECRET not in said and "obama" not in said


def test_a_photo_that_kills_the_process_costs_that_photo_alone(tmp_path: Path, ten: list[Path]):
    events: list[IntakeEvent] = []

    def report(event: IntakeEvent) -> None:
        events.append(event)
        if event == Examining(1, 3):
            for process in multiprocessing.active_children():
                threading.Timer(0.05, process.kill).start()

    person, _ = add(Folder("boris", tmp_path), ten[:3], least=2, report=report)
    assert refused(events) == {ten[1].name: (Fault.UNREADABLE,)}
    assert len(person.photos) == 2


def test_missing_models_are_named_with_what_to_do(tmp_path: Path, ten: list[Path]):
    folder = Folder("boris", tmp_path / "people")
    with pytest.raises(IntakeFailed, match="compare faces") as raised:
        intake.add_photos(
            folder,
            ten,
            consent="agreed",
            word="",
            least=1,
            models=portraits.MODELS | {"face_identity": [tmp_path]},
            report=lambda event: None,
        )
    assert "pull face-identity" in raised.value.hint and not folder.path.exists()


def test_one_command_at_a_time(folder: Folder, ten: list[Path]):
    with folder.held(), pytest.raises(RunBusy):
        add(folder, ten)


def test_a_second_command_leaves_the_work_of_the_first_one(tmp_path: Path, ten: list[Path]):
    """Also while nobody of that name is there yet."""
    first = Folder("boris", tmp_path / "people")
    with first.held(new=True):
        make_private(first.photos)
        write_private(first.photos / "work.png", b"on its way")
        with pytest.raises(RunBusy):
            add(Folder("boris", tmp_path / "people"), ten)
        assert (first.photos / "work.png").is_file() and (first.path / "person.lock").is_file()


def test_a_name_is_free_only_when_its_owner_is_forgotten(tmp_path: Path, ten: list[Path]):
    folder = Folder("boris", tmp_path / "people")
    make_private(folder.path)
    note = Reached(token="0123456789ab", servers=("http://gpu-box:8188",))
    write(folder, note)
    with pytest.raises(AvatarInvalid, match="not forgotten everywhere") as raised:
        add(folder, ten)
    assert "avatar.py forget NAME" in raised.value.hint
    assert reached(folder) == note


def test_photos_are_found_in_folders(tmp_path: Path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("in/b.jpg", "in/a.txt", "in/deep/c.png", "in/.hidden.jpg", "single.heic"):
        (tmp_path / name).write_bytes(b"x")
    given = [tmp_path / "in", tmp_path / "single.heic", tmp_path / "in" / "b.jpg"]
    names = [path.name for path in intake.find_photos(given)]
    assert names == ["a.txt", "b.jpg", "c.png", "single.heic"]
    with pytest.raises(AvatarInvalid, match="no such file"):
        intake.find_photos([tmp_path / "gone"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(AvatarInvalid, match="no photos"):
        intake.find_photos([tmp_path / "empty"])


KILLED = """
import os, signal, sys
from pathlib import Path
from driver.avatars.intake import add_photos
from driver.avatars.people import Folder
from tests.portraits import MODELS

def report(event):
    if type(event).__name__ == sys.argv[1] and event.done == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    files = [Path(name) for name in sys.argv[4:]]
    add_photos(Folder("boris", Path(sys.argv[3])), files, consent="yes", word="", least=1,
               models=MODELS, report=report)
"""


@pytest.mark.parametrize(("event", "done"), [("Examining", 1), ("Cropping", 2)])
def test_killed_at_any_moment_nothing_is_half(
    tmp_path: Path, ten: list[Path], event: str, done: int
):
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    people = tmp_path / "people"
    command = [sys.executable, script, event, str(done), people, *ten[:2]]
    path = os.pathsep.join([str(places.ROOT), str(places.CUSTOM_NODES)])
    environment = os.environ | {"PYTHONPATH": path}
    ended = subprocess.run(command, env=environment, cwd=places.ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    folder = Folder("boris", people)
    assert not folder.exists and (folder.path / ".intake").is_dir()
    person, _ = add(folder, ten[2:4], least=2)
    assert len(person.photos) == 2
    wanted = {"person.json", "crops.jpg", *(photo.file for photo in person.photos)}
    wanted |= {crop.file for crop in person.crops}
    wanted |= {str(Path(crop.file).with_suffix(".txt")) for crop in person.crops}
    assert set(files_in(folder)) == wanted
