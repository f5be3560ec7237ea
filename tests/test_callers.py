"""Proves who may ask remit what (design §3, service roles): 401 before a body is read, 403 that names the permission,
a caller's own rights never in an answer about somebody else (threat row 26), headers that claim an identity without
effect (row 27), every item of a batch judged by itself (row 14), and one source of identity (row 15).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from asking import FILES, NO, YES, entity, question
from remit.adapters.tokens import minted
from remit.bootstrap import build_app
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.web.forward_table import read_table
from remit.web.http import Refusal
from remit.web.limits import Limits, Rates
from server import (
    BEARER,
    CALLERS,
    EVALUATION,
    EVALUATIONS,
    SECRET,
    Running,
    bearer,
    raw_request,
    serving,
    with_caller,
)

SEARCH = "/access/v1/search/"
PERMITTED = "/v1/permitted-scopes"
ROUTES = [EVALUATION, EVALUATIONS, f"{SEARCH}subject", f"{SEARCH}resource", f"{SEARCH}action", PERMITTED]
EXPLAINED = {"options": {"explain": True}}

ROLES = {
    "evaluator": ("evaluate",),
    "searcher": ("search",),
    "explainer": ("explain",),
    "voucher": ("vouch",),
    "evaluator-and-explainer": ("evaluate", "explain"),
    "evaluator-and-voucher": ("evaluate", "vouch"),
    "searcher-and-voucher": ("search", "vouch"),
    "owner": (),
}
"""Callers by what they may ask; the owner may create, use and edit everything, and may not ask about anybody."""


@pytest.fixture(scope="module")
def desk(serve: Callable[..., Running]) -> Running:
    """A server over the small policy with one caller for each way to ask."""
    files = dict(FILES)
    verbs = ("evaluate", "search", "explain", "vouch")
    files["policies/vocabulary.csv"] += "".join(f"decision, {verb}, home, ask\n" for verb in verbs).encode()
    lines = [f"p, {role}, *, decision, {verb}\n" for role, may in ROLES.items() for verb in may]
    lines += [f"p, decision-client, *, decision, {verb}\n" for verb in verbs]
    lines += [
        "p, owner, *, environment, create\n",
        "p, owner, *, environment, use\n",
        "p, owner, *, environment, view\n",
    ]
    files["policies/service_roles.csv"] = "".join(lines).encode()
    rules = [f"g, application:{role}, {role}, *\n" for role in ROLES]
    files["policies/access_rules.csv"] += "".join(
        [*rules, "g, application:local, evaluator, project:vision\n"]
    ).encode()
    return serve(files)


def as_(caller: str, *groups: str) -> dict[str, str]:
    return {"authorization": bearer(caller if ":" in caller else f"application:{caller}", *groups)}


MISSING = {
    (EVALUATION, "plain"): ("evaluate",),
    (EVALUATION, "explained"): ("evaluate", "explain"),
    (EVALUATIONS, "plain"): ("evaluate",),
    (EVALUATIONS, "explained"): ("evaluate", "explain"),
    **{(route, "plain"): ("search",) for route in ROUTES[2:]},
}


@pytest.mark.parametrize(("asked", "caller"), list(product(MISSING, ROLES)))
def test_what_a_caller_lacks_is_named(desk: Running, asked: tuple[str, str], caller: str) -> None:
    path, how = asked
    body = {**YES, **(EXPLAINED if how == "explained" else {})}
    answer = desk.ask(body if path != EVALUATIONS else {**body, "evaluations": [{}]}, path, **as_(caller))
    lacking = [verb for verb in MISSING[asked] if verb not in ROLES[caller]]
    if not lacking:
        assert answer.status_code == 200
        return
    assert answer.status_code == 403
    message = f"`application:{caller}` lacks `decision:{lacking[0]}` in `*`"
    assert answer.json() == {"code": 403, "message": message}
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("path", ROUTES)
def test_anybody_may_ask_about_itself(desk: Running, path: str) -> None:
    body = {**YES, **EXPLAINED, "page": {}}
    answer = desk.ask(body, path, **as_("user:ada"))
    about_others = path.endswith("subject")
    assert answer.status_code == (403 if about_others else 200), answer.text
    nobody = desk.ask({**body, "subject": {"type": "user", "id": "unheard-of"}}, path, **as_("user:unheard-of"))
    assert nobody.status_code == answer.status_code


def test_a_batch_about_itself_and_one_other_is_about_others(desk: Running) -> None:
    """Threat row 14: whatever the position of the one that is foreign."""
    ada, foreign = question("user:ada"), question("user:bob", "view")
    assert desk.ask({"evaluations": [ada] * 50}, EVALUATIONS, **as_("user:ada")).status_code == 200
    for position in range(50):
        items = [ada] * 50
        items[position] = foreign
        assert desk.ask({"evaluations": items}, EVALUATIONS, **as_("user:ada")).status_code == 403, position


def test_every_item_of_a_batch_is_judged_by_itself(desk: Running) -> None:
    """Threat row 14: one that is refused among those that are not, and the other way round, at every position."""
    for many, one in ((YES, NO), (NO, YES)):
        for position in range(50):
            items = [many] * 50
            items[position] = one
            found = desk.ask({"evaluations": items}, EVALUATIONS).json()["evaluations"]
            assert [each["decision"] for each in found] == [item is YES for item in items]


def test_a_local_right_to_ask_does_not_reach_everywhere(desk: Running) -> None:
    assert desk.ask(YES, **as_("local")).status_code == 403


def test_the_rights_of_a_caller_are_in_no_answer_about_others(desk: Running) -> None:
    """Threat row 26: what a caller may itself, or by the groups of its token, does nothing for whom it asks about."""
    for who, group in product(("evaluator", "evaluator-and-explainer"), ("science", "lab")):
        caller = as_(who, group)
        for subject, action in product(("user:zoe", "user:ida", "user:old", "group:other"), ("use", "view", "create")):
            thing = entity("environment:read")
            alone = desk.ask(question(subject, action, thing), **as_("evaluator")).json()
            assert desk.ask(question(subject, action, thing), **caller).json() == alone == {"decision": False}
    own = question("application:evaluator", "use", "environment:read")
    assert desk.ask(own, **as_("evaluator", "science")).json() == {"decision": True}
    assert desk.ask(own, **as_("evaluator")).json() == {"decision": False}
    assert desk.ask(own, **as_("evaluator-and-explainer", "science")).json() == {"decision": False}


@pytest.mark.parametrize("group", ["science", "lab"])
def test_the_groups_of_a_caller_find_nothing_for_others(desk: Running, group: str) -> None:
    """Threat row 26: a search finds the same for others whatever groups the token of the caller vouches for."""
    for who, subject, action in product(_SEARCHERS, ("user:zoe", "user:ida", "group:other"), ("use", "create")):
        for path in (f"{SEARCH}resource", f"{SEARCH}action", PERMITTED):
            thing = entity("environment:read") if path.endswith("action") else {"type": "environment"}
            asked = {**question(subject, action), "resource": thing}
            found = desk.ask(asked, path, **as_(who, group))
            assert (found.status_code, found.json()) == (200, desk.ask(asked, path, **as_(who)).json())
    own = {**question("application:searcher", "use"), "resource": {"type": "environment"}}
    assert desk.ask(own, PERMITTED, **as_("searcher", group)).json()["scopes"] == ["project:nlp"], "its own count"
    assert desk.ask(own, PERMITTED, **as_("searcher")).json()["scopes"] == []


def test_of_a_deny_about_itself_only_the_code_is_told_without_the_right_to_reasons(desk: Running) -> None:
    """Threat row 43: sentences, homes, near names and suggestions tell of scopes and roles that are not the asker's."""
    asked = [
        question("user:zoe", "use", entity("environment:read", scope="project:vision")),
        question("user:zoe", "use", "environment:read"),
        question("user:zoe", "use", entity("environment:new", scope="project:visio")),
        question("user:zoe", "vieww", "environment:read"),
    ]
    for body in asked:
        plain = desk.ask({**body, **EXPLAINED}, **as_("user:zoe")).json()["context"]["reason_admin"]
        whole = desk.ask({**body, **EXPLAINED}, **as_("evaluator-and-explainer")).json()["context"]["reason_admin"]
        assert set(plain) == {"code", "sentence"} and plain["code"] == whole["code"]
        for name in ("nlp", "vision", "researcher", "science", "read", "view"):
            assert name not in plain["sentence"], name
        assert plain["sentence"] != whole["sentence"]
    batch = desk.ask({"evaluations": asked, **EXPLAINED}, EVALUATIONS, **as_("user:zoe")).json()["evaluations"]
    assert all(set(each["context"]["reason_admin"]) == {"code", "sentence"} for each in batch)
    granted = desk.ask({**YES, **EXPLAINED}, **as_("user:ada")).json()["context"]["reason_admin"]
    assert {line["what"] for line in granted["lines"]} >= {"permission", "access rule"}, "an allow is one's own"


