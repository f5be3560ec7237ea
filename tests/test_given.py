"""Lines given to the cases of a policy: each holds for the cases below it and no others, lines that belong together may
stand in any order, and a line that no policy could hold is reported where it stands.
"""

from __future__ import annotations

import pytest

from readable import NOW, faults, passed, with_cases
from remit.core.policy import read_policy
from remit.core.trial import try_policy


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("p, guest, *, environment, view", "guest@project:web, view, environment, project:web, project:web"),
        ("p, viewer, project:web, environment, edit", "viewer@*, edit, environment, project:web, project:web"),
        ("g, user:new, researcher, project:web", "user:new, create, environment, project:web, project:web"),
        ("g, user:new, group:science, *", "user:new, use, environment, *, project:nlp"),
        ("g2, project:new, department:sales", "viewer@department:sales, view, environment, project:new, project:new"),
    ],
)
def test_a_given_line_holds_for_the_cases_below_it_and_no_others(line: str, asked: str) -> None:
    assert passed(f"given, {line}\nallow, {asked}\n") == 1
    assert len(faults(f"allow, {asked}\ngiven, {line}\nallow, {asked}\n")) == 1
    apart = with_cases(f"given, {line}\nallow, {asked}\n") | {"policies/cases/two.csv": f"allow, {asked}\n".encode()}
    outcomes = list(try_policy(read_policy(apart), NOW))
    assert [(outcome.origin.file, outcome.passed) for outcome in outcomes] == [
        ("policies/cases/all.csv", True),
        ("policies/cases/two.csv", False),
    ]


def test_given_lines_that_belong_together_may_stand_in_any_order() -> None:
    """Each alone would not load: a project below a department that comes next, a workload without its blocks."""
    tables = {
        "vocabulary": "workload, create, home, run one\n",
        "roles": "p, researcher, *, workload, create\np, guide, project:nlp, workload, create\n",
    }
    assert (
        passed(
            """
        given, g2, project:new, department:new
        given, g2, department:new, *
        given, p, runner, *, workload, create
        given, p, runner, *, environment, use
        allow, runner@project:new, use, environment, *, project:new
        """,
            **tables,
        )
        == 1
    )


def test_a_given_role_that_creates_workloads_must_be_able_to_use_blocks() -> None:
    tables = {
        "vocabulary": "workload, create, home, run one",
        "roles": "p, researcher, *, workload, create\np, guide, project:nlp, workload, create",
    }
    (fault,) = faults("given, p, runner, *, workload, create\n", **tables)
    assert fault.startswith("1: `runner` may create ")


def test_a_given_line_counts_from_since_until_until() -> None:
    assert (
        passed(
            """
        given, g, user:new, researcher, project:web, 2026-01-01, 2026-07-01
        deny, user:new, create, environment, project:web, , 2025-12-31T23:59:59Z
        allow, user:new, create, environment, project:web, , 2026-01-01
        allow, user:new, create, environment, project:web, , 2026-06-30T23:59:59Z
        deny, user:new, create, environment, project:web, , 2026-07-01
        deny, user:new, create, environment, project:web,
        """
        )
        == 5
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("g, user:new, reseacher, project:web", "unknown role `reseacher`; did you mean `researcher`?"),
        ("g, user:new, researcher, project:nowhere", "unknown scope `project:nowhere`;"),
        ("g, new, researcher, project:web", "the subject `new` has no type;"),
        ("g, user:new, researcher", "3 columns; 4 to 9 are due; write `g, subject, role, scope"),
        ("g, user:new, group:science, project:web", "a membership in `project:web` only;"),
        ("g, user:new, researcher, *, 2026-02-30", "`2026-02-30` is not a day and time that exists"),
        ("p, viewer, *, environment, fly", "unknown action `fly`;"),
        ("p, viewer, *, environment", "4 columns; 5 are due; write `p, role, scope, kind, action`"),
        ("g2, project:new, department:moon", "`department:moon` does not reach `*`;"),
        ("g2, project:web, department:research", "a second parent for `project:web`: `department:sales` is its parent"),
        ("g, group:science, group:lab, *", "`group:lab` is a member of itself by way of `group:science`;"),
    ],
)
def test_a_given_line_that_no_policy_could_hold_is_reported_at_its_line(line: str, fault: str) -> None:
    cases = f"# nothing\ngiven, {line}\ndeny, viewer@*, use, environment, *, *\n"
    (found,) = faults(cases)
    assert found.startswith(f"2: {fault}")


def test_the_cases_below_a_wrong_given_line_are_decided_without_it() -> None:
    wrong = "given, g, user:new, reseacher, *\nallow, user:new, create, environment, *, *\n"
    assert [fault.split(";")[0] for fault in faults(wrong)] == [
        "1: unknown role `reseacher`",
        "2: unknown subject `user:new`: no line of the policy names it",
    ]
