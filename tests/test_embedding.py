"""Describe Pictures: its vectors with a made encoder, and on a real server with a CLIP ViT-L of
random weights, which tells pictures apart but knows nothing of what they show."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from driver import places
from driver.server import Server
from stockwright.core import names
from stockwright.core.errors import VisionFailed
from stockwright.core.vectors import unit
from stockwright.engine.embedding import describe
from tests.commands import ITEMS, submit
from tests.graphs import Graph, node, run

VISION = "clip-vit-l-random.safetensors"


def vector(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f2").astype(np.float64)


def test_each_picture_gets_a_vector_of_length_1():
    images = torch.rand(3, 4, 6, 3, generator=torch.Generator().manual_seed(1))
    shapes: list[Any] = []

    def encode(picture: torch.Tensor) -> torch.Tensor:
        shapes.append(tuple(picture.shape))
        return picture.mean((1, 2)).to(torch.bfloat16) * 100

    found = [vector(text) for text in describe(images, encode)]
    assert shapes == [(1, 4, 6, 3)] * 3, "large pictures go one by one"
    for image, one in zip(images, found, strict=True):
        mean = image.mean((0, 1)).double().numpy()
        assert np.allclose(one, mean / np.linalg.norm(mean), atol=4e-3)
        assert np.linalg.norm(one) == pytest.approx(1, abs=1e-3)


def test_of_one_vector_for_each_part_the_mean_counts():
    parts = torch.tensor([[[4.0, 0.0], [0.0, 3.0]]])
    (text,) = describe(torch.zeros(1, 2, 2, 3), lambda _: parts)
    assert np.allclose(vector(text), [0.8, 0.6], atol=1e-3)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_a_vector_without_a_direction_fails(value: float):
    with pytest.raises(VisionFailed, match="gives no vector"):
        describe(torch.zeros(1, 2, 2, 3), lambda _: torch.full((1, 4), value))


def random_vision(width: int = 1024, layers: int = 24) -> dict[str, torch.Tensor]:
    """The state of a CLIP ViT-L/14 as transformers names it, from seeded random numbers."""
    generator = torch.Generator().manual_seed(7)

    def drawn(*shape: int, scale: float = 0.03) -> torch.Tensor:
        return (torch.randn(shape, generator=generator) * scale).half()

    def norm(name: str) -> dict[str, torch.Tensor]:
        return {
            f"{name}.weight": torch.ones(width).half(),
            f"{name}.bias": torch.zeros(width).half(),
        }

    def linear(name: str, out: int, into: int) -> dict[str, torch.Tensor]:
        return {f"{name}.weight": drawn(out, into), f"{name}.bias": torch.zeros(out).half()}

    start = "vision_model.embeddings"
    state = {
        f"{start}.class_embedding": drawn(width),
        f"{start}.patch_embedding.weight": drawn(width, 3, 14, 14),
        f"{start}.position_embedding.weight": drawn(257, width),
        "visual_projection.weight": drawn(768, width),
    }
    state |= norm("vision_model.pre_layrnorm") | norm("vision_model.post_layernorm")
    for number in range(layers):
        at = f"vision_model.encoder.layers.{number}"
        state |= norm(f"{at}.layer_norm1") | norm(f"{at}.layer_norm2")
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            state |= linear(f"{at}.self_attn.{name}", width, width)
        state |= linear(f"{at}.mlp.fc1", 4 * width, width) | linear(
            f"{at}.mlp.fc2", width, 4 * width
        )
    return state


@pytest.fixture(scope="module")
def vision(server: Server) -> Iterator[str]:
    """The model in the server's folder, as long as these tests last: other runs would take it."""
    path = places.MODELS / "clip_vision" / VISION
    path.parent.mkdir(exist_ok=True)
    save_file(random_vision(), path)
    yield VISION
    path.unlink()


