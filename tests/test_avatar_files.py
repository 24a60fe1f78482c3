"""A person's files on a real server: sent, found, removed; and what must not be."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from driver import places
from driver.avatars import serverfiles
from driver.avatars.people import new_token
from driver.avatars.store import ModelStore
from driver.errors import AvatarUnknown, ServerDown, ServerRefused, StoreFailed
from driver.server import Server
from stockwright.core.errors import PersonFileInvalid
from stockwright.core.people import LORAS, PHOTOS
from stockwright.core.people_files import PEOPLE_ROUTE, SHA256_HEADER
from tests import graphs
from tests.fileserver import FileServer
from tests.people import KEY, png

INPUTS = places.BASE / "input" / PHOTOS
LORA_FILES = places.MODELS / "loras" / LORAS
HOSTILE = [
    "..", "../..", "../../etc", "A" * 12, "a" * 12 + "\n", "*", ".", "/", "/etc/passwd",
    "a" * 12 + "/..", "..\\..", "%2e%2e", "aaaaaaaaaaaa/../bbbbbbbbbbbb", "\0", "é" * 12,
]  # fmt: skip


@pytest.fixture
def token(server: Server) -> Iterator[str]:
    made = new_token()
    yield made
    assert serverfiles.forget_on(server, made) is not None
    assert not list(places.BASE.rglob(f"*{made}*"))


@pytest.fixture
def store(token: str, tmp_path: Path) -> ModelStore:
    return ModelStore(str(tmp_path / "store"), token)


def stored(store: ModelStore, folder: Path, size: int = 100_000, key: str = KEY) -> bytes:
    data = os.urandom(size)
    (folder / "lora").write_bytes(data)
    store.put(key, folder / "lora")
    return data


def digest(data: bytes) -> dict[str, str]:
    return {SHA256_HEADER: hashlib.sha256(data).hexdigest()}


def private(folder: Path) -> bool:
    paths = [folder, *folder.rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    files = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()}
    return modes == {0o700} and files == {0o600}


def test_photos_are_there_for_the_server_alone_and_then_gone(server: Server, token: str):
    photo = png("obama")
    sent = {"a.png": photo, "a.txt": b"photo of ohwx man"}
    with serverfiles.photos_removed(lambda: server, token):
        folder = serverfiles.send_photos(server, token, "train", sent)
        assert folder == f"{PHOTOS}/{token}/train"
        there = places.BASE / "input" / folder
        assert {path.name: path.read_bytes() for path in there.iterdir()} == sent
        assert private(INPUTS / token)
    assert not (INPUTS / token).exists()


def test_photos_go_after_an_error_too(server: Server, token: str):
    sent = {"a.png": png("obama")}
    with (
        pytest.raises(RuntimeError, match="a graph"),
        serverfiles.photos_removed(lambda: server, token),
    ):
        serverfiles.send_photos(server, token, "train", sent)
        assert (INPUTS / token).exists()
        raise RuntimeError("a graph fails")
    assert not (INPUTS / token).exists()


def test_photos_take_the_place_of_others_of_their_name(server: Server, token: str):
    for data in (b"one", b"another"):
        folder = serverfiles.send_photos(server, token, "train", {"a.txt": data})
    assert (places.BASE / "input" / folder / "a.txt").read_bytes() == b"another"


def test_a_server_gets_the_lora_that_it_lacks(
    server: Server, token: str, store: ModelStore, tmp_path: Path
):
    data = stored(store, tmp_path)
    name = serverfiles.ensure_lora(server, token, KEY, store)
    there = LORA_FILES / token / f"{KEY}.safetensors"
    assert name == f"{LORAS}/{token}/{KEY}.safetensors"
    assert there.read_bytes() == data
    assert private(LORA_FILES / token)
    assert serverfiles.list_loras(server, token) == {KEY: hashlib.sha256(data).hexdigest()}
    known = graphs.run(server, {"1": graphs.node("PreviewAny", source="x")})
    assert known.success
    assert name in server.object_info()["LoraLoader"]["input"]["required"]["lora_name"][0]


def test_a_lora_is_sent_once(server: Server, token: str, store: ModelStore, tmp_path: Path):
    stored(store, tmp_path)
    serverfiles.ensure_lora(server, token, KEY, store)
    there = LORA_FILES / token / f"{KEY}.safetensors"
    os.utime(there, (0, there.stat().st_mtime))
    before = there.stat()
    serverfiles.ensure_lora(server, token, KEY, store)
    after = there.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert after.st_atime > time.time() - 600, "it counts as used"


def test_another_file_of_that_name_is_replaced(
    server: Server, token: str, store: ModelStore, tmp_path: Path
):
    stored(store, tmp_path)
    serverfiles.ensure_lora(server, token, KEY, store)
    there = LORA_FILES / token / f"{KEY}.safetensors"
    there.write_bytes(there.read_bytes()[:1000])  # what a server that was killed may leave
    data = stored(store, tmp_path)
    serverfiles.ensure_lora(server, token, KEY, store)
    assert there.read_bytes() == data


def test_a_lora_of_the_server_comes_here(server: Server, token: str, tmp_path: Path):
    file = tmp_path / "lora"
    file.write_bytes(os.urandom(3 * 2**20))
    stem = f"{KEY}_40_steps_"
    assert serverfiles.put_lora(server, token, stem, file) == f"{LORAS}/{token}/{stem}.safetensors"
    told = serverfiles.fetch_lora(server, token, stem, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    assert stat.S_IMODE((tmp_path / "back").stat().st_mode) == 0o600
    assert told == serverfiles.list_loras(server, token)[stem]
    gone = [f"loras/{LORAS}/{token}/{stem}.safetensors"]
    assert serverfiles.remove_lora(server, token, stem) == gone
    assert serverfiles.remove_lora(server, token, stem) == []
    with pytest.raises(AvatarUnknown):
        serverfiles.fetch_lora(server, token, stem, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_store_that_gives_other_bytes_gives_the_server_none(
    server: Server, token: str, store: ModelStore, tmp_path: Path
):
    stored(store, tmp_path)
    Path(store.address, f"{KEY}.safetensors").write_bytes(os.urandom(100_000))
    with pytest.raises(StoreFailed, match="not the one that was put"):
        serverfiles.ensure_lora(server, token, KEY, store)
    assert serverfiles.list_loras(server, token) == {}
    assert not list(LORA_FILES.glob(f"{token}/*"))


def test_a_lora_that_nobody_has(server: Server, token: str, store: ModelStore):
    with pytest.raises(StoreFailed, match="no such LoRA"):
        serverfiles.ensure_lora(server, token, KEY, store)


def test_a_lora_larger_than_all_that_is_kept(server: Server, token: str):
    path = f"{PEOPLE_ROUTE}/{token}/loras/{KEY}.safetensors"
    answer = server.ask("POST", path, params={"bytes": str(10**12)}, headers=digest(b""))
    assert answer.status_code == 507
    assert "1,000,000,000,000 bytes" in answer.json()["error"]
    claimed = {**digest(b"x"), "Content-Length": str(10**12)}
    lines = [f"PUT {path} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in claimed.items())]
    assert b" 507 " in raw(server, "\r\n".join([*lines, "", "x"]).encode())
    assert not (LORA_FILES / token).exists()


def raw(server: Server, request: bytes) -> bytes:
    """The first line of the answer to bytes that no client would send."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), 30) as connection:
        connection.sendall(request)
        return connection.recv(1000).partition(b"\r\n")[0]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_leads_out_by_the_driver(server: Server, hostile: str, tmp_path: Path):
    token = "0" * 12
    (tmp_path / "a").write_bytes(b"")
    calls = [
        lambda: serverfiles.send_photos(server, hostile, "train", {"a.png": b""}),
        lambda: serverfiles.send_photos(server, token, hostile, {"a.png": b""}),
        lambda: serverfiles.send_photos(server, token, "train", {hostile: b""}),
        lambda: serverfiles.remove_photos(server, hostile),
        lambda: serverfiles.list_loras(server, hostile),
        lambda: serverfiles.put_lora(server, hostile, KEY, tmp_path / "a"),
        lambda: serverfiles.put_lora(server, token, hostile, tmp_path / "a"),
        lambda: serverfiles.fetch_lora(server, token, hostile, tmp_path / "b"),
        lambda: serverfiles.remove_lora(server, token, hostile),
        lambda: serverfiles.forget_on(server, hostile),
    ]
    for call in calls:
        with pytest.raises(PersonFileInvalid):
            call()


