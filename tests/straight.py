"""A client that hands its requests to an ASGI application in its own process: no socket, nobody to wait for."""

from __future__ import annotations

import asyncio
import json as written
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlencode

import httpx

from remit.web.http import AsgiApp, Message


class Straight:
    """Asks an application one thing after another, as `httpx.Client` would over a socket."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Straight:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        """One request, and the whole answer."""
        body = b"" if json is None else written.dumps(json).encode()
        sent = {"host": "127.0.0.1", "content-length": str(len(body)), **headers}
        if body:
            sent["content-type"] = "application/json"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": urlencode(params or {}).encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        return self._loop.run_until_complete(self._answer(scope, body))

    async def _answer(self, scope: dict[str, Any], body: bytes) -> httpx.Response:
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        told: list[Message] = []

        async def receive() -> Message:
            return waiting.pop() if waiting else await asyncio.Future()  # nobody hangs up

        async def send(message: Message) -> None:
            told.append(message)

        await self._app(scope, receive, send)
        start, *parts = told
        content = b"".join(part.get("body", b"") for part in parts)
        return httpx.Response(start["status"], headers=start["headers"], content=content)
