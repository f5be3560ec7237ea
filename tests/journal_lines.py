"""Journals to read: written line by line with real ledgers, with the times and the writers that a test wants."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from remit.adapters.journal.layout import segments
from remit.adapters.journal.ledger import Ledger, open_ledger
from remit.core.journal.entries import Kind
from remit.core.journal.spelling import harmless
from remit.service.recording import told_time

START = 1_767_300_000_000_000
"""When these journals begin: microseconds since 1970."""

SECOND = 1_000_000
REVISION = "5" * 64


def decision(second: float = 0, subject: str = "user:ada", verdict: str = "allow", **more: Any) -> dict[str, Any]:
    """What a line says of one decision, so many seconds after the start."""
    item = {"subject": subject, "action": "use", "kind": "environment", "id": "seen", "verdict": verdict}
    item |= {"code": "granted" if verdict == "allow" else "no-role-here", **more.pop("item", {})}
    return record(second, items=[item], **more)


def record(second: float = 0, kind: str = "decision", **more: Any) -> dict[str, Any]:
    """What a line says of whatever."""
    at = told_time(START + int(second * SECOND))
    body = {"time": at, "kind": kind, "op": "evaluate", "caller": "application:tests", "revision": REVISION}
    return {**body, "instant": at, "us": 7, "permitted": True, **more}


def event(second: float, kind: str, **more: Any) -> dict[str, Any]:
    """What a line says of something else."""
    return {"time": told_time(START + int(second * SECOND)), "kind": kind, **more}


def body_of(said: Mapping[str, Any]) -> bytes:
    """The body of a line, as the journal spells it."""
    return harmless(msgspec.json.encode(said))


class Writing:
    """One writer at work."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ledger: Ledger = open_ledger(directory)

    @property
    def writer(self) -> str:
        return self.ledger.writer

    def write(self, *said: Mapping[str, Any]) -> list[str]:
        """Write lines; what they are called."""
        before = self.ledger._seq
        self.ledger.append([body_of(each) for each in said], durable=False)
        return [f"{self.writer}-{before + number}" for number in range(len(said))]

    def roll(self, second: float = 0) -> None:
        """End the segment."""
        time = told_time(START + int(second * SECOND))
        self.ledger.close(
            lambda lines, root: body_of({"time": time, "kind": Kind.CLOSED, "lines": lines, "root": root.hex()})
        )

    def release(self) -> None:
        self.ledger.release()


def compressed(directory: Path, writer: str, *numbers: int) -> None:
    """Compress segments, by their place in order."""
    there = [segment for segment in segments(directory, writer) if not segment.compressed]
    for number in numbers:
        path = there[number].path
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()


def written(directory: Path, *said: Mapping[str, Any]) -> str:
    """A journal of one writer with these lines; the writer."""
    writing = Writing(directory)
    writing.write(*said)
    writing.release()
    return writing.writer


def ids(found: Sequence[Any]) -> list[str]:
    """What entries are called."""
    return [entry.id for entry in found]
