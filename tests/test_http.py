"""Proves the HTTP side (AuthZEN §9, §10): statuses, headers, content types, the metadata and the other pages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from asking import FILES, NO, YES, question
from remit.bootstrap import handlers
from remit.errors import CouldNotDecide
from remit.service.gate import Gate
from remit.web.app import create_app
from remit.web.limits import Limits
from remit.web.policy import POLICY_ROUTES
from remit.web.raw import ROUTES
from server import CALLERS, EVALUATION, EVALUATIONS, JSON, SECRET, Running, anything, raw_request, serving

APIS = [EVALUATION, EVALUATIONS]
PAGES = ["/.well-known/authzen-configuration", "/healthz", "/readyz", "/openapi.json"]
BODY = json.dumps(YES).encode()

JSON_TYPES = """application/json
application/json;charset=utf-8
application/json; charset=utf-8
application/json; charset=UTF-8
Application/JSON; Charset="utf-8"
application/json ; charset=utf-8
application/json;  charset=utf-8
application/json;
application/json; version=1
application/json; profile="x;y"; charset=utf8""".splitlines()

OTHER_TYPES = """text/plain
text/json
application/jsonp
application/json+x
application/authzen+json
application/x-www-form-urlencoded
multipart/form-data; boundary=application/json
text/plain; x=application/json
application/json, text/plain
"application/json"
application/json; charset=iso-8859-1
application/json; charset=utf-16
application/json; charset=utf-8; charset=utf-7
application/json; charset = utf-16
json
;
*/*""".splitlines()


def status_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body of an answer of this status, which is the one shape if it is an error."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    if status >= 400:
        assert list(body) == ["code", "message"]
        assert body["code"] == status
        assert isinstance(body["message"], str) and body["message"]
    return body


@pytest.mark.parametrize("path", APIS)
def test_an_answer_names_its_type_and_the_policy_that_gave_it(pdp: Running, path: str) -> None:
    for body in (YES, NO, question(options={"explain": True})):
        answer = pdp.ask(body, path)
        status_of(answer, 200)
        assert pdp.snapshot is not None
        assert answer.headers["remit-revision"] == pdp.snapshot.revision
        assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("path", APIS)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
def test_only_post_is_taken(pdp: Running, path: str, method: str) -> None:
    answer = pdp.client.request(method, path, content=BODY if method == "PUT" else None, headers=JSON)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    if method != "HEAD":
        status_of(answer, 405)


@pytest.mark.parametrize("path", PAGES)
def test_pages_take_get_only(pdp: Running, path: str) -> None:
    status_of(pdp.client.get(path), 200)
    answer = pdp.post(BODY, path)
    status_of(answer, 405)
    assert "GET" in answer.headers["allow"].split(", ")


NOWHERE = [
    "/",
    "/access",
    "/access/v1",
    f"{EVALUATION}/",
    f"{EVALUATION}s/",
    "/access/v1/Evaluation",
    "/access/v2/evaluation",
]
NOWHERE += [f"/{EVALUATION}", f"{EVALUATION}%00", f"{EVALUATION}%20", f"{EVALUATION};x", "/access/v1/../v1/evaluation"]
NOWHERE += ["/access%2Fv1%2Fevaluation", "/docs", "/redoc", "/%ff", "/%0d%0aSet-Cookie:%20x"]


@pytest.mark.parametrize("path", NOWHERE)
def test_there_is_nothing_elsewhere(pdp: Running, path: str) -> None:
    with pdp.connection() as connection:
        for method in (b"GET", b"POST"):
            connection.send(raw_request(BODY, b"x-request-id: there", method=method, path=path.encode()))
            reply = connection.reply()
            if path == "/access%2Fv1%2Fevaluation":  # the server reads it as the path it spells
                assert reply.status == (200 if method == b"POST" else 405)
            else:
                assert reply.status == 404
                assert json.loads(reply.body)["code"] == 404
            assert reply.headers[b"x-request-id"] == b"there"
            assert set(reply.headers) <= {
                b"date",
                b"content-type",
                b"content-length",
                b"allow",
                b"x-request-id",
                b"remit-revision",
            }


@pytest.mark.parametrize("content_type", JSON_TYPES)
def test_json_may_be_spelled_in_many_ways(pdp: Running, content_type: str) -> None:
    for path in APIS:
        assert status_of(pdp.post(BODY, path, **{"content-type": content_type}), 200) == {"decision": True}


@pytest.mark.parametrize("content_type", OTHER_TYPES)
def test_what_is_not_json_is_refused(pdp: Running, content_type: str) -> None:
    for path in APIS:
        status_of(pdp.post(BODY, path, **{"content-type": content_type}), 400)


def test_a_body_without_a_type_is_refused(pdp: Running) -> None:
    status_of(pdp.client.post(EVALUATION, content=BODY), 400)
    status_of(pdp.client.post(EVALUATION, content=BODY, headers={"content-type": ""}), 400)


def test_nothing_is_not_json(pdp: Running) -> None:
    for body in (b"", b" ", b"\n\n"):
        assert "valid JSON" in status_of(pdp.post(body), 400)["message"]


def test_the_metadata_say_where_everything_is(pdp: Running) -> None:
    answer = pdp.client.get(PAGES[0])
    status_of(answer, 200)
    assert answer.json() == {
        "policy_decision_point": pdp.url,
        "access_evaluation_endpoint": f"{pdp.url}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{pdp.url}/access/v1/evaluations",
        "search_subject_endpoint": f"{pdp.url}/access/v1/search/subject",
        "search_resource_endpoint": f"{pdp.url}/access/v1/search/resource",
        "search_action_endpoint": f"{pdp.url}/access/v1/search/action",
    }
    assert answer.headers["cache-control"] == "public, max-age=3600"
    for name, url in answer.json().items():
        if name.endswith("_endpoint"):
            assert pdp.client.post(url, json=YES).status_code == 200


def test_an_identifier_with_a_path_has_its_metadata_between_host_and_path(serve: Callable[..., Running]) -> None:
    """AuthZEN §9.2; the interface stands below the path, and without it too, as behind a proxy that takes it off."""
    running = serve(FILES, base="/authorization/eu")
    found = status_of(running.client.get(f"{PAGES[0]}/authorization/eu"), 200)
    assert found["policy_decision_point"] == f"{running.url}/authorization/eu"
    for name, url in found.items():
        assert url.startswith(f"{running.url}/authorization/eu"), name
        if name.endswith("_endpoint"):
            path = url.removeprefix(running.url)
            assert running.client.post(path, json=YES).status_code == 200
            assert running.client.post(path.removeprefix("/authorization/eu"), json=YES).status_code == 200
            assert running.client.get(path).status_code == 405
            assert running.client.post(path, json=YES, headers={"authorization": ""}).status_code == 401
    status_of(running.client.get(PAGES[0]), 404)
    for page in ("/healthz", "/readyz", "/openapi.json"):
        assert running.client.get(f"/authorization/eu{page}").json() == running.client.get(page).json()
    for path in ("/authorization", "/authorization/eu", "/authorization/eux/healthz", "/eu/healthz"):
        status_of(running.client.get(path), 404)


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/", f"{EVALUATION}/", f"{PAGES[0]}/"])
def test_a_slash_more_is_another_path_and_leads_nowhere(pdp: Running, path: str) -> None:
    """A redirect would be to wherever the Host header says."""
    answer = pdp.client.get(path, headers={"host": "evil.example.com"})
    status_of(answer, 404)
    assert "location" not in answer.headers


def test_the_openapi_document_knows_every_route(pdp: Running) -> None:
    paths = pdp.client.get("/openapi.json").json()["paths"]
    assert set(paths) == {*ROUTES, *PAGES, *(route.path for route in POLICY_ROUTES)} - {"/openapi.json"}
    for path in ROUTES:
        assert set(paths[path]) == {"post"}


def test_ready_says_by_which_policy(pdp: Running) -> None:
    assert pdp.snapshot is not None
    assert pdp.client.get("/readyz").json() == {"status": "ready", "revision": pdp.snapshot.revision}
    assert pdp.client.get("/healthz").json() == {"status": "ok"}


class Unreachable:
    """A source of policies that has none, or is broken."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def current(self) -> Any:
        raise self.error


def broken(error: Exception) -> Callable[..., Any]:
    """The HTTP face over a source of policies that fails."""
    source = Unreachable(error)
    journal: Any = Unreachable(error)
    return create_app(
        Gate(source, journal, time.time_ns, handlers(SECRET, source)),
        CALLERS,
        source.current,
        "http://127.0.0.1",
        Limits(),
        anything,
    )


def test_without_a_policy_nothing_is_decided(serve: Callable[..., Running]) -> None:
    running = serve(app=broken(CouldNotDecide("no policy is live")))
    for answer in (running.ask(YES), running.ask({"evaluations": [YES]}, EVALUATIONS), running.client.get("/readyz")):
        assert status_of(answer, 503)["message"] == "no policy is live"
    status_of(running.client.get("/healthz"), 200)


@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS, "/readyz"])
def test_a_fault_is_told_in_one_sentence_and_logged(path: str) -> None:
    faults: list[str] = []
    with serving(app=broken(ZeroDivisionError("a secret")), faults=faults) as running:
        method = "GET" if path == "/readyz" else "POST"
        answer = running.client.request(method, path, json=YES, headers={"x-request-id": "7"})
    assert "log" in status_of(answer, 500)["message"]
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] == "7"
    assert any("a secret" in fault and "Traceback" in fault for fault in faults)
