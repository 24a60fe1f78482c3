"""JSON over HTTP to a language model's server: tries again where that may help, says what is wrong.

Tried again, at most `TRIES` times in all: 408, 429, 5xx, no answer in time, a connection that
breaks off. Not followed: redirects, since the key would go along to wherever they lead.
"""

from __future__ import annotations

import http.client
import json
import logging
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from ..core.errors import LLMUnavailable
from .web import MOST_BYTES, asked_for, hidden, opener, read_all, wait_after

log = logging.getLogger(__name__)

TRIES = 4
FIRST_WAIT = 1.0
"""Seconds before the second try; twice as long before each further one."""
LONGEST_WAIT = 60.0
"""Seconds; a server that asks for more patience is tried after these all the same."""

_AGAIN = frozenset({408, 429})
_SHOWN = 300


class Stopped(Exception):
    """Nobody waits for the answer any more."""


class Status(Exception):
    """The server answered with a status other than success, and trying again does not help."""

    def __init__(self, status: int, text: str, wait: float | None) -> None:
        super().__init__(f"{status}: {text}")
        self.status, self.text, self.wait = status, text, wait


@dataclass(frozen=True, slots=True)
class Line:
    """How to reach a server. `base` has no `/` at its end; `key` may be empty; `timeout` is in
    seconds."""

    base: str
    key: str = field(repr=False)
    timeout: float
    stop: Event
    """Set when the caller has gone: no further try is made then."""

    def get(self, path: str) -> Any:
        """The decoded answer to GET. Raises Status, Stopped or LLMUnavailable."""
        return self._call(path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The decoded answer to POST. Raises Status, Stopped or LLMUnavailable."""
        return self._call(path, json.dumps(body).encode())

    def _call(self, path: str, body: bytes | None) -> Any:
        for left in reversed(range(TRIES)):
            try:
                return self._decoded(self._once(path, body))
            except Status as error:
                if not left or (error.status not in _AGAIN and error.status < 500):
                    raise
                fault, wait = str(error), error.wait
            except (OSError, http.client.HTTPException) as error:
                cause = _cause(error)
                if not left or not _passing(cause):
                    raise self._broken(cause) from None  # it may quote the key
                fault, wait = self._hidden(repr(cause)), None
            self._rest(TRIES - 1 - left, wait, fault)
        raise AssertionError("the last try returns or raises")

    def _once(self, path: str, body: bytes | None) -> bytes:
        if self.stop.is_set():
            raise Stopped
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.base + path, body, headers)
        try:
            with opener(self.base).open(request, timeout=self.timeout) as answer:
                return read_all(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read(MOST_BYTES).decode("utf-8", "replace")
            said = self._hidden(_message(text))[:_SHOWN]
            raise Status(error.code, said, asked_for(error.headers)) from None

    def _decoded(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            text = self._hidden(content.decode("utf-8", "replace"))
            raise LLMUnavailable(
                f"the answer is not JSON: {' '.join(text[:_SHOWN].split())[:80]!r}",
                where=self.base,
                hint="Is this the address of a language model's server, such as llama-server, vLLM "
                "or Ollama?",
            ) from error

    def _hidden(self, text: str) -> str:
        return hidden(text, self.key)

    def _rest(self, tried: int, wait: float | None, fault: str) -> None:
        seconds = min(wait_after(tried, wait, FIRST_WAIT), LONGEST_WAIT)
        log.info("%s: %s; trying again in %.1f s", self.base, fault, seconds)
        if self.stop.wait(seconds):
            raise Stopped

    def _broken(self, cause: BaseException) -> LLMUnavailable:
        if isinstance(cause, TimeoutError):
            return LLMUnavailable(
                f"the server did not answer within {self.timeout:g} s, {TRIES} times in a row",
                where=self.base,
                hint="Give it a longer timeout, or send fewer requests at once (parallel).",
            )
        if isinstance(cause, ConnectionRefusedError):
            return LLMUnavailable(
                "nothing answers at this address",
                where=self.base,
                hint="Start the server, or mend the address. ComfyUI's server makes the "
                "connection: localhost is its machine.",
            )
        if isinstance(cause, socket.gaierror):
            what = "no server of this name is known"
        elif isinstance(cause, ssl.SSLError):
            what = f"no safe connection can be made: {cause.reason}"
        elif isinstance(cause, http.client.BadStatusLine) and not _passing(cause):
            what = "what answers at this address is no web server"
        else:
            what = f"the connection broke: {self._hidden(str(cause))}"
        return LLMUnavailable(what, where=self.base, hint="Mend the address of the server.")


def _cause(error: BaseException) -> BaseException:
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else error


def _passing(cause: BaseException) -> bool:
    """Whether it may be over at the next try."""
    if isinstance(cause, ConnectionRefusedError):
        return False
    return isinstance(cause, (TimeoutError, ConnectionError, http.client.IncompleteRead))


def _message(text: str) -> str:
    """What a server says is wrong, on one line: `error.message`, or whatever it sent."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    for key in ("error", "message"):
        if isinstance(found, dict):
            found = found.get(key, found)
    return " ".join((found if isinstance(found, str) else json.dumps(found)).split())