def graph(*pictures: tuple[int, int, int]) -> Graph:
    """Describes pictures of one colour, each given as width, height and colour."""
    made = {"1": node("CLIPVisionLoader", clip_name=VISION)}
    for number, (width, height, colour) in enumerate(pictures):
        size = {"width": width, "height": height, "batch_size": 2}
        made[f"e{number}"] = node("EmptyImage", **size, color=colour)
        links = {"images": [f"e{number}", 0], "clip_vision": ["1", 0]}
        made[f"d{number}"] = node("StockwrightPictureEmbedding", **links)
    return made


def test_a_clip_model_of_the_server_describes_pictures(server: Server, vision: str):
    done = run(server, graph((64, 64, 0x336699), (200, 80, 0x336699), (64, 64, 0xFFEE00)))
    assert done.success, done.error
    told = [done.outputs[f"d{n}"][names.UI_EMBEDDINGS] for n in range(3)]
    assert [entry["job"] for entries in told for entry in entries] == [""] * 6
    first, wide, other = ([vector(entry["vector"]) for entry in entries] for entries in told)
    assert first[0].shape == (768,)
    assert np.array_equal(first[0], first[1]), "pictures of a batch are the same"
    assert first[0] @ wide[0] > 0.999
    assert first[0] @ other[0] < 0.99


def test_pictures_and_jobs_must_be_as_many(server: Server, vision: str):
    made = graph((64, 64, 1))
    made["j"] = node("EmptyImage", width=8, height=8, batch_size=1, color=0)
    made["p"] = node("StockwrightPictureJob", images=["j", 0], theme="", kind="", subject="x")
    made["d0"]["inputs"]["jobs"] = ["p", 0]
    done = run(server, made)
    assert "there are 2 pictures and 1 jobs" in done.error


def seen(run: Path) -> list[tuple[np.ndarray, dict[str, Any]]]:
    """Vector and scores of each picture, in the order in which they were examined."""
    with sqlite3.connect(run / "run.sqlite") as db:
        rows = db.execute(
            "SELECT model, vector, scores FROM verdicts JOIN embeddings USING (job) ORDER BY at"
        ).fetchall()
    assert {model for model, _, _ in rows} == {VISION}
    return [(np.array(unit(data)), json.loads(scores)) for _, data, scores in rows]


def test_a_run_compares_what_it_sees_with_earlier_runs(server: Server, vision: str, tmp_path: Path):
    checks = ("file", "size", "flat", "blur", "noise", "nsfw", "text", "people", "deformed")
    quality = tmp_path / "quality.yaml"
    quality.write_text(
        "".join(f"{name}: off\n" for name in checks)
        + "duplicate: {check: warn, within: 0, similar: 0.9999}\n"
    )
    order = (*ITEMS, "--count", "2", "--quality", str(quality))
    passed: list[np.ndarray] = []
    for name in ("first", "second"):
        done = submit(tmp_path, *order, "--run", f"runs/{name}", examined=True)
        assert done.returncode == 0, done.stderr
        assert f"{VISION} looks at each picture too" in done.stderr
        found = seen(tmp_path / "runs" / name)
        assert [len(vector) for vector, _ in found] == [768] * 2
        for vector, scores in found:
            nearest = max((float(vector @ other) for other in passed), default=None)
            assert scores.get("similar") == pytest.approx(nearest, abs=1e-3)
            passed.append(vector)
    page = (tmp_path / "runs" / "second" / "report.html").read_text("utf-8")
    assert f"2 pictures also by {VISION}" in page
    assert VISION in page.partition("<h2>Models</h2>")[2]


def test_a_model_that_cannot_be_used_is_done_without(server: Server, tmp_path: Path):
    path = places.MODELS / "clip_vision" / "broken-vit-l.safetensors"
    path.parent.mkdir(exist_ok=True)
    save_file({"weight": torch.zeros(2, 2)}, path)
    quality = tmp_path / "quality.yaml"
    quality.write_text(f"duplicate: {{vision: {path.name}}}\n")
    try:
        done = submit(tmp_path, *ITEMS, "--count", "3", "--quality", str(quality), examined=True)
    finally:
        path.unlink()
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"{path.name} cannot look at the pictures") == 1
    assert "found by hashes alone" in done.stderr
