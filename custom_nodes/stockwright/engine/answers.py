"""Answers of language models on disk, so that a plan that was stopped goes on without asking again.

The key is the SHA-256 of the model's fingerprint and of all fields of the `Ask`, the value the
answer as a JSON list. See `kept` for the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..core.asking import Ask, Namer
from .kept import Kept

MOST_ROWS = 200_000


class Answers(Kept):
    def __init__(self, path: Path, most_rows: int = MOST_ROWS) -> None:
        super().__init__(path, most_rows)

    def around(self, namer: Namer, fingerprint: str) -> Namer:
        """A namer that asks `namer` only what it has not answered before, each ask once, and keeps
        what is new. An answer without a line is not kept."""

        def name(asks: Sequence[Ask]) -> list[list[str]]:
            keys = [_key(fingerprint, ask) for ask in asks]
            known = {k: json.loads(value) for k, value in self.known(keys).items()}
            missing = {key: ask for key, ask in zip(keys, asks, strict=True) if key not in known}
            if missing:
                answers = namer(list(missing.values()))
                new = dict(zip(missing, answers, strict=True))
                self.keep({k: json.dumps(lines).encode() for k, lines in new.items() if lines})
                known |= new
            return [known[key] for key in keys]

        return name


def _key(fingerprint: str, ask: Ask) -> bytes:
    text = json.dumps([fingerprint, asdict(ask)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()
