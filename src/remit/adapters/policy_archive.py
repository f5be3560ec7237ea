"""The files of a policy as one piece of bytes, which says by itself whether it is whole."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from remit.core.names import quoted
from remit.core.policy import revision_of
from remit.errors import RequestInvalid

_FIRST = b"remit policy 1\n"
_FAST = 3
"""zlib's level: twice as fast as its usual one for a tenth more bytes."""

MOST_BYTES = 1 << 30
"""Bytes that an archive may unfold to: more than any policy that the reader takes."""


class Damaged(ValueError):
    """Bytes that are no archive, or not what was packed."""


def packed(files: Mapping[str, bytes], notes: Mapping[str, Any] | None = None) -> bytes:
    """These files under any names, and notes beside them (anything JSON says), as bytes.

    Raises RequestInvalid if a name is no text.
    """
    names = sorted(files)
    if broken := [name for name in names if any("\ud800" <= char <= "\udfff" for char in name)]:
        raise RequestInvalid(f"{quoted(broken[0])} is no name that a file of a policy can have")
    contents = [[name, len(files[name])] for name in names]
    head = {"revision": revision_of(files), "files": contents, "notes": dict(notes or {})}
    line = json.dumps(head, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
    return _FIRST + zlib.compress(b"".join((line, *(files[name] for name in names))), _FAST)


def unpacked(data: bytes) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files and the notes, byte for byte. Raises Damaged if anything at all is not as it was packed."""
    if not data.startswith(_FIRST):
        raise Damaged("it does not begin as an archive does")
    try:
        opener = zlib.decompressobj()
        text = opener.decompress(data[len(_FIRST) :], MOST_BYTES)
        if not opener.eof or opener.unused_data:
            raise Damaged("it ends before its end, or goes on behind it")
        line, _, rest = text.partition(b"\n")
        head = json.loads(line)
        files, at = {}, 0
        for name, size in head["files"]:
            files[name] = rest[at : at + size]
            at += size
        whole = at == len(rest) and revision_of(files) == head["revision"]
        notes = dict(head["notes"])
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise error if isinstance(error, Damaged) else Damaged("it cannot be read") from None
    if not whole:
        raise Damaged("its files are not those that its revision stands for")
    return files, notes
