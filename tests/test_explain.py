"""What an admin reads of an allow, and of a request that names what is not there, word for word, over a policy short
enough to check by eye: the sentence, the lines, the groups that counted and those that did not.
"""

from __future__ import annotations

import pytest

from readable import NOW, denied, said, told, with_cases
from remit.core.explain import explain
from remit.core.model import Code, Question
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot

RULES = "policies/access_rules.csv"
VIEW = "vocabulary: policies/vocabulary.csv:2: environment, view, place, see one"
USE = "vocabulary: policies/vocabulary.csv:3: environment, use, place, run one"
VISION = [
    "scope: policies/scopes.csv:2: g2, project:vision, department:research",
    "scope: policies/scopes.csv:1: g2, department:research, *",
]
NLP = ["scope: policies/scopes.csv:3: g2, project:nlp, department:research", VISION[1]]


def test_granted_by_a_role_of_ones_own() -> None:
    answer = said("user:ada", "create", home="project:vision")
    assert answer.sentence == ("`user:ada` holds `researcher` in `project:vision`, which may create environment there")
    assert told(answer) == [
        "permission: policies/roles.csv:1: p, researcher, *, environment, create",
        f"access rule: {RULES}:1: g, user:ada, researcher, project:vision",
        *VISION,
        "vocabulary: policies/vocabulary.csv:1: environment, create, home, add one",
    ]
    assert (answer.counted, answer.ignored, answer.advice) == ((), (), None)


def test_granted_by_way_of_groups_with_every_membership_on_the_way() -> None:
    answer = said("user:grace", "use", "environment:everywhere", place="project:nlp")
    assert answer.sentence == (
        "`user:grace` holds `researcher` in `project:nlp`, by way of `group:science`, which may use environment there"
    )
    assert told(answer) == [
        "permission: policies/roles.csv:3: p, researcher, *, environment, use",
        f"access rule: {RULES}:2: g, group:science, researcher, project:nlp",
        "membership: policies/groups.csv:1: g, user:grace, group:lab, *",
        "membership: policies/groups.csv:2: g, group:lab, group:science, *, , 2027-01-01",
        *NLP,
        "resource: policies/resources.csv:1: environment:everywhere, *",
        USE,
    ]
    assert answer.counted == ("group:lab", "group:science")


def test_granted_by_a_group_of_the_request() -> None:
    answer = said("user:eve", "use", home="*", place="project:nlp", groups=("group:science", "group:choir"))
    assert "`user:eve` holds `researcher` in `project:nlp`, by way of `group:science`" in answer.sentence
    assert not [line for line in told(answer) if line.startswith("membership")]
    assert answer.counted == ("group:science", "group:choir")


def test_groups_that_came_and_did_not_count_are_named() -> None:
    answer = said("user:eve", "use", home="*", place="project:nlp", ignored=("group:science",))
    assert (answer.code, answer.counted, answer.ignored) == (Code.UNKNOWN_SUBJECT, (), ("group:science",))


def test_a_permission_narrowed_to_a_scope_is_said_to_be_there() -> None:
    answer = said("user:gus", "use", home="*", place="project:nlp")
    assert answer.sentence == (
        "`user:gus` holds `guide` in `department:research`, which may use environment in `project:nlp`"
    )


def test_a_line_with_a_window_is_shown_with_it() -> None:
    answer = said("user:old", "view", "environment:seen", when="2031-01-01")
    assert f"access rule: {RULES}:7: g, user:old, viewer, project:vision, 2030-01-01" in told(answer)
    answer = said("user:old", "create", home="project:vision", when="2001-06-01")
    assert f"access rule: {RULES}:6: g, user:old, researcher, project:vision, 2001-01-01, 2002-01-01" in told(answer)


def test_seen_from_anywhere_names_the_place_where_it_is_seen() -> None:
    answer = said("user:ada", "view", "environment:everywhere")
    assert told(answer)[2:] == [*VISION, "resource: policies/resources.csv:1: environment:everywhere, *", VIEW]


