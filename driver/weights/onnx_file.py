"""The structure of an ONNX file, checked without onnx or protobuf.

A ModelProto (onnx/onnx.proto): the whole file has to be well-formed fields, with an ir_version and
a graph. Tensors have to hold as many bytes as their shape says, in the file itself: one that points
to another file could point anywhere.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_IR_VERSION, _GRAPH = 1, 7  # of ModelProto
_NODE, _INITIALIZER = 1, 5  # of GraphProto
_ATTRIBUTE = 5  # of NodeProto
_TENSOR, _SUBGRAPH, _TENSORS, _SUBGRAPHS = 5, 6, 10, 11  # of AttributeProto
_DIMS, _TYPE, _NAME, _RAW, _EXTERNAL, _LOCATION = 1, 2, 8, 9, 13, 14  # of TensorProto
_BYTES_OF = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
"""Bytes of an element by TensorProto.DataType, for those that take whole bytes."""

Field = tuple[int, int, int, int]
"""Number, wire type, and where its content begins and ends; a varint's value is its beginning."""


def check(path: Path) -> None:
    """Raises ValueError, which says what is wrong. OSError passes through."""
    if path.stat().st_size == 0:
        raise ValueError("it is empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        fields = list(_fields(data, 0, len(data)))
        version = [
            begin for number, wire, begin, _ in fields if (number, wire) == (_IR_VERSION, _VARINT)
        ]
        graphs = [field for field in fields if field[0] == _GRAPH and field[1] == _BYTES]
        if len(version) != 1 or not 0 < version[0] < 1000 or len(graphs) != 1:
            raise ValueError("it is not an ONNX model: it has no version or no graph")
        _check_graph(data, graphs[0], 0)


def _check_graph(data: mmap.mmap, graph: Field, depth: int) -> None:
    if depth > 20:
        raise ValueError("its graphs are nested too deep")
    for number, wire, begin, end in _fields(data, graph[2], graph[3]):
        if wire == _BYTES and number == _INITIALIZER:
            _check_tensor(data, begin, end)
        elif wire == _BYTES and number == _NODE:
            for field in _fields(data, begin, end):
                if field[0] == _ATTRIBUTE and field[1] == _BYTES:
                    _check_attribute(data, field, depth)


def _check_attribute(data: mmap.mmap, attribute: Field, depth: int) -> None:
    for field in _fields(data, attribute[2], attribute[3]):
        number, wire, begin, end = field
        if wire == _BYTES and number in (_TENSOR, _TENSORS):
            _check_tensor(data, begin, end)
        elif wire == _BYTES and number in (_SUBGRAPH, _SUBGRAPHS):
            _check_graph(data, field, depth + 1)


def _check_tensor(data: mmap.mmap, begin: int, end: int) -> None:
    count, kind, raw, name = 1, 0, None, ""
    for number, wire, first, last in _fields(data, begin, end):
        if number in (_EXTERNAL, _LOCATION) and (wire == _BYTES or first == 1):
            raise ValueError("its weights lie in another file; a single file is needed")
        if number == _DIMS and wire == _VARINT:
            count *= first
        elif number == _DIMS and wire == _BYTES:
            while first < last:
                extent, first = _varint(data, first, last)
                count *= extent
        elif number == _TYPE and wire == _VARINT:
            kind = first
        elif number == _NAME and wire == _BYTES:
            name = data[first:last].decode("utf-8", errors="replace")
        elif number == _RAW and wire == _BYTES:
            raw = last - first
    if raw is not None and kind in _BYTES_OF and raw != count * _BYTES_OF[kind]:
        raise ValueError(
            f"the tensor {name!r} holds {raw} bytes and needs {count * _BYTES_OF[kind]}"
        )


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[Field]:
    while at < end:
        key, at = _varint(data, at, end)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(data, at, end)
            yield number, wire, value, at
            continue
        length = {_FIXED64: 8, _FIXED32: 4}.get(wire)
        if wire == _BYTES:
            length, at = _varint(data, at, end)
        if length is None or number == 0 or length > end - at:
            raise ValueError("it is not an ONNX model, or it is cut off")
        yield number, wire, at, at + length
        at += length


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("it is not an ONNX model, or it is cut off")