def test_groups_of_others_count_only_if_the_caller_may_vouch(desk: Running) -> None:
    claimed = question(entity("user:zoe", groups=["science"]), "use", "environment:read")
    assert desk.ask(claimed, **as_("evaluator")).json() == {"decision": False}
    assert desk.ask(claimed, **as_("evaluator-and-voucher")).json() == {"decision": True}
    told = desk.ask({**claimed, **EXPLAINED}, **as_("evaluator-and-explainer")).json()["context"]["reason_admin"]
    assert told["groups_ignored"] == ["group:science"]
    own = question(entity("user:zoe", groups=["science"]), "use", "environment:read")
    assert desk.ask(own, **as_("user:zoe")).json() == {"decision": False}, "nobody vouches for itself"
    search = {**claimed, "resource": {"type": "environment"}}
    found = {who: desk.ask(search, f"{SEARCH}resource", **as_(who)).json()["results"] for who in _SEARCHERS}
    assert (len(found["searcher"]), len(found["searcher-and-voucher"])) == (0, 1)
    reach = {who: desk.ask(search, PERMITTED, **as_(who)).json()["scopes"] for who in _SEARCHERS}
    assert (reach["searcher"], reach["searcher-and-voucher"]) == ([], ["project:nlp"])


_SEARCHERS = ("searcher", "searcher-and-voucher")

