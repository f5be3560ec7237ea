"""Which lines of the journal somebody wants to see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from remit.core.journal.entries import Entry
from remit.core.journal.sieve import Sieve, groups_of, part_of, spelt

_DENIED = (b'"verdict":"deny"', b'"permitted":false')


class Wanted(NamedTuple):
    """Only lines that fit all of this; None and empty: whatever. `since` is inclusive and `until` exclusive, in
    microseconds since 1970, UTC; `kinds` are those of lines. `subject`, `action`, `resource` (a kind, or `kind:id`),
    `scope` (a home or a place) and `denied` must be true of one and the same item; instead, `subject` may be who asked,
    and `denied` be true of the whole line."""

    since: int | None = None
    until: int | None = None
    kinds: tuple[str, ...] = ()
    subject: str | None = None
    caller: str | None = None
    action: str | None = None
    resource: str | None = None
    scope: str | None = None
    denied: bool = False
    request: str | None = None
    revision: str | None = None

    def sieve(self) -> Sieve:
        """What lines that fit hold."""
        named = (self.subject, self.caller, self.action, self.scope, self.request)
        parts = [part_of(each, '"', '"') for each in named if each is not None]
        parts += [part_of(each) for each in (self.resource or "").split(":") if each]
        if self.revision:
            parts.append(part_of(self.revision, '"revision":"'))
        if self.kinds:
            parts.append(tuple(f'"kind":"{kind}"'.encode() for kind in self.kinds))
        if self.denied:
            parts.append(_DENIED)
        return Sieve(groups_of(parts), spelt(self.since), spelt(self.until))

    def may_fit(self, line: bytes) -> bool:
        """Could a line fit, as far as its bytes tell? Sorts out most of them without reading what they say."""
        return self.sieve().may_fit(line)

    def fits(self, entry: Entry) -> bool:
        """Does a line fit?"""
        body = entry.body
        return (
            (self.since is None or entry.time >= self.since)
            and (self.until is None or entry.time < self.until)
            and (not self.kinds or entry.kind in self.kinds)
            and (self.caller is None or body.get("caller") == self.caller)
            and (self.request is None or body.get("request") == self.request)
            and (self.revision is None or str(body.get("revision", "")).startswith(self.revision))
            and self._fits_items(entry)
        )

    def items_of(self, entry: Entry) -> list[Mapping[str, Any]]:
        """The items of a line that fit: those that it is shown for. All, if nothing is wanted of items."""
        refused, by_it = entry.body.get("permitted") is False, self._asked_by_it(entry)
        return [item for item in entry.items if self._fits_item(item, refused, by_it)]

    def _asked_by_it(self, entry: Entry) -> bool:
        """Did the subject that is wanted ask itself, if one is?"""
        return self.subject is None or entry.body.get("caller") == self.subject

    def _fits_items(self, entry: Entry) -> bool:
        """Is there an item of which all is true that is wanted of one?"""
        refused, by_it = entry.body.get("permitted") is False, self._asked_by_it(entry)
        if by_it and self.action is None and self.resource is None and self.scope is None:
            return not self.denied or entry.denied
        return any(self._fits_item(item, refused, by_it) for item in entry.items)

    def _fits_item(self, item: Mapping[str, Any], refused: bool, by_it: bool) -> bool:
        kind = item.get("kind")
        return (
            (by_it or item.get("subject") == self.subject)
            and self.resource in (None, kind, f"{kind}:{item.get('id')}")
            and self.action in (None, item.get("action"))
            and (self.scope is None or self.scope in [item.get(each) for each in _WHERE])
            and (not self.denied or refused or item.get("verdict") == "deny")
        )


_WHERE = ("home", "place", "declared", "known")
