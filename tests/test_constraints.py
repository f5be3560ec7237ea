"""Reading constraints: what is read is all that is written, whatever else is wrong is found, and nothing is dropped."""

from __future__ import annotations

from random import Random

import pytest

from policies import findings_of, loads, plus
from remit.core.constraints import AtMost, Never, Requires, Right, Separate, ground, kind_of
from remit.core.findings import Finding
from remit.core.model import Origin
from remit.core.policy import read_policy

CELLS = (
    ("separate", "at-most", "requires", "never", "never", "apart", "", "#never", " never"),
    ("x", "x", "y", "four-eyes", "", "x:y", "=x", " x"),
    ("*", "project:a", "department:r", "project:z", "", "a", "* "),
    ("because", "", "-", " why", "why not"),
    ("2", "3", "1", "0", "two", "maker", "viewer", "environment:create", "workload:create", ""),
    ("maker", "viewer", "group:in", "environment:create", "everyone", "user:", "user:ada", "usr:", "group:no", ""),
    ("viewer", "workload:create", "closed", "but", "Closed", "maker", ""),
    ("user:ada", "group:in", "viewer", "group:no", "user:no", "", "but"),
    ("group:in", "maker", "environment:view", ""),
)


def generated(seed: int) -> str:
    """One line of constraints, mostly sound, cell by cell; some cells twice, some left out."""
    rng = Random(seed)
    sound = rng.choice((1, 2, 9))
    cells = [rng.choice(some[:sound] if rng.random() < 0.8 else some) for some in CELLS[: rng.randint(5, 9)]]
    return ", ".join(cells)


def as_written(line: str) -> str:
    """A line without the empty column that may end it."""
    return line.removesuffix(", ")


def test_what_is_read_is_what_is_written() -> None:
    read = 0
    for seed in range(20_000):
        line = generated(seed)
        policy = plus(constraints=line, groups="g, user:bob, group:in, *")
        if not loads(policy):
            continue
        constraints = read_policy(policy).constraints
        if line.startswith("#"):
            assert constraints == ()
            continue
        (found,) = constraints
        assert found.line() == as_written(line)
        assert ground(found) == ("constraint", Origin("policies/constraints.csv", 1), as_written(line))
        assert kind_of(found) == line.partition(",")[0]
        read += 1
    assert read > 500


def test_what_is_not_read_is_found_where_it_stands() -> None:
    for seed in range(5_000):
        policy = plus(constraints=generated(seed), groups="g, user:bob, group:in, *")
        for finding in findings_of(policy):
            assert (finding.file, finding.line) == ("policies/constraints.csv", 1)
            assert finding.help or finding.code in ("R009", "R012"), finding


def test_each_kind_of_constraint_is_read() -> None:
    text = """\
# what must never come about
separate, a, *, two pairs of eyes, 2, maker, viewer

separate, b, project:a, , 2, environment:create, workload:create
at-most, c, *, , 3, environment:create
at-most, d, *, , 3, environment:create, closed
requires, e, department:r, , maker, viewer
requires, f, department:r, , maker, group:in, closed
never, g, *, , environment:create, user:
never, h, *, , environment:create, everyone, but, group:in, user:ada"""
    found = read_policy(plus(constraints=text, groups="g, user:bob, group:in, *")).constraints
    create, run = Right("environment", "create"), Right("workload", "create")
    at = [Origin("policies/constraints.csv", line) for line in (2, 4, 5, 6, 7, 8, 9, 10)]
    assert found == (
        Separate("a", "*", "two pairs of eyes", 2, ("maker", "viewer"), (), at[0]),
        Separate("b", "project:a", "", 2, (), (create, run), at[1]),
        AtMost("c", "*", "", 3, create, False, at[2]),
        AtMost("d", "*", "", 3, create, True, at[3]),
        Requires("e", "department:r", "", "maker", "viewer", False, at[4]),
        Requires("f", "department:r", "", "maker", "group:in", True, at[5]),
        Never("g", "*", "", create, "user:", (), at[6]),
        Never("h", "*", "", create, "everyone", ("group:in", "user:ada"), at[7]),
    )
    assert "\n".join(each.line() for each in found) == "\n".join(
        line for line in text.split("\n") if line and not line.startswith("#")
    )


def test_all_findings_are_told_at_once() -> None:
    text = "seperate, a, *, , 2, maker, viewer\nnever, a, project:z, =1, environment:see, usr:, but, group:no, user:no"
    found = findings_of(plus(constraints=text))
    assert [(each.code, each.line, each.column) for each in found] == [
        ("R035", 1, 1), ("R014", 2, 11), ("R017", 2, 22), ("R016", 2, 26), ("R037", 2, 43), ("R037", 2, 54),
        ("R039", 2, 64),
    ]  # fmt: skip


def told(line: str) -> Finding:
    (found,) = findings_of(plus(constraints=line, groups="g, user:bob, group:in, *"))
    return found


@pytest.mark.parametrize(
    ("line", "message", "help"),
    [
        ("seperate, x, *, , 2, maker, viewer", "`seperate` begins no constraint",
         "write `separate, name, scope, why, n, role, role, … (or kind:action, kind:action, …)`"),
        ("ssd, x, *, , 2, maker, viewer", "`ssd` begins no constraint",
         "write `separate, …`, `at-most, …`, `requires, …`, `never, …`"),
        ("separate, x, *, , 2, maker, viewr", "unknown role `viewr`",
         "did you mean `viewer`? roles are declared in policies/roles.csv"),
        ("never, x, project:c, , environment:create, everyone", "unknown scope `project:c`",
         "scopes are declared in policies/scopes.csv"),
        ("never, x, *, , environment:creat, everyone", "unknown action `creat`",
         "did you mean `create`? what can be said of `environment` is listed in policies/vocabulary.csv"),
        ("requires, x, *, , maker, group:inn", "unknown group `group:inn`",
         "did you mean `group:in`? groups are named in policies/groups.csv or hold a role in "
         "policies/access_rules.csv"),
        ("never, x, *, , environment:create, users:", "unknown type `users:`",
         "did you mean `user:`? subjects here are `application:`, `group:`, `user:`"),
        ("separate, x, *, , 1, maker, viewer", "`1` where at least 2 is due",
         "what nobody may have at all is said by `never`"),
        ("at-most, x, *, , 0, environment:create", "`0` where at least 1 is due",
         "what nobody may do is said by `never`"),
        ("at-most, x, *, , -3, environment:create", "`-3` is not a whole number", "write one from 1 on, in digits"),
        ("separate, x, *, , 3, maker, viewer", "3 of 2 can never be had", "write at most `2`"),
        ("requires, x, *, , maker, maker", "`maker` requires itself, which all that hold it do", "name another role"),
        ("never, x, *, , environment:create, group:in, but, group:in", "nobody is left of `group:in`",
         "take it out after `but`, or name others"),
        ("never, x, *, , environment:create, user:zoe", "the constraint is about `user:zoe`, who has nothing",
         "nothing else in the policy names it; if that is meant, leave it"),
    ],
)  # fmt: skip
def test_a_finding_says_what_is_wrong_and_what_to_do(line: str, message: str, help: str) -> None:
    found = told(line)
    assert (found.message, found.help) == (message, help)


def test_a_policy_without_constraints_has_none() -> None:
    assert read_policy(plus()).constraints == ()
    assert read_policy(plus(constraints="# none yet")).constraints == ()
