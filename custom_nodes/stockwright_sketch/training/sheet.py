"""Draws sheets of samples, to look at while training and afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from . import text
from .networks import SIZES, Networks

STEPS = 20
GUIDANCE = 2.5

PROMPTS = (
    "stack of books, Trainings and Education, still life on a clean surface, commercial product "
    "photograph, 85mm macro lens, f/5.6, large softbox from the left, pale wood table, sharp focus",
    "globe on white seamless background",
    "microscope on blue background",
    "laptop on red background",
    "school backpack, soft window light, gentle shadow, pastel paper background",
    "hard hat on yellow background",
    "coffee cup, dark slate background",
    "violin, linen cloth, warm backlight with a fill card",
    "school classroom, Trainings and Education, empty interior, architectural photograph, wide "
    "angle 24mm lens, eye level, straight verticals, soft daylight from large windows, light oak "
    "and white walls, sharp focus, tidy composition",
    "university library, warm evening lamps mixed with blue dusk outside, walnut panels and linen",
    "hospital ward, bright even morning light",
    "warehouse with tall racks, polished concrete and glass",
    "modern office, exposed brick and black metal",
    "restaurant kitchen, 35mm lens, corner view",
    "gym with green walls",
    "server room, 17mm tilt-shift lens, one-point perspective",
    "school building, Trainings and Education, exterior view, architectural photograph, 50mm lens, "
    "frontal symmetrical view, clear midday sky with a polarizing filter, red brick and white "
    "stone, sharp focus",
    "office tower, blue hour with lit windows, glass and aluminium",
    "hospital building, soft overcast light",
    "wind farm, golden hour sunlight",
    "football pitch, clear midday sky",
    "beach, golden hour sunlight",
    "construction site, early morning haze",
    "airport, clear midday sky",
)


@torch.no_grad()
def sample(
    networks: Networks, prompts: Sequence[str], seed: int, side: int = 128, negative: str = ""
) -> torch.Tensor:
    """Pictures (number, 3, side, side), 0 to 1: DDIM without noise, STEPS steps."""
    device = next(networks.unet.parameters()).device
    ids = text.tokens([*prompts, negative]).long().to(device)
    context, summary = networks.context(ids, text.for_clip_g(ids))
    sizes = torch.tensor([[side, side, 0, 0, side, side]], device=device).float()
    assert sizes.shape[1] == SIZES
    vector = networks.vector(summary, sizes.expand(len(ids), -1))
    number = len(prompts)
    both = torch.arange(number, device=device)
    both = torch.cat([both, torch.full_like(both, number)])
    sigmas = networks.sigmas().to(device)
    steps = torch.linspace(len(sigmas) - 1, 0, STEPS + 1).round().long()
    generator = torch.Generator().manual_seed(seed)
    place = side // 8
    channels = networks.vae.taesd_decoder[1].in_channels
    x = torch.randn((number, channels, place, place), generator=generator).to(device)
    for now, then in itertools.pairwise(steps):
        alpha, beta = _parts(sigmas[now])
        with torch.autocast(device.type, torch.bfloat16):
            moment = torch.full((2 * number,), float(now), device=device)
            found = networks.unet(torch.cat([x, x]), moment, context=context[both], y=vector[both])
        wished, anything = found.float().chunk(2)
        velocity = anything + GUIDANCE * (wished - anything)
        clean, noise = alpha * x - beta * velocity, beta * x + alpha * velocity
        alpha, beta = _parts(sigmas[then])
        x = alpha * clean + beta * noise
    with torch.autocast(device.type, torch.bfloat16):
        return (networks.vae.decode(clean) / 2 + 0.5).float().clamp(0, 1).cpu()


def write(pictures: torch.Tensor, captions: Sequence[str], path: Path, columns: int = 8) -> None:
    side = pictures.shape[-1]
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + 14)), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x, y = place % columns * side, place // columns * (side + 14)
        values = (picture.permute(1, 2, 0) * 255).round().byte().numpy()
        sheet.paste(Image.fromarray(values), (x, y))
        draw.text((x + 2, y + side), caption.split(",")[0][: side // 6], fill=(0, 0, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _parts(sigma: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """How much of a noisy latent of unit variance is picture, and how much noise."""
    alpha = (1 + sigma * sigma).rsqrt()
    return alpha, alpha * sigma
