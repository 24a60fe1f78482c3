"""The texts that ComfyUI writes into its pictures.

    PNG     chunks tEXt, iTXt and zTXt: keyword, NUL, text; the keywords are `workflow`, `prompt`
    WebP    EXIF strings such as `workflow:{...}`, in whichever tag of the first directory

Only these parts of a file are read, whatever its size. A broken file gives what stands before the
break.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

PNG, WEBP = "PNG", "WebP"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 100_000
_ASCII = 2
"""EXIF's number for a string."""


def picture_format(file: BinaryIO) -> str | None:
    """PNG or WebP, or None for any other file; the file is at its beginning again."""
    head = file.read(12)
    file.seek(0)
    if head.startswith(_PNG_START):
        return PNG
    return WEBP if head[:4] == b"RIFF" and head[8:] == b"WEBP" else None


def embedded_texts(file: BinaryIO, kind: str, limit: int) -> dict[str, str]:
    """Keyword, in lower case -> text; a text of more than `limit` bytes is left out."""
    found: dict[str, str] = {}
    parts = _png_texts(file, limit) if kind == PNG else _webp_texts(file, limit)
    for keyword, text in parts:
        found.setdefault(keyword.lower(), text)
    return found


def _png_texts(file: BinaryIO, limit: int) -> Iterator[tuple[str, str]]:
    file.seek(len(_PNG_START))
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        size, name = struct.unpack(">I4s", head)
        if name not in (b"tEXt", b"iTXt", b"zTXt") or size > limit:
            file.seek(size + 4, 1)
            continue
        keyword, _, rest = file.read(size).partition(b"\0")
        file.seek(4, 1)  # the checksum
        text = _png_text(name, rest, limit)
        if text is not None:
            yield keyword.decode("latin-1"), text


def _png_text(name: bytes, rest: bytes, limit: int) -> str | None:
    """The text behind a chunk's keyword, or None where it is broken or too long."""
    packed = name == b"zTXt"
    if packed:
        rest = rest[1:]  # the method
    elif name == b"iTXt":
        packed = rest[:1] == b"\1"
        language_key_text = rest[2:].split(b"\0", 2)
        rest = language_key_text[-1]
    if packed:
        try:
            unpacker = zlib.decompressobj()
            rest = unpacker.decompress(rest, limit)
        except zlib.error:
            return None
        if not unpacker.eof:
            return None
    # The canvas reads every chunk as UTF-8, and ComfyUI's are ASCII.
    return rest.decode("utf-8", "replace")


def _webp_texts(file: BinaryIO, limit: int) -> Iterator[tuple[str, str]]:
    file.seek(12)
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        if name == b"EXIF" and size <= 2 * limit:  # both graphs are in it
            yield from _exif_texts(file.read(size).removeprefix(b"Exif\0\0"), limit)
            return
        file.seek(size + size % 2, 1)


def _exif_texts(data: bytes, limit: int) -> Iterator[tuple[str, str]]:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return
    try:
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        entries = [
            struct.unpack_from(f"{order}HHII", data, at + 2 + i * 12) for i in range(min(count, 64))
        ]
    except struct.error:
        return
    for _, kind, size, offset in entries:
        if kind != _ASCII or not 4 < size <= limit:
            continue
        text = data[offset : offset + size].rstrip(b"\0").decode("utf-8", "replace")
        if match := re.match(r"(\w+):", text):
            yield match[1], text[match.end() :]
