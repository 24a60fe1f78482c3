"""`--llm`: a file or a server's address into the plan graph and the order."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from driver import submit
from driver.asking import read_asked
from driver.errors import BindingError, PreflightFailed
from driver.flags import parser
from driver.graphs import ApiGraph, load_graph, set_llm, to_api
from driver.order import Order, digest, read_kinds, read_themes
from driver.places import WORKFLOWS
from driver.prepare import Prepared, prepare
from stockwright.core.addresses import LLM_KEY
from stockwright.core.errors import LLMInvalid
from stockwright.core.names import CONNECT_LLM, LOAD_LLM, WRITE_PROMPTS
from tests.graphs import node

INFO: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "object_info.json").read_text())
FILES = ["SmolLM2-135M-Instruct.Q4_1.gguf", "big/Qwen2.5-7B.gguf", "other/Qwen2.5-7B.gguf"]
PLAN = json.loads((WORKFLOWS / "plan.json").read_text())
STOCK = json.loads((WORKFLOWS / "stock.json").read_text())


@pytest.fixture
def info() -> dict[str, Any]:
    """A server that has more than one language model."""
    changed = copy.deepcopy(INFO)
    changed[LOAD_LLM]["input"]["required"]["model"][1]["options"] = FILES
    return changed


@pytest.fixture
def plan() -> ApiGraph:
    return to_api(load_graph(WORKFLOWS / "plan.json"), INFO)


def model_node(api: ApiGraph) -> tuple[str, dict[str, Any]]:
    """The node to which Write Theme Prompts is linked, as the server would find it."""
    (write,) = [one for one in api.values() if one["class_type"] == WRITE_PROMPTS]
    node_id, slot = write["inputs"]["llm"]
    assert slot == 0
    return node_id, api[node_id]


def ready(info: dict[str, Any], **asked: Any) -> Prepared:
    order = Order.checked(
        themes=read_themes(["Education"]), kinds=read_kinds(None), count=2, seed=1,
        workflow=digest(STOCK), plan=digest(PLAN), checkpoint="sketch", **asked,
    )  # fmt: skip
    return prepare(order, STOCK, PLAN, info, sketch=False)


def test_an_address_connects_in_place_of_the_loader(plan: ApiGraph, info: dict[str, Any]):
    before = copy.deepcopy(plan)
    bound = set_llm(plan, "http://host:8080", info)
    assert plan == before
    assert model_node(bound)[0] == model_node(plan)[0]
    assert model_node(bound)[1] == {
        "class_type": CONNECT_LLM,
        "inputs": {
            "url": "http://host:8080/v1",
            "model": "",
            "parallel": 4,
            "timeout": 120,
            "key_variable": LLM_KEY,
        },
        "_meta": {"title": "Connect Prompt LLM"},
    }
    assert not [one for one in bound.values() if one["class_type"] == LOAD_LLM]


def test_an_address_goes_into_a_graph_that_connects_already(plan: ApiGraph, info: dict[str, Any]):
    node_id, _ = model_node(plan)
    plan[node_id] = node(CONNECT_LLM, "Mine", url="http://old/v1", model="big", parallel=9)
    changed = model_node(set_llm(plan, "https://new", info))[1]
    assert changed == node(CONNECT_LLM, "Mine", url="https://new/v1", model="big", parallel=9)
    with pytest.raises(BindingError, match="connects to a server"):
        set_llm(plan, "SmolLM2", info)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", FILES[0]),
        ("smollm2-135m-instruct.q4_1", FILES[0]),
        ("big/Qwen2.5-7B", FILES[1]),
        ("big\\qwen2.5-7b.gguf", FILES[1]),
    ],
)
def test_a_file_is_found_as_checkpoints_are(
    plan: ApiGraph, info: dict[str, Any], name: str, file: str
):
    assert model_node(set_llm(plan, name, info))[1]["inputs"]["model"] == file


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Qwen2.5-7B", "may mean big/Qwen2.5-7B.gguf, other/Qwen2.5-7B.gguf"),
        ("Llama", "no language model 'Llama'"),
        ("localhost:8080", "An address begins with http://"),
    ],
)
def test_a_file_that_is_not_there(plan: ApiGraph, info: dict[str, Any], name: str, words: str):
    with pytest.raises(BindingError) as caught:
        set_llm(plan, name, info)
    assert words in str(caught.value)


def test_a_plan_graph_has_one_language_model(plan: ApiGraph, info: dict[str, Any]):
    node_id, loader = model_node(plan)
    with pytest.raises(BindingError, match="2 nodes of the plan graph"):
        set_llm({**plan, "99": loader}, "http://host", info)
    with pytest.raises(BindingError, match="0 nodes of the plan graph"):
        set_llm({i: one for i, one in plan.items() if i != node_id}, "http://host", info)


def test_an_order_binds_it_and_shows_it(info: dict[str, Any]):
    prepared = ready(
        info, llm="http://host/v1", settings=("Connect Prompt LLM.parallel=8",)
    )  # fmt: skip
    assert model_node(prepared.plan)[1]["inputs"]["parallel"] == 8
    shown = {f"{one.title}.{one.input}": one.new for one in prepared.changes}
    assert shown["Connect Prompt LLM.url"] == "http://host/v1"
    assert model_node(ready(info, llm="big/qwen2.5-7b").plan)[1]["inputs"]["model"] == FILES[1]
    assert model_node(ready(info).plan)[1]["inputs"]["model"] == FILES[0]


def test_a_server_with_an_older_pack_is_told(info: dict[str, Any]):
    del info[CONNECT_LLM]
    with pytest.raises(PreflightFailed, match=CONNECT_LLM):
        ready(info, llm="http://host/v1")


def ordered(*flags: str) -> Order:
    flags = ("--theme", "Education", "--no-quality", *flags)
    return read_asked(parser().parse_args(flags)).order


def test_one_address_is_one_order_however_it_is_written(tmp_path: Path):
    one, other = ordered("--llm", "http://host:8080/"), ordered("--llm", "http://host:8080/v1")
    assert one.llm == "http://host:8080/v1"
    assert one.id == other.id != ordered().id
    settings = tmp_path / "settings.yaml"
    settings.write_text("llm: http://host:8080\n")
    assert ordered("--settings", str(settings)).id == one.id
    assert ordered("--settings", str(settings), "--llm", "Qwen").llm == "Qwen"


def test_an_address_with_a_secret_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    command = ["--theme", "Education", "--run", str(tmp_path / "run")]
    assert submit.main([*command, "--llm", "http://me:secret@host:1"]) == 2
    told = capsys.readouterr().err
    assert "[llm-invalid]" in told and LLM_KEY in told and "secret" not in told
    assert not (tmp_path / "run").exists()
    with pytest.raises(LLMInvalid):
        ordered("--llm", "http://host/v1?key=secret")
    assert submit.main(["--run", str(tmp_path), "--llm", "x"]) == 2
    assert "--llm needs --theme" in capsys.readouterr().err
