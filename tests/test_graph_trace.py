"""Graphs without a Stockwright Batch: the places of a job, on the official templates and beside
them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from driver.errors import BindingError, TraceUncertain
from driver.graphs import (
    ApiGraph,
    bind_traced,
    find_input,
    find_nodes,
    load_graph,
    name_files,
    picture_nodes,
    place_at,
    set_size,
    title_of,
    to_api,
    trace_graph,
)
from stockwright.core.jobs import Job
from tests.golden import reference
from tests.graphs import node

INFO = reference.read().info
JOB = Job.create(
    theme="Ships", kind="items", subject="anchor", prompt="an anchor", negative="blur", seed=2**52
)
FILES = reference.installed_templates()

TEMPLATES: dict[str, tuple[list[str], list[str], tuple[int, int] | None]] = {
    "default": (["text"], ["text"], (512, 512)),
    "sdxl_simple_example": (["text"] * 2, ["text"] * 2, (1024, 1024)),
    "sdxl_refiner_prompt_example": (["text"] * 2, ["text"] * 2, (1024, 1024)),
    "sdxlturbo_example": (["text"], ["text"], (512, 512)),
    "sd3.5_simple_example": (["text"], ["text"], (1024, 1024)),
    "flux_dev_checkpoint_example": (["text"], ["text"], (1024, 1024)),
    "flux_dev_full_text_to_image": (["clip_l", "t5xxl"], [], (1024, 1024)),
    "flux_schnell": (["text"], ["text"], (1024, 1024)),
    "flux_schnell_full_text_to_image": (["clip_l", "t5xxl"], [], (1024, 1024)),
    "flux1_krea_dev": (["text"], [], (1024, 1024)),
    "image_flux2": (["text"], [], (1248, 832)),
    "image_flux2_fp8": (["text"], [], (1024, 1024)),
    "image_qwen_image": (["text"], ["text"], (1328, 1328)),
    "01_qwen_t2i_subgraphed": (["text"], ["text"], (1328, 1328)),
    "image_z_image_turbo": (["text"], [], (1024, 1024)),
    "image_chroma_text_to_image": (["text"], ["text"], (1024, 1024)),
    "image_chroma1_radiance_text_to_image": (["text"], ["text"], (1024, 1024)),
    "image_omnigen2_t2i": (["text"], ["text"], (1024, 1024)),
    "hidream_i1_full": (["text"], ["text"], (1024, 1024)),
    "hidream_i1_dev": (["text"], ["text"], (1024, 1024)),
    "hidream_i1_fast": (["text"], ["text"], (1024, 1024)),
    "lora": (["text"], ["text"], (768, 768)),
    "lora_multiple": (["text"], ["text"], (512, 512)),
    "embedding_example": (["text"], ["text"], (768, 768)),
    "gligen_textbox_example": (["text"], ["text"], (768, 768)),
    "esrgan_example": (["text"], ["text"], (512, 512)),
    "hiresfix_latent_workflow": (["text"], ["text"], (512, 512)),
    "hiresfix_esrgan_workflow": (["text"], ["text"], (512, 512)),
    "latent_upscale_different_prompt_model": (["text"] * 2, ["text"] * 2, (512, 512)),
    "depth_t2i_adapter": (["text"], ["text"], (1024, 1024)),
    "flux_depth_lora_example": (["text"], ["text"], None),
    "image_qwen_image_instantx_controlnet": (["text"], ["text"], None),
    "sd3.5_large_depth": (["text"], [], None),
}
"""Name -> inputs that take the prompt, inputs that take the negative, size. Those that paint from
words alone, and those with a pass before that finds the depth of a picture."""


def template(name: str) -> ApiGraph:
    return to_api(load_graph(FILES[name]), INFO)


def simple(**inputs: Any) -> ApiGraph:
    """Checkpoint to file by a KSampler; `inputs` are the sampler's own."""
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="a.safetensors"),
        "2": node("CLIPTextEncode", "Prompt", clip=["1", 1], text="a cat"),
        "3": node("CLIPTextEncode", "Negative", clip=["1", 1], text="blurry"),
        "4": node("EmptyLatentImage", width=512, height=384, batch_size=4),
        "5": node(
            "KSampler",
            **{
                "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0],
                "latent_image": ["4", 0], "seed": 1, "steps": 4, "cfg": 5.0,
                "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            } | inputs,
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0], filename_prefix="x"),
    }  # fmt: skip


