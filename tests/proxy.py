"""A reverse proxy before a real server, in a thread, that can misbehave in chosen ways."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

HOP_BY_HOP = {"transfer-encoding", "content-encoding", "content-length", "connection", "host"}


@dataclass
class Proxy:
    """`with Proxy(url) as proxy:` serves at `proxy.url` until the block ends."""

    upstream: str
    silent: bool = False
    """The websocket opens and stays open, but no frame comes through."""
    token: str | None = None
    """Requests without `Authorization: Bearer <token>` are refused with 401."""
    spoil: Callable[[str], Callable[[bytes], bytes | None] | None] = lambda name: None
    """For the name of a file fetched by /view: what becomes of its bytes (None is a 404)."""
    down: bool = False
    """Every request is answered as a proxy answers for a server that is gone."""
    frames: int = 0
    """Websocket frames passed on."""
    swallowed: int = 0
    """Websocket frames that were not."""
    refused: int = 0
    url: str = ""
    _ready: threading.Event = field(default_factory=threading.Event)
    _loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Proxy:
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        async with aiohttp.ClientSession(auto_decompress=False) as self._client:
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            self.refused += 1
            return web.Response(status=401)
        if self.down:
            return web.Response(status=503)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
        async with self._client.request(
            request.method,
            self.upstream + request.raw_path,
            data=await request.read(),
            headers=headers,
        ) as answer:
            body: bytes | None = await answer.read()
            if request.path == "/view" and (change := self.spoil(request.query["filename"])):
                body = change(body or b"")
            if body is None:
                return web.Response(status=404)
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, body=body, headers=kept)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        there = web.WebSocketResponse()
        await there.prepare(request)
        async with self._client.ws_connect(self.upstream + request.raw_path, max_msg_size=0) as ws:
            async for message in ws:
                if self.silent:
                    self.swallowed += 1
                    continue
                self.frames += 1
                if message.type is aiohttp.WSMsgType.TEXT:
                    await there.send_str(message.data)
                elif message.type is aiohttp.WSMsgType.BINARY:
                    await there.send_bytes(message.data)
        return there
