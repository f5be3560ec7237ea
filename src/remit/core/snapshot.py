"""Policy to Snapshot: indexed, immutable, named by its revision.

What a subject holds in a scope is one integer, so that a decision is a few dictionary look-ups and one `&`:

    low R bits     roles held there by a line without a window
    next R bits    roles held there by a line that has one
    the rest       1 + the first row of that subject and scope in `rows`; 0 for none

R is the number of roles. The rows tell which line says so and when it counts; they are read for an explanation,
and on the way to a decision only where a window stands between the roles held and the roles needed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from remit.core.access import LINE_BITS, LINE_MASK
from remit.core.directory import Directory
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Membership, Origin, Permission
from remit.core.pacing import Pause, paced
from remit.core.policy import Policy
from remit.core.tables import Homes, Parents, Vocabulary


class Pair(NamedTuple):
    """What a snapshot knows of one (kind, action): the roles that may, as masks.

    `anywhere` may in every scope (`either` is that mask twice: for roles held without and with a window);
    `narrowed` maps a scope to the roles that may there and below. `at_place`: decided at the place, not at home.
    """

    at_place: bool
    anywhere: int
    either: int
    narrowed: dict[str, int]


class Rows:
    """The lines behind the masks. Row 0 is no row; `following` links the rows of one subject and scope."""

    __slots__ = ("files", "following", "origins", "role_ids", "since", "until")

    def __init__(self, policy: Policy) -> None:
        table = policy.access_rules
        self.files = table.files
        index = {role: number for number, role in enumerate(policy.roles)}
        same = table.roles == policy.roles
        role_ids = table.role_ids if same else array("H", (index[table.roles[i]] for i in table.role_ids))
        self.role_ids = array("H", [0]) + role_ids
        self.following = array("I", bytes(4 * (len(table) + 1)))
        self.origins = array("I", [0]) + table.origins
        timed = any(at != ALWAYS for at in table.since) or any(at != FOREVER for at in table.until)
        self.since = array("q", [0]) + table.since if timed else None
        self.until = array("q", [0]) + table.until if timed else None

    def window(self, row: int) -> tuple[int, int]:
        """From when until when a row counts."""
        if self.since is None or self.until is None:
            return ALWAYS, FOREVER
        return self.since[row], self.until[row]

    def origin(self, row: int) -> Origin:
        """Where a row was written."""
        packed = self.origins[row]
        return Origin(self.files[packed >> LINE_BITS], packed & LINE_MASK)


class Snapshot:
    """One revision, ready to answer. Never changed once built; a newer one replaces it whole."""

    __slots__ = (
        "_directory", "all_roles", "chains", "grants", "group_names", "groups_of", "homes", "memberships",
        "pairs", "parents", "permissions", "revision", "role_bits", "roles", "rows", "timed_members",
        "vocabulary", "width",
    )  # fmt: skip

    revision: str
    roles: tuple[str, ...]
    role_bits: dict[str, int]
    width: int
    all_roles: int
    pairs: dict[str, dict[str, Pair]]
    chains: dict[str, tuple[str, ...]]
    grants: dict[str, dict[str, int]]
    rows: Rows
    memberships: dict[str, tuple[Membership, ...]]
    groups_of: dict[str, tuple[str, ...]]
    timed_members: frozenset[str]
    group_names: frozenset[str]
    permissions: tuple[Permission, ...]
    vocabulary: Vocabulary
    parents: Parents
    homes: Homes

    def __init__(self, policy: Policy, pause: Pause = None) -> None:
        """With a `pause` every few lines."""
        self.revision = policy.revision
        self.roles = policy.roles
        self.role_bits = {role: 1 << index for index, role in enumerate(policy.roles)}
        self.width = len(policy.roles)
        self.all_roles = (1 << self.width) - 1
        self.permissions = policy.permissions
        self.vocabulary, self.parents, self.homes = policy.vocabulary, policy.parents, policy.homes
        self.pairs = _pairs(policy, self.role_bits)
        self.chains = _chains(policy.parents)
        self.memberships, self.groups_of, self.timed_members = _groups(policy.memberships, pause)
        self.group_names = frozenset(membership.group for membership in policy.memberships)
        self.rows = Rows(policy)
        self.grants = _grants(policy, self.rows, pause)
        self._directory: Directory | None = None

    @property
    def directory(self) -> Directory:
        """The index of searches. Made when first asked for: who only decides does not pay for it."""
        return self._directory or self.indexed()

    def indexed(self, pause: Pause = None) -> Directory:
        """Make the index of searches, with a `pause` every few lines."""
        self._directory = Directory(self, pause)
        return self._directory

    def pieces(self) -> list[object]:
        """What it is made of, in small parts: who holds these can let it go bit by bit. To free a large one at once
        takes as long as a hundred decisions."""
        below = [] if self._directory is None else [*self._directory.holders.values()]
        return [*self.grants, *self.grants.values(), *below]

    def knows(self, subject: str) -> bool:
        """True if the policy names the subject, as holder of a role, as member or as group."""
        return subject in self.grants or subject in self.memberships or subject in self.group_names

    def groups_at(self, subject: str, when: int) -> tuple[str, ...]:
        """The groups that a subject belongs to at `when`, transitively, by the policy's memberships."""
        if subject not in self.timed_members:
            return self.groups_of.get(subject, ())
        return tuple(group for group, _ in self.paths_at(subject, when))

    def paths_at(self, subject: str, when: int) -> Iterator[tuple[str, tuple[Membership, ...]]]:
        """Each group of a subject at `when` with a shortest chain of memberships that leads there."""
        seen = {subject}
        ring: list[tuple[str, tuple[Membership, ...]]] = [(subject, ())]
        while ring:
            following: list[tuple[str, tuple[Membership, ...]]] = []
            for member, path in ring:
                for membership in self.memberships.get(member, ()):
                    if membership.group not in seen and membership.since <= when < membership.until:
                        seen.add(membership.group)
                        following.append((membership.group, (*path, membership)))
            yield from following
            ring = following

    def access_rules_of(self, subject: str, scope: str) -> Iterator[AccessRule]:
        """The access rules of one subject in exactly one scope, windows not considered."""
        row = self.grants.get(subject, {}).get(scope, 0) >> (2 * self.width)
        while row:
            role = self.roles[self.rows.role_ids[row]]
            yield AccessRule(subject, role, scope, *self.rows.window(row), self.rows.origin(row))
            row = self.rows.following[row]