def second_stage(api: ApiGraph, **inputs: Any) -> ApiGraph:
    """The same with a second pass at twice the size."""
    api = copy.deepcopy(api)
    api["20"] = node("LatentUpscale", samples=["5", 0], width=1024, height=768)
    api["21"] = node("KSampler", "Hires", **api["5"]["inputs"] | {"latent_image": ["20", 0]})
    api["21"]["inputs"] |= inputs
    api["22"] = node("VAEDecode", samples=["21", 0], vae=["1", 2])
    api["23"] = node("SaveImage", "Save large", images=["22", 0], filename_prefix="y")
    return api


def places(api: ApiGraph) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for place in trace_graph(api, INFO).places:
        found.setdefault(place.template, []).append((place.node_id, place.input))
    return found


def refused(api: ApiGraph) -> str:
    with pytest.raises(TraceUncertain) as caught:
        trace_graph(api, INFO)
    assert '--set "Node title.input={prompt}"' in caught.value.hint
    assert "Stockwright Batch" in caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize("name", TEMPLATES)
def test_official_templates(name: str):
    api = template(name)
    prompt, negative, size = TEMPLATES[name]
    traced = trace_graph(api, INFO)
    by_field = places(api)
    assert [name for _, name in by_field["{prompt}"]] == prompt
    assert [name for _, name in by_field.get("{negative}", [])] == negative
    assert not set(by_field["{prompt}"]) & set(by_field.get("{negative}", []))
    assert by_field["{seed}"]
    assert traced.size == size
    assert api[next(iter(picture_nodes(api, INFO)))]["class_type"] == "SaveImage"
    bound = bind_traced(api, traced, JOB.sized(768, 512))
    for field, value in (("{prompt}", "an anchor"), ("{negative}", "blur"), ("{seed}", 2**52)):
        for node_id, input_name in by_field.get(field, []):
            assert bound[node_id]["inputs"][input_name] == value
    changed = {
        (i, n) for i in bound for n, v in bound[i]["inputs"].items() if api[i]["inputs"][n] != v
    }
    assert changed <= {place for found in by_field.values() for place in found}


def test_the_prompt_is_the_positive_one_by_its_title():
    for name in ("image_qwen_image", "flux_schnell", "sd3.5_simple_example", "hidream_i1_full"):
        api = template(name)
        found = places(api)
        assert "Positive" in title_of(api, found["{prompt}"][0][0])
        assert "Negative" in title_of(api, found["{negative}"][0][0])


def test_every_stage_of_base_and_refiner_gets_the_job():
    api = template("sdxl_simple_example")
    found = places(api)
    assert len(found["{seed}"]) == 2
    assert {api[i]["inputs"]["text"][:7] for i, _ in found["{prompt}"]} == {"evening"}
    assert trace_graph(api, INFO).notes == ()


def test_a_refiner_with_another_text_gets_the_jobs_and_says_so():
    (note,) = trace_graph(template("sdxl_refiner_prompt_example"), INFO).notes
    assert "gets the job's prompt too, in place of 'daytime scenery" in note


def test_a_text_put_together_of_two_is_not_certain():
    text = refused(template("image_netayume_lumina_t2i"))
    assert "put together by 'Concatenate#2' (StringConcatenate)" in text
    assert "System prompt#3.value, Prompt.value" in text


def test_a_negative_that_is_not_certain_keeps_its_own_text():
    api = template("image_netayume_lumina_t2i")
    named = [place_at(api, INFO, find_input(api, "Prompt.value"), "{prompt}")]
    traced = trace_graph(api, INFO, named)
    assert {field for place in traced.places for field in place.fields} == {
        "prompt", "seed", "width", "height",
    }  # fmt: skip
    assert traced.size == (1024, 1024)
    (note,) = traced.notes
    assert "The negative keeps its own text: the text of 'CLIP Text Encode (Negative" in note


