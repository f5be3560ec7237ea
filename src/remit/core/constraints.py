"""The constraints of a policy: what its other lines, taken together, must never add up to. Ours, never Casbin's.

A constraint grants nothing and denies nothing. `constraint_lines` reads them, `duties` judges them (threats, row 32).
"""

from __future__ import annotations

from typing import NamedTuple

from remit.core.model import Ground, Origin

CLOSED = "closed"
"""The word that refuses groups: their members also come with tokens, where nobody can count them."""

EVERYONE = "everyone"
"""All subjects."""

BUT = "but"
"""What stands between those whom `never` is about and those among them who may."""


class Right(NamedTuple):
    """Doing `action` to `kind`."""

    kind: str
    action: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.action}"


class Separate(NamedTuple):
    """Nobody has `n` or more of `roles`, or of `rights`, in `scope`; one of the two is empty."""

    name: str
    scope: str
    why: str
    n: int
    roles: tuple[str, ...]
    rights: tuple[Right, ...]
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form."""
        return _line("separate", self, str(self.n), *self.roles, *map(str, self.rights))


class AtMost(NamedTuple):
    """At most `n` users may do `right` to what lives in `scope` itself; `closed`: and no group may."""

    name: str
    scope: str
    why: str
    n: int
    right: Right
    closed: bool
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form."""
        return _line("at-most", self, str(self.n), str(self.right), *_closed(self.closed))


class Requires(NamedTuple):
    """Wherever in `scope` a subject holds `role`, it holds `other`, a role, or belongs to it, a group (`group:…`).

    `closed`: a group that holds `role` is judged as well, for those who come with it in a token.
    """

    name: str
    scope: str
    why: str
    role: str
    other: str
    closed: bool
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form."""
        return _line("requires", self, self.role, self.other, *_closed(self.closed))


class Never(NamedTuple):
    """Nobody of `who` has `right` anywhere in `scope`, but those in `but`.

    `who` is `everyone`, a type (`user:`) or a subject; in both a group stands for all that belong to it.
    """

    name: str
    scope: str
    why: str
    right: Right
    who: str
    but: tuple[str, ...]
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form."""
        return _line("never", self, str(self.right), self.who, *((BUT, *self.but) if self.but else ()))


Constraint = Separate | AtMost | Requires | Never


def ground(constraint: Constraint) -> Ground:
    """The constraint as a line that a judgement rests on."""
    return Ground("constraint", constraint.origin, constraint.line())


def kind_of(constraint: Constraint) -> str:
    """The word that begins its line."""
    return constraint.line().partition(",")[0]


def _line(kind: str, constraint: Constraint, *rest: str) -> str:
    return ", ".join((kind, constraint.name, constraint.scope, constraint.why, *rest))


def _closed(closed: bool) -> tuple[str, ...]:
    return (CLOSED,) if closed else ()