FORGED = [
    ("x-user", "user:bob"), ("x-forwarded-user", "user:ida"), ("x-remote-user", "user:bob"), ("remote-user", "bob"),
    ("x-auth-request-user", "user:bob"), ("x-auth-request-groups", "science"), ("x-groups", "science"),
    ("x-forwarded-groups", "science"), ("remit-subject", "user:bob"), ("x-remit-subject", "user:bob"),
    ("x-api-key", "remit_0_0"), ("cookie", "session=user:bob"), ("x-amzn-oidc-identity", "bob"),
    ("x-ssl-client-s-dn", "CN=bob"), ("from", "bob@example.com"), ("proxy-authorization", BEARER),
    ("x-original-authorization", BEARER), ("x-http-method-override", "GET"), ("forwarded", "for=127.0.0.1;by=bob"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), FORGED)
def test_no_other_header_says_who_calls(desk: Running, name: str, value: str) -> None:
    """Threat row 27."""
    zoe = question("user:zoe", "use", "environment:read")
    for path, body in ((EVALUATION, zoe), (PERMITTED, zoe)):
        plain = desk.ask(body, path, **as_("user:zoe"))
        told = desk.ask(body, path, **as_("user:zoe"), **{name: value})
        assert (told.status_code, told.content) == (plain.status_code, plain.content)
        assert plain.status_code == 200
    other = desk.ask(question("user:bob"), **as_("user:zoe"), **{name: value})
    assert other.status_code == 403
    alone = desk.client.post(EVALUATION, json=zoe, headers={name: value, "authorization": ""})
    assert alone.status_code == 401


@pytest.mark.parametrize("query", ["subject=user:bob", "id=seen", "access_token=x", "%73ubject=ada", "a"])
@pytest.mark.parametrize("path", ROUTES)
def test_what_is_asked_stands_in_the_body_alone(desk: Running, path: str, query: str) -> None:
    """Threat row 15: an address that says something too is refused, and so is one with an id in its path."""
    answer = desk.ask(YES, f"{path}?{query}")
    assert (answer.status_code, "query" in answer.json()["message"]) == (400, True)
    assert desk.ask(YES, f"{path}/user:bob").status_code == 404


BAD = [None, b"", b"Bearer", b"Bearer ", b"Basic YWRhOnB3", b"Bearer x", b"Bearer a.b.c", b"bearer remit_x_y", b"\xff"]
BAD.append(b"Bearer \xff")


@pytest.mark.parametrize("value", BAD, ids=repr)
@pytest.mark.parametrize("path", ROUTES)
def test_without_credentials_nothing_is_read(desk: Running, path: str, value: bytes | None) -> None:
    """The answer comes before the body does, says how to do it right, and carries the request's id."""
    body = json.dumps(YES).encode()
    whole = raw_request(body, b"x-request-id: 7", path=path.encode())
    line = b"" if value is None else b"authorization: " + value + b"\r\n"
    head = whole[: -len(body)].replace(b"authorization: " + BEARER.encode() + b"\r\n", line)
    assert len(head) < len(whole) - len(body)
    with desk.connection() as connection:
        connection.send(head)  # and never the body
        reply = connection.reply()
    assert reply.status == 401
    assert reply.headers[b"www-authenticate"].startswith(b'Bearer realm="remit"')
    given = value is not None and value.lower().startswith(b"bearer")
    assert (b'error="invalid_token"' in reply.headers[b"www-authenticate"]) is given
    assert reply.headers[b"x-request-id"] == b"7"
    assert json.loads(reply.body)["code"] == 401
    assert b"remit-revision" not in reply.headers


