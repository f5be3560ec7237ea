"""One writer's files: lines appended in a chain, all of a group on disk or none counted; used by one thread.

What cannot be written is never taken for written later: the end of the file is put back to the last line that is known
to be on disk before anything else is appended.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from remit.adapters.journal.layout import name_of, writers
from remit.adapters.journal.recovery import Torn, found_end, put_aside
from remit.adapters.private_files import sync_directory
from remit.core.journal.chain import leaf, line_of
from remit.core.journal.merkle import Tree
from remit.errors import JournalDamaged

log = logging.getLogger("remit")


class Closed(NamedTuple):
    """A segment, `complete` or as far as it has grown: whose, the number of its first line, how many lines are on disk
    for good, the root over them, and where it is."""

    writer: str
    first: int
    size: int
    root: bytes
    path: Path
    complete: bool = True


Body = Callable[[int, bytes], bytes]
"""Lines and root of a segment to what its last line says of it."""


class Ledger:
    """The files of one writer, held against any other process."""

    def __init__(self, directory: Path, writer: str, lock: int) -> None:
        """Goes on where the writer ended; `torn` says what was cut off. `lock` is held until `release`.

        Raises OSError, and JournalDamaged if what is there is no journal's.
        """
        self.writer = writer
        self._directory = directory / writer
        self._lock = lock
        end = found_end(directory, writer)
        self.torn: Torn | None = put_aside(end)
        self._first, self._tree = end.first, end.tree
        self._prev, self._seq = end.prev, end.seq
        self._size = end.size
        self.unclosed: Closed | None = None
        """The last complete segment, if its process ended before it was looked after."""
        if end.closed is not None:
            segment, lines, root = end.closed
            self.unclosed = Closed(writer, segment.first, lines, root, self._directory / name_of(segment.first))
        self._file: int | None = None
        self._sound = True
        self._firm = self._now()
        self.taken_back = 0
        """Lines that were appended, and do not count any more: the disk failed before they were on it."""

    @property
    def lines(self) -> int:
        """How many lines the growing segment has."""
        return self._tree.size

    @property
    def size(self) -> int:
        """How many bytes the growing segment has."""
        return self._size

    def append(self, bodies: Sequence[bytes], durable: bool) -> None:
        """Append a line for each of these, in one write; on disk when this returns, if `durable`.

        Raises OSError; then none of them counts.
        """
        prev, seq, lines, leaves = self._prev, self._seq, [], []
        for body in bodies:
            line = line_of(prev, self.writer, seq, body)
            hashed = leaf(line)
            prev, seq = hashed.hex(), seq + 1
            lines.append(line)
            leaves.append(hashed)
        data = b"\n".join(lines) + b"\n"
        file = self._opened()
        self._sound = False
        _write(file, data)
        if durable:
            self._sync(_datasync(), file)
        self._sound = True
        self._prev, self._seq, self._size = prev, seq, self._size + len(data)
        for hashed in leaves:
            self._tree.append(hashed)
        if durable:
            self._firm = self._now()

    def sync(self) -> None:
        """Have all lines on disk. Raises OSError; then those since the last time do not count any more."""
        if self._file is not None:
            self._sync(_datasync(), self._file)
        self._firm = self._now()

    def so_far(self) -> Closed:
        """The growing segment, all of whose lines are on disk for good."""
        return Closed(self.writer, self._first, self._tree.size, self._tree.root(), self._path(), complete=False)

    def close(self, body: Body) -> Closed:
        """End the growing segment with a line that says so: its lines, and the root over them. Raises OSError."""
        self.append([body(self._tree.size, self._tree.root())], durable=True)
        closed = Closed(self.writer, self._first, self._tree.size, self._tree.root(), self._path())
        if self._file is not None:
            os.close(self._file)
        self._file, self._size, self._first, self._tree = None, 0, self._seq, Tree()
        self._firm = self._now()
        return closed

    def release(self) -> None:
        """Let another process go on here."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        os.close(self._lock)

    def _now(self) -> tuple[str, int, int, Tree]:
        return self._prev, self._seq, self._size, self._tree.copy()

    def _sync(self, sync: Callable[[int], None], file: int) -> None:
        """Have a file on disk. Raises OSError: what was not there before is never believed to be, whatever comes."""
        try:
            sync(file)
        except OSError:
            prev, seq, size, tree = self._firm
            self.taken_back += self._seq - seq
            self._prev, self._seq, self._size, self._tree = prev, seq, size, tree.copy()
            self._sound = False
            raise

    def _path(self) -> Path:
        return self._directory / name_of(self._first)

    def _opened(self) -> int:
        """The growing file, its end where the last line ended. After a failure it is opened anew: what the failed one
        remembers is not to be trusted."""
        if self._file is not None and self._sound:
            return self._file
        if self._file is not None:
            os.close(self._file)
            self._file = None
        path = self._path()
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if os.fstat(file).st_size < self._size:
                raise OSError(f"`{path}` is shorter than what was written to it")
            os.ftruncate(file, self._size)
            self._sync(os.fsync, file)
            if not self._size:
                sync_directory(self._directory)
        except OSError:
            os.close(file)
            raise
        self._file = file
        return file


def _datasync() -> Callable[[int], None]:
    """What has the bytes of a file on disk; not every system has the quicker one."""
    return getattr(os, "fdatasync", os.fsync)


def _write(file: int, data: bytes) -> None:
    """All of the data. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def open_ledger(directory: Path) -> Ledger:
    """The files of a writer that nobody writes to now, or else of a new one. What is damaged is left as it is.

    Raises OSError.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in writers(directory):
        found = free_ledger(directory, name)
        if found is not None:
            return found
    while (directory / (name := secrets.token_hex(4))).exists():
        pass
    fresh = directory / f".{name}"  # nobody who looks for writers takes it before it is held
    fresh.mkdir(mode=0o700)
    lock = taken(fresh)
    assert lock is not None
    fresh.rename(directory / name)
    sync_directory(directory)
    return Ledger(directory, name, lock)


def others(directory: Path, mine: str) -> Iterator[Ledger]:
    """The files of all other writers that nobody writes to now, one by one. Raises OSError."""
    for name in writers(directory):
        if name != mine and (found := free_ledger(directory, name)) is not None:
            yield found


def free_ledger(directory: Path, name: str) -> Ledger | None:
    """The files of this writer, unless somebody writes to them, or they are damaged."""
    lock = taken(directory / name)
    if lock is None:
        return None
    try:
        return Ledger(directory, name, lock)
    except JournalDamaged as error:
        os.close(lock)
        log.error("THE JOURNAL IS DAMAGED, and goes on under another name: %s; run `remit journal verify`", error)
        return None
    except OSError:
        os.close(lock)
        raise


def taken(path: Path) -> int | None:
    """The lock of a writer's directory, if nobody holds it. Raises OSError."""
    lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError:
        os.close(lock)
        raise
    return lock
