"""What every variant makes: the same prompts at the same settings, as jobs and as a core graph.

Seeds differ from block to block, since the server gives a graph it has just run from its cache; how
long a picture takes does not depend on its seed.
"""

from __future__ import annotations

import itertools
from typing import Any

from home import SKETCH

from stockwright.core.jobs import Job

STEPS, CFG, SAMPLER, SCHEDULER = 8, 6.0, "dpmpp_2m", "karras"

_ROOMS = ("reading room", "lecture hall", "workshop", "laboratory", "music room", "gymnasium")
_FURNISHED = ("with low shelves", "with long tables", "with a large window", "with a wooden floor")
_LIGHTS = ("soft morning light", "bright daylight", "warm evening light")
_VIEWS = ("wide shot, 24 mm", "eye level, 35 mm", "close-up, 85 mm, shallow depth of field")
_NEGATIVE = "people, text, watermark, blurry"


def jobs(count: int, size: int, block: int) -> list[Job]:
    """Jobs of `size` by `size` pixels; each block has seeds of its own."""
    texts = itertools.cycle(itertools.product(_VIEWS, _LIGHTS, _FURNISHED, _ROOMS))
    return [
        Job.create(
            theme="Bench",
            kind="interiors",
            subject=f"{room} {furnished}",
            prompt=f"{room} {furnished}, {light}, {view}, sharp focus",
            negative=_NEGATIVE,
            seed=1_000_000 * block + number,
        ).sized(size, size)
        for number, (view, light, furnished, room) in zip(range(count), texts, strict=False)
    ]


def core_graph(job: Job) -> dict[str, Any]:
    """The graph of one picture with ComfyUI's own nodes, as its examples write it."""
    return {
        "1": _node("CheckpointLoaderSimple", ckpt_name=SKETCH),
        "2": _node("CLIPTextEncode", text=job.prompt, clip=["1", 1]),
        "3": _node("CLIPTextEncode", text=job.negative, clip=["1", 1]),
        "4": _node("EmptyLatentImage", width=job.width, height=job.height, batch_size=1),
        "5": _node(
            "KSampler",
            model=["1", 0],
            positive=["2", 0],
            negative=["3", 0],
            latent_image=["4", 0],
            seed=job.seed,
            steps=STEPS,
            cfg=CFG,
            sampler_name=SAMPLER,
            scheduler=SCHEDULER,
            denoise=1.0,
        ),
        "6": _node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": _node("SaveImage", images=["6", 0], filename_prefix="bench"),
    }


def _node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}
