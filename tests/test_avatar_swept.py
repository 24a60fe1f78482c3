"""A server of its own, killed and started again: what it sweeps, and what it makes room for."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from driver import places
from driver.avatars import serverfiles
from driver.avatars.people import new_token
from driver.avatars.store import ModelStore
from driver.errors import ServerDown, ServerRefused
from driver.host import launch
from driver.server import Server
from stockwright.core.people import LORAS, PHOTOS
from stockwright.core.people_files import PEOPLE_ROUTE, SHA256_HEADER
from tests.people import KEY

LIMIT = 1_000_000


class OwnServer:
    """The installed ComfyUI with the pack alone, in folders of its own."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "custom_nodes").mkdir(parents=True)
        pack = places.CUSTOM_NODES / "stockwright"
        (base / "custom_nodes" / "stockwright").symlink_to(pack)
        self.port = launch.free_port(None)
        self.server = Server(f"http://{launch.HOST}:{self.port}", local=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        line = launch.arguments(places.COMFYUI, self.port)
        line[line.index("--base-directory") + 1] = str(self.base)
        line[line.index("--database-url") + 1] = f"sqlite:///{self.base}/comfyui.db"
        environment = {**launch.environment(), "STOCKWRIGHT_PEOPLE_GB": str(LIMIT / 10**9)}
        with (self.base / "log").open("wb") as log:
            self.process = subprocess.Popen(
                line, cwd=places.COMFYUI, env=environment, stdout=log, stderr=log
            )
        end = time.monotonic() + 120
        while True:
            with contextlib.suppress(ServerDown):
                self.server.system_stats()
                return
            assert self.process.poll() is None, (self.base / "log").read_text()
            assert time.monotonic() < end

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def own(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    made = OwnServer(tmp_path_factory.mktemp("own") / "base")
    made.start()
    yield made
    made.kill()


def stored(folder: Path, size: int, token: str) -> ModelStore:
    (folder / "lora").write_bytes(os.urandom(size))
    store = ModelStore(str(folder / "store"), token)
    store.put(KEY, folder / "lora")
    return store


def unused(own: OwnServer, token: str, hours: float) -> Path:
    """As if a LoRA had not been used for so long."""
    path = own.base / "models" / "loras" / LORAS / token / f"{KEY}.safetensors"
    os.utime(path, (time.time() - hours * 3600, path.stat().st_mtime))
    return path


def test_those_go_that_were_not_used_for_the_longest_time(own: OwnServer, tmp_path: Path):
    tokens = [new_token() for _ in range(3)]
    stores = [stored(tmp_path, 400_000, token) for token in tokens]
    for token, store in zip(tokens[:2], stores, strict=False):
        serverfiles.ensure_lora(own.server, token, KEY, store)
    with pytest.raises(ServerRefused, match="200,000 bytes are missing") as full:
        serverfiles.ensure_lora(own.server, tokens[2], KEY, stores[2])
    assert "STOCKWRIGHT_PEOPLE_GB" in full.value.hint
    first, second = unused(own, tokens[0], 2), unused(own, tokens[1], 3)
    serverfiles.ensure_lora(own.server, tokens[2], KEY, stores[2])
    assert first.exists()
    assert not second.parent.exists(), "nor a folder that is empty"
    assert serverfiles.ensure_lora(own.server, tokens[0], KEY, stores[0])
    with pytest.raises(ServerRefused, match="bytes are missing"):
        serverfiles.ensure_lora(own.server, tokens[1], KEY, stores[1])
    assert first.exists(), "it was used just now"
    for token in tokens:
        serverfiles.forget_on(own.server, token)


def test_a_lora_larger_than_the_limit_drives_nothing_out(own: OwnServer, tmp_path: Path):
    small, large = new_token(), new_token()
    serverfiles.ensure_lora(own.server, small, KEY, stored(tmp_path, 1000, small))
    there = unused(own, small, 24)
    with pytest.raises(ServerRefused, match=r"1,000,001 bytes, and the server keeps 1,000,000"):
        serverfiles.ensure_lora(own.server, large, KEY, stored(tmp_path, LIMIT + 1, large))
    assert there.exists()
    serverfiles.forget_on(own.server, small)


def test_uploads_that_come_at_once_count(own: OwnServer, tmp_path: Path):
    one, other = new_token(), new_token()
    with (
        half_sent(own, f"{one}/loras/{KEY}.safetensors", 700_000),
        pytest.raises(ServerRefused, match="bytes are missing"),
    ):
        serverfiles.ensure_lora(own.server, other, KEY, stored(tmp_path, 400_000, other))
    end = time.monotonic() + 30
    while serverfiles.forget_on(own.server, one) or parts(own):
        assert time.monotonic() < end
    serverfiles.ensure_lora(own.server, other, KEY, stored(tmp_path, 400_000, other))
    serverfiles.forget_on(own.server, other)


@contextlib.contextmanager
def half_sent(own: OwnServer, path: str, size: int) -> Iterator[None]:
    lines = [f"PUT {PEOPLE_ROUTE}/{path} HTTP/1.1", "Host: x", f"Content-Length: {size}"]
    lines += [f"{SHA256_HEADER}: {hashlib.sha256(bytes(size)).hexdigest()}", "", ""]
    address = urlsplit(own.server.url)
    before = parts(own)
    with socket.create_connection((address.hostname, address.port), 30) as connection:
        connection.sendall("\r\n".join(lines).encode() + bytes(size // 2))
        end = time.monotonic() + 30
        while parts(own) == before:
            assert time.monotonic() < end
        yield


def parts(own: OwnServer) -> list[Path]:
    return sorted(own.base.rglob("*.part"))


def test_a_server_that_is_killed_in_the_middle_of_an_upload(own: OwnServer, tmp_path: Path):
    token, other = new_token(), new_token()
    store = stored(tmp_path, 300_000, token)
    serverfiles.ensure_lora(own.server, other, KEY, stored(tmp_path, 1000, other))
    serverfiles.send_photos(own.server, token, "train", {"a.png": b"photo"})
    with (
        pytest.raises(RuntimeError, match="a graph fails"),
        serverfiles.photos_removed(lambda: own.server, token),
        half_sent(own, f"{token}/loras/{KEY}.safetensors", 300_000),
        half_sent(own, f"{token}/photos/train/b.png", 1000),
    ):
        own.kill()
        raise RuntimeError("a graph fails")  # it is told, although the photos cannot be removed
    with pytest.raises(ServerDown):
        serverfiles.ensure_lora(own.server, token, KEY, store)
    assert len(parts(own)) == 2
    assert list((own.base / "input" / PHOTOS / token).rglob("a.png"))
    for part in parts(own):  # at once, it might be another server's that is at work
        os.utime(part, (time.time() - 3600, time.time() - 3600))
    own.start()
    assert parts(own) == []
    assert not list((own.base / "input" / PHOTOS).iterdir())
    assert serverfiles.list_loras(own.server, token) == {}
    assert serverfiles.list_loras(own.server, other).keys() == {KEY}, "a whole one stays"
    serverfiles.ensure_lora(own.server, token, KEY, store)
    assert serverfiles.list_loras(own.server, token) == {KEY: store.sha256(KEY)}
    log = (own.base / "log").read_text()
    assert token not in log
    assert "Error handling request" not in log
