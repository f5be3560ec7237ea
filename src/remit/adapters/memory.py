"""A journal of the last records, in memory."""

from __future__ import annotations

from collections import deque

from remit.service.ports import Record


class RingJournal:
    """The last records, in memory: nothing on disk, and nothing to wait for."""

    def __init__(self, size: int = 256) -> None:
        self.records: deque[Record] = deque(maxlen=size)
        self.record = self.record_and_wait = self.records.append
