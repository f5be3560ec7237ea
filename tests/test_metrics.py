"""What was counted is what was decided, no more and no less; it names nobody, and is shown to whoever may look at the
policy.
"""

from __future__ import annotations

import asyncio
import json
import pickle
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from asking import FILES, question
from remit.adapters.metrics import Metrics
from remit.bootstrap import build_app
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.observing import Watch
from remit.service.counts import BOUNDS, Counts
from remit.service.live import LivePolicy
from remit.service.operations import Refused, Standing
from server import BEARER, CALLERS, SECRET, bearer, with_caller
from straight import Straight

VIEW = {
    "policies/vocabulary.csv": b"policy, view, home, look at the policy\n",
    "policies/service_roles.csv": b"p, overseer, *, policy, view\n",
    "policies/access_rules.csv": b"g, application:tests, overseer, *\n",
}
SEEN = with_caller(FILES)
SNAPSHOT = Snapshot(read_policy({**SEEN, **{name: SEEN.get(name, b"") + data for name, data in VIEW.items()}}))
ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"
CANARY = "zz-canary-83c1"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def client() -> Iterator[Straight]:
    with Straight(build_app(SNAPSHOT, "http://x", CALLERS, SECRET)) as client:
        yield client


def post(client: Straight, path: str, body: Any, caller: str = BEARER) -> Any:
    return client.request(
        "POST", path, json=body, headers={"authorization": caller, "content-type": "application/json"}
    )


def scraped(client: Straight) -> Samples:
    answer = client.request("GET", "/metrics", headers={"authorization": BEARER})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples_of(answer.text)


def samples_of(text: str) -> Samples:
    families = text_string_to_metric_families(text)
    return {(each.name, frozenset(each.labels.items())): each.value for one in families for each in one.samples}


def decisions_in(samples: Samples) -> dict[tuple[str, str, str], float]:
    found = {}
    for (name, labels), value in samples.items():
        if name == "remit_decisions_total":
            of = dict(labels)
            found[of["verdict"], of["kind"], of["code"]] = value
    return found


SUBJECTS = ("ada", "bob", "grace", "nobody")
ACTIONS = ("view", "use", "edit", "create", "fly")
KINDS = ("environment", "workload", "planet", "moon")
SCOPES = (None, "*", "project:vision", "project:nlp", "project:none")


def some_question(chance: Random) -> dict[str, Any]:
    scope = chance.choice(SCOPES)
    return question(
        subject={"type": "user", "id": chance.choice(SUBJECTS)},
        action=chance.choice(ACTIONS),
        resource={"type": chance.choice(KINDS), "id": "x", "properties": {} if scope is None else {"scope": scope}},
    )


def counted_as(asked: dict[str, Any]) -> tuple[str, str, str]:
    """What the decision itself says of a question, as it is to be counted."""
    kind, scope = asked["resource"]["type"], asked["resource"]["properties"].get("scope")
    place = asked.get("context", {}).get("project")
    witness = decide(
        SNAPSHOT, f"user:{asked['subject']['id']}", asked["action"]["name"], kind, "x", scope, place
    )  # fmt: skip
    known = kind if kind in SNAPSHOT.vocabulary else "other"
    return ("allow" if witness.allowed else "deny", known, str(witness.code))


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_what_was_decided(client: Straight, seed: int) -> None:
    chance, expected = Random(seed), Counter[tuple[str, str, str]]()
    for _ in range(30):
        asked = [some_question(chance) for _ in range(chance.randrange(1, 8))]
        if len(asked) == 1 and chance.random() < 0.7:
            assert post(client, ONE, asked[0]).status_code == 200
            expected[counted_as(asked[0])] += 1
            continue
        items: list[Any] = [*asked, {"subject": 5}]
        chance.shuffle(items)
        semantic = chance.choice(["execute_all", "deny_on_first_deny", "permit_on_first_permit"])
        answer = post(client, MANY, {"evaluations": items, "options": {"evaluations_semantic": semantic}})
        given = answer.json()["evaluations"]
        for item, _ in zip(items, given, strict=False):
            expected[("error", "other", "invalid") if item == {"subject": 5} else counted_as(item)] += 1
    assert decisions_in(scraped(client)) == expected
    assert sum(expected.values()) > 60 and len(expected) > 8


def test_only_who_may_look_at_the_policy_is_shown_the_counts(client: Straight) -> None:
    assert client.request("GET", "/metrics", headers={}).status_code == 401
    assert client.request("GET", "/metrics", headers={"authorization": bearer("user:ada")}).status_code == 403
    assert client.request("GET", "/metrics", headers={"authorization": BEARER}).status_code == 200


def test_no_name_of_anybody_and_nothing_a_caller_made_up_is_told(client: Straight) -> None:
    """Threats, row 42."""
    for path in (
        ("subject", "id"), ("subject", "type"), ("action", "name"), ("resource", "type"), ("resource", "id"),
        ("resource", "properties"), ("context", "project"),
    ):  # fmt: skip
        asked = json.loads(json.dumps(question()))
        value: Any = {"scope": f"project:{CANARY}"} if path[1] == "properties" else CANARY
        asked.setdefault(path[0], {})[path[1]] = f"project:{CANARY}" if path[1] == "project" else value
        assert post(client, ONE, asked).status_code == 200
        post(client, MANY, {"evaluations": [asked]})
    for route in (f"{ONE}/{CANARY}", f"/{CANARY}"):
        post(client, route, {})
    post(client, ONE, {}, bearer(f"user:{CANARY}"))
    text = client.request("GET", "/metrics", headers={"authorization": BEARER}).text
    assert CANARY not in text
    for name in ("ada", "tests", "project:", "department:", "seen"):
        assert name not in text, name