def _pairs(policy: Policy, role_bits: dict[str, int]) -> dict[str, dict[str, Pair]]:
    anywhere: dict[tuple[str, str], int] = {}
    narrowed: dict[tuple[str, str], dict[str, int]] = {}
    for role, scope, kind, action, _ in policy.permissions:
        key, bit = (kind, action), role_bits[role]
        if scope == ROOT:
            anywhere[key] = anywhere.get(key, 0) | bit
        else:
            masks = narrowed.setdefault(key, {})
            masks[scope] = masks.get(scope, 0) | bit
    pairs: dict[str, dict[str, Pair]] = {}
    for kind, verbs in policy.vocabulary.items():
        for action, verb in verbs.items():
            mask, scopes = anywhere.get((kind, action), 0), narrowed.get((kind, action), {})
            pair = Pair(verb.at_place, mask, mask | mask << len(role_bits), scopes)
            pairs.setdefault(kind, {})[action] = pair
    return pairs


def _chains(parents: Parents) -> dict[str, tuple[str, ...]]:
    """Each scope with all that cover it, itself first and `*` last."""
    chains: dict[str, tuple[str, ...]] = {ROOT: (ROOT,)}
    for scope in parents:
        chain = [scope]
        while chain[-1] != ROOT:
            chain.append(parents[chain[-1]][0])
        chains[scope] = tuple(chain)
    return chains


def _groups(
    memberships: tuple[Membership, ...], pause: Pause
) -> tuple[dict[str, tuple[Membership, ...]], dict[str, tuple[str, ...]], frozenset[str]]:
    """Memberships by member; the transitive groups of each member; the members whose groups depend on time."""
    by_member: dict[str, list[Membership]] = {}
    for membership in paced(memberships, pause):
        by_member.setdefault(membership.member, []).append(membership)
    groups: dict[str, tuple[str, ...]] = {}
    timed: set[str] = set()

    def close(member: str) -> tuple[str, ...]:
        if member not in groups:
            found: dict[str, None] = {}
            for _, group, since, until, _ in by_member.get(member, ()):
                found |= dict.fromkeys((group, *close(group)))
                if since != ALWAYS or until != FOREVER or group in timed:
                    timed.add(member)
            groups[member] = tuple(found)
        return groups[member]

    for member in paced(by_member, pause):
        close(member)
    kept = {member: groups[member] for member in by_member}
    return {member: tuple(some) for member, some in by_member.items()}, kept, frozenset(timed)


def _grants(policy: Policy, rows: Rows, pause: Pause) -> dict[str, dict[str, int]]:
    """What each subject holds in each scope, as the integers the module's docstring describes."""
    table, width = policy.access_rules, len(policy.roles)
    shift, low = 2 * width, (1 << (2 * width)) - 1
    bits = [1 << role_id for role_id in range(width)]
    grants: dict[str, dict[str, int]] = {}
    windows = zip(table.since, table.until, strict=True)
    role_ids = islice(rows.role_ids, 1, None)
    lines = zip(table.subjects, role_ids, table.scopes, windows, strict=True)
    for row, (subject, role_id, scope, (since, until)) in enumerate(paced(lines, pause), 1):
        bit = bits[role_id]
        if since != ALWAYS or until != FOREVER:
            bit <<= width
        held = grants.get(subject)
        if held is None:
            held = grants[subject] = {}
        value = held.get(scope, 0)
        if value:
            rows.following[row] = value >> shift
            bit |= value & low
        held[scope] = bit | row << shift
    return grants