@pytest.mark.parametrize(
    "hostile", [*HOSTILE, "..%2f..", "%2e%2e%2fx", "a%00", "aaaaaaaaaaaa%2f.."]
)
def test_nothing_leads_out_at_the_server(server: Server, hostile: str):
    """Whoever calls it without the driver, with everything escaped or as it is."""
    token = "0" * 12
    before = tree()
    escaped = "".join(f"%{byte:02x}" for byte in hostile.encode())
    for name in {escaped, hostile} if hostile.isascii() and hostile.isprintable() else {escaped}:
        for path in (
            name,
            f"{name}/photos",
            f"{name}/loras",
            f"{name}/loras/{KEY}.safetensors",
            f"{name}/photos/train/a.png",
            f"{token}/photos/{name}/a.png",
            f"{token}/photos/train/{name}",
            f"{token}/loras/{name}",
            f"{token}/loras/{name}.safetensors",
        ):
            for method in ("GET", "DELETE", "POST", "PUT"):
                line = (
                    f"{method} {PEOPLE_ROUTE}/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                )
                line += f"{SHA256_HEADER}: {hashlib.sha256(b'x').hexdigest()}\r\n"
                said = raw(server, f"{line}Connection: close\r\n\r\nx".encode())
                assert said.split()[1] in (b"400", b"404", b"405", b"403"), (method, path, said)
    assert tree() == before


def tree() -> list[str]:
    """What is in the server's folders, but for what is written all the time."""
    return sorted(str(path) for path in places.BASE.rglob("*") if "user" not in path.parts)


def test_an_answer_does_not_repeat_what_was_asked(server: Server):
    for path in (f"{'a' * 11}x", f"{'a' * 12}/loras/secretname.safetensors"):
        answer = requests.get(f"{server.url}{PEOPLE_ROUTE}/{path}", timeout=30)
        assert answer.status_code == 400
        assert "secretname" not in answer.text
        assert "aaaa" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({SHA256_HEADER: "0" * 64}, 422),
        ({SHA256_HEADER: "x"}, 400),
        ({}, 400),
    ],
)
def test_other_bytes_than_announced_are_not_kept(
    server: Server, token: str, headers: dict[str, str], status: int
):
    for path in (f"loras/{KEY}.safetensors", "photos/train/a.png"):
        answer = server.ask("PUT", f"{PEOPLE_ROUTE}/{token}/{path}", data=b"data", headers=headers)
        assert answer.status_code == status
        assert json.loads(answer.text)["error"]
    assert not [path for path in places.BASE.rglob(f"*{token}/*") if path.is_file()]


