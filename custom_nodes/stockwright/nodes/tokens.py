"""How long a text is for SDXL's text encoders, by their real tokenizer."""

from __future__ import annotations

from functools import lru_cache

from comfy.sd1_clip import SDTokenizer


def count_tokens(text: str) -> int:
    """CLIP tokens of a text, start and end not counted; emphasis such as `(red:1.2)` is none."""
    tokenizer = _tokenizer()
    special = {tokenizer.start_token, tokenizer.end_token, tokenizer.pad_token}
    chunks = tokenizer.tokenize_with_weights(text)
    return sum(token not in special for chunk in chunks for token, *_ in chunk)


@lru_cache(maxsize=1)
def _tokenizer() -> SDTokenizer:
    return SDTokenizer()
