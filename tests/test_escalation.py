"""Nobody gives what they do not have: every gain that the base policy does not give its author is found, by whatever
way it comes, and no other (threats, rows 30 and 31).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from textwrap import dedent

import pytest

from policies import files
from readable import NOW
from remit.core.difference import escalation as escalation_of
from remit.core.difference.affected import Sides
from remit.core.difference.effects import effects
from remit.core.difference.escalation import Author
from remit.core.difference.plan import plan, version_of
from remit.core.directory import highest
from remit.core.model import ROOT, AccessRule, Code, Origin, Permission, Verb
from remit.core.pdp import walk
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from test_difference import INSTANTS, _again, pair_of, sides_of, subjects_of
from worlds import ALWAYS, EDGES, FOREVER

BASE = {
    "vocabulary": """
        environment, create, home, add one
        environment, view, place, see one
        environment, use, place, run one
        environment, edit, home, change one
        policy, publish, home, bring a policy into force
        policy, escalate, home, give what one has not
        """,
    "roles": """
        p, researcher, *, environment, create
        p, researcher, *, environment, view
        p, researcher, *, environment, use
        p, viewer, *, environment, view
        p, lead, *, environment, create
        p, lead, *, environment, edit
        p, lead, *, environment, view
        p, lead, *, environment, use
        p, local, project:vision, environment, edit
        """,
    "service_roles": """
        p, publisher, *, policy, publish
        p, escalator, *, policy, escalate
        """,
    "scopes": """
        g2, department:research, *
        g2, project:vision, department:research
        g2, project:nlp, department:research
        g2, department:sales, *
        g2, project:web, department:sales
        g2, department:labs, *
        """,
    "groups": """
        g, user:ada, group:lab, *
        g, group:lab, group:science, *
        g, user:chief, group:chiefs, *
        g, user:temp, group:chiefs, *, , 2030-01-01
        """,
    "access_rules": """
        g, user:boss, lead, department:research
        g, group:chiefs, lead, department:research
        g, user:root, lead, *
        g, user:root, publisher, *
        g, user:brief, lead, department:research, , 2031-01-01
        g, user:late, lead, department:research, 2031-01-01
        g, user:eva, escalator, department:research
        g, user:eva, publisher, *
        g, group:science, viewer, project:nlp
        g, user:all, viewer, *
        g, user:host, lead, project:web
        """,
    "resources": """
        environment:shared, *
        environment:ours, project:vision
        environment:theirs, project:web
        environment:old, project:gone
        """,
}

Change = Mapping[str, str | tuple[str, str]]
"""By table: lines to add, or a text and what takes its place."""

GRAPHS: dict[str, tuple[Change, str, str | None]] = {
    "within one's own department": ({"access_rules": "g, user:new, lead, project:vision"}, "user:boss", None),
    "less than one has": ({"access_rules": "g, user:new, viewer, department:research"}, "user:boss", None),
    "by a group one is in": ({"access_rules": "g, user:new, lead, project:nlp"}, "user:chief", None),
    "in another department": ({"access_rules": "g, user:new, lead, project:web"}, "user:boss", "project:web"),
    "in the scope above": ({"access_rules": "g, user:new, lead, *"}, "user:boss", "*"),
    "to oneself": ({"access_rules": "g, user:boss, lead, department:sales"}, "user:boss", "department:sales"),
    "to oneself, by a group": ({"groups": "g, user:ada, group:chiefs, *"}, "user:ada", "department:research"),
    "to oneself, by a group in a group": (
        {"groups": "g, group:lab, group:chiefs, *"}, "user:ada", "department:research",
    ),
    "to a group": ({"access_rules": "g, group:open, lead, project:web"}, "user:boss", "project:web"),
    "to a group by way of another": (
        {"access_rules": "g, group:science, lead, project:web"}, "user:boss", "project:web",
    ),
    "another role": ({"access_rules": "g, user:new, publisher, *"}, "user:boss", "*"),
    "the right to escalate": ({"access_rules": "g, user:boss, escalator, *"}, "user:boss", "*"),
    "by widening a role": ({"roles": "p, viewer, *, environment, edit"}, "user:boss", "*"),
    "by widening a role in one's own scope": (
        {"roles": "p, viewer, department:research, environment, edit"}, "user:boss", None,
    ),
    "by a permission that is narrowed no more": (
        {"roles": ("p, local, project:vision,", "p, local, *,"), "access_rules": "g, user:new, local, *"}, "user:boss",
        "*",
    ),
    "by a role of one's own making": (
        {"roles": "p, fresh, *, environment, edit", "access_rules": "g, user:boss, fresh, project:web"}, "user:boss",
        "project:web",
    ),
    "in a project that is new and one's own": (
        {"scopes": "g2, project:fresh, department:research", "access_rules": "g, user:new, lead, project:fresh"},
        "user:boss", None,
    ),
    "in a project that is new elsewhere": (
        {"scopes": "g2, project:fresh, department:sales", "access_rules": "g, user:new, lead, project:fresh"},
        "user:boss", "project:fresh",
    ),
    "a new project by itself": ({"scopes": "g2, project:fresh, department:sales"}, "user:boss", None),
    "a project taken over by way of a department that is new": (
        {"scopes": (
            "g2, project:web, department:sales",
            "g2, department:new, department:research\ng2, project:web, department:new",
        )},
        "user:boss", "project:web",
    ),
    "a resource whose scope comes back": (
        {"scopes": "g2, project:gone, department:research"}, "user:boss", "* and project:gone",
    ),
    "more than is decided elsewhere": (
        {"vocabulary": ("environment, edit, home", "environment, edit, place"),
         "access_rules": "g, user:new, lead, project:web"},
        "user:boss", "* and project:web",
    ),
    "a project put where other blocks can be seen": (
        {"scopes": ("g2, project:web, department:sales", "g2, project:web, department:labs")}, "user:host",
        "department:labs",
    ),
    "a project taken over from elsewhere": (
        {"scopes": ("g2, project:web, department:sales", "g2, project:web, department:research")}, "user:boss",
        "project:web",
    ),
    "for longer than one has it": ({"access_rules": "g, user:new, lead, project:nlp"}, "user:brief", "project:nlp"),
    "as long as one has it": ({"access_rules": "g, user:new, lead, project:nlp, , 2031-01-01"}, "user:brief", None),
    "before one has it": ({"access_rules": "g, user:new, lead, project:nlp"}, "user:late", "project:nlp"),
    "once one has it": ({"access_rules": "g, user:new, lead, project:nlp, 2031-01-01"}, "user:late", None),
    "by a membership that ends": ({"access_rules": "g, user:new, lead, project:nlp"}, "user:temp", "project:nlp"),
    "a window that grows": (
        {"access_rules": (", lead, department:research, , 2031-01-01", ", lead, department:research")}, "user:brief",
        "department:research",
    ),
    "in the past": ({"access_rules": "g, user:new, lead, *, 2001-01-01, 2002-01-01"}, "user:boss", None),
    "with leave to escalate there": ({"access_rules": "g, user:new, lead, project:vision"}, "user:eva", None),
    "with leave to escalate elsewhere": ({"access_rules": "g, user:new, lead, project:web"}, "user:eva", "project:web"),
    "by deciding at the place what was decided at home": (
        {"vocabulary": ("environment, edit, home", "environment, edit, place")}, "user:boss", "*",
    ),
    "the same, from above": (
        {"vocabulary": ("environment, edit, home", "environment, edit, place")}, "user:root", None,
    ),
    "a block moved into reach": (
        {"resources": ("environment:shared, *", "environment:shared, project:vision")}, "user:boss", "*",
    ),
    "a foreign block moved into reach": (
        {"resources": ("environment:theirs, project:web", "environment:theirs, project:vision")}, "user:boss",
        "* and project:vision",
    ),
    "one's own block moved within reach": (
        {"resources": ("environment:ours, project:vision", "environment:ours, project:nlp")}, "user:boss", None,
    ),
    "a new kind of thing": (
        {"vocabulary": "gadget, fly, home, let it fly", "roles": "p, viewer, *, gadget, fly"}, "user:root",
        "* and project:nlp",
    ),
    "something taken away": ({"access_rules": ("g, user:all, viewer, *", "# gone")}, "user:nobody", None),
    "by somebody unknown": ({"access_rules": "g, user:new, viewer, project:nlp"}, "user:nobody", "project:nlp"),
    "what somebody has already": ({"access_rules": "g, user:root, viewer, project:web"}, "user:nobody", None),
}  # fmt: skip
"""Ways to power, or to none: the change, who wrote it, and where it escalates."""


def policy(change: Change = {}) -> dict[str, bytes]:  # noqa: B006
    """The base policy, changed."""
    tables = {name: dedent(text).lstrip() for name, text in BASE.items()}
    for name, how in change.items():
        if isinstance(how, tuple):
            assert how[0] in tables[name]
            tables[name] = tables[name].replace(*how)
        else:
            tables[name] += how + "\n"
    return files(**tables)


@pytest.mark.parametrize(("change", "author", "where"), GRAPHS.values(), ids=GRAPHS)
def test_each_way_to_power_is_seen_and_no_other(change: Change, author: str, where: str | None) -> None:
    found = plan(version_of(policy()), version_of(policy(change)), NOW, author)
    scopes = {scope for each in found.escalations or () for scope in each.scopes}
    assert scopes == (set(where.split(" and ")) if where else set()), found.escalations
    assert found.blocked is (where is not None)
    unsaid = plan(version_of(policy()), version_of(policy(change)), NOW)
    assert unsaid.escalations is None and not unsaid.blocked


def test_there_are_enough_of_them() -> None:
    assert sum(where is not None for _, _, where in GRAPHS.values()) >= 20


def with_escalation(policy: Policy, seed: int) -> Policy:
    """The policy, with a right to escalate that somebody may have."""
    rng = Random(f"escalation {seed}")
    role, scope = "escalator", rng.choice((ROOT, *policy.parents))
    verbs = {**policy.vocabulary, "policy": {"escalate": Verb(False, "", Origin("x", 1))}}
    rules = [*policy.access_rules]
    if rng.random() < 0.4:
        window = rng.choice(((ALWAYS, FOREVER), (ALWAYS, EDGES[1]), (EDGES[1], FOREVER)))
        who = rng.choice(subjects_of(policy))
        rules.append(AccessRule(who, role, scope, *window, Origin("policies/access_rules.csv", 99)))
    permission = Permission(role, ROOT, "policy", "escalate", Origin("policies/roles.csv", 99))
    table = type(policy.access_rules).of(rules)
    return _again(policy, vocabulary=verbs, access_rules=table, permissions=(*policy.permissions, permission))


def parted(seed: int) -> list[str]:
    """Where what the author lacks differs from what asking each question says."""
    base, head = (with_escalation(one, seed) for one in pair_of(seed))
    sides = sides_of(base, head)
    chance = Random(f"author {seed}")
    author, groups = chance.choice(subjects_of(base)), some_groups(base, chance)
    now = INSTANTS[seed % len(INSTANTS)]
    said: dict[tuple[str, str, str, int], set[str]] = {}
    for each in Author(sides, author, now, groups).lacks(effects(sides)):
        for number, when in enumerate(INSTANTS):
            if each.since <= when < each.until:
                said.setdefault((each.subject, each.kind, each.action, number), set()).update(each.scopes)
    expected = _lacked(sides, author, now, subjects_of(base, head), groups)
    chains, wrong = sides.head.chains, []
    for key in said.keys() | expected.keys():
        one, other = highest(said.get(key, ()), chains), highest(expected.get(key, ()), chains)
        wrong += [f"{key}: said {one}, is {other}"] if one != other else []
    return wrong


def some_groups(policy: Policy, chance: Random) -> tuple[str, ...]:
    """Groups that an author's token vouches for: for half of all authors none."""
    groups = [name for name in subjects_of(policy) if name.startswith("group:")]
    return tuple(chance.sample(groups, chance.randint(0, len(groups)))) if chance.random() < 0.5 else ()


