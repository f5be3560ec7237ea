"""The last policy that was live, on local disk: what a server starts by while its source is out of reach.

One private file, written in one step, which says by itself whether it is whole, and whose source it is of. Its instant
of change is when the source was last in reach.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from remit.adapters.policy_archive import Damaged, packed, unpacked
from remit.adapters.private_files import read_private, write_private
from remit.core.history import How, Provenance
from remit.core.names import quoted
from remit.errors import Misconfigured

_EACH = 1.0
"""Seconds between two notes that the source is in reach."""


class Good(NamedTuple):
    """A policy that was live: its files, what its source told of it (its number in the log included), and when that
    was last in reach (microseconds since 1970, UTC)."""

    files: dict[str, bytes]
    came: Provenance
    seen: int


class LastGood:
    """The file of one server. `source` names where its policies come from."""

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source
        self._confirmed = 0.0

    def write(self, files: Mapping[str, bytes], came: Provenance) -> None:
        """These files are live. Raises Misconfigured if that cannot be written."""
        write_private(self._path, packed(files, {"source": self._source, **came._asdict()}))
        self._confirmed = time.monotonic()

    def confirm(self) -> None:
        """The source is in reach, and what is written here is live still. What cannot be noted is not: then the policy
        counts as older than it is."""
        if time.monotonic() - self._confirmed >= _EACH:
            self._confirmed = time.monotonic()
            try:
                os.utime(self._path)
            except OSError:
                return

    def read(self) -> Good | None:
        """What was live last; None if nothing was.

        Raises Misconfigured if it is damaged, is of another source, or may be read or written by others.
        """
        data = read_private(self._path)
        if data is None:
            return None
        try:
            files, notes = unpacked(data)
            source, came = notes.pop("source"), _provenance(notes)
            seen = self._path.stat().st_mtime_ns // 1_000
        except (Damaged, KeyError, ValueError, TypeError, OSError) as error:
            advice = "remove it, and start again when the source is in reach"
            raise Misconfigured(f"`{self._path}` is damaged ({error}); {advice}") from None
        if source != self._source:
            raise Misconfigured(
                f"`{self._path}` is of {quoted(str(source))}, and this server's source is {quoted(self._source)}"
            )
        return Good(files, came, seen)


def _provenance(notes: dict[str, Any]) -> Provenance:
    return Provenance(**{**notes, "how": How(notes["how"])})
