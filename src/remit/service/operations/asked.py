"""A question as a caller puts it, and what its names may look like."""

from __future__ import annotations

import re
from typing import NamedTuple

from remit.core.names import MAX_BYTES, identifier_problem, scope_problem
from remit.errors import RequestInvalid

# A scope that is plainly sound, judged in one step; all others go the long way.
_SOUND_SCOPE = re.compile(r"[a-z][a-z0-9-]*:[A-Za-z0-9][A-Za-z0-9._@/+-]*", re.ASCII).fullmatch


class Asked(NamedTuple):
    """One access question as a caller puts it (AuthZEN §6.1).

    `declared` is `resource.properties.scope`, `place` is `context.project` or `context.scope`, `claimed` are the
    groups in `subject.properties.groups`, which count only if the caller may vouch. `context` is what the journal keeps
    of the request's context, and means nothing to a decision.
    """

    subject: str
    action: str
    kind: str
    id: str
    declared: str | None = None
    place: str | None = None
    claimed: tuple[str, ...] = ()
    context: tuple[tuple[str, str | float], ...] = ()


class Unanswerable(NamedTuple):
    """One member of a batch that is no question, or that cannot be decided now; `why` is one sentence."""

    why: str
    could_not_decide: bool = False


AN_ID = 36
"""Characters of an id that the catalog gives (a UUID): no other id is looked up there."""


def kept_ids(*asked: Asked | Unanswerable) -> tuple[str, ...]:
    """The ids in these questions that the catalog may know. What is to be created it does not."""
    return tuple(
        [
            one.id
            for one in asked
            if not isinstance(one, Unanswerable) and len(one.id) == AN_ID and one.action != "create"
        ]
    )


def checked_name(where: str, text: str) -> str:
    """`text` if it can be an identifier. Raises RequestInvalid that names `where` it stood (design §4, rule 3)."""
    if problem := identifier_problem(text):
        raise RequestInvalid(f"`{where}` {problem}")
    return text


def checked_scope(where: str, text: str) -> str:
    """`text` if it can be a scope's full name. Raises RequestInvalid that names `where` it stood."""
    if len(text) <= MAX_BYTES and _SOUND_SCOPE(text):
        return text
    if problem := scope_problem(text):
        raise RequestInvalid(f"`{where}` {problem}")
    return text
