"""A language model in a GGUF file, run by llama-cpp-python, as the `Namer` of the planning.

At most one model is loaded at a time, for the whole process. Answers are deterministic: a call
starts from an empty context with its own seed, so what was asked before does not matter.
llama_cpp is imported when a model is opened, and not before.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.asking import Ask
from ..core.errors import LLMUnavailable

log = logging.getLogger(__name__)

_KV_BYTES_PER_TOKEN = 128 * 1024
"""A 7B model with grouped attention and a 16-bit cache; smaller models need less."""

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
        threads: 0 takes half of the logical cores.
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
                _loaded = _Loaded(self, _load(self, make_room), _stamp(self.path))

    def close(self) -> None:
        """Frees the model's memory. Closing one that is not open does nothing."""
        with _lock:
            if _loaded is not None and _loaded.handle == self:
                close_all()

    def __call__(self, ask: Ask) -> list[str]:
        with _lock:
            self.open()
            assert _loaded is not None
            return _answer(_loaded.model, ask, self)


@dataclass(frozen=True, slots=True)
class _Loaded:
    handle: PromptLLM
    model: Any
    stamp: tuple[int, int] | None


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
    threads = handle.threads or max((os.cpu_count() or 1) // 2, 1)
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


def _answer(model: Any, ask: Ask, handle: PromptLLM) -> list[str]:
    from llama_cpp import LlamaGrammar

    head, opening = _tokens(model, ask)
    tokens = head + opening
    needed = len(tokens) + ask.max_tokens
    if needed > model.n_ctx():
        raise LLMUnavailable(
            f"a call needs {needed} tokens, more than the context of {model.n_ctx()}",
            where=handle.path,
            hint="Give it a larger context length.",
        )
    _read(model, head, opening)
    result = model.create_completion(
        tokens,
        max_tokens=ask.max_tokens,
        temperature=ask.temperature,
        seed=ask.seed,
        grammar=LlamaGrammar.from_string(ask.grammar, verbose=False),
        top_k=0,
        top_p=1.0,
        min_p=0.05,
        repeat_penalty=1.0,
    )
    choice = result["choices"][0]
    lines = str(choice["text"]).split("\n")
    # The last line is empty, or was cut off.
    return [line.removeprefix("- ").strip() for line in lines[:-1]]


def _read(model: Any, head: list[int], opening: list[int]) -> None:
    """Leaves the head in the context, read as one piece, or leaves the context empty.

    llama.cpp rounds differently when tokens are read in other pieces. Left to itself, `Llama` keeps
    whatever it shares with the call before, and an answer would depend on that call.
    """
    architecture = model.metadata.get("general.architecture")
    if not opening or architecture not in _PLAIN_ATTENTION:
        model.reset()
    elif model.n_tokens >= len(head) and model.input_ids[: len(head)].tolist() == head:
        model.n_tokens = len(head)
    else:
        model.reset()
        model.eval(head)


def _tokens(model: Any, ask: Ask) -> tuple[list[int], list[int]]:
    """What is the same for many calls, and the opening of the answer."""
    opening = model.tokenize(ask.opening.encode(), add_bos=False) if ask.opening else []
    return _head(model, ask), opening


def _head(model: Any, ask: Ask) -> list[int]:
    from jinja2 import TemplateError
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = model.metadata.get("tokenizer.chat_template")
    if not template:
        return model.tokenize(_plain(ask).encode(), special=True)
    formatter = Jinja2ChatFormatter(
        template=template,
        eos_token=_piece(model, model.token_eos()),
        bos_token=_piece(model, model.token_bos()),
    )
    talk = [
        {"role": role, "content": text}
        for question, answer in ask.turns
        for role, text in (("user", question), ("assistant", answer.rstrip("\n")))
    ]
    talk.append({"role": "user", "content": ask.question})
    try:
        system = {"role": "system", "content": ask.system}
        written = formatter(messages=[system, *talk])  # pyright: ignore[reportArgumentType]
    except TemplateError:
        # Some models' templates refuse a system role.
        talk[0] = {"role": "user", "content": f"{ask.system}\n\n{talk[0]['content']}"}
        written = formatter(messages=talk)  # pyright: ignore[reportArgumentType]
    return model.tokenize(written.prompt.encode(), add_bos=not written.added_special, special=True)


def _piece(model: Any, token: int) -> str:
    return model.detokenize([token], special=True).decode() if token >= 0 else ""


def _plain(ask: Ask) -> str:
    turns = "".join(f"{question}\n{answer}\n" for question, answer in ask.turns)
    return f"{ask.system}\n\n{turns}{ask.question}\n"