def test_a_guider_with_two_negatives_keeps_them():
    api = simple()
    api["9"] = node("CLIPTextEncode", "Middle", clip=["1", 1], text="a dog")
    api["30"] = node(
        "DualCFGGuider", model=["1", 0], cond1=["2", 0], cond2=["9", 0], negative=["3", 0],
        cfg_conds=5.0, cfg_cond2_negative=5.0, style="regular",
    )  # fmt: skip
    api["31"] = node("RandomNoise", noise_seed=1)
    api["32"] = node("KSamplerSelect", sampler_name="euler")
    api["33"] = node("BasicScheduler", model=["1", 0], scheduler="normal", steps=4, denoise=1.0)
    api["5"] = node(
        "SamplerCustomAdvanced", noise=["31", 0], guider=["30", 0], sampler=["32", 0],
        sigmas=["33", 0], latent_image=["4", 0],
    )  # fmt: skip
    assert places(api)["{prompt}"] == [("2", "text")]
    assert "{negative}" not in places(api)
    (note,) = trace_graph(api, INFO).notes
    assert "The negative keeps its own text" in note
    assert "comes from 2 texts: 'Negative'" in note


def test_a_sampler_without_text_is_no_stage_of_the_picture():
    """Its own size, seed and model are not the picture's."""
    api = template("depth_t2i_adapter")
    traced = trace_graph(api, INFO)
    (note,) = traced.notes
    assert "No text stands behind 'SamplerCustomAdvanced' (SamplerCustomAdvanced)" in note
    lotus = {i for i in api if i.startswith("68:")}
    assert not lotus & {place.node_id for place in traced.places}


def test_a_bound_job():
    traced = trace_graph(simple(), INFO)
    bound = bind_traced(simple(), traced, JOB.sized(*(traced.size or (0, 0))))
    assert bound["2"]["inputs"]["text"] == "an anchor"
    assert bound["3"]["inputs"]["text"] == "blur"
    assert bound["5"]["inputs"]["seed"] == 2**52
    assert bound["4"]["inputs"] == {"width": 512, "height": 384, "batch_size": 1}
    assert bound["5"]["inputs"]["steps"] == 4


def test_texts_with_braces_arrive_as_they_are():
    odd = Job.create(
        theme="a", kind="b", subject="c", prompt="{negative} {x}", negative="{prompt}", seed=1
    )
    bound = bind_traced(simple(), trace_graph(simple(), INFO), odd.sized(64, 64))
    assert bound["2"]["inputs"]["text"] == "{negative} {x}"
    assert bound["3"]["inputs"]["text"] == "{prompt}"


def test_texts_in_primitives_are_followed():
    api = simple()
    api["31"] = node("PrimitiveStringMultiline", value="a dog")
    api["2"]["inputs"]["text"] = ["31", 0]
    assert places(api)["{prompt}"] == [("31", "value")]


def test_a_number_that_others_share_is_replaced_where_it_is_used():
    api = second_stage(simple(seed=["30", 0], steps=["30", 0]))
    api["30"] = node("PrimitiveInt", "Number", value=7)
    api["32"] = node("PrimitiveInt", "Side", value=640)
    api["4"]["inputs"] |= {"width": ["32", 0], "height": ["32", 0]}
    api["20"]["inputs"] |= {"width": ["32", 0], "height": ["32", 0]}
    found = places(api)
    assert set(found["{seed}"]) == {("5", "seed"), ("21", "seed")}
    assert (found["{width}"], found["{height}"]) == ([("4", "width")], [("4", "height")])
    traced = trace_graph(api, INFO)
    assert traced.size == (640, 640)
    bound = bind_traced(api, traced, JOB.sized(64, 128))
    assert (bound["30"], bound["32"]) == (api["30"], api["32"])
    assert bound["5"]["inputs"]["steps"] == ["30", 0]
    assert bound["20"]["inputs"]["width"] == ["32", 0], "the second pass keeps its size"
    sized = set_size(api, 64, 128, INFO)
    assert (sized["4"]["inputs"]["width"], sized["4"]["inputs"]["height"]) == (64, 128)


