"""A closed segment compressed: the plain file goes only when a copy is on disk for good that says the same."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import secrets
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from remit.adapters.private_files import sync_directory

CHUNK = 1024 * 1024
"""Bytes that are worked on at a time: outside Python's lock, so that answers do not wait."""

LEVEL = 6

_EXPIRED = re.compile(rb'"kind":"journal\.expired","before":([0-9]{1,18})[,}]')
_KIND = b'"kind":"journal.expired"'
_OVERLAP = 64


def compress(path: Path) -> None:
    """Compress the segment in a file, whatever an earlier try has left. Raises OSError; then the plain file is there.

    Nothing happens if there is none: it was compressed before.
    """
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink(missing_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        if not path.exists():
            return
        digest = _copied(path, beside)
        if _digest(beside) != digest:
            raise OSError(f"the compressed copy of `{path}` does not say the same")
        beside.replace(path.with_name(f"{path.name}.gz"))
    finally:
        beside.unlink(missing_ok=True)
    sync_directory(path.parent)
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def expired_in(path: Path) -> int:
    """Before which line the lines of its writer may go, as a plain segment says; 0 if it says nothing of it.

    Raises OSError.
    """
    found, rest = 0, b""
    with path.open("rb") as file:
        for chunk in _chunks(file):
            seen = rest + chunk
            if _KIND in seen:
                found = max(found, *(int(match[1]) for match in _EXPIRED.finditer(seen)), 0)
            rest = seen[-_OVERLAP:]
    return found


def _copied(path: Path, beside: Path) -> bytes:
    """Write the copy, for good; the hash of what was read."""
    seen = hashlib.sha256()
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with path.open("rb") as plain, os.fdopen(handle, "wb") as file:
        with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed:
            for chunk in _chunks(plain):
                seen.update(chunk)
                packed.write(chunk)
        file.flush()
        os.fsync(handle)
    return seen.digest()


def _digest(path: Path) -> bytes:
    seen = hashlib.sha256()
    try:
        with gzip.open(path) as file:
            for chunk in _chunks(file):
                seen.update(chunk)
    except (EOFError, zlib.error) as error:
        raise OSError(str(error)) from None
    return seen.digest()


def _chunks(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
