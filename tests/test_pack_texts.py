"""What a designer reads in the canvas: names, tooltips, help pages, templates, in both languages.

`data/object_info.json` says what the nodes are; their part of it was taken from the schemas.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from driver import places
from driver.graphs import find_nodes, load_graph, to_api
from stockwright.core import names

PACK = places.CUSTOM_NODES / "stockwright"
EXAMPLES = PACK / "example_workflows"
ALL: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "object_info.json").read_text("utf-8")
)
INFO = {node_id: node for node_id, node in ALL.items() if node_id.startswith("Stockwright")}
LANGUAGES = ("en", "ru")
TEMPLATES = sorted(path.stem for path in EXAMPLES.glob("*.json"))
FORBIDDEN = {"torch", "torchvision", "torchaudio", "numpy", "transformers", "llama-cpp-python"}

each_node = pytest.mark.parametrize("node_id", INFO)
each_language = pytest.mark.parametrize("language", LANGUAGES)
each_template = pytest.mark.parametrize("name", TEMPLATES)


def inputs(node: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The options of each input by its name."""
    groups = [node["input"].get(group, {}) for group in ("required", "optional")]
    return {name: spec[1] for group in groups for name, spec in group.items()}


def locale(language: str, file: str) -> dict[str, Any]:
    return json.loads((PACK / "locales" / language / file).read_text("utf-8"))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    else:
        yield value


def test_all_nodes_are_known():
    assert set(INFO) == set(names.SEARCH_WORDS)


@each_node
def test_a_node_explains_itself(node_id: str):
    node = INFO[node_id]
    assert node["category"] == "Stockwright"
    assert node["description"]
    assert all(options.get("tooltip") for options in inputs(node).values())
    assert len(node["output_tooltips"]) == len(node["output"])
    assert all(node["output_tooltips"])


@each_language
def test_locale_has_exactly_the_nodes(language: str):
    assert set(locale(language, "nodeDefs.json")) == set(INFO)


@each_language
@each_node
def test_locale_has_exactly_the_inputs_and_outputs(language: str, node_id: str):
    node, words = INFO[node_id], locale(language, "nodeDefs.json")[node_id]
    has_control = any(o.get("control_after_generate") for o in inputs(node).values())
    control = {"control_after_generate"} if has_control else set()
    assert set(words["inputs"]) == set(inputs(node)) | control
    assert list(words.get("outputs", {})) == [str(i) for i in range(len(node["output"]))]
    for name, entry in [*words["inputs"].items(), *words.get("outputs", {}).items()]:
        assert set(entry) == ({"name"} if name in control else {"name", "tooltip"})
    assert words["display_name"]
    assert words["description"]


@each_node
def test_english_is_what_the_schema_says(node_id: str):
    node, words = INFO[node_id], locale("en", "nodeDefs.json")[node_id]
    assert (words["display_name"], words["description"]) == (
        node["display_name"],
        node["description"],
    )
    for name, options in inputs(node).items():
        assert words["inputs"][name] == {"name": name, "tooltip": options["tooltip"]}
    outputs = zip(node["output_name"], node["output_tooltips"], strict=True)
    found = [(entry["name"], entry["tooltip"]) for entry in words.get("outputs", {}).values()]
    assert found == list(outputs)


@pytest.mark.parametrize("file", ["main.json", "nodeDefs.json"])
def test_locales_can_be_shown(file: str):
    english, russian = locale("en", file), locale("ru", file)
    assert english.keys() == russian.keys()
    for text in (*texts(english), *texts(russian)):
        assert text.strip() == text != ""
        assert not set(text) & set("{}|@"), "vue-i18n reads these as its own signs"
    if file == "nodeDefs.json":
        told = [text for text in texts(russian) if " " in text]
        assert all(re.search(r"[\u0400-\u04ff]", text) for text in told)


@each_language
def test_main_names_the_category_and_our_types(language: str):
    main = locale(language, "main.json")
    assert set(main["nodeCategories"]) == {node["category"] for node in INFO.values()}
    assert set(main["dataTypes"]) == {"JOBS", "PROMPT_LLM"}


@each_language
def test_main_has_the_words_that_the_scripts_show(language: str):
    scripts = "".join(path.read_text("utf-8") for path in (PACK / "web").glob("*.js"))
    used = set(re.findall(r'\bword\("(\w+)"\)', scripts))
    assert used == set(locale(language, "main.json")["stockwright"])


@each_language
@each_node
def test_help_page_names_every_input_and_output(language: str, node_id: str):
    page = (PACK / "web" / "docs" / node_id / f"{language}.md").read_text("utf-8")
    table = {line for line in page.splitlines() if line.startswith("| ")}
    words = locale(language, "nodeDefs.json")[node_id]
    node = INFO[node_id]
    entries = [(name, words["inputs"][name]) for name in inputs(node)]
    entries += zip(node["output_name"], words.get("outputs", {}).values(), strict=True)
    for name, entry in entries:
        same = entry["name"] == name
        shown = f"`{name}`" if same else f"{entry['name']} (`{name}`)"
        assert f"| {shown} | {entry['tooltip']} |" in table
    other = (PACK / "web" / "docs" / f"{node_id}.md").read_text("utf-8")
    assert language != "en" or other == page, "what the canvas shows in any other language"


def test_help_pages_are_of_nodes_that_are_there():
    pages = (PACK / "web" / "docs").rglob("*.md")
    assert {path.stem for path in pages} == {*INFO, *LANGUAGES}


def test_templates():
    assert [
        *("avatar", "avatar_instant", "avatar_train", "plan", "plan-with-a-server"),
        *("restore_only", "stock", "theme-to-pictures", "upscale_only", "wish"),
        "wish-to-pictures",
    ] == TEMPLATES
    for path in places.WORKFLOWS.glob("*.json"):
        assert path.read_bytes() == (EXAMPLES / path.name).read_bytes()


@each_template
def test_template_has_a_thumbnail(name: str):
    path = EXAMPLES / f"{name}.jpg"
    assert path.stat().st_size < 100_000
    with Image.open(path) as image:
        image.load()
        assert image.format == "JPEG"
        assert image.width == image.height


@each_template
def test_template_is_sound(name: str):
    data = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    nodes = {node["id"]: node for node in data["nodes"]}
    links = {link[0]: link for link in data["links"]}
    assert (data["last_node_id"], data["last_link_id"]) == (max(nodes), max(links))
    for link_id, source, output, target, slot, kind in links.values():
        assert link_id in nodes[source]["outputs"][output]["links"]
        assert nodes[source]["outputs"][output]["type"] == kind
        assert nodes[target]["inputs"][slot]["link"] == link_id
        assert kind in nodes[target]["inputs"][slot]["type"].split(",")
    told = [link for node in nodes.values() for o in node["outputs"] for link in o["links"] or ()]
    taken = [i["link"] for n in nodes.values() for i in n["inputs"] if i["link"] is not None]
    assert sorted(told) == sorted(taken) == sorted(links)
    assert any(node["type"] == "MarkdownNote" for node in nodes.values())


@each_template
def test_the_note_names_what_the_template_needs_beside_the_pack(name: str):
    graph = load_graph(EXAMPLES / f"{name}.json")
    (note,) = (n["widgets_values"][0] for n in graph.data["nodes"] if n["type"] == "MarkdownNote")
    models = yaml.safe_load((places.WORKFLOWS / "models.yaml").read_text("utf-8"))["models"]
    files = {m["folder"]: m["file"] for m in models if m["name"] in ("sdxl-base", "qwen2.5-7b")}
    api = to_api(graph, ALL)
    if find_nodes(api, names.LOAD_LLM):
        assert all(text in note for text in ("`llama-cpp-python`", "models/llm", files["llm"]))
    if find_nodes(api, "CheckpointLoaderSimple"):
        assert all(text in note for text in ("models/checkpoints", files["checkpoints"]))


@each_template
def test_template_converts(name: str):
    api = to_api(load_graph(EXAMPLES / f"{name}.json"), ALL)
    assert {node["class_type"] for node in api.values()} <= set(ALL)


def test_every_node_stands_in_a_template():
    graphs = (to_api(load_graph(EXAMPLES / f"{name}.json"), ALL) for name in TEMPLATES)
    shown = {n["class_type"] for api in graphs for n in api.values()}
    assert set(INFO) - shown == {names.PICTURE_EMBEDDING}, "submit.py adds it itself"


def test_theme_to_pictures_is_one_graph():
    api = to_api(load_graph(EXAMPLES / "theme-to-pictures.json"), ALL)
    (write,), (batch,) = find_nodes(api, names.WRITE_PROMPTS), find_nodes(api, names.BATCH)
    assert api[batch]["inputs"]["jobs"] == [write, 0]
    stock = to_api(load_graph(EXAMPLES / "stock.json"), ALL)
    behind = {
        node_id: node
        for node_id, node in api.items()
        if node["class_type"] not in (names.WRITE_PROMPTS, names.LOAD_LLM, names.LOAD_ENCODER)
    }
    behind[batch]["inputs"]["jobs"] = stock[batch]["inputs"]["jobs"]
    assert behind == stock


def test_requirements_change_nothing_that_comfyui_chose():
    lines = (PACK / "requirements.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    found = {re.split(r"[<>=!~\[; ]", line)[0].lower() for line in wanted}
    assert found == {"pillow", "pyyaml"}
    assert not found & FORBIDDEN
    assert not [line for line in wanted if "<" in line or "==" in line], "no upper bounds"


def test_registry_metadata_agrees():
    project = tomllib.loads((PACK / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["comfy"].keys() >= {"PublisherId", "DisplayName", "includes"}
    assert all((PACK / folder).is_dir() for folder in project["tool"]["comfy"]["includes"])
    needed = (PACK / "requirements.txt").read_text("utf-8").splitlines()
    assert set(project["project"]["dependencies"]) <= set(needed)
    if places.CHECKOUT:
        outer = tomllib.loads((places.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        for key in ("name", "version", "license", "license-files", "requires-python"):
            assert project["project"][key] == outer[key]
        for name in outer["license-files"]:
            assert (PACK / name).read_bytes() == (places.ROOT / name).read_bytes()
