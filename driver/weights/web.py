"""One GET that may be redirected, and trying again.

https, or http to this machine     allowed, also for redirects that come from there
http to another machine            only for an address that the user set (HF_ENDPOINT)
Authorization                      goes to the address that was asked and nowhere else
408, 429, 5xx, a broken connection `Passing`: tried again, after Retry-After where it is given
no connection at all               the same, and HostUnreachable in the end
401, 403, 404 and the rest         DownloadFailed
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import requests

from driver.errors import DownloadFailed, HostUnreachable
from driver.weights.sources import is_loopback

PAUSES = (1.0, 2.0, 4.0)
"""Seconds between tries that bring nothing new; after the last one it is given up."""
LONGEST_WAIT = 60.0
"""Seconds that a server may ask to be left alone for."""
REDIRECTS = 10
CONNECT_SECONDS = 10.0

T = TypeVar("T")


class Passing(Exception):
    """A failure that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, what: str, wait: float | None = None, *, unreachable: bool = False) -> None:
        super().__init__(what)
        self.wait = wait
        self.unreachable = unreachable


def stall_seconds() -> float:
    """How long a server may send nothing (HF_HUB_DOWNLOAD_TIMEOUT, as for the hub's own client)."""
    text = os.environ.get("HF_HUB_DOWNLOAD_TIMEOUT", "")
    return float(text) if text.isdecimal() and int(text) else 30.0


def patiently(attempt: Callable[[], T], where: str, progress: Callable[[], int] = lambda: 0) -> T:
    """What `attempt` returns. A Passing is tried again; the count starts anew after
    progress. Raises DownloadFailed or HostUnreachable when it is given up."""
    failures, before = 0, progress()
    while True:
        try:
            return attempt()
        except Passing as passing:
            if progress() > before:
                failures, before = 0, progress()
            wait = passing.wait or 0.0
            if failures == len(PAUSES) or wait > LONGEST_WAIT:
                if passing.unreachable:
                    raise HostUnreachable(str(passing)) from passing
                asked = f"; it asks to wait {wait:.0f} s" if wait > LONGEST_WAIT else ""
                raise DownloadFailed(f"{passing}{asked}", where=where) from passing
            time.sleep(max(wait, PAUSES[failures]))
            failures += 1


class Client:
    """`plain` is the host (with its port) that may be asked without encryption."""

    def __init__(self, plain: str | None = None) -> None:
        self._session = requests.Session()
        self._plain = plain

    def get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        """The answer with a status below 300, its body not read yet."""
        sent, target = dict(headers), url
        for _ in range(REDIRECTS):
            self._check(target, url)
            response = self._once(target, sent)
            location = response.headers.get("Location")
            if not response.is_redirect or location is None:
                break
            response.close()
            following = urljoin(target, location)
            if _origin(following) != _origin(url):
                sent = {k: v for k, v in sent.items() if k.lower() != "authorization"}
            target = following
        else:
            raise DownloadFailed(f"more than {REDIRECTS} redirects", where=url)
        if response.status_code >= 300 and response.status_code != 416:
            response.close()
            raise failure(response.status_code, response.headers, target)
        return response

    def _once(self, url: str, headers: dict[str, str]) -> requests.Response:
        try:
            return self._session.get(
                url,
                headers=headers,
                # As `auth`, since otherwise a .netrc would take the place of an Authorization.
                auth=lambda request: request,
                allow_redirects=False,
                stream=True,
                timeout=(CONNECT_SECONDS, stall_seconds()),
            )
        except requests.exceptions.SSLError as error:
            raise DownloadFailed(
                f"its certificate is not trusted: {error}",
                where=url,
                hint="A firewall that opens connections has a certificate of its own: name its"
                " file in REQUESTS_CA_BUNDLE and SSL_CERT_FILE.",
            ) from error
        except requests.RequestException as error:
            raise Passing(describe(error, url), unreachable=True) from error

    def _check(self, target: str, asked: str) -> None:
        parts = urlsplit(target)
        local = is_loopback(parts.hostname) and is_loopback(urlsplit(asked).hostname)
        plain = local or (self._plain is not None and parts.netloc == self._plain)
        if parts.scheme != "https" and not (parts.scheme == "http" and plain):
            raise DownloadFailed(f"it leads to {target}, which is not encrypted", where=asked)


def failure(status: int, headers: Mapping[str, str], url: str) -> Exception:
    """The error for an answer that is none."""
    host = urlsplit(url).netloc
    if status in (408, 429) or status >= 500:
        after = headers.get("Retry-After", "")
        return Passing(f"{host} answers with {status}", float(after) if after.isdecimal() else None)
    hint = ""
    if status in (401, 403):
        hint = (
            "It asks for a login. For the hub: accept the model's licence on its page, make a token"
            " there and set HF_TOKEN. Elsewhere: fetch the file with a browser."
        )
    elif status in (404, 410):
        hint = "The file is not there any more, or its address in the manifest is wrong."
    return DownloadFailed(f"{host} answers with {status}", where=url, hint=hint)


def describe(error: BaseException, url: str) -> str:
    """A connection's failure in one line: the innermost reason of many layers."""
    host, inner = urlsplit(url).netloc, error
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    if isinstance(error, requests.exceptions.Timeout) or isinstance(inner, TimeoutError):
        return f"{host} does not answer in time"
    return f"no connection to {host}: {inner or type(inner).__name__}"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
