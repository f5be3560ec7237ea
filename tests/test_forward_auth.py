"""`GET /forward-auth`, over HTTP: who shows credentials is asked about itself, about what the original request means,
and nothing else that a request says of anybody counts (threat row 27).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, get_args

import pytest

from asking import FILES
from policies import files
from remit.adapters.memory import RingJournal
from remit.core.model import Actor
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide, NotAuthenticated
from remit.service.decisions import evaluate
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from remit.service.operations import Asked, Evaluate, Operation
from remit.web.forward import PATH, ForwardAuth
from remit.web.forward_table import read_table
from remit.web.identity import Callers
from remit.web.limits import Rates
from server import Running, anything, raw_request

TABLE = b"""\
GET, /environments/{id}, use, environment, {id}
HEAD, /environments/{id}, view, environment, {id}
PUT, /environments/{id}, edit, environment, {id}
POST, /projects/{project}/environments, create, environment, , project:{project}
GET, /projects/{project}/environments/{id}, use, environment, {id}, , project:{project}
GET, /open/{door}, use, environment, seen
GET, /strange, fly, environment
"""
"""What the paths of a small application mean, by the small policy."""

SNAPSHOT = Snapshot(read_policy(FILES))


class Known:
    """Callers by their tokens, for tests."""

    def __init__(self) -> None:
        self.callers = {name: Actor(f"user:{name}") for name in ("ada", "bob", "grace", "ida", "old", "zoë@x.com")}
        self.callers["guest"] = Actor("user:guest", ("group:science",))
        self.callers["role"] = Actor("role:researcher")
        self.callers["service"] = Actor("application:portal")

    async def identify(self, authorization: bytes | None) -> Actor:
        """The actor whose name the token is."""
        if authorization is None:
            raise NotAuthenticated("no credentials", given=False)
        kind, _, name = authorization.decode().partition(" ")
        if name == "unreachable":
            raise CouldNotDecide("the keys are out of reach")
        if name == "broken":
            raise ZeroDivisionError(name)
        if kind != "Bearer" or name not in self.callers:
            raise NotAuthenticated("the token does not hold")
        return self.callers[name]


async def rest(scope: Any, receive: Any, send: Any) -> None:
    """Whatever stands behind: says which path it got."""
    body = scope["path"].encode()
    await send({"type": "http.response.start", "status": 299, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def forward_auth(
    snapshot: Snapshot = SNAPSHOT, table: bytes = TABLE, journal: RingJournal | None = None
) -> ForwardAuth:
    """The endpoint over a policy and a table."""
    handlers = dict.fromkeys(get_args(Operation), evaluate)  # it performs no other operation
    gate = Gate(LivePolicy(snapshot), journal or RingJournal(), time.time_ns, handlers)
    return ForwardAuth(gate, Callers(Known(), Rates(None), anything), read_table("table", table), rest)


JOURNAL = RingJournal()


@pytest.fixture(scope="module")
def door(serve: Callable[..., Running]) -> Running:
    """A server with the endpoint over the small policy."""
    door = serve(app=forward_auth(journal=JOURNAL))
    door.client.headers.pop("authorization", None)  # who asks is said request by request here
    return door


def asked(door: Running, who: str | None, method: str = "GET", uri: str = "/environments/seen", **more: str) -> Any:
    """What remit says to nginx about one request."""
    headers = {"X-Original-Method": method, "X-Original-URI": uri, **more}
    if who is not None:
        headers["Authorization"] = f"Bearer {who}"
    return door.client.get(PATH, headers=headers)


ALLOWED = [
    ("ada", "GET", "/environments/seen"),
    ("ada", "GET", "/environments/%73een?a=b"),
    ("ada", "HEAD", "/environments/seen"),
    ("bob", "HEAD", "/environments/sold"),
    ("ada", "POST", "/projects/vision/environments"),
    ("ada", "GET", "/projects/vision/environments/everywhere"),
    ("grace", "POST", "/projects/nlp/environments"),
    ("guest", "POST", "/projects/nlp/environments"),
    ("ida", "PUT", "/environments/seen"),
]
DENIED = [
    ("ada", "GET", "/environments/sold"),
    ("ada", "GET", "/environments/unknown"),
    ("ada", "PUT", "/environments/seen"),
    ("bob", "GET", "/environments/seen"),
    ("ada", "POST", "/projects/nlp/environments"),
    ("ada", "GET", "/projects/nlp/environments/everywhere"),
    ("ada", "GET", "/projects/vision/environments/read"),
    ("old", "GET", "/environments/seen"),
    ("role", "GET", "/environments/seen"),
    ("service", "GET", "/environments/seen"),
    ("zoë@x.com", "GET", "/environments/seen"),
    ("ada", "GET", "/strange"),
]
UNMATCHED = [
    ("ada", "DELETE", "/environments/seen"),
    ("ada", "get", "/environments/seen"),
    ("ada", "GET", "/environments/seen/"),
    ("ada", "GET", "/"),
    ("ada", "GET", "/forward-auth"),
    ("ada", "", "/environments/seen"),
]
REFUSED = [
    ("ada", "GET", "/environments//seen"),
    ("ada", "GET", "/environments/sold/../seen"),
    ("ada", "GET", "/environments/%2e%2e/environments/seen"),
    ("ada", "GET", "/environments/seen;x"),
    ("ada", "GET", "http://app.example.com/environments/seen"),
    ("ada", "GET", ""),
    ("ada", "POST", "/projects/a%20%23b/environments"),
]


@pytest.mark.parametrize(("who", "method", "uri"), ALLOWED)
def test_what_the_policy_allows_is_let_through(door: Running, who: str, method: str, uri: str) -> None:
    answer = asked(door, who, method, uri)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["remit-revision"] == SNAPSHOT.revision
    assert answer.headers["remit-subject"] == f"user:{who}"
    assert "content-length" not in answer.headers and "content-type" not in answer.headers


@pytest.mark.parametrize(("who", "method", "uri"), DENIED)
def test_what_the_policy_does_not_allow_is_403(door: Running, who: str, method: str, uri: str) -> None:
    answer = door.client.get(
        PATH,
        headers={b"X-Original-Method": method.encode(), b"X-Original-URI": uri.encode(),
                 b"Authorization": f"Bearer {who}".encode()},
    )  # fmt: skip
    assert answer.status_code == 403
    assert answer.json() == {"code": 403, "message": "the policy does not allow this"}
    assert answer.headers["remit-revision"] == SNAPSHOT.revision
    assert "remit-subject" not in answer.headers


@pytest.mark.parametrize(("who", "method", "uri"), UNMATCHED)
def test_what_no_line_of_the_table_matches_is_403(door: Running, who: str, method: str, uri: str) -> None:
    answer = asked(door, who, method, uri)
    assert answer.status_code == 403
    assert answer.json()["message"] == "no line of the forward-auth table matches this method and path"


@pytest.mark.parametrize(("who", "method", "uri"), REFUSED)
def test_a_path_that_could_be_read_in_two_ways_is_403(door: Running, who: str, method: str, uri: str) -> None:
    answer = asked(door, who, method, uri)
    assert answer.status_code == 403
    assert answer.json().keys() == {"code", "message"}
    assert "remit-revision" not in answer.headers


@pytest.mark.parametrize("uri", ["/environments/seen", "/environments/sold", "/nowhere", "/../x"])
def test_without_credentials_nothing_is_said_but_401(door: Running, uri: str) -> None:
    nobody, stranger = asked(door, None, uri=uri), asked(door, "mallory", uri=uri)
    assert (nobody.status_code, stranger.status_code) == (401, 401)
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert stranger.headers["www-authenticate"].startswith("Bearer")
    assert {nobody.json()["message"], stranger.json()["message"]} == {"no credentials", "the token does not hold"}


def test_a_caller_asks_about_itself_and_the_journal_knows(door: Running) -> None:
    JOURNAL.records.clear()
    assert asked(door, "ada").status_code == 204
    assert asked(door, "ada", "POST", "/projects/nlp/environments").status_code == 403
    yes, no = JOURNAL.records
    assert (yes.actor, yes.operation) == (
        Actor("user:ada"),
        Evaluate(Asked("user:ada", "use", "environment", "seen")),
    )
    assert no.operation == Evaluate(Asked("user:ada", "create", "environment", "", "project:nlp"))
    assert no.refused is None


FORGED = {
    "X-User": "bob",
    "X-Remote-User": "ida",
    "Remote-User": "ida",
    "X-Forwarded-User": "ida",
    "X-Forwarded-Uri": "/environments/seen",
    "X-Forwarded-Method": "HEAD",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Email": "ida@example.com",
    "X-Auth-Request-User": "ida",
    "X-Original-Url": "/environments/seen",
    "X-Rewrite-URL": "/environments/seen",
    "X-HTTP-Method-Override": "HEAD",
    "Remit-Subject": "user:ida",
    "X-Groups": "group:science",
    "Forwarded": "for=127.0.0.1",
    "Cookie": "user=ida",
    "Proxy-Authorization": "Bearer ida",
    "X-Authorization": "Bearer ida",
}


@pytest.mark.parametrize("name", FORGED)
def test_row_27_no_other_header_counts(door: Running, name: str) -> None:
    forged = {name: FORGED[name]}
    assert asked(door, None, **forged).status_code == 401
    assert asked(door, "bob", **forged).status_code == 403
    assert asked(door, "ada", "PUT", **forged).status_code == 403
    assert asked(door, "ada", "POST", "/projects/nlp/environments", **forged).status_code == 403
    right = asked(door, "ada", **forged)
    assert (right.status_code, right.headers["remit-subject"]) == (204, "user:ada")


GOOD = [b"x-original-method: GET", b"x-original-uri: /environments/seen", b"authorization: Bearer ada"]


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        (GOOD[1:], "X-Original-Method"),
        ([GOOD[0], GOOD[2]], "X-Original-URI"),
        ([GOOD[2]], "X-Original-Method"),
        ([*GOOD, GOOD[0]], "X-Original-Method"),
        ([b"X-ORIGINAL-URI: /environments/sold", *GOOD], "X-Original-URI"),
        ([*GOOD, b"X-Original-URI:"], "X-Original-URI"),
        ([*GOOD, b"authorization: Bearer ida"], "Authorization"),
    ],
)
def test_what_nginx_must_set_is_there_exactly_once(door: Running, headers: list[bytes], named: str) -> None:
    with door.connection() as link:
        link.send(raw_request(b"", *headers, method=b"GET", path=PATH.encode(), sized=False))
        reply = link.reply()
    assert reply.status == 400  # neither 401 nor 403: nginx then answers 500, and nothing gets through
    assert named in json.loads(reply.body)["message"]


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PURGE"])
def test_it_takes_get_only(door: Running, method: str) -> None:
    with door.connection() as link:
        link.send(raw_request(b"", *GOOD, method=method.encode(), path=PATH.encode()))
        reply = link.reply(head=method == "HEAD")
    assert (reply.status, reply.headers[b"allow"]) == (405, b"GET")


@pytest.mark.parametrize("path", ["/", "/forward-auth/", "/forward-auth/x", "/Forward-Auth", "//forward-auth", "/x"])
def test_every_other_path_is_handed_on(door: Running, path: str) -> None:
    with door.connection() as link:
        link.send(raw_request(b"", *GOOD, method=b"GET", path=path.encode(), sized=False))
        reply = link.reply()
    assert (reply.status, reply.body) == (299, path.encode())


def test_the_request_id_comes_back_on_every_answer(door: Running) -> None:
    for who, method, uri in [*ALLOWED, *UNMATCHED, *REFUSED]:
        assert asked(door, who, method, uri, **{"X-Request-ID": "a b=1"}).headers["x-request-id"] == "a b=1"
    answers = [asked(door, None, **{"X-Request-ID": "7"}), door.client.get(PATH, headers={"X-Request-ID": "7"})]
    answers.append(door.client.post(PATH, headers={"X-Request-ID": "7"}))
    assert [(answer.status_code, answer.headers["x-request-id"]) for answer in answers] == [
        (401, "7"), (400, "7"), (405, "7")
    ]  # fmt: skip
    assert "x-request-id" not in asked(door, "ada").headers


def test_a_name_is_a_plain_header_whatever_it_holds(serve: Callable[..., Running]) -> None:
    odd = "user:zoë@x.com"
    lines = {"access_rules": f"g, {odd}, maker, project:a\n"}
    door = serve(app=forward_auth(Snapshot(read_policy(files(**lines))), b"POST, /a, create, workload, , project:a\n"))
    told = {b"x-original-method": b"POST", b"x-original-uri": b"/a", b"authorization": f"Bearer {odd[5:]}".encode()}
    answer = door.client.get(PATH, headers=told)
    assert (answer.status_code, answer.headers["remit-subject"]) == (204, "user:zo%C3%AB@x.com")


@pytest.mark.parametrize(("who", "status"), [("unreachable", 503), ("broken", 500)])
def test_what_goes_wrong_lets_nothing_through(serve: Callable[..., Running], who: str, status: int) -> None:
    faults: list[str] = []
    answer = asked(serve(app=forward_auth(), faults=faults), who)
    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert bool(faults) == (who == "broken")
