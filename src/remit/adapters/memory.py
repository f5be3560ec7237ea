"""Ports answered from memory: the policy a process was started with, and a journal of its last records."""

from __future__ import annotations

from collections import deque

from remit.core.snapshot import Snapshot
from remit.service.ports import Record


class StartedWith:
    """The policy that the process was started with."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def current(self) -> Snapshot:
        """The one snapshot there is."""
        return self._snapshot


class RingJournal:
    """The last records, in memory, until the journal lands on disk."""

    def __init__(self, size: int = 256) -> None:
        self.records: deque[Record] = deque(maxlen=size)
        self.record = self.records.append
