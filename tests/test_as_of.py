"""Any question at a past instant: it is answered by the revision that was live then, whatever came and went since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from commands import Desk, Ran, ran
from golden import golden
from readable import FILES, NOW, TEXTS
from remit.adapters.db.database import Database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.memory_revisions import MemoryRevisions
from remit.cli.past import named_in, was_live
from remit.core.history import UNKNOWN, How, Provenance
from remit.core.model import Question
from remit.core.pdp import decide
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant, parse_instant
from remit.entry import RealHouse
from remit.errors import RequestInvalid

RULES = "policies/access_rules.csv"
ADA = b"g, user:ada, researcher, project:vision\n"
EVE = b"g, user:eve, viewer, project:nlp, 2026-03-01, 2026-05-01\n"
A = dict(FILES)
B = {**FILES, RULES: FILES[RULES].replace(ADA, b"")}
C = {**B, RULES: B[RULES] + EVE}
DAYS = ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01T12:00:00Z")
USE = ("check", "user:ada", "use", "environment", "--home", "project:vision")


def desk_of(*history: tuple[Mapping[str, bytes], str], files: Mapping[str, bytes] = C) -> Desk:
    """A desk over files that know nothing of the past, and a history."""
    desk, past = Desk(files), MemoryRevisions()
    desk.past = past
    for number, (policy, day) in enumerate(history):
        came = Provenance(How.PUBLISHED if number else How.FOLLOWED, "user:chief", True, f"change {number}")
        past.activate(policy, came, "database", parse_instant(day))
    return desk


@pytest.fixture
def desk() -> Desk:
    """A, then B, A again, then C: the files at hand are C."""
    return desk_of(*zip((A, B, A, C), DAYS, strict=True))


def test_a_question_is_answered_by_what_was_live_then(desk: Desk) -> None:
    answers = {
        day: ran(*USE, "--at", day, desk=desk).code for day in (*DAYS, "2026-01-31T23:59:59.999999Z", "2026-02-27")
    }
    assert answers == {
        "2026-01-01": 0, "2026-01-31T23:59:59.999999Z": 0, "2026-02-01": 1, "2026-02-27": 1, "2026-03-01": 0,
        "2026-04-01T12:00:00Z": 1,
    }  # fmt: skip
    assert ran(*USE, desk=desk).code == 1


def test_it_says_which_revision_that_was_and_since_when(desk: Desk) -> None:
    found = ran(*USE, "--at", "2026-03-02", desk=desk)
    named = f"revision {revision_of(A)[:12]} (number 3)"
    assert found.out == f"allow\n  as of 2026-03-02: {named}, live since 2026-03-01\n"
    told = json.loads(ran(*USE, "--at", "2026-03-02", "--format", "json", desk=desk).out)
    assert told == {
        "decision": True, "code": "granted", "revision": revision_of(A),
        "as_of": {"at": "2026-03-02", "number": 3, "since": "2026-03-01"},
    }  # fmt: skip
    assert "as_of" not in json.loads(ran(*USE, "--format", "json", desk=desk).out)


VERBS = {
    "check": ("check", "user:eve", "view", "environment", "--home", "project:nlp"),
    "explain": ("explain", "user:eve", "view", "environment", "--home", "project:nlp"),
    "who": ("who", "view", "environment", "--scope", "project:nlp"),
    "can": ("can", "user:eve"),
    "matrix": ("matrix", "--subjects"),
    "roles": ("matrix",),
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_answers_as_of(verb: str, desk: Desk) -> None:
    found = ran(*VERBS[verb], "--at", "2026-04-20", desk=desk)
    assert found.err == ""
    golden(f"as_of/{verb}.txt", found.out)
    assert (found.code, "(number 4), live since 2026-04-01T12:00:00Z" in found.out) == (0, True)
    told = json.loads(ran(*VERBS[verb], "--at", "2026-04-20", "--format", "json", desk=desk).out)
    assert told["as_of"] == {"at": "2026-04-20", "number": 4, "since": "2026-04-01T12:00:00Z"}
    assert told["revision"] == revision_of(C)
    if verb not in ("check", "explain"):
        assert revision_of(C) in ran(*VERBS[verb], "--at", "2026-04-20", "--format", "csv", desk=desk).out


def test_the_instant_and_the_revision_can_be_told_apart(desk: Desk) -> None:
    """`--when` alone: the policy at hand, at another instant; both: the revision of `--at`, at the instant of
    `--when`."""
    eve = VERBS["check"]
    assert ran(*eve, desk=desk).code == 1, "her time is over"
    assert ran(*eve, "--when", "2026-04-20", desk=desk).code == 0
    assert ran(*eve, "--at", "2026-03-20", desk=desk).code == 1, "nobody had written it yet"
    assert ran(*eve, "--at", "2026-04-20", desk=desk).code == 0
    assert ran(*eve, "--at", "2026-04-20", "--when", "2026-05-01", desk=desk).code == 1
    assert ran(*eve, "--at", "2026-06-01", "--when", "2026-04-20", desk=desk).code == 0


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2025-12-31", "nobody knows what was live at 2025-12-31: the history begins at 2026-01-01"),
        ("2026-12-01", "`--at 2026-12-01` is still to come"),
        ("soon", "`--at soon` is not a UTC time"),
    ],
)
def test_what_cannot_be_known_is_told(at: str, said: str, desk: Desk) -> None:
    for verb in VERBS.values():
        found = ran(*verb, "--at", at, desk=desk)
        assert (found.code, found.out) == (2, "") and said in found.err


def test_without_a_database_nothing_is_known_of_the_past(tmp_path: Path) -> None:
    found = ran(*USE, "--at", "2026-01-01", "--state", str(tmp_path), desk=RealHouse())  # type: ignore[arg-type]
    assert found.code == 2 and "there is no database" in found.err


def test_the_history_is_read_from_the_database_of_the_state_directory(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "remit.db"))
    for number, files in enumerate((A, B, A)):
        database.revisions.activate(files, UNKNOWN, "directory policies", parse_instant(DAYS[number]))
    database.close()
    codes = [
        ran(*USE, "--at", day, "--state", str(tmp_path), desk=RealHouse()).code  # type: ignore[arg-type]
        for day in DAYS[:3]
    ]
    assert codes == [0, 1, 0]


def test_random_histories_at_random_instants() -> None:
    """The policy that was live is the one that went live last before: found here by going through all of them."""
    questions = [
        Question(subject, action, "environment", None, home)
        for subject in ("user:ada", "user:eve")
        for action in ("view", "use")
        for home in ("project:vision", "project:nlp")
    ]
    policies = [A, B, C]
    for seed in range(40):
        rng = Random(seed)
        moments = sorted(rng.sample(range(NOW - 1_000_000, NOW), rng.randint(1, 12)))
        history = [(rng.choice(policies), at) for at in moments]
        desk = desk_of(*[(files, format_instant(at)) for files, at in history])
        for _ in range(4):
            at = rng.choice((rng.randrange(NOW - 1_000_100, NOW), rng.choice(moments), rng.choice(moments) - 1))
            before = [(files, since) for files, since in history if since <= at]
            if not before:
                with pytest.raises(RequestInvalid, match="the history begins"):
                    was_live(desk.past, at)
                continue
            files, since = before[-1]
            line = was_live(desk.past, at)
            assert (line.revision, line.at, line.number) == (revision_of(files), since, len(before))
            asked = rng.choice(questions)._replace(when=at)
            found = ask(asked, at, desk)
            assert found.code == (0 if decide(Snapshot(read_policy(files)), *asked).allowed else 1)


def ask(asked: Question, at: int, desk: Desk) -> Ran:
    return ran(
        "check", asked.subject, asked.action, asked.kind, "--home", str(asked.declared), "--at", format_instant(at),
        desk=desk,
    )  # fmt: skip


def test_a_clock_that_goes_back_does_not_bring_back_what_was() -> None:
    """The numbers say what came after what: what went live later counts from the instant that its clock said."""
    desk = desk_of((A, "2026-01-01"), (B, "2026-01-03"), (C, "2026-01-02"))
    found = [was_live(desk.past, parse_instant(day)).number for day in ("2026-01-01", "2026-01-02", "2026-01-04")]
    assert found == [1, 3, 3]


def test_revisions_are_named_by_number_or_beginning() -> None:
    desk = desk_of((A, "2026-01-01"), (B, "2026-01-02"), (A, "2026-01-03"))
    assert named_in(desk.past, "1") == named_in(desk.past, "3") == revision_of(A)
    assert named_in(desk.past, revision_of(B)[:7]) == named_in(desk.past, revision_of(B)) == revision_of(B)
    for text in ("4", "0", "x", "", "f" * 12):
        with pytest.raises(RequestInvalid, match="was ever live"):
            named_in(desk.past, text)


def test_the_tables_of_these_tests_say_what_they_should() -> None:
    assert ADA.decode() in TEXTS["access_rules"] and len({revision_of(files) for files in (A, B, C)}) == 3
