"""One breach of a constraint, and the words in which it is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from remit.core.constraints import Right
from remit.core.model import Ground
from remit.core.names import quoted

_MOST_SCOPES = 3  # that a sentence names; the lines name them all


class Breach(NamedTuple):
    """Somebody breaks a constraint from `since` until `until`: what they do (`verb` and `what`), in which scopes, and
    by which lines. `crowd`: how many at once at most, where it is their number that breaks it; else 0."""

    who: tuple[str, ...]
    since: int
    until: int
    verb: str
    what: str
    where: tuple[str, ...]
    lines: tuple[Ground, ...]
    crowd: int = 0


class Fault(NamedTuple):
    """What is wrong with one subject at one instant."""

    verb: str
    what: str
    where: tuple[str, ...]
    lines: tuple[Ground, ...]


def over_time(
    subject: str, stretches: Iterable[tuple[int, int]], fault_at: Callable[[int], Fault | None]
) -> Iterator[Breach]:
    """What is wrong with a subject, stretch by stretch; neighbours with the same fault are one."""
    open_: Breach | None = None
    for since, until in stretches:
        fault = fault_at(since)
        if open_ is not None and fault is not None and open_[3:6] == fault[:3]:
            open_ = open_._replace(until=until, lines=(*open_.lines, *fault.lines))
            continue
        if open_ is not None:
            yield open_
        open_ = None if fault is None else Breach((subject,), since, until, *fault)
    if open_ is not None:
        yield open_


def is_group(subject: str) -> bool:
    """Is this a group, whose members also come with tokens?"""
    return subject.startswith("group:")


def doing(right: Right, scopes: tuple[str, ...]) -> str:
    """A right and where it is had, for a sentence."""
    return f"{right.action} {right.kind} {within(scopes)}"


def within(scopes: tuple[str, ...]) -> str:
    """Scopes, at least one, for a sentence."""
    some = [quoted(scope) for scope in scopes[:_MOST_SCOPES]]
    if len(scopes) > _MOST_SCOPES:
        some.append(f"{len(scopes) - _MOST_SCOPES:,} more")
    return "in " + (f"{', '.join(some[:-1])} and {some[-1]}" if len(some) > 1 else some[0])
