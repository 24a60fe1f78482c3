"""A language model behind an address that speaks OpenAI's chat protocol, as the planning's `Namer`.

What the server is, it says itself at `/models`: llama-server takes our grammar, any other gets a
JSON schema, and one that refuses that is asked in words. Thinking is switched off where the server
is one of those whose documentation says how, since an answer has few tokens.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, ClassVar

from ..core.addresses import LLM_KEY, check_key_variable, llm_address
from ..core.asking import Ask
from ..core.errors import LLMInvalid, LLMUnavailable
from .chat import Form, body, lines_of
from .transport import Line, Status

_FORMS = {"llamacpp": Form.GRAMMAR}
_NO_TEMPLATE_THOUGHTS = {"chat_template_kwargs": {"enable_thinking": False}}
_EXTRAS: Mapping[str, Mapping[str, Any]] = {
    "llamacpp": _NO_TEMPLATE_THOUGHTS,
    "vllm": _NO_TEMPLATE_THOUGHTS,
    "library": {"reasoning_effort": "none"},
}
"""What else is sent, by `owned_by` of the server's models; `library` is Ollama."""

_REFUSED = frozenset({400, 422})
_NO_LIST = frozenset({404, 405, 501})
_CHECK_SECONDS = 0.25
_LISTED = 20


@dataclass(slots=True)
class _Found:
    """What a server said of itself, and the form in which it takes lists."""

    model: str
    models: list[str]
    form: Form
    extra: Mapping[str, Any]


@dataclass(slots=True)
class _Session:
    lock: Lock = field(default_factory=Lock)
    found: _Found | None = None


@dataclass(frozen=True, slots=True)
class RemoteLLM:
    """A handle: which server, and how to ask it. Making one connects to nothing.

    The key is read from the environment when a request is sent, and is kept nowhere.

    Attributes:
        url: with or without its version, such as `http://127.0.0.1:8080`.
        model: as the server calls it; "" takes the first that it names.
        parallel: requests under way at once, 1 or more.
        timeout: seconds in which the server has to answer.
        key_variable: name of the environment variable that holds the key, if there is one.
        check: called now and then while answers are awaited; may raise to interrupt.
    """

    url: str
    model: str = ""
    parallel: int = 4
    timeout: float = 120.0
    key_variable: str = LLM_KEY
    check: Callable[[], None] | None = field(default=None, compare=False)
    _session: _Session = field(default_factory=_Session, init=False, compare=False, repr=False)

    keep_loaded: ClassVar[bool] = False
    """What is kept is only what the server said of itself, and that may change."""

    @property
    def is_open(self) -> bool:
        return self._session.found is not None

    @property
    def fingerprint(self) -> str:
        """Tells one model from another. Asks the server where no model is named."""
        return f"{llm_address(self.url)} {self._found().model}"

    def open(self, make_room: Callable[[int], None] | None = None) -> None:
        """Asks the server for its models, unless that was done. `make_room` is not called: the
        model takes no memory here.

        Raises:
            LLMInvalid: the address or the name of the key's variable is none.
            LLMUnavailable: nothing answers, or not as a language model's server does.
        """
        self._found()

    def close(self) -> None:
        """Forgets what the server said of itself."""
        self._session.found = None

    def __call__(self, asks: Sequence[Ask]) -> list[list[str]]:
        """One list of lines per ask, in the order of the asks; `parallel` at a time.

        Raises LLMUnavailable for the first request that fails; those under way are left to end.
        """
        if not asks:
            return []
        found, stop = self._found(), Event()
        line = self._line(stop)
        pool = ThreadPoolExecutor(min(max(self.parallel, 1), len(asks)), "prompt-llm")
        try:
            futures = [pool.submit(_answer, line, found, ask, self.key_variable) for ask in asks]
            self._wait(futures)
            return [future.result() for future in futures]
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _wait(self, futures: Sequence[Future[list[str]]]) -> None:
        """Until all are done, or one has failed, which is raised here."""
        waiting = True
        while waiting:
            done, open_ = wait(futures, _CHECK_SECONDS, FIRST_EXCEPTION)
            for future in done:
                future.result()
            if self.check is not None:
                self.check()
            waiting = bool(open_)

    def _found(self) -> _Found:
        with self._session.lock:
            if self._session.found is None:
                self._session.found = _ask_what_there_is(self._line(Event()), self)
            return self._session.found

    def _line(self, stop: Event) -> Line:
        return Line(llm_address(self.url), _key(self.key_variable), self.timeout, stop)