def test_how_long_answers_took_is_told_by_route_and_status(client: Straight) -> None:
    for _ in range(3):
        post(client, ONE, question())
    post(client, ONE, {})
    post(client, ONE, question(), "Bearer x")
    post(client, "/v1/permitted-scopes", {})
    samples = scraped(client)
    counts = {
        (dict(labels)["route"], dict(labels)["status"]): value
        for (name, labels), value in samples.items()
        if name == "remit_request_seconds_count"
    }
    assert counts == {(ONE, "200"): 3, (ONE, "400"): 1, (ONE, "401"): 1, ("/v1/permitted-scopes", "400"): 1}
    buckets = [
        samples["remit_request_seconds_bucket", frozenset({("route", ONE), ("status", "200"), ("le", str(bound))})]
        for bound in (*BOUNDS, "+Inf")
    ]
    assert buckets == sorted(buckets) and buckets[-1] == 3
    took = samples["remit_request_seconds_sum", frozenset({("route", ONE), ("status", "200")})]
    assert 0 < took < 30


def test_each_application_counts_for_itself(client: Straight) -> None:
    post(client, ONE, question())
    with Straight(build_app(SNAPSHOT, "http://x", CALLERS, SECRET)) as other:
        assert decisions_in(scraped(other)) == {} != decisions_in(scraped(client))


def test_the_live_policy_is_told() -> None:
    live = LivePolicy(SNAPSHOT, "somewhere", 5_000_000)
    text = Metrics(Counts, live.standing, lambda: 65_500_000_000).text()
    samples = samples_of(text)
    nothing: frozenset[tuple[str, str]] = frozenset()
    assert samples["remit_policy_info", frozenset({("revision", SNAPSHOT.revision)})] == 1
    assert samples["remit_policy_age_seconds", nothing] == 60.5
    assert samples["remit_policy_activated_timestamp_seconds", nothing] == 5
    assert samples["remit_policy_refused", nothing] == 0
    live.lost("gone", 70_000_000)
    assert samples_of(Metrics(Counts, live.standing, lambda: 0).text())["remit_policy_refused", nothing] == 1
    still = LivePolicy(SNAPSHOT).standing
    assert "remit_policy_age_seconds" not in Metrics(Counts, still, lambda: 0).text(), "it is not followed"


def test_what_came_of_the_source_is_counted() -> None:
    stood = Standing("a", 0, "somewhere", 0, None)
    refused = stood._replace(refused=Refused("b", 1, (), ("a case",)))
    lost = stood._replace(refused=Refused("", 2, (), ("gone",)))
    watch = Watch(LivePolicy(SNAPSHOT))
    for before, after in (
        (stood, stood), (stood, refused), (refused, refused._replace(checked=9)), (refused, lost), (lost, lost),
        (lost, stood), (stood, stood._replace(revision="c")), (refused, stood._replace(revision="d")),
    ):  # fmt: skip
        watch.heard(before, after)
    assert watch.counts.reloads == {"refused": 1, "lost": 1, "activated": 2}
    text = Metrics(watch.counts.copy, lambda: stood, lambda: 0).text()
    assert 'remit_policy_reloads_total{outcome="activated"} 2.0' in text


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("decision"), st.sampled_from(["a", "b"]), st.sampled_from(["granted", "no-role-here"])),
        st.tuples(st.just("request"), st.sampled_from(["/x", "/y"]), st.sampled_from([0.0001, 0.0005, 0.02, 5.0])),
        st.tuples(st.just("reload"), st.sampled_from(["activated", "lost"]), st.none()),
    ),
    max_size=30,
)


def put(counts: Counts, event: tuple[str, Any, Any]) -> None:
    what, one, two = event
    if what == "request":
        counts.took(one, 200, two)
        return
    table: dict[Any, int] = counts.decisions if what == "decision" else counts.reloads
    key = (one, two) if what == "decision" else one
    table[key] = table.get(key, 0) + 1


@given(EVENTS, st.integers(0, 30))
def test_the_counts_of_two_processes_add_up_to_those_of_one(events: list[Any], at: int) -> None:
    whole, first, second = Counts(), Counts(), Counts()
    for number, event in enumerate(events):
        put(whole, event)
        put(first if number < at else second, event)
    together = first.copy()
    together.merge(pickle.loads(pickle.dumps(second)))
    assert (together.decisions, together.requests, together.reloads) == (whole.decisions, whole.requests, whole.reloads)
    assert together.seconds == pytest.approx(whole.seconds)
    assert first.copy() == first and first.copy() is not first


def test_a_count_that_misses_batches_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remit.service.taps.EvaluateMany", type(None))
    with Straight(build_app(SNAPSHOT, "http://x", CALLERS, SECRET)) as client, pytest.raises(AssertionError):
        test_counts_are_what_was_decided(client, 0)


def test_what_is_counted_can_be_read_while_it_grows() -> None:
    counts = Counts()

    async def grow() -> None:
        for number in range(2_000):
            counts.decisions[f"k{number}", "granted"] = 1
            if number % 100 == 0:
                await asyncio.to_thread(counts.copy)

    asyncio.run(grow())
    assert len(counts.copy().decisions) == 2_000
