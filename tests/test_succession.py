"""Whether a right is always had by somebody: as asking everybody at every instant says."""

from __future__ import annotations

from random import Random

import pytest

from remit.core import succession
from remit.core.constraints import Right
from remit.core.model import FOREVER, ROOT, Code
from remit.core.pdp import walk
from remit.core.snapshot import Snapshot
from remit.core.succession import unheld_from
from worlds import EDGES, World, policy_of, random_world

INSTANTS = sorted({edge + more for edge in EDGES for more in (-1, 0, 1)})


def by_asking(world: World, snapshot: Snapshot, right: Right, groups: tuple[str, ...], now: int) -> int | None:
    """The first instant from `now` on at which nobody has the right in all projects."""
    people = (*world.subjects, *groups)
    for when in (now, *(one for one in INSTANTS if one > now)):
        asked = ((each, right.action, right.kind, None, ROOT, ROOT, (), when) for each in people)
        if all(walk(snapshot, *each)[0] is not Code.GRANTED for each in asked):
            return when
    return None


def parted(seed: int) -> tuple[list[str], set[str]]:
    """Where the two differ in one world, and which answers there were."""
    world, chance = random_world(seed), Random(f"succession {seed}")
    snapshot, wrong, kinds = Snapshot(world.policy), [], set()
    for pair in world.pairs:
        groups = tuple(chance.sample(world.groups, chance.randint(0, len(world.groups))))
        for now in world.instants:
            expected = by_asking(world, snapshot, Right(*pair), groups, now)
            found = unheld_from(snapshot, Right(*pair), groups, now)
            kinds.add("always" if expected is None else "now" if expected == now else "later")
            wrong += [f"{pair} {groups} {now}: said {found}, is {expected}"] if found != expected else []
    return wrong, kinds


def test_it_is_what_asking_everybody_says() -> None:
    kinds = set()
    for seed in range(600):
        wrong, some = parted(seed)
        assert not wrong, f"seed {seed}: {wrong[:3]}"
        kinds |= some
    assert kinds == {"always", "now", "later"}


def test_whoever_follows_may_be_named_before() -> None:
    """Neither the order of the lines nor that of the names counts."""
    edge = EDGES[0]
    rules = [("user:ada", "r", ROOT, edge, FOREVER), ("user:bob", "r", ROOT, 0, edge)]
    for some in (rules, rules[::-1]):
        snapshot = Snapshot(policy_of([("r", ROOT, "environment", "create")], some))
        assert unheld_from(snapshot, Right("environment", "create"), (), edge - 5) is None


def test_a_group_that_nobody_is_known_to_come_with_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "is_group", lambda _: False)
    assert any(parted(seed)[0] for seed in range(600))
