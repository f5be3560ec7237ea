"""Holds the OpenAPI document and the server against each other: whatever schemathesis makes of the document, the raw
routes included, is answered with a documented status and body, never with a fault, and with the request's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from keeping import kept_over, no_exchange
from remit.bootstrap import build_app
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.web.app import METADATA
from remit.web.forward_table import read_table
from remit.web.kept import CATALOG_ROUTES, TOKEN
from remit.web.policy import POLICY_ROUTES
from remit.web.raw import ROUTES
from server import BEARER, CALLERS, SECRET, Running, bearer, with_caller
from test_roll_call import fastapi_within
from test_shipped_policy import shipped

EXAMPLES = 80
"""Requests for each route, each for one sort of caller."""

TABLE = read_table("table.csv", b"GET, /environments/{id}, use, environment, {id}\n")
SNAPSHOT = Snapshot(read_policy(with_caller(shipped())))
APP = build_app(
    SNAPSHOT,
    "http://127.0.0.1",
    CALLERS,
    SECRET,
    forward=TABLE,
    kept=kept_over(SNAPSHOT),
    exchange=no_exchange,
)
DOCUMENT = fastapi_within(APP).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
IN_CATALOG = "^/api/"
SCHEMA.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
NAMES = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
         "response_schema_conformance", "unsupported_method", "ignored_auth")  # fmt: skip
WANTED = CHECKS.get_by_names(NAMES)


@pytest.fixture(scope="module")
def running(serve: Callable[..., Running]) -> Iterator[Running]:
    yield serve(app=APP)


def trying(examples: int) -> settings:
    """So many requests for each route, the same every time."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@SCHEMA.exclude(path_regex=IN_CATALOG).parametrize()
@trying(EXAMPLES)
def test_the_document_tells_what_the_server_does(case: Any, running: Running) -> None:
    check(case, running, BEARER)


@SCHEMA.include(path_regex=IN_CATALOG).parametrize()
@trying(6)
def test_the_document_tells_what_the_catalog_does(case: Any, running: Running) -> None:
    check(case, running, ADMINISTRATOR)


ADMINISTRATOR = bearer("user:grace@example.com")


def check(case: Any, running: Running, caller: str) -> None:
    """One request, answered as documented."""
    response = case.call(base_url=running.url, headers={"authorization": caller, "x-request-id": "a-1"})
    assert response.headers["x-request-id"] == ["a-1"]
    case.validate_response(response, checks=WANTED, headers={"authorization": caller})


def test_every_route_is_asked() -> None:
    asked = {operation.ok().path for operation in SCHEMA.get_all_operations()}
    pages = {route.path for route in CATALOG_ROUTES} | {TOKEN, "/forward-auth", "/healthz", "/readyz", METADATA}
    pages |= {route.path for route in POLICY_ROUTES}
    assert asked == set(DOCUMENT["paths"]) == {*ROUTES, *pages}
    assert len(WANTED) == len(NAMES)


def test_every_status_that_callers_meet_is_documented(running: Running) -> None:
    """Those of a caller without rights and of one without credentials too, for every route that needs them."""
    for path in ROUTES:
        described = DOCUMENT["paths"][path]["post"]["responses"]
        body = {"subject": {"type": "user", "id": "x"}, "action": {"name": "use"}, "resource": {"type": "a", "id": "b"}}
        for headers, status in (({"authorization": ""}, 401), ({"authorization": bearer("user:nobody")}, 403)):
            answer = running.client.post(path, json=body, headers=headers)
            assert answer.status_code == status and str(status) in described, path
