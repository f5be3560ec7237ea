"""Proves that the seed's tables decide, cell by cell: every role, kind and action, allowed and denied, in every
situation that the scope of a role, the home of a thing and the place where it is wanted can make.

What to expect comes from `seed_tables`, written out by hand; what decides is a frozen copy of the policy under
`data/seed`. Every situation counts its cells, so that the test cannot quietly shrink.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from remit.core.model import Code, Question, Witness
from remit.core.oracle import Oracle
from remit.core.pdp import decide
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot
from seed_tables import ACTIONS, ASSETS, ROLES, WORKLOADS, may, written

FROZEN = Path(__file__).parent / "data" / "seed"
CELLS = 330  # 11 roles, 4 assets and 2 workloads, 5 actions

HOME, NEIGHBOUR, STRANGER = "project:home", "project:neighbour", "project:stranger"
NORTH, SOUTH, ALL = "department:north", "department:south", "*"

ANY, MANAGE, WATCH, NOTHING = "create view use edit delete", "create edit delete", "view use", ""


class Situation(NamedTuple):
    """Who asks, where the thing lives and where it is wanted; and for which actions the seed's tables count then.

    `who` is a type of subject and where it holds the role, as the frozen access rules call it. Outside `assets`
    (for the four assets) and `workloads` (for the other two) everything is denied; `allowed` is how many cells
    are left to allow, counted by hand.
    """

    who: str
    home: str | None
    place: str | None
    assets: str
    workloads: str
    allowed: int


SITUATIONS = {
    # At home the tables count, whoever holds the role and however far above
    "at home": Situation("user home", HOME, HOME, ANY, ANY, 169),
    "at home, an application": Situation("application home", HOME, HOME, ANY, ANY, 169),
    "at home, an SSO group": Situation("group home", HOME, HOME, ANY, ANY, 169),
    "at home, no place said": Situation("user home", HOME, None, ANY, ANY, 169),
    "at home, held in the department": Situation("user department", HOME, HOME, ANY, ANY, 169),
    "at home, held everywhere": Situation("user everywhere", HOME, HOME, ANY, ANY, 169),
    "at the neighbour's, held in the department": Situation("user department", NEIGHBOUR, NEIGHBOUR, ANY, ANY, 169),
    # Outside the scope of the role nothing does
    "at the neighbour's": Situation("user home", NEIGHBOUR, NEIGHBOUR, NOTHING, NOTHING, 0),
    "at a stranger's": Situation("user home", STRANGER, STRANGER, NOTHING, NOTHING, 0),
    "at a stranger's, held in the department": Situation("user department", STRANGER, STRANGER, NOTHING, NOTHING, 0),
    "in the department above": Situation("user home", NORTH, NORTH, NOTHING, NOTHING, 0),
    "in the other department": Situation("user department", SOUTH, SOUTH, NOTHING, NOTHING, 0),
    # A project's thing is not to be seen or used elsewhere; to manage it is a matter of its home, not of the place
    "home's, from the neighbour's": Situation("user home", HOME, NEIGHBOUR, MANAGE, ANY, 120),
    "home's, from the neighbour's, held in both": Situation("user department", HOME, NEIGHBOUR, MANAGE, ANY, 120),
    "home's, from the department": Situation("user department", HOME, NORTH, MANAGE, ANY, 120),
    "home's, from `*`": Situation("user everywhere", HOME, ALL, MANAGE, ANY, 120),
    "the neighbour's, from home": Situation("user home", NEIGHBOUR, HOME, NOTHING, NOTHING, 0),
    # An all-projects thing is seen and used in every project, and managed only with the role held at `*`
    "all projects', from home": Situation("user home", ALL, HOME, WATCH, NOTHING, 49),
    "all projects', from home, held in the department": Situation("user department", ALL, HOME, WATCH, NOTHING, 49),
    "all projects', from home, held everywhere": Situation("user everywhere", ALL, HOME, ANY, ANY, 169),
    "all projects', held everywhere": Situation("user everywhere", ALL, ALL, ANY, ANY, 169),
    "all projects', from the neighbour's": Situation("user home", ALL, NEIGHBOUR, NOTHING, NOTHING, 0),
    "all projects', from `*`": Situation("user home", ALL, ALL, NOTHING, NOTHING, 0),
    "all projects', no place said": Situation("user home", ALL, None, "view", NOTHING, 25),
    # A department's thing reaches its own projects only
    "the department's, from home": Situation("user home", NORTH, HOME, WATCH, NOTHING, 49),
    "the department's, held in the department": Situation("user department", NORTH, NORTH, ANY, ANY, 169),
    "the department's, from a stranger's": Situation("user everywhere", NORTH, STRANGER, MANAGE, ANY, 120),
    # A thing without a known home is decided at `*`; a new one goes where it is made
    "no home": Situation("user home", None, None, NOTHING, NOTHING, 0),
    "no home, from home": Situation("user home", None, HOME, "create", "create", 36),
    "no home, held everywhere": Situation("user everywhere", None, None, ANY, ANY, 169),
}


@pytest.fixture(scope="module")
def policy() -> Policy:
    files = [FROZEN / "model.conf", *FROZEN.glob("policies/*.csv")]
    return read_policy({path.relative_to(FROZEN).as_posix(): path.read_bytes() for path in files})


@pytest.fixture(scope="module")
def snapshot(policy: Policy) -> Snapshot:
    return Snapshot(policy)


def cells() -> list[tuple[str, str, str]]:
    """Every role, action and thing, in the seed's words."""
    return [(role, action, thing) for role in ROLES for thing in (*ASSETS, *WORKLOADS) for action in ACTIONS]


