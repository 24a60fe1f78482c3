"""Stockwright Batch: the one interface between driver and graph.

Jobs come in, and all that a sampler needs of them goes out. A job gives the same picture alone and
in any batch: its texts are encoded by themselves, its noise comes from its own seed, and only jobs
whose tensors have one shape (same size, same number of token chunks) are sampled together. Every
output is a list with one entry for each such group; ComfyUI runs the nodes that follow once for
each entry.
"""

from __future__ import annotations

import comfy.model_management
import comfy.sample
import torch
from comfy_api.latest import io

from ..core import names
from ..core.errors import JobInvalid
from ..core.jobs import MAX_SIZE, MIN_SIZE, SIZE_STEP, Job, check_jobs, check_size, parse_jobs
from ..engine.conditioning import encode_jobs, group_by_shape, stack
from .types import CATEGORY, Jobs, search_words

SAMPLE_JOBS = '[{"id": "a1", "subject": "chair", "prompt": "a red chair by a window", "seed": 1}]'


class JobNoise:
    """NOISE of a group: each picture's noise is drawn from its job's own seed."""

    def __init__(self, seeds: tuple[int, ...]) -> None:
        self.seeds = seeds
        self.seed = seeds[0]  # what stochastic samplers are seeded with

    def generate_noise(self, input_latent: dict) -> torch.Tensor:
        samples = input_latent["samples"]
        return torch.cat(
            [
                comfy.sample.prepare_noise(samples[i : i + 1], seed)
                for i, seed in enumerate(self.seeds)
            ]
        )


class StockwrightBatch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        size = {"min": MIN_SIZE, "max": MAX_SIZE, "step": SIZE_STEP}
        return io.Schema(
            node_id=names.BATCH,
            display_name="Stockwright Batch",
            category=CATEGORY,
            **search_words(names.BATCH),
            description="Turns jobs into all that a sampler needs: texts, noise and empty latents. "
            "Each job has its own seed and gives the same picture alone and in any batch.",
            inputs=[
                io.MultiType.Input(
                    io.String.Input(
                        "jobs",
                        multiline=True,
                        default=SAMPLE_JOBS,
                        tooltip="What to paint: a link from Write Theme Prompts, or a JSON list of "
                        "jobs. Only the prompt of a job is required.",
                    ),
                    types=[Jobs],
                ),
                io.Clip.Input(
                    "clip", tooltip="Encodes the texts: from the checkpoint, or from LoRA Stack."
                ),
                io.Int.Input(
                    "width",
                    default=1024,
                    **size,
                    tooltip="In pixels, for jobs that name no size themselves.",
                ),
                io.Int.Input(
                    "height",
                    default=1024,
                    **size,
                    tooltip="In pixels, for jobs that name no size themselves.",
                ),
            ],
            outputs=[
                io.Conditioning.Output(
                    display_name="positive",
                    is_output_list=True,
                    tooltip="The prompts, for the positive input of a guider.",
                ),
                io.Conditioning.Output(
                    display_name="negative",
                    is_output_list=True,
                    tooltip="What the pictures must not show, for the negative input of a guider.",
                ),
                io.Noise.Output(
                    display_name="noise",
                    is_output_list=True,
                    tooltip="Each picture's noise, drawn from its job's own seed.",
                ),
                io.Latent.Output(
                    display_name="latent",
                    is_output_list=True,
                    tooltip="Empty latents of the jobs' size.",
                ),
                Jobs.Output(
                    display_name="jobs",
                    is_output_list=True,
                    tooltip="The jobs in the order of the pictures, for Save Stock Image and "
                    "Per-Job Sampler.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(
        cls, jobs: object = None, width: int | None = None, height: int | None = None
    ) -> bool | str:
        try:
            if jobs is not None:  # a link is known only when it runs
                _read(jobs)
            check_size(width or MIN_SIZE, height or MIN_SIZE, "Stockwright Batch")
        except JobInvalid as error:
            return str(error)
        return True

    @classmethod
    def execute(cls, jobs: object, clip, width: int, height: int) -> io.NodeOutput:
        sized = [job.sized(width, height) for job in _read(jobs)]
        groups = group_by_shape(encode_jobs(clip, sized))
        return io.NodeOutput(
            [stack([e.positive for e in group]) for group in groups],
            [stack([e.negative for e in group]) for group in groups],
            [JobNoise(tuple(e.job.seed for e in group)) for group in groups],
            [_empty_latent([e.job for e in group]) for group in groups],
            [tuple(e.job for e in group) for group in groups],
        )


def _read(jobs: object) -> tuple[Job, ...]:
    if isinstance(jobs, str):
        return parse_jobs(jobs)
    if not isinstance(jobs, tuple) or not all(isinstance(job, Job) for job in jobs):
        raise JobInvalid("the link does not carry jobs", where="jobs")
    check_jobs(jobs)
    return jobs


def _empty_latent(jobs: list[Job]) -> dict[str, torch.Tensor]:
    # Four channels and one eighth of the size, as the core's EmptyLatentImage: the sampler widens
    # them for models with more channels.
    shape = (len(jobs), 4, (jobs[0].height or 0) // 8, (jobs[0].width or 0) // 8)
    device = comfy.model_management.intermediate_device()
    return {"samples": torch.zeros(shape, device=device)}
