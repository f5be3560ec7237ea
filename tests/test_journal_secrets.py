"""Nothing secret is kept or told (threats, row 42): secrets are planted wherever a caller can put one, the whole
interface is driven with them, and every output of a real server is searched. Beside it: what a log could be forged
or filled with (rows 39 and 41)."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asking import YES, question
from catalog_world import ASSET, SPECS
from commands import really_ran, written
from journal_lines import decision
from remit.adapters.journal.blocks import MOST_LINE
from remit.adapters.journal.reading import entries
from remit.bootstrap import mint
from remit.core.journal.chain import leaf
from remit.core.journal.entries import Entry, Kind, entry_of
from remit.core.journal.sieve import spelt
from remit.journaling import MOST_UNKNOWN
from remit.service.recording import MOST_REQUEST
from server import EVALUATION, EVALUATIONS
from test_serve import free_port, running
from test_shipped_policy import shipped

PORTAL, GRACE, LESLIE = "application:notebook-portal", "user:grace@example.com", "user:leslie@example.com"


def token(directory: Path, subject: str) -> str:
    """A token of somebody, as `remit token` prints it."""
    return mint(directory / ".remit", subject, (), 3_600)


class Planted:
    """Secrets, each another one, and where none of them may turn up."""

    def __init__(self, directory: Path, port: int) -> None:
        self.values: dict[str, str] = {}
        self.heard: list[tuple[str, bytes]] = []
        self.journal = directory / ".remit" / "journal"
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20.0)

    def secret(self, where: str) -> str:
        """One more."""
        self.values[where] = f"canary{secrets.token_hex(12)}"
        return self.values[where]

    def knows(self, where: str, value: str) -> str:
        """One that somebody else made."""
        self.values[where] = value
        return value

    def send(self, method: str, path: str, token: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request; an error that it is answered is kept, and metrics: who may read a thing reads it."""
        given = {"authorization": f"Bearer {token}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if content is not None:
            given["content-type"] = "application/json"
        reply = self.client.request(method, path, headers=given, content=content)
        if reply.status_code >= 400 or path == "/metrics":
            self.heard.append((f"{method} {path} {reply.status_code}", reply.content + str(reply.headers).encode()))
        return reply

    def found(self, *streams: str) -> list[str]:
        """Where which of them turned up."""
        places = [*self.heard, *((f"stream {n}", text.encode()) for n, text in enumerate(streams))]
        for path in self.journal.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                places.append((path.name, gzip.decompress(data) if path.suffix == ".gz" else data))
        return [
            f"{where} in {place}"
            for where, value in self.values.items()
            for place, data in places
            if value.encode() in data or base64.b64encode(value.encode()) in data
        ]


def in_questions(planted: Planted, portal: str) -> None:
    """In all that a question can hold and that means nothing."""
    hidden = lambda where: {"password": planted.secret(where), "deep": {"ticket": planted.secret(f"{where}, deep")}}  # noqa: E731
    for path in (EVALUATION, EVALUATIONS, "/access/v1/search/resource", "/access/v1/search/subject",
                 "/access/v1/search/action", "/v1/permitted-scopes"):  # fmt: skip
        body = question(context={"ticket": "SEC-7", **hidden(f"context of {path}")})
        for part in ("subject", "resource", "action"):
            body[part] = {
                **body[part],
                "properties": hidden(f"{part}.properties of {path}"),
                "secret": planted.secret(part),
            }
        body |= {"options": hidden(f"options of {path}"), "unknown": planted.secret(f"a member of {path}")}
        body["evaluations"] = [
            {},
            {"context": hidden(f"item's context of {path}")},
            {"action": {"name": ""}, **hidden("x")},
        ]
        headers = {"x_secret": planted.secret("a header"), "cookie": f"session={planted.secret('a cookie')}"}
        reply = planted.send("POST", path, portal, body, **headers)
        assert reply.status_code == 200, reply.text
        for broken in (
            json.dumps(body).encode()[:-1],
            b'{"password": "%s"' % planted.secret("broken").encode(),
            b'["x"]',
        ):
            assert planted.send("POST", path, portal, broken).status_code == 400
        assert planted.send("POST", f"{path}?key={planted.secret('a query')}", portal, body).status_code == 400


def in_credentials(planted: Planted, known: str) -> None:
    """In what a caller says that it is known by."""
    head, body, _ = known.split(".")
    for where, value in {
        "a token of nobody": f"Bearer {planted.secret('a token of nobody')}",
        "a forged token": f"Bearer {head}.{body}.{planted.secret('a forged token')}",
        "a password": "Basic " + base64.b64encode(f"ada:{planted.secret('a password')}".encode()).decode(),
        "another scheme": f"Negotiate {planted.secret('another scheme')}",
    }.items():
        reply = planted.client.post(EVALUATION, json=YES, headers={"authorization": value})
        assert reply.status_code == 401, where
        planted.heard.append((where, reply.content))


def in_the_catalog(planted: Planted, grace: str) -> None:
    """In the secrets of credentials, made, changed and refused."""
    for sort in (sort for sort in SPECS if sort.startswith("credentials/")):
        spec = json.loads(json.dumps(SPECS[sort]))
        for name in ("password", "secretAccessKey"):
            if name in spec:
                spec[name] = planted.secret(f"{sort} {name}")
        for pair in spec.get("keyValuePairs", ()):
            pair["value"] = planted.secret(f"{sort} value")
        body = {"meta": {"name": "kept", "scope": "tenant"}, "spec": spec}
        made = planted.send("POST", f"{ASSET}/{sort}", grace, body)
        assert made.status_code == 202, made.text
        id = made.json()["meta"]["id"]
        assert planted.send("POST", f"{ASSET}/{sort}", grace, body).status_code == 409
        changed = {"meta": {"name": "kept"}, "spec": spec}
        assert planted.send("PUT", f"{ASSET}/{sort}/{id}", grace, changed, if_match='"7"').status_code == 412
        unknown = {**spec, "unknown": planted.secret(f"{sort} unknown")}
        assert planted.send("POST", f"{ASSET}/{sort}", grace, {**body, "spec": unknown}).status_code == 400
        assert planted.send("GET", f"{ASSET}/{sort}/{id}", grace).status_code == 200
        assert planted.send("DELETE", f"{ASSET}/{sort}/{id}", grace).status_code == 202


def in_policies(planted: Planted, leslie: str) -> None:
    """In comments of files, published and refused."""
    live = planted.send("GET", "/v1/policy/status", leslie).json()["revision"]
    for harm, status in ((b"g, nobody\n", 422), (b"", 200)):
        files = shipped()
        comment = b"# %s\n" % planted.secret(f"a comment, {status}").encode()
        files["policies/access_rules.csv"] += comment + harm
        sent = [{"name": name, "content": base64.b64encode(data).decode()} for name, data in files.items()]
        body = {"files": sent, "parent": live, "message": "because", "plan": None}
        reply = planted.send("POST", "/v1/policy/publish", leslie, body)
        assert reply.status_code == status, reply.text
    body = {"files": [], "password": planted.secret("a member of a publish"), "message": "x"}
    assert planted.send("POST", "/v1/policy/publish", leslie, body).status_code == 400


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return written(shipped(), tmp_path)


def test_no_secret_that_a_caller_sends_is_kept_or_told(directory: Path) -> None:
    port = free_port()
    with running(directory, port, REMIT_SOURCE="database", REMIT_JOURNAL_CONTEXT="ticket") as server:
        planted = Planted(directory, port)
        with planted.client:
            known = {
                who: planted.knows(f"the token of {who}", token(directory, who)) for who in (PORTAL, GRACE, LESLIE)
            }
            in_questions(planted, known[PORTAL])
            in_credentials(planted, known[GRACE])
            in_the_catalog(planted, known[GRACE])
            in_policies(planted, known[LESLIE])
            assert planted.send("GET", "/metrics", known[LESLIE]).status_code == 200
            assert planted.send("GET", f"/v1/journal?password={planted.secret('q')}", known[LESLIE]).status_code == 400
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=30)
    assert len(planted.values) > 80 and len(planted.heard) > 40
    assert planted.found(out, err) == []
    kept = [item for entry in entries(planted.journal) for item in entry.items]
    assert sum(item.get("context") == {"ticket": "SEC-7"} for item in kept) >= 6, "what is named is there"
    assert planted.knows("the ticket", "SEC-7") and planted.found(out, err), "and the search would find it"


