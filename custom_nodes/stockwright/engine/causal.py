"""A text-generation model of transformers in a folder, as the `Writer` of an expansion.

At most one is loaded at a time, for the whole process. Only safetensors weights are opened, and no
code that comes with a model is run. Tokens are drawn here, with a generator of their own, so that
PyTorch's global random state neither matters nor changes. transformers is imported when a model is
opened, and not before.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from ..core.errors import ExpanderUnavailable

_REPEATED = 1.2
"""Words that are there already are so much less likely (arXiv:1909.05858, section 4.1)."""
_UNLIKELY = 0.05
"""Tokens below this share of the likeliest one's probability are not drawn."""
_CONTEXT = 1024
"""Tokens, where a model does not say how many it reads."""
_UNSAFE = (".bin", ".pt", ".pth", ".ckpt")
_VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")
"""Without any of them transformers makes a tokenizer that knows no words."""
_BYTES = 2
"""Of memory for each byte of weights: they may be stored in half precision."""

_lock = threading.RLock()
_loaded: _Loaded | None = None


@dataclass(frozen=True, slots=True)
class PromptModel:
    """A handle: which folder, and where to run it. Making one loads nothing.

    Attributes:
        folder: holds config.json, safetensors weights and a tokenizer.
        device: as PyTorch names it, such as `cpu` or `cuda:0`.
        keep_loaded: for the caller; `close` frees the memory all the same.
    """

    folder: str
    device: str = "cpu"
    keep_loaded: bool = field(default=False, compare=False)

    @property
    def is_open(self) -> bool:
        return _loaded is not None and _loaded.handle == self and _loaded.stamp == _stamp(self)

    def open(self, make_room: Callable[[int], None] | None = None) -> None:
        """Loads the model, unless it is loaded already; another one is closed first.

        Args:
            make_room: called with a number of bytes before the weights are put onto a device other
                than the processor.

        Raises:
            ExpanderUnavailable: a folder that is not there, is incomplete or holds no such model.
        """
        global _loaded
        with _lock:
            if not self.is_open:
                close_all()
                _loaded = _load(self, make_room)

    def close(self) -> None:
        """Frees the model's memory. Closing one that is not open does nothing."""
        with _lock:
            if _loaded is not None and _loaded.handle == self:
                close_all()

    def __call__(
        self, text: str, *, seed: int, temperature: float, avoid: Sequence[str] = ()
    ) -> Iterator[str]:
        """See `Writer`. It goes on until the model's context is full."""
        with _lock:
            self.open()
            assert _loaded is not None
            return _loaded.write(text, torch.Generator().manual_seed(seed), temperature, avoid)


def close_all() -> None:
    """Frees whatever model is loaded."""
    global _loaded
    with _lock:
        if _loaded is not None:
            _loaded = None
            gc.collect()  # a model holds itself by cycles


