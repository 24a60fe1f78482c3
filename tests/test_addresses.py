"""Addresses of language model servers, and the names of keys."""

from __future__ import annotations

import pytest

from stockwright.core.addresses import LLM_KEY, check_key_variable, llm_address
from stockwright.core.errors import LLMInvalid


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        (" HTTP://host:80/ ", "http://host:80/v1"),
        ("http://host/v1/", "http://host/v1"),
        ("https://host/v1/chat/completions", "https://host/v1"),
        ("https://host/api/v1", "https://host/api/v1"),
        ("https://host/v1beta/openai/", "https://host/v1beta/openai"),
        ("https://host/ollama", "https://host/ollama/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
    ],
)
def test_addresses(given: str, address: str):
    assert llm_address(given) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost:8080",
        "host",
        "ftp://host",
        "http://",
        "http://host:x",
        "http://a b",
        "http://é",
    ],
)
def test_what_is_no_address(text: str):
    with pytest.raises(LLMInvalid, match="no address"):
        llm_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://me:secret@host:1",
        "http://secret@host",
        "http://host/v1?key=secret",
        "http://host#secret",
    ],
)
def test_an_address_holds_no_secret(text: str):
    with pytest.raises(LLMInvalid) as caught:
        llm_address(text)
    assert "secret" not in str(caught.value) and LLM_KEY in caught.value.hint


@pytest.mark.parametrize("name", ["", "sk-secret", "PATH", "OPENAI_API_KEY", f"{LLM_KEY} "])
def test_only_keys_for_this_can_be_named(name: str):
    with pytest.raises(LLMInvalid, match=LLM_KEY) as caught:
        check_key_variable(name)
    assert not name.strip(LLM_KEY + " ") or name not in str(caught.value)