def test_no_key_is_kept_or_told(directory: Path) -> None:
    port = free_port()
    made = really_ran("keys", "create", PORTAL, directory=directory)
    assert made.code == 0
    with running(directory, port, REMIT_AUTH="keys") as server:
        planted = Planted(directory, port)
        with planted.client:
            key = planted.knows("the key", next(word for word in made.out.split() if len(word) > 30))
            planted.values["the key's end"] = key[-16:]
            assert planted.send("POST", EVALUATION, key, YES).status_code == 200
            assert planted.send("POST", EVALUATION, key[:-1] + "!", YES).status_code == 401
            for secret, status in ((key, 200), (planted.secret("a wrong key"), 400), (key[:-1], 400)):
                body = {"grantType": "app_token", "AppId": "notebook-portal", "AppSecret": secret}
                reply = planted.send("POST", "/api/v1/token", planted.secret("beside a key"), body)
                assert reply.status_code == status, reply.text
                if status == 200:
                    exchanged = planted.knows("what a key was exchanged for", reply.json()["accessToken"])
                    assert planted.send("POST", EVALUATION, exchanged, YES).status_code == 200
            assert (
                planted.send("POST", "/api/v1/token", "x", {"AppSecret": planted.secret("no grant")}).status_code == 400
            )
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=30)
    assert len(list(entries(planted.journal))) >= 3
    assert planted.found(out, err) == []


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """A server that keeps a journal, and its one caller."""
    directory, port = written(shipped(), tmp_path_factory.mktemp("served")), free_port()
    with running(directory, port, REMIT_JOURNAL_CONTEXT="ticket", REMIT_RATE="100000"):
        found = Planted(directory, port)
        found.knows("token", token(directory, PORTAL))
        with found.client:
            yield found


