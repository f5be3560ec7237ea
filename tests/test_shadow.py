"""A shadow policy is asked what the live one was asked; how it differs is counted and listed, and nobody who asks for a
decision ever notices it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from asking import FILES, question
from commands import Desk, ran, really_ran, written
from golden import golden
from readable import NOW
from remit.adapters.db import open_database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.memory import RingJournal
from remit.bootstrap import build_app, handlers
from remit.core.explain import explain
from remit.core.history import UNKNOWN
from remit.core.model import Actor, Question
from remit.core.pdp import decide, walk
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured, NotFound, PolicyInvalid
from remit.observing import Watch
from remit.service.counts import Counts
from remit.service.decisions import question_of
from remit.service.gate import Gate, Permit
from remit.service.live import LivePolicy
from remit.service.operations import Answer, Asked, Compared, Evaluate, EvaluateMany, ListShadow, Unanswerable
from remit.service.sampling import Live, Sample
from remit.service.shadow import MOST, Shadow
from remit.starting import shadow_files
from server import BEARER, CALLERS, SECRET, bearer, serving, with_caller
from straight import Straight
from test_cli_usage import NASTY, assert_plain
from test_metrics import VIEW, post, samples_of

RULES = "policies/access_rules.csv"
SEEN = with_caller(FILES)
OLD = {**SEEN, **{name: SEEN.get(name, b"") + data for name, data in VIEW.items()}}
NEW = {
    **OLD,
    RULES: OLD[RULES].replace(
        b"g, user:ada, researcher, project:vision\n", b"g, user:zoe, researcher, project:vision\n"
    ),
}
LIVE, CANDIDATE = Snapshot(read_policy(OLD)), Snapshot(read_policy(NEW))
PORTAL = Actor("application:tests")
WHEN = 1_790_000_000_000_000
SUBJECTS = ("user:ada", "user:zoe", "user:bob", "user:grace", "user:old", "user:nobody")
ACTIONS = ("view", "use", "edit", "create", "fly")
SCOPES = (None, "*", "project:vision", "project:nlp", "department:research", "project:none")
GROUPS = ((), ("group:lab",), ("group:science", "group:none"))


def some_asked(chance: Random) -> Asked:
    kind = chance.choice(("environment", "workload", "planet"))
    id = chance.choice(("x", "seen", "everywhere"))
    return Asked(
        chance.choice(SUBJECTS), chance.choice(ACTIONS), kind, id, chance.choice(SCOPES), chance.choice(SCOPES),
        chance.choice(GROUPS),
    )  # fmt: skip


def gate_of(watch: Watch, clock: Any = lambda: WHEN * 1_000) -> Gate:
    live = LivePolicy(LIVE)
    return Gate(live, RingJournal(), clock, handlers(SECRET, live), None, watch.taps)


def watched(candidate: Snapshot = CANDIDATE, share: float = 1.0) -> Watch:
    return Watch(LivePolicy(LIVE), ("draft", candidate), share)


def drained(watch: Watch) -> Compared:
    """Compare all that waits, now; what was found."""
    for sample, look in watch._drains:
        while taken := sample.take(1_000):
            look(taken)
    assert watch._shadow is not None
    return watch._shadow.report(1_000, LIVE.revision)


def asked_of(gate: Gate, chance: Random, rounds: int) -> list[Asked]:
    """Ask at random, alone and in batches; all that was asked and decided."""
    asked: list[Asked] = []

    async def ask() -> None:
        for _ in range(rounds):
            items = [some_asked(chance) for _ in range(chance.randrange(1, 6))]
            if len(items) == 1:
                await gate.perform(PORTAL, Evaluate(items[0]))
            else:
                answers = await gate.perform(PORTAL, EvaluateMany((*items, Unanswerable("no question"))))
                assert len(answers.items) == len(items) + 1
            asked.extend(items)

    asyncio.run(ask())
    return asked


def by_hand(asked: list[Asked]) -> Counter[tuple[str, str, str, str]]:
    """How often the two policies differ on these, judged one by one: the caller may vouch for groups."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for subject, action, kind, id, declared, place, claimed, _ in asked:
        question = Question(subject, action, kind, id, declared, place, claimed, WHEN)
        live, candidate = decide(LIVE, *question), decide(CANDIDATE, *question)
        if live.code is not candidate.code:
            found[str(live.code), str(candidate.code), kind, action] += 1
    return found


