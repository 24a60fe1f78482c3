"""Which model files a graph names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from stockwright.core.errors import LoraInvalid
from stockwright.core.loras import find_lora, parse_loras
from stockwright.core.names import LORA_STACK

from .definitions import COMBO, node_def
from .model import ApiGraph, ObjectInfo

_ENDINGS = (".safetensors", ".gguf", ".onnx", ".pth", ".pt", ".ckpt", ".bin")


def model_files(api: ApiGraph, info: ObjectInfo) -> list[str]:
    """Names of model files, each once, in the graph's order; of a LoRA Stack its LoRAs' files."""
    return list(dict.fromkeys(_named(api, info)))


def _named(api: ApiGraph, info: ObjectInfo) -> Iterator[str]:
    for node in api.values():
        definition = node_def(info, node["class_type"])
        for spec in definition.inputs if definition else ():
            value = node["inputs"].get(spec.name)
            if spec.type == COMBO and PurePosixPath(str(value)).suffix in _ENDINGS:
                yield str(value)
        if node["class_type"] == LORA_STACK and isinstance(node["inputs"].get("loras"), str):
            yield from _stacked(node["inputs"]["loras"], info)


def _stacked(text: str, info: ObjectInfo) -> Iterator[str]:
    loader = node_def(info, "LoraLoader")
    spec = loader.input("lora_name") if loader else None
    files = [str(choice) for choice in (spec.choices if spec else None) or ()]
    for use in parse_loras(text):
        try:
            yield find_lora(use.name, files)
        except LoraInvalid:  # preflight has let it through: it is not in this server's list
            yield use.name
