"""Going on with a prompt by a GGUF model, without a chat template: `PromptLLM.complete`.

A model that was not trained on prompts takes one for a story; so it reads some other prompts first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from ..core.errors import LLMUnavailable

_HEAD = """\
a stone bridge over a brook, morning fog, soft diffused light, moss on the stones, wide angle view
a bakery counter, fresh bread on wooden shelves, warm window light, shallow depth of field
a glass office tower, clear blue sky, reflections of clouds, low viewpoint, crisp detail
a ceramic teapot, linen tablecloth, pale background, gentle shadows, close-up, muted colors
a pine forest at dawn, golden backlight, long shadows, drifting mist, calm mood
"""
_REPEATED = 1.15
"""By how much a word becomes less likely that is there already."""
_READ = 64
"""Tokens that repetition is looked for in."""
_WRITTEN = 32
"""Tokens that have to find room behind the text."""


def pieces(model: Any, text: str) -> list[list[int]]:
    """The tokens to read by a `llama_cpp.Llama`: what is the same for all texts, and the text."""
    return [model.tokenize(_HEAD.encode()), model.tokenize(text.encode(), add_bos=False)]


def write(
    model: Any, tokens: list[int], *, seed: int, temperature: float, avoid: Sequence[str] = ()
) -> Iterator[str]:
    """What follows these tokens: see `engine.expansion.Writer`.

    Raises:
        LLMUnavailable: they fill the model's context.
    """
    from llama_cpp import LogitsProcessorList

    room = model.n_ctx() - len(tokens)
    if room < _WRITTEN:
        raise LLMUnavailable(
            f"the prompt needs {len(tokens)} tokens of a context of {model.n_ctx()}",
            where="language model",
            hint="Give it a larger context length.",
        )
    is_word = cache(lambda token: any(letter.isalnum() for letter in _text(model, token)))
    not_now = [_first(model, phrase) for phrase in avoid if phrase]

    def judge(read: Any, scores: Any) -> Any:
        if len(read) == len(tokens):
            scores[not_now] = -float("inf")
        for token in filter(is_word, {int(token) for token in read[-_READ:]}):
            score = scores[token]
            scores[token] = score / _REPEATED if score > 0 else score * _REPEATED
        return scores

    for piece in model.create_completion(
        tokens,
        max_tokens=room,
        temperature=temperature,
        seed=seed % 2**32,
        logits_processor=LogitsProcessorList([judge]),
        stop=["\n"],  # another prompt would follow
        stream=True,
        top_k=0,
        top_p=1.0,
        min_p=0.05,
        repeat_penalty=1.0,  # it would count commas
    ):
        choice = piece["choices"][0]
        yield choice["text"]
        if choice["finish_reason"] == "stop":
            yield "\n"


def _first(model: Any, phrase: str) -> int:
    return model.tokenize(f" {phrase}".encode(), add_bos=False)[0]


def _text(model: Any, token: int) -> str:
    return model.detokenize([token]).decode(errors="ignore")
