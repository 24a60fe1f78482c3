"""One file over HTTP from servers that break off, stall, lie, redirect and refuse."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from driver import places
from driver.errors import DiskTrouble, DownloadFailed, HashDiffers, HostUnreachable
from driver.weights import download, web
from driver.weights.download import Got, Wanted
from driver.weights.lockfile import Lock
from tests.fileserver import FileServer
from tests.weights import safetensors, sha256

BODY = safetensors(700_000)
RIGHT = Got(sha256(BODY), len(BODY))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No pauses, a short patience, and a lock file of the test's own."""
    monkeypatch.setattr(web, "PAUSES", (0.0, 0.0))
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(places, "EMBEDDED", tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "models" / ".one.part"


def fetch(url: str, part: Path, **wanted: object) -> Got:
    wanted = {"address": url} | wanted
    return download.fetch(Wanted(url=url, **wanted), part, Lock(), lambda done, total: None)  # pyright: ignore


def break_off(url: str, part: Path, **wanted: object) -> None:
    """A call that ends with half of the file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web, "PAUSES", ())
        with pytest.raises(DownloadFailed):
            fetch(url, part, **wanted)


def test_a_file_comes(server: FileServer, part: Path):
    url = server.put("/one", BODY)
    shown: list[tuple[int, int | None]] = []
    got = download.fetch(Wanted(url, url), part, Lock(), lambda *now: shown.append(now))
    assert got == RIGHT
    assert part.read_bytes() == BODY
    assert shown[0] == (0, len(BODY))
    assert shown[-1] == (len(BODY), len(BODY))


def test_one_that_breaks_off_again_and_again_is_gone_on_with(server: FileServer, part: Path):
    assert fetch(server.put("/one", BODY, cut=200_000), part) == RIGHT
    ranges = [asked.headers.get("range") for asked in server.gets("/one")]
    assert ranges[0] is None
    assert len(ranges) == len(set(ranges)) > 3
    assert part.read_bytes() == BODY


def test_one_that_breaks_off_without_bringing_anything_is_given_up(server: FileServer, part: Path):
    with pytest.raises(DownloadFailed, match="broke off at 0 bytes"):
        fetch(server.put("/one", BODY, cut=10), part)
    assert len(server.gets("/one")) == 3


def test_one_that_stalls_is_asked_again_for_the_rest(server: FileServer, part: Path):
    assert fetch(server.put("/one", BODY, stall=300_000), part) == RIGHT
    first, second = server.gets("/one")
    assert "range" not in first.headers
    assert second.headers["range"].startswith("bytes=2")


def test_what_an_earlier_call_left_is_not_fetched_again(server: FileServer, part: Path):
    url = server.put("/one", BODY, cut=300_000, cuts=1, headers={"Last-Modified": "x"})
    break_off(url, part)
    left = part.stat().st_size
    assert 200_000 < left < 300_001
    assert fetch(url, part) == RIGHT
    assert server.gets("/one")[1].headers["range"] == f"bytes={left}-"


def test_a_file_that_changed_meanwhile_begins_anew(server: FileServer, part: Path):
    url = server.put("/one", BODY, cut=300_000, cuts=1)
    break_off(url, part)
    other = safetensors(700_000, seed=2)
    server.put("/one", other)
    assert fetch(url, part) == Got(sha256(other), len(other))


def test_a_part_of_another_address_is_not_gone_on_with(server: FileServer, part: Path):
    part.parent.mkdir()
    part.write_bytes(b"something else")
    assert fetch(server.put("/one", BODY), part) == RIGHT
    assert "range" not in server.gets("/one")[0].headers


def test_a_part_that_was_spoilt_begins_anew(server: FileServer, part: Path):
    url = server.put("/one", BODY, cut=300_000, cuts=1)
    break_off(url, part, sha256=RIGHT.sha256)
    part.write_bytes(bytes(part.stat().st_size))
    assert fetch(url, part, sha256=RIGHT.sha256) == RIGHT


def test_a_whole_part_needs_no_more_than_a_question(server: FileServer, part: Path):
    url = server.put("/one", BODY)
    assert fetch(url, part) == fetch(url, part) == RIGHT
    assert fetch(url, part, size=len(BODY)) == RIGHT
    assert len(server.gets("/one")) == 2


def test_a_server_without_ranges_or_sizes(server: FileServer, part: Path):
    url = server.put("/one", BODY, ranges=False, cut=300_000, cuts=1)
    assert fetch(url, part) == RIGHT
    assert fetch(server.put("/two", BODY, unsized=True), part) == RIGHT
    assert fetch(server.put("/three", BODY, etag=""), part) == RIGHT


def test_a_server_that_sends_less_than_it_says(server: FileServer, part: Path):
    with pytest.raises(DownloadFailed, match=r"broke off|ended after"):
        fetch(server.put("/one", BODY, claim=len(BODY) + 5), part)


def test_a_server_that_sends_more_than_there_should_be(server: FileServer, part: Path):
    with pytest.raises(DownloadFailed, match="sends more than its 1000 bytes"):
        fetch(server.put("/one", BODY, unsized=True), part, size=1000)
    assert part.stat().st_size == 0


def test_a_file_of_another_size_is_not_fetched(server: FileServer, part: Path):
    with pytest.raises(DownloadFailed, match=f"has {len(BODY)} bytes and should have 1000"):
        fetch(server.put("/one", BODY), part, size=1000)
    assert part.stat().st_size == 0


def test_a_wrong_hash_shows_both_and_keeps_nothing(server: FileServer, part: Path):
    with pytest.raises(HashDiffers) as caught:
        fetch(server.put("/one", BODY), part, sha256="0" * 64)
    assert "0" * 64 in str(caught.value)
    assert RIGHT.sha256 in str(caught.value)
    assert not part.exists()


@pytest.mark.parametrize(
    ("status", "said"), [(401, "HF_TOKEN"), (403, "licence"), (404, "not there"), (418, "418")]
)
def test_refusals_are_not_tried_again(server: FileServer, part: Path, status: int, said: str):
    with pytest.raises(DownloadFailed, match=str(status)) as caught:
        fetch(server.put("/one", BODY, always=status), part)
    assert said in str(caught.value)
    assert len(server.asked) == 1


def test_busy_servers_are_tried_again(server: FileServer, part: Path):
    url = server.put("/one", BODY, statuses=[429, 503], headers={"Retry-After": "0"})
    assert fetch(url, part) == RIGHT
    assert len(server.asked) == 3
    with pytest.raises(DownloadFailed, match="answers with 503"):
        fetch(server.put("/two", BODY, always=503), part)


def test_a_server_that_wants_an_hour_is_not_waited_for(server: FileServer, part: Path):
    url = server.put("/one", BODY, always=429, headers={"Retry-After": "3600"})
    with pytest.raises(DownloadFailed, match="asks to wait 3600 s"):
        fetch(url, part)
    assert len(server.asked) == 1


def test_no_connection_is_an_error_of_its_own(server: FileServer, part: Path):
    with FileServer() as gone:
        url = gone.put("/one", BODY)
    with pytest.raises(HostUnreachable, match="no connection to 127"):
        fetch(url, part)


def test_a_login_goes_to_the_asked_host_only(server: FileServer, part: Path):
    headers = {"Authorization": "Bearer secret"}
    with FileServer() as other:
        there = other.put("/one", BODY)
        back = server.put("/back", BODY, redirect=there)
        here = server.put("/here", BODY, redirect="/back")
        assert fetch(here, part, headers=headers) == RIGHT
        assert [asked.headers.get("authorization") for asked in server.asked] == [
            "Bearer secret"
        ] * 2
        assert "authorization" not in other.asked[0].headers
        other.ways["/one"].redirect = server.put("/last", BODY)
        assert fetch(back, part, headers=headers, address="new") == RIGHT
        assert "authorization" not in server.gets("/last")[0].headers


def test_a_login_of_netrc_does_not_take_its_place(
    server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    fetch(server.put("/one", BODY), part, headers={"Authorization": "Bearer secret"})
    assert server.asked[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize("target", ["http://host.example/one", "file:///etc/passwd", "ftp://h/a"])
def test_redirects_to_something_unencrypted_are_refused(
    server: FileServer, part: Path, target: str
):
    with pytest.raises(DownloadFailed, match="not encrypted"):
        fetch(server.put("/one", BODY, redirect=target), part)


def test_redirects_from_elsewhere_do_not_reach_into_this_machine():
    client = web.Client()
    with pytest.raises(DownloadFailed, match="not encrypted"):
        client._check("http://127.0.0.1/one", "https://host.example/one")


def test_endless_redirects(server: FileServer, part: Path):
    with pytest.raises(DownloadFailed, match="more than 10 redirects"):
        fetch(server.put("/one", BODY, redirect="/one"), part)


def test_a_web_page_is_no_model(server: FileServer, part: Path):
    url = server.put("/one", BODY, headers={"Content-Type": "text/html; charset=utf-8"})
    with pytest.raises(DownloadFailed, match="web page"):
        fetch(url, part)


def test_an_encoding_that_was_not_asked_for(server: FileServer, part: Path):
    url = server.put("/one", BODY, headers={"Content-Encoding": "gzip"})
    with pytest.raises(DownloadFailed, match="encoding"):
        fetch(url, part)


def test_a_link_in_the_place_of_the_part_is_not_followed(server: FileServer, part: Path):
    part.parent.mkdir()
    precious = part.with_name("precious")
    precious.write_bytes(b"mine")
    part.symlink_to(precious)
    with pytest.raises(OSError, match="symbolic links"):
        fetch(server.put("/one", BODY), part)
    assert precious.read_bytes() == b"mine"


def test_a_part_that_another_program_writes_is_left_alone(server: FileServer, part: Path):
    part.parent.mkdir()
    with part.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DiskTrouble, match="another program"):
            fetch(server.put("/one", BODY), part)


def test_a_disk_that_is_too_small_is_noticed_before(
    server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=32_100_000))
    with pytest.raises(DiskTrouble, match=r"1 MB are needed and 32 MB are free"):
        fetch(server.put("/one", BODY), part)
    assert part.stat().st_size == 0
