"""Upscale to Size on a real server, with ComfyUI's own loader and the real small upscale model."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from driver import places
from driver.errors import GraphRefused
from driver.server import Server
from tests.conftest import UPSCALER
from tests.graphs import Graph, node, run


def graph(size: str, shape: str = "crop", *, model: bool = True, colour: int = 0x336699) -> Graph:
    made: Graph = {
        "1": node("EmptyImage", width=40, height=24, batch_size=2, color=colour),
        "2": node("StockwrightUpscale", image=["1", 0], size=size, shape=shape),
        "3": node("SaveImage", images=["2", 0], filename_prefix=f"upscaled-{size}-{shape}"),
    }
    if model:
        made["4"] = node("UpscaleModelLoader", model_name=UPSCALER)
        made["2"]["inputs"]["upscale_model"] = ["4", 0]
    return made


def pictures(server: Server, made: Graph) -> list[np.ndarray]:
    done = run(server, made)
    assert done.success, done.error
    output = places.EMBEDDED / "base" / "output"
    files = [output / file["filename"] for file in done.outputs["3"]["images"]]
    return [np.asarray(Image.open(file)) for file in files]


@pytest.mark.parametrize(
    ("size", "shape", "shown"),
    [("2x", "crop", (48, 80)), ("100x100", "crop", (100, 100)), ("100x100", "fit", (60, 100))],
)
@pytest.mark.parametrize("model", [True, False])
def test_pictures_get_their_size(
    server: Server, size: str, shape: str, shown: tuple[int, int], model: bool
):
    found = pictures(server, graph(size, shape, model=model))
    assert [picture.shape for picture in found] == [(*shown, 3)] * 2
    for picture in found:
        assert np.abs(picture.astype(int) - (0x33, 0x66, 0x99)).max() <= 3


def test_it_works_after_the_core_node_has_moved_the_model(server: Server):
    made = graph("2x", colour=0x224466)
    made["5"] = node("ImageUpscaleWithModel", upscale_model=["4", 0], image=["1", 0])
    made["2"]["inputs"]["image"] = ["5", 0]
    assert [picture.shape for picture in pictures(server, made)] == [(96, 160, 3)] * 2


def test_a_size_that_cannot_be_read_is_refused_before_anything_runs(server: Server):
    with pytest.raises(GraphRefused, match=r"'large' is no size.*"):
        run(server, graph("large"))


def test_a_size_beyond_all_bounds_says_what_it_would_be(server: Server):
    done = run(server, graph("1000x", model=False))
    assert not done.success
    assert "40x24 pixels would get 40000x24000" in str(done.error)