def lines(planted: Planted) -> list[bytes]:
    """All lines of the one segment, as they are on disk."""
    (segment,) = planted.journal.glob("*/*.jsonl")
    data = segment.read_bytes()
    assert data.endswith(b"\n")
    return data[:-1].split(b"\n")


FORGED = '{"prev":"0","writer":"abcd","seq":1}'
NAMES = st.one_of(
    st.sampled_from([f"x\n{FORGED}", f"x\r\n{FORGED}", '"}\n{"', "}{", '","verdict":"allow"', "\\", '\\"', "\u2028",
                     "\x85", "\x00", "\x1b[2K", "\x7f", "\u202eevil", "a" * 256, "é" * 128, "=1+1", "🏳️",
                     "x\\u000ay", "*"]),
    st.text(max_size=20),
)  # fmt: skip
HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=200).map(str.strip)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(NAMES, NAMES, NAMES, NAMES), min_size=1, max_size=6), HEADER, NAMES)
def test_whatever_it_is_called_a_line_is_one_line(served: Planted, names: Any, request: str, ticket: str) -> None:
    """Threats, row 39: ids that the server lets through, ids of requests and kept context forge nothing."""
    before = lines(served)
    items = [
        {"subject": {"type": "user", "id": who}, "action": {"name": verb}, "resource": {"type": kind, "id": id}}
        for who, verb, kind, id in names
    ]
    body = json.dumps({"evaluations": items, "context": {"ticket": ticket}}).encode()
    headers = [(b"authorization", f"Bearer {served.values['token']}".encode()), (b"content-type", b"application/json")]
    given = [(b"x-request-id", request.encode("latin-1"))] if request else []
    reply = served.client.post(EVALUATIONS, content=body, headers=[*headers, *given])
    after = lines(served)
    assert after[: len(before)] == before
    if reply.status_code != 200:
        assert reply.status_code == 400 and len(after) == len(before)
        return
    (line,) = after[len(before) :]
    assert all(char.isprintable() for char in line.decode()), "no terminal obeys it"
    said = entry_of(line).body
    assert said["prev"] == leaf(before[-1]).hex() and said["seq"] == len(after)
    assert said.get("request", "") == request[:MOST_REQUEST]
    assert len(said["items"]) == len(names)
    for item, (who, verb, kind, id) in zip(said["items"], names, strict=True):
        if item["verdict"] != "invalid":
            assert (item["subject"], item["action"], item["kind"], item["id"]) == (f"user:{who}", verb, kind, id)
            assert item.get("context", {"ticket": ticket}) == {"ticket": ticket}


