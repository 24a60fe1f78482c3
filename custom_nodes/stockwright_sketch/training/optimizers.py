"""The optimizers of the diffusion training, stepped together.

matrices of hidden layers, also those of convolutions   Muon (Jordan et al. 2024), its steps
                                                        as long as AdamW's (Liu et al. 2025)
tables of words, of which a batch has a few             SparseAdam
all else                                                AdamW
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

MUON_RATE = 1.2e-3
RATE = 1e-3
TEXT_RATE = 5e-4
WORD_RATE = 5e-3
"""High: a thing's word is in one of some twenty batches, and has to move with each of them."""
_ENDS = ("input_blocks.0.", "out.", "embeddings.")
"""Names of layers that see the data itself."""


class Optimizers:
    """clip: its tables of words have sparse gradients (Networks.words)."""

    def __init__(self, unet: nn.Module, clip: nn.Module, words: Iterable[torch.Tensor]) -> None:
        tables = list(words)
        self._hidden: list[tuple[nn.Parameter, nn.Parameter]] = []
        matrices: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for module, rate, muon in ((unet, RATE, MUON_RATE), (clip, TEXT_RATE, TEXT_RATE)):
            flat, rest = [], []
            for name, value in module.named_parameters():
                if any(value is table for table in tables):
                    continue
                if value.ndim < 2 or any(name.startswith(e) or f".{e}" in name for e in _ENDS):
                    rest.append(value)
                else:
                    flat.append(nn.Parameter(_matrix(value.data)))
                    self._hidden.append((value, flat[-1]))
            matrices.append({"params": flat, "base": muon, "lr": muon})
            others.append({"params": rest, "base": rate, "lr": rate})
        self._dense = [value for group in others for value in group["params"]]
        self._dense += [value for value, _ in self._hidden]
        self._all = (
            torch.optim.Muon(matrices, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.01, foreach=True),
            torch.optim.SparseAdam(
                [{"params": tables, "base": WORD_RATE, "lr": WORD_RATE}], betas=(0.9, 0.98)
            ),
        )

    def step(self, factor: float) -> None:
        """A step of `factor` times the rates, with gradients clipped to a norm of 1; then there are
        no gradients."""
        nn.utils.clip_grad_norm_(self._dense, 1.0)
        for value, flat in self._hidden:
            flat.grad = None if value.grad is None else _matrix(value.grad)
        for optimizer in self._all:
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * factor
            optimizer.step()
        for value in self._dense:
            value.grad = None
        self._all[-1].zero_grad()

    def state_dict(self) -> dict[str, Any]:
        return {type(optimizer).__name__: optimizer.state_dict() for optimizer in self._all}

    def load_state_dict(self, found: dict[str, Any]) -> None:
        for optimizer in self._all:
            optimizer.load_state_dict(found[type(optimizer).__name__])


def _matrix(value: torch.Tensor) -> torch.Tensor:
    """(out, in) of a layer; of a convolution's weights in channels_last without copying."""
    return value if value.ndim == 2 else value.permute(0, 2, 3, 1).flatten(1)
