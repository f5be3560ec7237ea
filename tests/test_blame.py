"""`remit blame`: which change brought each line that a right rests on, by whom and why; compared with looking at every
policy that ever was live."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from commands import Desk, ran
from golden import golden
from readable import FILES, NOW
from remit.adapters.db.database import Database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.memory_revisions import MemoryRevisions
from remit.core.blaming import Notes, blame, row_of
from remit.core.explain import explain
from remit.core.history import Activation, How, Provenance
from remit.core.model import Ground, Origin, Question
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.entry import RealHouse

RULES, ROLES, GROUPS, SCOPES = (f"policies/{name}.csv" for name in ("access_rules", "roles", "groups", "scopes"))
ADA = "g, user:ada, researcher, project:vision"
USE = ("blame", "user:ada", "use", "environment", "--scope", "project:vision")
DAY = 86_400_000_000

Files = Mapping[str, bytes]


def edited(files: Files, name: str, old: str, new: str) -> dict[str, bytes]:
    """The files with other text; a line that is put away goes with its end."""
    before = files[name].decode()
    assert before.count(old) == 1, (old, before)
    return {**files, name: before.replace(old, new).encode()}


def noted(ticket: str = "", approver: str = "", why: str = "") -> str:
    return f"{ADA}, , , {ticket}, {approver}, {why}\n"


FIRST = dict(FILES)
GONE = edited(FIRST, RULES, f"{ADA}\n", "")
BACK = {**GONE, RULES: GONE[RULES] + noted("SEC-7", "user:chief", "on call").encode()}
MOVED = {**BACK, RULES: b"# who may what\n" + noted("SEC-7", "user:chief", "on call").encode() + GONE[RULES]}
LATER = edited(MOVED, RULES, "SEC-7", "SEC-8")
HISTORY: tuple[tuple[Files, Provenance], ...] = (
    (FIRST, Provenance(How.FOLLOWED)),
    (GONE, Provenance(How.PUBLISHED, "user:chief", True, "ada left")),
    (BACK, Provenance(How.PUBLISHED, "user:chief", True, "ada is back\nfor a while", "a" * 64)),
    (MOVED, Provenance(How.FOLLOWED, "Eve <eve@example.com>", False, "in order", None, "c" * 40)),
    (LATER, Provenance(How.PUBLISHED, "user:deputy", True, "the right ticket")),
)


def desk_of(history: Sequence[tuple[Files, Provenance]], begun: int = NOW - 100 * DAY) -> Desk:
    desk, past = Desk({}), MemoryRevisions()
    for number, (files, came) in enumerate(history):
        past.activate(files, came, "git somewhere main" if came.commit else "database", begun + number * DAY)
    desk.past = past
    return desk


@pytest.fixture
def desk() -> Desk:
    return desk_of(HISTORY)


def test_each_line_is_blamed_on_what_brought_it_last(desk: Desk) -> None:
    found = ran(*USE, desk=desk)
    assert (found.code, found.err) == (0, "")
    golden("blame/allow.txt", found.out)
    told = json.loads(ran(*USE, "--format", "json", desk=desk).out)
    by = {line["what"]: line["brought_by"]["number"] for line in told["lines"]}
    assert by == {"permission": 1, "access rule": 3, "scope": 1, "vocabulary": 1}
    rule = next(line for line in told["lines"] if line["what"] == "access rule")
    assert (rule["ticket"], rule["approved_by"], rule["why"]) == ("SEC-8", "user:chief", "on call")
    assert rule["written_by"]["number"] == 5 and rule["written_by"]["author"] == "user:deputy"
    assert rule["brought_by"]["message"] == "ada is back\nfor a while" and rule["brought_by"]["plan"] == "a" * 64
    assert rule["brought_by"]["verified"] and not rule["oldest"]
    assert all(line["oldest"] for line in told["lines"] if line is not rule)


@pytest.mark.parametrize(
    ("day", "number", "written", "oldest"), [(0, 1, 1, True), (2, 3, 3, False), (3, 3, 3, False), (4, 3, 5, False)]
)
def test_it_blames_for_what_was_live_then(desk: Desk, day: int, number: int, written: int, oldest: bool) -> None:
    at = f"2026-08-{15 + day}"
    assert parse_instant(at) == NOW - (100 - day) * DAY
    told = json.loads(ran(*USE, "--at", at, "--format", "json", desk=desk).out)
    rule = next(line for line in told["lines"] if line["what"] == "access rule")
    found = (rule["brought_by"]["number"], rule["written_by"]["number"], rule["oldest"])
    assert found == (number, written, oldest) and told["as_of"]["number"] == day + 1


def test_a_deny_is_explained_and_blamed_on_nobody(desk: Desk) -> None:
    found = ran(*USE, "--at", "2026-08-16", desk=desk)
    assert found.code == 1
    golden("blame/deny.txt", found.out)
    told = json.loads(ran(*USE, "--at", "2026-08-16", "--format", "json", desk=desk).out)
    assert told["decision"] is False and told["lines"] == []


def test_what_a_rollback_brings_back_is_blamed_on_the_rollback() -> None:
    rolled = Provenance(How.ROLLED_BACK, "user:chief", True, "she is back")
    desk = desk_of([(FIRST, Provenance()), (GONE, Provenance()), (FIRST, rolled), (FIRST, Provenance())])
    found = ran(*USE, desk=desk).out
    assert "number 3" in found and "brought back in database by user:chief" in found and "message: she is back" in found


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (("user:grace", "use", "environment", "--scope", "project:nlp"), {"membership": 2, "scope": 2}),
        (("user:bob", "view", "environment:everywhere"), {"resource": 1}),
        (("user:ida", "edit", "environment", "--scope", "project:nlp"), {"scope": 2}),
        (("user:bob", "view", "environment:seen", "--scope", "project:vision"), {"resource": 1, "scope": 2}),
        (("user:x", "use", "environment", "--scope", "project:nlp", "--group", "science"), {"scope": 2}),
    ],
)
def test_every_sort_of_line_is_found(options: tuple[str, ...], lines: dict[str, int]) -> None:
    came = Provenance(How.PUBLISHED, "user:chief", True, "all of it")
    other = files_without_any()
    found = ran("blame", *options, "--format", "json", desk=desk_of([(other, Provenance()), (FIRST, came)]))
    told = json.loads(found.out)
    kinds = [line["what"] for line in told["lines"]]
    assert found.code == 0 and {what: kinds.count(what) for what in lines} == lines
    assert {line["brought_by"]["number"] for line in told["lines"] if line["what"] != "vocabulary"} == {2}


def files_without_any() -> dict[str, bytes]:
    """A policy in which none of the lines of the other one stands, but for the words."""
    return {name: data if name in ("model.conf", "policies/vocabulary.csv") else b"" for name, data in FILES.items()}


def test_the_scope_is_said_once(desk: Desk) -> None:
    for more in (("--home", "project:nlp"), ("--in", "project:nlp")):
        found = ran(*USE, *more, desk=desk)
        assert found.code == 2 and "leave out" in found.err
    both = ("blame", "user:ada", "use", "environment", "--home", "project:vision", "--in", "project:vision")
    assert ran(*both, desk=desk).out == ran(*USE, desk=desk).out


def test_without_a_history_there_is_nobody_to_blame(tmp_path: Path) -> None:
    found = ran(*USE, "--state", str(tmp_path), desk=RealHouse())  # type: ignore[arg-type]
    assert found.code == 2 and "there is no database" in found.err


def test_it_reads_the_database_of_the_state_directory(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "remit.db"))
    for number, (files, came) in enumerate(HISTORY):
        database.revisions.activate(files, came, "database", NOW - (100 - number) * DAY)
    database.close()
    found = ran(*USE, "--state", str(tmp_path), desk=RealHouse())  # type: ignore[arg-type]
    assert found.code == 0 and "approved by: user:chief" in found.out and "number 3" in found.out


def test_rows_are_read_as_the_policy_is() -> None:
    full = b"g, user:a,r, *,2026-01-01T00:00:00Z, 2026-02-01, T-1, user:b, since then"
    assert row_of(full) == ("g, user:a, r, *, 2026-01-01, 2026-02-01", Notes("T-1", "user:b", "since then"))
    assert row_of(b"g,user:a,r,*,,2026-02-01,") == ("g, user:a, r, *, , 2026-02-01", Notes())
    assert row_of(b"p,r,*,k,a") == ("p, r, *, k, a", Notes())
    assert row_of(b"# g, user:a, r, *") is None and row_of(b"") is None


def test_the_rows_of_a_policy_are_the_grounds_of_its_decisions() -> None:
    """What a line is called in an explanation is what its row reads like, whichever way it is written."""
    policy = read_policy(FILES)
    lines = [each.line() for each in (*policy.permissions, *policy.memberships, *policy.access_rules)]
    lines += [f"g2, {child}, {parent}" for child, (parent, _) in policy.parents.items()]
    rows = [row_of(line) for name in (ROLES, GROUPS, RULES, SCOPES) for line in FILES[name].splitlines()]
    assert sorted(lines) == sorted(row.text for row in rows if row is not None)


def random_history(rng: Random) -> list[dict[str, bytes]]:
    """Policies in which lines come, go and change their notes; some go live twice."""
    found: list[dict[str, bytes]] = []
    lines = [*FILES[RULES].decode().splitlines(), f"{ADA}, , , SEC-1", "g, user:ada, viewer, *"]
    groups = FILES[GROUPS].decode().splitlines()
    for _ in range(rng.randint(1, 15)):
        if found and rng.random() < 0.2:
            found.append(rng.choice(found))
            continue
        some = [line for line in lines if rng.random() < 0.7]
        rng.shuffle(some)
        joined = [line for line in groups if rng.random() < 0.8]
        texts = {RULES: some, GROUPS: joined}
        found.append(
            {**FILES, **{name: "".join(f"{line}\n" for line in text).encode() for name, text in texts.items()}}
        )
    return found


def naive(ground: Ground, history: Sequence[Files], row: str | None) -> int:
    """The number with which a line came to stay, by looking for it in every policy: `row` as it is written, or as it
    reads."""
    first = len(history)
    for number in range(len(history), 0, -1):
        there = history[number - 1].get(ground.origin.file, b"").decode().splitlines()
        if (
            row not in there
            if row is not None
            else not any(line == ground.text or line.startswith(f"{ground.text}, , , ") for line in there)
        ):
            break
        first = number
    return first


def test_it_is_what_looking_everywhere_finds() -> None:
    asked = [
        Question(subject, action, "environment", None, home, home, (), NOW)
        for subject in ("user:ada", "user:grace", "user:bob")
        for action in ("view", "use", "create")
        for home in ("project:vision", "project:nlp")
    ]
    checked = 0
    for seed in range(60):
        history = random_history(Random(seed))
        lines = [
            Activation(number, "", None, number, "", How.FOLLOWED, "", False, "", None, None)
            for number in range(1, len(history) + 1)
        ]
        snapshot = Snapshot(read_policy(history[-1]))
        for question in asked:
            grounds = explain(snapshot, question, decide(snapshot, *question)).lines
            if not grounds:
                continue
            for each in blame(grounds, reversed(list(zip(lines, history, strict=True)))):
                row = history[-1][each.ground.origin.file].decode().splitlines()[each.ground.origin.line - 1]
                assert each.by.number == naive(each.ground, history, None)
                assert each.written.number == naive(each.ground, history, row)
                assert each.oldest == (each.by.number == 1)
                checked += 1
    assert checked > 500


def test_it_reads_no_further_than_need_be() -> None:
    read: list[int] = []

    def history() -> Any:
        for number in range(9, 0, -1):
            read.append(number)
            files = FIRST if number > 6 else GONE
            yield Activation(number, "", None, number, "", How.FOLLOWED, "", False, "", None, None), files

    ground = Ground("access rule", Origin(RULES, FIRST[RULES].decode().splitlines().index(ADA) + 1), ADA)
    (found,) = blame([ground], history())
    assert found.by.number == 7 and min(read) >= 5
