"""The sketch's networks as ComfyUI builds them, ready for training: fp32, initialised by a seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import comfy.ldm.modules.attention
import comfy.ops
import torch
from comfy.taesd.taesd import TAESD
from torch import nn

from .. import layout

SIZES = 6
"""SDXL's sizes: height, width, crop above, crop left, target height, target width."""


@dataclass(slots=True)
class Networks:
    """model: ComfyUI's SDXL around the UNet, which knows the noise schedule and the file's keys."""

    model: nn.Module
    clip: nn.Module
    vae: TAESD

    @property
    def unet(self) -> nn.Module:
        return self.model.diffusion_model

    def context(
        self, tokens_l: torch.Tensor, tokens_g: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (batch, 77) -> the layers before the last (batch, 77, width) and CLIP-G's summary.

        The same as ComfyUI's encoding of a text of one chunk without weights, but with gradients.
        """
        l_hidden, _ = _read(self.clip.clip_l.transformer, tokens_l)
        g_hidden, summary = _read(self.clip.clip_g.transformer, tokens_g)
        return torch.cat([l_hidden, g_hidden], dim=-1), summary

    def words(self) -> list[torch.Tensor]:
        """The tables of CLIP-L's and CLIP-G's words; from now on their gradients are sparse."""
        found: list[torch.Tensor] = []
        for encoder in (self.clip.clip_l, self.clip.clip_g):
            table = encoder.transformer.text_model.embeddings.token_embedding
            table.sparse = True
            found.append(table.weight)
        return found

    def vector(self, summary: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
        """SDXL's vector condition from CLIP-G's summary (batch, w) and SIZES numbers (batch, 6)."""
        sines = self.model.embedder(sizes.flatten()).view(len(sizes), -1)
        return torch.cat([summary, sines.to(summary)], dim=1)

    def sigmas(self) -> torch.Tensor:
        """The noise of each of the 1000 time steps, rising; data has unit variance."""
        return self.model.model_sampling.sigmas


def _read(encoder: nn.Module, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The states before the last layer, without the last norm, and the projected summary.

    ComfyUI's own forward adds in place, through which no gradient passes.
    """
    model = encoder.text_model
    states = model.embeddings(tokens, dtype=torch.float32)
    length = tokens.shape[1]
    mask = torch.full((length, length), float("-inf"), device=tokens.device).triu_(1)
    before = states
    for block in model.encoder.layers:
        before = states
        states = states + block.self_attn(block.layer_norm1(states), mask, attention)
        states = states + block.mlp(block.layer_norm2(states))
    ends = (tokens == model.eos_token_id).int().argmax(dim=-1)
    summary = model.final_layer_norm(states)[torch.arange(len(tokens)), ends]
    return before, encoder.text_projection(summary)


def attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    heads: int,
    mask: torch.Tensor | None = None,
    **_: Any,
) -> torch.Tensor:
    """Attention over (batch, places, width), written out.

    On a CPU PyTorch's own one takes up to seven times as long to train through at these sizes.
    """
    q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (q, k, v))
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores + mask
    return (scores.softmax(dim=-1).to(v.dtype) @ v).transpose(1, 2).flatten(2)


def marks() -> dict[str, torch.Tensor]:
    """Keys of the file that tell ComfyUI how it predicts."""
    return {"v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}


def build(seed: int = 0) -> Networks:
    comfy.ldm.modules.attention.optimized_attention = attention
    comfy.ldm.modules.attention.optimized_attention_masked = attention
    config = layout.Sketch(layout.DETECTED_CONFIG)
    config.set_inference_dtype(torch.float32, None)
    networks = Networks(
        model=config.get_model(marks()),
        clip=layout.SketchClip(model_options={"custom_operations": comfy.ops.disable_weight_init}),
        vae=TAESD(latent_channels=layout.LATENT_CHANNELS),
    )
    for name, part in (("unet", networks.unet), ("clip", networks.clip)):
        _initialise(part, f"{seed}:{name}")
        part.float().requires_grad_(True)
    return networks


def _initialise(part: nn.Module, seed: str) -> None:
    for name, module in part.named_modules():
        digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:6]))
        if isinstance(module, nn.Conv2d | nn.Linear):
            spread = module.weight[0].numel() ** -0.5
            # What is added to a stream starts as nothing, so that depth is no risk.
            if name.endswith(("out_layers.3", "proj_out", "out.2", "to_out.0", "net.2")):
                spread *= 0.02
            module.weight.data.normal_(0, spread, generator=generator)
            if module.bias is not None:
                module.bias.data.zero_()
        elif isinstance(module, nn.Embedding):
            # Small: a word that no caption has stays next to nothing instead of noise.
            module.weight.data.normal_(0, 0.02, generator=generator)
        elif isinstance(module, nn.GroupNorm | nn.LayerNorm):
            module.weight.data.fill_(1.0)
            module.bias.data.zero_()
    for name, value in part.named_parameters(recurse=True):
        if name.endswith("logit_scale"):
            value.data.fill_(4.6055)
