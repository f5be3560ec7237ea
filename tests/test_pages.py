"""Proves pagination to the letter (AuthZEN §8.2) and that page tokens cannot be bent (threat row 19): every bit of a
token counts, and one that is foreign, changed, expired or of another revision is refused with the word to start again.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from asking import entity, question
from policies import files
from remit.adapters.memory import RingJournal
from remit.bootstrap import handlers
from remit.core.model import Actor
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.errors import RequestInvalid
from remit.service import searches
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from remit.service.operations import Asked, Page, Results, Search, Sought
from remit.service.paging import LIFETIME, MOST, Pages, Position
from server import CALLER, SECRET, Running, bearer, serving, with_caller

SUBJECT, RESOURCE, ACTION = (f"/access/v1/search/{what}" for what in ("subject", "resource", "action"))
REVISION = "ab" * 32
NOW = 1_790_000_000_000_000

PEOPLE = [f"person{number:03}" for number in range(37)]
ROOMS = [f"room{number:03}" for number in range(41)]


def crowded(*more: str) -> dict[str, bytes]:
    """A policy with many people and many things, in two projects."""
    rules = [f"g, user:{name}, maker, project:{'ab'[number % 2]}\n" for number, name in enumerate(PEOPLE)]
    rules += ["g, user:boss, viewer, department:r\n", "g, user:boss, maker, department:r\n"]
    homes = [f"environment:{name}, project:{'ab'[number % 2]}\n" for number, name in enumerate(ROOMS)]
    return files(access_rules="".join([*rules, *more]), resources="".join(homes))


@pytest.fixture(scope="module")
def crowd(serve: Callable[..., Running]) -> Running:
    return serve(crowded())


FIRST: dict[str, dict[str, Any]] = {
    SUBJECT: question("user:x", "view", "environment:room000"),
    RESOURCE: question("user:boss", "use", "environment:x"),
    ACTION: {
        "subject": entity("user:boss"),
        "resource": entity("environment:room000"),
        "context": {"project": "project:a"},
    },
}


def page_of(running: Running, path: str, body: dict[str, Any], **page: Any) -> dict[str, Any]:
    answer = running.ask({**body, "page": page}, path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert list(found) == ["page", "results"], "the page comes first"
    assert list(found["page"]) == ["next_token"]
    return found


def all_pages(running: Running, path: str, limit: int | None, again: bool) -> list[list[Any]]:
    """The results of each page; `again`: the limit is said on every page."""
    page = {} if limit is None else {"limit": limit}
    pages = []
    while True:
        found = page_of(running, path, FIRST[path], **page)
        pages.append(found["results"])
        token = found["page"]["next_token"]
        assert isinstance(token, str)
        if not token:
            return pages
        page = {"token": token, **({"limit": limit} if again and limit is not None else {})}


@pytest.mark.parametrize("path", FIRST)
def test_pages_are_the_whole_in_parts(crowd: Running, path: str) -> None:
    whole = crowd.ask(FIRST[path], path).json()
    assert list(whole) == ["results"], "no word of pages where nobody asked and nothing is left"
    assert len(whole["results"]) == {SUBJECT: 20, RESOURCE: 41, ACTION: 3}[path]
    for limit in (1, 2, 3, 7, 19, 20, 40, 41, 1_000, 10**9):
        for again in (False, True):
            pages = all_pages(crowd, path, limit, again)
            assert [each for page in pages for each in page] == whole["results"]
            assert all(len(page) == limit for page in pages[:-1]) and 0 < len(pages[-1]) <= limit
    assert all_pages(crowd, path, None, again=False) == [whole["results"]]


def test_nothing_at_all_is_a_page_too(crowd: Running) -> None:
    nobody = {**FIRST[RESOURCE], "subject": entity("user:nobody")}
    assert page_of(crowd, RESOURCE, nobody, limit=5) == {"page": {"next_token": ""}, "results": []}


@pytest.mark.parametrize("path", FIRST)
def test_a_page_without_room_leads_to_the_first(crowd: Running, path: str) -> None:
    found = page_of(crowd, path, FIRST[path], limit=0)
    assert found["results"] == [] and found["page"]["next_token"]
    again = page_of(crowd, path, FIRST[path], token=found["page"]["next_token"])
    assert again["results"] == [] and again["page"]["next_token"], "the limit is inherited"


@pytest.mark.parametrize(
    "page",
    [7, "x", [], True, {"limit": -1}, {"limit": "5"}, {"limit": 2.5}, {"limit": True}, {"limit": [1]}, {"token": 7},
     {"token": ["x"]}, {"token": {}}, {"properties": 7}, {"properties": []}],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("path", FIRST)
def test_a_page_that_is_none_is_refused(crowd: Running, path: str, page: Any) -> None:
    answer = crowd.ask({**FIRST[path], "page": page}, path)
    assert answer.status_code == 400 and "`page" in answer.json()["message"]


@pytest.mark.parametrize("limit", [b"2", b"2.0", b"2e0", b"20e-1", b"0.2e1"])
def test_a_whole_number_is_one_however_it_is_written(crowd: Running, limit: bytes) -> None:
    body = json.dumps({**FIRST[RESOURCE], "page": {"limit": -1}}).encode().replace(b"-1", limit)
    answer = crowd.post(body, RESOURCE)
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"] == page_of(crowd, RESOURCE, FIRST[RESOURCE], limit=2)["results"]
    token = page_of(crowd, RESOURCE, FIRST[RESOURCE], limit=2)["page"]["next_token"]
    again = json.dumps({**FIRST[RESOURCE], "page": {"limit": -1, "token": token}}).encode().replace(b"-1", limit)
    assert crowd.post(again, RESOURCE).status_code == 200, "it is the limit that the token was made with"


@pytest.mark.parametrize(
    "page", [None, {}, {"limit": None}, {"token": None}, {"token": ""}, {"color": "red"}], ids=repr
)
def test_a_page_that_says_nothing_is_the_first(crowd: Running, page: Any) -> None:
    found = crowd.ask({**FIRST[ACTION], "page": page}, ACTION).json()
    assert found["results"] == crowd.ask(FIRST[ACTION], ACTION).json()["results"]
    assert ("page" in found) is (page is not None)


def second(
    running: Running, path: str, body: dict[str, Any], caller: str | None = None, **page: Any
) -> tuple[int, str]:
    headers = {} if caller is None else {"authorization": bearer(caller)}
    answer = running.ask({**body, "page": page}, path, **headers)
    return answer.status_code, answer.json().get("message", "")


OTHERS: list[tuple[str, dict[str, Any]]] = [
    (SUBJECT, {"subject": {"type": "group"}}),
    (SUBJECT, {"action": {"name": "use"}}),
    (SUBJECT, {"action": {"name": "view", "properties": {"a": 1}}}),
    (SUBJECT, {"resource": entity("environment:room002")}),
    (SUBJECT, {"resource": entity("environment:room000", scope="project:a")}),
    (SUBJECT, {"context": {"project": "project:a"}}),
    (SUBJECT, {"context": {"time": "noon"}}),
    (SUBJECT, {"subject": {"type": "user", "properties": {"color": "red"}}}),
    (RESOURCE, {"subject": entity("user:person000")}),
    (RESOURCE, {"subject": entity("user:boss", groups=["x"])}),
    (RESOURCE, {"action": {"name": "view"}}),
    (RESOURCE, {"resource": {"type": "workload"}}),
    (RESOURCE, {"resource": {"type": "environment", "properties": {"scope": "project:a"}}}),
    (ACTION, {"subject": entity("user:person000")}),
    (ACTION, {"resource": entity("environment:room002")}),
]


@pytest.mark.parametrize(("path", "change"), OTHERS, ids=lambda value: str(value)[:60])
def test_a_token_goes_with_its_question_only(crowd: Running, path: str, change: dict[str, Any]) -> None:
    token = page_of(crowd, path, FIRST[path], limit=2)["page"]["next_token"]
    status, message = second(crowd, path, {**FIRST[path], **change}, token=token)
    assert status == 400 and "another question" in message and "start again" in message
    assert second(crowd, path, FIRST[path], token=token)[0] == 200


def test_what_is_not_read_may_change(crowd: Running) -> None:
    token = page_of(crowd, SUBJECT, FIRST[SUBJECT], limit=2)["page"]["next_token"]
    assert second(crowd, SUBJECT, {**FIRST[SUBJECT], "subject": entity("user:other")}, token=token)[0] == 200
    assert second(crowd, SUBJECT, {**FIRST[SUBJECT], "color": "red"}, token=token)[0] == 200
    token = page_of(crowd, ACTION, FIRST[ACTION], limit=2)["page"]["next_token"]
    assert second(crowd, ACTION, {**FIRST[ACTION], "action": {"name": "x"}}, token=token)[0] == 200
    reordered = {name: FIRST[ACTION][name] for name in reversed(FIRST[ACTION])}
    assert second(crowd, ACTION, reordered, token=token)[0] == 200


@pytest.mark.parametrize("path", FIRST)
def test_the_limit_stays_as_it_was(crowd: Running, path: str) -> None:
    token = page_of(crowd, path, FIRST[path], limit=2)["page"]["next_token"]
    for limit in (0, 1, 3, 1_000):
        status, message = second(crowd, path, FIRST[path], token=token, limit=limit)
        assert status == 400 and "`page.limit`" in message
    status, message = second(crowd, path, FIRST[path], token=token, properties={"sort": "up"})
    assert status == 400


def test_a_token_goes_with_its_search_and_its_caller_only(crowd: Running) -> None:
    own = {**FIRST[RESOURCE], "action": {"name": "use"}}
    token = page_of(crowd, RESOURCE, own, limit=2)["page"]["next_token"]
    assert second(crowd, RESOURCE, own, token=token)[0] == 200
    assert second(crowd, RESOURCE, own, "user:boss", token=token)[0] == 400, "another caller's token"
    assert second(crowd, ACTION, own, token=token)[0] == 400, "another search's token"
    assert second(crowd, SUBJECT, own, token=token)[0] == 400


def test_a_token_of_another_server_or_revision_is_refused(crowd: Running, serve: Callable[..., Running]) -> None:
    token = page_of(crowd, RESOURCE, FIRST[RESOURCE], limit=2)["page"]["next_token"]
    other = serve(crowded("g, user:new, viewer, project:a\n"))
    status, message = second(other, RESOURCE, FIRST[RESOURCE], token=token)
    assert status == 400 and "policy has changed" in message and "start again" in message
    assert second(crowd, RESOURCE, FIRST[RESOURCE], token=token)[0] == 200


@pytest.mark.parametrize("token", ["x", "=", "a" * 200, "\u00e9", "..", "MTIz", "a b", "A" * 60_000, "%41", "\\u0000"])
def test_what_is_no_token_is_refused(crowd: Running, token: str) -> None:
    status, message = second(crowd, SUBJECT, FIRST[SUBJECT], token=token)
    assert status == 400 and "start again" in message


def sealed(pages: Pages, after: str = "user:ada", limit: int | None = 5) -> str:
    return pages.token(Page(b"question"), b"asker", REVISION, Position(NOW, limit, after))


QUESTION = Page(b"question")


def opens(pages: Pages, token: str, page: Page = QUESTION, asker: bytes = b"asker", now: int = NOW) -> bool:
    try:
        pages.position(page._replace(token=token), asker, REVISION, now)
    except RequestInvalid as refused:
        assert str(refused).endswith("start again without a token")
        return False
    return True


def test_every_bit_of_a_token_counts() -> None:
    pages = Pages(secrets.token_bytes(32))
    token = sealed(pages)
    assert opens(pages, token)
    data = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for bit in range(8 * len(data)):
        bent = bytearray(data)
        bent[bit // 8] ^= 1 << bit % 8
        assert not opens(pages, base64.urlsafe_b64encode(bent).rstrip(b"=").decode()), bit
    for position in range(len(token)):
        for char in "AB_-=. \n":
            bent_text = token[:position] + char + token[position + 1 :]
            assert bent_text == token or not opens(pages, bent_text), (position, char)
    for cut in range(len(token)):
        assert not opens(pages, token[:cut])
    for longer in ("=", "==", "A", "\n", " ", ".", "\u0000"):
        assert not opens(pages, token + longer) and not opens(pages, longer + token)
    assert not opens(Pages(secrets.token_bytes(32)), token), "a token made with another key"


def test_random_tokens_open_nothing() -> None:
    pages, random = Pages(secrets.token_bytes(32)), Random(1)
    for _ in range(20_000):
        data = random.randbytes(random.randrange(120))
        assert not opens(pages, base64.urlsafe_b64encode(data).rstrip(b"=").decode())


def test_a_token_holds_for_ten_minutes_and_all_pages_are_judged_at_one_instant() -> None:
    pages = Pages(secrets.token_bytes(32))
    token = sealed(pages)
    assert opens(pages, token, now=NOW + LIFETIME)
    assert not opens(pages, token, now=NOW + LIFETIME + 1)
    assert pages.position(Page(b"question", token), b"asker", REVISION, NOW + 5) == (NOW, 5, "user:ada")


def test_who_asks_what_is_part_of_a_token() -> None:
    pages = Pages(secrets.token_bytes(32))
    token = sealed(pages)
    assert not opens(pages, token, asker=b"another")
    assert not opens(pages, token, Page(b"another question"))
    assert not opens(pages, token, Page(b"questio"), b"nasker"), "parts cannot be moved from one to the other"
    assert not opens(pages, token, Page(b"question", limit=6))
    assert opens(pages, token, Page(b"question", limit=5))


@pytest.mark.parametrize("after", ["", "user:ada", "project:a\nroom", "user:\u00e9\U0001f980", "x" * 600])
@pytest.mark.parametrize("limit", [None, 0, 1, 2**40])
def test_a_token_brings_back_what_was_put_in(after: str, limit: int | None) -> None:
    pages = Pages(secrets.token_bytes(32))
    token = sealed(pages, after, limit)
    found = pages.position(Page(b"question", token), b"asker", REVISION, NOW)
    assert found == (NOW, limit, after)
    assert found.size == min(MOST if limit is None else limit, MOST)


def test_a_search_that_finds_little_in_much_goes_on_page_by_page(
    crowd: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page judges only so many; then it ends early, also without a result, and leads on."""
    whole = crowd.ask(FIRST[SUBJECT], SUBJECT).json()["results"]
    monkeypatch.setattr(searches, "MOST_JUDGED", 3)
    found = crowd.ask(FIRST[SUBJECT], SUBJECT).json()
    assert list(found) == ["page", "results"] and found["page"]["next_token"], "not the whole, so it says so"
    for limit in (None, 1, 2, 100):
        pages = all_pages(crowd, SUBJECT, limit, again=False)
        assert [each for page in pages for each in page] == whole
        assert all(len(page) <= 3 for page in pages)
    lapsed = "".join(f"g, user:old{n}, maker, project:a, 2001-01-01, 2002-01-01\n" for n in range(20))
    with serving(crowded(lapsed)) as running:
        pages = all_pages(running, SUBJECT, 5, again=False)
        assert [each for page in pages for each in page] == whole
        assert [] in pages, "a page of those only whose time is over"


def test_a_window_that_ends_between_two_pages_does_not_part_them() -> None:
    """All pages answer for the instant of the first: who was listed then is on a later page even if time went on."""
    policy = read_policy(with_caller(crowded("g, user:brief, maker, project:a, 2026-01-01, 2026-06-01\n")))
    snapshot, time = Snapshot(policy), [parse_instant("2026-05-31T23:59:59Z") * 1_000]
    gate = Gate(LivePolicy(snapshot), RingJournal(9), lambda: time[0], handlers(SECRET, LivePolicy(snapshot)))
    asked = Asked("", "view", "environment", "room000")

    def page(token: str | None = None) -> Results:
        search = Search(Sought.SUBJECT, asked, Page(b"", token, 1), "user")
        return asyncio.run(gate.perform(Actor(CALLER), search))  # type: ignore[no-any-return]

    first = page()
    assert first.names == ("boss",) and first.token
    time[0] += 2_000_000_000  # the window has ended
    later = page(first.token)
    assert later.names == ("brief",)
    assert page(page().token).names == ("person000",), "a search that begins now does not list it"
