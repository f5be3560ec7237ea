"""A journal of all that can be asked, with groups, windows, a catalog, pages and refusals: its questions are read
as they were asked, and no policy that is proposed answers any of them differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from recorded import END, record
from remit.adapters.db import open_database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.journal.reading import entries
from remit.core.difference.plan import version_of
from remit.core.journal.asked import asked, judged
from remit.core.journal.entries import Entry
from remit.core.journal.gathered import Gathered
from remit.core.journal.proposal import Fate, propose
from remit.core.journal.replaying import judged_again
from remit.core.journal.usage import Bearing
from remit.core.policy import read_policy, revision_of
from remit.core.search import allows
from remit.core.snapshot import Snapshot

ANSWERS = 1_200


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Entry], list[dict[str, bytes]]]:
    """The lines of such a journal, and the policies that were live, each once."""
    state = tmp_path_factory.mktemp("state")
    policies = {revision_of(files): files for files in record(state, ANSWERS, seed=7)}
    database = open_database(sqlite_url(state / "remit.db"))
    assert all(database.revisions.files(name) == files for name, files in policies.items())
    database.close()
    return list(entries(state / "journal")), list(policies.values())


def test_questions_are_read_as_they_were_asked(kept: tuple[list[Entry], list[dict[str, bytes]]]) -> None:
    """Each is answered by its own revision as it was; an allow rests on some access rule, a deny on none."""
    lines, policies = kept
    bearings = {revision_of(files): Bearing(Snapshot(read_policy(files))) for files in policies}
    counts = {True: 0, False: 0}
    for entry in lines:
        for one in asked(entry):
            bearing = bearings[str(entry.body["revision"])]
            if not one.everywhere:
                counts[one.allowed] += 1
                assert allows(bearing.snapshot, one.question) is one.allowed, entry.body
                assert bool(bearing.rests_on(one)) is one.allowed
            assert all(allows(bearing.snapshot, each) for each in judged(bearing.snapshot, one)) is one.allowed
    assert min(counts.values()) > 300


def _answers(entry: Entry, snapshot: Snapshot) -> Iterator[Any]:
    """What a policy says to a line, as far as it is not what is on record; of a deny not for which reason, and of a
    search whether it finds what it found."""
    for each in judged_again(entry, snapshot).differences:
        if each.where == "results" and entry.body["op"] == "search":
            continue
        if not each.where.endswith((".code", ".home")):
            yield each.where, each.found.partition(" (")[0]
    if entry.body.get("op") == "search":
        yield [allows(snapshot, one.question) for one in asked(entry)]


def test_no_policy_that_is_proposed_answers_differently(kept: tuple[list[Entry], list[dict[str, bytes]]]) -> None:
    lines, policies = kept
    for files in policies:
        version = version_of(files)
        before = Snapshot(version.policy)
        found = Gathered(before, END)
        for entry in lines:
            found.take(entry)
        assert found.unread == 0 and found.records > 200
        proposal = propose(version, list(found.questions()), (), END)
        assert proposal.flips == () and proposal.gone
        assert Fate.NEW not in {each.fate for each in proposal.unneeded}
        after = Snapshot(read_policy({**files, **proposal.files}))
        for entry in lines:
            if asked(entry):
                assert list(_answers(entry, before)) == list(_answers(entry, after)), entry.body
