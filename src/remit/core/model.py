"""The nouns of remit, frozen. Words as in the README's glossary; one meaning each."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from remit.core.times import format_instant

ROOT = "*"
"""The scope that is all projects, today's and tomorrow's."""

BLOCK_KINDS = ("environment", "data-source", "compute-resource", "credentials")
"""The workspace building blocks, in the seed's order."""

WORKLOAD_KINDS = ("workload", "inference")
"""What blocks are used for: who may create one of these may use the blocks (seed, "Who can use an asset?")."""

ALWAYS, FOREVER = -(2**63), 2**63 - 1
"""`since` and `until` of a line without a window. Instants are microseconds since 1970, UTC."""

MAX_SCOPE_DEPTH = 9
"""Edges from a scope to `*`. Casbin stops following links after this many, and the judge must see what we see."""

MAX_MEMBERSHIP_CHAIN = 8
"""Memberships from a subject to its outermost group; the access rule is the ninth link Casbin follows."""


class Code(StrEnum):
    """Why a decision fell as it did. Stable: stored, replayed and counted. Listed in the order they are tested."""

    UNKNOWN_KIND = "unknown-kind"
    UNKNOWN_ACTION = "unknown-action"
    UNKNOWN_SCOPE = "unknown-scope"
    SCOPE_MISMATCH = "scope-mismatch"
    UNKNOWN_SUBJECT = "unknown-subject"
    NOT_AVAILABLE = "not-available"
    NO_ROLE_HERE = "no-role-here"
    NO_PERMISSION = "no-permission"
    GRANTED = "granted"


def window_text(since: int, until: int) -> str:
    """The columns that say when a line counts; none if it always does."""
    if since == ALWAYS and until == FOREVER:
        return ""
    begins = "" if since == ALWAYS else format_instant(since)
    return f", {begins}" if until == FOREVER else f", {begins}, {format_instant(until)}"


class Origin(NamedTuple):
    """Where a value was written: a policy file and its line, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Verb(NamedTuple):
    """One line of the vocabulary: an action that exists for a kind, and which scope decides it."""

    at_place: bool
    meaning: str
    origin: Origin


class Permission(NamedTuple):
    """`role` may do `action` on `kind`, in `scope` and below."""

    role: str
    scope: str
    kind: str
    action: str
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form."""
        return f"p, {self.role}, {self.scope}, {self.kind}, {self.action}"

    def ground(self) -> Ground:
        """The line as something that a decision rests on."""
        return Ground("permission", self.origin, self.line())


class Membership(NamedTuple):
    """`member` belongs to `group` from `since` (inclusive) until `until` (exclusive)."""

    member: str
    group: str
    since: int
    until: int
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form, with its window if it has one."""
        return f"g, {self.member}, {self.group}, *{window_text(self.since, self.until)}"

    def ground(self) -> Ground:
        """The line as something that a decision rests on."""
        return Ground("membership", self.origin, self.line())


class AccessRule(NamedTuple):
    """`subject` holds `role` in `scope` and below, from `since` (inclusive) until `until` (exclusive)."""

    subject: str
    role: str
    scope: str
    since: int
    until: int
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form, with its window if it has one."""
        return f"g, {self.subject}, {self.role}, {self.scope}{window_text(self.since, self.until)}"

    def ground(self) -> Ground:
        """The line as something that a decision rests on."""
        return Ground("access rule", self.origin, self.line())


class Actor(NamedTuple):
    """Who calls remit: a typed subject, and the groups (`group:…`) that its own credentials vouch for."""

    subject: str
    groups: tuple[str, ...] = ()


class Question(NamedTuple):
    """One request as it is judged. Positional order is that of `pdp.decide`.

    `declared` is what the request says of the resource's scope, `place` where the action happens,
    `groups` the groups that come with the request (`group:…`), `when` the instant judged, and `known`
    the home that a catalog gives (it wins over `resources.csv`). None means not given.
    """

    subject: str
    action: str
    kind: str
    id: str | None = None
    declared: str | None = None
    place: str | None = None
    groups: tuple[str, ...] = ()
    when: int = 0
    known: str | None = None


class Witness(NamedTuple):
    """What the walk found: enough to explain the verdict without asking again.

    `code` is `granted` or the first test that failed. On an allow, `holder` holds one of the roles `bits`
    (a mask over the snapshot's roles) in `held`. `place` is the scope that was asked (None: any place would do)
    and `home` where the resource lives (None: unplaced). `name` is the unknown or mismatched name.
    """

    code: Code
    holder: str | None = None
    held: str | None = None
    bits: int = 0
    place: str | None = None
    home: str | None = None
    name: str | None = None

    @property
    def allowed(self) -> bool:
        """True exactly if the code is `granted`."""
        return self.code is Code.GRANTED


class Ground(NamedTuple):
    """One policy line that a decision rests on. `what` is permission, access rule, membership, scope, resource,
    vocabulary or constraint; `text` the line in canonical form."""

    what: str
    origin: Origin
    text: str


class Advice(NamedTuple):
    """What to know about a deny. Sentences are None where there is nothing to say.

    `nearest` names what the subject does hold, `access_rules` those it speaks of; `lapsed` are access rules
    that would have granted but do not count at the instant judged; `suggestion` is a policy line that would grant,
    and `no_suggestion` says why there is none.
    """

    nearest: str | None
    access_rules: tuple[AccessRule, ...]
    lapsed: tuple[AccessRule, ...]
    suggestion: str | None
    no_suggestion: str | None


class Explanation(NamedTuple):
    """Why a decision fell as it did, for an admin.

    `lines` are, on an allow, lines that alone grant: the smallest such set. On a deny `advice` holds the nearest
    miss and the access rule that would turn it. `counted` are the groups that counted, `ignored` those that came
    with the request and did not.
    """

    allowed: bool
    code: Code
    sentence: str
    lines: tuple[Ground, ...]
    advice: Advice | None
    revision: str
    counted: tuple[str, ...]
    ignored: tuple[str, ...]