def test_two_authorizations_are_none(desk: Running) -> None:
    body = json.dumps(YES).encode()
    with desk.connection() as connection:
        connection.send(raw_request(body, b"authorization: " + bearer("user:ada").encode()))
        assert connection.reply().status == 400


def test_a_token_that_has_run_out_opens_nothing(desk: Running) -> None:
    old = minted(SECRET, "application:tests", (), 60, 10**18)
    answer = desk.ask(YES, authorization=f"Bearer {old}")
    assert (answer.status_code, "invalid_token" in answer.headers["www-authenticate"]) == (401, True)


def test_of_what_anybody_may_ask_nothing_needs_a_name(desk: Running) -> None:
    for page in ("/.well-known/authzen-configuration", "/healthz", "/readyz", "/openapi.json"):
        assert desk.client.get(page, headers={"authorization": "Bearer nonsense"}).status_code == 200


def test_a_caller_may_ask_only_so_often() -> None:
    with serving(FILES, limits=Limits(rate=5)) as running:
        first = [running.ask(YES, **as_("user:ada")).status_code for _ in range(20)]
        assert first[:5] == [200] * 5 and 429 in first
        late = running.ask(YES, **{**as_("user:ada"), "x-request-id": "9"})
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) >= 1
        assert late.json()["message"] == "`user:ada` asks faster than 5 times a second"
        assert late.headers["x-request-id"] == "9"
        assert running.ask(YES).status_code == 200, "others are not held up"


def test_a_rate_counts_every_way_to_ask() -> None:
    table = read_table("table.csv", b"GET, /environments/{id}, use, environment, {id}\n")
    snapshot = Snapshot(read_policy(with_caller(FILES)))
    app = build_app(snapshot, "http://127.0.0.1", CALLERS, SECRET, Limits(rate=3), table)
    original = {"x-original-method": "GET", "x-original-uri": "/environments/seen"}
    with serving(app=app) as running:
        ada = as_("user:ada")
        asked = [running.client.get("/forward-auth", headers={**ada, **original}).status_code for _ in range(2)]
        asked += [running.ask(YES, path, **ada).status_code for path in (EVALUATION, PERMITTED, EVALUATION)]
        assert asked[:3] == [204, 204, 200] and asked[-1] == 429
        assert running.client.get("/forward-auth", headers={**ada, **original}).status_code == 429


def test_rates_are_counted_by_the_second_and_forgotten() -> None:
    time = [100.0]
    rates = Rates(10, lambda: time[0])

    def passes(caller: str = "user:ada") -> bool:
        try:
            rates.check(caller)
        except Refusal as refusal:
            assert refusal.status == 429
            return False
        return True

    assert [passes() for _ in range(12)] == [True] * 10 + [False] * 2
    time[0] += 0.1
    assert [passes() for _ in range(2)] == [True, False], "one more is due after a tenth of a second"
    time[0] += 60
    assert sum(passes() for _ in range(30)) == 10, "what was not used is not saved up"
    for number in range(10_050):
        passes(f"user:{number}")
        time[0] += 0.2
    assert len(rates._due) < 10_050


def test_a_slow_rate_lets_one_through() -> None:
    rates = Rates(0.5, lambda: 7.0)
    rates.check("user:ada")
    with pytest.raises(Refusal) as refused:
        rates.check("user:ada")
    assert refused.value.headers == ((b"retry-after", b"2"),)


def test_sizes_are_those_that_were_set() -> None:
    with serving(FILES, limits=Limits(body=2_000, batch=3, explained=32)) as running:
        for count, status in ((3, 200), (4, 400)):
            plain: dict[str, Any] = {"evaluations": [YES] * count}
            for body in (plain, {**plain, **EXPLAINED}, {**YES, "evaluations": [{}] * count}):
                assert running.ask(body, EVALUATIONS).status_code == status, (count, body)
        for size, status in ((2_000, 200), (2_001, 413)):
            body = json.dumps(YES).encode()
            assert running.post(body + b" " * (size - len(body))).status_code == status
