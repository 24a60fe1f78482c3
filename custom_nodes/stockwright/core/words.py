"""Words of a text, so that texts can be compared whatever their case, accents and plural."""

from __future__ import annotations

import re
import unicodedata

_POSSESSIVE = re.compile(r"['\u2019]s\b")


def singular(word: str) -> str:
    """A word without the ending of a regular English plural."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def bare_words(text: str) -> list[str]:
    """All words in lower case and in the singular, without accents and the 's of a possessor.

    "McDonald's cafés" gives ["mcdonald", "cafe"].
    """
    parts = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(c for c in parts if not unicodedata.combining(c))
    return [singular(word) for word in re.findall(r"\w+", _POSSESSIVE.sub("", plain))]
