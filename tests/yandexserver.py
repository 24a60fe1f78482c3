"""Yandex Translate on this machine: what its API v2 is documented to take, refuse and answer.

It knows the words of `words` and of a request's glossary, and spells all others in Latin letters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.localserver import LocalServer

KEY = "AQVN-the-key-of-the-tests-0123456789"
FOLDER = "b1g-the-folder-of-tests"
PATH = "/translate/v2/translate"
FORMATS = ("FORMAT_UNSPECIFIED", "PLAIN_TEXT", "HTML")
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 429: 8, 500: 13, 503: 14}
LETTERS = dict(zip("абвгдезийклмнопрстуфхыэё", "abvgdezijklmnoprstufhyee", strict=True))
LETTERS |= {"ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya"}
LETTERS |= {"ь": "", "ъ": ""}
FIELDS = {
    "sourceLanguageCode": str,
    "targetLanguageCode": str,
    "format": str,
    "texts": list,
    "folderId": str,
    "model": str,
    "glossaryConfig": dict,
    "speller": bool,
}


@dataclass
class Odd:
    """An answer that is not a translation."""

    status: int = 200
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Instead of the documented one."""
    stall: bool = False
    cut: bool = False
    """The connection ends in the middle of the body."""


@dataclass(frozen=True)
class Asked:
    authorization: str
    body: dict[str, Any]


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class YandexServer(LocalServer):
    """`with YandexServer() as server:` answers at `server.url`."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.odd: list[Odd] = []
        """What is answered to the next requests, one each."""
        self.asked: list[Asked] = []
        self.authorization = f"Api-Key {KEY}"
        super().__init__(_handler(self))

    @property
    def texts(self) -> list[str]:
        """All texts that were sent, in their order."""
        return [text for asked in self.asked for text in asked.body["texts"]]

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """The documented answer. Raises Refused for what is against the documentation."""
        check(body)
        words = dict(self.words)
        for pair in pairs_of(body):
            words[pair["sourceText"]] = pair["translatedText"]
        source = {"detectedLanguageCode": "ru"} if "sourceLanguageCode" not in body else {}
        return {"translations": [{"text": english(t, words), **source} for t in body["texts"]]}


def english(text: str, words: Mapping[str, str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, words[word])
    return "".join(LETTERS.get(c.lower(), c) for c in text)


def pairs_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return body.get("glossaryConfig", {}).get("glossaryData", {}).get("glossaryPairs", [])


def check(body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if not isinstance(value, FIELDS.get(name, ())):
            raise Refused(400, f"unknown field or wrong type: {name}")
    texts = body.get("texts", [])
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise Refused(400, "texts: must not be empty")
    if sum(map(len, texts)) > 10_000:
        raise Refused(400, "texts: length must be at most 10000")
    if len(body.get("targetLanguageCode", "")) not in (2, 3):
        raise Refused(400, "targetLanguageCode: is required")
    if body.get("format", "PLAIN_TEXT") not in FORMATS:
        raise Refused(400, "format: unknown value")
    if len(body.get("sourceLanguageCode", "")) > 3 or len(body.get("folderId", "")) > 50:
        raise Refused(400, "a field is too long")
    if body.get("folderId", FOLDER) != FOLDER:
        raise Refused(403, f"Permission to [resource-manager.folder {body['folderId']}] denied")
    if "glossaryConfig" in body:
        check_glossary(body)


def check_glossary(body: Mapping[str, Any]) -> None:
    pairs = pairs_of(body)
    if not body.get("sourceLanguageCode"):
        raise Refused(400, "sourceLanguageCode: is required with a glossary")
    if not 1 <= len(pairs) <= 50:
        raise Refused(400, "glossaryPairs: size must be from 1 to 50")
    for name in ("sourceText", "translatedText"):
        if not all(pair.get(name) for pair in pairs):
            raise Refused(400, f"{name}: is required")
        if sum(len(pair[name]) for pair in pairs) > 10_000:
            raise Refused(400, f"{name}: length must be at most 10000")


def status(code: int, message: str) -> bytes:
    """google.rpc.Status, as the API tells of errors."""
    details = [{"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "e38e71c3"}]
    told = {"code": CODES.get(code, 2), "message": message, "details": details}
    return json.dumps(told).encode()


def _handler(server: YandexServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append(Asked(self.headers.get("Authorization", ""), body))
            if server.odd:
                self.behave(server.odd.pop(0))
                return
            try:
                if self.path != PATH or self.headers["Content-Type"] != "application/json":
                    raise Refused(404, "Not found")
                if self.headers.get("Authorization") != server.authorization:
                    raise Refused(401, f"Unknown api key '{self.headers.get('Authorization')}'")
                self.send(200, json.dumps(server.answer(body)).encode(), {})
            except Refused as refused:
                self.send(refused.status, status(refused.status, str(refused)), {})

        def behave(self, odd: Odd) -> None:
            if odd.stall:
                server.over.wait()
                return
            body = odd.body if odd.body is not None else status(odd.status, odd.message)
            self.send(odd.status, body, odd.headers, cut=odd.cut)

        def send(
            self, code: int, body: bytes, headers: Mapping[str, str], *, cut: bool = False
        ) -> None:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) + 1 if cut else len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler
