"""The HTTP face: the raw decision routes in front of an ordinary FastAPI application."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from remit import __version__
from remit.errors import RemitError
from remit.service.gate import Gate
from remit.service.operations import Standing
from remit.web.forward import ForwardAuth
from remit.web.forward_table import ForwardTable
from remit.web.http import FAULT, AsgiApp, Message, Receive, Scope, Send, Took, refusal_of, untimed
from remit.web.identity import Callers, Identities, NoOlder, unheard
from remit.web.kept import TOKEN, Exchange, add_catalog, add_routes
from remit.web.limits import Limits, Rates
from remit.web.openapi import with_raw_routes
from remit.web.policy import POLICY_ROUTES
from remit.web.published import instant
from remit.web.raw import DecisionRoutes

METADATA = "/.well-known/authzen-configuration"

PUBLIC = {
    METADATA: "says where the endpoints are, which a caller needs before it can ask",
    "/healthz": "says that the process runs, and nothing else",
    "/readyz": "says that a policy is live, its revision, and where another was refused, which tells no name",
    "/openapi.json": "describes this interface",
    TOKEN: "exchanges an API key for a token, which is how a caller becomes one",
}
"""The routes that perform no operation, each with the reason why it needs no permission."""


class Metadata(BaseModel):
    """AuthZEN metadata (§9.1). Members without a value are left out, never null."""

    policy_decision_point: str = Field(description="The identifier of this decision point: its base URL")
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str
    search_subject_endpoint: str
    search_resource_endpoint: str
    search_action_endpoint: str


class Health(BaseModel):
    """That the process runs."""

    status: str = "ok"


class NotLive(BaseModel):
    """What was refused since: codes and places, and no text of a policy. `/v1/policy/status` says the rest."""

    since: str
    revision: str
    places: list[str]


class Readiness(BaseModel):
    """That decisions are made, by which revision, and whether a newer one was refused."""

    status: str = "ready"
    revision: str
    refused: NotLive | None = None


class Problem(BaseModel):
    """The body of every error."""

    code: int = Field(ge=100, le=599)
    message: str


def create_app(
    gate: Gate,
    identities: Identities,
    standing: Callable[[], Standing],
    base_url: str,
    limits: Limits,
    no_older: NoOlder,
    forward: ForwardTable | None = None,
    exchange: Exchange | None = None,
    decides: bool = True,
    took: Took = untimed,
    unknown: Callable[[str, str], None] = unheard,
) -> AsgiApp:
    """The HTTP face as one ASGI callable.

    `standing` tells of the live policy, or raises CouldNotDecide if there is none. `base_url` is how callers reach
    it; if it has a path, the interface stands below that path as well, and the metadata where the path's identifier
    puts it (AuthZEN §9.2). `forward` is the table of `/forward-auth`, and `exchange` gives a token for an API key:
    the first is not there without the one, and the catalog not without the other. Unless this process `decides`,
    none of the decision routes are there: another one answers them. `took` is told how long each answer takes.
    `no_older` waits for the policy that a caller wants at least. `unknown` is told of callers that nobody knows.
    """
    base = urlsplit(base_url).path.rstrip("/")
    app = _empty()
    if decides:
        _add_metadata(app, base_url, base)
    _add_health(app, standing)
    callers = Callers(identities, Rates(limits.rate), no_older, unknown)
    add_routes(app, gate, callers, POLICY_ROUTES)
    if exchange is not None:
        add_catalog(app, gate, callers, exchange)
    rest: AsgiApp = Below(base, RequestIds(app)) if base else RequestIds(app)
    if not decides:
        return rest
    with_raw_routes(app, forward is not None)
    if forward is not None:
        rest = ForwardAuth(gate, callers, forward, rest, took)
    return DecisionRoutes(gate, callers, limits, rest, base, took)


def _empty() -> FastAPI:
    """An application without routes that tells every error in the one shape."""
    app = FastAPI(title="remit", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    for kind in (HTTPException, RemitError, Exception):
        app.add_exception_handler(kind, _problem)
    return app


def _add_metadata(app: FastAPI, base_url: str, base: str) -> None:
    """Where the decision point's endpoints are: between host and path of its identifier (§9.2)."""
    root = base_url.rstrip("/")
    found = Metadata(
        policy_decision_point=base_url,
        access_evaluation_endpoint=f"{root}/access/v1/evaluation",
        access_evaluations_endpoint=f"{root}/access/v1/evaluations",
        search_subject_endpoint=f"{root}/access/v1/search/subject",
        search_resource_endpoint=f"{root}/access/v1/search/resource",
        search_action_endpoint=f"{root}/access/v1/search/action",
    )

    @app.get(METADATA + base, response_model=Metadata)
    async def metadata() -> JSONResponse:
        """Where the decision point's endpoints are (AuthZEN §9)."""
        return JSONResponse(found.model_dump(), headers={"cache-control": "public, max-age=3600"})


def _add_health(app: FastAPI, standing: Callable[[], Standing]) -> None:
    """Does it run, and does it decide?"""

    @app.get("/healthz")
    async def healthz() -> Health:
        """Does the process run?"""
        return Health()

    @app.get("/readyz", response_model_exclude_none=True)
    async def readyz() -> Readiness:
        """Is a policy live?"""
        live = standing()
        if live.refused is None:
            return Readiness(revision=live.revision)
        revision, since, findings, _ = live.refused
        places = [f"{finding.place()} {finding.code}" for finding in findings if finding.is_error]
        return Readiness(
            revision=live.revision, refused=NotLive(since=instant(since), revision=revision, places=places[:20])
        )


class Below:
    """Serves an application below a path too, as behind a proxy that passes paths on as they are."""

    def __init__(self, base: str, app: AsgiApp) -> None:
        self._base = base
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, without the base of its path."""
        if scope["type"] == "http" and scope["path"].startswith(f"{self._base}/"):
            path = scope["path"].removeprefix(self._base)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


class RequestIds:
    """Puts the request's id on every answer of the application behind it (AuthZEN §10.1.3)."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its id back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = dict(scope["headers"]).get(b"x-request-id")

        async def send_with_id(message: Message) -> None:
            if name is not None and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name)]
            await send(message)

        await self._app(scope, receive, send_with_id)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    """Every error in the one shape, with the headers it needs (such as Allow)."""
    headers: dict[str, str] = {}
    match error:
        case HTTPException():
            status, message, headers = error.status_code, str(error.detail), dict(error.headers or {})
        case RemitError():
            refusal = refusal_of(error)
            status, message = refusal.status, str(refusal)
        case _:
            status, message = 500, FAULT  # the server logs it, with its trace
    return JSONResponse({"code": status, "message": message}, status, headers)
