"""Addresses of servers that speak OpenAI's chat protocol, and where their key comes from.

An address stands in graphs, order files and pictures, so it never holds a secret. The key is in an
environment variable of ComfyUI's server; only variables of one prefix can be named, so that a graph
from a stranger cannot send another secret away.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from .errors import LLMInvalid

LLM_KEY = "STOCKWRIGHT_LLM_KEY"
"""The environment variable of the key; others that may be named begin with the same."""

_ENDPOINT = "/chat/completions"
_VERSION = re.compile(r"/v\d+\w*(/|$)")


def is_address(text: str) -> bool:
    """Whether an address is meant, and not the name of a file."""
    return "://" in text


def llm_address(text: str) -> str:
    """What `/models` and `/chat/completions` are appended to: the address with its version, which
    is `/v1` where none is given.

    Raises:
        LLMInvalid: it is no address, or holds a user, a password or a query.
    """
    parts = _split(text.strip())
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise LLMInvalid(
            "the address may hold no user, password or key",
            where=f"{parts.scheme}://***@{_host(parts)}",
            hint=f"Put the key into the environment variable {LLM_KEY} on the server.",
        )
    path = parts.path.rstrip("/").removesuffix(_ENDPOINT).rstrip("/")
    if not _VERSION.search(path):
        path += "/v1"
    return f"{parts.scheme.lower()}://{_host(parts)}{path}"


def check_key_variable(name: str) -> None:
    """Raises LLMInvalid for a name that is not `LLM_KEY` with or without more behind it; what was
    given is not repeated, as it may be the key."""
    if not re.fullmatch(rf"{LLM_KEY}\w*", name, re.ASCII):
        raise LLMInvalid(
            f"takes the name of an environment variable that begins with {LLM_KEY}, not a key",
            where="key_variable",
            hint="Set such a variable where ComfyUI's server is started, and write its name here.",
        )


def _split(text: str) -> SplitResult:
    wrong = LLMInvalid(
        "this is no address of a server",
        where="url",
        hint="Write it as http://127.0.0.1:8080 or https://host/v1.",
    )
    try:
        parts = urlsplit(text)
        valid = parts.scheme.lower() in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise wrong from None
    if not valid or not text.isascii() or re.search(r"[\s\x00-\x1f]", text):
        raise wrong
    return parts


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
