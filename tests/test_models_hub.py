"""The hub's own client against a server on this machine that speaks the hub's protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fileserver import FileServer
from tests.weights import Home, safetensors, sha256

BODY = safetensors(900_000)
REPO, NAME = "owner/model", "one.safetensors"
BLOB = f"/blob/{NAME}"


@pytest.fixture
def cdn() -> Iterator[FileServer]:
    with FileServer() as cdn:
        yield cdn


@pytest.fixture
def hub(cdn: FileServer) -> Iterator[FileServer]:
    with FileServer(cdn) as hub:
        yield hub


@pytest.fixture
def home(tmp_path: Path, hub: FileServer) -> Home:
    home = Home(tmp_path / "home", {"HF_ENDPOINT": hub.url})
    home.entries({"source": hub.put_hub(REPO, NAME, BODY)})
    return home


def there(home: Home) -> bytes:
    return (home.models / "loras" / NAME).read_bytes()


def test_a_file_of_the_hub_and_its_hash(home: Home, hub: FileServer, cdn: FileServer):
    done = home.run("pull", "one")
    assert done.returncode == 0, done.stderr
    assert there(home) == BODY
    assert home.lock["sources"] == {
        f"hub:{REPO}/{NAME}": {"sha256": sha256(BODY), "size": len(BODY), "from": "hub"}
    }
    assert len(cdn.gets(BLOB)) == 1
    assert not home.leftovers()
    asked = len(hub.asked)
    again = home.run("pull", "one")
    assert "one: there" in again.stdout
    assert len(hub.asked) == asked
    assert "one: right" in home.call("verify", "one").stdout


def test_a_file_that_the_hub_replaced_stops_with_both_hashes(home: Home, hub: FileServer):
    assert home.run("pull", "one").returncode == 0
    (home.models / "loras" / NAME).unlink()
    other = safetensors(900_000, seed=2)
    home.entries({"source": hub.put_hub(REPO, NAME, other)})
    done = home.run("pull", "one")
    assert done.returncode == 3
    assert "[hash-differs]" in done.stderr
    assert sha256(BODY) in done.stderr
    assert sha256(other) in done.stderr
    assert not (home.models / "loras" / NAME).exists()
    home.entries({"source": f"hub:{REPO}/{NAME}", "sha256": sha256(other)})
    assert home.run("pull", "one").returncode == 0
    assert there(home) == other


def test_bytes_other_than_the_hub_says(home: Home, cdn: FileServer):
    cdn.put(BLOB, safetensors(900_000, seed=3))
    done = home.run("pull", "one")
    assert done.returncode == 3
    assert "[hash-differs]" in done.stderr
    assert sha256(BODY) in done.stderr
    assert not home.leftovers()


def test_a_hub_that_lies_about_the_size(home: Home, hub: FileServer):
    home.entries({"source": hub.put_hub(REPO, NAME, BODY, claim=12345)})
    done = home.run("pull", "one")
    assert done.returncode == 3
    assert f"it has {len(BODY)} bytes and should have 12345" in done.stderr


def test_a_login_goes_to_the_hub_and_not_to_its_store(home: Home, hub: FileServer, cdn: FileServer):
    hub.token = "hf_secret"
    refused = home.run("pull", "one")
    assert refused.returncode == 3
    assert "HF_TOKEN" in refused.stderr
    home.env["HF_TOKEN"] = "hf_secret"
    done = home.run("pull", "one")
    assert done.returncode == 0, done.stderr
    assert "hf_secret" not in done.stdout + done.stderr
    assert all("authorization" not in asked.headers for asked in cdn.asked)


def test_what_the_hub_refuses(home: Home, hub: FileServer):
    answers = {
        "a": (401, "", "HF_TOKEN"),
        "b": (403, "GatedRepo", "licence has to be accepted"),
        "c": (404, "RepoNotFound", "no such repository"),
        "d": (404, "EntryNotFound", "the hub has no d.safetensors"),
        "e": (404, "", "answers with 404"),
        "f": (403, "", "answers with 403"),
    }
    entries: list[dict[str, Any]] = []
    for name, (status, code, _) in answers.items():
        headers = {"X-Error-Code": code} if code else {}
        file = f"{name}.safetensors"
        source = hub.put_hub(REPO, file, BODY, always=status, headers=headers)
        entries.append({"name": name, "file": file, "source": source})
    home.entries(*entries)
    done = home.run("pull", *answers)
    assert done.returncode == 3
    errors = dict(text.split(": ", 1) for text in done.stderr.split("error: ")[1:])
    assert errors.keys() == answers.keys()
    for name, (_, _, said) in answers.items():
        assert "[download-failed]" in errors[name]
        assert said in errors[name]
    asked = [asked.path for asked in hub.asked if "/resolve/" in asked.path]
    assert len(asked) == len(set(asked)) == len(answers), "none of them is tried again"


def test_a_busy_hub_is_asked_again(home: Home, hub: FileServer, cdn: FileServer):
    home.entries({"source": hub.put_hub(REPO, NAME, BODY, statuses=[429])})
    cdn.ways[BLOB].cut, cdn.ways[BLOB].cuts = 500_000, 1
    done = home.run("pull", "one")
    assert done.returncode == 0, done.stderr
    assert there(home) == BODY
    assert cdn.gets(BLOB)[1].headers["range"].startswith("bytes=4")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_pull_is_gone_on_with(home: Home, cdn: FileServer, sign: signal.Signals):
    cdn.ways[BLOB].stall = 600_000
    home.env["HF_HUB_DOWNLOAD_TIMEOUT"] = "60"
    pull = home.start("pull", "one")
    assert cdn.stalled.wait(60)
    part = home.models / "loras" / f".{NAME}.part"
    wait_for(part, 400_000, pull)
    os.kill(pull.pid, sign)
    _, said = pull.communicate(timeout=60)
    if sign is signal.SIGINT:
        assert pull.returncode == 130
        assert "goes on from here" in said
    assert not (home.models / "loras" / NAME).exists()
    assert "begun, " in home.call("list").stdout
    done = home.run("pull", "one")
    assert done.returncode == 0, done.stderr
    assert there(home) == BODY
    first, second = cdn.gets(BLOB)
    assert "range" not in first.headers
    assert int(second.headers["range"].removeprefix("bytes=").rstrip("-")) >= 400_000
    assert not home.leftovers()


def wait_for(part: Path, size: int, pull: subprocess.Popen[str]) -> None:
    while not part.exists() or part.stat().st_size < size:
        assert pull.poll() is None
        time.sleep(0.02)


def test_two_pulls_at_once_fetch_it_once(home: Home, cdn: FileServer):
    cdn.ways[BLOB].stall = 100_000
    pulls = [home.start("pull", "one") for _ in range(2)]
    told = ""
    for pull in pulls:
        out, said = pull.communicate(timeout=60)
        assert pull.returncode == 0, said
        told += out
    assert told.count("Another pull runs; waiting for it\n") == 1
    assert told.count("one: there") == 1
    assert there(home) == BODY
    assert len(cdn.gets(BLOB)) == 2, "one that stalled, and one for the rest"


def cache(home: Home) -> None:
    """Have the hub's own client fetch the file into its cache."""
    script = f"import huggingface_hub; huggingface_hub.hf_hub_download({REPO!r}, {NAME!r})"
    line = [sys.executable, "-c", script]
    online = home.env | {"HF_HUB_OFFLINE": "0"}
    subprocess.run(line, env=online, check=True, capture_output=True)


