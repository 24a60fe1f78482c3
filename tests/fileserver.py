"""A file server on this machine, which also speaks the hub's protocol and misbehaves on request."""

from __future__ import annotations

import hashlib
import http.client
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from tests.localserver import LocalServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Way:
    """How a file is served; by default as it should be."""

    statuses: list[int] = field(default_factory=list)
    """Answers to the first requests; the file comes after them."""
    always: int = 0
    """The one answer to all requests."""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    """Bytes of an answer's body after which the connection is closed."""
    cuts: int = 10**9
    """How many answers are cut."""
    stall: int = 0
    """Bytes of the first answer's body after which nothing comes any more."""
    claim: int = 0
    """What Content-Length and the hub's headers say, if not the truth."""
    unsized: bool = False
    ranges: bool = True
    etag: str | None = None
    sha256: str | None = None
    """What the hub says."""
    redirect: str = ""


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]


class FileServer(LocalServer):
    """`with FileServer() as server:` serves `server.files` at `server.url`."""

    def __init__(self, cdn: FileServer | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.ways: dict[str, Way] = {}
        self.asked: list[Asked] = []
        self.token = ""
        self.cdn = cdn
        """Where the bytes of the hub's files are."""
        self.stalled = threading.Event()
        super().__init__(_handler(self))

    def put(self, path: str, body: bytes, **way: object) -> str:
        """Serve a file; its address."""
        self.files[path] = body
        self.ways[path] = Way(**way)  # pyright: ignore[reportArgumentType]
        return self.url + path

    def put_hub(self, repo: str, name: str, body: bytes, **way: object) -> str:
        """Serve a file of a hub repository; its source."""
        self.put(f"/{repo}/resolve/main/{name}", body, **way)
        if self.cdn:
            self.cdn.put(f"/blob/{name}", body)
        return f"hub:{repo}/{name}"

    def gets(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if (asked.method, asked.path) == ("GET", path)]


def _handler(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.asked.append(Asked(self.command, path, headers))
            way = server.ways.get(path, Way())
            if server.token and headers.get("authorization") != f"Bearer {server.token}":
                self.answer(401, {})
            elif way.always or way.statuses:
                self.answer(way.always or way.statuses.pop(0), way.headers)
            elif way.redirect:
                self.answer(302, {"Location": way.redirect})
            elif path not in server.files:
                self.answer(404, {"X-Error-Code": "EntryNotFound"})
            elif "/resolve/" in path:
                self.hub(path, way)
            else:
                self.body(path, way, headers)

        def hub(self, path: str, way: Way) -> None:
            body = server.files[path]
            digest = way.sha256 or hashlib.sha256(body).hexdigest()
            about = {
                "X-Repo-Commit": COMMIT,
                "X-Linked-Size": str(way.claim or len(body)),
                "X-Linked-Etag": f'"{digest}"',
                **way.headers,
            }
            if server.cdn:
                place = f"{server.cdn.url}/blob/{path.rpartition('/')[2]}"
                self.answer(302, {"Location": place, **about})
            elif self.command == "HEAD":
                self.answer(200, {**about, "Content-Length": str(len(body))}, length=False)
            else:
                self.body(path, way, {k.lower(): v for k, v in self.headers.items()}, about)

        def body(
            self, path: str, way: Way, asked: dict[str, str], more: dict[str, str] | None = None
        ) -> None:
            whole = server.files[path]
            etag = way.etag if way.etag is not None else f'"{hashlib.md5(whole).hexdigest()}"'
            first, status = 0, 200
            fresh = asked.get("if-range", etag) == etag
            if way.ranges and fresh and (wanted := asked.get("range", "")):
                first, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            if first >= len(whole) and status == 206:
                self.answer(416, {"Content-Range": f"bytes */{len(whole)}"})
                return
            body = whole[first:]
            size = (way.claim or len(whole)) - first
            self.send_response(status)
            for name, value in {**way.headers, **(more or {})}.items():
                self.send_header(name, value)
            if etag:
                self.send_header("ETag", etag)
            if status == 206:
                last = len(whole) - 1
                self.send_header("Content-Range", f"bytes {first}-{last}/{first + size}")
            if way.unsized:
                self.send_header("Connection", "close")
                self.close_connection = True
            else:
                self.send_header("Content-Length", str(size))
            self.end_headers()
            try:
                self.send(body, way, size)
            except OSError:  # the client has gone
                self.close_connection = True

        def send(self, body: bytes, way: Way, size: int) -> None:
            if way.stall:
                self.wfile.write(body[: way.stall])
                self.wfile.flush()
                way.stall = 0
                server.stalled.set()
                server.over.wait(60)
                self.close_connection = True
            elif way.cut and way.cuts:
                way.cuts -= 1
                self.wfile.write(body[: way.cut])
                self.close_connection = True
            else:
                self.wfile.write(body)
                self.close_connection = self.close_connection or size != len(body)

        def answer(self, status: int, headers: dict[str, str], length: bool = True) -> None:
            self.send_response(status, http.client.responses.get(status, "Odd"))
            for name, value in headers.items():
                self.send_header(name, value)
            if length:
                self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler
