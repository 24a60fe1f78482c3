"""Random numbers that belong to something: the same parts give the same numbers everywhere."""

from __future__ import annotations

import hashlib
import json
from random import Random


def seeded(*parts: object) -> Random:
    """A generator of its own for these parts (numbers and texts)."""
    text = json.dumps(parts, ensure_ascii=False)
    return Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))
