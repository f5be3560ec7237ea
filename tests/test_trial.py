"""The cases of a policy: each sort of line means what its form says, a case that is wrong is reported at its line with
the reason, a case that proves nothing is an error, and a Casbin that would answer otherwise is never overheard.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from readable import NOW, faults, passed, with_cases
from remit.core.model import Question
from remit.core.oracle import Oracle
from remit.core.policy import read_policy
from remit.core.trial import disagreements, sample

USERS = """
    # the roles that may, and those that do not
    exactly, view, environment, researcher, viewer
    exactly, delete, environment
    """


def test_what_must_be_allowed_and_denied() -> None:
    assert (
        passed(
            """
        allow, user:ada, create, environment, project:vision, project:vision
        deny, user:ada, create, environment, project:nlp, project:nlp
        allow, user:ada, use, environment:everywhere, , project:vision
        deny, user:ada, use, environment:seen, , project:nlp
        allow, user:grace, view, environment, *, , 2026-12-31T23:59:59.999999Z
        deny, user:grace, view, environment, *, , 2027-01-01
        allow, group:lab, view, environment, *,
        """
        )
        == 7
    )


def test_a_wrong_case_says_what_was_decided_and_why() -> None:
    found = faults(
        """
        # two that are wrong, one that is right
        allow, user:ada, create, environment, project:nlp, project:nlp
        deny, user:grace, use, environment, *, project:nlp
        allow, user:ada, create, environment, project:vision, project:vision
        deny, researcher@project:vision, create, environment, project:vision, project:vision
        """
    )
    assert found == [
        "2: expected allow, decided deny (no-role-here): `user:ada` holds no role in `project:nlp` or above",
        "3: expected deny, decided allow by policies/roles.csv:3 and policies/access_rules.csv:2"
        " and policies/groups.csv:1 and policies/groups.csv:2",
        "5: expected deny, decided allow by policies/roles.csv:1",
    ]


def test_a_role_somewhere_stands_for_whoever_holds_it_there() -> None:
    assert (
        passed(
            """
        allow, researcher@project:web, create, environment, project:web, project:web
        deny, researcher@project:web, create, environment, project:nlp, project:nlp
        allow, researcher@department:sales, create, environment, project:web, project:web
        allow, viewer@*, view, environment, ,
        deny, viewer@*, use, environment, ,
        allow, guide@*, use, environment, *, project:nlp
        deny, guide@*, use, environment, *, project:vision
        """
        )
        == 7
    )


def test_a_real_subject_cannot_stand_in_for_a_role() -> None:
    """Whoever is called as the trial might call its own subjects lends no role to a case."""
    named = "".join(f"g, {kind}:viewer@project:web, maintainer, *\n" for kind in ("case", "user", "application"))
    case = "deny, viewer@project:web, edit, environment, project:web,\n"
    beside = "".join(case.replace("deny, ", f"allow, {kind}:") for kind in ("case", "user", "application"))
    assert passed(case + beside, access_rules=named) == 4


def test_exactly_these_roles() -> None:
    assert passed(USERS) == 2
    found = faults("exactly, view, environment, researcher, maintainer\nexactly, use, environment\n")
    assert found == ["1: `maintainer` may not; `viewer` may too", "2: `guide` may too; `researcher` may too"]


def test_a_role_that_may_in_one_scope_only_is_among_those_that_may() -> None:
    assert passed("exactly, use, environment, researcher, guide\n") == 1


@pytest.mark.parametrize("verdict", ["allow", "deny"])
@pytest.mark.parametrize(
    ("case", "fault"),
    [
        ("user:ada, view, enviroment, *, *", "unknown kind `enviroment`; did you mean `environment`?"),
        ("user:ada, veiw, environment, *, *", "unknown action `veiw` of `environment`; did you mean `view`?"),
        ("user:ada, use, environment, project:visoin,",
         "unknown scope `project:visoin`; did you mean `project:vision`?"),
        ("user:ada, use, environment, *, project:moon", "unknown scope `project:moon`"),
        ("user:ada, create, environment, *, project:moon", "unknown scope `project:moon`"),
        ("user:eve, use, environment, *, *", "unknown subject `user:eve`: no line of the policy names it"),
        ("veiwer@*, use, environment, *, *", "unknown role `veiwer`; did you mean `viewer`?"),
        ("viewer@project:moon, use, environment, *, *", "unknown scope `project:moon`"),
    ],
)  # fmt: skip
def test_a_case_about_what_the_policy_does_not_know_proves_nothing(verdict: str, case: str, fault: str) -> None:
    assert faults(f"{verdict}, {case}\n") == [f"1: {fault}"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("exactly, view, enviroment, viewer", "unknown kind `enviroment`; did you mean `environment`?"),
        ("exactly, fly, environment, viewer", "unknown action `fly` of `environment`"),
        ("exactly, view, environment, veiwer", "unknown role `veiwer`; did you mean `viewer`?"),
    ],
)
def test_exactly_about_what_the_policy_does_not_know_proves_nothing(line: str, fault: str) -> None:
    assert faults(f"{line}\n") == [f"1: {fault}"]


@pytest.fixture
def contrary(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Casbin that answers the opposite."""
    honest = Oracle.allows
    monkeypatch.setattr(Oracle, "allows", lambda oracle, question: not honest(oracle, question))
    yield


@pytest.mark.usefixtures("contrary")
def test_a_casbin_that_disagrees_is_reported_even_where_the_case_is_right() -> None:
    cases = """
        allow, user:ada, create, environment, project:vision, project:vision
        deny, user:ada, create, environment, project:nlp, project:nlp
        exactly, edit, environment, maintainer
        """
    assert faults(cases) == [
        "1: Casbin would deny; remit says granted",
        "2: Casbin would allow; remit says no-role-here",
        "3: Casbin would allow `researcher` in `*`; remit says no-permission",
    ]


@pytest.mark.usefixtures("contrary")
def test_a_casbin_that_disagrees_on_the_sample_is_found() -> None:
    policy = read_policy(with_cases("\n"))
    questions = sample(policy, 50, NOW)
    assert disagreements(policy, questions) == questions


def test_the_sample_is_the_same_for_the_same_policy_and_the_judges_agree_on_it() -> None:
    policy = read_policy(with_cases("\n"))
    questions = sample(policy, 200, NOW)
    assert questions == sample(policy, 200, NOW)
    assert len(set(questions)) > 100
    assert {question.when for question in questions} == {NOW}
    assert disagreements(policy, questions) == []


def test_a_policy_without_subjects_has_nothing_to_sample() -> None:
    files = with_cases("\n") | {"policies/access_rules.csv": b"", "policies/groups.csv": b""}
    assert sample(read_policy(files), 200, NOW) == []
    assert disagreements(read_policy(files), [Question("user:ada", "view", "environment", when=NOW)]) == []
