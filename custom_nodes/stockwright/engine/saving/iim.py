"""IPTC's older metadata (IIM 4.2) in a JPEG: what newsrooms' and many stock sites' tools read.

    APP13 "Photoshop 3.0"
      8BIM 0x0404   datasets: 1C, record, number, length (2 bytes, big-endian), bytes
      8BIM 0x0425   MD5 of the datasets, by which a reader sees that nobody changed them since

Texts are UTF-8, which dataset 1:90 tells, and are cut to the lengths that the standard allows.
"""

from __future__ import annotations

import hashlib
import struct

from ...core.keywords import cut
from ...core.languages import ENGLISH
from .label import Label

_UTF8 = b"\x1b%G"
_VERSION = struct.pack(">H", 4)
_TITLE, _KEYWORD, _CREATOR, _COPYRIGHT, _DESCRIPTION = 5, 25, 80, 116, 120
_LENGTHS = {_TITLE: 64, _KEYWORD: 64, _CREATOR: 32, _COPYRIGHT: 128, _DESCRIPTION: 2000}


def segment(label: Label) -> bytes:
    """The contents of the APP13 segment, which are less than 64 KiB."""
    values = [(_TITLE, label.title[ENGLISH])]
    values += [(_KEYWORD, keyword) for keyword in label.keywords]
    values += [
        (_CREATOR, label.creator),
        (_COPYRIGHT, label.copyright),
        (_DESCRIPTION, label.description[ENGLISH]),
    ]
    data = _dataset(1, 90, _UTF8) + _dataset(2, 0, _VERSION)
    data += b"".join(
        _dataset(2, number, cut(text, _LENGTHS[number]).encode()) for number, text in values if text
    )
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    return b"Photoshop 3.0\0" + _resource(0x0404, data) + _resource(0x0425, digest)


def _dataset(record: int, number: int, data: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(data)) + data


def _resource(number: int, data: bytes) -> bytes:
    """With an empty name, and padded to an even length."""
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)
