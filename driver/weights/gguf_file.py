"""The header of a GGUF file (version 2 or 3, little-endian), checked against the file.

Magic, version, counts, key-value pairs, tensor infos, padding, data (ggml, docs/gguf.md). Every
count and length is held against the bytes that are left, so a lying one cannot cost memory.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value by its type; 8 is a text and 9 an array."""
_TEXT, _ARRAY, _UINT32 = 8, 9, 4

_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 36),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
}
"""Elements and bytes of a block by tensor type (ggml.h, enum ggml_type)."""


def check(path: Path) -> None:
    """Raises ValueError, which says in what the header lies. OSError passes through."""
    if path.stat().st_size < 24:
        raise ValueError("it is too short to be a GGUF file")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            _check(_Reader(data))
        except struct.error as error:
            raise ValueError("its header is cut off") from error


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = 0
        self.size = len(data)

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from(f"<{form}", self._data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return int(value)

    def skip(self, count: int) -> None:
        if count > self.size - self.at:
            raise ValueError("a length in its header goes beyond the end of the file")
        self.at += count

    def bytes(self, count: int) -> bytes:
        self.skip(count)
        return self._data[self.at - count : self.at]

    def text(self) -> bytes:
        return self.bytes(self.number("Q"))


def _check(reader: _Reader) -> None:
    if (magic := reader.bytes(4)) != b"GGUF":
        raise ValueError(f"it begins with {magic!r}, a GGUF file with b'GGUF'")
    version = reader.number("I")
    if version not in (2, 3):
        raise ValueError(f"its GGUF version is {version}; 2 and 3 are known")
    tensors, pairs = reader.number("Q"), reader.number("Q")
    if tensors > reader.size // 24 or pairs > reader.size // 12:
        raise ValueError(f"it claims {tensors} tensors and {pairs} settings, more than fit into it")
    alignment = 32
    for _ in range(pairs):
        key, kind = reader.text(), reader.number("I")
        if key == b"general.alignment" and kind == _UINT32:
            alignment = reader.number("I")
        else:
            _skip_value(reader, kind, 0)
    if alignment < 8 or alignment % 8 or alignment > reader.size:
        raise ValueError(f"its alignment is {alignment}")
    spans = sorted(_span(reader, alignment) for _ in range(tensors))
    begin = -(-reader.at // alignment) * alignment
    end = 0
    for first, last, name in spans:
        if first < end:
            raise ValueError(f"the tensor {name!r} overlaps another one")
        end = last
    if begin + end > reader.size:
        raise ValueError(f"its tensors need {begin + end} bytes, the file has {reader.size}")


def _skip_value(reader: _Reader, kind: int, depth: int) -> None:
    if kind == _TEXT:
        reader.text()
    elif kind == _ARRAY and depth < 4:
        inner, count = reader.number("I"), reader.number("Q")
        if count > reader.size - reader.at:
            raise ValueError("an array in its header is longer than the file")
        if inner in _SCALARS:
            reader.skip(_SCALARS[inner] * count)
            return
        for _ in range(count):
            _skip_value(reader, inner, depth + 1)
    elif kind in _SCALARS:
        reader.skip(_SCALARS[kind])
    else:
        raise ValueError(f"a setting in its header has the unknown type {kind}")


def _span(reader: _Reader, alignment: int) -> tuple[int, int, str]:
    name = reader.text().decode("utf-8", errors="replace")
    dimensions = reader.number("I")
    if not 0 < dimensions <= 4 or len(name) > 256:
        raise ValueError(f"the tensor {name[:40]!r} has {dimensions} dimensions")
    shape = [reader.number("Q") for _ in range(dimensions)]
    kind, offset = reader.number("I"), reader.number("Q")
    if kind not in _BLOCKS:
        raise ValueError(f"the tensor {name!r} has the type {kind}, which is not known")
    elements, width = _BLOCKS[kind]
    if shape[0] % elements or offset % alignment:
        raise ValueError(f"the tensor {name!r} does not lie on whole blocks")
    count = 1
    for extent in shape:
        count *= extent
    return offset, offset + count // elements * width, name
