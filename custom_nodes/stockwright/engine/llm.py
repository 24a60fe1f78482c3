"""A language model in a GGUF file, run by llama-cpp-python, as the `Namer` of the planning.

At most one model is loaded at a time, for the whole process. Answers are deterministic: each call
has its own seed, and what of its text is still in the context from the call before was read exactly
as it would be now. So what was asked before does not matter.
llama_cpp is imported when a model is opened, and not before.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.asking import BULLET, Ask
from ..core.errors import LLMUnavailable
from . import completion, sampling
from .talk import Talk

log = logging.getLogger(__name__)

_KV_BYTES_PER_TOKEN = 128 * 1024
"""A 7B model with grouped attention and a 16-bit cache; smaller models need less."""

_LEAST_LIKELY = 0.1
"""A token is only taken if it is at least so likely, compared with the likeliest that the grammar
allows. A small model makes words up below that."""

_WAY = 2
"""Counts up where the same ask comes to be answered otherwise: answers are kept."""
_ENOUGH_REPEATS = 2
"""Lines that an answer says again before it is cut off: a small model in a loop stays there."""

_PLAIN_ATTENTION = frozenset({"llama", "qwen2", "qwen3"})
"""Architectures (as GGUF names them; Mistral is a llama) whose cache can be cut back to any token.
Recurrent ones and those with a sliding window forget what they would need."""

_lock = threading.RLock()
_loaded: _Loaded | None = None


@dataclass(frozen=True, slots=True)
class PromptLLM:
    """A handle: which model, and how to run it. Making one loads nothing.

    Attributes:
        path: the GGUF file.
        context_length: tokens; a call that needs more raises LLMUnavailable.
        gpu_layers: -1 puts all layers on the GPU, if llama-cpp-python was built for one.
        threads: 0 takes all cores but one.
        keep_loaded: for the caller; `close` frees the memory all the same.
    """

    path: str
    context_length: int = 2048
    gpu_layers: int = -1
    threads: int = 0
    keep_loaded: bool = field(default=False, compare=False)

    @property
    def is_open(self) -> bool:
        return _loaded is not None and _loaded.handle == self and _loaded.stamp == _stamp(self.path)

    @property
    def fingerprint(self) -> str:
        """Tells the answers of this model from those of another. Raises LLMUnavailable."""
        stamp = _stamp(self.path)
        if stamp is None:
            raise LLMUnavailable("the model file is not there", where=self.path)
        return f"{Path(self.path).name} {stamp} {_WAY}"

    def open(self, make_room: Callable[[int], None] | None = None) -> None:
        """Loads the model, unless it is loaded with these settings; another one is closed first.

        Args:
            make_room: called with a number of bytes before layers are loaded onto a GPU.

        Raises:
            LLMUnavailable: no runtime, or a file that is missing or no model.
        """
        global _loaded
        with _lock:
            if not self.is_open:
                close_all()
                model = _load(self, make_room)
                _loaded = _Loaded(self, model, _stamp(self.path), Talk(model))

    def close(self) -> None:
        """Frees the model's memory. Closing one that is not open does nothing."""
        with _lock:
            if _loaded is not None and _loaded.handle == self:
                close_all()

    def __call__(self, asks: Sequence[Ask]) -> list[list[str]]:
        with _lock:
            self.open()
            assert _loaded is not None
            return [_answer(_loaded, ask) for ask in asks]

    def complete(
        self, text: str, *, seed: int, temperature: float, avoid: Sequence[str] = ()
    ) -> Iterator[str]:
        """Goes on with a text, without a chat template: see `engine.expansion.Writer`."""
        with _lock:
            self.open()
            assert _loaded is not None
            head, rest = completion.pieces(_loaded.model, text)
            _read(_loaded, [head, rest])
            return completion.write(
                _loaded.model, head + rest, seed=seed, temperature=temperature, avoid=avoid
            )


@dataclass(frozen=True, slots=True)
class _Loaded:
    handle: PromptLLM
    model: Any
    stamp: tuple[int, int] | None
    talk: Talk
    pieces: list[list[int]] = field(default_factory=list[list[int]])
    """Tokens at the head of the context, cut as they were read."""


def close_all() -> None:
    """Frees whatever model is loaded."""
    global _loaded
    with _lock:
        if _loaded is not None:
            # Deleting the object alone keeps the memory.
            _loaded.model.close()
            _loaded = None


