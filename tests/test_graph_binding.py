"""Settings into a graph."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from driver.errors import BindingError
from driver.graphs import (
    ApiGraph,
    batch_size_of,
    bind_jobs,
    bind_plan,
    find_nodes,
    load_graph,
    parse_assignment,
    set_checkpoint,
    set_only,
    set_value,
    title_of,
    to_api,
)
from driver.places import CUSTOM_NODES, WORKFLOWS
from stockwright.core.jobs import Job, parse_jobs

DATA = Path(__file__).parent / "data"
EXAMPLES = CUSTOM_NODES / "stockwright" / "example_workflows"
INFO = json.loads((DATA / "object_info.json").read_text())
JOB = Job.create(
    theme="Медицина", kind="items", subject="lamp", prompt="a lamp", negative="", seed=3
)


@pytest.fixture
def stock() -> ApiGraph:
    return to_api(load_graph(WORKFLOWS / "stock.json"), INFO)


@pytest.fixture
def plan() -> ApiGraph:
    return to_api(load_graph(WORKFLOWS / "plan.json"), INFO)


def inputs(api: ApiGraph, class_type: str) -> dict[str, Any]:
    (node_id,) = find_nodes(api, class_type)
    return api[node_id]["inputs"]


def retitled(api: ApiGraph, class_type: str, title: str) -> ApiGraph:
    changed = copy.deepcopy(api)
    for node_id in find_nodes(api, class_type):
        changed[node_id]["_meta"]["title"] = title
    return changed


@pytest.mark.parametrize("target", ["Stockwright Batch.width", "StockwrightBatch.height"])
def test_a_side_off_its_step_is_refused(stock: ApiGraph, target: str) -> None:
    with pytest.raises(BindingError, match="65 is not a multiple of 8; the nearest is 64"):
        set_value(stock, target, "65", INFO)
    set_value(stock, target, "72", INFO)


def with_copy(api: ApiGraph, class_type: str) -> ApiGraph:
    return {**api, "999": copy.deepcopy(api[find_nodes(api, class_type)[0]])}


def without(api: ApiGraph, class_type: str) -> ApiGraph:
    return {i: node for i, node in api.items() if node["class_type"] != class_type}


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("Scheduler.steps=20", "Scheduler.steps", "20"),
        ("My v1.5 node.text=a=b.c=d", "My v1.5 node.text", "a=b.c=d"),
        ("A=B.text=x", "A=B.text", "x"),
        ("Node.text=", "Node.text", ""),
        ("Node.text=two\nlines", "Node.text", "two\nlines"),
    ],
)
def test_parse_assignment(text: str, target: str, value: str) -> None:
    assert parse_assignment(text) == (target, value)


@pytest.mark.parametrize("text", ["", "=", "steps=20", "Scheduler.steps", ".steps=20"])
def test_what_is_no_assignment(text: str) -> None:
    with pytest.raises(BindingError, match="input=value"):
        parse_assignment(text)


@pytest.mark.parametrize(
    ("target", "value", "class_type", "expected"),
    [
        ("Scheduler.steps", "20", "BasicScheduler", 20),
        ("scheduler.steps", "20", "BasicScheduler", 20),
        ("BasicScheduler.denoise", "0.5", "BasicScheduler", 0.5),
        ("Guider.cfg", "7", "CFGGuider", 7.0),
        ("Sampler.sampler_name", "Euler", "KSamplerSelect", "euler"),
        ("Save Stock Image.format", "webp", "StockwrightSaveImage", "webp"),
        ("Stockwright Batch.width", "512", "StockwrightBatch", 512),
        ("Stockwright Batch.jobs", "[]", "StockwrightBatch", "[]"),
    ],
)
def test_set_value(
    stock: ApiGraph, target: str, value: str, class_type: str, expected: Any
) -> None:
    before = copy.deepcopy(stock)
    after = set_value(stock, target, value, INFO)
    found = inputs(after, class_type)[target.rpartition(".")[2]]
    assert found == expected
    assert type(found) is type(expected)
    assert stock == before


@pytest.mark.parametrize(("text", "value"), [("true", True), ("On", True), ("0", False)])
def test_set_a_switch(plan: ApiGraph, text: str, value: bool) -> None:
    after = set_value(plan, "Load Prompt LLM.keep_loaded", text, INFO)
    assert inputs(after, "StockwrightLoadLLM")["keep_loaded"] is value


def test_titles_may_hold_dots(stock: ApiGraph) -> None:
    api = retitled(stock, "BasicScheduler", "Steps v1.5")
    after = set_value(api, "Steps v1.5.steps", "9", INFO)
    assert inputs(after, "BasicScheduler")["steps"] == 9


@pytest.mark.parametrize(
    ("target", "value", "words"),
    [
        ("Schedular.steps", "20", ["no node has the title or class 'Schedular'", "Scheduler"]),
        ("5.steps", "20", ["no node has the title or class '5'"]),
        ("steps", "20", ["Node title.input"]),
        ("Scheduler.step", "20", ["no input 'step'", "scheduler, steps, denoise"]),
        ("Scheduler.steps", "many", ["'many' is not a whole number", "Scheduler.steps"]),
        ("Scheduler.steps", "2.5", ["not a whole number"]),
        ("Scheduler.steps", "0", ["0 is not from 1 to 10000"]),
        ("Guider.cfg", "high", ["'high' is not a number"]),
        ("Guider.cfg", "nan", ["is not from 0.0 to 100.0"]),
        ("Scheduler.scheduler", "karas", ["does not offer 'karas'", "It offers karras"]),
        ("Guider.model", "x", ["takes a link of type MODEL"]),
    ],
)
def test_a_setting_that_does_not_fit(
    stock: ApiGraph, target: str, value: str, words: list[str]
) -> None:
    with pytest.raises(BindingError) as error:
        set_value(stock, target, value, INFO)
    for word in words:
        assert word in str(error.value)


def test_a_switch_takes_yes_or_no(plan: ApiGraph) -> None:
    with pytest.raises(BindingError, match="neither true nor false"):
        set_value(plan, "Load Prompt LLM.keep_loaded", "maybe", INFO)


def test_two_nodes_of_one_title_are_listed(stock: ApiGraph) -> None:
    with pytest.raises(BindingError) as error:
        set_value(retitled(stock, "CFGGuider", "Scheduler"), "Scheduler.steps", "3", INFO)
    for word in (
        "2 nodes match",
        "'Scheduler#1' (BasicScheduler), 'Scheduler#2' (CFGGuider)",
        '"Scheduler#1.steps"',
    ):
        assert word in str(error.value)


def test_nodes_of_one_title_are_told_apart_by_their_order(stock: ApiGraph) -> None:
    api = retitled(stock, "CFGGuider", "Scheduler")
    after = set_value(api, "scheduler #1.steps", "3", INFO)
    assert inputs(after, "BasicScheduler")["steps"] == 3
    assert inputs(set_value(api, "Scheduler#2.cfg", "3", INFO), "CFGGuider")["cfg"] == 3.0
    two = with_copy(stock, "CFGGuider")
    assert set_value(two, "CFGGuider#2.cfg", "3", INFO)["999"]["inputs"]["cfg"] == 3.0
    for wrong in ("Scheduler#0", "Scheduler#3", "Scheduler#x", "#1"):
        with pytest.raises(BindingError, match="no node has the title or class") as error:
            set_value(api, f"{wrong}.cfg", "3", INFO)
    assert "Scheduler#2" in error.value.hint
    own = retitled(stock, "CFGGuider", "Scheduler#2")
    assert inputs(set_value(own, "Scheduler#2.cfg", "3", INFO), "CFGGuider")["cfg"] == 3.0


def test_spaces_around_a_title_do_not_count(stock: ApiGraph) -> None:
    api = retitled(stock, "CFGGuider", " My guider ")
    assert inputs(set_value(api, "My guider.cfg", "3", INFO), "CFGGuider")["cfg"] == 3.0
    nameless = retitled(stock, "CFGGuider", " ")
    assert inputs(set_value(nameless, "CFGGuider.cfg", "3", INFO), "CFGGuider")["cfg"] == 3.0


def test_a_class_that_the_server_does_not_have(stock: ApiGraph) -> None:
    with pytest.raises(BindingError, match="does not have its class 'CFGGuider'"):
        set_value(stock, "Guider.cfg", "3", {})


@pytest.mark.parametrize("name", ["sketch.safetensors", "sketch", "Sketch.SAFETENSORS"])
def test_set_checkpoint(stock: ApiGraph, name: str) -> None:
    after = set_checkpoint(stock, name, INFO)
    assert inputs(after, "CheckpointLoaderSimple")["ckpt_name"] == "sketch.safetensors"
    assert inputs(stock, "CheckpointLoaderSimple")["ckpt_name"] == "sd_xl_base_1.0.safetensors"


def test_a_checkpoint_by_its_name_without_folder(stock: ApiGraph) -> None:
    info = copy.deepcopy(INFO)
    spec = info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"]
    spec[0] = ["xl/juggernaut.safetensors", "old\\dream.ckpt", "a/same.ckpt", "b/same.ckpt"]
    after = set_checkpoint(stock, "juggernaut", info)
    assert inputs(after, "CheckpointLoaderSimple")["ckpt_name"] == "xl/juggernaut.safetensors"
    after = set_checkpoint(stock, "old/dream.ckpt", info)
    assert inputs(after, "CheckpointLoaderSimple")["ckpt_name"] == "old\\dream.ckpt"
    with pytest.raises(BindingError, match=r"may mean a/same.ckpt, b/same.ckpt"):
        set_checkpoint(stock, "same.ckpt", info)


def test_a_checkpoint_that_is_not_there(stock: ApiGraph) -> None:
    after = set_checkpoint(stock, "skech", INFO)  # for preflight, which lists it with all else
    assert inputs(after, "CheckpointLoaderSimple")["ckpt_name"] == "skech"


def test_no_or_two_checkpoint_loaders(stock: ApiGraph) -> None:
    with pytest.raises(BindingError, match="no checkpoint loader, and no node that loads a"):
        set_checkpoint(without(stock, "CheckpointLoaderSimple"), "sketch", INFO)
    two = with_copy(stock, "CheckpointLoaderSimple")
    two["999"]["_meta"]["title"] = "Refiner"
    with pytest.raises(BindingError, match="2 nodes load a checkpoint") as error:
        set_checkpoint(two, "sketch", INFO)
    for word in ("'Load Checkpoint'", "'Refiner'"):
        assert word in str(error.value)
    command = '--set "Load Checkpoint.ckpt_name=sketch" --set "Refiner.ckpt_name=sketch"'
    assert command in error.value.hint


def test_set_the_only_input_of_a_name(stock: ApiGraph) -> None:
    after = set_only(stock, "steps", "9", INFO)
    assert inputs(after, "BasicScheduler")["steps"] == 9
    assert inputs(set_only(stock, "cfg", "4", INFO), "CFGGuider")["cfg"] == 4.0
    with pytest.raises(BindingError, match="0 is not from 1 to 10000"):
        set_only(stock, "steps", "0", INFO)
    with pytest.raises(BindingError, match="0 nodes have an input 'shift'"):
        set_only(stock, "shift", "3", INFO)
    with pytest.raises(BindingError, match="2 nodes have an input 'steps': 'Scheduler#1'") as error:
        set_only(with_copy(stock, "BasicScheduler"), "steps", "3", INFO)
    assert "Node title.steps" in error.value.hint


def test_a_graph_with_a_diffusion_model_names_its_input(stock: ApiGraph) -> None:
    api = without(stock, "CheckpointLoaderSimple")
    api["1"] = {"class_type": "UNETLoader", "inputs": {"unet_name": "a"}}
    info = INFO | {"UNETLoader": {"input": {"required": {"unet_name": [["a"], {}]}}}}
    with pytest.raises(BindingError, match=r"model with 'UNETLoader'\.unet_name") as error:
        set_checkpoint(api, "b", info)
    assert "Leave --checkpoint out" in error.value.hint
    assert '--set "UNETLoader.unet_name=FILE"' in error.value.hint


def test_a_misspelt_input_names_the_one_that_was_meant(stock: ApiGraph) -> None:
    with pytest.raises(BindingError, match="has no input 'step'") as error:
        set_value(stock, "Scheduler.step", "9", INFO)
    assert error.value.hint.startswith("Did you mean steps? It has ")


def test_bind_jobs(stock: ApiGraph) -> None:
    before = copy.deepcopy(stock)
    after = bind_jobs(stock, [JOB, JOB.sized(64, 32)], "orders/one")
    jobs = inputs(after, "StockwrightBatch")["jobs"]
    assert [Job(**{"width": None, "height": None, **item}) for item in json.loads(jobs)] == [
        JOB,
        JOB.sized(64, 32),
    ]
    assert inputs(after, "StockwrightSaveImage")["folder"] == "orders/one"
    assert stock == before


def test_jobs_replace_a_link(stock: ApiGraph) -> None:
    (batch,) = find_nodes(stock, "StockwrightBatch")
    stock[batch]["inputs"]["jobs"] = ["17", 0]
    after = bind_jobs(stock, [JOB], "x")
    assert parse_jobs(inputs(after, "StockwrightBatch")["jobs"]) == (JOB,)


def test_several_save_nodes_do_not_overwrite_each_other(stock: ApiGraph) -> None:
    two = with_copy(stock, "StockwrightSaveImage")
    after = bind_jobs(two, [JOB], "x")
    folders = [after[i]["inputs"]["folder"] for i in find_nodes(after, "StockwrightSaveImage")]
    assert folders == ["x/save-stock-image-1", "x/save-stock-image-2"]


def test_jobs_need_one_batch(stock: ApiGraph) -> None:
    with pytest.raises(BindingError, match="0 Stockwright Batch"):
        bind_jobs(without(stock, "StockwrightBatch"), [JOB], "x")
    with pytest.raises(BindingError, match="2 Stockwright Batch"):
        bind_jobs(with_copy(stock, "StockwrightBatch"), [JOB], "x")


def test_bind_plan(plan: ApiGraph) -> None:
    before = copy.deepcopy(plan)
    after = bind_plan(
        plan, "id: a", "items: {}", 7, 99, exclude=["red chair", "lamp"], earlier=["a", "b"]
    )
    found = inputs(after, "StockwrightWritePrompts")
    assert isinstance(found.pop("llm"), list) and isinstance(found.pop("encoder"), list)
    assert found == {
        "theme": "id: a",
        "kinds": "items: {}",
        "count": 7,
        "seed": 99,
        "exclude": "red chair\nlamp",
        "earlier": "a\nb",
        "max_similarity": 0.93,
        "polish": False,
    }
    assert plan == before
    with pytest.raises(BindingError, match="0 Write Theme Prompts"):
        bind_plan({}, "a", "b", 1, 1, exclude=[], earlier=[])


def test_jobs_get_in_before_the_nodes_that_rewrite_prompts() -> None:
    whole = to_api(load_graph(EXAMPLES / "wish-to-pictures.json"), INFO)
    bound = bind_jobs(whole, [JOB], "out")
    (translate,) = find_nodes(bound, "StockwrightTranslatePrompt")
    (batch,) = find_nodes(bound, "StockwrightBatch")
    assert json.loads(bound[translate]["inputs"]["prompt"])[0]["id"] == JOB.id
    assert bound[batch] == whole[batch], "its link stays"


def test_batch_size(stock: ApiGraph) -> None:
    assert batch_size_of(stock) == (1024, 1024)
    (batch,) = find_nodes(stock, "StockwrightBatch")
    stock[batch]["inputs"]["width"] = ["3", 0]
    with pytest.raises(BindingError, match="not links"):
        batch_size_of(stock)


def test_a_node_without_a_title_goes_by_its_class() -> None:
    api: ApiGraph = {"1": {"class_type": "VAEDecode", "inputs": {}}}
    assert title_of(api, "1") == "VAEDecode"
