"""A person's files on a server, over the routes of the node pack (`nodes.people_files` there).

The server knows the person by the token. Every function raises ServerDown; ServerRefused where the
pack there is too old, has no room, or cannot write; PersonFileInvalid for a malformed token or
name. Before anything is sent, `reached.remember` notes where it goes.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import requests

from stockwright.core.people import lora_name
from stockwright.core.people_files import (
    PEOPLE_ROUTE,
    SHA256_HEADER,
    check_photo,
    check_stem,
    check_token,
    photos_folder,
)

from ..errors import AvatarUnknown, ServerRefused, StoreFailed
from ..hashing import file_sha256
from ..server import Server
from .people import write_private
from .servergraphs import end_graphs, forget_graphs
from .store import ModelStore

_CHUNK = 2**20
_NO_ROOM = 507


def send_photos(server: Server, token: str, purpose: str, files: Mapping[str, bytes]) -> str:
    """Puts copies of photos, and texts beside them, into the server's input folder.

    `files` are named by letters, digits, - and _, with the ending .png, .jpg, .webp or .txt.
    Returns their folder below the input folder. A server that was started again has swept them.
    """
    folder = photos_folder(token, purpose)
    for name, data in files.items():
        path = f"/{token}/photos/{purpose}/{check_photo(name)}"
        digest = hashlib.sha256(data).hexdigest()
        _ask(server, "PUT", path, data=data, headers={SHA256_HEADER: digest})
    return folder


def remove_photos(server: Server, token: str) -> list[str]:
    """Removes the copies for all purposes, and pictures that steps of a training were compared by,
    and returns them. Raises ServerRefused if any is left."""
    return _removed(server, _json(server, "DELETE", f"/{check_token(token)}/photos"))


@contextmanager
def photos_removed(server: Callable[[], Server], token: str) -> Generator[None]:
    """Removes the copies at the end, also after an error. `server`: the one there is by then."""
    try:
        yield
    except BaseException:
        # What went wrong is worth more than that the server does not answer any more: it sweeps
        # the copies when it starts again.
        with contextlib.suppress(Exception):
            remove_photos(server(), token)
        raise
    remove_photos(server(), token)


def ensure_lora(server: Server, token: str, key: str, store: ModelStore) -> str:
    """Sees to it that the server has a stored LoRA, and keeps it for the next hour.

    One small request where it has it, so call it before each graph. Returns its name as LoRA nodes
    know it. Raises StoreFailed if the store does not have it, or gives other bytes.
    """
    digest = store.sha256(check_stem(key))
    headers = {SHA256_HEADER: digest}
    path = f"/{check_token(token)}/loras/{key}.safetensors"
    if _there(server, path, {"bytes": str(store.size(key))}, headers):
        return lora_name(token, key)
    body = _Body(store, key)
    _ask(server, "PUT", path, data=body, headers=headers)
    return lora_name(token, key)


def put_lora(server: Server, token: str, stem: str, file: Path) -> str:
    """As `ensure_lora`, for a file on this machine. Raises OSError."""
    data = file.read_bytes()
    headers = {SHA256_HEADER: hashlib.sha256(data).hexdigest()}
    path = f"/{check_token(token)}/loras/{check_stem(stem)}.safetensors"
    if not _there(server, path, {"bytes": str(len(data))}, headers):
        _ask(server, "PUT", path, data=data, headers=headers)
    return lora_name(token, stem)


def fetch_lora(server: Server, token: str, stem: str, to: Path) -> str:
    """Puts a LoRA of the server into a file for its owner alone; its SHA-256. Raises AvatarUnknown
    where the server has none, and DiskTrouble."""
    path = f"/{check_token(token)}/loras/{check_stem(stem)}.safetensors"
    answer = _ask(server, "GET", path, missing=True)
    if answer.status_code == 404:
        raise AvatarUnknown(
            "the server does not have this LoRA",
            where=f"{server.url}: {stem}",
            hint="Give the same command again: what is missing is made anew.",
        )
    write_private(to, answer.content)
    digest = file_sha256(to)
    if digest != answer.headers.get(SHA256_HEADER):
        to.unlink()
        raise ServerRefused(
            "the LoRA arrived with other bytes than the server has",
            where=server.url,
            hint="Give the same command again. If it fails again, look at the proxy in between.",
        )
    return digest


def list_loras(server: Server, token: str) -> dict[str, str]:
    """SHA-256 of the person's LoRAs on the server, by stem."""
    told = _json(server, "GET", f"/{check_token(token)}/loras").get("files", [])
    return {str(one["name"]).removesuffix(".safetensors"): str(one["sha256"]) for one in told}


