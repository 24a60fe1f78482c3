"""Whether a model file is what its ending says, told from its header and its length alone.

A whole file passes in milliseconds, whatever its size; what is in the tensors is for the hash.
"""

from __future__ import annotations

import json
from pathlib import Path

from driver.weights import gguf_file, onnx_file, safetensors_file
from driver.weights.manifest import PICKLES

_CHECKS = {
    ".safetensors": safetensors_file.check,
    ".gguf": gguf_file.check,
    ".onnx": onnx_file.check,
}
_LONGEST_JSON = 100_000_000


def fault(path: Path, suffix: str | None = None) -> str | None:
    """What is wrong with the file, or None. `suffix` is the kind it has to be of, if not its own.

    OSError passes through.
    """
    suffix = (suffix or path.suffix).lower()
    check = _CHECKS.get(suffix, _check_json)
    try:
        check(path)
    except ValueError as error:
        return f"{error}{_looks_like(path)}"
    return None


def is_model(path: Path) -> bool:
    """Whether a loader would take the file for a model that can be checked here."""
    return path.suffix.lower() in _CHECKS


def is_pickle(path: Path) -> bool:
    """Whether loading the file may run what is in it."""
    return path.suffix.lower() in PICKLES


def _check_json(path: Path) -> None:
    if path.stat().st_size > _LONGEST_JSON:
        raise ValueError("it is too long for JSON")
    try:
        json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from error


def _looks_like(path: Path) -> str:
    with path.open("rb") as file:
        begin = file.read(200).lstrip().lower()
    if begin.startswith((b"<!doctype", b"<html", b"<?xml")):
        return " (it is a web page: of a proxy, or one to log in)"
    if begin.startswith(b"version https://git-lfs"):
        return " (it is the pointer that git keeps in place of the file)"
    if begin.startswith((b"pk\x03\x04", b"\x80\x02")):
        return " (it is a pickle or an archive by another name)"
    return ""
