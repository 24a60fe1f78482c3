"""The phrases of a prompt, as people and their tools write it.

A (foggy:1.2) Forest at dawn, <lora:film:0.6>, Soft light... | 35mm film BREAK bokeh --ar 3:2
-> foggy forest at dawn / soft light / 35mm film / bokeh
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from ..subjects import SMALL
from ..words import bare_words

MAX_WORDS, MAX_LENGTH = 6, 40
"""Words and characters of a modifier; what is longer describes one picture."""

_REST = re.compile(r"(?:^|\s)--[a-z].*|\bnegative prompt:.*|\bsteps: ?\d.*", re.I | re.S)
"""Flags as Midjourney takes them, and what A1111 writes below a prompt."""
_GONE = re.compile(
    r"<[^<>]*>|\bembedding:[^\s,()]+|https?://\S+|__[\w/*-]+__|\[[^\[\]]*:[^\[\]]*\]"
)
"""LoRAs, embeddings, addresses, wildcards, and words that come or go in the middle of sampling."""
_WEIGHT = re.compile(r":\s*-?\d+(?:\.\d+)?(?=\s*[)\]}])")
_PARTS = re.compile(r"[,;|\n\u3001\uff0c\uff1b]|\.\s|\bBREAK\b|::-?[\d.]*")
_SIGNS = str.maketrans({**dict.fromkeys('()[]{}\\"\u201c\u201d'), "_": " ", "\u2019": "'"})
_EDGES = " .!?:;-\u2013\u2014*'`\u2018#~+=/"
_OPENING = re.compile(r"^(?:(?:and|with|an?|the)\s+)+")
_PLAIN = re.compile(r"[a-z\u00df-\u00ff0-9 '/.&%°+-]+")
_WORD = re.compile(r"[a-z]{3}")
_TAG = re.compile(r"\b\d+[a-z]{4,}")
"""Tags that count people, such as 1girl; not 35mm."""
_NOT_SHOWN = re.compile(r"(?:no|not|non|without)\b")
_MADE_BY = re.compile(r"(?<!\blit )(?<!\billuminated )(?<!\bframed )\bby\b|\bstyle of\b")
_NAMED = re.compile(r"(?<!\blit )(?<!\billuminated )(?<!\bframed )\bby ([^,]+)")
_BETWEEN_NAMES = re.compile(r"\s(?:and|&|x)\s")
_FILLERS = frozenset(
    {
        *("from", "into", "over", "under", "very", "highly", "extremely", "ultra", "super", "some"),
        *("its", "this", "that", "photo", "photograph", "photography", "picture", "image", "shot"),
        *("view", "scene", "style", "stock", "close"),
    }
)


def split_prompt(prompt: str) -> list[str]:
    """A prompt's phrases in lower case, without weights, brackets, flags and references to files.

    The first one is what the picture shows; the others are what was added.
    """
    text = _REST.sub("", unicodedata.normalize("NFKC", prompt))
    text = _WEIGHT.sub("", _GONE.sub(" ", text))
    return [phrase for part in _PARTS.split(text) if (phrase := _normalised(part))]


@lru_cache(maxsize=1 << 16)
def _normalised(part: str) -> str:
    text = " ".join(part.lower().translate(_SIGNS).split()).strip(_EDGES)
    return _OPENING.sub("", text)


def is_modifier(phrase: str) -> bool:
    """Whether a phrase of `split_prompt` may be added to other prompts, by its form.

    Not: what is long, numbers, other scripts than Latin, what must not be seen ("no people"), and
    who made it ("by someone", "in the style of something").
    """
    return (
        len(phrase) <= MAX_LENGTH
        and len(phrase.split()) <= MAX_WORDS
        and _PLAIN.fullmatch(phrase) is not None
        and _WORD.search(phrase) is not None
        and not _TAG.search(phrase)
        and not _NOT_SHOWN.match(phrase)
        and not _MADE_BY.search(phrase)
    )


def makers(phrase: str) -> Iterator[str]:
    """The names after "by" in a phrase of `split_prompt`: "bay by ann and bob" has ann and bob."""
    if found := _NAMED.search(phrase):
        yield from (name.strip() for name in _BETWEEN_NAMES.split(found[1]))


def plain_words(text: str) -> list[str]:
    """The words of a text in the singular, without articles, "and" and the small prepositions."""
    return [word for word in bare_words(text) if word not in SMALL]


def content_words(text: str) -> frozenset[str]:
    """The words that say something, in the singular: of "photo of old books", old and book."""
    return frozenset(
        word
        for word in plain_words(text)
        if len(word) > 2 and word not in _FILLERS and not word.isdigit()
    )