def remove_lora(server: Server, token: str, stem: str) -> list[str]:
    """Removes a LoRA; what is not there is no error."""
    path = f"/{check_token(token)}/loras/{check_stem(stem)}.safetensors"
    return _removed(server, _json(server, "DELETE", path))


def forget_on(server: Server, token: str) -> list[str]:
    """Removes all of a person: ends their graphs, removes their files, looks again, and has the
    server forget the graphs and what it keeps in memory of them.

    Returns what was removed. Raises ServerRefused if anything is left.
    """
    path = f"/{check_token(token)}"
    before = _strings(_json(server, "GET", path), "files")
    end_graphs(server, token)
    removed = {*before, *_removed(server, _json(server, "DELETE", path))}
    graphs = forget_graphs(server, token)
    if left := _strings(_json(server, "GET", path), "files"):
        raise _left(server, left)
    return [*sorted(removed), *(f"graph {graph_id}" for graph_id in graphs)]


class _Body:
    """A stored LoRA as the body of a request, read anew for each try."""

    def __init__(self, store: ModelStore, key: str) -> None:
        self._store, self._key = store, key
        self._size = store.size(key)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._store.read(self._key)
        except OSError as error:  # it would pass for one of the connection
            raise StoreFailed(
                f"the store fails: {error}",
                where=self._store.address,
                hint="Give the same command again.",
            ) from error


def _there(server: Server, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    answer = _ask(server, "POST", path, missing=True, params=query, headers=headers)
    return answer.status_code != 404


def _ask(
    server: Server, method: str, path: str, *, missing: bool = False, **options: Any
) -> requests.Response:
    """The answer; with `missing`, it may be that there is no such file."""
    answer = server.ask(method, PEOPLE_ROUTE + path, **options)
    if answer.status_code < 300:
        return answer
    said = _object(answer).get("error")
    if not isinstance(said, str):
        too_old = answer.status_code in (404, 405)
        raise ServerRefused(
            "its Stockwright nodes are too old: they know nothing of people"
            if too_old
            else f"HTTP {answer.status_code} {answer.reason}",
            where=server.url,
            hint="Update custom_nodes/stockwright there, and start that server again."
            if too_old
            else "Check the address, and what a proxy in between wants: --header, or a larger body",
        )
    if missing and answer.status_code == 404:
        return answer
    raise ServerRefused(
        said,
        where=server.url,
        hint="Make room there; STOCKWRIGHT_PEOPLE_GB is how much it keeps of people's LoRAs."
        if answer.status_code == _NO_ROOM
        else "Give the same command again. If it fails again, look at the server.",
    )


def _json(server: Server, method: str, path: str) -> dict[str, Any]:
    return _object(_ask(server, method, path))


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        told: Any = answer.json()
    except ValueError:
        return {}
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}


def _strings(told: dict[str, Any], name: str) -> list[str]:
    return [str(one) for one in told.get(name, [])]


def _removed(server: Server, told: dict[str, Any]) -> list[str]:
    if left := _strings(told, "left"):
        raise _left(server, left)
    return _strings(told, "removed")


def _left(server: Server, left: list[str]) -> ServerRefused:
    return ServerRefused(
        f"{len(left)} files of the person cannot be removed, such as {left[0]}",
        where=server.url,
        hint="Remove them there by hand, then give the same command again.",
    )