@pytest.mark.parametrize("seed", range(4))
def test_what_it_finds_is_what_comparing_by_hand_finds(seed: int) -> None:
    watch = watched()
    watch._shadow._pace = 0  # type: ignore[union-attr]
    asked = asked_of(gate_of(watch), Random(seed), 400)
    found, expected = drained(watch), by_hand(asked)
    assert dict(found.totals) == expected and len(expected) > 5 and sum(expected.values()) > 20
    assert (found.compared, found.dropped, found.failed) == (len(asked), 0, 0)
    listed: Counter[tuple[str, str, str, str]] = Counter()
    for each in found.differences:
        kind, action = each.question.kind, each.question.action
        listed[str(each.live.code), str(each.candidate.code), kind, action] += each.times
        assert each.live == explain(LIVE, each.question, decide(LIVE, *each.question))
        assert each.candidate == explain(CANDIDATE, each.question, decide(CANDIDATE, *each.question))
        assert each.first == each.last == WHEN
    assert listed == expected
    assert len({each.question for each in found.differences}) == len(found.differences)


def test_a_comparison_that_forgets_groups_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = question_of
    monkeypatch.setattr("remit.service.sampling.question_of", lambda *given: honest(*given)._replace(groups=()))
    with pytest.raises(AssertionError):
        for seed in range(4):
            test_what_it_finds_is_what_comparing_by_hand_finds(seed)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_set_aside_is_what_was_judged(seed: int) -> None:
    """The question that is made of a permit later is the one that was answered: groups, home and instant included."""
    chance, seen, clock = Random(seed), Counter[str](), [WHEN]
    homes = {"0" * 36: ("environment", "project:vision"), "1" * 36: ("environment", "project:nlp")}

    def tap(permit: Permit, operation: Any, result: Any) -> None:
        actor, snapshot, when, wishes, _ = permit
        permit = tuple.__new__(Permit, (actor, snapshot, when, wishes, homes))
        again = handlers(SECRET, LivePolicy(LIVE))[Evaluate](permit, operation)
        assert isinstance(again, Answer)
        question = question_of(permit, operation.asked)
        assert walk(snapshot, *question) == again.found and question.when == clock[0]
        seen[f"{question.groups} {question.known}"] += 1

    live = LivePolicy(LIVE)
    gate = Gate(live, RingJournal(), lambda: clock[0] * 1_000, handlers(SECRET, live), None, (tap,))

    async def ask() -> None:
        for _ in range(200):
            clock[0] += 1
            asked = some_asked(chance)._replace(id=chance.choice(("x", *homes)))
            actor = chance.choice((PORTAL, Actor(asked.subject, ("group:lab",)), Actor(asked.subject)))
            await gate.perform(actor, Evaluate(asked))

    asyncio.run(ask())
    assert len(seen) > 8


