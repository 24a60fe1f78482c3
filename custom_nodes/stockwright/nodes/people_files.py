"""What the outside may do with files of people on this server.

Below /stockwright/people (a token is all that a server knows of a person; `core.people_files` says
what tokens and names are):

GET    /{token}                          {"files": […]}: every file of the person
DELETE /{token}                          all of them: {"removed": […], "left": […]}
PUT    /{token}/photos/{purpose}/{name}  a photo, or a text beside it, into the input folder
DELETE /{token}/photos                   {"removed": […], "left": […]}
GET    /{token}/loras                    {"files": [{"name", "bytes", "sha256"}]}
GET    /{token}/loras/{name}             the file; its SHA-256 is in the header SHA256_HEADER
POST   /{token}/loras/{name}?bytes=N     {} if a file with the SHA-256 of the header is there: it
                                         then stays for an hour; else 404, or 507 if it would not
                                         fit
PUT    /{token}/loras/{name}             puts it there
DELETE /{token}/loras/{name}             {"removed": […], "left": […]}

A PUT has Content-Length and SHA256_HEADER. Every error is {"error": text} without the token: 400 a
malformed token, name or hash; 404 no such file; 411 no length; 413 a photo beyond MOST_PHOTO_BYTES;
422 other bytes than announced; 507 no room; 500 the disk's own trouble.

Whoever reaches the server can use all of this: LoRA nodes list the tokens, and a picture that
carries its graph names one. No route tells whose they are.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from functools import cache, wraps
from pathlib import Path
from typing import Any

import folder_paths
from aiohttp import web
from server import PromptServer

from ..core.errors import PersonFileInvalid
from ..core.people_files import PEOPLE_ROUTE, SHA256_HEADER
from ..engine.people_files import NoRoom, PeopleFiles
from ..engine.private_files import WrongBytes
from .saving import WRITER, settle

log = logging.getLogger(__name__)

MOST_PHOTO_BYTES = 100 * 2**20
LIMIT_VARIABLE = "STOCKWRIGHT_PEOPLE_GB"
"""Environment variable: how many GB (10**9 bytes) of people's LoRAs the server keeps."""
_DEFAULT_GB = 20.0
_CHUNK = 2**20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]
Take = AbstractContextManager[Callable[[bytes], None]]


@cache
def files() -> PeopleFiles:
    return PeopleFiles(
        inputs=Path(folder_paths.get_input_directory()),
        outputs=Path(os.path.normpath(folder_paths.get_output_directory())),
        loras=[Path(place) for place in folder_paths.get_folder_paths("loras")],
        most_bytes=_most_bytes(),
    )


def attach() -> None:
    """Adds the routes, and sweeps what an earlier server has left."""
    files().sweep()
    routes: Any = PromptServer.instance.routes
    person = f"{PEOPLE_ROUTE}/{{token}}"
    lora = f"{person}/loras/{{name}}"
    routes.get(person)(_answered(_all))
    routes.delete(person)(_answered(_forget))
    routes.put(f"{person}/photos/{{purpose}}/{{name}}")(_answered(_put_photo))
    routes.delete(f"{person}/photos")(_answered(_forget_photos))
    routes.get(f"{person}/loras")(_answered(_loras))
    routes.get(lora)(_answered(_get_lora))
    routes.post(lora)(_answered(_use_lora))
    routes.put(lora)(_answered(_put_lora))
    routes.delete(lora)(_answered(_remove_lora))


def _most_bytes() -> int:
    given = os.environ.get(LIMIT_VARIABLE, "")
    try:
        return int(float(given or _DEFAULT_GB) * 10**9)
    except (ValueError, OverflowError):
        log.warning("%s is no number of GB: %s GB it is", LIMIT_VARIABLE, _DEFAULT_GB)
        return int(_DEFAULT_GB * 10**9)


async def _all(request: web.Request) -> web.StreamResponse:
    return web.json_response({"files": files().all_of(_token(request))})


async def _forget(request: web.Request) -> web.StreamResponse:
    token = _token(request)
    # A picture that is still being written would come back after the others are gone.
    await settle(WRITER.pending_below(files().output_folder(token)))
    removed = await asyncio.to_thread(files().forget, token)
    return web.json_response({"removed": removed, "left": files().all_of(token)})


async def _put_photo(request: web.Request) -> web.StreamResponse:
    names = _token(request), request.match_info["purpose"], request.match_info["name"]
    size = _size(request)
    if size > MOST_PHOTO_BYTES:
        return _error(413, f"a photo has at most {MOST_PHOTO_BYTES:,} bytes")
    return await _receive(request, files().receive_photo(*names, size, _sha256(request)))


async def _forget_photos(request: web.Request) -> web.StreamResponse:
    token = _token(request)
    return _removed(token, await asyncio.to_thread(files().forget_photos, token), "input/")


async def _loras(request: web.Request) -> web.StreamResponse:
    found = await asyncio.to_thread(files().loras, _token(request))
    told = [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in found]
    return web.json_response({"files": told})


async def _get_lora(request: web.Request) -> web.StreamResponse:
    names = _token(request), request.match_info["name"]
    path = files().lora_path(*names)
    lora = await asyncio.to_thread(files().lora, *names)
    if path is None or lora is None:
        return _error(404, "there is no such LoRA")
    return web.FileResponse(path, headers={SHA256_HEADER: lora.sha256, "Cache-Control": "no-store"})


async def _use_lora(request: web.Request) -> web.StreamResponse:
    names = _token(request), request.match_info["name"]
    size = request.query.get("bytes", "")
    wanted = int(size) if size.isdecimal() and size.isascii() else 0
    if await asyncio.to_thread(files().use, *names, _sha256(request), wanted):
        return web.json_response({})
    return _error(404, "there is no such LoRA")


async def _put_lora(request: web.Request) -> web.StreamResponse:
    names = _token(request), request.match_info["name"]
    return await _receive(request, files().receive_lora(*names, _size(request), _sha256(request)))


async def _remove_lora(request: web.Request) -> web.StreamResponse:
    token, name = _token(request), request.match_info["name"]
    removed = await asyncio.to_thread(files().remove_lora, token, name)
    return _removed(token, removed, f"loras/{name}")


async def _receive(request: web.Request, receiving: Take) -> web.StreamResponse:
    with receiving as take:
        async for chunk in request.content.iter_chunked(_CHUNK):
            await asyncio.to_thread(take, chunk)
    return web.json_response({})


def _token(request: web.Request) -> str:
    return request.match_info["token"]


def _sha256(request: web.Request) -> str:
    return request.headers.get(SHA256_HEADER, "")


def _size(request: web.Request) -> int:
    if request.content_length is None:
        raise web.HTTPLengthRequired
    return request.content_length


def _removed(token: str, removed: list[str], place: str) -> web.Response:
    left = [file for file in files().all_of(token) if file.startswith(place)]
    return web.json_response({"removed": removed, "left": left})


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


def _answered(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Errors as answers: aiohttp would log them, with paths that hold the token."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except PersonFileInvalid as error:
            return _error(400, f"{error.what}. {error.hint}")
        except web.HTTPLengthRequired:
            return _error(411, "the length is missing")
        except WrongBytes as error:
            return _error(422, str(error))
        except NoRoom as error:
            return _error(507, str(error))
        except OSError as error:
            full = error.errno in _FULL
            return _error(507 if full else 500, f"the disk: {error.strerror or 'it fails'}")

    return answer
