"""Who has what by whom, in one scope: the links of a Casbin policy followed to their ends."""

from __future__ import annotations

from collections.abc import Iterable

from remit.core.bringing.lines import Link

MOST_LINKS = 9
"""Links that Casbin follows from a name. What lies beyond gives nothing there."""


class Reach:
    """The links of one scope."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._heads: dict[str, dict[str, None]] = {}
        for link in links:
            self._heads.setdefault(link.member, {})[link.head] = None

    def heads(self, name: str) -> tuple[str, ...]:
        """All that a name has the rights of, itself left out, the near ones first."""
        return tuple(other for other in self._distances(name) if other != name)

    def too_far(self, name: str) -> str | None:
        """A name so far from this one that Casbin does not find it, or None."""
        return next((other for other, links in self._distances(name).items() if links > MOST_LINKS), None)

    def _distances(self, name: str) -> dict[str, int]:
        """Every name within reach, and by how many links."""
        found, front = {name: 0}, [name]
        while front:
            near = [head for each in front for head in self._heads.get(each, ())]
            front = [head for head in dict.fromkeys(near) if head not in found]
            found |= dict.fromkeys(front, max(found.values()) + 1)
        return found
