"""Verify a journal of so many lines; print lines per CPU second, and how much memory that took.

python benchmarks/journal_verify.py [LINES [BYTES]]: segments as a server leaves them, plain and compressed, of lines as
long as that of a decision (560 bytes with its chain), each signed, and stored in SQLite. What grows with the number of
lines is seen by running it with two.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from remit.adapters.db import open_database
from remit.adapters.db.database import Database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.journal.book import event, words_by
from remit.adapters.journal.compressing import compress
from remit.adapters.journal.layout import segments
from remit.adapters.journal.ledger import open_ledger
from remit.adapters.journal.seals import Seals
from remit.adapters.journal.signing import signer_in, trusted_in
from remit.adapters.journal.storing import Storing
from remit.adapters.journal.verifying import verified
from remit.core.journal.entries import Kind
from remit.core.journal.verifying import Notice, Tally

TIME = "2026-11-30T12:00:00.000000Z"
SEGMENT = 100_000
"""Lines of a segment; of one of 64 MiB there are about 120,000."""


def made(root: Path, lines: int, size: int, packed: bool) -> tuple[Path, Database]:
    """A journal of one writer."""
    directory, database = root / "journal", open_database(sqlite_url(root / "remit.db"))
    ledger, signer = open_ledger(directory), signer_in(root)
    seals = Seals(directory, signer, trusted_in(root))
    pad = "x" * max(0, size - 220)
    bodies = (
        event(TIME, Kind.DECISION, {"op": "evaluate", "caller": "user:ada", "number": number, "pad": pad})
        for number in range(lines)
    )
    left = lines
    while left > 0:
        for _ in range(0, min(SEGMENT, left), 1_000):
            ledger.append(list(islice(bodies, 1_000)), durable=False)
        left -= SEGMENT
        closed = ledger.close(words_by(lambda: TIME).closed)
        seals.sign(closed)
        if packed:
            compress(closed.path)
    ledger.release()
    Storing(directory, trusted_in(root), database.checkpoints).all_of(ledger.writer, quiet=False)
    return directory, database


def measure(root: Path, lines: int) -> dict[str, float]:
    """What it takes to verify that many, in this process alone."""
    directory, database = root / "journal", open_database(sqlite_url(root / "remit.db"))
    keys = trusted_in(root)
    before = peak()
    began = time.process_time()
    found = list(verified(directory, keys, database.checkpoints, None, lambda *_: None))
    seconds = time.process_time() - began
    grown = peak() - before
    (tally,) = (each for each in found if isinstance(each, Tally))
    assert not [each for each in found if isinstance(each, Notice)]
    assert tally.lines > lines and not tally.unsigned
    database.close()
    return {
        "lines_per_cpu_second": round(lines / seconds),
        "memory_grew_mb": round(grown / 1024, 1),
        "peak_mb": round(peak() / 1024),
    }


def peak() -> int:
    """The most kilobytes that this process has ever had; what `getrusage` says is also that of whoever started it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


def report(lines: int, size: int, packed: bool) -> dict[str, Any]:
    """Make a journal, and have it verified by another process."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        directory, database = made(root, lines, size, packed)
        database.close()
        (writer,) = (path.name for path in directory.iterdir())
        on_disk = sum(segment.path.stat().st_size for segment in segments(directory, writer))
        command = [sys.executable, __file__, "--verify", name, str(lines)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {"compressed": packed, "lines": lines, "bytes_a_line_on_disk": round(on_disk / lines), **json.loads(said)}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--verify"]:
        print(json.dumps(measure(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        number = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
        size = int(sys.argv[2]) if len(sys.argv) > 2 else 560
        for packed in (False, True):
            print(json.dumps(report(number, size, packed)))
