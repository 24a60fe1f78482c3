"""What is put to a language model, and the grammar in which it must answer.

Grammar of an answer (GBNF, as llama.cpp reads it): a fixed number of lines `- subject`, of one to
four words in lower case letters. Each line has to begin with one of a few letters, which leads a
small model out of its loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

BULLET = "- "
TOKENS_PER_LINE = 12


@dataclass(frozen=True, slots=True)
class Ask:
    """One small call. The answer is a function of these fields and the model, and of nothing else.

    Attributes:
        turns: worked examples, question and answer.
        opening: how the answer begins: lines `- subject` that count as written, or "".
        grammar: GBNF of what may follow `opening`.
        max_tokens: where the answer is cut off.
        seed: from 0 to 2**31 - 1.
    """

    system: str
    turns: tuple[tuple[str, str], ...]
    question: str
    opening: str
    grammar: str
    max_tokens: int
    temperature: float
    seed: int


class Namer(Protocol):
    def __call__(self, ask: Ask) -> list[str]:
        """The lines that the model wrote after `ask.opening`, with or without bullets."""
        ...


def listed(subjects: Sequence[str]) -> str:
    return "".join(f"{BULLET}{subject}\n" for subject in subjects)


def grammar(starts: Sequence[str]) -> str:
    """GBNF for one line per entry of `starts`: the letters with one of which its line begins."""
    lines = " ".join(f'"{BULLET}" [{letters}] rest' for letters in starts)
    return f'root ::= {lines}\nrest ::= [a-z]{{1,12}} (" " [a-z]{{2,13}}){{0,3}} "\\n"\n'
