"""What the clients of web services share: where a request goes, and how long to wait after it."""

from __future__ import annotations

import ipaddress
import re
import time
import urllib.request
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse, IncompleteRead
from typing import Any
from urllib.parse import urlsplit

MOST_BYTES = 4_000_000
"""Of an answer; what is longer is none of a service that is meant here."""

_STARRED = re.compile(r"[\w.-]*\*{2,}[\w.*-]*")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A key goes to the address that it is for, and not to wherever that leads."""

    def redirect_request(self, *args: Any, **others: Any) -> None:
        return None


def opener(url: str) -> urllib.request.OpenerDirector:
    """Opens requests to this address: without redirects, and on this machine without a proxy,
    which would look for it on its own."""
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if is_here(urlsplit(url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def is_here(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_all(answer: HTTPResponse) -> bytes:
    """An answer's body. Raises IncompleteRead where the connection ended before it."""
    content = answer.read(MOST_BYTES)
    if answer.length and len(content) < MOST_BYTES:  # such a read does not tell of it
        raise IncompleteRead(content, answer.length)
    return content


def asked_for(headers: Any) -> float | None:
    """Seconds of Retry-After, 0 or more, which is a number or a date; None without."""
    text = str(headers.get("Retry-After") or "").strip()
    try:
        return max(0.0, float(text))  # in this order, "nan" is 0, too
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:  # written with -0000
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - time.time())


def wait_after(tried: int, wanted: float | None, first: float = 1.0) -> float:
    """Seconds to wait after a try, of which `tried` were made before: what the service wants, or
    `first`, and twice as long each further time."""
    return first * 2**tried if wanted is None else wanted


def hidden(text: str, *secrets: str) -> str:
    """A text of a service without these secrets. Some quote the key that they refuse, in full or
    with stars in its middle."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "...")
    return _STARRED.sub("...", text)
