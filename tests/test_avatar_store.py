"""The store of trained LoRAs: a folder, memory://, and gs:// on a local emulator."""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from driver.avatars.objects import Objects
from driver.avatars.people import new_token
from driver.avatars.store import VARIABLE, ModelStore, default_store
from driver.errors import StoreFailed
from stockwright.core.errors import PersonFileInvalid
from tests import gcs
from tests.fileserver import FileServer

KEY, OTHER = "0123456789abcdef", "fedcba9876543210_400_steps_"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Any]:
    with gcs.emulated() as server:
        yield server


@pytest.fixture(params=["folder", "file", "memory", "gs"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "gs":
        request.getfixturevalue("emulator")
    return {
        "folder": str(tmp_path / "store"),
        "file": f"file://{tmp_path}/store",
        "memory": f"memory://{tmp_path}/store",
        "gs": f"gs://{gcs.BUCKET}{tmp_path}/store",
    }[request.param]


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "lora.safetensors"
    path.write_bytes(os.urandom(3 * 2**20 + 7))
    return path


def change(url: str, token: str, name: str, data: bytes | None) -> None:
    """What someone else does to a stored file; None removes it."""
    files, root = fsspec.core.url_to_fs(url)
    path = f"{root}/{token}/{name}"
    if data is None:
        files.rm_file(path)
    else:
        files.pipe_file(path, data)


def test_what_is_put_comes_back(url: str, lora: Path, tmp_path: Path):
    store = ModelStore(url, new_token())
    assert not store.has(KEY)
    assert store.keys() == []
    digest = store.put(KEY, lora)
    assert digest == hashlib.sha256(lora.read_bytes()).hexdigest() == store.sha256(KEY)
    assert store.size(KEY) == lora.stat().st_size
    store.put(OTHER, lora)
    again = ModelStore(url, store.address.rpartition("/")[2])
    assert again.has(KEY)
    assert again.keys() == [KEY, OTHER]
    assert b"".join(again.read(KEY)) == lora.read_bytes()


def test_another_file_takes_the_place(url: str, lora: Path, tmp_path: Path):
    store = ModelStore(url, new_token())
    store.put(KEY, lora)
    lora.write_bytes(b"smaller")
    store.put(KEY, lora)
    assert b"".join(store.read(KEY)) == b"smaller"


def test_one_person_does_not_see_another(url: str, lora: Path):
    one, other = ModelStore(url, new_token()), ModelStore(url, new_token())
    one.put(KEY, lora)
    assert not other.has(KEY)
    assert other.keys() == other.remove_all() == []
    assert one.has(KEY)


def test_nothing_is_left(url: str, lora: Path):
    store, kept = ModelStore(url, new_token()), ModelStore(url, new_token())
    token = store.address.rpartition("/")[2]
    store.put(KEY, lora)
    kept.put(KEY, lora)
    change(url, token, f"{OTHER}.safetensors", b"half of an upload")
    removed = store.remove_all()
    assert removed == [
        f"{store.address}/{KEY}.safetensors",
        f"{store.address}/{KEY}.safetensors.sha256",
        f"{store.address}/{OTHER}.safetensors",
    ]
    files, root = fsspec.core.url_to_fs(url)
    files.invalidate_cache()
    assert not any(token in path for path in files.find(root))
    assert store.remove_all() == []
    assert kept.has(KEY)


def test_an_upload_that_was_cut_off_does_not_count(url: str, lora: Path, tmp_path: Path):
    store = ModelStore(url, new_token())
    token = store.address.rpartition("/")[2]
    store.put(KEY, lora)
    change(url, token, f"{KEY}.safetensors.sha256", None)  # comes last
    change(url, token, f"{KEY}.safetensors", lora.read_bytes()[:1000])
    assert not store.has(KEY)
    assert store.keys() == []
    with pytest.raises(StoreFailed, match="no such LoRA"):
        list(store.read(KEY))
    store.put(KEY, lora)
    assert store.has(KEY)


@pytest.mark.parametrize("data", [b"", b"other bytes"])
def test_other_bytes_are_not_taken(url: str, lora: Path, tmp_path: Path, data: bytes):
    store = ModelStore(url, new_token())
    store.put(KEY, lora)
    change(url, store.address.rpartition("/")[2], f"{KEY}.safetensors", data)
    with pytest.raises(StoreFailed, match="not the one that was put"):
        list(store.read(KEY))
    assert store.put(KEY, lora) == store.sha256(KEY)
    assert b"".join(store.read(KEY)) == lora.read_bytes()


def test_a_file_without_its_lora(url: str, lora: Path, tmp_path: Path):
    store = ModelStore(url, new_token())
    store.put(KEY, lora)
    change(url, store.address.rpartition("/")[2], f"{KEY}.safetensors", None)
    assert not store.has(KEY)
    with pytest.raises(StoreFailed, match="no such LoRA"):
        list(store.read(KEY))
    with pytest.raises(StoreFailed, match="no such LoRA"):
        store.size(KEY)


def test_what_arrives_changed_is_not_stored(url: str, lora: Path, monkeypatch: pytest.MonkeyPatch):
    """Someone else writes the same file before it is read back."""
    store = ModelStore(url, new_token())
    token = store.address.rpartition("/")[2]
    really = Objects.write

    def write(objects: Objects, path: str, chunks: Iterator[bytes]) -> None:
        really(objects, path, chunks)
        change(url, token, f"{KEY}.safetensors", b"another one")

    monkeypatch.setattr(Objects, "write", write)
    with pytest.raises(StoreFailed, match="what is read back"):
        store.put(KEY, lora)
    monkeypatch.undo()
    assert not store.has(KEY)
    assert store.remove_all() == []


def test_only_the_owner_may_read(lora: Path, tmp_path: Path):
    before = os.umask(0)
    try:
        store = ModelStore(str(tmp_path / "people" / ".models"), new_token())
        store.put(KEY, lora)
    finally:
        os.umask(before)
    below = [tmp_path / "people" / ".models" / store.address.rpartition("/")[2]]
    below += below[0].rglob("*")
    assert len(below) == 3
    for path in below:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_hash_is_one_that_sha256sum_checks(lora: Path, tmp_path: Path):
    store = ModelStore(str(tmp_path / "store"), new_token())
    store.put(KEY, lora)
    command = ["sha256sum", "--check", "--strict", f"{KEY}.safetensors.sha256"]
    done = subprocess.run(command, cwd=store.address, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "token", ["", "..", "../../etc", "a" * 11, "A" * 12, "a" * 12 + "\n", "*" * 12, "./aaaaaaaaaa"]
)
def test_a_token_that_leads_elsewhere(tmp_path: Path, token: str):
    with pytest.raises(PersonFileInvalid) as refused:
        ModelStore(str(tmp_path), token)
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("key", ["", "..", "../x", f"../{KEY}", f"{KEY}/x", f"{KEY}\n", "*", "a b"])
def test_a_key_that_leads_elsewhere(tmp_path: Path, lora: Path, key: str):
    store = ModelStore(str(tmp_path / "store"), new_token())
    for use in (store.has, store.sha256, store.size, lambda key: list(store.read(key))):
        with pytest.raises(PersonFileInvalid):
            use(key)
    with pytest.raises(PersonFileInvalid):
        store.put(key, lora)


def test_the_default_is_beside_the_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert default_store(tmp_path) == str(tmp_path / ".models")
    monkeypatch.setenv(VARIABLE, "gs://bucket/people")
    assert default_store(tmp_path) == "gs://bucket/people"


def test_a_relative_folder_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    store = ModelStore("models", new_token())
    monkeypatch.chdir("/")
    assert store.url == str(tmp_path / "models")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nosuch://bucket", "nosuch"),
        ("simplecache::memory://x", "keeps copies"),
        ("filecache::gs://bucket", "keeps copies"),
    ],
)
def test_no_such_kind_of_address(url: str, said: str):
    with pytest.raises(StoreFailed, match=said):
        ModelStore(url, new_token())


@pytest.mark.parametrize(("url", "package"), [("gs://b/people", "gcsfs"), ("models", "fsspec")])
def test_a_missing_package_is_named(url: str, package: str):
    script = f"""
import sys
sys.modules[{package!r}] = None
from driver.avatars.store import ModelStore
from driver.errors import StoreFailed
try:
    ModelStore({url!r}, "0123456789ab")
except StoreFailed as error:
    print(error.hint)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == f"Install it: pip install {package}\n", done.stderr


def test_a_login_is_not_shown(lora: Path):
    store = ModelStore("memory://someone:secret@host/people", new_token())
    assert "secret" not in store.address
    with pytest.raises(StoreFailed) as failed:
        store.sha256(KEY)
    assert "secret" not in str(failed.value)


@pytest.mark.usefixtures("emulator")
def test_no_bucket_is_made_for_a_wrong_address(lora: Path):
    store = ModelStore("gs://no-such-bucket/people", new_token())
    with pytest.raises(StoreFailed):
        store.put(KEY, lora)
    files, _ = fsspec.core.url_to_fs("gs://")
    assert [name.strip("/") for name in files.ls("", detail=False)] == [gcs.BUCKET]


def test_a_store_that_does_not_answer():
    with pytest.raises(StoreFailed, match=r"cannot be opened: .*refused"):
        ModelStore("ftp://127.0.0.1:9/people", new_token())


def test_a_store_that_takes_nothing(lora: Path):
    with FileServer() as server:
        store = ModelStore(f"{server.url}/people", new_token())
        with pytest.raises(StoreFailed, match="the store fails"):
            store.put(KEY, lora)


def test_a_full_disk(tmp_path: Path):
    """A tmpfs of 256 KiB in a mount space of its own."""
    script = """
import sys
from pathlib import Path
from driver.avatars.store import ModelStore
from driver.errors import StoreFailed

small, large = Path(sys.argv[1]), Path(sys.argv[2])
store = ModelStore(str(small), "0123456789ab")
try:
    store.put("0123456789abcdef", large)
except StoreFailed as error:
    print(error.what, error.hint)
print(store.keys(), store.remove_all())
print([path.name for path in small.rglob("*")])
"""
    (large := tmp_path / "large").write_bytes(bytes(10**6))
    (small := tmp_path / "small").mkdir()
    line = f"mount -t tmpfs -o size=256k none {small} && exec {shlex.quote(sys.executable)} -c"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{line} {shlex.quote(script)} {small} {large}"],
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        "the store fails: No space left on device "
        "Make room there, then give the same command again.",
        "[] []",
        "[]",
    ], done.stderr


def test_the_lora_is_not_there(tmp_path: Path):
    with pytest.raises(StoreFailed, match="cannot be read"):
        ModelStore(str(tmp_path / "store"), new_token()).put(KEY, tmp_path / "nothing")
