"""The nodes on a real server with the sketch checkpoint."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from driver import places
from driver.errors import GraphRefused
from driver.server import Server
from tests.graphs import Graph, output_path, run, saved, stock_graph
from tests.make_lora import make_lora

LONG = "a room with " + ", ".join(f"a chair number {n}" for n in range(40))


def jobs(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": f"job{n}",
            "theme": "Test Theme",
            "kind": "items",
            "subject": f"thing {n}",
            "prompt": f"thing number {n} on a table",
            "negative": "blur",
            "seed": 100 + n,
        }
        | changes
        for n in range(count)
    ]


def pictures(server: Server, graph: Graph) -> dict[str, np.ndarray]:
    files = saved(run(server, graph))
    found = {}
    for job, file in files.items():
        with Image.open(output_path(places.EMBEDDED, file)) as image:
            found[job] = np.asarray(image)
    return found


@pytest.mark.parametrize(
    ("size", "sampler", "cfg"), [(64, "dpmpp_2m", 5.0), (128, "euler", 1.0), (128, "dpmpp_2m", 5.0)]
)
def test_a_job_gives_the_same_picture_alone_and_in_a_batch(
    server: Server, size: int, sampler: str, cfg: float
):
    batch = jobs(5)
    options: dict[str, Any] = {"size": size, "sampler": sampler, "cfg": cfg}
    together = pictures(server, stock_graph(json.dumps(batch), **options))
    assert len({p.tobytes() for p in together.values()}) == 5, "all pictures differ"
    for job in batch:
        alone = pictures(server, stock_graph(json.dumps([job]), **options))
        assert np.array_equal(alone[job["id"]], together[job["id"]])


@pytest.mark.parametrize("sampler", ["euler_ancestral", "dpmpp_2m_sde", "lcm"])
def test_samplers_that_add_noise_are_exact_by_job_too(server: Server, sampler: str):
    batch = jobs(3)
    together = pictures(server, stock_graph(json.dumps(batch), sampler=sampler, per_job=True))
    for job in batch:
        text = json.dumps([job])
        alone = pictures(server, stock_graph(text, sampler=sampler, per_job=True))[job["id"]]
        assert np.array_equal(alone, together[job["id"]])
    plain = pictures(server, stock_graph(text, sampler=sampler))[job["id"]]
    assert np.array_equal(plain, alone), "one job looks as ComfyUI's own sampler paints it"


def test_mixed_lengths_and_sizes_do_not_change_a_picture(server: Server):
    batch = jobs(4)
    batch[1]["prompt"] = LONG
    batch[2] |= {"width": 96, "height": 64}
    batch[3]["negative"] = LONG
    together = pictures(server, stock_graph(json.dumps(batch)))
    assert together["job2"].shape == (64, 96, 3)
    for job in batch:
        alone = pictures(server, stock_graph(json.dumps([job])))
        assert np.array_equal(alone[job["id"]], together[job["id"]])


def test_prompt_seed_and_negative_change_the_picture(server: Server):
    made = [
        pictures(server, stock_graph(json.dumps(jobs(1, **change))))["job0"].tobytes()
        for change in ({}, {"prompt": "something else"}, {"seed": 5}, {"negative": "noise"})
    ]
    assert len(set(made)) == 4


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("[{", "not valid JSON"),
        ("[]", "there are 0 jobs"),
        (jobs(2, id="same"), "job same, field id: the id stands twice"),
        (jobs(1, prompt=""), "job job0, field prompt: the prompt is empty"),
        (jobs(1, width=65, height=64), "job job0, field width: 65 is not a multiple of 8"),
    ],
)
def test_bad_jobs_are_refused_before_anything_runs(server: Server, change: Any, expected: str):
    text = change if isinstance(change, str) else json.dumps(change)
    with pytest.raises(GraphRefused) as caught:
        run(server, stock_graph(text))
    assert expected in str(caught.value)


def test_a_bad_size_of_the_node_is_refused(server: Server):
    with pytest.raises(GraphRefused, match="field width: 100 is not a multiple of 8"):
        run(server, stock_graph(json.dumps(jobs(1)), size=100))


def test_files_are_named_by_job_and_their_hashes_are_true(server: Server):
    files = saved(run(server, stock_graph(json.dumps(jobs(2)), folder="tests/named")))
    path = output_path(places.EMBEDDED, files["job1"])
    assert files["job1"]["subfolder"] == "tests/named/test-theme/items"
    assert path.name == "thing-1-job1.png"
    data = path.read_bytes()
    assert files["job1"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert files["job1"]["bytes"] == len(data)
    assert (files["job1"]["width"], files["job1"]["height"]) == (64, 64)
    assert not list(path.parent.glob(".*")), "no temporary file is left"


@pytest.mark.parametrize(
    ("image_format", "suffix"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")]
)
def test_every_format_carries_its_graph(server: Server, image_format: str, suffix: str):
    graph = stock_graph(json.dumps(jobs(1)), image_format=image_format)
    path = output_path(places.EMBEDDED, saved(run(server, graph))["job0"])
    assert path.suffix == f".{suffix}"
    with Image.open(path) as image:
        image.load()
        assert image.size == (64, 64)
        if image_format == "png":
            prompt, job = json.loads(image.info["prompt"]), json.loads(image.info["stockwright"])
        else:
            exif = image.getexif()
            prompt = json.loads(exif[0x0110].removeprefix("prompt:"))
            job = json.loads(exif[0x010E].removeprefix("stockwright:"))
    assert prompt["9"]["inputs"]["format"] == image_format
    assert job["prompt"] == "thing number 0 on a table"


@pytest.mark.parametrize("folder", ["../out", "/etc", "a/../../b"])
def test_files_stay_in_the_output_folder(server: Server, folder: str):
    with pytest.raises(GraphRefused, match="leads out of the output folder"):
        run(server, stock_graph(json.dumps(jobs(1)), folder=folder))


@pytest.fixture(scope="module")
def lora(sketch_path: Path) -> str:
    make_lora(sketch_path, places.MODELS / "loras" / "film.safetensors", seed=1, scale=0.5)
    return "film"


def test_loras_change_pictures_and_empty_text_does_not(server: Server, lora: str):
    text = json.dumps(jobs(1))
    plain = pictures(server, stock_graph(text))["job0"]
    with_lora = pictures(server, stock_graph(text, loras=f"{lora}:0.8"))["job0"]
    weaker = pictures(server, stock_graph(text, loras=f"{lora}:0.1"))["job0"]
    nothing = pictures(server, stock_graph(text, loras=f"{lora}:0"))["job0"]
    assert not np.array_equal(plain, with_lora)
    assert not np.array_equal(weaker, with_lora)
    assert np.array_equal(plain, nothing)


def test_an_unknown_lora_lists_near_ones(server: Server, lora: str):
    with pytest.raises(GraphRefused, match=r"no LoRA 'flim'.*\n?.*film\.safetensors"):
        run(server, stock_graph(json.dumps(jobs(1)), loras="flim:0.5"))