def test_the_hubs_cache_is_used(home: Home, cdn: FileServer):
    cache(home)
    asked = len(cdn.asked)
    done = home.run("pull", "one")
    assert done.returncode == 0, done.stderr
    assert "from the hub's cache" in done.stdout
    assert there(home) == BODY
    assert not (home.models / "loras" / NAME).is_symlink()
    assert len(cdn.asked) == asked


def test_a_spoilt_cache_is_passed_by(home: Home):
    cache(home)
    (blob,) = (home.path / "hf").rglob(f"blobs/{sha256(BODY)}")
    blob.write_bytes(bytes(len(BODY)))
    assert home.run("pull", "one").returncode == 0
    assert there(home) == BODY


def test_offline_there_is_only_the_cache(home: Home, hub: FileServer):
    home.env["HF_HUB_OFFLINE"] = "1"
    refused = home.run("pull", "one")
    assert refused.returncode == 3
    assert "HF_HUB_OFFLINE is set" in refused.stderr
    assert str(home.path / "hf" / "hub") in refused.stderr
    cache(home)
    asked = len(hub.asked)
    done = home.run("pull", "one")
    assert done.returncode == 0, done.stderr
    assert there(home) == BODY
    assert len(hub.asked) == asked


def test_no_hub_says_what_helps_behind_a_firewall(home: Home):
    with FileServer() as gone:
        home.env["HF_ENDPOINT"] = gone.url
    home.entries(
        {"source": f"hub:{REPO}/{NAME}"},
        {"name": "two", "file": "two.safetensors", "source": f"hub:{REPO}/two.pth"},
    )
    done = home.run("pull", "one", "two")
    assert done.returncode == 3
    assert done.stderr.count("[host-unreachable]") == 1
    assert "error: one, two: no connection to 127.0.0.1" in done.stderr
    for helps in ("HF_ENDPOINT=", "HF_HUB_OFFLINE=1", "HTTPS_PROXY=", "by hand", "--comfyui DIR"):
        assert helps in done.stderr
    assert f"/{REPO}/resolve/main/{NAME}\n      -> {home.models / 'loras' / NAME}" in done.stderr
    assert f"-> {home.models / 'loras' / 'two.pth'}" in done.stderr


def test_a_server_that_is_no_hub(home: Home):
    with FileServer() as other:
        other.put(f"/{REPO}/resolve/main/{NAME}", b"hello")
        other.ways[f"/{REPO}/resolve/main/{NAME}"].redirect = "/else"
        other.put("/else", b"hello")
        home.env["HF_ENDPOINT"] = other.url
        done = home.run("pull", "one")
    assert done.returncode == 3
    assert "what answers is not a hub" in done.stderr


def test_a_small_file_has_no_hash_on_the_hub(home: Home, hub: FileServer):
    home.entries({"source": hub.put_hub(REPO, NAME, BODY, sha256="1" * 40)})
    assert home.run("pull", "one").returncode == 0
    (source,) = home.lock["sources"].values()
    assert source == {"sha256": sha256(BODY), "size": len(BODY), "from": "first pull"}
