"""What the names of a Casbin policy are called here: subjects get a type, roles lose it, scopes become projects."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from remit.core.lines import MEMBER_TYPES
from remit.core.model import ROOT
from remit.core.names import quoted, scope_problem, subject_problem, untyped_problem

SCOPE_TYPES = ("project", "department")


class Naming:
    """New names for old ones, no two of which may end up alike. `type` is what subjects are that do not say, `types`
    maps the beginning of a name to another."""

    def __init__(self, type: str = "user", types: Mapping[str, str] | None = None) -> None:
        self._type = type
        self._types = dict(types or {})
        self._taken: dict[tuple[str, str], str] = {}

    def subject(self, name: str) -> tuple[str, str | None]:
        """A subject's name here, and why it cannot be had, or None."""
        if name.partition(":")[0] in MEMBER_TYPES:
            return self._taking("subject", name, name, subject_problem)
        begins = max((each for each in self._types if name.startswith(each)), key=len, default=None)
        type = self._type if begins is None else self._types[begins]
        return self._taking("subject", name, f"{type}:{name}", subject_problem)

    def role(self, name: str) -> tuple[str, str | None]:
        """A role's name here: a plain one, so `role:` goes and another type is joined by a hyphen."""
        return self._taking("role", name, name.removeprefix("role:").replace(":", "-"), untyped_problem)

    def own_role(self, name: str) -> str:
        """The name of a role for one subject alone, different from all others."""
        base = f"only-{name.replace(':', '-')}"
        found, number = base, 1
        while self._taken.setdefault(("role", found), f"\0{name}") != f"\0{name}":
            number += 1
            found = f"{base}-{number}"
        return found

    def scope(self, name: str) -> tuple[str, str | None]:
        """A scope's name here: `*` and typed ones stay, others are projects."""
        typed = name == ROOT or name.partition(":")[0] in SCOPE_TYPES
        return self._taking("scope", name, name if typed else f"project:{name}", scope_problem)

    def plain(self, label: str, name: str) -> tuple[str, str | None]:
        """A kind or an action: as it is."""
        return self._taking(label, name, name, untyped_problem)

    def _taking(self, label: str, old: str, new: str, problem: Callable[[str], str | None]) -> tuple[str, str | None]:
        """The new name, and why it cannot be had."""
        if why := problem(new):
            return new, f"the {label} {quoted(new)} {why}"
        holder = self._taken.setdefault((label, new), old)
        return (
            new,
            None if holder == old else f"the {label} {quoted(old)} would be {quoted(new)}, as {quoted(holder)} is",
        )
