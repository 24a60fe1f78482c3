"""Hashes of the models that painted a run, as far as this machine can tell."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from driver import places
from driver.events import Event, Notice
from driver.graphs.models import model_files
from driver.ledger import Ledger
from driver.model_hashes import HashedModel, hashed, settle_models
from driver.weights import folders, manifest
from driver.weights.lockfile import Lock
from tests.graphs import stock_graph
from tests.madeserver import INFO


@pytest.fixture
def comfyui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ComfyUI of the user's own with one checkpoint, and an empty embedded place."""
    monkeypatch.setattr(places, "EMBEDDED", tmp_path / "embedded")
    comfyui = tmp_path / "comfy"
    (comfyui / "models" / "checkpoints" / "xl").mkdir(parents=True)
    (comfyui / "main.py").touch()
    (comfyui / "models" / "checkpoints" / "xl" / "mine.safetensors").write_bytes(b"weights")
    return comfyui


def test_a_graph_names_its_files_and_those_of_its_lora_stack():
    graph = stock_graph('[{"prompt": "a"}]', loras="film:0.5, other")
    assert model_files(graph, INFO) == ["sketch.safetensors", "film.safetensors", "other"]


def test_a_file_that_is_here_is_read(comfyui: Path):
    layout, lock = folders.of(comfyui), Lock()
    name = "xl/mine.safetensors"
    (found,) = hashed([name], layout, manifest.load(), lock)
    assert found == HashedModel(name, hashlib.sha256(b"weights").hexdigest(), "this file")
    path = comfyui / "models" / "checkpoints" / "xl" / "mine.safetensors"
    lock.put_file(path, "12" * 32)
    (found,) = hashed([name], layout, manifest.load(), lock)
    assert found.sha256 == "12" * 32, "as it was put there, and not read again"
    path.write_bytes(b"other weights")
    (found,) = hashed([name], layout, manifest.load(), lock)
    assert found.sha256 == hashlib.sha256(b"other weights").hexdigest(), "but it was touched"


def test_of_a_server_elsewhere_the_manifest_tells():
    known = next(m for m in manifest.load().models.values() if m.sha256 and not m.converted)
    found = hashed([f"sub/{known.file}", "nobody.gguf"], None, manifest.load(), Lock())
    assert found == [
        HashedModel(f"sub/{known.file}", known.sha256 or "", "models.yaml"),
        HashedModel("nobody.gguf", "", ""),
    ]


def test_a_run_keeps_what_was_found(comfyui: Path, tmp_path: Path):
    ledger, said = Ledger(tmp_path / "run.sqlite"), list[Event]()
    settle_models(ledger, ["xl/mine.safetensors"], comfyui, said.append, here=True)
    (first,) = ledger.settled("models")
    (comfyui / "models" / "checkpoints" / "xl" / "mine.safetensors").unlink()
    settle_models(ledger, ["xl/mine.safetensors", "b.gguf"], comfyui, said.append, here=True)
    assert ledger.settled("models") == [first, {"file": "b.gguf", "sha256": "", "by": ""}]
    files = [event.text.split()[1] for event in said if isinstance(event, Notice)]
    assert files == ["xl/mine.safetensors,", "b.gguf,"], "it may take long"
    ledger.close()
