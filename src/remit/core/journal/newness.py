"""Which lines of a policy are newer than a time: whoever was given something yesterday may well need it tomorrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from remit.core.findings import Report, Source
from remit.core.form import canonical
from remit.core.journal.support import lines_of
from remit.core.model import Origin, Permission
from remit.core.names import fields_of
from remit.core.policy import Policy
from remit.core.reader import rows

_GIVING = tuple(f"policies/{name}.csv" for name in ("roles", "service_roles", "groups", "access_rules"))
_SAYING = 6  # cells; those behind them are for the reader's eyes

Said = tuple[str, ...]


def begun_since(policy: Policy, time: int) -> set[Origin]:
    """The access rules and memberships that count only since later than this time, or will."""
    return {line.origin for line in lines_of(policy) if not isinstance(line, Permission) and line.since > time}


def come_since(files: Mapping[str, bytes], past: Iterable[Mapping[str, bytes]]) -> set[Origin]:
    """The lines of a policy that were not there in each of these others, which were live one after the other. A line
    goes by what it says, wherever it stands; its ticket, its approver and its reason may be others."""
    read: dict[tuple[str, bytes], dict[Origin, Said]] = {}

    def said(some: Mapping[str, bytes]) -> Iterator[tuple[Origin, Said]]:
        for name in _GIVING:
            key = (name, some.get(name, b""))
            if key not in read:
                read[key] = dict(_said(*key))
            yield from read[key].items()

    found = dict(said(files))
    there = set(found.values())
    for each in past:
        there &= {line for _, line in said(each)}
    return {origin for origin, line in found.items() if line not in there}


def _said(name: str, data: bytes) -> Iterator[tuple[Origin, Said]]:
    for number, fields in rows(Source(name, data), Report()):
        line = canonical(name, f"{','.join(fields)}\n".encode()).decode().strip()
        cells = fields_of(line)[:_SAYING]
        while not cells[-1]:
            cells.pop()
        yield Origin(name, number), tuple(cells)
