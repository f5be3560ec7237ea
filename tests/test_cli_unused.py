"""`remit unused` over journals that a real decision point wrote: what it tells and writes, and when it will not."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import time
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import catalogs
from commands import Ran, ran, really_ran, written
from golden import golden
from journals import about, lived, recording
from keeping import kept_over
from readable import FILES
from remit.adapters.db.store import SqlCatalog
from remit.adapters.journal.book import kept_in
from remit.adapters.journal.committer import Keeping
from remit.adapters.journal.reading import entries
from remit.bootstrap import handlers
from remit.core.difference.plan import version_of
from remit.core.journal.asked import asked, judged
from remit.core.journal.gathered import Gathered
from remit.core.journal.proposal import propose
from remit.core.journal.support import lines_of
from remit.core.model import Actor
from remit.core.policy import read_policy
from remit.core.search import allows
from remit.core.snapshot import Snapshot
from remit.journaling import now
from remit.service import operations as op
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from remit.service.operations import Asked, EvaluateMany, Page, PermittedScopes, PolicyStatus, Search, Sought
from remit.service.recording import body_of
from server import SECRET, with_caller
from test_races import ADA, BEFORE, Live, block
from test_shipped_policy import shipped

RULES, GROUPS, ROLES = "policies/access_rules.csv", "policies/groups.csv", "policies/roles.csv"
OLD = with_caller(FILES)
POLICY = {
    **OLD,
    RULES: OLD[RULES] + b"# who came since\ng, user:eve, viewer, project:web\n"
    b"g, user:ada, researcher, department:research\ng, user:late, viewer, *, 2026-11-01\n",
}
LATE = {**POLICY, RULES: POLICY[RULES].replace(b"g, user:eve, viewer, project:web\n", b"")}


def unused(state: Path, *arguments: str, files: Mapping[str, bytes] = POLICY) -> Ran:
    return ran("unused", "--state", str(state), *arguments, files=files)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a journal of a year, and with what was live."""
    lived(tmp_path, [("2025-12-01", LATE), ("2026-10-15", POLICY)])
    nlp = {"declared": "project:nlp", "place": "project:nlp"}
    with recording(tmp_path / "journal") as point:
        point.live(LATE).asks(
            "2025-12-01", about("user:bob", "view", place="project:vision", declared="project:vision")
        )
        point.asks("2026-10-01", about("user:ada", "create", declared="project:vision"))
        both = [
            Asked("user:grace", "use", "environment", "new", "project:nlp", f"project:{at}") for at in ("nlp", "web")
        ]
        point.asks("2026-10-01T01:00:00Z", EvaluateMany(tuple(both)))
        point.live(POLICY)
        point.asks("2026-10-20", PermittedScopes(Asked("user:ida", "edit", "environment", "")))
        page = Page(b"")
        point.asks(
            "2026-10-21",
            Search(Sought.RESOURCE, Asked("user:gus", "use", "environment", "", None, "project:nlp"), page),
        )
        point.asks("2026-10-22", about("user:gus", "use", **nlp), PolicyStatus(), actor=Actor("user:gus"))
    return tmp_path


def test_what_is_told(state: Path) -> None:
    found = unused(state)
    golden("unused/unused.txt", found.out)
    assert (found.code, found.err) == (0, "")


def told(found: Ran) -> Any:
    assert found.code == 0
    return json.loads(found.out)


def test_what_is_told_to_scripts_and_spreadsheets(state: Path) -> None:
    answer = told(unused(state, "--format", "json"))
    fates = {each["text"]: each["fate"] for each in answer["unneeded"]}
    assert fates["g, user:eve, viewer, project:web"] == "new"  # it came in October
    assert fates["g, user:late, viewer, *, 2026-11-01"] == "new"  # it counts since November
    assert fates["g, user:bob, viewer, *"] == "goes"  # needed a year ago, and not since
    assert fates["g, user:ada, researcher, department:research"] == "goes"
    assert fates["g, user:ada, researcher, project:vision"] == "spare"
    assert "g, user:ida, maintainer, department:research" not in fates
    assert "g, application:tests, decision-client, *" not in fates
    assert fates["p, decision-client, *, decision, explain"] == "goes"  # nobody wanted reasons
    assert (answer["lines_dated"], answer["flips"], answer["records_lost"]) == (True, 0, 0)
    rows = list(csv.DictReader(StringIO(unused(state, "--format", "csv").out)))
    assert {row["text"]: row["fate"] for row in rows} == fates
    assert {row["since"] for row in rows} == {"2026-08-25"}


def test_what_is_written_answers_all_that_was_asked_as_before(state: Path, tmp_path: Path) -> None:
    found = unused(state, "-o", str(tmp_path / "less"))
    assert (found.code, found.err) == (0, "")
    files = {
        p.relative_to(tmp_path / "less").as_posix(): p.read_bytes()
        for p in (tmp_path / "less").rglob("*")
        if p.is_file()
    }
    assert set(files) == set(POLICY) and files[GROUPS] == POLICY[GROUPS]
    assert b"# who came since\ng, user:eve" in files[RULES] and b"user:bob" not in files[RULES]
    before, after = Snapshot(read_policy(POLICY)), Snapshot(read_policy(files))
    questions = [each for entry in entries(state / "journal") for one in asked(entry) for each in judged(before, one)]
    late = [each for each in questions if each.when > 1_780_000_000_000_000]
    assert len(late) > 8 and all(allows(before, each) == allows(after, each) for each in late)
    again = unused(state, "-o", str(tmp_path / "less"))
    assert (again.code, "nothing is overwritten" in again.err) == (1, True)
    # and of what is left nothing more goes
    assert "goes" not in {each["fate"] for each in told(unused(state, "--format", "json", files=files))["unneeded"]}


