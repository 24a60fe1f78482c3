"""The graphs of a training: the designer's with its values, and those that compare candidates.

Nodes of avatar_train.json are found by these titles and classes; all else in it is the designer's.

    Training photos, Held-back photos   folder, size
    Loss before, Loss after             read: the held-back pictures' losses
    Train LoRA                          all but optimizer, loss_function and algorithm
    Continue Person LoRA                lora
    Save Person LoRA                    person, key
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stockwright.core import names

from ..errors import PreflightFailed
from ..graphs import (
    ApiGraph,
    Graph,
    ObjectInfo,
    Origins,
    check_classes,
    find_input,
    find_missing_models,
    set_checkpoint,
    to_api,
    with_inputs,
)
from ..server import Finished
from .presets import Preset, Sampling

TRAIN = "TrainLoraNode"
NOTHING = "[None]"
TRAINING, HELD_BACK = "Training photos", "Held-back photos"
BEFORE, AFTER = "Loss before", "Loss after"
LEVELS = 6
"""Of noise, at which held-back pictures and candidates are measured."""
CHECKPOINT_INPUT = "ckpt_name"
CHECKPOINT_CLASS = "CheckpointLoaderSimple"


@dataclass(frozen=True, slots=True)
class Segment:
    """What changes from one graph of a training to the next."""

    token: str
    key: str
    training: str
    """Folder of the photos below the server's input folder."""
    held_back: str
    preset: Preset
    steps: int
    rate: float
    seed: int
    batch: int
    accumulation: int
    checkpointing: bool
    continued: str
    """The LoRA to go on with, as the server calls it; empty for a new one."""


def prepare_training(
    canvas: Mapping[str, Any], checkpoint: str | None, info: ObjectInfo, name: str
) -> ApiGraph:
    """The designer's graph with a checkpoint; None leaves its own.

    Raises GraphInvalid, PreflightFailed or BindingError.
    """
    saved = Graph(name=name, data=dict(canvas), is_canvas="nodes" in canvas)
    api = to_api(saved, info)
    check_classes(api, {}, info, Origins.of(saved))
    return api if checkpoint is None else set_checkpoint(api, checkpoint, info)


def check_models(api: ApiGraph, info: ObjectInfo) -> None:
    """Raises PreflightFailed naming all files that the server lacks."""
    if missing := find_missing_models(api, info):
        raise PreflightFailed(
            "the graph cannot run on this server:\n" + "\n".join(f"  {one}" for one in missing),
            hint=" ".join(dict.fromkeys(one.advice for one in missing)),
        )


def named_checkpoint(api: ApiGraph) -> str:
    """The checkpoint that the graph trains. Raises BindingError."""
    node_id, name = find_input(api, f"{CHECKPOINT_CLASS}.{CHECKPOINT_INPUT}")
    return str(api[node_id]["inputs"][name])


def own_checkpoint(workflow: Graph) -> str | None:
    """The one checkpoint that a graph as it was saved names; a server is not needed for it."""
    nodes: list[dict[str, Any]]
    if workflow.is_canvas:
        nodes = [n for n in workflow.data["nodes"] if n.get("type") == CHECKPOINT_CLASS]
        found = [str(node["widgets_values"][0]) for node in nodes if node.get("widgets_values")]
    else:
        nodes = [n for n in workflow.data.values() if n.get("class_type") == CHECKPOINT_CLASS]
        found = [str(node["inputs"]["ckpt_name"]) for node in nodes]
    return found[0] if len(found) == 1 else None


def bind_segment(api: ApiGraph, segment: Segment) -> ApiGraph:
    """Raises BindingError where the designer's graph lacks a place."""
    continued = segment.continued or NOTHING
    train: dict[str, Any] = {
        "batch_size": segment.batch,
        "grad_accumulation_steps": segment.accumulation,
        "steps": segment.steps,
        "learning_rate": segment.rate,
        "rank": segment.preset.rank,
        "seed": segment.seed,
        "training_dtype": segment.preset.dtype,
        "lora_dtype": segment.preset.dtype,
        "gradient_checkpointing": segment.checkpointing,
        "existing_lora": continued,
    }
    values: dict[str, Any] = {f"{TRAIN}.{name}": value for name, value in train.items()}
    for title, folder in ((TRAINING, segment.training), (HELD_BACK, segment.held_back)):
        # Captions lie beside the pictures.
        values |= {f"{title}.folder": folder, f"{title}.captions": ""}
        values[f"{title}.size"] = segment.preset.size
    values |= {f"{title}.levels": LEVELS for title in (BEFORE, AFTER)}
    values |= {f"{names.CONTINUE_LORA}.lora": continued}
    values |= {f"{names.SAVE_LORA}.person": segment.token, f"{names.SAVE_LORA}.key": segment.key}
    bound: dict[str, dict[str, Any]] = {}
    for target, value in values.items():
        node_id, name = find_input(api, target)
        bound.setdefault(node_id, {})[name] = value
    return with_inputs(api, bound)