def _key(variable: str) -> str:
    check_key_variable(variable)
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise LLMInvalid(
            "holds characters that no key has",
            where=f"environment variable {variable}",
            hint="Copy the key again, without quotes or line breaks.",
        )
    return key


def _ask_what_there_is(line: Line, handle: RemoteLLM) -> _Found:
    try:
        answer = line.get("/models")
    except Status as error:
        if error.status in _NO_LIST and handle.model:
            return _Found(handle.model, [], Form.SCHEMA, {})
        raise _refusal(error, line, [], handle.key_variable) from error
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        if not handle.model:
            raise _unexpected(line)
        data = []
    entries = [e for e in data if isinstance(e, dict) and isinstance(e.get("id"), str)]
    if not entries and not handle.model:
        raise LLMUnavailable(
            "the server has no model", where=line.base, hint="Load one there, or name one in model."
        )
    models = [entry["id"] for entry in entries]
    model = handle.model or models[0]
    chosen = [entry for entry in entries if entry["id"] == model] or entries[:1]
    owner = str(chosen[0].get("owned_by")) if chosen else ""
    return _Found(model, models, _FORMS.get(owner, Form.SCHEMA), _EXTRAS.get(owner, {}))


def _answer(line: Line, found: _Found, ask: Ask, variable: str) -> list[str]:
    form = found.form
    try:
        try:
            answer = line.post("/chat/completions", body(ask, found.model, form, found.extra))
        except Status as error:
            if error.status not in _REFUSED or form is Form.PLAIN:
                raise
            plain = body(ask, found.model, Form.PLAIN, found.extra)
            answer = line.post("/chat/completions", plain)
            found.form = Form.PLAIN  # it is the form that was refused, not this ask
    except Status as error:
        raise _refusal(error, line, found.models, variable) from error
    return _read(ask, answer, line)


def _read(ask: Ask, answer: Any, line: Line) -> list[str]:
    try:
        choice = answer["choices"][0]
        text, cut = choice["message"].get("content") or "", choice.get("finish_reason") == "length"
        thought = choice["message"].get("reasoning_content") or choice["message"].get("reasoning")
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise _unexpected(line) from error
    if not isinstance(text, str):
        raise _unexpected(line)
    if cut and thought and not text.strip():
        raise LLMUnavailable(
            "the model only thought, and came to no answer",
            where=line.base,
            hint="Switch its thinking off on its server, or take a model that does not think.",
        )
    return lines_of(ask, text, cut=cut)


def _unexpected(line: Line) -> LLMUnavailable:
    return LLMUnavailable(
        "the answer is JSON, but not that of a language model's server",
        where=line.base,
        hint="Is this the address of llama-server, vLLM, Ollama or the like?",
    )


def _refusal(error: Status, line: Line, models: Sequence[str], variable: str) -> LLMUnavailable:
    status = error.status
    what = f"the server answers {error}"
    hint = "The text after the number is the server's own."
    if status in (401, 403):
        sent = "does not accept the key" if line.key else "asks for a key"
        what = f"the server {sent} ({error})"
        hint = (
            f"Put the key into the environment variable {variable} where what asks is started"
            " (ComfyUI's server; for captions, this command), and start it again."
        )
    elif status == 404 and models:
        more = f" and {len(models) - _LISTED} more" if len(models) > _LISTED else ""
        hint = f"Its models are {', '.join(models[:_LISTED])}{more}."
    elif status == 404:
        hint = "Is this the address of a language model's server? Mend it, or the model's name."
    elif 300 <= status < 400:
        what = f"the server sends its callers to another address ({status})"
        hint = "Give that address. A redirect is not followed, as it would get the key."
    elif status == 429:
        hint = "Its limit is reached. Send fewer requests at once (parallel), or wait."
    return LLMUnavailable(what, where=line.base, hint=hint)