def test_a_number_that_a_person_sets_stays_for_all_that_take_it():
    api = simple(seed=["30", 0])
    api["30"] = node("PrimitiveInt", "Number", value=7)
    traced = trace_graph(api, INFO, kept=[("30", "value")])
    assert "{seed}" not in {place.template for place in traced.places}
    (note,) = traced.notes
    assert note.startswith("'Number' (PrimitiveInt), value is set to 7: every picture gets it")


def test_conditioning_is_followed_through_what_hands_it_on():
    api = simple(positive=["40", 0], negative=["40", 1])
    api["40"] = node(
        "ControlNetApplyAdvanced", positive=["41", 0], negative=["3", 0], control_net=["42", 0],
        image=["43", 0], strength=1.0, start_percent=0.0, end_percent=1.0,
    )  # fmt: skip
    api["41"] = node("FluxGuidance", conditioning=["2", 0], guidance=3.5)
    api["42"] = node("ControlNetLoader", control_net_name="c")
    api["43"] = node("LoadImage", image="a.png")
    found = places(api)
    assert found["{prompt}"] == [("2", "text")]
    assert found["{negative}"] == [("3", "text")]


def test_a_zeroed_conditioning_has_no_text():
    api = simple(negative=["50", 0])
    api["50"] = node("ConditioningZeroOut", conditioning=["2", 0])
    assert "{negative}" not in places(api)


def test_both_texts_of_an_sdxl_encoder():
    api = simple()
    api["2"] = node(
        "CLIPTextEncodeSDXL", clip=["1", 1], text_g="a", text_l="b", width=512, height=384
    )
    assert places(api)["{prompt}"] == [("2", "text_g"), ("2", "text_l")]
    assert ("2", "width") in places(api)["{width}"], "it follows the size of the latent"


def test_a_second_pass_has_its_own_size_and_the_jobs_seed():
    api = second_stage(simple(), denoise=0.5)
    found = places(api)
    assert set(found["{seed}"]) == {("21", "seed"), ("5", "seed")}
    assert found["{width}"] == [("4", "width")]
    assert found["{prompt}"] == [("2", "text")]
    finished = {title_of(api, i): samplers for i, samplers in picture_nodes(api, INFO).items()}
    assert list(finished.items()) == [("Save large", 2), ("SaveImage", 1)]


def test_what_only_shows_pictures_comes_behind_what_saves_them():
    api = simple()
    api["7"]["inputs"]["images"] = ["6", 0]
    api["8"] = node("ImageInvert", image=["6", 0])
    api["9"] = node("PreviewImage", images=["8", 0])
    api["10"] = node("LoadImage", image="a.png")
    api["11"] = node("ImageInvert", image=["10", 0])
    api["12"] = node("SaveImage", "Map", images=["11", 0], filename_prefix="map")
    assert picture_nodes(api, INFO) == {"7": 1, "9": 1, "12": 0}
    assert [title_of(api, i) for i in picture_nodes(api, INFO)][-1] == "Map"


def test_pictures_go_into_the_jobs_folder():
    api = second_stage(simple())
    api["24"] = node("PreviewImage", images=["6", 0])
    named = name_files(api, picture_nodes(api, INFO), "run/1")
    assert named["23"]["inputs"]["filename_prefix"] == "run/1/0-save-large"
    assert named["7"]["inputs"]["filename_prefix"].startswith("run/1/")
    assert "filename_prefix" not in named["24"]["inputs"]


def test_a_size_from_a_picture_is_left_to_the_graph():
    api = simple(latent_image=["60", 0])
    api["60"] = node("VAEEncode", pixels=["61", 0], vae=["1", 2])
    api["61"] = node("LoadImage", image="a.png")
    assert trace_graph(api, INFO).size is None
    with pytest.raises(BindingError, match="empty latent"):
        set_size(api, 64, 64, INFO)


def test_one_node_for_prompt_and_negative_is_not_certain():
    assert "'Prompt' (CLIPTextEncode) is both" in refused(simple(negative=["2", 0]))


