"""A server on this machine that speaks OpenAI's chat protocol, and misbehaves on request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.localserver import LocalServer

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """An answer in place of the usual one."""

    status: int = 200
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    path: str
    key: str
    body: Body


def usual(body: Body) -> str:
    """Three lines that tell the seed, in the form in which they are asked for."""
    word = "abcdefghij"[body["seed"] % 10] * 3
    subjects = [f"{word} room", f"{word} hall", f"{word} desk"]
    if "grammar" in body:
        return "".join(f"- {subject}\n" for subject in subjects)
    if "response_format" in body:
        return json.dumps({"lines": subjects})
    return "Here you are:\n\n" + "".join(
        f"{number}. **{subject.title()}**\n" for number, subject in enumerate(subjects, 1)
    )


class LLMServer(LocalServer):
    """`with LLMServer() as server:` answers at `server.url`, by default as llama-server does."""

    def __init__(self, owner: str = "llamacpp", models: tuple[str, ...] = ("small",)) -> None:
        self.owner, self.models = owner, models
        self.key = ""
        """What is asked for, if anything."""
        self.refuses: tuple[str, ...] = ()
        """Fields for which a request is refused with 400."""
        self.only_listed = False
        """Whether a model that is not listed is refused with 404."""
        self.first: list[Reply] = []
        """Answers to the first chat requests; the usual ones come after them."""
        self.always: Reply | None = None
        """The one answer to all requests."""
        self.answer: Callable[[Body], str] = usual
        self.choice: dict[str, Any] = {"finish_reason": "stop"}
        self.before: Callable[[Body], object] = lambda body: None
        """Called in the request's own thread before it is answered."""
        self.asked: list[Asked] = []
        super().__init__(_handler(self))

    @property
    def chats(self) -> list[Body]:
        return [asked.body for asked in self.asked if asked.path.endswith("/chat/completions")]

    def reply(self, asked: Asked) -> Reply:
        if self.always:
            return self.always
        if self.key and asked.key != f"Bearer {self.key}":
            return _error(401, f"the key {asked.key.removeprefix('Bearer ')!r} is wrong")
        if asked.path == "/v1/models":
            data = [{"id": model, "owned_by": self.owner} for model in self.models]
            return Reply(text=json.dumps({"object": "list", "data": data}))
        if asked.path != "/v1/chat/completions":
            return _error(404, "there is no such page")
        self.before(asked.body)
        if self.first:
            return self.first.pop(0)
        if refused := [field for field in self.refuses if field in asked.body]:
            return _error(400, f"{refused[0]} is not supported")
        if self.only_listed and asked.body["model"] not in self.models:
            return _error(404, f"model {asked.body['model']!r} not found")
        message = {"role": "assistant", "content": self.answer(asked.body)}
        choice = {"index": 0, "message": message} | self.choice
        return Reply(text=json.dumps({"choices": [choice]}))


def _error(status: int, message: str) -> Reply:
    return Reply(status, json.dumps({"error": {"message": message, "code": status}}))


def _handler(server: LLMServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self.do(b"{}")

        def do_POST(self) -> None:
            self.do(self.rfile.read(int(self.headers["Content-Length"])))

        def do(self, content: bytes) -> None:
            asked = Asked(self.path, self.headers.get("Authorization", ""), json.loads(content))
            server.asked.append(asked)
            reply = server.reply(asked)
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.text.encode())
            except OSError:  # the client has gone
                self.close_connection = True

    return Handler
