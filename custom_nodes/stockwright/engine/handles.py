"""What a node needs of a language model, wherever it runs: the wire type PROMPT_LLM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..core.asking import Namer


class LanguageModel(Namer, Protocol):
    """A handle: making one loads nothing and connects to nothing."""

    @property
    def keep_loaded(self) -> bool:
        """Whether the caller shall leave it open when it is done."""
        ...

    @property
    def is_open(self) -> bool: ...

    @property
    def fingerprint(self) -> str:
        """Tells the answers of one model from those of another."""
        ...

    def open(self, make_room: Callable[[int], None] | None = None) -> None:
        """Loads the model or reaches its server, unless that is done; `make_room` is called with a
        number of bytes before a GPU is filled. Raises LLMUnavailable."""
        ...

    def close(self) -> None:
        """Gives back what `open` took. Closing one that is not open does nothing."""
        ...