def test_who_asks_without_a_name_cannot_fill_the_journal(served: Planted) -> None:
    """Threats, row 41: of a burst few lines are kept, and what they count adds up exactly."""
    failed = lambda: [e for e in map(entry_of, lines(served)) if e.kind == Kind.AUTH_FAILED]  # noqa: E731
    before, burst, began = len(failed()), 2_000, time.monotonic()

    def some(number: int) -> None:
        with httpx.Client(base_url=served.client.base_url, trust_env=False, timeout=20.0) as client:
            for _ in range(number):
                reply = client.post(
                    EVALUATION, json=YES, headers={"authorization": "Bearer x", "x-request-id": "r" * 9_000}
                )
                assert reply.status_code == 401

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(some, [burst // 4] * 4))
    took = time.monotonic() - began
    time.sleep(0.3)
    assert served.client.post(EVALUATION, json=YES).status_code == 401
    told = wait_for(lambda: failed()[before:], lambda found: total(found) == burst + 1)
    assert total(told) == burst + 1, "each is counted, with the one that was kept after it"
    assert len(told) <= MOST_UNKNOWN * (took + 2), "as many as can be read"
    assert max(len(entry.line) for entry in told) < 1_000
    seconds = [entry.time // 1_000_000 for entry in told]
    assert max(map(seconds.count, seconds)) <= 2 * MOST_UNKNOWN, "a second's worth at once, and as they come due"


def total(found: list[Entry]) -> int:
    return sum(1 + int(entry.body.get("more", 0)) for entry in found)


def wait_for(look: Any, good: Any) -> Any:
    until = time.monotonic() + 10
    while not good(found := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_who_asks_too_often_is_not_kept_each_time(tmp_path: Path) -> None:
    directory, port = written(shipped(), tmp_path), free_port()
    with running(directory, port, REMIT_RATE="5"):
        planted = Planted(directory, port)
        with planted.client:
            portal = token(directory, PORTAL)
            answers = [planted.send("POST", EVALUATION, portal, YES).status_code for _ in range(200)]
        assert set(answers) == {200, 429}
        decided = [entry for entry in entries(planted.journal) if entry.kind == Kind.DECISION]
        assert len(decided) == answers.count(200) < 150


def test_any_worker_reads_what_all_of_them_wrote(directory: Path) -> None:
    port = free_port()
    with running(directory, port, "--workers", "2"):
        planted = Planted(directory, port)
        with planted.client:
            portal, auditor = token(directory, PORTAL), token(directory, "user:donald@example.com")
            for number in range(12):
                planted.client.close()  # so that now this worker is asked, now the other
                planted.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20.0)
                reply = planted.send("POST", EVALUATION, portal, YES, x_request_id=f"r{number}")
                assert reply.status_code == 200, reply.text
                found = planted.send("GET", "/v1/journal?kind=decision", auditor).json()["entries"]
                assert [line["request"] for line in found] == [f"r{n}" for n in range(number + 1)]
        planted.client.close()
    assert len({entry.writer for entry in entries(planted.journal)}) >= 2


def largest() -> dict[str, Any]:
    """A request that makes as much of a record as one can: each of its questions asks for the same long names."""
    quotes = '"' * 250  # each is written as two bytes
    named = {"type": "u" + quotes, "id": "i" + quotes}
    groups = [f"{n:03}" + '"' * 200 for n in range(60)]
    return {
        "subject": {**named, "properties": {"groups": groups}},
        "action": {"name": "a" + quotes},
        "resource": {**named, "properties": {"scope": "project:" + "p" * 240}},
        "context": {"project": "project:" + "p" * 240, "ticket": '"' * 256},
        "evaluations": [{}] * 256,
    }


def test_a_record_is_bounded_by_its_request(served: Planted) -> None:
    """Groups that came once stand once; all else that a question says is a handful of names."""
    reply = served.send("POST", EVALUATIONS, served.values["token"], largest())
    assert reply.status_code == 200 and len(reply.json()["evaluations"]) == 256
    line = lines(served)[-1]
    assert 500_000 < len(line) < MOST_LINE // 10, "docs/journal.md says so"
    items = entry_of(line).items
    assert len(items) == 256 and all(len(item["groups"]["claimed"]) == 60 for item in items)
    assert sum('"claimed"' in json.dumps(item) for item in json.loads(line)["items"]) == 1


def test_groups_that_differ_each_stand_where_they_belong(served: Planted) -> None:
    one = {"type": "user", "id": "x", "properties": {"groups": ["a", "b"]}}
    two = {"type": "user", "id": "x", "properties": {"groups": ["c"]}}
    body = question(subject=one, evaluations=[{}, {"subject": two}, {}, {"subject": {"type": "user", "id": "x"}}, {}])
    assert served.send("POST", EVALUATIONS, served.values["token"], body).status_code == 200
    groups = [item.get("groups", {}).get("claimed") for item in entry_of(lines(served)[-1]).items]
    assert groups == [["group:a", "group:b"], ["group:c"], ["group:a", "group:b"], None, ["group:a", "group:b"]]


def test_a_time_is_spelt_as_lines_have_it() -> None:
    assert spelt(1_767_300_000_000_000).decode() == decision(0)["time"]
    assert spelt(None) == spelt(10**30) == b""
