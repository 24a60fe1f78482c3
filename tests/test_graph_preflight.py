"""What preflight finds before anything is queued."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from driver.errors import PreflightFailed
from driver.graphs import (
    ApiGraph,
    Origins,
    check,
    find_missing_models,
    find_nodes,
    load_graph,
    to_api,
    without_planner,
)
from driver.places import CUSTOM_NODES, WORKFLOWS

EXAMPLES = CUSTOM_NODES / "stockwright" / "example_workflows"
DATA = Path(__file__).parent / "data"
INFO = json.loads((DATA / "object_info.json").read_text())


@pytest.fixture
def stock() -> ApiGraph:
    return to_api(load_graph(WORKFLOWS / "stock.json"), INFO)


@pytest.fixture
def plan() -> ApiGraph:
    return to_api(load_graph(WORKFLOWS / "plan.json"), INFO)


def put(api: ApiGraph, class_type: str, name: str, value: object) -> ApiGraph:
    changed = copy.deepcopy(api)
    changed[find_nodes(api, class_type)[0]]["inputs"][name] = value
    return changed


def test_the_projects_own_graphs_pass(stock: ApiGraph, plan: ApiGraph) -> None:
    check(stock, plan, INFO)


def test_one_error_lists_all_that_is_missing(stock: ApiGraph, plan: ApiGraph) -> None:
    stock = put(stock, "CheckpointLoaderSimple", "ckpt_name", "skech.safetensors")
    stock = put(stock, "KSamplerSelect", "sampler_name", "eular")
    stock = put(stock, "StockwrightLoraStack", "loras", "pastell:0.5, film")
    plan = put(plan, "StockwrightLoadLLM", "model", "Qwen.gguf")
    stock["90"] = {"class_type": "VAEDecodes", "inputs": {}, "_meta": {"title": "Fancy"}}
    stock["91"] = {"class_type": "FaceFixer", "inputs": {}, "_meta": {"title": "Faces"}}
    origins = Origins({"FaceFixer": "face-pack 1.2"}, {"film.safetensors": ("https://a/film", "")})
    with pytest.raises(PreflightFailed) as error:
        check(stock, plan, INFO, origins)
    text = str(error.value)
    for words in (
        "'Load Checkpoint', ckpt_name: 'skech.safetensors'; there is sketch.safetensors, sd_xl",
        "'Sampler', sampler_name: 'eular'; there is euler,",
        "'LoRA Stack', loras: 'pastell'; there is pastel.safetensors, film.safetensors",
        "'Load Prompt LLM', model: 'Qwen.gguf'; there is SmolLM2-135M-Instruct.Q4_1.gguf",
        "'Fancy' is of the class 'VAEDecodes'",
        "which the server does not have; did you mean VAEDecode",
        "'Faces' is of the class 'FaceFixer', which the server does not have (it is in the pack",
    ):
        assert words in text
    assert "'film'" not in text
    (faces,) = [line for line in text.splitlines() if "'FaceFixer'" in line]
    assert "did you mean" not in faces, "nothing is like it"
    assert error.value.exit_code == 2


def test_an_empty_model_folder(stock: ApiGraph, plan: ApiGraph) -> None:
    info = copy.deepcopy(INFO)
    info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] = []
    with pytest.raises(PreflightFailed, match="the server has none in models/checkpoints"):
        check(stock, plan, info)


@pytest.mark.parametrize("form", ["V1", "V3"])
def test_both_forms_of_a_choice(stock: ApiGraph, form: str) -> None:
    files = ["sd_xl_refiner.safetensors", "sketch.safetensors"]
    info = copy.deepcopy(INFO)
    info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = (
        [files, {}] if form == "V1" else ["COMBO", {"options": files}]
    )
    (missing,) = find_missing_models(stock, info)
    assert (missing.title, missing.input) == ("Load Checkpoint", "ckpt_name")
    assert missing.value == "sd_xl_base_1.0.safetensors"
    assert missing.available == tuple(files)
    assert stock[missing.node_id]["class_type"] == "CheckpointLoaderSimple"


def test_uploads_links_and_remote_lists_are_not_judged(stock: ApiGraph) -> None:
    stock["90"] = {"class_type": "LoadImage", "inputs": {"image": "mine/face.png [temp]"}}
    stock = put(stock, "BasicScheduler", "scheduler", ["90", 0])
    info = copy.deepcopy(INFO)
    spec = info["KSamplerSelect"]["input"]["required"]["sampler_name"]
    info["KSamplerSelect"]["input"]["required"]["sampler_name"] = [
        "COMBO",
        {"remote": {"route": "/x"}, "options": []},
    ]
    assert spec
    assert find_missing_models(stock, info) == []


def test_a_workflow_needs_a_node_that_saves_pictures(stock: ApiGraph, plan: ApiGraph) -> None:
    (saver,) = find_nodes(stock, "StockwrightSaveImage")
    without = {i: n for i, n in stock.items() if i != saver}
    with pytest.raises(PreflightFailed, match="no output node that saves pictures"):
        check(without, plan, INFO)
    images = stock[saver]["inputs"]["images"]
    core = {"class_type": "SaveImage", "inputs": {"images": images, "filename_prefix": "x"}}
    check({**without, "90": core}, plan, INFO)
    without["90"] = {"class_type": "SaveElsewhere", "inputs": core["inputs"]}
    with pytest.raises(PreflightFailed) as error:
        check(without, plan, INFO)
    assert "no output node" not in str(error.value), "it may be the one that is missing"


@pytest.mark.parametrize(
    ("class_type", "name", "value", "words"),
    [
        ("BasicScheduler", "steps", 0, "'Scheduler', steps: 0 is not from 1 to 10000"),
        ("BasicScheduler", "denoise", 1.5, "denoise: 1.5 is not from 0.0 to 1.0"),
        ("CFGGuider", "cfg", "high", "cfg: 'high' is not a number"),
        ("CFGGuider", "cfg", float("nan"), "cfg: NaN is not from"),
        ("BasicScheduler", "steps", {"a": 1}, "is not a whole number"),
    ],
)
def test_numbers_are_checked(
    stock: ApiGraph, plan: ApiGraph, class_type: str, name: str, value: object, words: str
) -> None:
    with pytest.raises(PreflightFailed) as error:
        check(put(stock, class_type, name, value), plan, INFO)
    assert words in str(error.value)


def test_numbers_that_the_server_takes(stock: ApiGraph, plan: ApiGraph) -> None:
    for value in (20, "20", 20.0, True):
        check(put(stock, "BasicScheduler", "steps", value), plan, INFO)


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        ("face.png", True),
        ("face.png [input]", True),
        ("there.png", False),
        ("there.png [input]", False),
        ("mine/face.png", False),
        ("face.png [temp]", False),
        ("face.png [output]", False),
    ],
)
def test_files_of_the_input_folder(stock: ApiGraph, value: str, missing: bool) -> None:
    info = copy.deepcopy(INFO)
    info["LoadImage"]["input"]["required"]["image"][0] = ["there.png"]
    stock["90"] = {"class_type": "LoadImage", "inputs": {"image": value}}
    (decode,) = find_nodes(stock, "VAEDecode")
    stock[decode]["inputs"]["also"] = ["90", 0]
    found = find_missing_models(stock, info)
    assert [(one.input, one.available, one.folder) for one in found if one.node_id == "90"] == (
        [("image", ("there.png",), "ComfyUI/input")] if missing else []
    )


def test_each_sort_of_fault_has_its_advice(stock: ApiGraph, plan: ApiGraph) -> None:
    info = copy.deepcopy(INFO)
    info["LoraLoader"]["input"]["required"]["lora_name"][0] = []
    (saver,) = find_nodes(stock, "StockwrightSaveImage")
    sorts = [
        ({i: n for i, n in stock.items() if i != saver}, "muted or bypassed"),
        (put(stock, "StockwrightLoraStack", "loras", "film"), "driver/models.py pull"),
        (put(stock, "KSamplerSelect", "sampler_name", "eular"), "with --set"),
        (put(stock, "BasicScheduler", "steps", 0), "with --set"),
        (without_input(stock, "VAEDecode", "vae"), "in the canvas"),
    ]
    told: list[str] = []
    for graph, words in sorts:
        with pytest.raises(PreflightFailed) as error:
            check(graph, plan, info)
        assert words in error.value.hint
        assert error.value.hint.count(".") <= 2
        told.append(str(error.value))
    assert "'film'; the server has none in models/loras" in told[1]


@pytest.mark.parametrize(
    ("files", "words"), [(["b.png"], "the folder has: b.png"), ([], "has: none of its kind")]
)
def test_an_input_picture_that_is_not_there(
    stock: ApiGraph, plan: ApiGraph, files: list[str], words: str
) -> None:
    info = copy.deepcopy(INFO)
    info["LoadImage"]["input"]["required"]["image"][0] = files
    stock["90"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    (decode,) = find_nodes(stock, "VAEDecode")
    stock[decode]["inputs"]["also"] = ["90", 0]
    with pytest.raises(PreflightFailed, match=r"'a\.png'; it is not in ComfyUI/input") as error:
        check(stock, plan, info)
    assert words in str(error.value)
    assert error.value.hint.startswith("Put input files into")


def without_input(api: ApiGraph, class_type: str, name: str) -> ApiGraph:
    changed = copy.deepcopy(api)
    del changed[find_nodes(api, class_type)[0]]["inputs"][name]
    return changed


@pytest.mark.parametrize(
    ("class_type", "name"), [("VAEDecode", "vae"), ("BasicScheduler", "steps")]
)
def test_required_inputs_that_are_missing(
    stock: ApiGraph, plan: ApiGraph, class_type: str, name: str
) -> None:
    with pytest.raises(PreflightFailed, match=f"{name}: is required, and has neither"):
        check(without_input(stock, class_type, name), plan, INFO)


def test_inputs_that_may_be_missing(stock: ApiGraph, plan: ApiGraph) -> None:
    """What is optional, and what the driver puts in."""
    for class_type, name in (("StockwrightBatch", "jobs"), ("StockwrightSaveImage", "folder")):
        stock = without_input(stock, class_type, name)
    for name in ("theme", "exclude", "seed"):
        plan = without_input(plan, "StockwrightWritePrompts", name)
    check(stock, plan, INFO)


def test_links_of_another_type(stock: ApiGraph, plan: ApiGraph) -> None:
    (loader,) = find_nodes(stock, "CheckpointLoaderSimple")
    with pytest.raises(PreflightFailed) as error:
        check(put(stock, "VAEDecode", "vae", [loader, 0]), plan, INFO)
    assert "vae: takes VAE, and 'Load Checkpoint' (CheckpointLoaderSimple) gives MODEL" in str(
        error.value
    )
    for slot in (3, -1):
        with pytest.raises(PreflightFailed, match=f"vae: takes output {slot} of .*, which has 3"):
            check(put(stock, "VAEDecode", "vae", [loader, slot]), plan, INFO)


def test_links_that_only_the_class_can_judge(stock: ApiGraph, plan: ApiGraph) -> None:
    (loader,) = find_nodes(stock, "CheckpointLoaderSimple")
    for kinds in (["*"], ["COMFY_MATCHTYPE_V3"], ["MODEL,VAE"], [["a", "b"]]):
        info = copy.deepcopy(INFO)
        info["CheckpointLoaderSimple"]["output"][2] = kinds[0]
        check(put(stock, "VAEDecode", "vae", [loader, 2]), plan, info)
    check(put(stock, "BasicScheduler", "scheduler", [loader, 0]), plan, INFO)


def test_a_subgraph_that_is_not_in_the_file(stock: ApiGraph, plan: ApiGraph) -> None:
    kind = "8a4f2c1e-0000-4000-8000-123456789abc"
    stock["90"] = {"class_type": kind, "inputs": {}, "_meta": {"title": "Details"}}
    with pytest.raises(PreflightFailed, match="'Details' is a subgraph, and what it consists of"):
        check(stock, plan, INFO)


def test_messages_stay_on_their_lines(stock: ApiGraph, plan: ApiGraph) -> None:
    """Whatever titles and values hold, and however many there are."""
    (decode,) = find_nodes(stock, "VAEDecode")
    for number in range(100):
        node = copy.deepcopy(stock[find_nodes(stock, "BasicScheduler")[0]])
        node["_meta"]["title"] = "T\n\x1b[2J" + "x" * 100_000
        node["inputs"] |= {"steps": 0, "scheduler": "y\n" * 1000}
        stock[f"n{number}"] = node
        stock[decode]["inputs"][f"more{number}"] = [f"n{number}", 0]
    with pytest.raises(PreflightFailed) as error:
        check(stock, plan, INFO)
    assert "\x1b" not in str(error.value)
    assert len(str(error.value).splitlines()) == 2 * 20 + 2
    assert len(str(error.value)) < 40_000


def test_what_leads_to_no_output_is_not_judged(stock: ApiGraph, plan: ApiGraph) -> None:
    stock["90"] = {"class_type": "LoadImage", "inputs": {"image": "face.png"}}
    stock["91"] = {"class_type": "BasicScheduler", "inputs": {"steps": 0}}
    info = copy.deepcopy(INFO)
    check(stock, plan, info)


def test_two_of_a_node_that_must_be_one(stock: ApiGraph, plan: ApiGraph) -> None:
    second = copy.deepcopy(stock[find_nodes(stock, "StockwrightBatch")[0]])
    second["_meta"]["title"] = "Other"
    with pytest.raises(PreflightFailed, match="2 Stockwright Batch nodes") as error:
        check({**stock, "99": second}, plan, INFO)
    assert "'Stockwright Batch', 'Other'" in str(error.value)
    with pytest.raises(PreflightFailed, match="plan graph has 0 Write Theme Prompts"):
        check(stock, stock, INFO)


def test_a_broken_lora_text(stock: ApiGraph, plan: ApiGraph) -> None:
    with pytest.raises(PreflightFailed, match="not a strength"):
        check(put(stock, "StockwrightLoraStack", "loras", "film:x"), plan, INFO)


def test_a_graph_that_plans_by_itself_is_driven_without_its_planner(plan: ApiGraph) -> None:
    whole = to_api(load_graph(EXAMPLES / "theme-to-pictures.json"), INFO)
    driven = without_planner(whole, INFO)
    left_out = {node["class_type"] for i, node in whole.items() if i not in driven}
    assert left_out == {
        *("StockwrightLoadLLM", "StockwrightLoadEncoder", "StockwrightWritePrompts")
    }
    (batch,) = find_nodes(driven, "StockwrightBatch")
    assert driven[batch]["inputs"]["jobs"] == ""
    check(driven, plan, INFO)


def test_a_planner_that_feeds_more_than_the_batch_stays() -> None:
    whole = to_api(load_graph(EXAMPLES / "theme-to-pictures.json"), INFO)
    (writer,) = find_nodes(whole, "StockwrightWritePrompts")
    whole["90"] = {"class_type": "PreviewAny", "inputs": {"source": [writer, 1]}}
    assert without_planner(whole, INFO) == whole