def _lacked(
    sides: Sides, author: str, now: int, subjects: list[str], groups: tuple[str, ...] = ()
) -> dict[tuple[str, str, str, int], set[str]]:
    """By asking: every scope at which a subject may what it may not in base, and the author, who comes with these
    groups, may not there."""
    base, head = sides.both

    def may(
        snapshot: Snapshot, who: str, kind: str, action: str, scope: str, when: int, by: tuple[str, ...] = ()
    ) -> bool:
        return walk(snapshot, who, action, kind, None, scope, scope, by, when)[0] is Code.GRANTED

    found: dict[tuple[str, str, str, int], set[str]] = {}
    for number, when in enumerate(INSTANTS):
        if when < now:
            continue
        for kind, action in sides.pairs:
            for scope in head.chains:
                known = next(one for one in head.chains[scope] if one in base.chains)
                own = ((kind, action), ("policy", "escalate"))
                if any(may(base, author, *each, known, when, groups) for each in own):
                    continue
                for who in subjects:
                    # at a scope that base lacks, whoever may above it in base is given nothing
                    if may(head, who, kind, action, scope, when) and not may(base, who, kind, action, known, when):
                        found.setdefault((who, kind, action, number), set()).add(scope)
    return found


def test_what_an_author_lacks_is_what_asking_says() -> None:
    escalating = 0
    for seed in range(250):
        assert not (wrong := parted(seed)), f"seed {seed}: {wrong[:3]}"
        base, head = (with_escalation(one, seed) for one in pair_of(seed))
        escalating += bool(_lacked(sides_of(base, head), "user:nobody", 0, subjects_of(base, head)))
    assert escalating > 50