def _load(handle: PromptLLM, make_room: Callable[[int], None] | None) -> Any:
    api = _runtime()
    path = Path(handle.path)
    _check_file(path)
    if make_room and handle.gpu_layers and api.llama_supports_gpu_offload():
        make_room(path.stat().st_size + handle.context_length * _KV_BYTES_PER_TOKEN)
    threads = handle.threads or _spare_cores()
    try:
        with _safe_buffers(api):
            return api.Llama(
                str(path),
                n_ctx=handle.context_length,
                n_gpu_layers=handle.gpu_layers,
                n_threads=threads,
                n_threads_batch=threads,
                verbose=log.isEnabledFor(logging.DEBUG),
            )
    except (ValueError, RuntimeError, OSError, AssertionError) as error:
        raise LLMUnavailable(
            f"the model cannot be loaded: {error}",
            where=str(path),
            hint="Is the file complete, and does this version of llama-cpp-python know its "
            "architecture?",
        ) from error


def _spare_cores() -> int:
    """Physical ones but one, 1 at least. Threads wait for each other after each step: where another
    process takes a core from one of them, all stand still. Measured with two models on two cores:
    54 ms a token with two threads each, 20 ms with one each."""
    import psutil  # ComfyUI needs it too

    return max((psutil.cpu_count(logical=False) or os.cpu_count() or 1) - 1, 1)


def _runtime() -> Any:
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise LLMUnavailable(
            f"llama-cpp-python is not there: {error}",
            where="language model",
            hint="Install it into ComfyUI's Python: pip install llama-cpp-python "
            "(needs a C++ compiler).",
        ) from error
    return llama_cpp


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise LLMUnavailable(
            f"the model file cannot be read: {error.strerror}", where=str(path)
        ) from error
    if magic != b"GGUF":
        raise LLMUnavailable("is not a GGUF file", where=str(path))


def _stamp(path: str) -> tuple[int, int] | None:
    """Tells a file that was replaced from the one that was loaded."""
    try:
        stat = Path(path).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


@contextmanager
def _safe_buffers(api: Any) -> Iterator[None]:
    """Keeps weights out of the layout for AMX while a model loads.

    llama.cpp's AMX kernels kill the process on some machines (ggml-org/llama.cpp#20824), and
    `Llama` has no argument for the switch that turns them off.
    """
    low = api.llama_cpp
    original = low.llama_model_default_params

    def params() -> Any:
        values = original()
        values.use_extra_bufts = False
        return values

    if b"AMX_INT8 = 1" in low.llama_print_system_info():
        low.llama_model_default_params = params
    try:
        yield
    finally:
        low.llama_model_default_params = original


def _answer(loaded: _Loaded, ask: Ask) -> list[str]:
    model = loaded.model
    pieces = loaded.talk.pieces(ask)
    tokens = [token for piece in pieces for token in piece]
    needed = len(tokens) + ask.max_tokens
    if needed > model.n_ctx():
        raise LLMUnavailable(
            f"a call needs {needed} tokens, more than the context of {model.n_ctx()}",
            where=loaded.handle.path,
            hint="Give it a larger context length.",
        )
    _read(loaded, pieces)
    text = sampling.write(
        model,
        tokens,
        grammar=ask.grammar,
        max_tokens=ask.max_tokens,
        temperature=ask.temperature,
        least=_LEAST_LIKELY,
        seed=ask.seed,
        enough=lambda text: _repeats(ask.opening + text) >= _ENOUGH_REPEATS,
    )
    lines = text.split("\n")
    # The last line is empty, or was cut off.
    return [line.removeprefix(BULLET).strip() for line in lines[:-1]]


def _repeats(text: str) -> int:
    """How many whole lines stand further up already."""
    lines = text.split("\n")[:-1]
    return len(lines) - len(set(lines))


def _read(loaded: _Loaded, pieces: list[list[int]]) -> None:
    """Leaves all pieces but the last in the context, each read in one go, or an empty context.

    llama.cpp rounds differently when tokens are read in other pieces. Left to itself, `Llama` keeps
    whatever it shares with the call before, and an answer would depend on that call. So only whole
    pieces are kept, and only those that were read behind the same pieces.
    """
    model, before = loaded.model, list(loaded.pieces)
    loaded.pieces.clear()
    if model.metadata.get("general.architecture") not in _PLAIN_ATTENTION:
        model.reset()
        return
    kept = 0
    while kept < len(pieces) - 1 and before[kept : kept + 1] == [pieces[kept]]:
        kept += 1
    model.n_tokens = sum(map(len, pieces[:kept]))
    for piece in pieces[kept:-1]:
        model.eval(piece)
    loaded.pieces.extend(pieces[:-1])
