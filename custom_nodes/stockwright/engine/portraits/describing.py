"""What a language model that sees says of a crop, for its caption."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

from ...core.asking import TOKENS_PER_LINE, Ask, grammar
from ...core.portraits import Describing
from ..remote import RemoteLLM

_SIDE = 512
"""Pixels of the longer side of what is sent: more costs time and tells no more about clothes."""
_QUALITY = 90
_WORDS = 5
_TEMPERATURE = 0.2


def described(crop: Path, asked: Describing) -> list[str]:
    """Short phrases in lower case letters; at most `asked.lines`.

    Raises:
        LLMInvalid, LLMUnavailable.
    """
    [lines] = _model(asked.url)(
        [
            Ask(
                system=asked.system,
                turns=(),
                question=asked.question,
                opening="",
                grammar=grammar(["a-z"] * asked.lines, _WORDS),
                lines=asked.lines,
                max_tokens=asked.lines * TOKENS_PER_LINE,
                temperature=_TEMPERATURE,
                seed=1,
                image=_data_url(crop),
            )
        ]
    )
    return lines


@lru_cache(maxsize=4)
def _model(url: str) -> RemoteLLM:
    return RemoteLLM(url, parallel=1)


def _data_url(crop: Path) -> str:
    with Image.open(crop, formats=["PNG"]) as image:
        small = image.convert("RGB")
    small.thumbnail((_SIDE, _SIDE))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