def test_a_body_without_a_length(server: Server, token: str):
    answer = server.ask(
        "PUT", f"{PEOPLE_ROUTE}/{token}/photos/train/a.png", data=iter([b"x"]), headers=digest(b"x")
    )
    assert answer.status_code == 411


def test_a_photo_beyond_all_measure(server: Server, token: str):
    line = f"PUT {PEOPLE_ROUTE}/{token}/photos/train/a.png HTTP/1.1\r\nHost: x\r\n"
    assert b" 413 " in raw(server, f"{line}Content-Length: {2**30}\r\n\r\nx".encode())


def test_a_client_that_dies_in_the_middle_leaves_nothing(server: Server, token: str):
    for path in (f"loras/{KEY}.safetensors", "photos/train/a.png"):
        line = f"PUT {PEOPLE_ROUTE}/{token}/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        line += f"{SHA256_HEADER}: {'0' * 64}\r\n\r\nhalf"
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), 30) as connection:
            connection.sendall(line.encode())
            until(lambda: parts(token))
        until(lambda: not parts(token))
    assert serverfiles.list_loras(server, token) == {}


def parts(token: str) -> list[Path]:
    return [path for path in places.BASE.rglob("*.part") if token in path.parts]


def until(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_is_removed_while_it_arrives_does_not_come_back(server: Server, token: str):
    line = f"PUT {PEOPLE_ROUTE}/{token}/photos/train/a.png HTTP/1.1\r\nHost: x\r\n"
    line += f"Content-Length: 4\r\n{SHA256_HEADER}: {hashlib.sha256(b'half').hexdigest()}\r\n\r\nha"
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), 30) as connection:
        connection.sendall(line.encode())
        until(lambda: parts(token))
        serverfiles.remove_photos(server, token)
        connection.sendall(b"lf")
        assert b" 500 " in connection.recv(1000).partition(b"\r\n")[0]
    assert not (INPUTS / token).exists()


def test_two_drivers_send_the_same_at_once(
    server: Server, token: str, store: ModelStore, tmp_path: Path
):
    data = stored(store, tmp_path, 5 * 2**20)

    def ensure(_: int) -> str:
        return serverfiles.ensure_lora(Server(server.url), token, KEY, store)

    with ThreadPoolExecutor(4) as drivers:
        assert len(set(drivers.map(ensure, range(12)))) == 1
    there = list((LORA_FILES / token).iterdir())
    assert [path.read_bytes() for path in there] == [data]


def test_a_link_in_the_folder_is_removed_and_not_followed(
    server: Server, token: str, tmp_path: Path
):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    serverfiles.send_photos(server, token, "train", {"a.txt": b"x"})
    (INPUTS / token / "train" / "out").symlink_to(tmp_path / "kept")
    (INPUTS / token / "out.png").symlink_to(tmp_path / "kept" / "file")
    removed = serverfiles.remove_photos(server, token)
    assert len(removed) == 3
    assert not (INPUTS / token).exists()
    assert (tmp_path / "kept" / "file").read_text() == "x"


def test_a_folder_that_is_a_link_is_removed_and_not_followed(
    server: Server, token: str, tmp_path: Path
):
    (tmp_path / f"{KEY}.safetensors").write_text("x")
    LORA_FILES.mkdir(exist_ok=True)
    (LORA_FILES / token).symlink_to(tmp_path)
    assert serverfiles.forget_on(server, token) == [f"loras/{LORAS}/{token}"]
    assert (tmp_path / f"{KEY}.safetensors").exists()


def test_an_old_pack_is_named(tmp_path: Path):
    token = new_token()
    with FileServer() as old:  # 404 for all that it does not know, and 501 for PUT
        with pytest.raises(ServerRefused, match="too old") as refused:
            serverfiles.list_loras(Server(old.url), token)
        assert "Update custom_nodes/stockwright" in refused.value.hint
        assert token not in str(refused.value)
        with pytest.raises(ServerRefused):
            serverfiles.send_photos(Server(old.url), token, "train", {"a.txt": b""})


def test_a_server_that_is_down():
    with pytest.raises(ServerDown):
        serverfiles.list_loras(Server("http://127.0.0.1:9"), new_token())
