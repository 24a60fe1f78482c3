"""Keys of services: from the environment, else from a file of the server's own.

    YANDEX_TRANSLATE_KEY   yandex_key         an API key, or an IAM token
    YANDEX_FOLDER_ID       yandex_folder_id   may be left out with the key of a service account
    YANDEX_TRANSLATE_URL   -                  another address that speaks the same protocol

The second column is `translate.yaml`. No text of it appears in an error: it may be a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..core.definitions import load_yaml, read_text
from ..core.errors import TranslationInvalid
from .yandex import URL, Yandex

FILE = "translate.yaml"
KEY, FOLDER_ID, ADDRESS = "YANDEX_TRANSLATE_KEY", "YANDEX_FOLDER_ID", "YANDEX_TRANSLATE_URL"
_FILE_KEYS = {KEY: "yandex_key", FOLDER_ID: "yandex_folder_id"}


def find_yandex(
    folder: Path, environment: Mapping[str, str], pause: Callable[[float], None]
) -> Yandex | None:
    """Yandex Translate, if there is a key for it.

    Args:
        folder: where the file may be.
        pause: waits for so many seconds before the service is asked again.

    Raises:
        TranslationInvalid: a setting that cannot be used.
    """
    path = folder / FILE
    values = {**_read(path), **_set(environment)}
    if KEY not in values:
        return None
    return Yandex(
        key=_word(values[KEY], KEY, path),
        folder_id=_word(values.get(FOLDER_ID, ""), FOLDER_ID, path),
        url=_address(environment.get(ADDRESS, "").strip() or URL),
        pause=pause,
    )


def _set(environment: Mapping[str, str]) -> dict[str, str]:
    found = {name: environment.get(name, "").strip() for name in _FILE_KEYS}
    return {name: value for name, value in found.items() if value}


def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        values: Any = load_yaml(read_text(path, TranslationInvalid), str(path), TranslationInvalid)
    except TranslationInvalid as error:
        # Without its cause, which quotes the file.
        raise TranslationInvalid("cannot be read as YAML", where=error.where) from None
    if values in (None, ""):
        return {}
    texts = isinstance(values, dict) and all(isinstance(v, str) for v in values.values())
    if not texts or not set(values) <= set(_FILE_KEYS.values()):
        raise TranslationInvalid(
            "is not what it should be",
            where=str(path),
            hint="It has the lines yandex_key: ... and yandex_folder_id: ... and no others.",
        )
    found = {name: values.get(key, "").strip() for name, key in _FILE_KEYS.items()}
    return {name: value for name, value in found.items() if value}


def _word(value: str, name: str, path: Path) -> str:
    """`value`, which goes into a header as it is."""
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise TranslationInvalid(
            "has a space or another character that no key has",
            where=f"environment {name}, or {path}, key {_FILE_KEYS[name]}",
            hint="Copy it again, without quotes and line ends.",
        )
    return value


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits or not url.isascii() or not url.isprintable() or " " in url:
        raise TranslationInvalid(
            "is no address", where=f"environment {ADDRESS}", hint=f"One is {URL}"
        )
    return url.rstrip("/")
