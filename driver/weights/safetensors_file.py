"""The header of a safetensors file, checked against the file.

8 bytes with the header's length N, N bytes of JSON (tensor name -> dtype, shape, data_offsets),
then the data, which the tensors fill without a gap and without overlap (huggingface/safetensors,
"Format").
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

LONGEST_HEADER = 100_000_000
_BITS = {
    **dict.fromkeys(["F4"], 4),
    **dict.fromkeys(["F6_E2M3", "F6_E3M2"], 6),
    **dict.fromkeys(["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"], 8),
    **dict.fromkeys(["F8_E4M3FNUZ", "F8_E5M2FNUZ"], 8),
    **dict.fromkeys(["U16", "I16", "F16", "BF16"], 16),
    **dict.fromkeys(["U32", "I32", "F32"], 32),
    **dict.fromkeys(["U64", "I64", "F64", "C64"], 64),
}


def check(path: Path) -> None:
    """Raises ValueError, which says in what the header lies. OSError passes through."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 10 or length < 2:
            raise ValueError("it has no header")
        if length > min(LONGEST_HEADER, size - 8):
            raise ValueError(
                f"its header claims {length} bytes, the file has {size}: it is cut off, or not"
                " a safetensors file"
            )
        header = _json(file.read(length))
    _check_tensors(header, size - 8 - length)


def _json(text: bytes) -> dict[str, Any]:
    try:
        header: object = json.loads(text, object_pairs_hook=_unique)
    except RecursionError as error:
        raise ValueError("its header is nested too deep") from error
    except ValueError as error:
        raise ValueError(f"its header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise ValueError("its header is not a mapping")
    return cast(dict[str, Any], header)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _check_tensors(header: dict[str, Any], data: int) -> None:
    about: Any = header.pop("__metadata__", {})
    if not isinstance(about, dict) or not all(
        isinstance(value, str) for value in cast(dict[str, Any], about).values()
    ):
        raise ValueError("its metadata are not texts")
    spans = sorted(_span(name, tensor) for name, tensor in header.items())
    end = 0
    for first, last, name in spans:
        if first != end:
            raise ValueError(f"its data has a gap or an overlap before the tensor {name!r}")
        end = last
    if end != data:
        raise ValueError(f"its tensors take {end} bytes, the file holds {data}")


def _span(name: str, tensor: Any) -> tuple[int, int, str]:
    if not isinstance(tensor, dict):
        raise ValueError(f"the tensor {name!r} is not described")
    fields = cast(dict[str, Any], tensor)
    bits = _BITS.get(str(fields.get("dtype")))
    if bits is None:
        raise ValueError(f"the tensor {name!r} has an unknown type, {fields.get('dtype')!r}")
    shape, span = _numbers(fields.get("shape")), _numbers(fields.get("data_offsets"))
    if shape is None or span is None or len(span) != 2 or len(shape) > 64:
        raise ValueError(f"the tensor {name!r} has no proper shape or place")
    for count in shape:
        bits *= count
    if bits % 8 or span[1] - span[0] != bits // 8:
        raise ValueError(
            f"the tensor {name!r} takes {span[1] - span[0]} bytes and needs {bits / 8:g}"
        )
    return span[0], span[1], name


def _numbers(value: Any) -> list[int] | None:
    if not isinstance(value, list):
        return None
    numbers = cast(list[Any], value)
    whole = all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**63 for n in numbers)
    return cast(list[int], numbers) if whole else None