def question(situation: Situation, role: str, action: str, thing: str) -> Question:
    """One cell, asked in this situation. What exists has a home that is known; what is created has one declared."""
    kind, holds = situation.who.split()
    holder = f"{kind}:{written(role)}-{holds}"
    asked = Question(holder, action, written(thing), place=situation.place)
    if kind == "group":  # nobody logs in as a group: it comes with somebody's token
        asked = asked._replace(subject="user:somebody", groups=(holder,))
    return asked._replace(**{"declared" if action == "create" else "known": situation.home})


def expected(situation: Situation, role: str, action: str, thing: str) -> bool | None:
    """What the seed and the situation together say of one cell; None: it cannot even be said."""
    says = may(role, action, thing)
    return says and action in (situation.workloads if thing in WORKLOADS else situation.assets).split()


def fits(witness: Witness, says: bool | None) -> bool:
    """Is this the decision that was expected?"""
    return witness.code is Code.UNKNOWN_ACTION if says is None else witness.allowed == says


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_cell_is_decided_as_the_seed_says(snapshot: Snapshot, name: str) -> None:
    situation = SITUATIONS[name]
    decided = {cell: decide(snapshot, *question(situation, *cell)) for cell in cells()}
    wrong = {cell: witness.code for cell, witness in decided.items() if not fits(witness, expected(situation, *cell))}
    assert wrong == {}
    assert len(decided) == CELLS
    assert sum(witness.allowed for witness in decided.values()) == situation.allowed


def test_all_situations_are_there() -> None:
    assert len(SITUATIONS) == 30
    assert sum(situation.allowed for situation in SITUATIONS.values()) == 2_667


@pytest.mark.parametrize("name", ["at home", "home's, from the neighbour's", "all projects', from home"])
def test_casbin_judges_every_cell_alike(policy: Policy, name: str) -> None:
    situation, casbin = SITUATIONS[name], Oracle(policy)
    judged = {cell: casbin.allows(question(situation, *cell)) for cell in cells()}
    assert len(judged) == CELLS
    assert {cell for cell, verdict in judged.items() if verdict != bool(expected(situation, *cell))} == set()


def test_a_stranger_may_nothing(snapshot: Snapshot) -> None:
    codes = {
        (action, thing): decide(snapshot, "user:nobody", action, written(thing), declared=HOME, place=HOME).code
        for _, action, thing in cells()
    }
    unsaid = {("use", thing): Code.UNKNOWN_ACTION for thing in WORKLOADS}
    assert len(codes) == 30
    assert codes == {**dict.fromkeys(codes, Code.UNKNOWN_SUBJECT), **unsaid}