def test_answers_are_the_same_with_it_and_without() -> None:
    watch = watched()
    plain = build_app(LIVE, "http://x", CALLERS, SECRET)
    beside = build_app(LIVE, "http://x", CALLERS, SECRET, watch=watch)
    chance = Random(7)
    with Straight(plain) as one, Straight(beside) as other, watch.running():
        for _ in range(150):
            asked = some_asked(chance)
            body = question(
                subject={"type": asked.subject.partition(":")[0], "id": asked.subject.partition(":")[2]},
                action=asked.action,
                resource={"type": asked.kind, "id": asked.id, "properties": {"scope": asked.declared}},
                options={"explain": chance.random() < 0.3},
            )
            path = "/access/v1/evaluation"
            if chance.random() < 0.5:
                path, body = "/access/v1/evaluations", {"evaluations": [body, body]}
            first, second = post(one, path, body), post(other, path, body)
            assert (first.status_code, first.content) == (second.status_code, second.content)
            assert first.headers == second.headers
        end = time.monotonic() + 10
        while not watch.counts.samples:
            assert time.monotonic() < end
            time.sleep(0.01)


class Broken(Snapshot):
    """A candidate that raises, or takes its time, whatever it is asked."""

    wait = 0.0

    @property
    def pairs(self) -> Any:
        time.sleep(self.wait)
        raise ZeroDivisionError

    @pairs.setter
    def pairs(self, _: Any) -> None: ...


@pytest.mark.parametrize("wait", [0.0, 0.2])
def test_a_candidate_that_throws_or_is_slow_is_noticed_by_nobody_who_asks(wait: float) -> None:
    candidate = Broken(read_policy(NEW))
    candidate.wait = wait
    watch = watched(candidate)
    with Straight(build_app(LIVE, "http://x", CALLERS, SECRET, watch=watch)) as client, watch.running():
        began = time.monotonic()
        for _ in range(20):
            assert post(client, "/access/v1/evaluation", question()).json() == {"decision": True}
        took = time.monotonic() - began
        while not watch.counts.samples.get(("shadow", "failed")):
            assert time.monotonic() - began < 30
            time.sleep(0.01)
    assert took < 20 * 0.2, "nobody waits for it"
    assert ("shadow", "compared") not in watch.counts.samples


def test_what_there_is_no_room_for_is_dropped_and_counted() -> None:
    counts = Counts()
    sample = Sample("shadow", 1.0, counts, lambda: 0.0, room=3)
    watch = Watch(LivePolicy(LIVE))
    watch.taps = (sample.tap,)
    asked_of(gate_of(watch), Random(1), 20)
    assert len(sample.take(1_000)) == 3
    assert counts.samples["shadow", "dropped"] > 10


def test_a_share_is_a_share() -> None:
    chance = Random(1)
    counts = Counts()
    sample = Sample("shadow", 0.2, counts, chance.random, room=10_000)
    watch = Watch(LivePolicy(LIVE))
    watch.taps = (sample.tap,)
    asked = asked_of(gate_of(watch), Random(1), 700)
    assert 0.15 < len(sample.take(10_000)) / len(asked) < 0.25
    none = Sample("shadow", 0.0, counts, chance.random)
    watch.taps = (none.tap,)
    asked_of(gate_of(watch), Random(1), 20)
    assert none.take(10) == []


def ask_ada(when: int, id: str = "x") -> Live:
    asked = Question("user:ada", "create", "environment", id, "project:vision", None, (), when)
    return Live(LIVE, asked, decide(LIVE, *asked).code)


def test_the_list_is_bounded_and_the_latest_come_first() -> None:
    shadow = Shadow(CANDIDATE, "draft", 1.0, Counts(), lambda: 0, pace=0)
    for number in range(MOST + 5):
        shadow.compare(ask_ada(number, f"x{number}"))
    shadow.compare(ask_ada(9_999, "x700"))
    found = shadow.report(10_000, LIVE.revision)
    assert len(found.differences) == MOST and found.compared == MOST + 6
    assert [each.question.id for each in found.differences[:2]] == ["x700", f"x{MOST + 4}"]
    assert found.differences[0][3:] == (2, 700, 9_999)
    assert "x4" not in {each.question.id for each in found.differences}
    assert shadow.report(3, LIVE.revision).differences == found.differences[:3]
    assert shadow.report(10_000, "another").differences == (), "they differ from a policy that is no longer live"


