"""Graphs without our nodes, driven by `submit.py` on a real server with the small checkpoint."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from driver import places
from driver.server import Server
from tests import commands
from tests.commands import painted, submit, the_run
from tests.graphs import node, stock_graph
from tests.make_lora import make_lora

SIZE = 64
TWO = (*commands.ITEMS, "--count", "2")


def classic(**sampler: Any) -> dict[str, Any]:
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="sketch.safetensors"),
        "2": node("CLIPTextEncode", "Prompt", clip=["1", 1], text="a cat"),
        "3": node("CLIPTextEncode", "Negative", clip=["1", 1], text="blurry"),
        "4": node("EmptyLatentImage", width=SIZE, height=SIZE, batch_size=3),
        "5": node(
            "KSampler",
            **{
                "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0],
                "latent_image": ["4", 0], "seed": 1, "steps": 4, "cfg": 5.0,
                "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            } | sampler,
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0], filename_prefix="elsewhere"),
    }  # fmt: skip


def drive(cwd: Path, graph: dict[str, Any], *arguments: str) -> Path:
    """Runs two jobs through a graph; the run's folder."""
    cwd.mkdir(exist_ok=True)
    path = cwd / "graph.json"
    path.write_text(json.dumps(graph))
    done = submit(cwd, *TWO, "--workflow", str(path), *arguments, small=False)
    assert done.returncode == 0, done.stderr
    assert len(commands.pictures(the_run(cwd))) == 2
    return the_run(cwd)


def pixels(run: Path) -> dict[str, bytes]:
    """Subject -> the picture's pixels."""
    found: dict[str, bytes] = {}
    for row in commands.manifest(run):
        with Image.open(run / row["file"]) as image:
            found[row["subject"]] = image.convert("RGB").tobytes()
    return found


