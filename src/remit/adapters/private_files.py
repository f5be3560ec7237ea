"""Files in the state directory that are nobody else's business: read whole, written whole, changed by one at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remit.errors import Misconfigured

Stamp = tuple[int, ...]

OTHERS = 0o077
"""The permission bits that let anyone but the owner at a file."""


def stamp(path: Path) -> Stamp | None:
    """What changes whenever a file does, its permissions included; None if there is no such file. Raises OSError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode


def read_private(path: Path) -> bytes | None:
    """The bytes of a file that only its owner may touch; None if there is no such file.

    Raises Misconfigured if others may read or write it, or if it cannot be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
            found = os.fstat(file.fileno())  # the open file, so that it cannot be another one by now
            if found.st_mode & OTHERS:
                raise Misconfigured(f"`{path}` may be read or written by others; run `chmod 600 {path}`")
            if found.st_uid not in (0, os.geteuid()):
                raise Misconfigured(f"`{path}` belongs to somebody else; it must belong to who runs remit")
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Misconfigured(f"`{path}` cannot be read: {error.strerror}") from None


def write_private(path: Path, data: bytes) -> None:
    """Put a file in place at once and for good, readable by its owner only. Raises Misconfigured if it cannot be."""
    try:
        put_private(path, data)
    except OSError as error:
        raise Misconfigured(f"`{path}` cannot be written: {error.strerror}") from None


def put_private(path: Path, data: bytes) -> None:
    """The same. Raises OSError: for whoever tries again."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        _write_new(beside, data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_directory(path.parent)


@contextmanager
def one_at_a_time(directory: Path) -> Iterator[None]:
    """Make the directory if need be, and hold its lock: of all processes, one is inside. Raises Misconfigured."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured(f"`{directory}` cannot be used as the state directory: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)  # which ends the lock


def _write_new(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, 0o600)  # whatever the umask
        file.write(data)
        file.flush()
        os.fsync(handle)


def sync_directory(directory: Path) -> None:
    """A name is on disk once its directory is. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
