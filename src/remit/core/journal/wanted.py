"""Which lines of the journal somebody wants to see."""

from __future__ import annotations

import json
from typing import NamedTuple

from remit.core.journal.chain import link_of
from remit.core.journal.entries import Entry


class Wanted(NamedTuple):
    """Only lines that fit all of this; None and empty: whatever. `since` is inclusive and `until` exclusive, in
    microseconds since 1970, UTC; `kinds` are those of lines; `subject` is who asked, or was asked about. `action`,
    `resource` (a kind, or `kind:id`), `scope` (a home or a place) and `denied` must be true of one and the same item;
    `denied` may be true of the whole line instead."""

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

    def may_fit(self, line: bytes) -> bool:
        """Could a line fit, as far as its bytes tell? Sorts out most of them without reading what they say."""
        named = (self.subject, self.caller, self.action, self.scope, self.request)
        if any(each is not None and json.dumps(each, ensure_ascii=False).encode() not in line for each in named):
            return False
        if self.revision is not None and self.revision.encode() not in line:
            return False
        if self.kinds:
            link = link_of(line)
            return link is not None and link.kind in self.kinds
        return True

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
            and (self.subject is None or self.subject in self._subjects(entry))
            and self._fits_items(entry)
        )

    def _subjects(self, entry: Entry) -> set[object]:
        return {entry.body.get("caller"), *(item.get("subject") for item in entry.items)}

    def _fits_items(self, entry: Entry) -> bool:
        """Is there an item of which all is true that is wanted of one?"""
        if self.action is None and self.resource is None and self.scope is None:
            return not self.denied or entry.denied
        refused = entry.body.get("permitted") is False
        for item in entry.items:
            kind, _, id = (self.resource or "").partition(":")
            named = self.resource is None or (item.get("kind") == kind and id in ("", item.get("id")))
            where = {item.get(each) for each in ("home", "place", "declared", "known")}
            if (
                named
                and self.action in (None, item.get("action"))
                and (self.scope is None or self.scope in where)
                and (not self.denied or refused or item.get("verdict") == "deny")
            ):
                return True
        return False