def told_lora(ended: Finished) -> dict[str, Any] | None:
    """What *Save Person LoRA* told of its file."""
    for output in ended.outputs.values():
        for told in (output or {}).get(names.UI_LORA, []):
            return told
    return None


def all_losses(ended: Finished) -> list[dict[str, Any]]:
    """What all nodes *Measure Loss* told."""
    outputs = ended.outputs.values()
    return [told for output in outputs for told in (output or {}).get(names.UI_LOSS, [])]


def told_losses(api: ApiGraph, title: str, ended: Finished) -> tuple[float | None, ...]:
    """What the *Measure Loss* of this title told: of each picture at each level. Empty where it did
    not run, since it had nothing new to measure."""
    node_id, _ = find_input(api, f"{title}.levels")
    told: list[dict[str, Any]] = (ended.outputs.get(node_id) or {}).get(names.UI_LOSS, [])
    return tuple(level for one in told for level in one["levels"])


def picture_id(number: int) -> str:
    """The job of a picture that compares candidates."""
    return f"p{number}"


def _node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": class_type}}


def pictures_graph(
    checkpoint: str,
    loras: str,
    prompts: Sequence[str],
    negative: str,
    seeds: Sequence[int],
    sampling: Sampling,
    folder: str,
) -> ApiGraph:
    """Makes one picture of each prompt, with its seed, called by `picture_id`."""
    jobs = [
        {"id": picture_id(number), "prompt": prompt, "negative": negative, "seed": seed}
        for number, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True))
    ]
    text = json.dumps(jobs, ensure_ascii=False)
    size = {"width": sampling.size, "height": sampling.size}
    scheduler = {"scheduler": sampling.scheduler, "steps": sampling.steps, "denoise": 1.0}
    saved = {"folder": folder, "format": "png", "quality": 95, "dpi": 300}
    return {
        "1": _node(CHECKPOINT_CLASS, ckpt_name=checkpoint),
        "2": _node(names.LORA_STACK, model=["1", 0], clip=["1", 1], loras=loras),
        "3": _node(names.BATCH, jobs=text, clip=["2", 1], **size),
        "4": _node(
            "CFGGuider", model=["2", 0], positive=["3", 0], negative=["3", 1], cfg=sampling.cfg
        ),
        "5": _node("KSamplerSelect", sampler_name=sampling.sampler),
        "6": _node("BasicScheduler", model=["2", 0], **scheduler),
        "7": _node(
            "SamplerCustomAdvanced",
            noise=["3", 2],
            guider=["4", 0],
            sampler=["5", 0],
            sigmas=["6", 0],
            latent_image=["3", 3],
        ),
        "8": _node("VAEDecode", samples=["7", 0], vae=["1", 2]),
        # Without a word of what made them: they are of a person.
        "9": _node(names.SAVE_IMAGE, images=["8", 0], jobs=["3", 4], details="anonymous", **saved),
    }


def loss_graph(
    checkpoint: str, loras: str, folder: str, size: int, noise: int, *, every_caption: bool
) -> ApiGraph:
    """Measures how well a checkpoint with LoRAs finds pictures again under their captions."""
    return {
        "1": _node(CHECKPOINT_CLASS, ckpt_name=checkpoint),
        "2": _node(names.LORA_STACK, model=["1", 0], clip=["1", 1], loras=loras),
        "3": _node(names.PERSON_PHOTOS, folder=folder, captions="", size=size),
        "4": _node(
            "MakeTrainingDataset", images=["3", 0], vae=["1", 2], clip=["2", 1], texts=["3", 1]
        ),
        "5": _node(
            names.MEASURE_LOSS,
            model=["2", 0],
            latents=["4", 0],
            positive=["4", 1],
            levels=LEVELS,
            noise=noise,
            every_caption=every_caption,
        ),
    }