def test_reasons_are_found_at_a_pace_and_counts_are_whole() -> None:
    now = [0]
    shadow = Shadow(CANDIDATE, "draft", 1.0, Counts(), lambda: now[0], pace=1_000)
    for number in range(10):
        shadow.compare(ask_ada(number, f"x{number}"))
    assert len(shadow.report(99, LIVE.revision).differences) == 1
    now[0] += 1_000_000
    shadow.compare(ask_ada(1, "x5"))
    found = shadow.report(99, LIVE.revision)
    assert [each.question.id for each in found.differences] == ["x5", "x0"]
    assert dict(found.totals) == {("granted", "unknown-subject", "environment", "create"): 11}


@pytest.fixture
def client() -> Iterator[Straight]:
    watch = watched()
    with Straight(build_app(LIVE, "http://x", CALLERS, SECRET, watch=watch)) as client:
        client.watch = watch  # type: ignore[attr-defined]
        yield client


def get(client: Straight, path: str, caller: str = BEARER, **query: str) -> Any:
    return client.request("GET", path, params=query, headers={"authorization": caller})


def test_it_is_listed_for_whoever_may_look_at_the_policy(client: Straight) -> None:
    post(client, "/access/v1/evaluation", question(resource={"type": "environment", "id": "seen"}))
    drained(client.watch)  # type: ignore[attr-defined]
    answer = get(client, "/v1/policy/shadow")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["source"], body["revision"], body["live"]) == ("draft", CANDIDATE.revision, LIVE.revision)
    assert (body["compared"], body["dropped"], body["failed"], body["share"]) == (1, 0, 0, 1.0)
    (total,), (found,) = body["totals"], body["differences"]
    assert (total["from"], total["to"], total["count"]) == ("granted", "unknown-subject", 1)
    assert found["live"]["decision"] is True and found["candidate"]["decision"] is False
    assert found["live"]["reason_admin"]["lines"] and found["live"]["revision"] == LIVE.revision
    assert get(client, "/v1/policy/shadow", bearer("user:ada")).status_code == 403
    assert get(client, "/v1/policy/shadow", limit="0").status_code == 400
    assert get(client, "/v1/policy/shadow", limit="1000").status_code == 200
    samples = samples_of(get(client, "/metrics").text)
    assert samples["remit_shadow_compared_total", frozenset()] == 1
    pair = frozenset({("from", "granted"), ("to", "unknown-subject")})
    assert samples["remit_shadow_differences_total", pair] == 1


def test_an_action_that_neither_policy_knows_is_counted_as_another() -> None:
    files = {**NEW, "policies/vocabulary.csv": NEW["policies/vocabulary.csv"] + b"planet, land, home, touch down\n"}
    counts = Counts()
    shadow = Shadow(Snapshot(read_policy(files)), "draft", 1.0, counts, lambda: 0)
    asked = Question("user:ada", "made-up", "planet", "x")
    shadow.compare(Live(LIVE, asked, decide(LIVE, *asked).code))
    assert counts.differences == {("unknown-kind", "unknown-action", "planet", "other"): 1}


def test_without_a_shadow_policy_there_is_nothing_to_list() -> None:
    with pytest.raises(NotFound, match="--shadow-policy"):
        asyncio.run(gate_of(Watch(LivePolicy(LIVE))).perform(PORTAL, ListShadow()))


