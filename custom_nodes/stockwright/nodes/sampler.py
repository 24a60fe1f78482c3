"""Per-Job Sampler: noise that a sampler adds between its steps, drawn from each job's own seed.

Ancestral, SDE and LCM samplers draw such noise for the whole batch from one seed, so a job would
look different in other company. Samplers without it pass through unchanged. `dpm_adaptive` stays
bound to its batch: it chooses its steps by the error of all pictures together.
"""

from __future__ import annotations

import inspect
from typing import Any

import comfy.k_diffusion.sampling
import comfy.samplers
import torch
from comfy_api.latest import io

from ..core import names
from ..core.jobs import Job
from .types import CATEGORY, Jobs, search_words


class PerJobSampler(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.JOB_SAMPLER,
            display_name="Per-Job Sampler",
            category=CATEGORY,
            **search_words(names.JOB_SAMPLER),
            description="Put it behind a sampler that adds noise (ancestral, SDE, LCM): each job "
            "then looks the same alone and in any batch. Other samplers pass through unchanged.",
            inputs=[
                io.Sampler.Input("sampler", tooltip="Any sampler, such as that of KSamplerSelect."),
                Jobs.Input("jobs", tooltip="The jobs output of Stockwright Batch."),
            ],
            outputs=[
                io.Sampler.Output(
                    display_name="sampler",
                    tooltip="The same sampler, with noise from each job's own seed.",
                )
            ],
        )

    @classmethod
    def execute(cls, sampler: Any, jobs: tuple[Job, ...]) -> io.NodeOutput:
        function = getattr(sampler, "sampler_function", None)
        if function is None or "noise_sampler" not in inspect.signature(function).parameters:
            return io.NodeOutput(sampler)
        return io.NodeOutput(_JobSampler(sampler, [job.seed for job in jobs]))


class _JobSampler(comfy.samplers.KSAMPLER):
    def __init__(self, inner: comfy.samplers.KSAMPLER, seeds: list[int]) -> None:
        super().__init__(inner.sampler_function, inner.extra_options, inner.inpaint_options)
        self.seeds = seeds

    def sample(self, model_wrap, sigmas, extra_args, callback, noise, *rest, **more):
        options = {**self.extra_options, "noise_sampler": self._noise_sampler(noise, sigmas)}
        inner = comfy.samplers.KSAMPLER(self.sampler_function, options, self.inpaint_options)
        return inner.sample(model_wrap, sigmas, extra_args, callback, noise, *rest, **more)

    def _noise_sampler(self, noise: torch.Tensor, sigmas: torch.Tensor):
        """For one job the noise that ComfyUI itself would draw; for several, theirs stacked."""
        name = self.sampler_function.__name__
        if name.startswith("sample_dpmpp_") and "sde" in name:
            return comfy.k_diffusion.sampling.BrownianTreeNoiseSampler(
                noise,
                sigmas[sigmas > 0].min(),
                sigmas.max(),
                seed=self.seeds,
                cpu=not name.endswith("_gpu"),
            )
        each = [
            comfy.k_diffusion.sampling.default_noise_sampler(noise[i : i + 1], seed=seed)
            for i, seed in enumerate(self.seeds)
        ]
        return lambda sigma, sigma_next: torch.cat([draw(sigma, sigma_next) for draw in each])