@pytest.fixture(scope="module")
def plain(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the classic graph."""
    return drive(tmp_path_factory.mktemp("plain"), classic())


def test_each_picture_is_its_jobs(plain: Path):
    graphs = painted(plain)
    for row in commands.manifest(plain):
        graph = graphs[row["id"]]
        assert graph["2"]["inputs"]["text"] == row["prompt"]
        assert graph["3"]["inputs"]["text"] == row["negative"]
        assert graph["5"]["inputs"]["seed"] == int(row["seed"])
        assert graph["4"]["inputs"]["batch_size"] == 1
        assert (row["width"], row["height"]) == (str(SIZE), str(SIZE))
    assert len(set(pixels(plain).values())) == 2


def test_the_servers_copies_are_removed(plain: Path):
    left = places.BASE / "output" / "stockwright" / plain.name[-8:]
    assert not [p for p in left.rglob("*") if p.is_file()]
    assert not list((places.BASE / "output").glob("elsewhere*"))


def test_again_it_paints_the_same(plain: Path, tmp_path: Path):
    assert pixels(drive(tmp_path, classic())) == pixels(plain)


def test_a_preview_is_enough(plain: Path, tmp_path: Path):
    graph = classic()
    graph["7"] = node("PreviewImage", images=["6", 0])
    assert pixels(drive(tmp_path, graph)) == pixels(plain)


def test_of_two_save_nodes_the_last_one_counts(server: Server, tmp_path: Path):
    graph = classic()
    graph["8"] = node(
        "LatentUpscale",
        samples=["5", 0],
        upscale_method="nearest-exact",
        width=2 * SIZE,
        height=2 * SIZE,
        crop="disabled",
    )
    second = graph["5"]["inputs"] | {"latent_image": ["8", 0], "denoise": 0.5}
    graph["9"] = node("KSampler", "Hires", **second)
    graph["10"] = node("VAEDecode", samples=["9", 0], vae=["1", 2])
    graph["11"] = node("SaveImage", "Large", images=["10", 0], filename_prefix="large")
    graph["12"] = node("PreviewImage", images=["10", 0])
    for row in commands.manifest(drive(tmp_path, graph)):
        assert (row["width"], row["height"]) == (str(2 * SIZE), str(2 * SIZE))


def test_a_batch_with_a_core_save_node(server: Server, tmp_path: Path):
    graph = stock_graph("[]", size=SIZE)
    graph["9"] = node("SaveImage", images=["8", 0], filename_prefix="x")
    run = drive(tmp_path, graph)
    assert len(set(pixels(run).values())) == 2


def test_a_lora_goes_behind_the_checkpoint(
    server: Server, sketch_path: Path, plain: Path, tmp_path: Path
):
    make_lora(sketch_path, places.MODELS / "loras" / "traced.safetensors", seed=3, scale=0.5)
    run = drive(tmp_path, classic(), "--lora", "traced:0.8")
    for graph in painted(run).values():
        assert graph["lora-1"]["inputs"]["lora_name"] == "traced.safetensors"
        assert graph["5"]["inputs"]["model"] == ["lora-1", 0]
        assert graph["2"]["inputs"]["clip"] == ["lora-1", 1]
    assert pixels(run).keys() == pixels(plain).keys()
    assert not set(pixels(run).values()) & set(pixels(plain).values())


def test_a_settings_file_is_frozen_and_flags_win(server: Server, tmp_path: Path):
    settings = tmp_path / "settings.yaml"
    settings.write_text('sampler: heun\nsteps: 3\ncfg: 4\nsize: 64x128\n"KSampler.denoise": 0.9\n')
    run = drive(
        tmp_path, classic(), "--settings", str(settings), "--set", "KSampler.steps=2"
    )  # fmt: skip
    for graph in painted(run).values():
        found = graph["5"]["inputs"]
        assert (found["sampler_name"], found["steps"], found["cfg"]) == ("heun", 2, 4.0)
        assert found["denoise"] == 0.9
        assert graph["4"]["inputs"]["height"] == 128
    settings.unlink()
    commands.pictures(run)[0].unlink()
    again = submit(tmp_path, "--run", str(run), small=False)
    assert again.returncode == 0, again.stderr
    assert len(commands.pictures(run)) == 2


def test_a_dry_run_shows_what_changes_and_keeps_json_clean(server: Server, tmp_path: Path):
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(classic()))
    done = submit(
        tmp_path, *TWO, "--workflow", str(path), "--set", "KSampler.steps=9", "--dry-run",
        "--json", small=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    (line,) = [line for line in done.stderr.splitlines() if "KSampler.steps" in line]
    assert line.split() == ["KSampler.steps", "4", "9"]
    assert not list(tmp_path.glob("runs/*"))


def test_what_is_not_certain_is_said_and_can_be_named(server: Server, tmp_path: Path):
    graph = classic(negative=["2", 0])
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(graph))
    done = submit(tmp_path, *TWO, "--workflow", str(path), small=False)
    assert done.returncode == 2
    assert "'Prompt' (CLIPTextEncode) is both the prompt and the negative" in done.stderr
    assert "[trace]" in done.stderr
    assert not list(tmp_path.rglob("order.yaml"))
    run = drive(tmp_path, graph, "--set", "Prompt.text=photo of {prompt}")
    rows = {row["id"]: row["prompt"] for row in commands.manifest(run)}
    for job, painter in painted(run).items():
        assert painter["2"]["inputs"]["text"] == f"photo of {rows[job]}"


def test_a_settings_file_with_an_unknown_key(server: Server, tmp_path: Path):
    settings = tmp_path / "settings.yaml"
    settings.write_text("step: 3\n")
    done = submit(tmp_path, *TWO, "--settings", str(settings), small=False)
    assert done.returncode == 2
    assert "Did you mean steps?" in done.stderr


CHECKPOINT = ("--checkpoint", "sketch")
TEMPLATES = {
    "default": CHECKPOINT,
    "sdxlturbo_example": CHECKPOINT,
    "flux_schnell": CHECKPOINT,
    "sd3.5_simple_example": CHECKPOINT,
    "sdxl_simple_example": (
        *("--set", "Load Checkpoint - BASE.ckpt_name=sketch"),
        *("--set", "Load Checkpoint - REFINER.ckpt_name=sketch"),
    ),
}


def template(name: str) -> Path:
    for part in ("image", "other"):
        spec = importlib.util.find_spec(f"comfyui_workflow_templates_media_{part}")
        assert spec is not None and spec.origin is not None
        path = Path(spec.origin).parent / "templates" / f"{name}.json"
        if path.exists():
            return path
    raise AssertionError(f"no template {name}")


@pytest.mark.parametrize("name", TEMPLATES)
def test_official_templates_untouched_but_for_the_checkpoint(
    server: Server, tmp_path: Path, name: str
):
    settings = tmp_path / "settings.yaml"
    settings.write_text("size: 64x64\n")
    arguments = ("--workflow", str(template(name)), *TEMPLATES[name])
    done = submit(tmp_path, *TWO, *arguments, "--settings", str(settings), small=False)
    assert done.returncode == 0, done.stderr
    run = the_run(tmp_path)
    assert len(set(pixels(run).values())) == 2
    graphs = painted(run)
    for row in commands.manifest(run):
        texts = [n["inputs"].get("text") for n in graphs[row["id"]].values()]
        assert row["prompt"] in texts


@pytest.mark.parametrize("name", ["image_qwen_image", "image_z_image_turbo"])
def test_official_templates_of_other_families_name_their_models(
    server: Server, tmp_path: Path, name: str
):
    path = template(name)
    done = submit(tmp_path, *TWO, "--workflow", str(path), "--server", server.url, small=False)
    assert done.returncode == 2
    assert "[preflight]" in done.stderr
    nodes = {n["type"]: n for n in json.loads(path.read_text())["nodes"]}
    for loader in ("UNETLoader", "CLIPLoader", "VAELoader"):
        assert nodes[loader]["widgets_values"][0] in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("  ")]
    assert len(lines) == 3, "nothing else is missing"
