"""Who may, what may one do it to, what may one do, and where (AuthZEN §8)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from remit.core.model import Actor
from remit.service.needs import SEARCH, VOUCH, Need
from remit.service.operations.asked import Asked, kept_ids


class Sought(StrEnum):
    """What a search looks for (AuthZEN §8)."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    ACTION = "action"


class Page(NamedTuple):
    """Which part of the results a caller wants (AuthZEN §8.2.1).

    `token` is a page token from the answer before, `limit` the most results wanted; None where the request has none.
    `bound` is everything of the request that must stay the same from page to page, as bytes; `wanted` is true if
    the request speaks of pages at all.
    """

    bound: bytes
    token: str | None = None
    limit: int | None = None
    wanted: bool = False


class Search(NamedTuple):
    """Who may, what may one do it to, or what may one do? The part of `asked` that is sought is empty: its `id`, its
    `action`, or its `subject`, of which `type` then is the type sought."""

    sought: Sought
    asked: Asked
    page: Page
    type: str = ""

    def needs(self, actor: Actor) -> tuple[Need, ...]:
        """`decision:search`, but for what a caller asks about itself."""
        return () if self.asked.subject == actor.subject else (SEARCH,)

    def wishes(self) -> tuple[Need, ...]:
        """Vouching for the groups that the subject is said to be in."""
        return (VOUCH,) if self.asked.claimed else ()

    def ids(self) -> tuple[str, ...]:
        """The thing whose home the catalog may know."""
        return kept_ids(self.asked)


class Results(NamedTuple):
    """One page of what a search found: ids of subjects or resources of one `type`, or names of actions.

    `token` leads to the next page and is empty on the last; None if this is the whole and nobody spoke of pages.
    `instant` was judged: that of the first page (microseconds since 1970, UTC). `known` are, name by name, the homes by
    which the catalog found them; None where the policy did.
    """

    sought: Sought
    type: str
    names: tuple[str, ...]
    token: str | None
    revision: str
    instant: int = 0
    known: tuple[str | None, ...] = ()


class PermittedScopes(NamedTuple):
    """Where may this subject do this to this kind? The `id` and the `declared` scope of `asked` are not read."""

    asked: Asked

    def needs(self, actor: Actor) -> tuple[Need, ...]:
        """`decision:search`, but for what a caller asks about itself."""
        return () if self.asked.subject == actor.subject else (SEARCH,)

    def wishes(self) -> tuple[Need, ...]:
        """Vouching for the groups that the subject is said to be in."""
        return (VOUCH,) if self.asked.claimed else ()

    def ids(self) -> tuple[str, ...]:
        """No thing in particular."""
        return ()


class Reached(NamedTuple):
    """The homes that a subject reaches with an action on a kind; `unplaced`: things without a known home as well."""

    scopes: tuple[str, ...]
    unplaced: bool
    revision: str
