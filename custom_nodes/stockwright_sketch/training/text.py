"""Captions as CLIP's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import comfy.sd1_clip
import torch
from transformers import CLIPTokenizerFast

LENGTH = 77
END = 49407

_FILES = Path(comfy.sd1_clip.__file__).with_name("sd1_tokenizer")


def tokens(captions: Sequence[str]) -> torch.Tensor:
    """Ids (number, LENGTH) as ComfyUI gives them to CLIP-L; longer texts are cut off."""
    tokenizer = CLIPTokenizerFast.from_pretrained(str(_FILES))
    found = tokenizer(
        list(captions),
        padding="max_length",
        max_length=LENGTH,
        truncation=True,
        return_tensors="pt",
    )
    return found["input_ids"].int()


def for_clip_g(for_clip_l: torch.Tensor) -> torch.Tensor:
    """CLIP-G fills up with 0 behind the first end, where CLIP-L repeats the end."""
    behind = (for_clip_l == END).cumsum(dim=-1) > 1
    return for_clip_l.masked_fill(behind, 0)
