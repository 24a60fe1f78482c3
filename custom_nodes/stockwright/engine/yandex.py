"""Yandex Translate, API v2: https://yandex.cloud/en/docs/translate/api-ref/Translation/translate

    POST {url}/translate/v2/translate
    Authorization: Api-Key <key of a service account>  or  Bearer <IAM token>
    {"texts": [...], "targetLanguageCode": "en", "format": "PLAIN_TEXT", "sourceLanguageCode": "ru",
     "folderId": ..., "glossaryConfig": {"glossaryData": {"glossaryPairs": [
        {"sourceText": ..., "translatedText": ...}]}}}
    200 {"translations": [{"text": ..., "detectedLanguageCode": ...}]}
    else {"code": 8, "message": ..., "details": [...]}

A glossary needs a source language. Refused for the moment (429, 5xx) or cut off, a request is
repeated. Neither the key nor the folder's id appears in an error.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from ..core.errors import TranslationInvalid, TranslationUnavailable
from ..core.glossary import Pair
from .dictionary import Phrase
from .web import MOST_BYTES, asked_for, hidden, opener, read_all, wait_after

URL = "https://translate.api.cloud.yandex.net"
MAX_CHARACTERS = 10_000
"""Of all texts of a request; of all terms of its glossary, and of all their translations."""
MAX_PAIRS = 50
MAX_TEXTS = 100
ATTEMPTS = 5
MAX_WAIT = 60.0
"""Seconds. A service that wants to be left alone for longer is not waited for."""

_PASSING = frozenset({429, 500, 502, 503, 504})
_HINTS = {
    400: "Is the source language right? With the key of a service account leave the folder id out.",
    401: "Look at YANDEX_TRANSLATE_KEY or translate.yaml. An IAM token is good for 12 hours only.",
    403: "Give the service account the role ai.translate.user in the folder of YANDEX_FOLDER_ID.",
    404: "Look at YANDEX_TRANSLATE_URL.",
    429: "The quota is used up. Try again later; what is translated by now is kept.",
}


@dataclass(frozen=True)
class Yandex:
    """The service.

    Attributes:
        timeout: seconds in which something must come from the service.
        pause: waits for so many seconds.
    """

    key: str = field(repr=False)
    folder_id: str = field(default="", repr=False)
    url: str = field(default=URL, repr=False)
    timeout: float = 30.0
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    name = "yandex"
    title = "Yandex Translate"

    def batches(self, phrases: Sequence[Phrase]) -> Iterator[list[Phrase]]:
        """Phrases that fit into one request together.

        Raises:
            TranslationInvalid: a phrase that does not fit into any.
        """
        by_source = sorted(phrases, key=lambda phrase: phrase.source)
        batch: list[Phrase] = []
        for phrase in by_source:
            if len(phrase.text) > MAX_CHARACTERS:
                raise TranslationInvalid(
                    f"a phrase has more than {MAX_CHARACTERS} characters",
                    where=f"{phrase.text[:40]!r}",
                    hint="Put commas into it.",
                )
            if batch and not _fit([*batch, phrase]):
                yield batch
                batch = []
            batch.append(phrase)
        if batch:
            yield batch

    def translate(self, phrases: Sequence[Phrase]) -> list[str]:
        """One English text for each phrase of a batch.

        Raises:
            TranslationUnavailable: the service cannot be reached, refuses, or answers wrongly.
        """
        body = json.dumps(self._body(phrases), ensure_ascii=False).encode()
        tried = 0
        while True:
            answer = self._post(body)
            if isinstance(answer, bytes):
                return self._texts(answer, len(phrases))
            wait = wait_after(tried, answer.wait)
            tried += 1
            if tried == ATTEMPTS or wait > MAX_WAIT:
                raise answer.error
            self.pause(wait)

    def _body(self, phrases: Sequence[Phrase]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "texts": [phrase.text for phrase in phrases],
            "targetLanguageCode": "en",
            "format": "PLAIN_TEXT",
        }
        if phrases[0].source:
            body["sourceLanguageCode"] = phrases[0].source
            if pairs := _pairs(phrases):
                data = [{"sourceText": term, "translatedText": english} for term, english in pairs]
                body["glossaryConfig"] = {"glossaryData": {"glossaryPairs": data}}
        if self.folder_id:
            body["folderId"] = self.folder_id
        return body

    def _post(self, body: bytes) -> bytes | _Refused:
        """The answer, or why there is none for the moment."""
        # IAM tokens, and no API keys, begin with t1.
        scheme = "Bearer" if self.key.startswith("t1.") else "Api-Key"
        request = urllib.request.Request(f"{self.url}/translate/v2/translate", data=body)
        request.add_header("Content-Type", "application/json")
        request.add_unredirected_header("Authorization", f"{scheme} {self.key}")
        try:
            with opener(self.url).open(request, timeout=self.timeout) as answer:
                return read_all(answer)
        except urllib.error.HTTPError as error:
            with error:
                refused = _Refused(self._refusal(error), asked_for(error.headers))
            if error.code in _PASSING:
                return refused
            raise refused.error from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            return _Refused(
                TranslationUnavailable(
                    f"cannot be reached: {self._without_secrets(str(reason))}",
                    where=self.title,
                    hint="Is there a network? A proxy is taken from the environment's HTTPS_PROXY.",
                )
            )

    def _refusal(self, error: urllib.error.HTTPError) -> TranslationUnavailable:
        message = ""
        try:
            told: Any = json.loads(error.read(MOST_BYTES))
            message = str(told["message"])
        except (OSError, HTTPException, ValueError, RecursionError, KeyError, TypeError):
            message = str(error.reason)  # no answer of the service's own
        said = f": {self._without_secrets(message)[:300]}" if message else ""
        return TranslationUnavailable(
            f"refused with {error.code}{said}", where=self.title, hint=_HINTS.get(error.code, "")
        )

    def _without_secrets(self, text: str) -> str:
        return hidden(text, self.key, self.folder_id, self.url)

    def _texts(self, answer: bytes, count: int) -> list[str]:
        try:
            told: Any = json.loads(answer)
            texts = [entry["text"] for entry in told["translations"]]
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise TranslationUnavailable(
                "the answer is not in the API's form", where=self.title
            ) from error
        if len(texts) != count or not all(isinstance(text, str) for text in texts):
            raise TranslationUnavailable(
                f"{len(texts)} translations came for {count} texts", where=self.title
            )
        return texts


@dataclass(frozen=True, slots=True)
class _Refused:
    error: TranslationUnavailable
    wait: float | None = None
    """Seconds, if the service says so."""


def _fit(phrases: Sequence[Phrase]) -> bool:
    pairs = {pair for phrase in phrases for pair in phrase.pairs}
    return (
        len(phrases) <= MAX_TEXTS
        and len({phrase.source for phrase in phrases}) == 1
        and sum(len(phrase.text) for phrase in phrases) <= MAX_CHARACTERS
        and list(pairs) == _cut(list(pairs))
    )


def _pairs(phrases: Sequence[Phrase]) -> list[Pair]:
    """The pairs of a request. One phrase alone may have more than fit: the longest ones count."""
    pairs = {pair for phrase in phrases for pair in phrase.pairs}
    return _cut(sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))


def _cut(pairs: list[Pair]) -> list[Pair]:
    kept: list[Pair] = []
    terms = english = 0
    for pair in pairs[:MAX_PAIRS]:
        terms, english = terms + len(pair[0]), english + len(pair[1])
        if max(terms, english) > MAX_CHARACTERS:
            break
        kept.append(pair)
    return kept
