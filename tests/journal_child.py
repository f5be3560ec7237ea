"""A process that keeps a journal until it is killed: it says the number of each record once that is kept for good.

python tests/journal_child.py DIRECTORY FIRST
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from remit.adapters.journal.book import kept_in
from remit.adapters.journal.committer import Keeping
from remit.core.model import Actor
from remit.journaling import now
from remit.service.operations import PolicyStatus
from remit.service.recording import body_of
from remit.service.records import Record

TASKS = 16
"""Requests that are under way at the same time."""


async def _work(directory: Path, first: int) -> None:
    numbers = iter(range(first, 10**9))
    with kept_in(directory, Keeping(True, True, 20_000), body_of, now, lambda _: None) as book:

        async def one() -> None:
            while True:
                number = next(numbers)
                kept = book.record(Record(number, Actor(f"user:{number}"), PolicyStatus(), "0" * 64, None))
                assert kept is not None
                await kept
                os.write(1, b"%d\n" % number)

        await asyncio.gather(*[one() for _ in range(TASKS)])


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1]), int(sys.argv[2])))
