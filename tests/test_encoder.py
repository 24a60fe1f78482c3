"""The sentence encoder with its real weights, and pools of texts."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from stockwright.core.errors import EncoderUnavailable
from stockwright.engine import encoder as encoder_module
from stockwright.engine.encoder import Pool, SentenceEncoder, companions

LIBRARY = "university library, empty interior, morning light, wide angle"
READING = "empty library of a university, interior in the morning light, wide angle"
KITCHEN = "restaurant kitchen, steel worktops, evening lamps, low camera"
SHIP = "container ship in a harbour, aerial view, fog"


@pytest.fixture(scope="module")
def encoder(encoder_path: Path) -> SentenceEncoder:
    return SentenceEncoder(str(encoder_path))


def test_what_means_the_same_is_near_and_what_does_not_is_far(encoder: SentenceEncoder):
    rows = encoder.vectors([LIBRARY, READING, KITCHEN, SHIP])
    assert rows.shape == (4, 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    near = rows @ rows.T
    assert near[0, 1] > 0.9
    assert max(near[0, 2], near[0, 3], near[2, 3]) < 0.6


def test_a_vector_does_not_depend_on_what_else_is_encoded(
    encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
):
    together = encoder.vectors([KITCHEN, SHIP, LIBRARY, "tea " * 100])
    for row, text in enumerate([KITCHEN, SHIP, LIBRARY, "tea " * 100]):
        monkeypatch.setattr(encoder_module, "_vectors", type(encoder_module._vectors)())
        assert np.array_equal(encoder.vectors([text])[0], together[row])


def test_a_text_is_encoded_once(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch):
    before = encoder.vectors([KITCHEN, KITCHEN])
    monkeypatch.setattr(encoder_module, "_run", None)
    assert np.array_equal(encoder.vectors([KITCHEN]), before[:1])
    assert encoder.vectors([]).shape[0] == 0


def test_a_text_is_encoded_once_for_all(
    encoder_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    keeping = SentenceEncoder(str(encoder_path), "one", tmp_path / "user" / "vectors.sqlite")
    before = keeping.vectors([KITCHEN, SHIP])
    monkeypatch.setattr(encoder_module, "_vectors", type(encoder_module._vectors)())
    with monkeypatch.context() as broken:
        broken.setattr(encoder_module, "_run", None)
        assert np.array_equal(keeping.vectors([SHIP, KITCHEN]), before[::-1])
    another = SentenceEncoder(str(encoder_path), "two", keeping.kept)
    monkeypatch.setattr(encoder_module, "_run", None)
    with pytest.raises(TypeError):
        another.vectors([SHIP])


def test_memory_for_vectors_is_bounded(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(encoder_module, "KEPT", 3)
    encoder.vectors([f"cup number {n}" for n in range(5)])
    assert len(encoder_module._vectors) == 5, "what is asked at once is there at once"
    encoder.vectors(["one more"])
    assert len(encoder_module._vectors) == 3


def test_a_pool_takes_a_meaning_once(encoder: SentenceEncoder):
    pool = Pool(encoder, 0.9)
    first, again, other = pool.admit([LIBRARY, READING, KITCHEN])
    assert first is None and other is None
    assert again and again[0] > 0.9 and again[1] == LIBRARY
    assert [pool.admit([text])[0] is None for text in (READING, KITCHEN, SHIP)] == [
        False,
        False,
        True,
    ]


def test_what_a_pool_is_told_to_remember_counts(encoder: SentenceEncoder):
    pool = Pool(encoder, 0.9)
    pool.remember([LIBRARY, READING])
    assert [answer and answer[1] for answer in pool.admit([READING, SHIP])] == [READING, None]
    assert pool.admit([]) == []


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_missing_file_is_named(encoder_path: Path, tmp_path: Path, lost: int):
    weights = tmp_path / encoder_path.name
    for source in (encoder_path, *companions(encoder_path)):
        (tmp_path / source.name).symlink_to(source)
    gone = [weights, *companions(weights)][lost]
    gone.unlink()
    with pytest.raises(EncoderUnavailable, match="not there") as caught:
        SentenceEncoder(str(weights), f"lost {lost}").vectors(["tea"])
    assert caught.value.where == str(gone)
    assert "models.py pull minilm" in caught.value.hint


def test_files_that_do_not_fit_are_refused(encoder_path: Path, tmp_path: Path):
    weights = tmp_path / "other.safetensors"
    for source, target in zip(companions(encoder_path), companions(weights), strict=True):
        shutil.copy(source, target)
    tensors = load_file(encoder_path)
    del tensors["encoder.layer.5.output.dense.weight"]
    save_file(tensors, weights)
    with pytest.raises(EncoderUnavailable, match=r"lack encoder\.layer\.5"):
        SentenceEncoder(str(weights)).vectors(["tea"])
    weights.write_bytes(b"nothing of use")
    with pytest.raises(EncoderUnavailable, match="cannot be loaded"):
        SentenceEncoder(str(weights), "second").vectors(["tea"])
