"""Files of cases are read as strictly as policy is: what is no case is a finding at its place, and keeps the policy
from loading; a case that nobody reads would prove nothing.
"""

from __future__ import annotations

import pytest

from policies import findings_of
from readable import with_cases
from remit.core.cases import Case, Exactly, Given
from remit.core.model import Origin
from remit.core.policy import read_policy
from remit.core.times import parse_instant

ALL = "policies/cases/all.csv"


def test_a_file_of_cases_is_read_line_by_line() -> None:
    text = """
        # a comment
        allow, user:ada, use, environment:seen, , project:vision

        deny, viewer@project:web, use, environment, *, , 2026-11-23
        exactly, view, environment, researcher, , viewer,
        given, p, guest, *, environment, view
        """
    (suite,) = read_policy(with_cases(text)).suites
    allow, deny, exactly, given = suite.entries
    place, when = "project:vision", parse_instant("2026-11-23")
    assert allow == Case(True, "user:ada", None, "use", "environment", "seen", None, place, None, Origin(ALL, 2))
    held = ("viewer", "project:web")
    assert deny == Case(False, "viewer@project:web", held, "use", "environment", None, "*", None, when, Origin(ALL, 4))
    assert exactly == Exactly("view", "environment", ("researcher", "viewer"), Origin(ALL, 5))
    assert isinstance(given, Given)
    assert given.line.fields == ["p", "guest", "*", "environment", "view"]
    assert given.line.origin == Origin(ALL, 6)


@pytest.mark.parametrize(
    ("line", "at", "code", "message"),
    [
        ("permit, user:ada, use, environment, ,", "1:1", "R034", "`permit` begins no case"),
        ("allow, user:ada, use, environment,", "1:1", "R010", "5 columns; 6 to 7 are due"),
        ("allow, user:ada, use, environment, , , , x", "1:1", "R010", "8 columns; 6 to 7 are due"),
        ("allow, ada, use, environment, ,", "1:8", "R034", "`ada` is no subject"),
        ("allow, viewer@nowhere, use, environment, ,", "1:8", "R034", "`viewer@nowhere` is no subject"),
        ("allow, role:viewer, use, environment, ,", "1:8", "R018", "the subject `role:viewer` has the type `role`"),
        ("allow, user:ada, , environment, ,", "1:18", "R018", "the action is blank"),
        ("allow, user:ada, use, , ,", "1:23", "R034", "the kind of the resource is blank"),
        ("allow, user:ada, use, environment:, ,", "1:23", "R034", "the id of the resource is blank"),
        ("allow, user:ada, use, environment:*, ,", "1:23", "R034", "the id `*` is `*`"),
        ("allow, user:ada, use, environment, vision,", "1:36", "R018", "the scope `vision` is not a scope"),
        ("allow, user:ada, use, environment, , vision", "1:38", "R018", "the scope `vision` is not a scope"),
        ("allow, user:ada, use, environment, , , yesterday", "1:40", "R026", "`yesterday` is not a UTC time"),
        ("exactly, view", "1:1", "R034", "`exactly` names no kind"),
        ("exactly, , environment, viewer", "1:10", "R018", "the action is blank"),
        ("exactly, view, env:x, viewer", "1:16", "R018", "the kind `env:x` holds a colon"),
        ("given, x, y", "1:1", "R034", "`given` adds no policy line"),
        ("given", "1:1", "R034", "`given` adds no policy line"),
    ],
)
def test_what_is_no_case_is_a_finding(line: str, at: str, code: str, message: str) -> None:
    (finding,) = (each for each in findings_of(with_cases(f"{line}\n")) if each.is_error)
    assert (finding.place(), finding.code) == (f"{ALL}:{at}", code)
    assert finding.message.startswith(message)