def test_a_journal_that_is_too_short_says_nothing(state: Path) -> None:
    found = unused(state, "--days", "400", "--format", "json")
    assert (found.code, found.out) == (1, "")
    assert re.fullmatch(
        r"remit: the journal begins at 2025-12-01T\S+Z, not 400 days ago: .*\n.*--anyway\)\n", found.err
    )
    anyway = unused(state, "--days", "400", "--format", "json", "--anyway")
    fates = {each["text"]: each["fate"] for each in told(anyway)["unneeded"]}
    assert "g, user:bob, viewer, *" not in fates
    assert "remit: the journal begins at 2025-12-01" in anyway.err and "no database says" in anyway.err


def test_a_journal_in_which_nobody_asked_says_nothing(tmp_path: Path, state: Path) -> None:
    for arguments in (("--days", "3"), ("--days", "3", "--anyway")):
        found = unused(state, *arguments)
        assert (found.code, found.out, "nobody asked anything in that time" in found.err) == (1, "", True)
    found = unused(tmp_path / "elsewhere", "--anyway")
    assert (found.code, "nothing is recorded" in found.err) == (1, True)


def test_without_a_database_only_windows_tell_what_is_new(state: Path) -> None:
    found = unused(state, "--state", str(state / "none"), "--journal", str(state / "journal"), "--format", "json")
    fates = {each["text"]: each["fate"] for each in told(found)["unneeded"]}
    assert fates["g, user:eve, viewer, project:web"] == "goes"
    assert fates["g, user:late, viewer, *, 2026-11-01"] == "new"
    assert found.err == "remit: no database says what was live then (--state), so new lines may be among them\n"


def test_the_policy_that_is_left_can_be_planned(tmp_path: Path) -> None:
    directory = written(with_caller(FILES), tmp_path)
    with recording(tmp_path / ".remit" / "journal") as point:
        point.live(with_caller(FILES)).asks("2026-10-01", about("user:ada", "create", declared="project:vision"))
    arguments = ("unused", "--when", "2026-10-02", "--days", "1", "--anyway", "-o", "less")
    found = really_ran(*arguments, directory=directory)
    assert (found.code, "none is answered differently" in found.out) == (0, True)
    assert really_ran("load", "--policy", "less/policies", "--model", "less/model.conf", directory=directory).code == 0
    planned = really_ran("plan", "policies", "less", directory=directory)
    assert planned.code == 0 and "lose" in planned.out and "gain" not in planned.out


def test_cases_that_would_fail_are_told(state: Path, tmp_path: Path) -> None:
    cases = (
        b"allow, user:bob, view, environment, project:vision,\nallow, user:ada, create, environment, project:vision,\n"
    )
    found = unused(state, "-o", str(tmp_path / "less"), files={**POLICY, "policies/cases/all.csv": cases})
    told = [line for line in found.err.splitlines() if line.startswith("policies/cases/")]
    assert [line.partition(": ")[0] for line in told] == ["policies/cases/all.csv:1"]
    assert (tmp_path / "less" / "policies/cases/all.csv").read_bytes() == cases


def test_a_journal_that_cannot_be_read_to_its_end_says_nothing(state: Path) -> None:
    (segment,) = (state / "journal").rglob("*.jsonl")
    lines = segment.read_bytes().split(b"\n")
    segment.write_bytes(b"\n".join([*lines[:2], b"no line of a journal", *lines[3:]]))
    found = unused(state, "--format", "json")
    assert (found.code, found.out, "holds 1 lines that are not as they were written" in found.err) == (1, "", True)
    anyway = unused(state, "--format", "json", "--anyway")
    assert (anyway.code, "holds 1 lines that are not as they were written" in anyway.err) == (0, True)


opened, sort, sql_catalog = catalogs.opened, catalogs.sort, catalogs.sql_catalog
postgres_url = catalogs.postgres_url


@pytest.mark.parametrize("sort", ["sqlite"], indirect=True)
def test_what_the_catalog_needed_counts(sql_catalog: SqlCatalog, tmp_path: Path) -> None:
    """A real catalog: what is made, what is listed, and what a search finds there."""
    made = kept_over(Live(), sql_catalog)
    performed = {**handlers(SECRET, LivePolicy(BEFORE), made.door), **made.handlers}
    begun = time.time_ns() // 1_000
    with kept_in(tmp_path / "journal", Keeping(False, True), body_of, now, lambda _: None) as book:
        gate = Gate(LivePolicy(BEFORE), book, time.time_ns, performed, made.door)
        thing = asyncio.run(gate.perform(ADA, block("one"))).asset
        asyncio.run(gate.perform(ADA, op.ListAssets((thing.variant,), op.Part())))
        use = Asked(ADA.subject, "use", "environment", "", None, "project:vision")
        assert thing.id in asyncio.run(gate.perform(ADA, Search(Sought.RESOURCE, use, Page(b"")))).names
    files = shipped()
    found = Gathered(Snapshot(read_policy(files)), begun)
    for entry in entries(tmp_path / "journal"):
        found.take(entry)
    proposal = propose(version_of(files), list(found.questions()), (), begun)
    left = {line.line() for line in lines_of(read_policy(files))} - {each.line.line() for each in proposal.unneeded}
    assert (found.records, found.unread, proposal.flips) == (3, 0, ())
    assert left == {
        "g, user:ada@example.com, l1-researcher, project:vision",
        "p, l1-researcher, *, environment, create",
        "p, l1-researcher, *, environment, view",
        "p, l1-researcher, *, environment, use",
    }
