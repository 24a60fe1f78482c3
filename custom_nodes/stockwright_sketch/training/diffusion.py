"""Trains UNet and text encoders together on encoded pictures and their captions.

v-prediction on a schedule with zero terminal SNR (Lin et al. 2023, "Common diffusion noise
schedules and sample steps are flawed"). Four of five samples get a noise whose logarithm is normal
(Karras et al. 2022, "Elucidating the design space of diffusion-based generative models"), since
shapes are decided where noise and picture are about as strong; the schedule itself has two of
three of its steps above that. The others get any step of the schedule. The moving average of the
weights is what is kept in the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from . import state
from .networks import Networks
from .optimizers import Optimizers

BATCH = 32
AVERAGE = 0.999
NOISE_MEAN, NOISE_SPREAD = -0.2, 1.1
"""Of the logarithm of the noise; the pictures have unit variance."""
ANY_STEP = 0.2


class Samples(Protocol):
    """What is trained on."""

    def draw(self, step: int, number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Latents (number, channels, h, w), CLIP-L tokens (number, 77) and CLIP-G tokens."""
        ...


class Average:
    """The exponential moving average of some modules' parameters."""

    def __init__(self, modules: dict[str, nn.Module]) -> None:
        self._modules = modules
        self.values = {
            f"{part}.{name}": value.detach().clone()
            for part, module in modules.items()
            for name, value in module.named_parameters()
        }

    def update(self, step: int) -> None:
        # Early on the average follows faster, or it would remember the random start for long.
        keep = min(AVERAGE, (step + 1) / (step + 10))
        names, now = [], []
        for part, module in self._modules.items():
            for name, value in module.named_parameters():
                names.append(f"{part}.{name}")
                now.append(value.detach())
        torch._foreach_lerp_([self.values[name] for name in names], now, 1 - keep)

    def state_dict(self) -> dict[str, torch.Tensor]:
        return self.values

    def load_state_dict(self, found: dict[str, torch.Tensor]) -> None:
        self.values = found

    def apply(self) -> None:
        """Puts the average into the modules."""
        for part, module in self._modules.items():
            for name, value in module.named_parameters():
                value.data.copy_(self.values[f"{part}.{name}"])


def train(
    networks: Networks,
    samples: Samples,
    steps: int,
    folder: Path,
    seed: int,
    say: Callable[[str], None],
    look: Callable[[int], None] = lambda _: None,
) -> None:
    """Trains to step `steps`, going on where it stopped, and leaves the average in the networks.

    `look` is called now and then with the step, the average being in the networks meanwhile. The
    state stays in folder/diffusion.pt.
    """
    unet, clip = networks.unet, networks.clip
    device = next(unet.parameters()).device
    unet.to(memory_format=torch.channels_last)
    # Only the words of a batch move: there are 49,408, and captions have some two thousand.
    optimizers = Optimizers(unet, clip, networks.words())
    average = Average({"unet": unet, "clip": clip})
    parts = {
        "unet": unet,
        "clip": clip,
        "optimizers": optimizers,
        "average": average,
    }
    kept = state.State(folder / "diffusion.pt", parts)
    start = kept.load()
    sigmas = networks.sigmas().to(device)
    began, mean, looked = time.monotonic(), 0.0, time.monotonic()
    for step in range(start, steps):
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        loss = _loss(networks, samples, sigmas, step, generator)
        loss.backward()
        optimizers.step(state.schedule(step, steps, warm=300))
        average.update(step)
        mean = loss.item() if step == start else mean * 0.99 + loss.item() * 0.01
        if (step + 1) % 100 == 0 or step + 1 == steps:
            rate = (step + 1 - start) * BATCH / (time.monotonic() - began)
            say(f"UNet {step + 1}/{steps}: loss {mean:.4f}, {rate:.0f} samples/s")
        kept.save_now_and_then(step + 1, last=step + 1 == steps)
        if time.monotonic() - looked > 600:
            own = [value.detach().clone() for part in (unet, clip) for value in part.parameters()]
            average.apply()
            look(step + 1)
            values = [value for part in (unet, clip) for value in part.parameters()]
            for value, before in zip(values, own, strict=True):
                value.data.copy_(before)
            looked = time.monotonic()
    average.apply()


def _loss(
    networks: Networks,
    samples: Samples,
    sigmas: torch.Tensor,
    step: int,
    generator: torch.Generator,
) -> torch.Tensor:
    latent, tokens_l, tokens_g = (part.to(sigmas.device) for part in samples.draw(step, BATCH))
    time_step = _time_steps(sigmas, len(latent), generator)
    noise = torch.randn(latent.shape, generator=generator).to(latent.device)
    # Any sizes: the picture is to look the same whatever size a graph declares.
    sizes = torch.randint(64, 520, (len(latent), 6), generator=generator).float().to(latent.device)
    sizes[:, 2:4] = 0
    sigma = sigmas[time_step].view(-1, 1, 1, 1)
    alpha = (1 + sigma * sigma).rsqrt()
    noisy = alpha * latent + alpha * sigma * noise
    target = alpha * noise - alpha * sigma * latent
    with torch.autocast(latent.device.type, torch.bfloat16):
        context, summary = networks.context(tokens_l, tokens_g)
        found = networks.unet(
            noisy.contiguous(memory_format=torch.channels_last),
            time_step.float(),
            context=context,
            y=networks.vector(summary, sizes),
        )
    return (found.float() - target).square().mean()


def _time_steps(sigmas: torch.Tensor, number: int, generator: torch.Generator) -> torch.Tensor:
    wished = torch.randn(number, generator=generator) * NOISE_SPREAD + NOISE_MEAN
    near = torch.searchsorted(sigmas, wished.exp().to(sigmas)).clamp(max=len(sigmas) - 1)
    other = torch.randint(len(sigmas), (number,), generator=generator).to(sigmas.device)
    chosen = torch.rand(number, generator=generator).to(sigmas.device) < ANY_STEP
    return torch.where(chosen, other, near)