@dataclass(frozen=True)
class _Loaded:
    handle: PromptModel
    model: Any
    tokenizer: Any
    stamp: tuple[tuple[str, int, int], ...]

    @cached_property
    def ends(self) -> frozenset[int]:
        """Tokens by which the model ends a text."""
        told = getattr(self.model.generation_config, "eos_token_id", None)
        found = told if isinstance(told, list) else [told]
        return frozenset(i for i in (*found, self.tokenizer.eos_token_id) if i is not None)

    @cached_property
    def never(self) -> frozenset[int]:
        return frozenset(self.tokenizer.all_special_ids) - self.ends

    @cached_property
    def limit(self) -> int:
        return getattr(self.model.config, "max_position_embeddings", None) or _CONTEXT

    @torch.inference_mode()
    def write(
        self, text: str, generator: torch.Generator, temperature: float, avoid: Sequence[str]
    ) -> Iterator[str]:
        # Half of the context stays for what is written.
        ids = [*self._ids(text)][-(self.limit // 2) :]
        start, shown, past = len(ids), "", None
        not_now = self.never | {self._ids(f" {phrase}")[0] for phrase in avoid if phrase}
        while len(ids) < self.limit:
            logits, past = self._next(ids, past)
            _penalise(logits, [i for i in set(ids) if self._is_word(i)])
            logits[list(not_now)] = -torch.inf
            token = _draw(logits, temperature, generator)
            if token in self.ends:
                yield "\n"
                return
            not_now = self.never
            ids.append(token)
            whole = self._text(ids[start:])
            if not whole.endswith("\ufffd"):  # a letter of several tokens, not yet complete
                yield whole[len(shown) :]
                shown = whole

    def _next(self, ids: list[int], past: Any) -> tuple[torch.Tensor, Any]:
        """What may follow, as logits on the processor, and the model's memory of what was read."""
        read = torch.tensor([ids if past is None else ids[-1:]], device=self.handle.device)
        answer = self.model(input_ids=read, past_key_values=past, use_cache=True)
        return answer.logits[0, -1].float().cpu().clone(), answer.past_key_values

    def _ids(self, text: str) -> list[int]:
        found = self.tokenizer(text)["input_ids"]
        return [i for i in found if i not in self.ends]

    def _text(self, ids: list[int]) -> str:
        return self.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )

    def _is_word(self, token: int) -> bool:
        return any(letter.isalnum() for letter in self._text([token]))


def _penalise(logits: torch.Tensor, tokens: list[int]) -> None:
    old = logits[tokens]
    logits[tokens] = torch.where(old > 0, old / _REPEATED, old * _REPEATED)


def _draw(logits: torch.Tensor, temperature: float, generator: torch.Generator) -> int:
    likely = logits >= logits.max() + torch.log(torch.tensor(_UNLIKELY))
    weights = torch.softmax((logits / temperature).masked_fill(~likely, -torch.inf), 0)
    return int(torch.multinomial(weights, 1, generator=generator))


def _load(handle: PromptModel, make_room: Callable[[int], None] | None) -> _Loaded:
    folder = Path(handle.folder)
    weights = _check(folder)
    stamp = _stamp(handle)
    if make_room and handle.device != "cpu":
        make_room(_BYTES * sum(file.stat().st_size for file in weights))
    model, tokenizer = _read(folder)
    return _Loaded(handle, model.float().to(handle.device).eval(), tokenizer, stamp)


def _check(folder: Path) -> list[Path]:
    """The weights of a folder that has all it needs."""
    lacks = ""
    weights = sorted(folder.glob("*.safetensors"))
    others = [file.name for file in folder.glob("*") if file.suffix in _UNSAFE]
    if not (folder / "config.json").is_file():
        lacks = "there is no config.json in it"
    elif not weights and others:
        lacks = f"its weights are in {others[0]}, which is not opened: such a file may run code"
    elif not weights:
        lacks = "there are no weights in it"
    elif not any(any(folder.glob(name)) for name in _VOCABULARIES):
        lacks = "there is no tokenizer in it"
    if lacks:
        raise ExpanderUnavailable(
            lacks,
            where=str(folder),
            hint="It has to hold config.json, model.safetensors and the tokenizer's files.",
        )
    return weights


def _read(folder: Path) -> tuple[Any, Any]:
    try:
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except (ImportError, RuntimeError) as error:
        raise ExpanderUnavailable(
            f"transformers cannot be imported: {error}",
            where=str(folder),
            hint="It comes with ComfyUI: install ComfyUI's requirements.txt again.",
        ) from error
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        with torch.random.fork_rng(devices=[]):  # weights that are missing are drawn
            model, report = AutoModelForCausalLM.from_pretrained(
                folder, use_safetensors=True, output_loading_info=True, **local
            )
    except (
        *(SafetensorError, OSError, ValueError, RuntimeError),
        *(LookupError, TypeError, AttributeError, ImportError),
    ) as error:
        raise ExpanderUnavailable(
            f"the model cannot be loaded: {_first_line(error)}",
            where=str(folder),
            hint="Are its files complete, and does this version of transformers know its kind?",
        ) from error
    if missing := sorted(report["missing_keys"]):
        raise ExpanderUnavailable(
            f"its weights are not those of its config.json: {missing[0]} is missing",
            where=str(folder),
        )
    tokens = 1 + max(tokenizer.get_vocab().values())
    if tokens > (known := model.get_input_embeddings().num_embeddings):
        raise ExpanderUnavailable(
            f"its tokenizer has {tokens} tokens and its weights have {known}",
            where=str(folder),
        )
    return model, tokenizer


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _stamp(handle: PromptModel) -> tuple[tuple[str, int, int], ...]:
    """Tells files that were replaced from those that were loaded."""
    try:
        found = [(file.name, file.stat()) for file in sorted(Path(handle.folder).iterdir())]
    except OSError:
        return ()
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)