def test_where_a_resource_lives_is_named_only_where_the_policy_said_so() -> None:
    by_catalog = said("user:ada", "use", "environment:lost", place="project:vision", known="*")
    created = said("user:ada", "create", "environment:seen", home="project:vision")
    by_policy = said("user:ada", "use", "environment:seen", home="project:vision")
    for answer, resources in ((by_catalog, 0), (created, 0), (by_policy, 1)):
        assert answer.allowed
        assert sum(line.what == "resource" for line in answer.lines) == resources


def test_a_place_that_is_not_asked_must_still_be_known() -> None:
    answer = said("user:bob", "view", "environment:nowhere", place="project:nlp")
    assert told(answer)[1:] == [f"access rule: {RULES}:3: g, user:bob, viewer, *", *NLP, VIEW]


@pytest.mark.parametrize(
    ("action", "resource", "home", "place", "code", "sentence"),
    [
        ("view", "enviroment", None, None, Code.UNKNOWN_KIND,
         "`enviroment` is not a known kind; did you mean `environment`?"),
        ("view", "Spaceship", None, None, Code.UNKNOWN_KIND, "`Spaceship` is not a known kind"),
        ("edti", "environment", None, None, Code.UNKNOWN_ACTION,
         "`edti` is not a known action of `environment`; did you mean `edit`?"),
        ("fly", "environment", None, None, Code.UNKNOWN_ACTION, "`fly` is not a known action of `environment`"),
        ("use", "environment", "project:visoin", None, Code.UNKNOWN_SCOPE,
         "`project:visoin` is not a known scope; did you mean `project:vision`?"),
        ("use", "environment", "*", "project:moon", Code.UNKNOWN_SCOPE, "`project:moon` is not a known scope"),
        ("use", "environment:lost", None, None, Code.UNKNOWN_SCOPE,
         "`environment:lost` lives in `project:gone`, which has left the scope tree"),
        ("use", "environment:seen", "project:nlp", None, Code.SCOPE_MISMATCH,
         "the request says that `environment:seen` lives in `project:nlp`; it lives in `project:vision`"),
    ],
)  # fmt: skip
def test_what_the_request_names_or_contradicts(
    action: str, resource: str, home: str | None, place: str | None, code: Code, sentence: str
) -> None:
    answer = said("user:ada", action, resource, home, place)
    nearest, line, why = denied(answer, code)
    assert answer.sentence == sentence
    assert (nearest, line) == (None, None)
    assert (
        why
        == {
            Code.UNKNOWN_KIND: "what the vocabulary does not list is allowed to nobody",
            Code.UNKNOWN_ACTION: "what the vocabulary does not list is allowed to nobody",
            Code.UNKNOWN_SCOPE: "nothing can be held in a scope that is not in the tree",
            Code.SCOPE_MISMATCH: "the request contradicts what is known of the resource",
        }[code]
    )


@pytest.mark.parametrize(
    ("more", "place", "named"),
    [
        ("g, user:bob, researcher, project:vision", "project:vision", "g, user:bob, researcher, project:vision"),
        ("g, user:bob, researcher, project:vision", None, "g, user:bob, viewer, *"),
        ("g, user:bob, researcher, *", "project:vision", "g, user:bob, viewer, *"),
        ("g, user:ada, viewer, *\ng, user:ada, viewer, project:vision", None, "g, user:ada, viewer, *"),
    ],
)
def test_of_several_ways_the_shortest_is_named_then_the_closest_then_the_first(
    more: str, place: str | None, named: str
) -> None:
    snapshot = Snapshot(read_policy(with_cases("\n", access_rules=more)))
    question = Question(named.split(", ")[1], "view", "environment", None, "*", place, (), NOW)
    answer = explain(snapshot, question, decide(snapshot, *question))
    assert answer.lines[1].text == named
