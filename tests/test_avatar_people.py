"""A person's folder: its name, who may read it, its record, and its lock."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from driver.avatars.people import (
    Folder,
    Person,
    Photo,
    make_private,
    names,
    new_token,
    write_private,
)
from driver.errors import AvatarInvalid, AvatarUnknown, DiskTrouble, RunBusy
from tests.people import person


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../anna", "a/b", "a\\b", "/etc", ".models", "-anna", "Anna", "анна",
        "anna\n", "anna\0", "a" * 41, "anna.", "a b", "~", "%2e%2e",
    ],
)  # fmt: skip
def test_a_name_that_is_no_id_is_refused(tmp_path: Path, name: str):
    with pytest.raises(AvatarInvalid):
        Folder(name, tmp_path)


@pytest.mark.parametrize("name", ["a", "7", "anna-k", "anna_2", "a" * 40])
def test_a_name_stays_below_the_people(tmp_path: Path, name: str):
    assert Folder(name, tmp_path).path.resolve().parent == tmp_path.resolve()


def test_only_the_owner_may_read(tmp_path: Path):
    before = os.umask(0)
    try:
        folder = person(tmp_path / "people")
        with folder.held(new=True):
            pass
    finally:
        os.umask(before)
    for path in [folder.path, *folder.path.rglob("*")]:
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_names_are_not_for_others_to_list(tmp_path: Path):
    before = os.umask(0o022)
    try:
        make_private(tmp_path / "deep" / "people" / "anna")
    finally:
        os.umask(before)
    assert mode(tmp_path / "deep" / "people") == mode(tmp_path / "deep") == 0o700


def test_nobody_is_held_and_leaves_no_folder(tmp_path: Path):
    with pytest.raises(AvatarUnknown, match="nobody of this name"), Folder("ana", tmp_path).held():
        pass
    assert not (tmp_path / "ana").exists()


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path):
    (tmp_path / "anna").mkdir(mode=0o777)
    (tmp_path / "anna").chmod(0o777)
    with Folder("anna", tmp_path).held(new=True):
        assert mode(tmp_path / "anna") == 0o700


def test_a_record_comes_back_as_it_was(tmp_path: Path):
    folder = person(tmp_path, photos=("obama", "biden"))
    record = folder.read()
    folder.write(record)
    assert folder.read() == record
    assert names(tmp_path) == [folder.name]
    assert len(record.vectors) == 2


def test_nobody_of_that_name(tmp_path: Path):
    (tmp_path / "half").mkdir()
    with pytest.raises(AvatarUnknown, match="nobody of this name"):
        Folder("half", tmp_path).read()
    assert names(tmp_path) == []
    assert names(tmp_path / "nowhere") == []


@pytest.mark.parametrize("text", ["", "{", '{"token": 1}', '{"token": "x", "z": 1}'])
def test_a_damaged_record_says_so(tmp_path: Path, text: str):
    folder = person(tmp_path)
    (folder.path / "person.json").write_text(text)
    with pytest.raises(AvatarInvalid, match="cannot be read"):
        folder.read()


def test_two_commands_do_not_share_a_person(tmp_path: Path):
    folder = person(tmp_path)
    script = "import sys; from pathlib import Path; from driver.avatars.people import Folder\n"
    script += "with Folder(sys.argv[1], Path(sys.argv[2])).held(new=True): print('held')"
    line = [sys.executable, "-c", script, folder.name, str(tmp_path)]
    with folder.held(new=True):
        other = subprocess.run(line, capture_output=True, text=True)
        assert "RunBusy" in other.stderr
        with pytest.raises(RunBusy), Folder(folder.name, tmp_path).held(new=True):
            pass
    assert subprocess.run(line, capture_output=True, text=True).stdout == "held\n"


def test_errors_do_not_name_a_person(tmp_path: Path):
    folder = Folder("anna", tmp_path / "people")
    other = tmp_path / "people" / "anna-k" / "photos"
    with pytest.raises(DiskTrouble) as caught, folder.held(new=True):
        where = f"{folder.photos / 'a.png'}, {folder.path.resolve()}: {other}"
        raise DiskTrouble(f"{folder.path} is full", where=where, hint="Make room.")
    people = folder.path.parent
    assert caught.value.what == f"{people}/NAME is full"
    assert caught.value.args == (caught.value.what,)
    assert caught.value.where == f"{people}/NAME/photos/a.png, {people}/NAME: {other}"
    with pytest.raises(FileNotFoundError) as missing, folder.held(new=True):
        (folder.photos / "a.png").read_bytes()
    assert str(missing.value).endswith(f"{people}/NAME/photos/a.png'")
    with pytest.raises(OSError, match="NAME") as moved, folder.held(new=True):
        (folder.path / "a").rename(folder.path / "b")
    assert "anna" not in str(moved.value)
    (folder.path / "c.png").write_bytes(b"no picture")
    with pytest.raises(OSError, match="NAME") as unread, folder.held(new=True):
        Image.open(folder.path / "c.png")
    assert "anna" not in str(unread.value)
    (folder.path / "person.json").write_text("{}")
    with pytest.raises(AvatarInvalid) as broken:
        folder.read()
    assert "anna" not in str(broken.value)


def test_the_key_follows_from_the_photos_alone():
    def of(*digests: str) -> str:
        photos = [Photo(sha256=d, file=f"photos/{d}", fitness=0.5, vector=()) for d in digests]
        return Person(token=new_token(), consent="yes", photos=tuple(photos)).photos_key

    assert of("a" * 64, "b" * 64) == of("b" * 64, "a" * 64)
    assert of("a" * 64) != of("a" * 64, "b" * 64)
    assert len(of("a" * 64)) == 16


def test_the_best_photos_come_first(tmp_path: Path):
    photos = [
        Photo(sha256=digest * 64, file=digest, fitness=fitness, vector=())
        for digest, fitness in (("c", 0.5), ("a", 0.9), ("b", 0.5))
    ]
    record = Person(token=new_token(), consent="yes", photos=tuple(photos))
    assert [photo.file for photo in record.best] == ["a", "b", "c"]


def test_tokens_differ():
    assert len({new_token() for _ in range(100)}) == 100


def test_a_full_disk_leaves_what_was_there(tmp_path: Path):
    """A tmpfs of 64 KiB in a mount space of its own."""
    script = """
import sys
from pathlib import Path
from driver.avatars.people import write_private
from driver.errors import DiskTrouble

path = Path(sys.argv[1]) / "a"
write_private(path, b"x" * 10_000)
try:
    write_private(path, b"y" * 100_000)
except DiskTrouble as error:
    print(error.what)
print(path.read_bytes() == b"x" * 10_000, [p.name for p in path.parent.iterdir()])
"""
    small = shlex.quote(str(tmp_path))
    line = f"mount -t tmpfs -o size=64k none {small} && exec {shlex.quote(sys.executable)} -c"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{line} {shlex.quote(script)} {small}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "the file cannot be written: No space left on device",
        "True ['a']",
    ]


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskTrouble, match="cannot be made"):
        make_private(tmp_path / "file" / "anna")
    with pytest.raises(DiskTrouble, match="cannot be written"):
        write_private(tmp_path / "file" / "a", b"")
