"""The graph that rewrites wishes, and the one of PhotoMaker, bound without a server."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from driver.avatars.making_settings import load_making
from driver.avatars.wishes import KIND, THEME
from driver.errors import BindingError, PreflightFailed
from driver.graphs import (
    ApiGraph,
    bind_wish,
    chain,
    find_nodes,
    load_graph,
    to_api,
    without_lacking,
)
from driver.order import Order, Wish, digest
from driver.places import WORKFLOWS
from driver.prepare import prepare
from stockwright.core import names
from stockwright.core.jobs import Job
from stockwright.core.loras import LoraUse

INFO: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "object_info.json").read_text("utf-8")
)
QWEN, SMALL = "Qwen2.5-7B-Instruct-Q4_K_M.gguf", "SmolLM2-135M-Instruct.Q4_1.gguf"
JOB = Job("j1", "avatar", "portraits", "on the Moon", "photo of a man photomaker , on the Moon",
          "blurry", 7, 1024, 1024)  # fmt: skip


def offering(**files: list[str]) -> dict[str, Any]:
    """The server's nodes, with these files in the choices of `Class__input`."""
    info = copy.deepcopy(INFO)
    for place, choices in files.items():
        node, name = place.split("__")
        spec = info[node]["input"]["required"][name]
        if isinstance(spec[0], list):
            spec[0] = choices
        else:
            spec[1]["options"] = choices
    return info


def wish_graph() -> ApiGraph:
    return to_api(load_graph(WORKFLOWS / "wish.json"), INFO)


def classes(api: ApiGraph) -> list[str]:
    return [api[node_id]["class_type"] for node_id in chain(api)]


def test_jobs_go_in_at_the_front_and_likes_where_words_are_drawn():
    api = wish_graph()
    assert classes(api) == [names.TRANSLATE_PROMPT, names.STYLE_MODIFIERS, names.EXPAND_PROMPT]
    bound = bind_wish(api, [JOB], {"haze": (3, 1)})
    first, second, third = chain(bound)
    assert json.loads(bound[first]["inputs"]["prompt"]) == [JOB.to_dict()]
    assert bound[second]["inputs"]["prompt"] == [first, 0]
    assert json.loads(bound[second]["inputs"]["likes"]) == {"haze": [3, 1]}
    assert bound[third]["inputs"] == api[third]["inputs"]


def test_what_the_server_has_no_model_for_is_left_out():
    left, notes = without_lacking(wish_graph(), INFO)
    assert classes(left) == [names.TRANSLATE_PROMPT, names.STYLE_MODIFIERS]
    assert not find_nodes(left, names.LOAD_LLM)
    assert "llm" not in left[chain(left)[0]]["inputs"]
    (note,) = notes
    assert "models/prompt_expansion" in note


def test_what_it_has_a_model_for_stays():
    info = offering(
        StockwrightLoadLLM__model=[SMALL, QWEN],
        StockwrightExpandPrompt__model=["small", "RamAnanth1/distilgpt2-sd-prompts"],
    )
    left, notes = without_lacking(wish_graph(), info)
    (llm,) = find_nodes(left, names.LOAD_LLM)
    assert left[chain(left)[0]]["inputs"]["llm"] == [llm, 0]
    assert left[chain(left)[-1]]["inputs"]["model"] == "small"
    assert notes == ()


def test_a_node_in_the_middle_leaves_no_gap():
    api = wish_graph()
    translate, modifiers, expand = chain(api)
    api[expand]["inputs"]["prompt"], api[modifiers]["inputs"]["prompt"] = (
        [translate, 0],
        [expand, 0],
    )
    left, _ = without_lacking(api, INFO)
    assert left[modifiers]["inputs"]["prompt"] == [translate, 0]


def test_nodes_that_are_no_chain_are_told():
    api = wish_graph()
    api[chain(api)[1]]["inputs"]["prompt"] = "a text"
    with pytest.raises(BindingError, match="not one chain: 'Style Modifiers'"):
        chain(api)
    with pytest.raises(BindingError, match="not one chain: none"):
        chain({})


def order_of(workflow: dict[str, Any], plan: dict[str, Any], **changes: Any) -> Order:
    wish = Wish(text="on the Moon", token="0" * 12, phrase="photo of a man photomaker",
                front="photo of a man photomaker ,", references="0" * 64)  # fmt: skip
    values: dict[str, Any] = {
        "themes": (THEME,), "kinds": (KIND,), "count": 1, "seed": 1, "wish": wish,
        "workflow": digest(workflow), "plan": digest(plan),
        "checkpoint": "sd_xl_base_1.0.safetensors",
        "loras": (LoraUse(load_making().instant.lora, 0.9),),
        "settings": (f"{names.PERSON_PHOTOS}.folder=stockwright/people/{'0' * 12}/instant",),
    }  # fmt: skip
    return Order.checked(**(values | changes))


def test_the_graph_of_photomaker_takes_a_job_and_the_photos():
    workflow = load_graph(WORKFLOWS / "avatar_instant.json").data
    plan = load_graph(WORKFLOWS / "wish.json").data
    order = order_of(workflow, plan, llm=SMALL)
    with pytest.raises(PreflightFailed) as lacking:
        prepare(order, workflow, plan, INFO, sketch=None)
    assert "models/photomaker" in lacking.value.what
    info = offering(
        CheckpointLoaderSimple__ckpt_name=["sd_xl_base_1.0.safetensors"],
        PhotoMakerLoader__photomaker_model_name=["photomaker-v1.safetensors"],
        LoraLoader__lora_name=["photomaker-v1-lora.safetensors"],
        UpscaleModelLoader__model_name=["RealESRGAN_x4plus.safetensors"],
    )
    prepared = prepare(order, workflow, plan, info, sketch=None)
    assert prepared.size == (1024, 1024)
    (llm,) = find_nodes(prepared.plan, names.LOAD_LLM)
    assert prepared.plan[llm]["inputs"]["model"] == SMALL, "one that is asked for stays"
    bound = prepared.driven.bound([JOB], "stockwright/people/x")
    by_class = {node["class_type"]: node["inputs"] for node in bound.values()}
    (translate,) = find_nodes(bound, names.TRANSLATE_PROMPT)
    (photos,) = find_nodes(bound, names.PERSON_PHOTOS)
    (encode,) = find_nodes(bound, names.PHOTOMAKER_ENCODE)
    assert json.loads(by_class[names.TRANSLATE_PROMPT]["prompt"]) == [JOB.to_dict()]
    assert by_class[names.BATCH]["jobs"] == [translate, 0]
    assert by_class[names.PHOTOMAKER_ENCODE]["text"] == [translate, 1]
    assert by_class[names.PHOTOMAKER_ENCODE]["image"] == [photos, 2]
    assert by_class["CFGGuider"]["positive"] == [encode, 0]
    assert by_class[names.PERSON_PHOTOS]["folder"].endswith("/instant")
    assert by_class[names.LORA_STACK]["loras"] == "photomaker-v1-lora.safetensors:0.9"
