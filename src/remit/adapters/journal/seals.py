"""Segments signed: never what is at odds with anything that was signed of them before."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from remit.adapters.journal import checkpoints
from remit.adapters.journal.ledger import Closed
from remit.adapters.journal.signing import Signer
from remit.adapters.private_files import put_private
from remit.core.journal.chain import leaf
from remit.core.journal.merkle import root_of
from remit.core.journal.notes import Checkpoint, Key, origin_of
from remit.errors import JournalDamaged

log = logging.getLogger("remit")


class Seals:
    """Signs segments with one key, below one directory; `keys` are trusted, this one among them."""

    def __init__(self, directory: Path, signer: Signer, keys: Sequence[Key]) -> None:
        self.key = signer.key
        self._directory, self._signer, self._keys = directory, signer, tuple(keys)
        self._last: Checkpoint | None = None

    def sign(self, part: Closed) -> bool:
        """Sign a segment, unless that was done; False, and shouted about, if it is not what was signed of it before.

        Raises OSError.
        """
        path = self._file(part.writer, part.first)
        made = Checkpoint(origin_of(part.writer, part.first), part.size, part.root)
        try:
            there = checkpoints.read(path, part.writer, part.first, self._keys)
            if there is not None and there.checkpoint == made:
                return True
            if there is not None:
                self._goes_on(there.checkpoint, part)
        except JournalDamaged as error:
            said = "THE JOURNAL IS DAMAGED, and `%s` is not signed anew: %s; run `remit journal verify`"
            log.error(said, path, error)
            return False
        put_private(path, self._signer.signed(made.text))
        self._last = made
        return True

    def signed_last(self, writer: str) -> bool:
        """Is the latest segment of a writer of which anything is signed signed by this key?"""
        with suppress(OSError, JournalDamaged):
            for first in reversed(checkpoints.files(self._directory, writer)):
                return checkpoints.read(self._file(writer, first), writer, first, (self.key,)) is not None
        return False

    def _goes_on(self, before: Checkpoint, part: Closed) -> None:
        """Raises JournalDamaged unless the lines that were signed are the first ones of those that are there."""
        if before == self._last:
            return  # signed by this process, which has only added lines since
        if part.size < before.size:
            raise JournalDamaged(f"{before.size:,} lines of it were signed, and {part.size:,} are there")
        with part.path.open("rb") as file:
            leaves = [leaf(line.removesuffix(b"\n")) for line in islice(file, before.size)]
        if root_of(leaves) != before.root:
            raise JournalDamaged(f"its first {before.size:,} lines are not those that were signed")

    def _file(self, writer: str, first: int) -> Path:
        return self._directory / writer / f"{first:012d}.checkpoint"
