"""Constraints over a policy short enough to check by eye: who breaks them, where, from when until when, by which lines.

One department with the projects a and b, and a project c beside it. `judged` adds constraints and lines to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from textwrap import dedent

import pytest

from policies import files
from remit.core.duties import Judgement, Violation, judge
from remit.core.model import FOREVER
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant, parse_instant

NOW = parse_instant("2026-06-01")
TEXTS = {
    "vocabulary": """
        environment, view, place, see one
        environment, create, home, add one
        environment, edit, home, change one
        """,
    "roles": """
        p, asker, *, environment, view
        p, signer, *, environment, edit
        p, maker, *, environment, create
        p, maker, *, environment, view
        p, local, project:a, environment, edit
        """,
    "scopes": """
        g2, department:r, *
        g2, project:a, department:r
        g2, project:b, department:r
        g2, project:c, *
        """,
    "groups": "",
    "access_rules": "",
}


def judged(constraints: str, access_rules: str = "", groups: str = "", now: int = NOW) -> Judgement:
    """What the constraints say of this policy with these lines."""
    policy = read(constraints=constraints, access_rules=access_rules, groups=groups)
    return judge(policy, Snapshot(policy), now)


def read(**texts: str) -> Policy:
    """This policy with some other texts."""
    return read_policy(files(**{name: dedent(text).lstrip() for name, text in {**TEXTS, **texts}.items()}))


def broken(constraints: str, access_rules: str = "", groups: str = "") -> list[str]:
    """The sentences of the violations, each with its time if it has one."""
    return [timed(each) for each in judged(constraints, access_rules, groups).violations]


def timed(violation: Violation) -> str:
    since = "" if violation.since == NOW else f" from {format_instant(violation.since)}"
    until = "" if violation.until == FOREVER else f" until {format_instant(violation.until)}"
    return violation.sentence + since + until


def lines(found: Iterable[Violation]) -> list[str]:
    return [f"{line.origin.file[9:-4]}:{line.origin.line}" for each in found for line in each.lines]


APART = "separate, four-eyes, {}, no one signs what they ask for, 2, asker, signer\n"


@pytest.mark.parametrize(
    ("scope", "asks", "signs", "together"),
    [
        ("*", "project:a", "project:a", True),
        ("*", "project:a", "project:c", True),
        ("*", "*", "project:c", True),
        ("project:a", "project:a", "project:a", True),
        ("project:a", "project:a", "department:r", True),
        ("project:a", "*", "department:r", True),
        ("project:a", "project:a", "project:b", False),
        ("department:r", "project:a", "project:b", True),
        ("department:r", "project:a", "project:c", False),
        ("project:c", "project:a", "project:b", False),
        ("*", "project:a", "project:gone", False),
    ],
)
def test_roles_are_held_together_wherever_they_reach(scope: str, asks: str, signs: str, together: bool) -> None:
    found = broken(APART.format(scope), f"g, user:ada, asker, {asks}\ng, user:ada, signer, {signs}\n")
    assert found == (
        [f"`user:ada` holds `asker` in `{asks}` and `signer` in `{signs}`; `four-eyes` allows 1 of these"]
        if together
        else []
    )


def test_a_violation_says_all_there_is_to_say() -> None:
    rules = "g, user:ada, asker, project:a\ng, group:leads, signer, *\ng, user:bob, signer, project:b\n"
    groups = "g, user:ada, group:team, *\ng, group:team, group:leads, *, 2026-07-01, 2026-08-01\n"
    (found,) = judged(APART.format("*"), rules, groups).violations
    assert found.constraint.name == "four-eyes"
    assert found.constraint.origin == ("policies/constraints.csv", 1)
    assert (found.who, found.where) == (("user:ada",), ("*", "project:a"))
    assert (format_instant(found.since), format_instant(found.until)) == ("2026-07-01", "2026-08-01")
    assert (
        found.sentence == "`user:ada` holds `asker` in `project:a` and `signer` in `*`; `four-eyes` allows 1 of these"
    )
    assert lines([found]) == ["access_rules:1", "access_rules:2", "groups:1", "groups:2"]
    assert [line.what for line in found.lines] == ["access rule", "access rule", "membership", "membership"]


def test_a_group_and_all_in_it_are_one_violation() -> None:
    rules = "g, group:both, asker, project:a\ng, group:both, signer, project:b\n"
    groups = "g, user:ada, group:in, *\ng, group:in, group:both, *\ng, user:bob, group:both, *\n"
    (found,) = judged(APART.format("*"), rules, groups).violations
    assert found.who == ("group:both", "group:in", "user:ada", "user:bob")
    assert found.sentence.startswith("`group:both` and 3 others hold `asker` in `project:a` and")
    assert lines([found]) == ["access_rules:1", "access_rules:2", "groups:1", "groups:2", "groups:3"]


def test_neighbours_in_time_are_one_violation() -> None:
    rules = """
        g, user:ada, asker, project:a
        g, user:ada, signer, project:b, 2026-01-01, 2026-07-01
        g, user:ada, signer, project:b, 2026-07-01, 2026-08-01
        g, user:ada, signer, project:b, 2026-09-01
        g, user:ada, signer, project:b, 2020-01-01, 2020-02-01
        """
    said = "`user:ada` holds `asker` in `project:a` and `signer` in `project:b`; `four-eyes` allows 1 of these"
    found = judged(APART.format("*"), rules).violations
    assert [timed(each) for each in found] == [f"{said} until 2026-08-01", f"{said} from 2026-09-01"]
    assert [lines([each]) for each in found] == [
        ["access_rules:1", "access_rules:2", "access_rules:3"],
        ["access_rules:1", "access_rules:4"],
    ]


def test_rights_are_kept_apart_by_whatever_roles() -> None:
    apart = "separate, four-eyes, {}, no one signs what they make, 2, environment:create, environment:edit\n"
    rules = "g, user:ada, maker, project:b\ng, user:ada, local, department:r\n"
    assert broken(apart.format("*"), rules) == [
        "`user:ada` may create environment in `project:b` and edit environment in `project:a`; "
        "`four-eyes` allows 1 of these"
    ]
    assert broken(apart.format("project:a"), rules) == []
    assert broken(apart.format("*"), "g, user:ada, maker, *\ng, user:ada, local, project:b\n") == []
    found = judged(apart.format("department:r"), rules).violations
    assert lines(found) == ["roles:3", "roles:5", "access_rules:1", "access_rules:2"]


def test_three_of_three_is_more_than_two() -> None:
    three = "separate, x, *, , 3, asker, signer, maker\n"
    two = "g, user:ada, asker, *\ng, user:ada, signer, *\n"
    assert broken(three, two) == []
    assert broken(three, f"{two}g, user:ada, maker, project:a\n") == [
        "`user:ada` holds `asker` in `*`, `signer` in `*` and `maker` in `project:a`; `x` allows 2 of these"
    ]


FEW = "at-most, few, *, every project lives with it, 1, environment:edit{}\n"


def test_people_are_counted_where_the_thing_lives() -> None:
    rules = "g, user:ada, signer, *\ng, user:bob, signer, project:a\ng, application:bot, signer, *\n"
    assert broken(FEW.format(""), rules) == []
    assert broken(FEW.format(""), f"{rules}g, user:eve, signer, *\n") == [
        "up to 2 people may edit environment in `*`; `few` allows 1"
    ]
    here = "at-most, few, project:a, , 1, environment:edit\n"
    assert broken(here, rules) == ["up to 2 people may edit environment in `project:a`; `few` allows 1"]


def test_people_are_counted_when_they_may_at_once() -> None:
    rules = """
        g, user:ada, signer, *, , 2026-07-01
        g, user:bob, signer, *, 2026-07-01, 2026-09-01
        g, user:eve, signer, *, 2026-08-01
        g, user:eve, signer, *, 2026-08-15, 2026-10-01
        g, group:x, signer, *
        """
    groups = "g, user:kay, group:x, *, 2026-08-20, 2026-08-21\ng, user:old, group:x, *, 2020-01-01, 2021-01-01\n"
    found = judged(FEW.format(""), rules, groups)
    (few,) = found.violations
    assert timed(few) == "up to 3 people may edit environment in `*`; `few` allows 1 from 2026-08-01 until 2026-09-01"
    assert few.who == ("user:bob", "user:eve", "user:kay")
    due = [f"access_rules:{number}" for number in (2, 3, 4, 5)]
    assert lines([few]) == ["roles:2", *due, "groups:1"]
    assert [timed(each) for each in found.doubts] == [
        "`group:x` may edit environment in `*`, and nobody can count who comes with it in a token"
    ]


def test_closed_refuses_groups() -> None:
    rules, groups = "g, group:x, signer, *\n", "g, user:kay, group:x, *\n"
    found = judged(FEW.format(", closed"), rules, groups)
    assert [timed(each) for each in found.violations] == [
        "`group:x` may edit environment in `*`, and nobody can count who comes with it in a token"
    ]
    assert found.doubts == ()


TRAINED = "requires, training, {}, train first, signer, {}{}\n"


@pytest.mark.parametrize(
    ("scope", "signs", "asks", "lacking"),
    [
        ("*", "project:a", "project:a", False),
        ("*", "project:a", "department:r", False),
        ("*", "department:r", "project:a", True),
        ("*", "project:a", "project:b", True),
        ("project:a", "*", "project:a", False),
        ("project:a", "*", "department:r", False),
        ("project:a", "*", "project:b", True),
        ("department:r", "*", "project:a", True),
        ("project:c", "department:r", "project:c", False),
    ],
)
def test_the_other_role_is_due_wherever_the_one_reaches(scope: str, signs: str, asks: str, lacking: bool) -> None:
    found = broken(TRAINED.format(scope, "asker", ""), f"g, user:ada, signer, {signs}\ng, user:ada, asker, {asks}\n")
    assert found == (
        [f"`user:ada` holds `signer` in `{signs}` without `asker`, which `training` requires"] if lacking else []
    )


def test_a_group_may_be_due() -> None:
    due = TRAINED.format("*", "group:trained", "")
    rules = "g, user:ada, signer, project:a\ng, group:x, signer, *\n"
    groups = "g, user:kay, group:x, *\ng, group:trained, group:x, *\ng, user:kim, group:trained, *, , 2026-08-01\n"
    found = judged(due, rules, f"{groups}g, user:kim, group:x, *\n")
    without = "without belonging to `group:trained`, which `training` requires"
    assert [timed(each) for each in found.violations] == [
        f"`user:ada` holds `signer` in `project:a` {without}",
        f"`user:kay` holds `signer` in `*` {without}",
        f"`user:kim` holds `signer` in `*` {without} from 2026-08-01",
    ]
    assert [timed(each) for each in found.doubts] == [f"`group:x` holds `signer` in `*` {without}"]
    closed = judged(TRAINED.format("*", "group:trained", ", closed"), rules, groups)
    assert "group:x" in [each.who[0] for each in closed.violations]
    assert closed.doubts == ()


@pytest.mark.parametrize(
    ("who", "named"),
    [
        ("everyone", ["application:bot", "group:x", "user:ada", "user:bob", "user:kay"]),
        ("user:", ["group:x", "user:ada", "user:bob", "user:kay"]),
        ("application:", ["application:bot", "group:x"]),
        ("user:ada", ["user:ada"]),
        ("group:x", ["group:x", "user:kay"]),
        ("everyone, but, group:x", ["application:bot", "user:ada", "user:bob"]),
        ("everyone, but, group:x, user:ada, application:bot", ["user:bob"]),
        ("user:, but, user:ada", ["group:x", "user:bob", "user:kay"]),
        ("group:x, but, user:kay", ["group:x"]),
    ],
)
def test_never_is_about_those_it_says(who: str, named: list[str]) -> None:
    rules = "".join(
        f"g, {subject}, {role}, {scope}\n"
        for subject, role, scope in (
            ("user:ada", "signer", "department:r"), ("user:bob", "local", "*"), ("group:x", "signer", "project:a"),
            ("application:bot", "signer", "project:a"), ("user:eve", "asker", "project:a"),
            ("user:fay", "signer", "project:c"), ("user:gil", "local", "project:b"),
        )
    )  # fmt: skip
    found = judged(f"never, x, project:a, , environment:edit, {who}\n", rules, "g, user:kay, group:x, *\n").violations
    assert sorted(name for each in found for name in each.who) == named


def test_never_says_where_it_begins() -> None:
    never = "never, x, {}, , environment:edit, everyone\n"
    rules = "g, user:ada, signer, project:c\ng, user:ada, local, *\ng, user:ada, signer, project:a\n"
    (found,) = judged(never.format("*"), rules).violations
    assert found.sentence == "`user:ada` may edit environment in `project:a` and `project:c`; `x` says never"
    assert lines([found]) == ["roles:2", "roles:5", "access_rules:1", "access_rules:2", "access_rules:3"]
    (found,) = judged(never.format("department:r"), rules).violations
    assert found.where == ("project:a",)
    assert judged(never.format("project:b"), rules).violations == ()


def test_somebody_who_may_for_a_time_only_is_exempt_for_a_time_only() -> None:
    rules = "g, user:ada, signer, *\n"
    groups = "g, user:ada, group:ok, *, 2026-07-01, 2026-08-01\n"
    said = "`user:ada` may edit environment in `*`; `x` says never"
    assert broken("never, x, *, , environment:edit, everyone, but, group:ok\n", rules, groups) == [
        f"{said} until 2026-07-01", f"{said} from 2026-08-01",
    ]  # fmt: skip


def test_a_change_that_was_split_in_two_is_judged_by_what_it_comes_to() -> None:
    """Threats, row 32: each half is harmless, the two together are not (and nobody need change one line twice)."""
    one, two = "g, user:ada, asker, project:a\n", "g, group:x, signer, project:b\n"
    assert broken(APART.format("*"), one) == []
    assert broken(APART.format("*"), two) == []
    assert broken(APART.format("*"), one + two) == []
    assert len(broken(APART.format("*"), one + two, "g, user:ada, group:x, *\n")) == 1


def test_the_constraints_of_one_revision_judge_another() -> None:
    """A change that takes a constraint out, or a role that it names, is judged by it as well (threats, row 32)."""
    constraints = """
        separate, a, *, , 2, asker, signer, maker
        separate, b, *, , 2, environment:edit, environment:create
        at-most, c, *, , 1, environment:edit
        requires, d, *, , maker, signer
        requires, e, *, , signer, maker
        never, f, project:c, , environment:edit, everyone
        """
    groups = "g, user:bob, group:x, *\n"
    before = read(constraints=constraints, groups=groups)
    without_maker = "\n".join(line for line in dedent(TEXTS["roles"]).split("\n") if "maker" not in line)
    rules = "g, user:ada, asker, *\ng, user:ada, signer, *\ng, group:x, signer, *\n"
    texts = {
        "vocabulary": "environment, view, place, see one\nenvironment, edit, home, change one\n", "groups": groups,
        "roles": without_maker.lstrip(), "scopes": "g2, department:r, *\ng2, project:a, department:r\n",
        "access_rules": rules,
    }  # fmt: skip
    after = replace(read(**texts), constraints=before.constraints)
    found = judge(after, Snapshot(after), NOW)
    assert [(each.constraint.name, each.who) for each in found.violations] == [
        ("a", ("user:ada",)), ("c", ("user:ada", "user:bob")), ("e", ("user:ada",)), ("e", ("user:bob",)),
    ]  # fmt: skip
    assert [(each.constraint.name, each.who) for each in found.doubts] == [("c", ("group:x",)), ("e", ("group:x",))]


def test_constraints_are_told_in_the_order_written_then_by_time_and_name() -> None:
    rules = """
        g, user:bob, signer, *
        g, user:ada, signer, *, 2026-07-01
        g, user:cat, signer, *, , 2026-07-01
        g, user:bob, asker, *
        """
    constraints = (
        "never, z, *, , environment:edit, everyone\n" + APART.format("*") + "never, a, *, , environment:edit, user:\n"
    )
    found = judged(constraints, rules).violations
    assert [(each.constraint.name, each.who[0]) for each in found] == [
        ("z", "user:bob"), ("z", "user:cat"), ("z", "user:ada"), ("four-eyes", "user:bob"),
        ("a", "user:bob"), ("a", "user:cat"), ("a", "user:ada"),
    ]  # fmt: skip