def mutant_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judges the author by the policy they wrote."""
    honest = Author.__init__

    def init(self: Author, sides: Sides, subject: str, now: int, groups: tuple[str, ...] = ()) -> None:
        honest(self, sides, subject, now, groups)
        held = escalation_of.held_at
        stretches = [(since, until, held(sides.head, subject, groups, since)) for since, until, _ in self._stretches]
        monkeypatch.setattr(self, "_stretches", stretches)

    monkeypatch.setattr(Author, "__init__", init)


def mutant_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judges the author now, and not while the gain holds."""
    honest = Author.__init__

    def init(self: Author, sides: Sides, subject: str, now: int, groups: tuple[str, ...] = ()) -> None:
        honest(self, sides, subject, now, groups)
        monkeypatch.setattr(self, "_stretches", [(now, FOREVER, self._stretches[0][2])])

    monkeypatch.setattr(Author, "__init__", init)


def mutant_escalate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Knows no leave to escalate."""
    monkeypatch.setattr(escalation_of, "ESCALATE", ("policy", "nothing"))


def mutant_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does not see when what the author's groups hold ends."""
    honest = escalation_of.cuts
    monkeypatch.setattr(escalation_of, "cuts", lambda sides, subject, _: honest(sides, subject))


@pytest.mark.parametrize("mutant", [mutant_head, mutant_now, mutant_escalate, mutant_groups])
def test_a_judge_of_authors_that_is_wrong_is_noticed(
    mutant: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    assert any(parted(seed) for seed in range(250))
