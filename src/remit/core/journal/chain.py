"""The chain of one writer: every line names the line before it by its hash, so none can go, come or move unseen.

A line is a JSON object whose first members are always `prev`, `writer`, `seq`, `time` and `kind`, in this order and
without spaces, so that the chain is followed without reading the rest. What is hashed are the line's bytes.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

START = "0" * 64
"""What the first line of a writer names as the line before it."""

WRITER = re.compile(r"[a-z0-9]{4,32}", re.ASCII)
"""What a writer may be called."""

_TOP = re.compile(
    rb'\{"prev":"([0-9a-f]{64})","writer":"([a-z0-9]{4,32})","seq":([1-9][0-9]{0,17}),'
    rb'"time":"([0-9TZ:.-]{20,32})","kind":"([a-z_.]{1,32})"[,}]',
    re.ASCII,
)


class Link(NamedTuple):
    """The top of a line: the hash of the line before it, in hexadecimal, whose line it is, its number from 1, when it
    was written (as it stands there), and what it is about (`entries.Kind`)."""

    prev: str
    writer: str
    seq: int
    time: str
    kind: str


def leaf(line: bytes) -> bytes:
    """The hash of a line without its line feed: that of a leaf in the tree (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\0" + line).digest()


def line_of(prev: str, writer: str, seq: int, body: bytes) -> bytes:
    """A line without its line feed; `body` is a JSON object that begins with `time` and `kind`."""
    return b'{"prev":"%s","writer":"%s","seq":%d,%s' % (prev.encode(), writer.encode(), seq, body[1:])


def link_of(line: bytes) -> Link | None:
    """The top of a line; None if it is no line of a journal."""
    top = _TOP.match(line)
    if top is None or not line.endswith(b"}"):
        return None
    return Link(top[1].decode(), top[2].decode(), int(top[3]), top[4].decode(), top[5].decode())
