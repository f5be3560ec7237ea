"""What an admin reads of a deny, word for word, over a policy short enough to check by eye: the sentence, the nearest
miss, the line that would grant or why there is none, and the lines that are out of time.
"""

from __future__ import annotations

import pytest

from readable import FILES, denied, said
from remit.core.model import Code
from remit.core.policy import read_policy

RULES = "policies/access_rules.csv"
WIDE = "a permission is not suggested, since it would go to all who hold its role"
FIXED = "a block is seen and used at its home and below, and no access rule changes where it lives"
UNPLACED = (
    "the resource has no known home, so only roles held in all projects count; "
    "say where it lives, or list it in policies/resources.csv"
)


def test_unknown_subject() -> None:
    answer = said("user:eve", "use", "environment:seen")
    assert answer.sentence == "no line of the policy names `user:eve` or a group it belongs to"
    assert denied(answer, Code.UNKNOWN_SUBJECT) == (None, "g, user:eve, researcher, project:vision", None)


def test_an_unknown_subject_is_not_told_to_ask_for_what_no_role_gives() -> None:
    answer = said("user:eve", "use", "environment:seen", place="project:nlp")
    assert denied(answer, Code.UNKNOWN_SUBJECT) == (None, None, FIXED)


def test_not_available() -> None:
    answer = said("user:ada", "use", "environment:seen", place="project:nlp")
    assert answer.sentence == "`environment:seen` lives in `project:vision` and is not available in `project:nlp`"
    miss = "holds `researcher` in `project:vision`, which may use environment there"
    assert denied(answer, Code.NOT_AVAILABLE) == (miss, None, FIXED)


def test_not_available_to_a_role_that_would_do_there() -> None:
    answer = said("user:gus", "use", "environment:seen", place="project:nlp")
    miss = "holds `guide` in `department:research`, which may use environment in `project:nlp`"
    assert denied(answer, Code.NOT_AVAILABLE) == (miss, None, FIXED)
    answer = said("user:ida", "use", "environment:seen", place="project:nlp")
    miss = "holds `maintainer` in `department:research`, which lacks `environment:use`"
    assert denied(answer, Code.NOT_AVAILABLE) == (miss, None, FIXED)


def test_no_role_here() -> None:
    answer = said("user:ada", "create", home="project:web")
    assert answer.sentence == "`user:ada` holds no role in `project:web` or above"
    miss = "holds `researcher` in `project:vision`, not in `project:web` or above"
    assert denied(answer, Code.NO_ROLE_HERE) == (miss, "g, user:ada, researcher, project:web", None)


def test_no_role_in_all_projects() -> None:
    answer = said("user:ada", "use", "environment:everywhere")
    assert answer.sentence == "`user:ada` holds no role in `*` (all projects)"
    miss = "holds `researcher` in `project:vision`, not in `*` (all projects)"
    assert denied(answer, Code.NO_ROLE_HERE) == (miss, "g, user:ada, researcher, *", None)


def test_never_a_root_grant_for_what_has_no_home() -> None:
    answer = said("user:ada", "use", "environment:nowhere", place="project:vision")
    assert denied(answer, Code.NO_ROLE_HERE)[1:] == (None, UNPLACED)
    assert said("user:bob", "view", "environment:nowhere").allowed


def test_no_role_where_it_could_be_seen() -> None:
    answer = said("user:ada", "view", home="project:web")
    assert answer.sentence == "`user:ada` holds no role in any scope where this environment could be seen"
    miss = "holds `researcher` in `project:vision`, where nothing that lives in `project:web` can be seen"
    assert denied(answer, Code.NO_ROLE_HERE) == (miss, "g, user:ada, viewer, project:web", None)


def test_any_one_project_would_do() -> None:
    answer = said("user:gus", "view", "environment:everywhere")
    assert answer.sentence == (
        "no role that `user:gus` holds in any scope where `environment:everywhere` could be seen may view environment"
    )
    miss = "holds `guide` in `department:research`, which lacks `environment:view`"
    why = "`viewer` in any one project would do; say in which it is to be seen"
    assert denied(answer, Code.NO_PERMISSION) == (miss, None, why)


def test_no_permission() -> None:
    answer = said("user:bob", "edit", home="project:vision")
    assert answer.sentence == "no role that `user:bob` holds in `project:vision` or above may edit environment"
    miss = "holds `viewer` in `*`, which lacks `environment:edit`"
    assert denied(answer, Code.NO_PERMISSION) == (miss, "g, user:bob, maintainer, project:vision", None)


def test_no_permission_here_but_elsewhere() -> None:
    answer = said("user:gus", "use", home="department:research", place="project:vision")
    miss = "holds `guide` in `department:research`, which may use environment, but not there"
    assert denied(answer, Code.NO_PERMISSION) == (miss, "g, user:gus, researcher, project:vision", None)


def test_no_permission_that_anybody_has() -> None:
    answer = said("user:ada", "delete", home="project:vision")
    miss = "holds `researcher` in `project:vision`, which lacks `environment:delete`"
    why = f"no role may delete environment in `project:vision`; {WIDE}"
    assert denied(answer, Code.NO_PERMISSION) == (miss, None, why)


def test_a_miss_by_way_of_a_group_says_so() -> None:
    answer = said("user:grace", "edit", home="project:nlp")
    assert answer.advice is not None
    assert answer.advice.nearest == (
        "holds `researcher` in `project:nlp`, by way of `group:science`, which lacks `environment:edit`"
    )
    (rule,) = answer.advice.access_rules
    assert (rule.subject, str(rule.origin)) == ("group:science", f"{RULES}:2")


def test_a_role_held_in_a_scope_that_is_gone() -> None:
    answer = said("user:zoe", "create", home="project:vision")
    miss = "holds `researcher` in `project:gone`, which has left the scope tree"
    assert denied(answer, Code.NO_ROLE_HERE) == (miss, "g, user:zoe, researcher, project:vision", None)


def test_lines_out_of_time_are_listed() -> None:
    answer = said("user:old", "view", "environment:seen")
    assert answer.sentence == "`user:old` holds no role in any scope where `environment:seen` could be seen"
    assert answer.advice is not None
    assert [str(rule.origin) for rule in answer.advice.lapsed] == [f"{RULES}:6", f"{RULES}:7"]
    creating = said("user:old", "create", home="project:vision").advice
    assert creating is not None
    assert [str(rule.origin) for rule in creating.lapsed] == [f"{RULES}:6"]


@pytest.mark.parametrize(
    "name",
    [
        "user:eve, maintainer, *, , , x",
        "user:eve,maintainer,*,,,x",
        'user:"eve"',
        "user:eve #",
        "user:(eve)",
        "user:eve\n g, user:eve",
        "User:eve",
        "role:maintainer",
        "eve",
    ],
)
def test_no_name_smuggles_another_line_into_a_suggestion(name: str) -> None:
    answer = said(name, "create", home="project:vision")
    _, line, why = denied(answer, Code.UNKNOWN_SUBJECT)
    assert line is None
    assert why is not None and why.startswith("a policy line cannot name this subject: it ")


def test_a_suggestion_is_a_line_of_the_policy() -> None:
    advice = said("user:eve@example.com/x+y", "create", home="project:vision").advice
    assert advice is not None
    files = {**FILES, RULES: FILES[RULES] + f"{advice.suggestion}\n".encode()}
    *_, added = read_policy(files).access_rules
    assert added[:3] == ("user:eve@example.com/x+y", "researcher", "project:vision")
