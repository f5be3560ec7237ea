"""The HTTP face: the raw decision routes in front of an ordinary FastAPI application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from remit import __version__
from remit.errors import RemitError
from remit.service.gate import Gate
from remit.web.authzen import DecisionRoutes
from remit.web.http import FAULT, Message, Receive, Scope, Send, refusal_of
from remit.web.openapi import with_raw_routes

PUBLIC = {
    "/.well-known/authzen-configuration": "says where the endpoints are, which a caller needs before it can ask",
    "/healthz": "says that the process runs, and nothing else",
    "/readyz": "says that a policy is live, and its revision",
    "/openapi.json": "describes this interface",
}
"""The routes that perform no operation, each with the reason why it needs no permission."""


class Metadata(BaseModel):
    """AuthZEN metadata (§9.1). Members without a value are left out, never null."""

    policy_decision_point: str = Field(description="The identifier of this decision point: its base URL")
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str


class Health(BaseModel):
    """That the process runs."""

    status: str = "ok"


class Readiness(BaseModel):
    """That decisions are made, and by which revision."""

    status: str = "ready"
    revision: str


class Problem(BaseModel):
    """The body of every error."""

    code: int = Field(ge=100, le=599)
    message: str


AsgiApp = Callable[[Scope, Receive, Send], Any]


def create_app(gate: Gate, revision: Callable[[], str], base_url: str) -> AsgiApp:
    """The HTTP face as one ASGI callable. `revision` names the live policy, `base_url` is how callers reach it."""
    app = FastAPI(title="remit", version=__version__, docs_url=None, redoc_url=None)
    for kind in (HTTPException, RemitError, Exception):
        app.add_exception_handler(kind, _problem)

    @app.get("/.well-known/authzen-configuration", response_model=Metadata)
    async def metadata() -> JSONResponse:
        """Where the decision point's endpoints are (AuthZEN §9)."""
        base = base_url.rstrip("/")
        found = Metadata(
            policy_decision_point=base_url,
            access_evaluation_endpoint=f"{base}/access/v1/evaluation",
            access_evaluations_endpoint=f"{base}/access/v1/evaluations",
        )
        return JSONResponse(found.model_dump(), headers={"cache-control": "public, max-age=3600"})

    @app.get("/healthz")
    async def healthz() -> Health:
        """Does the process run?"""
        return Health()

    @app.get("/readyz")
    async def readyz() -> Readiness:
        """Is a policy live?"""
        return Readiness(revision=revision())

    with_raw_routes(app)
    return DecisionRoutes(gate, RequestIds(app))


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
