"""What is put to a language model, and the grammar in which it must answer.

Grammar of a list (GBNF, as llama.cpp reads it): a fixed number of lines `- subject`, of one to four
words in lower case letters. Each line has to begin with one of a few letters, which leads a small
model out of its loops. Grammar of a sentence: 20 to 60 words that hold the subject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .wording import Wording

BULLET = "- "
TOKENS_PER_LINE = 12

_SENTENCE_WORDS = (20, 60)
_WORDS_BEFORE = 4
"""Words that a polished sentence may have before its subject."""
_SENTENCE_TOKENS = 128
_SENTENCE_TEMPERATURE = 0.4


@dataclass(frozen=True, slots=True)
class Ask:
    """One small call. The answer is a function of these fields and the model, and of nothing else.

    Attributes:
        turns: worked examples, question and answer.
        opening: how the answer begins: lines `- subject` that count as written, or "".
        grammar: GBNF of what may follow `opening`.
        lines: how many list lines are asked for; 0 for one sentence.
        max_tokens: where the answer is cut off.
        seed: from 0 to 2**31 - 1.
        image: data URL of a picture that the question is about, for a model on a server that sees;
            "" for none.
    """

    system: str
    turns: tuple[tuple[str, str], ...]
    question: str
    opening: str
    grammar: str
    lines: int
    max_tokens: int
    temperature: float
    seed: int
    image: str = ""


class Namer(Protocol):
    def __call__(self, asks: Sequence[Ask]) -> list[list[str]]:
        """For each ask, in order: the lines that the model wrote after its `opening`, with or
        without bullets. No answer depends on the other asks."""
        ...


def listed(subjects: Sequence[str]) -> str:
    return "".join(f"{BULLET}{subject}\n" for subject in subjects)


def grammar(starts: Sequence[str], words: int = 4) -> str:
    """GBNF for one line per entry of `starts`: the letters with one of which its line begins.

    Args:
        words: that a line has at most, 2 or more.
    """
    lines = " ".join(f'"{BULLET}" [{letters}] rest' for letters in starts)
    return f'root ::= {lines}\nrest ::= [a-z]{{1,12}} (" " [a-z]{{2,13}}){{0,{words - 1}}} "\\n"\n'


def polish_ask(prompt: str, subject: str, wording: Wording, seed: int) -> Ask:
    """Asks to rewrite a prompt as one fluent sentence in lower case letters, with its subject."""
    return Ask(
        system=wording.polish_system,
        turns=tuple(
            (wording.polish_question.format(prompt=given), f"{sentence}\n")
            for given, sentence in wording.polish_examples
        ),
        question=wording.polish_question.format(prompt=prompt),
        opening="",
        grammar=_sentence(subject),
        lines=0,
        max_tokens=_SENTENCE_TOKENS,
        temperature=_SENTENCE_TEMPERATURE,
        seed=seed,
    )


def loops(sentence: str) -> bool:
    """Whether three words in a row come again, as they do when a small model runs in circles."""
    words = re.findall(r"[\w'-]+", sentence.casefold())
    threes = list(zip(words, words[1:], words[2:], strict=False))
    return len(set(threes)) < len(threes)


def _sentence(subject: str) -> str:
    fewest, most = (size - len(subject.split()) for size in _SENTENCE_WORDS)
    literal = subject.replace("\\", "\\\\").replace('"', '\\"')
    return (
        f'root ::= (word " "){{0,{_WORDS_BEFORE}}} "{literal}" rest "." "\\n"\n'
        f'rest ::= ((" " | ", ") word){{{max(fewest, 1)},{most - _WORDS_BEFORE}}}\n'
        "word ::= [a-z] [a-z-]{0,15}\n"
    )
