"""The journal as the gate sees it: records in, lines on disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from remit.adapters.journal.clock import clock_watched
from remit.adapters.journal.committer import Committer, Keeping, Lost, Told
from remit.adapters.journal.ledger import Closed, Ledger, open_ledger, others
from remit.adapters.journal.recovery import Torn
from remit.core.journal.entries import Kind
from remit.core.journal.spelling import harmless
from remit.errors import Misconfigured, NotRecorded
from remit.service.ports import Record

Body = dict[str, Any]

_json = msgspec.json.Encoder().encode
log = logging.getLogger("remit")


def _encoded(said: Body) -> bytes:
    """JSON that may be looked at with anything: whoever named himself in it, no terminal obeys it."""
    data = _json(said)
    return data if data.isascii() and b"\x7f" not in data else harmless(data)  # all other controls are escaped by now


class Book:
    """Writes records. `told` says what is kept of one, `clock` gives the time of a line as the journal writes it."""

    def __init__(self, committer: Committer, told: Callable[[Record], Body], clock: Callable[[], str]) -> None:
        self._committer, self._told, self._clock = committer, told, clock

    @property
    def writer(self) -> str:
        """Whose lines these are."""
        return self._committer.writer

    @property
    def counted(self) -> dict[str, int]:
        """How many records were `kept` since the start, and how many `lost`; it goes on growing."""
        return self._committer.counted

    def check(self) -> None:
        """Raises NotRecorded if records cannot be written now, and nothing is answered without."""
        self._committer.check()

    def record(self, record: Record) -> asyncio.Future[None] | None:
        """Take one record. On an event loop; see `ports.Journal`."""
        return self._committer.put(_encoded(self._told(record)))

    def record_and_wait(self, record: Record) -> None:
        """Take one record, and wait for it. In a thread."""
        self._committer.put_and_wait(_encoded(self._told(record)))

    def note(self, kind: Kind, said: Mapping[str, Any]) -> None:
        """Take what has happened besides operations. In a thread, which waits; no answer depends on it."""
        with suppress(NotRecorded):  # what is lost is counted, and told once it can be
            self._committer.put_and_wait(event(self._clock(), kind, said))

    def mention(self, kind: Kind, said: Mapping[str, Any]) -> None:
        """Take what has happened besides operations, and wait for nothing."""
        self._committer.mention(event(self._clock(), kind, said))


def event(time: str, kind: Kind, said: Mapping[str, Any]) -> bytes:
    """What has happened besides operations, as the body of a line."""
    return _encoded({"time": time, "kind": kind, **said})


@contextmanager
def kept_in(
    directory: Path,
    keeping: Keeping,
    told: Callable[[Record], Body],
    clock: Callable[[], str],
    finished: Callable[[Closed], None],
) -> Iterator[Book]:
    """While this lasts, records are written below `directory`. Segments that others left behind are closed.

    Raises Misconfigured if nothing can be written there.
    """
    words = words_by(clock)
    try:
        ledger = open_ledger(directory)
        committer = Committer(ledger, keeping, words, finished)
        committer.start()
    except OSError as error:
        raise Misconfigured(f"the journal cannot be written in `{directory}`: {error.strerror or error}") from None
    if ledger.unclosed is not None:
        finished(ledger.unclosed)
    try:
        for left in others(directory, ledger.writer):
            try:
                look_after(left, words, finished)
            finally:
                left.release()
    except OSError as error:
        log.warning("what other writers left in `%s` cannot be looked after: %s", directory, error)
    try:
        book = Book(committer, told, clock)
        with clock_watched(book.mention):
            yield book
    finally:
        committer.stop()


def look_after(left: Ledger, words: Told, finished: Callable[[Closed], object]) -> None:
    """Close what a writer left that did not come back. Raises OSError."""
    if left.unclosed is not None:
        finished(left.unclosed)
    if left.torn is not None:
        left.append([words.trimmed(left.torn)], durable=True)
    if left.lines:
        finished(left.close(words.closed))


def words_by(clock: Callable[[], str]) -> Told:
    """What the journal says of itself."""

    def lost(what: Lost, denied: bool) -> bytes:
        said = {"records": what.number, "since": what.since, "cause": what.cause, "answered": not denied}
        return event(clock(), Kind.LOST, said)

    def closed(lines: int, root: bytes) -> bytes:
        return event(clock(), Kind.CLOSED, {"lines": lines, "root": root.hex()})

    def trimmed(torn: Torn) -> bytes:
        return event(clock(), Kind.TRIMMED, {"bytes": torn.bytes, "lines": torn.lines, "sha256": torn.digest})

    return Told(lost, closed, trimmed)
