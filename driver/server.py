"""One ComfyUI server over HTTP: what the driver asks of it, and how it can fail.

A refused connection, three times in a row, means that the server is down (`ServerDown`). A time-out
means nothing: a server that samples on all cores answers late, so the call is made again. An answer
other than the expected one is `ServerRefused`, or `GraphRefused` for a graph.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import requests

from stockwright.core.names import SAVED_ROUTE

from .errors import GraphRefused, OrderInvalid, ServerDown, ServerRefused

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
REFUSALS = 3
TIMEOUTS = 10
GATEWAY_DOWN = (502, 503, 504)
"""What a proxy answers for a server that is down."""

_OUT_OF_MEMORY = ("out of memory", "outofmemory", "can't allocate memory", "not enough memory")

Graph = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """What the server's history says of a graph that ended."""

    success: bool
    interrupted: bool
    error: str
    """What went wrong, for a person; empty for a success."""
    error_type: str
    """The Python type that was raised in the server, such as `torch.OutOfMemoryError`."""
    outputs: dict[str, dict[str, list[Any]]]
    """UI outputs by node id."""
    seconds: float
    """From start to end, by the server's clock."""
    error_node: str = ""
    """Id of the node that failed."""

    @property
    def out_of_memory(self) -> bool:
        text = f"{self.error_type} {self.error}".casefold()
        return any(sign in text for sign in _OUT_OF_MEMORY)


class TooLarge(Exception):
    """The server does not take a file of this size."""


class Server:
    """`url` such as http://127.0.0.1:8188; `headers` go with every request, websocket included."""

    def __init__(
        self, url: str, headers: Mapping[str, str] | None = None, *, local: bool = False
    ) -> None:
        """`local` passes by any proxy of the environment. Raises OrderInvalid."""
        self.url, login = _address(url)
        self.headers = {**login, **(headers or {})}
        self._session = requests.Session()
        self._session.trust_env = not local
        # As `auth`, since otherwise a .netrc would take the place of an Authorization header.
        self._session.auth = self._sign

    @property
    def websocket_url(self) -> str:
        return "ws" + self.url.removeprefix("http") + "/ws"

    def system_stats(self) -> dict[str, Any]:
        return self._json("GET", "/system_stats")

    def object_info(self) -> dict[str, Any]:
        return self._json("GET", "/object_info")

    def queue_graph(
        self, graph: Graph, graph_id: str, client_id: str, workflow: Graph | None
    ) -> None:
        """Queues a graph under an id of our own choice.

        `workflow` is the canvas graph that pictures carry. Raises GraphRefused with all that the
        server finds wrong, by node title.
        """
        body: dict[str, Any] = {"prompt": graph, "prompt_id": graph_id, "client_id": client_id}
        if workflow is not None:
            body["extra_data"] = {"extra_pnginfo": {"workflow": workflow}}
        # It may have arrived although the answer did not, and must not run twice.
        response = self._request("POST", "/prompt", unless=lambda: self.knows(graph_id), json=body)
        if response is None:
            return
        answer = _object(response) or {}
        if response.status_code == 400 and "error" in answer:
            raise GraphRefused(_node_errors(graph, answer))
        self._check(response, "/prompt")
        if answer.get("node_errors"):
            # Some outputs are valid, and the server would run only those.
            self.delete([graph_id])
            self.interrupt(graph_id)
            raise GraphRefused(_node_errors(graph, answer))
        if answer.get("prompt_id") != graph_id:
            raise self._strange("/prompt")

    def finished(self, graph_id: str) -> Finished | None:
        """The history's entry of a graph, or None while there is none."""
        entry = self._json("GET", f"/history/{graph_id}").get(graph_id)
        return None if entry is None else _finished(entry)

    def knows(self, graph_id: str) -> bool:
        """Whether the graph waits, runs or has ended on this server since its start."""
        # History first and last: between the two a graph may move from the queue into it.
        return (
            self.finished(graph_id) is not None
            or any(graph_id in ids for ids in self.queued())
            or self.finished(graph_id) is not None
        )

    def queued(self) -> tuple[set[str], set[str]]:
        """Ids of the graphs that run and that wait."""
        queue = self._json("GET", "/queue")
        running, pending = queue.get("queue_running", []), queue.get("queue_pending", [])
        return {str(item[1]) for item in running}, {str(item[1]) for item in pending}

    def delete(self, graph_ids: list[str]) -> None:
        self._check(self._call("POST", "/queue", json={"delete": graph_ids}), "/queue")

    def interrupt(self, graph_id: str) -> None:
        """Stops the graph if it is the one that runs."""
        response = self._call("POST", "/interrupt", json={"prompt_id": graph_id})
        self._check(response, "/interrupt")

    def free(self) -> None:
        """Has it drop its models, and what its nodes have kept of graphs."""
        self.ask("POST", "/free", json={"unload_models": True, "free_memory": True})

    def view(self, filename: str, subfolder: str, folder_type: str) -> bytes | None:
        """A file of the server's output, input or temp folder; None where it is missing."""
        query = {"filename": filename, "subfolder": subfolder, "type": folder_type}
        response = self._call("GET", "/view", params=query)
        if response.status_code == 404:
            return None
        self._check(response, "/view")
        return response.content

    def upload(self, filename: str, subfolder: str, data: bytes) -> str:
        """Puts a picture into the server's input folder; its name for a node that loads it.

        Raises TooLarge."""
        form = {"subfolder": subfolder, "type": "input", "overwrite": "true"}
        response = self._call("POST", "/upload/image", data=form, files={"image": (filename, data)})
        if response.status_code == 413:
            raise TooLarge
        self._check(response, "/upload/image")
        answer = _object(response) or {}
        if not isinstance(name := answer.get("name"), str):
            raise self._strange("/upload/image")
        return f"{answer['subfolder']}/{name}" if answer.get("subfolder") else name

    def saved(self, ticket: str) -> dict[str, Any] | None:
        """What became of the files of a ticket, as *Save Stock Image*'s route tells it; None where
        the server does not know the ticket. It answers late while files are being written."""
        path = f"{SAVED_ROUTE}/{ticket}"
        response = self._call("GET", path)
        if response.status_code == 404:
            return None
        self._check(response, path)
        if (answer := _object(response)) is None:
            raise self._strange(path)
        return answer

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """The answer to any request, whatever its status; `options` as `requests` takes them.

        A body is sent again with every try: give bytes, or what can be iterated again.
        """
        return self._call(method, path, **options)

    def _json(self, method: str, path: str) -> dict[str, Any]:
        response = self._call(method, path)
        self._check(response, path)
        if (answer := _object(response)) is None:
            raise self._strange(path)
        return answer

    def _strange(self, path: str) -> ServerRefused:
        return ServerRefused(
            "the answer is not what ComfyUI sends",
            where=f"{self.url}{path}",
            hint="Check that this address is a ComfyUI server.",
        )

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self.headers)
        return request

    def _check(self, response: requests.Response, path: str) -> None:
        if response.status_code < 300:
            return
        hint = "Check that this address is a ComfyUI server."
        if response.is_redirect:
            hint = f"It redirects to {response.headers['Location']}: give that address."
        elif response.status_code in (401, 403, 407):
            hint = 'Give the proxy\'s token: --header "Authorization: Bearer …".'
        raise ServerRefused(
            f"HTTP {response.status_code} {response.reason}", where=f"{self.url}{path}", hint=hint
        )

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        response = self._request(method, path, unless=None, **options)
        assert response is not None
        return response

    def _request(
        self, method: str, path: str, *, unless: Callable[[], bool] | None, **options: Any
    ) -> requests.Response | None:
        """The answer. After a try that brought none, `unless` says whether another one is not
        needed any more; then there is no answer."""
        refused = timeouts = 0
        while True:
            try:
                # A redirected POST would come back as a GET, and take our headers elsewhere.
                response = self._session.request(
                    method,
                    self.url + path,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    **options,
                )
                if response.status_code not in GATEWAY_DOWN:
                    return response
                refused += 1
                why = f"HTTP {response.status_code} {response.reason}"
            except requests.exceptions.SSLError as error:
                raise self._untrusted(error) from error
            except requests.exceptions.Timeout:
                timeouts += 1
                why = f"no answer for {timeouts} tries"
            except (
                requests.exceptions.ConnectionError,
                requests.exceptions.ChunkedEncodingError,  # it died within an answer
            ) as error:
                refused += 1
                unknown = "NameResolution" in repr(error)
                why = "its name is not known" if unknown else "the connection is refused"
            except requests.exceptions.RequestException as error:
                raise ServerRefused(str(error), where=self.url + path) from error
            if refused == REFUSALS or timeouts == TIMEOUTS:
                raise self._down(why)
            time.sleep(0.3 * refused)
            if unless is not None and unless():
                return None

    def _untrusted(self, error: Exception) -> ServerRefused:
        if "CERTIFICATE" in str(error).upper():
            return ServerRefused(
                f"its TLS certificate is not trusted: {error}",
                where=self.url,
                hint="Set REQUESTS_CA_BUNDLE to the file of your certificate authority.",
            )
        return ServerRefused(
            "it does not speak https", where=self.url, hint="Try its address with http://."
        )

    def _down(self, why: str) -> ServerDown:
        return ServerDown(
            f"the server is down: {why}",
            where=self.url,
            hint="Start it, then give the same command again.",
        )


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The address without a login, and the login as a header: addresses are shown and logged."""
    try:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OrderInvalid(
            "this is not a server's address",
            where="--server",
            hint="Write it as http://host:8188 or https://host.",
        )
    login: dict[str, str] = {}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}", login


def _object(response: requests.Response) -> dict[str, Any] | None:
    """The JSON object that a response carries, or None."""
    try:
        answer: Any = response.json()
    except ValueError:
        return None
    return cast("dict[str, Any]", answer) if isinstance(answer, dict) else None


def _finished(entry: dict[str, Any]) -> Finished:
    status: dict[str, Any] = entry.get("status") or {}
    messages: list[list[Any]] = status.get("messages") or []
    by_name: dict[str, dict[str, Any]] = {str(name): data for name, data in messages}
    failure = by_name.get("execution_error", {})
    error = ""
    if failure:
        said = str(failure.get("exception_message", "")).strip()
        error = f"{failure.get('node_type')}: {said}"
    interrupted = "execution_interrupted" in by_name
    stamps = [int(data["timestamp"]) for data in by_name.values() if "timestamp" in data]
    return Finished(
        success=status.get("status_str") == "success",
        interrupted=interrupted,
        error="interrupted" if interrupted else error,
        error_type=str(failure.get("exception_type", "")),
        outputs=entry.get("outputs") or {},
        seconds=(max(stamps) - min(stamps)) / 1000 if stamps else 0.0,
        error_node=str(failure.get("node_id", "")),
    )


def _node_errors(graph: Graph, answer: dict[str, Any]) -> str:
    lines: list[str] = []
    by_node: dict[str, dict[str, Any]] = answer.get("node_errors") or {}
    for node_id, found in by_node.items():
        node: dict[str, Any] = graph.get(node_id, {})
        title = node.get("_meta", {}).get("title") or found.get("class_type")
        errors: list[dict[str, Any]] = found.get("errors", [])
        lines += [f"{title}: {_node_error(error)}" for error in errors]
    if not lines:
        error: dict[str, Any] = answer.get("error") or {}
        lines = [f"{error.get('message', '')} {error.get('details', '')}".strip()]
    return "the server refuses the graph: " + "; ".join(dict.fromkeys(lines))


def _node_error(error: dict[str, Any]) -> str:
    if error.get("type") == "custom_validation_failed":
        # The server repeats a node's own words for each of its inputs: "width - …".
        return str(error["details"]).partition(" - ")[2]
    return f"{error['message']}: {error['details']}"
