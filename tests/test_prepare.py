"""From an order and saved graphs to what is driven; no server, only what one says of its nodes."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from driver.errors import BindingError, PreflightFailed, TraceUncertain
from driver.order import Order, digest, read_kinds, read_themes
from driver.places import WORKFLOWS
from driver.prepare import Prepared, prepare
from driver.server import Finished
from stockwright.core.jobs import Job
from stockwright.core.loras import LoraUse
from tests.golden import reference
from tests.graphs import node

DATA = Path(__file__).parent / "data"
INFO: dict[str, Any] = {
    **reference.read().info,
    **json.loads((DATA / "object_info.json").read_text()),
}
PLAN = json.loads((WORKFLOWS / "plan.json").read_text())
STOCK = json.loads((WORKFLOWS / "stock.json").read_text())
JOBS = [
    Job.create(theme="a", kind="b", subject=s, prompt=f"a {s}", negative="blur", seed=n).sized(
        64, 64
    )
    for n, s in enumerate(("ship", "lamp"))
]


def classic(checkpoint: str = "sketch.safetensors") -> dict[str, Any]:
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "2": node("CLIPTextEncode", "Prompt", clip=["1", 1], text="a cat"),
        "3": node("CLIPTextEncode", "Negative", clip=["1", 1], text="blurry"),
        "4": node("EmptyLatentImage", width=512, height=384, batch_size=1),
        "5": node(
            "KSampler", model=["1", 0], positive=["2", 0], negative=["3", 0], cfg=5.0, steps=4,
            latent_image=["4", 0], seed=1, sampler_name="euler", scheduler="normal", denoise=1.0,
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0], filename_prefix="x"),
    }  # fmt: skip


def ready(graph: dict[str, Any], sketch: bool | None = False, **asked: Any) -> Prepared:
    order = Order.checked(
        themes=read_themes(["Education"]), kinds=read_kinds(None), count=2, seed=1,
        workflow=digest(graph), plan=digest(PLAN), **asked,
    )  # fmt: skip
    return prepare(order, graph, PLAN, INFO, sketch=sketch)


def changes(prepared: Prepared) -> dict[str, tuple[str, str]]:
    return {f"{one.title}.{one.input}": (one.old, one.new) for one in prepared.changes}


def test_a_graph_without_a_batch_takes_one_job_at_a_time():
    prepared = ready(classic())
    assert prepared.driven.one_job
    assert prepared.size == (512, 384)
    assert prepared.notes == ()
    bound = prepared.driven.bound(JOBS[:1], "stockwright/run/1")
    assert bound["2"]["inputs"]["text"] == "a ship"
    assert bound["7"]["inputs"]["filename_prefix"] == "stockwright/run/1/0-saveimage"
    told = {"7": {"images": [{"filename": "a.png", "subfolder": "s", "type": "output"}]}}
    files = prepared.driven.files(JOBS[:1], Finished(True, False, "", "", told, 1.0))
    assert [(job, file.filename) for job, file in files.items()] == [(JOBS[0].id, "a.png")]
    assert prepared.driven.files(JOBS[:1], Finished(True, False, "", "", {}, 1.0)) == {}


def test_a_batch_without_its_own_save_node_takes_one_job_at_a_time():
    graph = copy.deepcopy(STOCK)
    for one in graph["nodes"]:
        if one["type"] == "StockwrightSaveImage":
            one["type"], one["widgets_values"] = "SaveImage", ["x"]
            one["inputs"] = [slot for slot in one["inputs"] if slot["name"] == "images"]
    graph["links"] = [
        link for link in graph["links"]
        if any(link[0] == slot.get("link") for one in graph["nodes"] for slot in one["inputs"])
    ]  # fmt: skip
    prepared = ready(graph, sketch=True)
    assert prepared.driven.one_job
    assert "graph of its own" in prepared.notes[0]
    assert not ready(STOCK, sketch=True).driven.one_job


def test_the_small_checkpoint_is_asked_at_its_own_guidance_unless_one_is_set():
    assert changes(ready(STOCK, sketch=True))["Guider.cfg"] == ("6", "2.5")
    assert changes(ready(STOCK, sketch=True, cfg=4.0))["Guider.cfg"] == ("6", "4.0")
    assert "Guider.cfg" not in changes(ready(STOCK, checkpoint="sketch"))


def test_settings_and_what_they_changed():
    prepared = ready(
        classic(), sampler="heun", steps=9, cfg=3.5, size=(64, 128),
        settings=("KSampler.steps=11", "KSampler.denoise=0.5"),
    )  # fmt: skip
    assert prepared.size == (64, 128)
    assert changes(prepared) == {
        "Prompt.text": ("a cat", "{prompt}"),
        "Negative.text": ("blurry", "{negative}"),
        "EmptyLatentImage.width": ("512", "64 ({width})"),
        "EmptyLatentImage.height": ("384", "128 ({height})"),
        "KSampler.seed": ("1", "{seed}"),
        "KSampler.cfg": ("5.0", "3.5"),
        "KSampler.steps": ("4", "11"),
        "KSampler.sampler_name": ("euler", "heun"),
        "KSampler.denoise": ("1.0", "0.5"),
    }


def test_the_size_of_a_graph_with_a_batch():
    assert ready(STOCK, checkpoint="sketch", size=(64, 128)).size == (64, 128)


def test_loras_on_a_graph_without_a_stack():
    found = changes(ready(classic(), loras=(LoraUse("film", 0.5),)))
    assert found["LoRA film.lora_name"] == ("", "film.safetensors")
    assert found["KSampler.model"][1] == "from 'LoRA film'"
    with pytest.raises(PreflightFailed, match="'LoRA nobody', lora_name: 'nobody'"):
        ready(classic(), loras=(LoraUse("nobody"),))


def test_a_person_names_where_the_prompt_goes():
    graph = classic()
    graph["5"]["inputs"]["negative"] = ["2", 0]
    with pytest.raises(TraceUncertain, match="both the prompt and the negative"):
        ready(graph)
    prepared = ready(graph, settings=("Prompt.text=a photo of {prompt}",))
    assert prepared.driven.bound(JOBS[:1], "f")["2"]["inputs"]["text"] == "a photo of a ship"
    assert changes(prepared)["Prompt.text"] == ("a cat", "a photo of {prompt}")
    with pytest.raises(BindingError, match="neither a text"):
        ready(graph, settings=("KSampler.cfg={prompt}",))


def test_a_graph_with_a_batch_takes_braces_as_they_are():
    prepared = ready(STOCK, sketch=True, settings=("Save Stock Image.folder={prompt}",))
    assert changes(prepared)["Save Stock Image.folder"][1] == "{prompt}"


def test_the_small_checkpoint_stands_in():
    prepared = ready(classic("nobody.safetensors"), sketch=None)
    assert prepared.sketch
    assert prepared.size == (128, 128)
    assert prepared.checkpoints == ("sketch.safetensors",)


def test_it_does_not_for_one_of_two():
    graph = classic("nobody.safetensors")
    graph["8"] = node("CheckpointLoaderSimple", "Refiner", ckpt_name="refiner.safetensors")
    graph["9"] = node("CLIPTextEncode", clip=["8", 1], text="a cat")
    graph["10"] = node(
        "KSampler", "Second", **graph["5"]["inputs"]
        | {"model": ["8", 0], "positive": ["9", 0], "latent_image": ["5", 0]},
    )  # fmt: skip
    graph["6"]["inputs"]["samples"] = ["10", 0]
    with pytest.raises(PreflightFailed) as error:
        ready(graph, sketch=None)
    assert "nobody.safetensors" in str(error.value)
    assert "refiner.safetensors" in str(error.value)
    with pytest.raises(BindingError, match="2 nodes have an input 'steps'"):
        ready(graph, steps=3)


def test_it_does_not_where_its_size_cannot_be_set():
    graph = classic("nobody.safetensors")
    graph["4"] = node("VAEEncode", pixels=["9", 0], vae=["1", 2])
    graph["9"] = node("EmptyImage", width=512, height=512, batch_size=1, color=0)
    with pytest.raises(PreflightFailed, match="'nobody"):
        ready(graph, sketch=None)


def test_missing_classes_are_told_before_what_does_not_fit():
    graph = classic()
    graph["8"] = node("FaceFixer", "Faces", image=["6", 0])
    graph["7"]["inputs"]["images"] = ["8", 0]
    for asked in ({"settings": ("Faces.strength=1",)}, {"settings": ("Nobody.steps=1",)}):
        with pytest.raises(PreflightFailed, match="'Faces' is of the class 'FaceFixer'"):
            ready(graph, **asked)
    graph["1"]["class_type"] = "FancyLoader"
    with pytest.raises(PreflightFailed, match="'FancyLoader'") as error:
        ready(graph, checkpoint="sketch")
    assert "'FaceFixer'" in str(error.value)


def test_a_checkpoint_that_is_not_there_is_told_with_all_else():
    graph = classic()
    graph["5"]["inputs"]["steps"] = 0
    with pytest.raises(PreflightFailed) as error:
        ready(graph, checkpoint="nobody")
    assert "'nobody'; there is" in str(error.value)
    assert "steps: 0 is not from 1" in str(error.value)


def test_a_setting_for_no_node_lists_the_nearest():
    with pytest.raises(BindingError, match="no node has the title or class 'Promt'") as error:
        ready(classic(), settings=("Promt.text=x",))
    assert error.value.where == "the setting 'Promt.text=x'"
    assert error.value.hint == (
        "Did you mean Prompt? There are: CheckpointLoaderSimple, EmptyLatentImage, KSampler,"
        " Negative, Prompt, SaveImage, VAEDecode. In the plan graph: Load Prompt LLM, Load"
        " Sentence Encoder, Write Theme Prompts."
    )


@pytest.mark.parametrize(
    ("setting", "flag"),
    [
        ("count=5", "--count"),
        ("theme=x", "--theme"),
        ("kinds=a=1", "--kinds"),
        ("seed=2", "--seed"),
    ],
)
def test_what_flags_say_is_not_set_in_the_plan_graph(setting: str, flag: str):
    for node_name in ("Write Theme Prompts", "StockwrightWritePrompts"):
        with pytest.raises(BindingError, match="filled in for each order") as error:
            ready(classic(), settings=(f"{node_name}.{setting}",))
        assert error.value.hint == f"Use {flag} instead."


def test_notes_tell_where_the_manifest_is_not_what_was_painted():
    seed, negative = "KSampler.seed=5", "Negative.text=text"
    notes = ready(classic(), settings=("Prompt.text=photo, {prompt}", seed, negative)).notes
    assert notes == (
        "'Negative' (CLIPTextEncode), text is set: every picture gets it in place of the negative"
        " that the manifest lists.",
        "'Prompt' (CLIPTextEncode), text is 'photo, {prompt}': the manifest lists the prompt alone;"
        " the whole text is in the graph that each picture carries.",
        "'KSampler' (KSampler), seed is set to 5: every picture gets it in place of the seed that"
        " the manifest lists.",
    )
    as_listed = ("Prompt.text={prompt}", "Negative.text={negative}", "KSampler.seed={seed}")
    assert ready(classic(), settings=as_listed).notes == ()


@pytest.mark.parametrize("braces", ["{Prompt}", "{ prompt }", "{promt}", "{Seeds}", "{negativ}"])
def test_a_misspelt_placeholder_is_refused(braces: str):
    with pytest.raises(BindingError, match=f"unknown placeholder {braces}; there are {{prompt}}"):
        ready(classic(), settings=(f"Prompt.text={{prompt}}, {braces}",))


def test_other_braces_are_text():
    text = "{prompt}, {red|blue} {foo} {speed} {need} {} {{a}}"
    prepared = ready(classic(), settings=(f"Prompt.text={text}",))
    assert changes(prepared)["Prompt.text"] == ("a cat", text)


def test_more_pictures_than_the_one_that_is_kept():
    graph = classic()
    graph["8"] = node("PreviewImage", images=["6", 0])
    graph["9"] = node("RepeatLatentBatch", samples=["4", 0], amount=3)
    graph["5"]["inputs"]["latent_image"] = ["9", 0]
    graph["4"]["inputs"]["batch_size"] = 4  # the driver sets it to 1
    kept, repeated = ready(graph).notes
    assert "the picture of 'SaveImage' (SaveImage) is kept, not of 'PreviewImage'" in kept
    assert "'RepeatLatentBatch' (RepeatLatentBatch) makes 3 pictures of each job" in repeated


def test_what_keeps_the_small_checkpoint_from_standing_in_is_told_first():
    graph = classic("absent.safetensors")
    assert ready(graph, sketch=None).sketch
    no_sampler = copy.deepcopy(graph)
    del no_sampler["5"]
    no_sampler["6"]["inputs"]["samples"] = ["4", 0]
    with pytest.raises(TraceUncertain, match=r"no sampler stands in front of .* bypassed one"):
        ready(no_sampler, sketch=None)
    no_saver = {i: one for i, one in graph.items() if i != "7"}
    with pytest.raises(PreflightFailed, match="no output node that saves pictures") as error:
        ready(no_saver, sketch=None)
    assert "absent.safetensors" not in str(error.value)


def test_a_given_checkpoint_that_is_missing_is_told_as_such():
    with pytest.raises(PreflightFailed, match=r"'gone'; there is sketch"):
        ready(classic(), sketch=None, checkpoint="gone")
