"""The nodes that write and rewrite prompts, on a real server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from driver import places
from driver.server import Server
from tests.graphs import Graph, llm_graph, node, run
from tests.llmserver import LLMServer
from tests.make_expander import PHRASES, make_expander

JOBS = [{"id": f"job{n}", "prompt": "a castle", "seed": n} for n in range(3)]
SMALL = "SmolLM2-135M-Instruct.Q4_1.gguf"
ENCODER = "all-MiniLM-L6-v2.safetensors"


def shown(server: Server, graph: Graph, of: str = "1") -> list[str]:
    done = run(server, graph, 300)
    assert done.success, done.error
    return done.outputs[of]["text"]


@pytest.fixture(scope="module")
def expander() -> Iterator[str]:
    path = make_expander(places.MODELS / "prompt_expansion" / "small")
    yield path.name
    shutil.rmtree(path.parent)


def expand_graph(prompt: str, model: str, **inputs: Any) -> Graph:
    values = {"length": 30, "temperature": 0.9, "seed": 1, "keep_loaded": False}
    return {"1": node("StockwrightExpandPrompt", prompt=prompt, model=model, **(values | inputs))}


def test_a_prompt_is_gone_on_with_alone_as_among_others(server: Server, expander: str):
    found = shown(server, expand_graph(json.dumps(JOBS), expander))
    assert len(set(found)) == len(JOBS)
    for text in found:
        first, *added = text.split(", ")
        assert first == "a castle" and len(added) > 1
        assert not any(
            phrase in text for phrase in PHRASES if "greg" in phrase or "people" in phrase
        )
    assert shown(server, expand_graph(json.dumps(JOBS[1:2]), expander)) == found[1:2]


def test_a_model_of_the_hub_that_cannot_be_had_is_an_error_with_a_way_out(server: Server):
    done = run(server, expand_graph("a castle", "RamAnanth1/distilgpt2-sd-prompts"), 300)
    assert not done.success
    assert "expander-unavailable" in str(done.error)
    assert "models/prompt_expansion" in str(done.error)


def translate_graph(prompt: str, **inputs: Any) -> Graph:
    values = {"source": "auto", "service": "auto"} | inputs
    return {"1": node("StockwrightTranslatePrompt", prompt=prompt, **values)}


def test_english_passes_untouched(server: Server):
    text = "a (red chair:1.2),  BREAK <lora:film:0.6> __colour__ {day|night}"
    assert shown(server, translate_graph(text)) == [text]


def test_without_a_service_russian_is_an_error_that_says_what_to_set(server: Server):
    done = run(server, translate_graph("красный стул"))
    assert not done.success
    assert "YANDEX_TRANSLATE_KEY" in str(done.error)


def write_graph(theme: str, loader: dict[str, Any], **inputs: Any) -> Graph:
    values = {"kinds": "interiors=60, items=40", "count": 5, "seed": 1, "exclude": ""} | inputs
    return {
        "1": loader,
        "3": node("StockwrightLoadEncoder", model=ENCODER),
        "2": node("StockwrightWritePrompts", llm=["1", 0], encoder=["3", 0], theme=theme, **values),
    }


def told(server: Server, graph: Graph) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    done = run(server, graph, 300)
    assert done.success, done.error
    output = done.outputs["2"]
    return output["stockwright_jobs"], output["stockwright_plan"][0]


def test_a_plan_says_how_it_came_about(server: Server):
    loader = llm_graph(SMALL)["1"]
    jobs, report = told(server, write_graph("Medicine", loader))
    assert [job["kind"] for job in jobs] == ["interiors"] * 3 + ["items"] * 2
    assert len(report["areas"]) >= 10 and report["calls"] > 0
    origins = [job["origin"] for job in jobs]
    assert all(origin.startswith(("model, area ", "theme file")) for origin in origins)
    assert sum(origin == "theme file" for origin in origins) == 2, "every second of a kind"
    assert {"view", "light"} <= set(jobs[0]["axes"])
    earlier = "\n".join(job["prompt"] for job in jobs)
    again, refused = told(server, write_graph("Medicine", loader, earlier=earlier))
    assert not {job["prompt"] for job in jobs} & {job["prompt"] for job in again}
    assert refused["refused"].get("near-duplicate", 0) > 0


def test_a_language_model_behind_an_address_plans(server: Server):
    subjects = ["dental clinic", "surgery room", "x-ray room", "pill bottle", "bandage", "syringe"]
    with LLMServer() as llm:
        llm.answer = lambda body: "".join(f"- {subject}\n" for subject in subjects)
        loader = node(
            "StockwrightConnectLLM",
            url=llm.url,
            model="",
            parallel=4,
            timeout=30,
            key_variable="STOCKWRIGHT_LLM_KEY",
        )
        jobs, report = told(server, write_graph("Medicine", loader))
    named = [job for job in jobs if job["origin"] != "theme file"]
    assert len(named) == 3
    assert {job["subject"] for job in named if job["kind"] == "interiors"} < {*subjects[:3]}
    assert {job["subject"] for job in named if job["kind"] == "items"} < {*subjects[3:]}
    assert report["calls"] <= len(llm.asked)
