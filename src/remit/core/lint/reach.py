"""Which groups a subject belongs to all through a window, by paths of memberships that all count all through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from remit.core.model import Membership, Origin

_MOST_REMEMBERED = 10_000


class Reach:
    """The memberships of a policy, followed upwards."""

    def __init__(self, memberships: Iterable[Membership]) -> None:
        self._above: dict[str, list[Membership]] = {}
        for membership in memberships:
            self._above.setdefault(membership.member, []).append(membership)
        self.members = self._above.keys()
        self._remembered: dict[tuple[str, int, int], dict[str, Origin]] = {}

    def groups(self, member: str, since: int, until: int) -> dict[str, Origin]:
        """The groups that `member` belongs to from `since` until `until`, each with a membership that leads there."""
        key = (member, since, until)
        found = self._remembered.get(key)
        if found is None:
            found = {}
            stack = [member]
            while stack:
                for each in self._lasting(stack.pop(), since, until):
                    if each.group not in found:
                        found[each.group] = each.origin
                        stack.append(each.group)
            if len(self._remembered) < _MOST_REMEMBERED:
                self._remembered[key] = found
        return found

    def way_round(self, membership: Membership) -> Origin | None:
        """The last membership of a way from its member to its group by others, or None. There are no circles."""
        member, group, since, until, _ = membership
        for first in self._lasting(member, since, until):
            if (last := self.groups(first.group, since, until).get(group)) is not None:
                return last
        return None

    def _lasting(self, member: str, since: int, until: int) -> Iterator[Membership]:
        """The memberships of a member that count all through."""
        return (each for each in self._above.get(member, ()) if each.since <= since and until <= each.until)
