"""CLIP's own tokenizer, without the server's node pack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def clip_counter(comfyui: Path) -> Callable[[str], int]:
    """Counts the tokens of a text, without those of start and end. `comfyui`: its folder."""
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(str(comfyui / "comfy" / "sd1_tokenizer"))
    return lambda text: len(tokenizer(text)["input_ids"]) - 2