def test_the_verb_says_what_differs_and_why() -> None:
    watch = watched()
    gate = gate_of(watch)

    async def ask() -> None:
        for asked in (
            Asked("user:ada", "use", "environment", "seen", None, "project:vision"),
            Asked("user:zoe", "create", "environment", "new", "project:vision", None, ("group:lab",)),
            Asked("user:ada", "use", "environment", "seen", None, "project:vision"),
        ):
            await gate.perform(PORTAL, Evaluate(asked))

    asyncio.run(ask())
    watch._shadow._pace = 0  # type: ignore[union-attr]
    drained(watch)
    with serving(app=build_app(LIVE, "http://x", CALLERS, SECRET, watch=watch)) as running:
        given = ("--url", running.url, "--token", BEARER.removeprefix("Bearer "))
        found = ran("shadow", *given)
        assert (found.code, found.err) == (0, "")
        golden("shadow/text.txt", masked(found.out))
        found = ran("shadow", *given, "--limit", "1", "--format", "json")
        assert found.code == 0 and len(json.loads(found.out)["differences"]) == 1
        golden("shadow/one.json", masked(json.dumps(json.loads(found.out), indent=2) + "\n"))
        assert ran("shadow", "--url", running.url, "--token", bearer("user:ada").removeprefix("Bearer ")).code == 1


class Hostile(Desk):
    """A server that says what it likes."""

    said = ""

    def ask(self, *_: Any, **__: Any) -> tuple[int, str]:
        return 200, self.said


@pytest.mark.parametrize("name", NASTY.values(), ids=NASTY)
def test_nothing_that_a_server_says_reaches_the_terminal_as_anything_but_text(name: str) -> None:
    reason = {"decision": name, "reason_admin": {"code": name, "sentence": name}}
    asked = dict.fromkeys(("subject", "action", "kind", "id", "home", "place"), name) | {"groups": [name]}
    one = {"question": asked, "count": 1, "first": name, "last": name, "live": reason, "candidate": name}
    total = {"from": name, "to": name, "kind": name, "action": name, "count": 2}
    desk = Hostile(FILES)
    desk.said = json.dumps(
        {
            "source": name,
            "revision": name,
            "live": name,
            "compared": name,
            "totals": [total, name],
            "differences": [one],
        }
    )
    for format in ("text", "json"):
        found = ran("shadow", "--token", "x", "--format", format, desk=desk)
        assert found.code == 0
        assert_plain(found)


def masked(text: str) -> str:
    """Revisions in letters: they are hashes of files that other tests may change."""
    for snapshot, name in ((LIVE, "LIVE"), (CANDIDATE, "CANDIDATE")):
        text = text.replace(snapshot.revision, name).replace(snapshot.revision[:12], name)
    return text


def test_a_shadow_policy_with_a_finding_does_not_start(tmp_path: Path) -> None:
    written(OLD, tmp_path)
    broken = {name.replace("policies/", "draft/"): data for name, data in NEW.items() if name != "model.conf"}
    broken["draft/access_rules.csv"] += b"g, user:eve, no-such-role, *\n"
    written(broken, tmp_path)
    found = really_ran("serve", "--shadow-policy", "draft", "--port", "0", directory=tmp_path)
    assert found.code == 3 and "R013" in found.err
    assert "the shadow policy `draft` is not fit to be asked" in found.err


def test_a_revision_that_was_live_can_be_the_candidate(tmp_path: Path) -> None:
    """By its name, how it begins, or its number; what is no revision there is looked for in git."""
    written(OLD, tmp_path)
    database = open_database(sqlite_url(tmp_path / "remit.db"))
    try:
        for files in (OLD, NEW):
            database.revisions.activate(files, UNKNOWN, "somewhere", 1)

        def read(where: str) -> dict[str, bytes]:
            raise Misconfigured(f"`{where}` is neither")

        for name in (revision_of(NEW), revision_of(NEW)[:9], "2"):
            assert shadow_files(name, database, read, NOW) == NEW
        assert shadow_files(None, database, read, NOW) is None
        for name in ("3", "main", revision_of(NEW)[:6]):
            with pytest.raises(Misconfigured):
                shadow_files(name, database, read, NOW)
        assert shadow_files(str(tmp_path / "policies"), database, lambda _: OLD, NOW) == OLD
        with pytest.raises(PolicyInvalid):
            shadow_files(str(tmp_path), database, lambda _: {}, NOW)
    finally:
        database.close()
