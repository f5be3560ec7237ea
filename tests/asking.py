"""A small policy to ask over HTTP, and the questions to ask of it.

Two departments with projects below; Ada does research in `project:vision`, Grace in `project:nlp` by way of two
groups, Bob may look at everything, Ida edits in `department:research`, and Old's rule has run out.
"""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from policies import files

TABLES = {
    "vocabulary": """
        environment, create, home, add one
        environment, view, place, see one
        environment, use, place, run one
        environment, edit, home, change one
        workload, view, home, see one
        """,
    "roles": """
        p, researcher, *, environment, create
        p, researcher, *, environment, view
        p, researcher, *, environment, use
        p, viewer, *, environment, view
        p, maintainer, *, environment, edit
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
        g, group:lab, group:science, *
        """,
    "access_rules": """
        g, user:ada, researcher, project:vision
        g, group:science, researcher, project:nlp
        g, user:bob, viewer, *
        g, user:ida, maintainer, department:research
        g, user:old, researcher, project:vision, 2001-01-01, 2002-01-01
        """,
    "resources": """
        environment:everywhere, *
        environment:seen, project:vision
        environment:read, project:nlp
        environment:sold, project:web
        """,
}


FILES = files(**{name: dedent(text).lstrip() for name, text in TABLES.items()})
"""The small policy."""


def entity(typed: str, **properties: Any) -> dict[str, Any]:
    """`type:id` as an AuthZEN entity, with its properties if it has any."""
    type_, _, id = typed.partition(":")
    return {"type": type_, "id": id, **({"properties": properties} if properties else {})}


Entity = str | dict[str, Any]


def question(
    subject: Entity = "user:ada", action: str = "use", resource: Entity = "environment:seen", **members: Any
) -> dict[str, Any]:
    """An evaluation request; the one without arguments is answered with yes. `members` are added as they are."""
    who, what = (entity(one) if isinstance(one, str) else one for one in (subject, resource))
    return {"subject": who, "action": {"name": action}, "resource": what, **members}


YES, NO = question(), question("user:bob")
"""One question that the small policy answers with yes, and one that it answers with no."""
