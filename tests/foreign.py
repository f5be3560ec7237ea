"""Casbin policies as others write them, small and random: for `remit import`."""

from __future__ import annotations

from itertools import pairwise
from random import Random

PLAIN = """\
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
"""
SCOPED = """\
[request_definition]
r = sub, dom, obj, act

[policy_definition]
p = sub, dom, obj, act

[role_definition]
g = _, _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act
"""
NAMES = ("ada", "bob", "user:cleo", "clerk", "chief", "role:boss", "ops")
"""Names of subjects and of roles: nothing tells which is which but how they are used."""

PLACES = ("north", "south", "*")
OBJECTS, ACTS = ("ledger", "press"), ("read", "create")


def random_policy(seed: int) -> tuple[str, bool, tuple[str, ...]]:
    """Lines of a policy, whether they have a scope each, and the names that are said to be subjects besides."""
    rng = Random(seed)
    scoped = rng.random() < 0.6
    places = PLACES[: rng.choice((1, 2, 2, 2, 3))]
    names = rng.sample(NAMES, rng.randint(2, len(NAMES)))
    lines = []
    if rng.random() < 0.25:
        chain = [f"c{index}" for index in range(rng.randint(8, 13))]
        lines += [("g", one, other, places[0]) for one, other in pairwise(chain)]
        lines.append(("p", chain[-1], places[0], rng.choice(OBJECTS), rng.choice(ACTS)))
    for _ in range(rng.randint(1, 6)):
        lines.append(("p", rng.choice(names), rng.choice(places), rng.choice(OBJECTS), rng.choice(ACTS)))
    for _ in range(rng.randint(0, 7)):
        lines.append(("g", rng.choice(names), rng.choice(names), rng.choice(places)))
    lines += rng.choices(lines, k=rng.choice((0, 0, 2)))
    rng.shuffle(lines)
    at = {"p": 2, "g": 3}
    rows = [line if scoped else (*line[: at[line[0]]], *line[at[line[0]] + 1 :]) for line in lines]
    also = tuple(rng.sample(names, 1)) if rng.random() < 0.3 else ()
    return "\n".join(rng.choice((", ", ",")).join(row) for row in rows) + "\n", scoped, also
