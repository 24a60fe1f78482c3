"""Measure Loss: how well a model finds pictures again under fixed noise."""

from __future__ import annotations

import math
from typing import Any

import comfy.model_management
import comfy.sample
import comfy.samplers
import comfy_extras.nodes_custom_sampler
import torch
from comfy_api.latest import io

from ..core import names
from .types import CATEGORY, MAX_SEED, search_words


class MeasureLoss(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.MEASURE_LOSS,
            display_name="Measure Loss",
            category=CATEGORY,
            **search_words(names.MEASURE_LOSS),
            description="How far a model is from finding pictures again under noise: the mean "
            "squared error, at fixed levels and with fixed noise, so that numbers can be compared.",
            is_input_list=True,
            inputs=[
                io.Model.Input("model", tooltip="The model to measure, with or without a LoRA."),
                io.Latent.Input("latents", tooltip="The pictures, from Make Training Dataset."),
                io.Conditioning.Input(
                    "positive", tooltip="Their captions, from Make Training Dataset."
                ),
                io.Int.Input(
                    "levels",
                    default=4,
                    min=1,
                    max=50,
                    tooltip="So many levels of noise, evenly spread over the model's own.",
                ),
                io.Int.Input(
                    "noise",
                    default=0,
                    min=0,
                    max=MAX_SEED,
                    tooltip="Seed of the noise. The same one makes numbers comparable.",
                ),
                io.Boolean.Input(
                    "every_caption",
                    default=False,
                    tooltip="Measures each picture under every caption: a picture that shows what "
                    "its own caption says is found again best under that one.",
                ),
            ],
            outputs=[
                io.Float.Output(
                    display_name="loss",
                    tooltip="The mean over pictures with their own captions, and levels.",
                )
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls,
        model: list[Any],
        latents: list[dict[str, torch.Tensor]],
        positive: list[Any],
        levels: list[int],
        noise: list[int],
        every_caption: list[bool],
    ) -> io.NodeOutput:
        pictures = [one[None] for latent in latents for one in latent["samples"]]
        if len(positive) != len(pictures):
            raise ValueError(f"there are {len(pictures)} pictures and {len(positive)} captions")
        told: list[dict[str, Any]] = []
        own: list[float] = []
        for place, picture in enumerate(pictures):
            for number, caption in enumerate(positive):
                if number != place and not every_caption[0]:
                    continue
                comfy.model_management.throw_exception_if_processing_interrupted()
                losses = _losses(model[0], picture, caption, levels[0], noise[0])
                shown = [loss if math.isfinite(loss) else None for loss in losses]
                told.append({"picture": place, "caption": number, "levels": shown})
                if number == place:
                    own += losses
        return io.NodeOutput(sum(own) / len(own), ui={names.UI_LOSS: told})


def _losses(model: Any, picture: torch.Tensor, caption: Any, levels: int, seed: int) -> list[float]:
    """The loss of a latent (1, channels, height, width) at each level, the noisiest first."""
    batch = picture.repeat(levels, *[1] * (picture.dim() - 1))
    sampler = _Look(levels)
    guider = comfy_extras.nodes_custom_sampler.Guider_Basic(model)
    guider.set_conds(caption)
    noise = comfy.sample.prepare_noise(batch, seed)
    guider.sample(noise, batch, sampler, torch.zeros(1), disable_pbar=True, seed=seed)
    return sampler.losses


class _Look(comfy.samplers.Sampler):
    """Asks a model once for the pictures under noise, instead of sampling."""

    def __init__(self, levels: int) -> None:
        self.levels = levels
        self.losses: list[float] = []

    def sample(self, model_wrap, sigmas, extra_args, callback, noise, latent_image, *rest):
        scale = model_wrap.inner_model.model_sampling
        # The middles of equal parts: at the very ends nothing or everything can be seen.
        at = [scale.percent_to_sigma((i + 0.5) / self.levels) for i in range(self.levels)]
        noisy = torch.tensor(at, device=noise.device, dtype=noise.dtype)
        shown = scale.noise_scaling(noisy, noise.clone(), latent_image, False)
        found = model_wrap(shown, noisy, **extra_args)
        errors = (found.float() - latent_image.float()).pow(2).flatten(1).mean(1)
        self.losses = [float(error) for error in errors]
        return latent_image
