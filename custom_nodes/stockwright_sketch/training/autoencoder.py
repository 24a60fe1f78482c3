"""Trains the TAESD-layout autoencoder on 64 px crops, and encodes pictures with it.

Loss: mean absolute error + 2 x mean square error + 0.5 x absolute error of the gradients + a small
pull of the latents towards unit variance, which the noise schedule of the UNet expects.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import state

CROP = 64
BATCH = 24
RATE = 1e-3
LATENT_PULL = 0.01


def initialise(model: nn.Module, seed: int) -> None:
    """He's initialisation; a block's last convolution is scaled so that depth is no risk."""
    torch.manual_seed(seed)
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if name.endswith("conv.4"):
                module.weight.data *= 0.3
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    # A TAESD's colours are 0 to 1, so an untrained one starts at mid grey.
    nn.init.constant_(model.taesd_decoder[-1].bias, 0.5)
    model.taesd_decoder[-1].weight.data *= 0.1
    model.taesd_encoder[-1].weight.data *= 0.5


def train(
    model: nn.Module,
    pictures: np.ndarray,
    steps: int,
    folder: Path,
    seed: int,
    say: Callable[[str], None],
) -> None:
    """Trains `model` (fp32 weights, computed in bf16) to step `steps`, going on where it stopped.

    pictures: (number, height, width, 3) bytes. Its state stays in folder/autoencoder.pt.
    """
    device = next(model.parameters()).device
    model.to(memory_format=torch.channels_last).requires_grad_(True)
    trained = [p for name, p in model.named_parameters() if not name.startswith("vae_")]
    optimizer = torch.optim.AdamW(trained, lr=RATE, betas=(0.9, 0.99), weight_decay=0.0)
    kept = state.State(folder / "autoencoder.pt", {"model": model, "optimizer": optimizer})
    start = kept.load()
    began, average = time.monotonic(), 0.0
    for step in range(start, steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * state.schedule(step, steps, warm=200)
        batch = _crops(pictures, random.Random(f"{seed}/{step}")).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            latent = model.taesd_encoder(batch)
            back = model.taesd_decoder(latent)
        loss = _loss(back.float(), batch, latent.float())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        error = functional.mse_loss(back.detach().float().clamp(0, 1), batch).item()
        average = error if step == start else average * 0.99 + error * 0.01
        if (step + 1) % 200 == 0 or step + 1 == steps:
            decibels = -10 * np.log10(max(average, 1e-9))
            rate = (step + 1 - start) * BATCH / (time.monotonic() - began)
            spread = latent.detach().float().std().item()
            say(
                f"autoencoder {step + 1}/{steps}: {decibels:.1f} dB, latents' spread {spread:.2f},"
                f" {rate:.0f} crops/s"
            )
        kept.save_now_and_then(step + 1, last=step + 1 == steps)


def encode(model: nn.Module, pictures: np.ndarray, say: Callable[[str], None]) -> torch.Tensor:
    """fp16 latents (number, channels, height/8, width/8) of pictures (number, height, width, 3)."""
    device = next(model.parameters()).device
    found: list[torch.Tensor] = []
    for start in range(0, len(pictures), 64):
        batch = as_tensor(pictures[start : start + 64]).to(device)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            found.append(model.taesd_encoder(batch).half().cpu())
        if start % 6400 == 0:
            say(f"encoding pictures: {start}/{len(pictures)}")
    return torch.cat(found)


def as_tensor(pictures: np.ndarray) -> torch.Tensor:
    """(number, 3, height, width), 0 to 1, channels last."""
    values = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 255
    return values.contiguous(memory_format=torch.channels_last)


def _crops(pictures: np.ndarray, generator: random.Random) -> torch.Tensor:
    crops = np.empty((BATCH, CROP, CROP, 3), np.uint8)
    room = pictures.shape[1] - CROP
    for place in range(BATCH):
        # Whole places of 8 pixels, as the UNet will see them.
        y, x = (8 * generator.randint(0, room // 8) for _ in range(2))
        crop = pictures[generator.randrange(len(pictures)), y : y + CROP, x : x + CROP]
        crops[place] = crop[:, ::-1] if generator.random() < 0.5 else crop
    return as_tensor(crops)


def _loss(back: torch.Tensor, real: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
    gradients = sum(functional.l1_loss(back.diff(dim=axis), real.diff(dim=axis)) for axis in (2, 3))
    spread = latent.mean(dim=(0, 2, 3)).square().mean()
    spread = spread + (latent.var(dim=(0, 2, 3)) - 1).square().mean()
    return (
        functional.l1_loss(back, real)
        + 2 * functional.mse_loss(back, real)
        + 0.5 * gradients
        + LATENT_PULL * spread
    )
