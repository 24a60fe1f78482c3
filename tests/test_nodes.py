"""The nodes on a real server with the sketch checkpoint."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from driver import places
from driver.errors import GraphRefused
from driver.host import launch
from driver.server import Server
from tests.graphs import Graph, cached, llm_graph, output_path, plan_graph, run, saved, stock_graph
from tests.make_lora import make_lora

BF16 = "--bf16-vae" in launch.device_flags(Path(sys.executable))
"""Whether the small checkpoint computes in bf16, where it is exact in any batch."""

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


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures agree: in each bit in bf16, elsewhere within 1/255."""
    if BF16:
        return np.array_equal(one, other)
    return one.shape == other.shape and bool(np.abs(one.astype(int) - other).max() <= 1)


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
        assert same(alone[job["id"]], together[job["id"]])


@pytest.mark.parametrize("sampler", ["euler_ancestral", "dpmpp_2m_sde", "lcm"])
def test_samplers_that_add_noise_are_exact_by_job_too(server: Server, sampler: str):
    batch = jobs(3)
    together = pictures(server, stock_graph(json.dumps(batch), sampler=sampler, per_job=True))
    for job in batch:
        text = json.dumps([job])
        alone = pictures(server, stock_graph(text, sampler=sampler, per_job=True))[job["id"]]
        assert same(alone, together[job["id"]])
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
        assert same(alone[job["id"]], together[job["id"]])


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


@pytest.mark.parametrize("letter", ["ж", "茶", "\N{CJK UNIFIED IDEOGRAPH-20000}"])
def test_long_names_in_any_script_fit_the_file_system(server: Server, letter: str):
    text = letter * 200
    job = {"id": "i" * 64, "theme": text, "kind": text, "subject": text}
    graph = stock_graph(json.dumps(jobs(1, **job)), folder="tests/long", image_format="webp")
    path = output_path(places.EMBEDDED, saved(run(server, graph))["i" * 64])
    assert path.is_file() and path.name.startswith(letter * 30)
    assert {len(part.name.encode()) for part in path.parents[:2]} == {120}


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


def test_another_lora_under_the_same_name_counts(server: Server, sketch_path: Path):
    path = places.MODELS / "loras" / "changing.safetensors"
    graph = stock_graph(json.dumps(jobs(1)), loras="changing:0.8")
    make_lora(sketch_path, path, seed=1, scale=0.5)
    before = pictures(server, graph)["job0"]
    assert "2" in cached(server, graph), "the same file is not read again"
    make_lora(sketch_path, path, seed=2, scale=0.5)
    assert not np.array_equal(before, pictures(server, graph)["job0"])


def test_another_llm_under_the_same_name_counts(server: Server):
    path = places.MODELS / "llm" / "changing.gguf"
    path.write_bytes(b"GGUF")
    graph = llm_graph(path.name)
    assert "1" not in cached(server, graph)
    assert "1" in cached(server, graph)
    os.utime(path, ns=(0, 0))
    assert "1" not in cached(server, graph)


@pytest.fixture
def prompts() -> Iterator[Path]:
    """A designer's own prompts folder, empty again at the end."""
    folder = places.MODELS / "prompts"
    (folder / "themes").mkdir(parents=True, exist_ok=True)
    yield folder
    for path in folder.rglob("*.yaml"):
        path.unlink()


def planned(server: Server, graph: Graph) -> dict[str, Any]:
    (job,) = run(server, graph).outputs["2"]["stockwright_jobs"]
    return job


def test_edited_definitions_count_and_equal_ones_do_not(server: Server, prompts: Path):
    theme, kinds = prompts / "themes" / "tests.yaml", prompts / "kinds.yaml"
    theme.write_text("id: tests\ntitle: Tea\nabout: tea cup")
    kinds.write_text("cups: {share: 100, ask: cups, prompt: 'a {subject}'}")
    graph = plan_graph("tests", "cups=100")
    job = planned(server, graph)
    assert (job["theme"], job["prompt"]) == ("Tea", f"a {job['subject']}")
    theme.write_text("# mine\nid: tests\ntitle: 'Tea'\nabout: tea cup\n")
    assert "2" in cached(server, graph)
    theme.write_text("id: tests\ntitle: Green Tea\nabout: tea cup")
    assert planned(server, graph)["theme"] == "Green Tea"
    kinds.write_text(kinds.read_text().replace("a {subject}", "the {subject}"))
    job = planned(server, graph)
    assert job["prompt"] == f"the {job['subject']}"
    wording = (places.PROMPTS / "llm.yaml").read_text("utf-8")
    (prompts / "llm.yaml").write_text(wording.replace("You name", "You list"))
    assert "2" not in cached(server, graph)
    for name, text in (
        ("forbidden.yaml", "other: [teapot]"),
        ("glossary.yaml", "чай: tea"),
        ("themes/other.yaml", "title: Coffee"),
    ):
        (prompts / name).write_text(text, "utf-8")
        assert "2" not in cached(server, graph), name
        assert "2" in cached(server, graph), name


def test_edited_definitions_count_for_linked_texts_too(server: Server, prompts: Path):
    theme = prompts / "themes" / "tests.yaml"
    theme.write_text("id: tests\ntitle: Tea")
    graph = plan_graph("tests", "items=100", linked=True)
    assert planned(server, graph)["theme"] == "Tea"
    assert "2" in cached(server, graph)
    theme.write_text("id: tests\ntitle: Green Tea")
    assert planned(server, graph)["theme"] == "Green Tea"
