"""Converts a file of PyTorch or TensorFlow.js weights to safetensors; runs as a program of its own.

    python convert.py RAW MADE [--take PART] [--tensors MANIFEST]

RAW is opened by weights-only loading, which builds tensors and containers and nothing else. Of
nested dictionaries the one with the weights is kept: PART, or one under a usual name. With MANIFEST
(a TensorFlow.js weights manifest) RAW is plain numbers, which are taken apart as it says.

Status 0: MADE is written. 4: refused, and the last line says why. 5: this Python cannot do it.
Nothing of the pack is imported, so that it runs under any Python that has torch and safetensors.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

REFUSED, UNABLE = 4, 5
OLDEST_TORCH = (2, 6)
"""Before it, weights-only loading could be made to run code (CVE-2025-32434)."""
WRAPPERS = ("params_ema", "params", "state_dict", "model_state_dict", "model", "net", "generator")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("raw", type=Path)
    parser.add_argument("made", type=Path)
    parser.add_argument("--take")
    parser.add_argument("--tensors", type=Path)
    args = parser.parse_args()
    try:
        import torch
        from safetensors.torch import save_file
    except ImportError as error:
        end(UNABLE, f"{sys.executable}: {error}")
    version = tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2])
    if version < OLDEST_TORCH:
        end(UNABLE, f"{sys.executable} has PyTorch {torch.__version__}; 2.6 or newer is needed")
    if args.tensors:
        tensors = unpack(args.raw.read_bytes(), json.loads(args.tensors.read_bytes()))
    else:
        tensors = weights(load(args.raw), args.take)
        check_sizes(tensors, args.raw.stat().st_size)
    save_file({name: own(tensor) for name, tensor in tensors.items()}, args.made)


def end(status: int, reason: str) -> NoReturn:
    print(reason.replace("\n", " "), flush=True)
    sys.exit(status)


def load(path: Path) -> Any:
    import pickle
    import zipfile

    import torch

    try:
        # Only the newer layout, a zip file, can be mapped instead of read.
        mapped = zipfile.is_zipfile(path)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        if found := re.search(r"GLOBAL ([\w.]+)", str(error)):
            end(REFUSED, f"it holds more than weights: {found[1]}")
        found = re.search(r"WeightsUnpickler error:\s*([^\n]+)", str(error))
        end(REFUSED, f"it is not a file of weights: {found[1] if found else error}")
    except Exception as error:  # noqa: BLE001 - whatever a broken file makes torch raise
        end(REFUSED, f"it cannot be read: {type(error).__name__}: {str(error).strip()[:200]}")


def weights(loaded: Any, take: str | None) -> dict[str, Any]:
    """The one dictionary of names and tensors in what was loaded."""
    import torch

    if take is not None:
        if not isinstance(loaded, dict) or take not in loaded:
            end(REFUSED, f"it has no part {take!r}: {parts(loaded)}")
        loaded = loaded[take]
    for _ in range(4):
        if not isinstance(loaded, dict) or not loaded:
            end(REFUSED, f"it holds no dictionary of weights: {parts(loaded)}")
        if any(isinstance(value, torch.Tensor) for value in loaded.values()):
            break
        inner = [key for key in loaded if isinstance(loaded[key], dict)]
        usual = [key for key in WRAPPERS if key in inner]
        if not usual and len(inner) != 1:
            end(REFUSED, f"name one of its parts with `take`: {parts(loaded)}")
        loaded = loaded[(usual or inner)[0]]
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            end(REFUSED, f"{str(name)[:80]!r} in it is not a tensor but {type(value).__name__}")
        if value.layout is not torch.strided or value.is_quantized or value.device.type != "cpu":
            end(REFUSED, f"the tensor {name[:80]!r} is of a kind that safetensors does not have")
    return loaded


def parts(loaded: Any) -> str:
    if isinstance(loaded, dict):
        return ", ".join(
            f"{str(key)[:40]} ({type(loaded[key]).__name__})" for key in [*loaded][:10]
        )
    return type(loaded).__name__


def check_sizes(tensors: dict[str, Any], file_size: int) -> None:
    """A few bytes can claim to be a tensor of any size, which would be written out in full."""
    needed = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if needed > 2 * file_size + 1_000_000:
        end(REFUSED, f"its tensors claim {needed} bytes, and the file has {file_size}")


def own(tensor: Any) -> Any:
    """The tensor with memory of its own, as safetensors needs it."""
    return tensor.detach().contiguous().clone()


def unpack(data: bytes, manifest: Any) -> dict[str, Any]:
    """The tensors of a TensorFlow.js weights file, as 32-bit floats where they were quantised."""
    import numpy
    import torch

    found: dict[str, Any] = {}
    at = 0
    try:
        for entry in (entry for group in manifest for entry in group["weights"]):
            packing = entry.get("quantization") or {"dtype": entry["dtype"]}
            kind = {"uint8": "u1", "uint16": "<u2", "float32": "<f4", "int32": "<i4"}[
                packing["dtype"]
            ]
            count = int(numpy.prod(entry["shape"], dtype="int64"))
            flat = numpy.frombuffer(data, kind, count, at)
            at += flat.nbytes
            if "scale" in packing:
                flat = (flat * packing["scale"] + packing["min"]).astype("float32")
            found[entry["name"]] = torch.from_numpy(flat.reshape(entry["shape"]).copy())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        end(REFUSED, f"its manifest does not fit it: {type(error).__name__}: {error}")
    if at != len(data):
        end(REFUSED, f"its manifest describes {at} bytes, and the file has {len(data)}")
    return found


if __name__ == "__main__":
    main()
