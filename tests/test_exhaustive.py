"""Every policy of up to three lines over a world small enough to have all of them, and every question about it.

Two subjects, two roles, three scopes (`*`, a department, a project in it), two kinds with two actions each: what
is decided at the place (`view`, `use`) and what is decided at home (`create`, `edit`). `decide` must give
Casbin's verdict on each question under each policy. Whatever two lines can do to each other, they do here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, islice, product

import pytest

from judging import compare, judge
from remit.core.model import ALWAYS, FOREVER, ROOT, Question
from remit.core.policy import Policy
from worlds import policy_of

SUBJECTS = ("user:ada", "user:bob")
ROLES = ("editor", "reader")
PARENTS = {"department:d": ROOT, "project:p": "department:d"}
SCOPES = (ROOT, *PARENTS)
VOCABULARY = {
    ("environment", "view"): True,
    ("environment", "use"): True,
    ("workload", "create"): False,
    ("workload", "edit"): False,
}
PERMISSIONS = [(role, scope, *pair) for role, scope, pair in product(ROLES, SCOPES, VOCABULARY)]
RULES = list(product(SUBJECTS, ROLES, SCOPES))
MOST_LINES = 3

WHEREABOUTS = [(None, None), *((scope, None) for scope in SCOPES), *((None, scope) for scope in SCOPES)]
"""What the request declares and what the catalog knows: nothing, or one of the two."""

QUESTIONS = [
    Question(subject, action, kind, None, declared, place, (), 0, known)
    for (kind, action), subject, (declared, known), place in product(VOCABULARY, SUBJECTS, WHEREABOUTS, (None, *SCOPES))
]
POLICIES = 1 + 36 + 630 + 7_140
DECISIONS = 1_748_768
CHUNKS = 16


def bundles() -> Iterator[tuple[tuple[str, ...], ...]]:
    """The lines of every policy there is."""
    return chain.from_iterable(combinations((*PERMISSIONS, *RULES), size) for size in range(MOST_LINES + 1))


def policies(chunk: int) -> Iterator[Policy]:
    """Each policy whose number leaves `chunk` when divided by the number of chunks."""
    for lines in islice(bundles(), chunk, None, CHUNKS):
        rules = [(*line, ALWAYS, FOREVER) for line in lines if len(line) == 3]
        yield policy_of((line for line in lines if len(line) == 4), rules, PARENTS, vocabulary=VOCABULARY)


def due(chunk: int) -> int:
    """How many decisions a chunk must compare."""
    return len(range(chunk, POLICIES, CHUNKS)) * len(QUESTIONS)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_small_policy_is_decided_as_casbin_decides_it(chunk: int) -> None:
    compared = allowed = 0
    for policy in policies(chunk):
        tally = compare(policy, QUESTIONS, judge(policy, QUESTIONS))
        assert not tally.different, (tally.different[0], policy.permissions, list(policy.access_rules))
        compared += tally.compared
        allowed += tally.allowed
    assert compared == due(chunk)
    assert allowed > 0


def test_the_chunks_are_the_whole_space() -> None:
    assert (len(PERMISSIONS), len(RULES), len(set(QUESTIONS))) == (24, 12, 224)
    assert sum(1 for _ in bundles()) == POLICIES
    assert sum(map(due, range(CHUNKS))) == POLICIES * len(QUESTIONS) == DECISIONS
