"""Which language a phrase is translated from, and which phrases are left as they are.

The letters alone decide: Latin letters count as English, unless a language is named that is written
in them.
"""

from __future__ import annotations

import re

from .errors import TranslationInvalid

AUTO = "auto"
ENGLISH = "en"
RUSSIAN = "ru"

_OTHER_SCRIPTS = re.compile(
    "am|ar|ba|be|bg|bn|cv|el|fa|gu|he|hi|hy|ja|ka|kk|km|kn|ko|ky|lo|mhr|mk|ml|mn|mr|mrj|my|ne|pa|"
    "ru|sah|si|sr|ta|te|tg|th|tt|udm|uk|ur|yi|zh"
)
"""Codes of languages that are not written in Latin letters; Serbian is taken for Cyrillic."""

_NOT_LATIN = re.compile(
    r"[\u0370-\u1cff\u1f00-\u1fff\u2c00-\u2c5f\u2c80-\ua71f\ua800-\uab2f\uab70-\ufaff"
    r"\ufb07-\uff20\uff66-\U0001d3ff\U00020000-\U0003ffff]"
)
_GREEK = r"[\u0370-\u03ff\u1f00-\u1fff]"
_SIGN = re.compile(rf"(?<!{_GREEK}){_GREEK}(?!{_GREEK})")
"""One Greek letter by itself is a sign, as in "5 μm", and no Greek."""

_RUSSIAN = re.compile(r"[\u0430-\u044f\u0451]+", re.IGNORECASE)


def source_language(text: str, named: str = AUTO) -> str | None:
    """The code of the language that `text` is to be translated from.

    "" leaves it to the service to find out; None says that the text stays as it is.

    Args:
        named: AUTO, or the code of the language of all that is not English.
    """
    foreign = _foreign_letters(text)
    if named == AUTO:
        if not foreign:
            return None
        return RUSSIAN if _RUSSIAN.fullmatch(foreign) else ""
    if named == ENGLISH or (_OTHER_SCRIPTS.fullmatch(named) and not foreign):
        return None
    return named if any(letter.isalpha() for letter in text) else None


def is_latin(text: str) -> bool:
    """Whether no letter is of another script; a Greek letter by itself does not count."""
    return not _foreign_letters(text)


def check_language(named: str) -> str:
    """The language code as services write it. Raises TranslationInvalid for what is none."""
    code = named.strip().lower()
    if code != AUTO and not re.fullmatch(r"[a-z]{2,3}", code):
        raise TranslationInvalid(
            f"{named!r} is no language code",
            where="source",
            hint="Write auto, or a code such as ru, uk, de or zh.",
        )
    return code


def _foreign_letters(text: str) -> str:
    if text.isascii():
        return ""
    return "".join(filter(str.isalpha, _NOT_LATIN.findall(_SIGN.sub("", text))))
