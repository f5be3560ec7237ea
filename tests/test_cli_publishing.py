"""`remit publish`, `history`, `rollback` and `diff` against a server, for people and for scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands import Desk, Ran, ran
from golden import golden
from publishing import CHIEF, NEW, OLD, READER, Publisher, adding, encoded, publisher, without
from remit.core.history import UNKNOWN, How, Provenance
from remit.core.policy import revision_of
from server import bearer

Asks = Callable[..., Ran]
ESCALATING = adding("g, user:chief, maintainer, *")
BROKEN = adding("g, user:eve, no-such-role, *")


@pytest.fixture
def house() -> Iterator[Publisher]:
    with publisher() as found:
        yield found


@pytest.fixture
def asks(house: Publisher) -> Asks:
    """Runs a verb over files, against the server."""

    def ask(*arguments: str, files: dict[str, bytes] = NEW, by: str = CHIEF, input: str = "") -> Ran:
        desk = Desk(files)
        desk.input = input
        token = bearer(by).removeprefix("Bearer ")
        return ran(*arguments, "--url", house.server.url, "--token", token, desk=desk)

    return ask


def masked(text: str) -> str:
    """The text with instants, which are others each time, written in letters of the same length."""
    return re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z", lambda found: "T" * len("2026-11-23T00:00:00.000000Z"), text)


def test_a_change_is_published_from_the_files_here(asks: Asks, house: Publisher) -> None:
    done = asks("publish", "-m", "ada left", "--parent", revision_of(OLD))
    assert (done.code, done.err) == (0, "")
    golden("publish/done.txt", done.out)
    again = asks("publish", "-m", "ada left", "--parent", revision_of(OLD), files=without("g, user:bob, viewer, *"))
    assert again.code == 1
    golden("publish/stale.txt", again.err)
    live = asks(
        "publish", "-m", "bob left", "--parent", "live", "--format", "json", files=without("g, user:bob, viewer, *")
    )
    assert live.code == 0 and json.loads(live.out)["number"] == 3


def test_what_the_change_was_made_to_must_be_said(asks: Asks, house: Publisher) -> None:
    done = asks("publish", "-m", "ada left")
    assert done.code == 2
    golden("publish/no_parent.txt", done.err)
    latest = house.revisions.latest()
    assert latest is not None and latest.number == 1


def test_what_is_wrong_is_said_as_it_is_offline(asks: Asks) -> None:
    for name, files, code in (("invalid", BROKEN, 3), ("blocked", ESCALATING, 5)):
        done = asks("publish", "-m", "more", "--parent", "live", files=files)
        assert (done.code, done.out) == (code, "")
        golden(f"publish/{name}.txt", done.err)
    offline = ran("load", files=BROKEN)
    assert offline.err == asks("publish", "-m", "more", "--parent", "live", files=BROKEN).err


def test_a_plan_says_what_it_was_made_to_and_nothing_else_is_published(asks: Asks, tmp_path: Path) -> None:
    desk = Desk(NEW)
    desk.others["base"] = OLD
    written = ran("plan", "base", "--author", CHIEF, "--format", "json", desk=desk)
    file = tmp_path / "plan.json"
    file.write_text(written.out)
    other = asks("publish", "-m", "x", "--plan", str(file), files=without("g, user:bob, viewer, *"))
    assert other.code == 5 and "is revision" in other.err
    stale = asks("publish", "-m", "x", "--plan", str(file), "--parent", revision_of(NEW))
    assert stale.code == 1 and "the change was made to revision" in stale.err
    done = asks("publish", "-m", "ada left", "--plan", str(file), "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["plan"] == json.loads(written.out)["digest"]


def test_the_history_is_listed_and_comes_back(asks: Asks, house: Publisher, tmp_path: Path) -> None:
    asks("publish", "-m", "ada left\nand more", "--parent", "live")
    asks("rollback", revision_of(OLD)[:9], "-m", "she came back")
    hostile = Provenance(How.FOLLOWED, "Eve <eve@example.com>", False, "\x1b[31mred", None, "c" * 40)
    house.revisions.activate(NEW, hostile, "git somewhere main", 1_700_000_000_000_000)
    listed = asks("history")
    assert (listed.code, listed.err) == (0, "")
    golden("history/list.txt", masked(listed.out))
    found = json.loads(asks("history", "--format", "json").out)
    assert [each["number"] for each in found["entries"]] == [4, 3, 2, 1]
    assert [
        each["number"]
        for each in json.loads(asks("history", "--before", "3", "--limit", "1", "--format", "json").out)["entries"]
    ] == [2]
    into = tmp_path / "was"
    done = asks("history", revision_of(NEW)[:8], "--into", str(into))
    assert done.code == 0, done.err
    assert {f"{path.relative_to(into)}": path.read_bytes() for path in into.rglob("*") if path.is_file()} == NEW
    assert asks("history", revision_of(NEW)).code == 2 and asks("history", "--into", "x").code == 2
    assert asks("history", "f" * 12, "--into", str(tmp_path / "x")).code == 1


def test_a_difference_is_the_plan_that_was(asks: Asks) -> None:
    asks("publish", "-m", "ada left", "--parent", "live")
    names = "1", revision_of(NEW)[:12]
    for format in ("text", "markdown"):
        done = asks("diff", *names, "--format", format)
        assert (done.code, done.err) == (0, "")
        golden(f"diff/plan.{format}", done.out)
    assert json.loads(asks("diff", *names, "--format", "json").out)["head"]["revision"] == revision_of(NEW)


def test_the_server_s_own_difference_says_the_same(asks: Asks, house: Publisher) -> None:
    asks("publish", "-m", "ada left", "--parent", "live")
    here = json.loads(asks("diff", revision_of(OLD), revision_of(NEW), "--format", "json").out)
    there = house.get(f"diff?from={revision_of(OLD)}&to={revision_of(NEW)}").json()
    for each in (here, there):
        for name in ("judged_at", "digest", "base", "head"):
            del each[name]
    assert here == there and here["effects"]


def test_who_may_not_is_told(asks: Asks) -> None:
    for arguments in (("publish", "-m", "x", "--parent", "live"), ("rollback", revision_of(OLD), "-m", "x")):
        done = asks(*arguments, by=READER)
        assert done.code == 1 and "lacks `policy:publish`" in done.err
    assert asks("history", by="user:nobody").code == 1


@pytest.mark.parametrize("name", ["../out.csv", "a/../../out.csv", "/out.csv", "a//b", "..\\out.csv", "c:out"])
def test_a_server_that_is_none_writes_nowhere_else(asks: Asks, house: Publisher, tmp_path: Path, name: str) -> None:
    """Whatever answers at the address has the revision's number only, which says nothing of its files."""
    house.revisions.activate({name: b"x\n"}, UNKNOWN, "database", 5)
    found = asks("history", "2", "--into", str(tmp_path / "there"))
    assert found.code == 7 and "leads elsewhere; nothing was done" in found.err
    assert not list(tmp_path.iterdir())


class Lying(Desk):
    """A desk at which every revision has the files of another."""

    def ask(
        self, method: str, url: str, token: str, path: str, body: object = None, version: int | None = None
    ) -> tuple[int, str]:
        said = {"revision": revision_of(NEW), "files": encoded(OLD)}
        return 200, json.dumps(said if method == "GET" else {})


def test_files_that_are_not_those_of_the_revision_are_not_taken(tmp_path: Path) -> None:
    where = ("--url", "http://127.0.0.1:1", "--token", "t")
    for verb in (("history", revision_of(NEW), "--into", str(tmp_path / "x")), ("diff", revision_of(NEW), "1")):
        found = ran(*verb, *where, desk=Lying(NEW))
        assert found.code == 7 and "are not those of the revision; nothing was done" in found.err
    assert not list(tmp_path.iterdir())
