"""Proves that a FastAPI route with a requirement runs exactly if remit said yes, and what it answers otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, HTTPException, WebSocket

from remit.client import AsyncRemitClient, RemitClient
from remit.client.fastapi import requirements
from remit.errors import Misconfigured
from server import Running
from test_client_servers import PATIENCE, TOKEN, door, http, saying

Client = AsyncRemitClient | RemitClient
CLIENTS = pytest.mark.parametrize("kind", [RemitClient, AsyncRemitClient])


def current_subject(x_user: Annotated[str, Header()] = "") -> str:
    """The subject of a request, as a service may know it."""
    if not x_user:
        raise HTTPException(401, "who are you")
    return x_user if ":" in x_user else f"user:{x_user}"


async def current_groups(x_groups: Annotated[str, Header()] = "") -> list[str]:
    """The groups that the service vouches for."""
    return x_groups.split()


class Service:
    """An application whose routes require decisions, and how often each of them ran."""

    def __init__(self, client: Client) -> None:
        self.runs: list[str] = []
        self.app = app = FastAPI()
        requires = requirements(client, subject=current_subject)
        among = requirements(client, subject=current_subject, groups=current_groups)
        for path, required in {
            "/environments/{environment}": requires("view", "environment", id="{environment}"),
            "/environments/{environment}/in/{project}": requires(
                "use", "environment", id="{environment}", place="project:{project}"
            ),
            "/new/{project}": requires("create", "environment", home="project:{project}"),
            "/numbers/{number:int}": requires("view", "environment", id="{number}"),
            "/fixed": requires("use", "environment", id="seen"),
            "/vouched": among("use", "environment", id="read"),
            "/unvouched": requires("use", "environment", id="read"),
            "/mistaken/{project}": requires("use", "environment", id="{enviroment}"),
        }.items():
            app.get(path, dependencies=[Depends(required)])(self.ran(path))

    def ran(self, path: str) -> Callable[[], str]:
        """What a route does."""

        def run() -> str:
            self.runs.append(path)
            return "done"

        return run


def visit(kind: type[Client], where: dict[str, Any], path: str, **headers: str) -> tuple[httpx.Response, list[str]]:
    """What a service answers that asks the remit which is `where`, and the routes that ran."""

    async def visited(client: Client) -> tuple[httpx.Response, list[str]]:
        service = Service(client)
        door = httpx.ASGITransport(app=service.app)
        async with httpx.AsyncClient(transport=door, base_url="http://service") as caller:
            named = {f"x-{name}": value for name, value in headers.items()}
            return await caller.get(path, headers=named), service.runs

    async def closing(client: AsyncRemitClient) -> tuple[httpx.Response, list[str]]:
        async with client:
            return await visited(client)

    client = kind(**{"timeout": PATIENCE, **where})
    if isinstance(client, AsyncRemitClient):
        return asyncio.run(closing(client))
    with client:
        return asyncio.run(visited(client))


@CLIENTS
@pytest.mark.parametrize(
    ("user", "path", "expected"),
    [
        ("ada", "/environments/seen", 200),
        ("user:ada", "/environments/seen", 200),
        ("ada", "/environments/sold", 403),
        ("ada", "/environments/x:y", 403),
        ("ada", "/environments/seen/in/vision", 200),
        ("ada", "/environments/everywhere/in/vision", 200),
        ("ada", "/environments/everywhere/in/web", 403),
        ("ada", "/new/vision", 200),
        ("ada", "/new/nlp", 403),
        ("grace", "/new/nlp", 200),
        ("ada", "/numbers/7", 403),
        ("ada", "/fixed", 200),
        ("bob", "/fixed", 403),
        ("", "/fixed", 401),
        ("ada", "/environments/%00", 503),
        ("role:x", "/fixed", 503),
    ],
)
def test_a_route_runs_exactly_if_it_is_allowed(
    pdp: Running, kind: type[Client], user: str, path: str, expected: int
) -> None:
    answer, runs = visit(kind, door(pdp), path, user=user)
    assert answer.status_code == expected
    assert len(runs) == (expected == 200)


@CLIENTS
@pytest.mark.parametrize(
    ("user", "path", "error", "why"),
    [
        (
            "ada",
            "/mistaken/vision",
            Misconfigured,
            "`{enviroment}` names the path parameter 'enviroment', which the route",
        ),
        (":", "/fixed", ValueError, "`subject` must be typed"),
        ("group:", "/fixed", ValueError, "`subject` must be typed"),
    ],
)
def test_a_mistake_in_the_service_is_an_error_and_nothing_runs(
    pdp: Running, kind: type[Client], user: str, path: str, error: type[Exception], why: str
) -> None:
    with pytest.raises(error) as caught:
        visit(kind, door(pdp), path, user=user)
    assert why in str(caught.value)


@CLIENTS
def test_groups_count_where_the_service_vouches_for_them(pdp: Running, kind: type[Client]) -> None:
    def status(path: str, groups: str) -> int:
        return visit(kind, door(pdp), path, user="new", groups=groups)[0].status_code

    assert status("/vouched", "other science") == 200
    assert status("/vouched", "") == status("/unvouched", "science") == 403


@CLIENTS
def test_a_refusal_says_what_was_refused(pdp: Running, kind: type[Client]) -> None:
    answer, _ = visit(kind, door(pdp), "/environments/sold", user="ada")
    assert answer.json() == {"detail": "`user:ada` may not view `environment:sold`"}


BAD = {
    "an error": http(b"{}", b"500 Error"),
    "almost yes": http(b'{"decision":"true"}'),
    "an array": http(b"[]"),
    "no HTTP": b"no HTTP\r\n\r\n",
    "cut short": http(length=99),
    "nothing": b"",
}


@CLIENTS
@pytest.mark.parametrize("said", BAD.values(), ids=BAD)
def test_without_a_decision_nothing_runs(kind: type[Client], said: bytes) -> None:
    with saying(said) as server:
        answer, runs = visit(kind, {"url": server.url, "token": TOKEN, "timeout": 0.2}, "/fixed", user="ada")
    assert (answer.status_code, runs) == (503, [])
    assert answer.json() == {"detail": "nobody could decide whether this is allowed, so it was not done"}


@CLIENTS
def test_the_same_machinery_lets_a_good_answer_through(kind: type[Client]) -> None:
    with saying(http()) as server:
        answer, runs = visit(kind, {"url": server.url, "token": TOKEN}, "/fixed", user="ada")
    assert (answer.status_code, runs) == (200, ["/fixed"])


@pytest.mark.parametrize("template", ["{", "}", "{}", "{a", "{a}}", "{a.b}", "{a!r}", "{0}", "{a:b}"])
def test_a_template_that_is_none_is_refused_when_the_route_is_made(template: str) -> None:
    requires = requirements(RemitClient("http://localhost", token=TOKEN, timeout=1), subject=current_subject)
    for where in ("id", "home", "place"):
        options: dict[str, Any] = {where: template}
        with pytest.raises(ValueError, match="may hold path parameters as"):
            requires("use", "environment", **options)


@pytest.mark.parametrize(("user", "environment", "ran"), [("ada", "seen", True), ("ada", "sold", False)])
def test_a_web_socket_is_let_in_exactly_if_it_is_allowed(pdp: Running, user: str, environment: str, ran: bool) -> None:
    async def connect(client: AsyncRemitClient) -> list[str]:
        app, sent = FastAPI(), []
        requires = requirements(client, subject=current_subject)

        @app.websocket(
            "/live/{environment}", dependencies=[Depends(requires("use", "environment", id="{environment}"))]
        )
        async def live(websocket: WebSocket) -> None:
            await websocket.accept()
            await websocket.close()

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        scope = {"type": "websocket", "path": f"/live/{environment}", "query_string": b"", "root_path": ""}
        async with client:
            await app({**scope, "headers": [(b"x-user", user.encode())]}, receive, send)
        return sent

    sent = asyncio.run(connect(AsyncRemitClient(timeout=PATIENCE, **door(pdp))))
    assert ("websocket.accept" in sent) is ran, sent
