"""Writing on under a grammar by a `llama_cpp.Llama`, token by token.

llama.cpp's own chain puts the whole vocabulary through the grammar for each token, which takes a
small model as long as all the rest. Here only the likeliest tokens go through it, and all of them
where that could make a difference: what is drawn from is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import numpy as np

_LIKELIEST = 256
"""Tokens that go through the grammar first."""
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""`llama_token_data` of llama.cpp."""


def write(
    model: Any,
    tokens: Sequence[int],
    *,
    grammar: str,
    max_tokens: int,
    temperature: float,
    least: float,
    seed: int,
    enough: Callable[[str], bool] | None = None,
) -> str:
    """What the model writes behind `tokens`, of which the first `model.n_tokens` are read already.

    Args:
        grammar: GBNF with a rule `root`.
        max_tokens: 1 or more; the text ends there, or where the grammar does.
        temperature: 0 or more; with 0 the likeliest token comes each time.
        least: 0 to 1. A token is taken only if it is at least so likely, compared with the
            likeliest that the grammar allows.
        enough: asked at the end of each line with all that is written; the text ends where it
            says so.

    Raises:
        ValueError: the grammar cannot be read.
    """
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(model.model)
    rng, written = Random(seed), list[int]()
    model.eval(tokens[model.n_tokens :])
    with _Grammar.of(vocabulary, grammar) as allowed:
        while True:
            logits = np.ctypeslib.as_array(
                llama_cpp.llama_get_logits_ith(model.ctx, -1), shape=(model.n_vocab(),)
            )
            token = _drawn(logits, allowed, temperature, least, rng)
            if llama_cpp.llama_vocab_is_eog(vocabulary, token):
                break
            written.append(token)
            if len(written) == max_tokens or (enough and _ends_line(model, written, enough)):
                break
            allowed.accept(token)
            model.eval([token])
    return _text(model, written)


def _ends_line(model: Any, written: list[int], enough: Callable[[str], bool]) -> bool:
    return b"\n" in model.detokenize(written[-1:]) and enough(_text(model, written))


def _text(model: Any, tokens: list[int]) -> str:
    return model.detokenize(tokens).decode(errors="ignore")


class _Grammar:
    """What may come next, by a grammar of llama.cpp."""

    def __init__(self, sampler: Any) -> None:
        self._sampler = sampler

    @classmethod
    @contextmanager
    def of(cls, vocabulary: Any, text: str) -> Iterator[_Grammar]:
        import llama_cpp

        sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, text.encode(), b"root")
        if not sampler:
            raise ValueError(f"the grammar cannot be read: {text}")
        try:
            yield cls(sampler)
        finally:
            llama_cpp.llama_sampler_free(sampler)

    def __call__(self, tokens: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Which of the tokens may come next: booleans."""
        import ctypes

        import llama_cpp

        candidates = np.zeros(len(tokens), _CANDIDATE)
        candidates["id"] = tokens
        data = (llama_cpp.llama_token_data * len(tokens)).from_buffer(candidates)
        array = llama_cpp.llama_token_data_array(
            data=ctypes.cast(data, llama_cpp.llama_token_data_p),
            size=len(tokens),
            selected=-1,
            sorted=False,
        )
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return np.isfinite(candidates["logit"])

    def accept(self, token: int) -> None:
        import llama_cpp

        llama_cpp.llama_sampler_accept(self._sampler, token)


def _drawn(
    logits: np.ndarray[Any, Any], allowed: _Grammar, temperature: float, least: float, rng: Random
) -> int:
    """A token that the grammar allows."""
    tokens = np.argpartition(-logits, min(_LIKELIEST, len(logits) - 1))[:_LIKELIEST]
    fitting = tokens[allowed(tokens)]
    if not len(fitting) or _floor(logits[fitting], least) < logits[tokens].min():
        fitting = np.flatnonzero(allowed(np.arange(len(logits))))
    if temperature <= 0:
        return int(fitting[logits[fitting].argmax()])
    likely = fitting[logits[fitting] >= _floor(logits[fitting], least)]
    likely.sort()
    scores = logits[likely].astype(np.float64)
    weights = np.exp((scores - scores.max()) / temperature)
    return int(rng.choices(likely.tolist(), weights.tolist())[0])


def _floor(logits: np.ndarray[Any, Any], least: float) -> float:
    return float(logits.max()) + math.log(max(least, 1e-9))