def test_no_text_is_not_certain():
    api = simple(positive=["70", 0])
    api["70"] = node("ConditioningZeroOut", conditioning=["2", 0])
    assert "no text stands behind 'KSampler' (KSampler)" in refused(api)


def test_two_texts_are_not_certain():
    api = simple(positive=["70", 0])
    api["70"] = node("ConditioningCombine", conditioning_1=["2", 0], conditioning_2=["71", 0])
    api["71"] = node("CLIPTextEncode", "Style", clip=["1", 1], text="an oil painting")
    text = refused(api)
    assert "the prompt of 'KSampler' (KSampler) comes from 2 texts" in text
    assert "'Prompt' (CLIPTextEncode) 'a cat', 'Style' (CLIPTextEncode) 'an oil painting'" in text


def test_samplers_with_different_texts_are_not_certain():
    api = simple()
    api["80"] = node("CLIPTextEncode", "Other", clip=["1", 1], text="a dog")
    api["81"] = node("KSampler", "Second", **api["5"]["inputs"] | {"positive": ["80", 0]})
    api["82"] = node("VAEDecode", samples=["81", 0], vae=["1", 2])
    api["83"] = node("SaveImage", images=["82", 0], filename_prefix="z")
    assert "2 samplers have different texts: 'Prompt'" in refused(api)
    del api["83"]  # what leads to no output does not count
    assert places(api)["{prompt}"] == [("2", "text")]


def test_no_sampler_is_not_certain():
    api = simple()
    api["6"] = node("LoadImage", image="a.png")
    text = refused(api)
    assert "no sampler stands in front" in text
    assert "no seed is found" in text
    named = [place_at(api, INFO, ("2", "text"), "{prompt}")]
    assert "no seed is found" in trace_graph(api, INFO, named).notes[0]


def test_a_person_names_the_places():
    api = simple(negative=["2", 0])
    named = [place_at(api, INFO, ("2", "text"), "photo of {prompt}, no {negative}")]
    traced = trace_graph(api, INFO, named)
    bound = bind_traced(api, traced, JOB.sized(64, 64))
    assert bound["2"]["inputs"]["text"] == "photo of an anchor, no blur"
    assert bound["5"]["inputs"]["seed"] == 2**52


def test_what_a_person_sets_stays():
    api = second_stage(simple(), positive=["90", 0])
    api["90"] = node("CLIPTextEncode", "Hires prompt", clip=["1", 1], text="fine detail")
    traced = trace_graph(api, INFO, kept=[("90", "text"), ("21", "seed")])
    bound = bind_traced(api, traced, JOB.sized(64, 64))
    assert bound["90"]["inputs"]["text"] == "fine detail"
    assert (bound["21"]["inputs"]["seed"], bound["5"]["inputs"]["seed"]) == (1, 2**52)
    (note,) = traced.notes
    assert note.startswith("'Hires' (KSampler), seed is set to 1: every picture gets it")
    with pytest.raises(TraceUncertain, match="no place is left for the jobs"):
        trace_graph(simple(), INFO, kept=[("2", "text")])


def test_places_that_cannot_take_a_job():
    with pytest.raises(BindingError, match=r"takes \{seed\}"):
        place_at(simple(), INFO, ("5", "steps"), "{prompt}")
    with pytest.raises(BindingError, match="neither a text nor a whole number"):
        place_at(simple(), INFO, ("5", "cfg"), "{seed}")


def test_a_seed_fits_the_range_of_its_input():
    info = copy.deepcopy(INFO)
    info["KSampler"]["input"]["required"]["seed"][1]["max"] = 999
    bound = bind_traced(simple(), trace_graph(simple(), info), JOB.sized(64, 64))
    assert bound["5"]["inputs"]["seed"] == 2**52 % 1000


def test_a_circle_of_links_ends():
    api = simple(positive=["70", 0])
    api["70"] = node("ConditioningCombine", conditioning_1=["70", 0], conditioning_2=["2", 0])
    assert places(api)["{prompt}"] == [("2", "text")]
    assert find_nodes(api, "KSampler") == ["5"]
