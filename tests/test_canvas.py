"""The pack in ComfyUI's canvas: what a designer finds, opens, runs, reads and saves.

All tests share one page. The one in Russian comes last, since the page is loaded again for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests

from driver import places
from driver.graphs import load_graph, parse_graph, to_api
from driver.server import Server
from stockwright.core import names
from tests import commands, designer
from tests.browser import Canvas, canvas
from tests.golden.differences import differences
from tests.make_lora import make_lora
from tests.persons import OF_ONE, encoded, varied

pytestmark = pytest.mark.browser

EXAMPLES = places.CUSTOM_NODES / "stockwright" / "example_workflows"
LOCALES = EXAMPLES.parent / "locales"
TEMPLATES = sorted(path.stem for path in EXAMPLES.glob("*.json"))
LORA = "designer.safetensors"
SETTINGS = {"Comfy.TutorialCompleted": True, "Comfy.Locale": "en"}
JOBS, CAPTIONS, ERROR = "stockwright_jobs", "stockwright_captions", "stockwright_error"
COMMAND = "(name) => app.extensionManager.command.execute(name)"


@pytest.fixture(scope="module")
def opened(server: Server, sketch_path: Path) -> Iterator[Canvas]:
    make_lora(sketch_path, places.MODELS / "loras" / LORA)
    url = f"{server.url}/settings"
    requests.post(url, json=SETTINGS, timeout=60).raise_for_status()
    try:
        with canvas(server.url) as opened:
            opened.page.set_default_timeout(60_000)
            yield opened
    finally:
        requests.post(url, json=SETTINGS, timeout=60).raise_for_status()


@pytest.fixture(autouse=True)
def _no_errors_of_ours(opened: Canvas) -> Iterator[None]:
    yield
    assert errors_of_ours(opened) == []


def errors_of_ours(opened: Canvas) -> list[str]:
    ours = ("/extensions/stockwright", "extension 'Stockwright'")
    return [p for p in opened.problems if any(name in p for name in ours)]


def example(name: str) -> dict[str, Any]:
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def locale(language: str, file: str) -> dict[str, Any]:
    return json.loads((LOCALES / language / file).read_text("utf-8"))


def converted(opened: Canvas, object_info: dict[str, Any]) -> dict[str, Any]:
    """What the driver makes of the file that Save would write now."""
    return to_api(parse_graph(json.dumps(opened.saved()), "saved"), object_info)


def test_the_template_browser_leads_to_pictures(opened: Canvas):
    page = opened.page
    page.locator(".templates-tab-button").click()
    page.get_by_role("dialog").get_by_text("Stockwright", exact=True).click()
    for name in TEMPLATES:
        card = page.get_by_test_id(f"template-workflow-{name}")
        card.scroll_into_view_if_needed()  # pictures further down are not loaded before
        thumbnail = card.locator("img").first
        thumbnail.wait_for()
        page.wait_for_function("(image) => image.naturalWidth > 0", arg=thumbnail.element_handle())
    page.get_by_test_id("template-workflow-theme-to-pictures").click()
    designer.close_dialog(opened, "sd_xl_base_1.0.safetensors")
    assert designer.unknown_nodes(opened) == []

    for field, value in (("count", 2), ("kinds", "items=1"), ("control_after_generate", "fixed")):
        designer.write(opened, names.WRITE_PROMPTS, field, value)  # quick, and the same again
    assert designer.run(opened) == "execution_success", "what needs no checkpoint runs"
    refused = designer.shown(opened, names.SAVE_IMAGE, ERROR)
    assert refused and refused.startswith("Load Checkpoint: Value not in list: ckpt_name")

    designer.make_small(opened)
    assert designer.run(opened) == "execution_success"
    designer.wait_for_previews(opened, [64, 64])
    assert designer.shown(opened, names.SAVE_IMAGE, ERROR) is None


def test_jobs_and_captions_are_in_the_nodes(opened: Canvas):
    told = opened.evaluate("() => Object.values(app.nodeOutputs)")
    (jobs,) = [output[names.UI_JOBS] for output in told if names.UI_JOBS in output]
    assert len(jobs) == 2
    assert (designer.shown(opened, names.WRITE_PROMPTS, JOBS) or "").splitlines() == [
        f"{n}. {job['kind']} · {job['subject']} · {job['prompt']}" for n, job in enumerate(jobs, 1)
    ]
    assert (designer.shown(opened, names.SAVE_IMAGE, CAPTIONS) or "").splitlines() == [
        f"{n}. {job['subject']} · {job['id']}" for n, job in enumerate(jobs, 1)
    ]


def test_what_is_shown_is_neither_saved_nor_queued(opened: Canvas, object_info: dict[str, Any]):
    saved, api = opened.saved(), opened.api()
    assert "stockwright_" not in json.dumps([saved, api])
    values = {node["type"]: node.get("widgets_values") for node in saved["nodes"]}
    assert values[names.SAVE_IMAGE] == ["stockwright", "png", 95, 300, "all", "English"]
    assert len(values[names.WRITE_PROMPTS]) == 9
    assert differences(api, converted(opened, object_info), object_info) == []


def test_what_is_shown_comes_back_with_its_tab(opened: Canvas):
    before = designer.shown(opened, names.WRITE_PROMPTS, JOBS)
    opened.evaluate(COMMAND, "Comfy.NewBlankWorkflow")
    assert opened.evaluate("() => app.graph.nodes.length") == 0
    opened.evaluate(COMMAND, "Workspace.PreviousOpenedWorkflow")
    opened.page.wait_for_function("() => app.graph.nodes.length > 0")
    designer.wait_until_shown(opened, names.WRITE_PROMPTS, JOBS)
    designer.wait_until_shown(opened, names.SAVE_IMAGE, CAPTIONS)
    assert designer.shown(opened, names.WRITE_PROMPTS, JOBS) == before


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_survives_the_canvas(opened: Canvas, name: str, object_info: dict[str, Any]):
    opened.load(example(name))
    assert designer.unknown_nodes(opened) == []
    api, file = opened.api(), to_api(load_graph(EXAMPLES / f"{name}.json"), object_info)
    assert differences(api, file, object_info) == []
    assert differences(api, converted(opened, object_info), object_info) == []
    sizes = {node["id"]: node["size"] for node in opened.saved()["nodes"]}
    assert sizes == {node["id"]: node["size"] for node in example(name)["nodes"]}


def test_a_person_is_trained_and_painted(opened: Canvas):
    """By the graphs alone: crops in a folder of the input, a LoRA, and pictures with it."""
    inputs = places.BASE / "input"
    for folder, names_of_photos in (("my-photos", OF_ONE), ("my-photos-held-back", OF_ONE[:1])):
        (inputs / folder).mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names_of_photos):
            data = encoded(varied(name, 64, Random(number)))
            (inputs / folder / f"{number}.png").write_bytes(data)
            (inputs / folder / f"{number}.txt").write_text("photo of ohwx man")

    opened.load(example("avatar_train"))
    designer.write(opened, "CheckpointLoaderSimple", "ckpt_name", "sketch.safetensors")
    for title in ("Training photos", "Held-back photos"):
        designer.write_titled(opened, title, "size", 64)
    values = {"steps": 3, "rank": 4, "training_dtype": "fp32", "lora_dtype": "fp32"}
    for field, value in values.items():
        designer.write(opened, "TrainLoraNode", field, value)
    assert designer.run(opened) == "execution_success"
    told = opened.evaluate("() => Object.values(app.nodeOutputs)")
    (lora,) = [one for output in told for one in output.get(names.UI_LORA, [])]
    assert len(lora["losses"]) == 3 and all(loss > 0 for loss in lora["losses"])
    assert (places.MODELS / "loras" / lora["file"]).stat().st_size == lora["bytes"]

    opened.load(example("avatar"))
    designer.make_small(opened)
    designer.write(opened, names.LORA_STACK, "loras", f"{lora['file']}:0.9")
    assert designer.run(opened) == "execution_success"
    designer.wait_for_previews(opened, [64])


def test_batch_says_what_is_wrong_with_its_jobs(opened: Canvas):
    opened.load(example("stock"))
    designer.make_small(opened)
    assert designer.shown(opened, names.BATCH, ERROR) is None
    designer.write(opened, names.BATCH, "jobs", '[{"prompt": "a chair",}]')
    designer.wait_for_error(opened, locale("en", "main.json")["stockwright"]["jobsAreNotJson"])
    designer.write(opened, names.BATCH, "jobs", '[{"prompt": "a chair", "color": 1}]')
    designer.wait_for_error(opened, None)

    designer.click_run(opened)  # the server refuses it
    designer.wait_for_error(opened, "unknown field 'color'")
    error = designer.shown(opened, names.BATCH, ERROR) or ""
    assert error.startswith("job 1: unknown field"), "without the name of an input"
    assert error.count("unknown field") == 1, "not once for each input"
    designer.close_dialog(opened, "unknown field")

    designer.link_typed_jobs(opened, '[{"prompt": ""}]')  # what is linked is known when it runs
    assert designer.run(opened) == "execution_error"
    designer.wait_for_error(opened, "the prompt is empty")
    designer.close_dialog(opened, "the prompt is empty")

    designer.write(opened, "PrimitiveStringMultiline", "value", '[{"prompt": "a chair"}]')
    assert designer.run(opened) == "execution_success"
    designer.wait_for_error(opened, None)


def test_an_error_of_ours_would_be_seen(opened: Canvas):
    before = len(opened.problems)
    designer.break_script(opened)
    (error,) = errors_of_ours(opened)
    assert "on purpose" in error
    del opened.problems[before:]


def test_nodes_may_go_before_their_events_come(opened: Canvas):
    opened.load(example("theme-to-pictures"))
    opened.evaluate("() => [...app.graph.nodes].forEach((node) => app.graph.remove(node))")
    for name in ("execution_success", "promptQueued"):
        opened.evaluate("(name) => window.comfyAPI.api.api.dispatchCustomEvent(name, {})", name)
    detail = {"node": "13", "prompt_id": "none", "output": {names.UI_JOBS: [], "text": []}}
    opened.evaluate("(d) => window.comfyAPI.api.api.dispatchCustomEvent('executed', d)", detail)


def test_a_designers_file_is_what_is_driven(
    opened: Canvas, server: Server, object_info: dict[str, Any], tmp_path: Path
):
    opened.load(example("stock"))
    designer.make_small(opened, steps=2)
    designer.insert_lora(opened, LORA)
    designer.save(opened, "designers-own")
    kept = requests.get(f"{server.url}/userdata/workflows%2Fdesigners-own.json", timeout=60)
    kept.raise_for_status()
    (tmp_path / "mine.json").write_bytes(kept.content)
    file = to_api(load_graph(tmp_path / "mine.json"), object_info)
    assert differences(opened.api(), file, object_info) == []
    line = (*commands.ITEMS, "--count", "1", "--workflow", "mine.json")
    done = commands.submit(tmp_path, *line, small=False)
    assert done.returncode == 0, done.stderr
    (graph,) = commands.painted(commands.the_run(tmp_path)).values()
    ids = {node["class_type"]: number for number, node in graph.items()}
    inputs = {node["class_type"]: node["inputs"] for node in graph.values()}
    checkpoint, lora = ids["CheckpointLoaderSimple"], ids["LoraLoader"]
    assert inputs["CheckpointLoaderSimple"] == {"ckpt_name": "sketch.safetensors"}
    assert inputs["BasicScheduler"]["steps"] == 2
    assert inputs["LoraLoader"] == {
        "model": [checkpoint, 0], "clip": [checkpoint, 1], "lora_name": LORA,
        "strength_model": 1, "strength_clip": 1,
    }  # fmt: skip
    assert inputs["StockwrightLoraStack"] == {"model": [lora, 0], "clip": [lora, 1], "loras": ""}
    assert (inputs[names.BATCH]["width"], inputs[names.BATCH]["height"]) == (64, 64)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_nodes_and_help_are_found(opened: Canvas, language: str):
    if language != "en":
        opened.evaluate("(l) => app.extensionManager.setting.set('Comfy.Locale', l)", language)
        opened.reload()
    opened.load(example("plan"))
    words = locale(language, "nodeDefs.json")
    called = [node["display_name"] for node in words.values()]
    assert designer.first_found(opened, called) == called
    exclude = words[names.WRITE_PROMPTS]["inputs"]["exclude"]["tooltip"]
    assert exclude in designer.help_of(opened, names.WRITE_PROMPTS)
    fields = opened.page.locator("textarea")
    placeholders = fields.evaluate_all("(all) => all.map((field) => field.placeholder)")
    assert locale(language, "main.json")["stockwright"]["jobsAppearHere"] in placeholders
