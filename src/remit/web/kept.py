"""The catalog's routes in the application: who calls, what is asked, what is answered. Every one of them stands in
`CATALOG_ROUTES`, which the roll-call reads too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from remit.errors import NotAllowed, NotAuthenticated, NotFound, RequestInvalid
from remit.service.gate import Gate
from remit.web.calls import API, MAX_BODY, Call, CatalogRoute, Reply
from remit.web.catalog import ASSET_ROUTES
from remit.web.http import Refusal, check_length, refusal_of
from remit.web.identity import Callers, request_of
from remit.web.openapi import catalog_operation
from remit.web.refused import why_not
from remit.web.shapes import FieldsInvalid
from remit.web.strict import parse
from remit.web.views import VIEW_ROUTES
from remit.web.workspaces import WORKSPACE_ROUTES

CATALOG_ROUTES: tuple[CatalogRoute, ...] = (*ASSET_ROUTES, *WORKSPACE_ROUTES, *VIEW_ROUTES)
TOKEN = f"{API}/token"

Exchange = Callable[[str, str], str]
"""The name of a service and its API key to a token."""


def add_routes(app: FastAPI, gate: Gate, callers: Callers, routes: Iterable[CatalogRoute]) -> None:
    """Serve these routes through the gate."""
    for route in routes:
        app.add_api_route(
            route.path,
            _endpoint(route, gate, callers),
            methods=[route.method],
            summary=route.summary,
            name=f"{route.method} {route.path}",
            openapi_extra=catalog_operation(route.method, route.path),
            response_class=Response,
        )


def add_catalog(app: FastAPI, gate: Gate, callers: Callers, exchange: Exchange) -> None:
    """Serve the catalog."""
    add_routes(app, gate, callers, CATALOG_ROUTES)

    @app.post(TOKEN, openapi_extra=catalog_operation("POST", TOKEN), response_class=Response)
    async def token(request: Request) -> Response:
        """A token for an API key: what the published client logs in with."""
        try:
            return _written(Reply(200, {"accessToken": exchange(*_key_of(await _body(request)))}))
        except NotAuthenticated as error:
            callers.unknown(str(error), request_of(dict(request.scope["headers"])))
            # 400, since the published client takes 401 for a token of its own that has run out
            return _refused(RequestInvalid(str(error)))
        except Exception as error:
            return _refused(error)


def _endpoint(route: CatalogRoute, gate: Gate, callers: Callers) -> Callable[[Request], Awaitable[Response]]:
    """One route as FastAPI calls it."""

    async def endpoint(request: Request) -> Response:
        headers = dict(request.scope["headers"])
        try:
            caller = await callers.caller(request.scope, headers)

            async def read() -> Any:
                query = tuple(parse_qsl(request.url.query, keep_blank_values=True))
                call = Call(request.path_params, query, await _body(request, route.most), headers)
                # what is large is read in a thread: it takes seconds, and decisions are made meanwhile
                return route.read(call) if route.first is None else await asyncio.to_thread(route.read, call)

            asked, rest = (await read(), None) if route.first is None else (route.first, read)
            return _written(route.write(await gate.perform(caller, asked, rest, request_of(headers))))
        except Exception as error:
            return _refused(error)

    return endpoint


async def _body(request: Request, most: int = MAX_BODY) -> bytes:
    """The body, bounded. Raises Refusal 413 if it is larger."""
    check_length(request.headers.get("content-length", "").encode(), most)
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > most:
            raise Refusal(413, f"the body is larger than {most:,} bytes", (b"connection", b"close"))
    return bytes(data)


def _key_of(data: bytes) -> tuple[str, str]:
    """Name and key from a request for a token; its members are spelt in several ways."""
    body = {name.lower(): value for name, value in parse(data).items()}
    if body.get("granttype") not in ("app_token", "client_credentials"):
        raise RequestInvalid("`grantType` must be `app_token`")
    name, secret = body.get("appid", body.get("clientid")), body.get("appsecret", body.get("clientsecret"))
    if type(name) is not str or type(secret) is not str:
        raise RequestInvalid("`AppId` and `AppSecret` are required: a service's name, and its API key")
    return name, secret


def _written(reply: Reply) -> Response:
    """An answer, with the version it shows as its ETag."""
    headers = {} if reply.version is None else {"etag": f'"{reply.version}"'}
    if isinstance(reply.body, str):
        return PlainTextResponse(reply.body, reply.status, headers, media_type=reply.media)
    return JSONResponse(reply.body, reply.status, headers)


def _refused(error: Exception) -> Response:
    """An error in the one shape; all that is wrong stands in `details`, a line each."""
    refusal = refusal_of(error)
    body: dict[str, Any] = {"code": refusal.status, "message": str(refusal)}
    lines: tuple[str, ...] = ()
    if isinstance(error, FieldsInvalid):
        lines = tuple(f"`{path}` {reason}" if path else f"the body {reason}" for path, reason in error.faults)
    elif isinstance(error, NotAllowed | NotFound):
        lines = error.lines
    if lines:
        body["details"] = "\n".join(lines)
    body |= why_not(error)
    headers = {name.decode(): value.decode() for name, value in refusal.headers}
    return JSONResponse(body, refusal.status, headers)
