"""The route by which files of people reach a server, and what their names may be.

What is checked here leads to no other place; an error does not repeat what was given.
"""

from __future__ import annotations

import re

from .errors import PersonFileInvalid
from .people import PHOTOS, STEM, TOKEN

PEOPLE_ROUTE = "/stockwright/people"
"""Below it the server keeps files of people: see `nodes.people_files`."""

SHA256_HEADER = "X-Stockwright-Sha256"
"""Of a file that is sent: its SHA-256 in hexadecimal."""

_PURPOSE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LORA = re.compile(rf"{STEM.pattern}\.safetensors")
_PHOTO = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(?:png|jpg|webp|txt)")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def check_token(token: str) -> str:
    """The token. Raises PersonFileInvalid, as all of these."""
    return _fitting(TOKEN, token, "token", "It has 12 hex digits.")


def check_stem(stem: str) -> str:
    """Of a LoRA's file, as `people.STEM`."""
    return _fitting(STEM, stem, "key of a LoRA", "It has 16 hex digits.")


def check_lora(file: str) -> str:
    return _fitting(_LORA, file, "file of a LoRA", "It is a key with the ending .safetensors.")


def check_photo(file: str) -> str:
    hint = "Use letters, digits, - and _, and the ending .png, .jpg, .webp or .txt."
    return _fitting(_PHOTO, file, "file of a photo", hint)


def check_sha256(digest: str) -> str:
    return _fitting(_SHA256, digest, "SHA-256", f"Send it in the header {SHA256_HEADER}.")


def photos_folder(token: str, purpose: str) -> str:
    """Where copies of photos are, below the input folder; `purpose` such as train."""
    hint = "Use small letters, digits, - and _, at most 40."
    return f"{PHOTOS}/{check_token(token)}/{_fitting(_PURPOSE, purpose, 'purpose', hint)}"


def _fitting(pattern: re.Pattern[str], text: str, what: str, hint: str) -> str:
    if not pattern.fullmatch(text):
        raise PersonFileInvalid(f"this is no {what}", where="files of people", hint=hint)
    return text
