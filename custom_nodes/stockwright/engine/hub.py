"""A model's folder of huggingface.co, from the hub's cache on this machine or over the network."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ..core.errors import ExpanderUnavailable

_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
"""Settings, vocabularies and weights that are only data: no code, and nothing that may run any."""


def fetch(name: str, folder: str) -> Path:
    """The folder with the files of the model `OWNER/NAME`; only what is missing is fetched.

    Args:
        folder: where to put the files by hand, for the error.

    Raises:
        ExpanderUnavailable: no network, or no such model.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    # The base of all that the hub's client raises; which package it is of depends on the version.
    transport = cast("type[Exception]", HfHubHTTPError.__bases__[0])
    try:
        return Path(snapshot_download(name, allow_patterns=_FILES, ignore_patterns=["*/*"]))
    except (transport, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ExpanderUnavailable(
            f"the model cannot be fetched from huggingface.co: {reason}",
            where=name,
            hint=f"Without a network: put config.json, model.safetensors, tokenizer.json and the "
            f"other .json and .txt files of huggingface.co/{name} into {folder}. Or link Load "
            f"Prompt LLM to the input llm.",
        ) from error
