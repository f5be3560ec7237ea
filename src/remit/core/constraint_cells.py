"""The single cells of a constraint: the names that it may say, or a finding.

A name that nothing declares is an error: a constraint about nobody would be kept by everybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from remit.core.access import AccessRules
from remit.core.constraints import CLOSED, Right
from remit.core.lines import MEMBER_TYPES, Line
from remit.core.model import ROOT, Membership
from remit.core.names import quoted, scope_problem, subject_problem, untyped_problem
from remit.core.tables import Parents, Vocabulary, unknown_name

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_ROLES, _SCOPES = "roles are declared in policies/roles.csv", "scopes are declared in policies/scopes.csv"


class Names:
    """The names that the other files of a policy declare. Subjects are gathered only if a constraint names some."""

    def __init__(
        self, vocabulary: Vocabulary, roles: Sequence[str], scopes: Parents,
        memberships: Iterable[Membership], access_rules: AccessRules,
    ) -> None:  # fmt: skip
        self.vocabulary, self.scopes, self.roles = vocabulary, scopes, dict.fromkeys(roles)
        self._memberships, self._access_rules = memberships, access_rules

    @cached_property
    def subjects(self) -> frozenset[str]:
        """Whoever holds a role, is a member or is a group."""
        joined = (name for membership in self._memberships for name in (membership.member, membership.group))
        return frozenset((*self._access_rules.subjects, *joined))

    @cached_property
    def groups(self) -> dict[str, None]:
        """The groups among them."""
        return dict.fromkeys(sorted(name for name in self.subjects if name.startswith("group:")))

    @cached_property
    def types(self) -> dict[str, None]:
        """The types of subjects, each with its colon."""
        return dict.fromkeys(sorted({f"{name}:" for name in MEMBER_TYPES} | {_type(name) for name in self.subjects}))


def _type(subject: str) -> str:
    return subject[: subject.index(":") + 1]


def scope_is_known(line: Line, index: int, names: Names) -> bool:
    """True if a cell is a scope of the tree."""
    scope = line.fields[index]
    if not line.check(index, "scope", scope_problem):
        return False
    if scope != ROOT and scope not in names.scopes:
        unknown_name(line, index, "R014", "scope", scope, names.scopes, _SCOPES)
        return False
    return True


def role_of(line: Line, index: int, names: Names) -> str | None:
    """The role that a cell names."""
    role = line.fields[index]
    if not line.check(index, "role", untyped_problem):
        return None
    if role not in names.roles:
        unknown_name(line, index, "R013", "role", role, names.roles, _ROLES)
        return None
    return role


def right_of(line: Line, index: int, names: Names) -> Right | None:
    """The right that a cell names."""
    text = line.fields[index]
    kind, _, action = text.partition(":")
    if not kind or not action:
        line.fail(index, "R035", f"{quoted(text)} is no right", "write `kind:action`")
    elif kind not in names.vocabulary:
        unknown_name(line, index, "R016", "kind", kind, names.vocabulary, "kinds are listed in policies/vocabulary.csv")
    elif action not in names.vocabulary[kind]:
        where = f"what can be said of `{kind}` is listed in policies/vocabulary.csv"
        unknown_name(line, index, "R016", "action", action, names.vocabulary[kind], where)
    else:
        return Right(kind, action)
    return None


def subject_is_known(line: Line, index: int, names: Names) -> bool:
    """True if a cell is a subject; a group must be known, and one that nothing else names is warned about."""
    subject = line.fields[index]
    if not line.check(index, "subject", subject_problem):
        return False
    if subject.startswith("group:") and subject not in names.groups:
        where = "groups are named in policies/groups.csv or hold a role in policies/access_rules.csv"
        unknown_name(line, index, "R037", "group", subject, names.groups, where)
        return False
    if subject not in names.subjects:
        help = "nothing else in the policy names it; if that is meant, leave it"
        line.fail(index, "R039", f"the constraint is about {quoted(subject)}, who has nothing", help)
    return True


def type_is_known(line: Line, names: Names) -> bool:
    """True if the cell says who by a type that there is."""
    if line.fields[5] not in names.types:
        where = f"subjects here are {', '.join(f'`{each}`' for each in names.types)}"
        unknown_name(line, 5, "R037", "type", line.fields[5], names.types, where)
        return False
    return True


def number_of(line: Line, index: int, least: int, help: str) -> int | None:
    """The whole number in a cell."""
    text = line.fields[index]
    if not _NUMBER.fullmatch(text):
        line.fail(index, "R036", f"{quoted(text)} is not a whole number", f"write one from {least} on, in digits")
    elif int(text) < least:
        line.fail(index, "R036", f"{quoted(text)} where at least {least} is due", help)
    else:
        return int(text)
    return None


def closed_of(line: Line) -> bool | None:
    """Whether the last column refuses groups."""
    if len(line.fields) == 7 and line.fields[6] not in ("", CLOSED):
        line.fail(6, "R035", f"{quoted(line.fields[6])} where the constraint ends", f"write `{CLOSED}`, or nothing")
        return None
    return line.fields[6:] == [CLOSED]


def each_once(line: Line, cells: Iterable[int]) -> bool:
    """True if no cell says again what an earlier one says."""
    met: set[str] = set()
    for index in cells:
        if line.fields[index] in met:
            line.fail(index, "R035", f"{quoted(line.fields[index])} a second time", "take it out")
            return False
        met.add(line.fields[index])
    return True
