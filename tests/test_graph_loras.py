"""LoRAs into a graph, with a LoRA Stack and without one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from driver.errors import BindingError
from driver.graphs import ApiGraph, differences, find_nodes, load_graph, set_loras, to_api
from driver.places import WORKFLOWS
from stockwright.core.loras import LoraUse, parse_loras
from tests.golden import reference
from tests.graphs import node

DATA = Path(__file__).parent / "data"
INFO: dict[str, Any] = {
    **reference.read().info,
    **json.loads((DATA / "object_info.json").read_text()),
}
FILM, PASTEL = LoraUse("film", 0.6), LoraUse("pastel", 0.25)


@pytest.fixture
def stock() -> ApiGraph:
    return to_api(load_graph(WORKFLOWS / "stock.json"), INFO)


def plain(**sampler: Any) -> ApiGraph:
    return {
        "1": node("CheckpointLoaderSimple", "Base", ckpt_name="a"),
        "2": node("CLIPTextEncode", clip=["1", 1], text="a"),
        "3": node("CLIPTextEncode", clip=["1", 1], text="b"),
        "4": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "5": node(
            "KSampler",
            **{"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0],
               "latent_image": ["4", 0]} | sampler,
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0]),
    }  # fmt: skip


def inputs(api: ApiGraph, class_type: str) -> dict[str, Any]:
    (node_id,) = find_nodes(api, class_type)
    return api[node_id]["inputs"]


def test_into_the_stack(stock: ApiGraph):
    uses = (FILM, LoraUse("looks/pastel.safetensors", 0.123456789))
    after = set_loras(stock, uses, INFO)
    assert parse_loras(inputs(after, "StockwrightLoraStack")["loras"]) == uses
    assert inputs(stock, "StockwrightLoraStack")["loras"] == ""
    assert not find_nodes(after, "LoraLoader")


@pytest.mark.parametrize("use", [LoraUse("a,b"), LoraUse("film", 99.0), LoraUse("")])
def test_what_cannot_be_written_into_the_stack(stock: ApiGraph, use: LoraUse):
    with pytest.raises(BindingError):
        set_loras(stock, [use], INFO)


def test_two_stacks(stock: ApiGraph):
    (stack,) = find_nodes(stock, "StockwrightLoraStack")
    with pytest.raises(BindingError, match="2 LoRA Stack nodes"):
        set_loras({**stock, "99": copy.deepcopy(stock[stack])}, [FILM], INFO)


def test_a_chain_behind_the_checkpoint():
    before = plain()
    after = set_loras(before, [FILM, PASTEL], INFO)
    assert after["lora-1"]["inputs"] == {
        "model": ["1", 0],
        "clip": ["1", 1],
        "lora_name": "film.safetensors",
        "strength_model": 0.6,
        "strength_clip": 0.6,
    }
    assert after["lora-2"]["inputs"]["model"] == ["lora-1", 0]
    assert after["lora-2"]["inputs"]["clip"] == ["lora-1", 1]
    assert after["5"]["inputs"]["model"] == ["lora-2", 0]
    assert after["2"]["inputs"]["clip"] == after["3"]["inputs"]["clip"] == ["lora-2", 1]
    assert after["6"]["inputs"]["vae"] == ["1", 2]
    assert before == plain()


def test_a_chain_where_the_stack_was_taken_out(stock: ApiGraph):
    (stack,) = find_nodes(stock, "StockwrightLoraStack")
    links = stock.pop(stack)["inputs"]
    for found in stock.values():
        for name, value in found["inputs"].items():
            if value == [stack, 0]:
                found["inputs"][name] = links["model"]
            elif value == [stack, 1]:
                found["inputs"][name] = links["clip"]
    after = set_loras(stock, [FILM], INFO)
    assert inputs(after, "StockwrightBatch")["clip"] == ["lora-1", 1]
    assert inputs(after, "CFGGuider")["model"] == ["lora-1", 0]


def test_the_chain_goes_in_front_of_what_changes_the_model():
    api = plain(model=["8", 0])
    api["8"] = node("ModelSamplingAuraFlow", model=["1", 0], shift=3.0)
    after = set_loras(api, [FILM], INFO)
    assert after["8"]["inputs"]["model"] == ["lora-1", 0]
    assert after["5"]["inputs"]["model"] == ["8", 0]


def test_loaders_of_their_own_for_model_and_text():
    api = plain(model=["8", 0])
    api["8"] = node("UNETLoader", unet_name="u")
    api["9"] = node("DualCLIPLoader", clip_name1="a", clip_name2="b")
    api["2"]["inputs"]["clip"] = api["3"]["inputs"]["clip"] = ["9", 0]
    after = set_loras(api, [FILM], INFO)
    assert (after["lora-1"]["inputs"]["model"], after["lora-1"]["inputs"]["clip"]) == (
        ["8", 0],
        ["9", 0],
    )
    assert after["5"]["inputs"]["model"] == ["lora-1", 0]


def test_a_refiner_keeps_its_own_model():
    api = plain()
    api["11"] = node("CheckpointLoaderSimple", "Refiner", ckpt_name="r")
    api["12"] = node("CLIPTextEncode", clip=["11", 1], text="a")
    api["15"] = node(
        "KSampler", model=["11", 0], positive=["12", 0], negative=["3", 0], latent_image=["5", 0]
    )
    api["6"]["inputs"]["samples"] = ["15", 0]
    after = set_loras(api, [FILM], INFO)
    assert after["5"]["inputs"]["model"] == ["lora-1", 0]
    assert after["15"]["inputs"]["model"] == ["11", 0]


def test_where_it_is_not_certain_the_loaders_are_listed():
    api = plain()
    api["8"] = node("UNETLoader", "Other model", unet_name="u")
    api["5"]["inputs"]["also"] = ["8", 0]
    with pytest.raises(BindingError, match=r"'Base' .* 'Other model'") as error:
        set_loras(api, [FILM], INFO)
    assert "Add a LoRA Stack" in error.value.hint
    with pytest.raises(BindingError, match="from: nowhere"):
        set_loras({}, [FILM], INFO)


def test_a_name_that_is_not_there_is_left_to_preflight_and_ids_stay_free():
    api = plain()
    api["lora-1"] = node("SaveImage", images=["6", 0])
    after = set_loras(api, [LoraUse("nobody")], INFO)
    assert after["lora-1"]["class_type"] == "SaveImage"
    assert after["lora-2"]["inputs"]["lora_name"] == "nobody"


def test_differences_by_title():
    before = plain()
    after = set_loras(before, [FILM], INFO)
    after["4"]["inputs"]["width"] = 128
    found = {f"{one.title}.{one.input}": (one.old, one.new) for one in differences(before, after)}
    assert found["EmptyLatentImage.width"] == ("64", "128")
    assert found["KSampler.model"] == ("from 'Base'", "from 'LoRA film'")
    assert found["LoRA film.strength_model"] == ("", "0.6")
    assert differences(before, plain()) == []
