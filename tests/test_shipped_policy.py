"""Proves that the policy as shipped is sound, says what the seed says and nothing beside it, and that every one of
its cases comes out as written, before both judges.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import casbin
import pytest

from remit.core.coverage import coverage
from remit.core.model import Permission
from remit.core.modelconf import DEFINITIONS
from remit.core.mutation import Fate, mutate
from remit.core.policy import Policy, read_policy
from remit.core.times import parse_instant
from remit.core.trial import try_policy
from seed_tables import ACTIONS, ASSETS, CREATE, ROLES, USE, VIEW, WORKLOADS, may, written

ROOT = Path(__file__).parents[1]
FROZEN = Path(__file__).parent / "data" / "seed"
ROLES_CSV = "policies/roles.csv"
DAYS = ["2026-11-23", "2030-01-01"]


def shipped() -> dict[str, bytes]:
    """The files of the policy as shipped, by their names within it."""
    files = [ROOT / "model.conf", *ROOT.glob("policies/**/*.csv")]
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy(shipped())


@pytest.fixture(scope="module")
def matrix(policy: Policy) -> list[Permission]:
    return [permission for permission in policy.permissions if permission.origin.file == ROLES_CSV]


def test_it_loads_without_a_finding(policy: Policy) -> None:
    assert policy.warnings == ()


def test_casbin_reads_its_model_as_remit_does() -> None:
    model = casbin.Model()
    model.load_model(str(ROOT / "model.conf"))
    read = {name: one.value for group in model.model.values() for name, one in group.items()}
    # Casbin keeps `r.sub` as `r_sub`
    plain = {name: re.sub(r"\b([rp])_(?=[a-z])", r"\1.", value) for name, value in read.items()}
    assert plain == {name: value for (_, name), value in DEFINITIONS.items()}


def test_its_matrix_is_the_frozen_one() -> None:
    frozen = (FROZEN / ROLES_CSV).read_bytes()
    assert shipped()[ROLES_CSV] == frozen, f"update the frozen copy on purpose: {FROZEN.relative_to(ROOT)}/{ROLES_CSV}"


def test_its_roles_are_the_seeds_eleven(matrix: list[Permission]) -> None:
    assert len(ROLES) == 11
    assert {permission.role for permission in matrix} == set(map(written, ROLES))


def test_its_permissions_are_those_of_the_seed_and_what_follows(matrix: list[Permission]) -> None:
    things = (*ASSETS, *WORKLOADS)
    due = {
        (written(role), "*", written(thing), action)
        for role in ROLES
        for thing in things
        for action in ACTIONS
        if may(role, action, thing)
    }
    assert Counter(permission[:4] for permission in matrix) == Counter(due)
    assert len(matrix) == len(due) == 169


def test_its_tables_have_as_many_pairs_as_the_seeds(matrix: list[Permission]) -> None:
    blocks = set(map(written, ASSETS))
    pairs = Counter(permission.action for permission in matrix if permission.kind in blocks)
    assert pairs == {"create": 24, "view": 25, "use": 24, "edit": 24, "delete": 24}
    assert sum(map(len, CREATE.values())) == 24
    assert sum(map(len, VIEW.values())) == 25
    assert len(USE) == 6


def test_it_decides_each_pair_where_the_frozen_vocabulary_does(policy: Policy) -> None:
    files = {name: (FROZEN / name).read_bytes() for name in shipped() if (FROZEN / name).exists()}
    frozen = read_policy(files).vocabulary
    assert len(frozen) == 6
    for kind, verbs in frozen.items():
        shipped_verbs = {action: verb.at_place for action, verb in policy.vocabulary[kind].items()}
        assert shipped_verbs == {action: verb.at_place for action, verb in verbs.items()}, kind


def test_nobody_may_escalate(policy: Policy) -> None:
    assert "escalate" in policy.vocabulary["policy"]
    assert [permission for permission in policy.permissions if permission.action == "escalate"] == []


@pytest.mark.parametrize("day", DAYS)
def test_every_case_comes_out_as_written(policy: Policy, day: str) -> None:
    outcomes = list(try_policy(policy, parse_instant(day)))
    assert [f"{outcome.origin}: {outcome.fault}" for outcome in outcomes if not outcome.passed] == []
    assert len(policy.suites) >= 9
    assert len(outcomes) >= 238


def test_every_line_has_a_case_that_would_notice_a_slip(policy: Policy) -> None:
    when = parse_instant("2026-11-23")
    assert [each for each in coverage(policy, when) if each.uncovered] == []
    tried = mutate(policy, when)
    assert [change for change, fate in tried if fate is Fate.UNNOTICED] == []
    assert len(tried) > 800


def test_every_line_is_written_the_one_way() -> None:
    for name, data in shipped().items():
        text = data.decode()
        assert text.startswith("#"), f"{name}: a comment says first what the file is"
        assert text.endswith("\n"), name
        for number, line in enumerate(text.splitlines(), 1):
            assert line == line.rstrip(), f"{name}:{number}"
            if name.endswith(".csv") and not line.startswith("#"):
                assert line == ", ".join(field.strip() for field in line.split(",")), f"{name}:{number}"
