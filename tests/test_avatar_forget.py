"""Forgetting a person: searched by content, in every place that their data went to."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import fsspec
import pytest
import requests

from driver import places
from driver.avatars import serverfiles
from driver.avatars.forgetting import forget
from driver.avatars.objects import Objects
from driver.avatars.people import Folder, make_private, names, write_private
from driver.avatars.reached import EMBEDDED, Reached, reached, remember, server_flags, server_name
from driver.avatars.store import ModelStore
from driver.errors import AvatarInvalid, ForgetIncomplete, RunBusy
from driver.server import Server
from stockwright.core.people import LORAS, PHOTOS
from tests import gcs, graphs
from tests.make_lora import make_lora
from tests.people import KEY, holding, middle, person, signs

JOBS = [{"id": "one", "prompt": "photo of ohwx man", "subject": "x", "seed": 1}]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Any]:
    with gcs.emulated() as server:
        yield server


def sent(folder: Folder, server: Server, store: str, sketch: Path) -> dict[str, bytes]:
    """Does all that is done with a person, and stops before anything is removed: as a driver that
    was killed. Returns the signs of the person."""
    record = folder.read()
    remember(folder, server=EMBEDDED)
    remember(folder, store=store)
    make_private(folder.training)
    lora = folder.training / "lora.safetensors"
    make_lora(sketch, lora, seed=3, scale=0.1)
    found = signs(folder)
    models = ModelStore(store, record.token)
    models.put(KEY, lora)
    files = {Path(crop.file).name: (folder.path / crop.file).read_bytes() for crop in record.crops}
    serverfiles.send_photos(server, record.token, "train", files)
    name = serverfiles.ensure_lora(server, record.token, KEY, models)
    graph = graphs.stock_graph(
        json.dumps(JOBS), loras=f"{name}:0.8", folder=f"{PHOTOS}/{record.token}/run"
    )
    (saved,) = graphs.saved(graphs.run(server, graph)).values()
    picture = graphs.output_path(places.EMBEDDED, saved).read_bytes()
    make_private(folder.made / "run")
    write_private(folder.made / "run" / "one.png", picture)
    return found | {"picture": middle(picture)}


def test_nothing_is_left(server: Server, emulator: Any, sketch_path: Path, tmp_path: Path):
    people = tmp_path / "people"
    folder, kept = person(people), person(people, "boris", ("biden",))
    store = f"gs://{gcs.BUCKET}/people"
    found = sent(folder, server, store, sketch_path)
    token = folder.read().token
    local = str(people / ".models")
    ModelStore(local, token).put(KEY, folder.training / "lora.safetensors")
    searched = [people, places.EMBEDDED]
    before = holding(searched, found)
    assert set().union(*before.values()) == set(found), "the search finds each of them"
    history = requests.get(f"{server.url}/history", timeout=60).text
    assert token in history

    removed = forget(folder, [ModelStore(local, token)], {EMBEDDED: server})

    assert holding(searched, found) == {}
    assert token not in requests.get(f"{server.url}/history", timeout=60).text
    files, root = fsspec.core.url_to_fs(store)
    files.invalidate_cache()
    assert not files.exists(root) or not files.find(root)
    assert kept.read()
    assert names(people) == ["boris"]
    lora = f"{KEY}.safetensors"
    for address in (
        str(folder.path / "person.json"),
        str(folder.training / "lora.safetensors"),
        *(str(folder.path / photo) for photo in ("crops.jpg",) if (folder.path / photo).exists()),
        f"{store}/{token}/{lora}",
        f"{local}/{token}/{lora}",
        f"{server.url}: loras/{LORAS}/{token}/{lora}",
    ):
        assert address in removed
    assert any(line.startswith(f"{server.url}: input/{PHOTOS}/{token}/train/") for line in removed)
    assert any(line.startswith(f"{server.url}: output/{PHOTOS}/{token}/run/") for line in removed)
    assert any(line.startswith(f"{server.url}: graph ") for line in removed)
    assert forget(folder, [], {}) == [], "safe to run twice"


def test_graphs_that_wait_and_run_do_not_bring_anything_back(
    server: Server, sketch_path: Path, tmp_path: Path
):
    folder = person(tmp_path)
    token = folder.read().token
    remember(folder, server=EMBEDDED)
    where = f"{PHOTOS}/{token}/run"
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for seed, graph_id in enumerate(ids):
        jobs = json.dumps([JOBS[0] | {"seed": seed}])
        graph = graphs.stock_graph(jobs, folder=where, steps=300)
        server.queue_graph(graph, graph_id, "killed", workflow=None)
    others = str(uuid.uuid4())
    jobs = json.dumps([JOBS[0] | {"seed": 99}])
    server.queue_graph(graphs.stock_graph(jobs, folder="other"), others, "alive", workflow=None)
    forget(folder, [], {EMBEDDED: server})
    assert not set(ids) & set().union(*server.queued())
    assert not any(server.finished(graph_id) for graph_id in ids)
    assert server.knows(others), "another one's graph goes on"
    assert holding([places.BASE], {"token": token.encode()}) == {}


def test_a_server_that_does_not_answer_keeps_the_note(
    server: Server, sketch_path: Path, tmp_path: Path
):
    folder = person(tmp_path / "people")
    store = str(tmp_path / "store")
    found = sent(folder, server, store, sketch_path)
    token = folder.read().token
    with pytest.raises(ForgetIncomplete) as incomplete:
        forget(folder, [], {EMBEDDED: Server("http://127.0.0.1:9")})
    assert "127.0.0.1:9" in str(incomplete.value)
    assert str(folder.path / "person.json") in incomplete.value.removed
    left = holding([tmp_path], {name: sign for name, sign in found.items() if name != "name"})
    assert left == {str(folder.path / "servers.json"): {"token"}}
    assert names(tmp_path / "people") == []
    with pytest.raises(ForgetIncomplete, match="may be on this server"):
        forget(folder, [], {})
    removed = forget(folder, [], {EMBEDDED: server})
    assert any("loras" in line for line in removed)
    assert holding([tmp_path, places.EMBEDDED], found | {"token": token.encode()}) == {}


def test_a_store_that_cannot_be_reached_keeps_the_note(tmp_path: Path):
    folder = person(tmp_path)
    remember(folder, store="ftp://127.0.0.1:9/people")
    with pytest.raises(ForgetIncomplete, match="cannot be opened"):
        forget(folder, [], {})
    assert {path.name for path in folder.path.iterdir()} == {"servers.json", "person.lock"}
    assert reached(folder).stores == ("ftp://127.0.0.1:9/people",)


class Killed(BaseException):
    """Stands for kill -9: from a call on, nothing that is tried is done."""


@contextmanager
def killed_at(moment: int) -> Iterator[None]:
    """Counts what changes files, here and in a store."""
    calls = 0
    steps = [(Path, "unlink"), (Path, "rmdir"), (Path, "replace"), (Objects, "remove")]
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in steps:
            really = getattr(owner, name)

            def step(*given: Any, really: Any = really, **named: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls >= moment:
                    raise Killed
                return really(*given, **named)

            patch.setattr(owner, name, step)
        yield


def test_killed_at_any_moment_it_goes_on(server: Server, tmp_path: Path):
    store = str(tmp_path / "store")
    (tmp_path / "lora").write_bytes(os.urandom(1000))
    for moment in count(1):
        folder = person(tmp_path / "people")
        token = folder.read().token
        remember(folder, server=EMBEDDED, store=store)
        ModelStore(store, token).put(KEY, tmp_path / "lora")
        serverfiles.send_photos(server, token, "train", {"a.txt": b"x"})
        try:
            with killed_at(moment):
                forget(folder, [], {EMBEDDED: server})
        except Killed:
            forget(folder, [], {EMBEDDED: server})
        else:
            break
        assert holding([tmp_path, places.BASE], {"token": token.encode()}) == {}
        assert not folder.path.exists()
    assert moment > 12, "all steps were tried"


def test_a_half_made_folder_goes_too(tmp_path: Path):
    folder = Folder("anna", tmp_path)
    make_private(folder.photos)
    write_private(folder.photos / "a.png", b"photo")
    write_private(folder.photos / ".b.png.7.part", b"half a photo")
    removed = forget(folder, [], {})
    assert str(folder.photos / "a.png") in removed
    assert str(folder.photos / ".b.png.7.part") in removed
    assert list(tmp_path.iterdir()) == []


def test_nobody_of_that_name(tmp_path: Path):
    assert forget(Folder("anna", tmp_path), [], {}) == []
    assert list(tmp_path.iterdir()) == [], "nor is a folder made for it"


def test_a_damaged_record_does_not_keep_anyone(server: Server, tmp_path: Path):
    folder = person(tmp_path / "people")
    token = folder.read().token
    serverfiles.send_photos(server, token, "train", {"a.txt": b"x"})
    record = folder.path / "person.json"
    record.write_bytes(record.read_bytes()[:200])
    removed = forget(folder, [], {EMBEDDED: server})
    assert f"{server.url}: input/{PHOTOS}/{token}/train/a.txt" in removed
    assert list((tmp_path / "people").iterdir()) == []


def test_a_damaged_note_is_not_passed_over(tmp_path: Path):
    folder = person(tmp_path)
    (folder.path / "servers.json").write_text("{")
    with pytest.raises(AvatarInvalid, match="where the person's data went"):
        forget(folder, [], {})
    assert folder.read(), "nothing was removed that leads there"


def test_not_while_another_command_works(tmp_path: Path):
    folder = person(tmp_path)
    with folder.held(), pytest.raises(RunBusy):
        forget(Folder(folder.name, tmp_path), [], {})
    assert folder.read()


def test_links_are_removed_and_not_followed(tmp_path: Path):
    folder = person(tmp_path / "people")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    (folder.path / "out").symlink_to(tmp_path / "mine")
    (folder.photos / "out.png").symlink_to(tmp_path / "mine" / "file")
    removed = forget(folder, [], {})
    assert {str(folder.path / "out"), str(folder.photos / "out.png")} <= set(removed)
    assert not folder.path.exists()
    assert (tmp_path / "mine" / "file").read_text() == "x"


def test_a_folder_on_another_disk(tmp_path: Path):
    folder = person(tmp_path / "people")
    folder.path.rename(tmp_path / "elsewhere")
    folder.path.symlink_to(tmp_path / "elsewhere")
    assert forget(folder, [], {})
    assert [path.name for path in tmp_path.rglob("*")] == ["people"]


def test_what_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = person(tmp_path)
    stubborn = next(iter(folder.photos.iterdir()))
    really = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path == stubborn:
            raise PermissionError(1, "Operation not permitted")
        really(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(ForgetIncomplete) as incomplete:
        forget(folder, [], {})
    assert f"NAME/photos/{stubborn.name}" in incomplete.value.what
    assert str(stubborn) not in incomplete.value.removed
    monkeypatch.undo()
    assert str(stubborn) in forget(folder, [], {})


def test_the_note_is_kept_by_names_that_lead_back(tmp_path: Path):
    folder = person(tmp_path)
    url = "http://someone:secret@example.com:8188/comfy/"
    given = [server_name(url, None), server_name(None, tmp_path), server_name(None, None)]
    for name in (*given, *given):
        remember(folder, server=name)
    remember(folder, store="gs://bucket/people")
    assert reached(folder) == Reached(
        token=folder.read().token, servers=tuple(given), stores=("gs://bucket/people",)
    )
    assert "secret" not in (folder.path / "servers.json").read_text()
    assert [server_flags(name) for name in given] == [
        ("http://example.com:8188/comfy", None),
        (None, tmp_path),
        (None, None),
    ]
