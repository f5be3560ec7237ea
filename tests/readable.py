"""A policy short enough to hold beside the page, for tests that spell out what is said of it.

Two departments; Ada does research in `project:vision`, Grace in `project:nlp` by way of two groups, Bob looks at
everything, Ida edits in `department:research`, Gus guides visitors through `project:nlp`, Old's time is over, Zoe
holds a role in a project that is gone.
"""

from __future__ import annotations

from textwrap import dedent

from policies import files
from remit.core.explain import explain
from remit.core.model import Code, Explanation, Question
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.core.trial import try_policy

TABLES = {
    "vocabulary": """
        environment, create, home, add one
        environment, view, place, see one
        environment, use, place, run one
        environment, edit, home, change one
        environment, delete, home, remove one
        """,
    "roles": """
        p, researcher, *, environment, create
        p, researcher, *, environment, view
        p, researcher, *, environment, use
        p, viewer, *, environment, view
        p, maintainer, *, environment, edit
        p, guide, project:nlp, environment, use
        """,
    "scopes": """
        g2, department:research, *
        g2, project:vision, department:research
        g2, project:nlp, department:research
        g2, department:sales, *
        g2, project:web, department:sales
        """,
    "groups": """
        g, user:grace, group:lab, *
        g, group:lab, group:science, *, , 2027-01-01
        """,
    "access_rules": """
        g, user:ada, researcher, project:vision
        g, group:science, researcher, project:nlp
        g, user:bob, viewer, *
        g, user:ida, maintainer, department:research
        g, user:gus, guide, department:research
        g, user:old, researcher, project:vision, 2001-01-01, 2002-01-01
        g, user:old, viewer, project:vision, 2030-01-01
        g, user:zoe, researcher, project:gone
        """,
    "resources": """
        environment:everywhere, *
        environment:seen, project:vision
        environment:lost, project:gone
        """,
}
TEXTS = {name: dedent(text).lstrip() for name, text in TABLES.items()}
FILES = files(**TEXTS)
"""This policy as files."""

NOW = parse_instant("2026-11-23")
"""The day of the tests."""

POLICY = read_policy(FILES)


def with_cases(cases: str, **tables: str) -> dict[str, bytes]:
    """The files of this policy, lines added to some of its tables, and one file of cases: policies/cases/all.csv."""
    more = {name: TEXTS[name] + dedent(lines).strip() + "\n" for name, lines in tables.items()}
    return files(**{**TEXTS, **more, "cases/all": dedent(cases).lstrip()})


def said(
    subject: str,
    action: str,
    resource: str = "environment",
    home: str | None = None,
    place: str | None = None,
    groups: tuple[str, ...] = (),
    when: str = "2026-11-23",
    known: str | None = None,
    ignored: tuple[str, ...] = (),
) -> Explanation:
    """What is said of the answer to one question."""
    kind, _, id = resource.partition(":")
    question = Question(subject, action, kind, id or None, home, place, groups, parse_instant(when), known)
    snapshot = Snapshot(POLICY)
    return explain(snapshot, question, decide(snapshot, *question), ignored)


def told(explanation: Explanation) -> list[str]:
    """The lines of an allow, each with its place."""
    return [f"{line.what}: {line.origin}: {line.text}" for line in explanation.lines]


def denied(explanation: Explanation, code: Code) -> tuple[str | None, str | None, str | None]:
    """The nearest miss, the line suggested and why there is none, of a deny with this code."""
    assert (explanation.allowed, explanation.code, explanation.lines) == (False, code, ())
    assert explanation.advice is not None
    return explanation.advice.nearest, explanation.advice.suggestion, explanation.advice.no_suggestion


def faults(cases: str, **tables: str) -> list[str]:
    """What is wrong with these cases over the readable policy: line and fault."""
    policy = read_policy(with_cases(cases, **tables))
    outcomes = list(try_policy(policy, NOW))
    assert {outcome.origin.file for outcome in outcomes} == {"policies/cases/all.csv"}
    assert all(outcome.passed is not bool(outcome.fault) for outcome in outcomes)
    return [f"{outcome.origin.line}: {outcome.fault}" for outcome in outcomes if not outcome.passed]


def passed(cases: str, **tables: str) -> int:
    """How many cases come out as written; none may be wrong."""
    outcomes = list(try_policy(read_policy(with_cases(cases, **tables)), NOW))
    assert not [outcome for outcome in outcomes if not outcome.passed]
    return len(outcomes)
