"""The handlers that read the journal: a page of it, or one line. Work and memory are bounded, however large it is."""

from __future__ import annotations

import struct

from remit.core.journal.entries import Entry
from remit.core.journal.marks import Mark, Marks
from remit.core.model import Actor
from remit.core.names import quoted
from remit.errors import NotFound, RequestInvalid
from remit.service.gate import Permit
from remit.service.operations import Lines, ReadJournal, ReadLine
from remit.service.paging import Tokens, digest_of
from remit.service.ports import Written

LOOKED = 32 * 1024 * 1024
"""Bytes of the journal that are looked at for one page; one that found nothing in them ends, and leads on."""

HANDED_OUT = 4 * 1024 * 1024
"""Bytes of lines on one page, but for its last line."""

_FORM = struct.Struct(">B16sq")  # version, digest of who asks for what, the end of what is read
_MARK = struct.Struct(">B32sqq")  # length of the writer's name, the name, first line, offset
_VERSION, _MOST_NAME = 1, 32
_NONE = "no journal is kept here; the server was started with `REMIT_JOURNAL=off`"


class Audits:
    """Reads what was `written`, if anything is; `tokens` makes those that lead from page to page."""

    def __init__(self, written: Written | None, tokens: Tokens) -> None:
        self._written, self._tokens = written, tokens

    def page(self, permit: Permit, operation: ReadJournal) -> Lines:
        """One page. Raises RequestInvalid for a token that is damaged or belongs to another question, and NotFound if
        no journal is kept."""
        actor, _, now, _, _ = permit
        if self._written is None:
            raise NotFound(_NONE)
        bound = digest_of(repr(tuple(operation.wanted)).encode(), _asker(actor))
        until, marks = self._opened(operation.token, bound, now)
        if operation.wanted.until is not None:
            until = min(until, operation.wanted.until)
        found: list[Entry] = []
        reached, looked, handed = dict(marks), 0, 0
        for step in self._written.steps(operation.wanted._replace(until=until), marks):
            reached[step.writer] = step.mark
            looked += step.looked
            if step.entry is not None:
                found.append(step.entry)
                handed += len(step.entry.line)
            if len(found) == operation.limit or looked >= LOOKED or handed >= HANDED_OUT:
                return Lines(tuple(found), self._token(bound, until, reached))
        return Lines(tuple(found), None)

    def line(self, _: Permit, operation: ReadLine) -> Lines:
        """One line. Raises NotFound if there is none of that name, or no journal."""
        if self._written is None:
            raise NotFound(_NONE)
        writer, *rest = operation.id.split("-")
        seq = rest[0] if len(rest) == 1 else ""
        known = len(writer) <= _MOST_NAME and seq.isascii() and seq.isdigit() and len(seq) < 19
        found = self._written.entry(writer, int(seq)) if known else None
        if found is None:
            raise NotFound(f"there is no line {quoted(operation.id)} in this journal, or none any more")
        return Lines((found,), None)

    def _token(self, bound: bytes, until: int, marks: Marks) -> str:
        named = [_MARK.pack(len(name), name.encode(), *mark) for name, mark in sorted(marks.items())]
        return self._tokens.sealed(_FORM.pack(_VERSION, bound, until) + b"".join(named))

    def _opened(self, token: str | None, bound: bytes, now: int) -> tuple[int, Marks]:
        """Until when it is read, and from where on."""
        if token is None:
            return now, {}
        body = self._tokens.opened(token)
        if body is None or body[0] != _VERSION:
            raise RequestInvalid("`page` is damaged or was not made here; start again without it")
        _, digest, until = _FORM.unpack_from(body)
        if digest != bound:
            raise RequestInvalid("`page` belongs to another question; ask as before, or start again without it")
        marks = {}
        for size, name, first, offset in _MARK.iter_unpack(body[_FORM.size :]):
            marks[name[:size].decode()] = Mark(first, offset)
        return until, marks


def _asker(actor: Actor) -> bytes:
    return "\n".join((actor.subject, *actor.groups)).encode()
