"""Networks of the gate, run for real from a small ONNX file that is made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stockwright.core.quality import load_quality
from stockwright.engine.quality.gate import Gate
from stockwright.engine.quality.missing import PartMissing
from stockwright.engine.quality.networks import Network
from stockwright.engine.quality.nsfw import FILE, FOLDER, NsfwClassifier

PROMPTS = Path(__file__).parent.parent / "prompts"


def field(number: int, body: bytes | str | int) -> bytes:
    """A field of a protocol buffer; numbers below 128."""
    if isinstance(body, int):
        return bytes([*tag(number << 3), body])
    data = body.encode() if isinstance(body, str) else body
    return bytes([*tag(number << 3 | 2), *tag(len(data))]) + data


def tag(value: int) -> list[int]:
    return [value] if value < 128 else [value & 127 | 128, value >> 7]


def tensor(name: str, *sides: int) -> bytes:
    shape = b"".join(field(1, bytes([8, *tag(side)])) for side in sides)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def sigmoid_of_means(path: Path) -> None:
    """(1, 224, 224, 3) to (1, 3): the sigmoid of each channel's mean."""
    axes = field(1, "axes") + field(8, 1) + field(8, 2) + field(20, 7)
    keep = field(1, "keepdims") + field(3, 0) + field(20, 2)
    mean = field(1, "in") + field(2, "mean") + field(4, "ReduceMean")
    mean += field(5, axes) + field(5, keep)
    sigmoid = field(1, "mean") + field(2, "out") + field(4, "Sigmoid")
    graph = field(1, mean) + field(1, sigmoid) + field(2, "g")
    graph += field(11, tensor("in", 1, 224, 224, 3)) + field(12, tensor("out", 1, 3))
    path.write_bytes(field(1, 8) + field(8, field(1, "") + field(2, 13)) + field(7, graph))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sigmoid_of_means(tmp_path / FILE)
    return tmp_path


def test_a_network_runs(folder: Path):
    network = Network([folder / "none", folder], FILE, "open-nsfw")
    values = np.zeros((1, 224, 224, 3), np.float32)
    values[..., 2] = 1
    assert network(values) == pytest.approx(np.array([[0.5, 0.5, 1 / (1 + np.exp(-1))]]))


def test_a_missing_file_is_told_with_how_to_fetch_it(tmp_path: Path):
    with pytest.raises(PartMissing, match=r"no open_nsfw\.onnx: .*models\.py pull open-nsfw"):
        Network([tmp_path], FILE, "open-nsfw")


def test_pictures_are_shown_less_the_mean_of_those_it_was_trained_on(folder: Path):
    classify = NsfwClassifier([folder])
    # The network's second output is for the mean of the second channel, less 117.
    for green, score in ((117, 0.5), (118, 0.731), (116, 0.269), (150, 1.0)):
        picture = Image.new("RGB", (300, 200), (green, green, green))
        assert classify(picture) == pytest.approx(score, abs=0.01)


def test_only_the_middle_is_shown(folder: Path):
    picture = Image.new("RGB", (256, 256), (255, 255, 255))
    picture.paste((100, 100, 100), (14, 14, 242, 242))
    assert NsfwClassifier([folder])(picture) < 0.01


@pytest.mark.parametrize(("grey", "reasons"), [(125, ("nsfw",)), (110, ())])
def test_the_gate_rejects_by_its_score(
    grey: int, reasons: tuple[str, ...], folder: Path, tmp_path: Path
):
    shipped = load_quality([PROMPTS])
    settings: dict[str, Any] = {name: {"check": "off"} for name in shipped}
    settings["nsfw"] = shipped["nsfw"]
    gate = Gate(settings, {FOLDER: [folder]})
    assert gate.missing == {}
    path = tmp_path / "picture.png"
    Image.new("RGB", (64, 64), (grey, grey, grey)).save(path)
    verdict = gate.examine(path, size=(64, 64), people=True)
    assert verdict.reasons == reasons
    assert verdict.scores.keys() == {"nsfw"}
