"""Recorded answers that another policy would change: for people, for scripts and for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from remit.cli.render import ground_table, safe
from remit.core.journal.flips import Flipped, Sort, Tally
from remit.core.model import Explanation, Question
from remit.core.names import counted
from remit.core.times import format_instant
from remit.core.told import ground_json

FLIP_SHEET = (
    "subject", "action", "kind", "from", "to", "was", "becomes", "count", "first", "last", "example", "id", "home",
    "place", "reason_before", "reason_after", "lines_before", "lines_after",
)  # fmt: skip

_WORDS = {True: "allow", False: "deny"}


def flip_lines(tally: Tally, most: int | None) -> Iterator[str]:
    """For people: the sorts that are asked for most often, both reasons with each."""
    sorts = in_order(tally)
    for sort, flipped in sorts[:most]:
        change = f"{_WORDS[not sort.allowed]} → {_WORDS[sort.allowed]}"
        when = format_instant(flipped.first)
        when += f" to {format_instant(flipped.last)}" if flipped.last > flipped.first else ""
        yield safe(f"{sort.subject} {sort.action} {sort.kind}: {change}, {times(flipped.count)}, {when}")
        yield safe(f"  such as {flipped.id}: {asked_words(flipped.question)}")
        yield from _reason("was", sort.was, flipped.before)
        yield from _reason("would be", sort.becomes, flipped.after)
    if most is not None and len(sorts) > most:
        yield f"  … and {counted(len(sorts) - most, 'sort')} of flips more; `--all` has them all"
    if tally.untold:
        yield f"  … and {tally.untold:,} flips of so many other sorts that they are not told apart"


def totals(tally: Tally) -> str:
    """How many, in a line."""
    return f"{tally.to_allow:,} deny→allow, {tally.to_deny:,} allow→deny"


def times(count: int) -> str:
    """How often, in words."""
    return "once" if count == 1 else f"{count:,} times"


def flip_json(tally: Tally, most: int | None) -> list[dict[str, Any]]:
    """The sorts for scripts."""
    return [_sort_json(sort, flipped) for sort, flipped in in_order(tally)[:most]]


def flip_rows(tally: Tally) -> Iterator[tuple[object, ...]]:
    """The sorts as rows under FLIP_SHEET."""
    for sort, flipped in in_order(tally):
        asked = flipped.question
        yield (
            *sort[:3], _WORDS[not sort.allowed], _WORDS[sort.allowed], sort.was, sort.becomes, flipped.count,
            format_instant(flipped.first), format_instant(flipped.last), flipped.id, asked.id,
            asked.known or asked.declared, asked.place, _sentence(flipped.before), _sentence(flipped.after),
            _places(flipped.before), _places(flipped.after),
        )  # fmt: skip


def in_order(tally: Tally) -> list[tuple[Sort, Flipped]]:
    """What would be allowed first, and of that what is asked most."""
    return sorted(tally.sorts.items(), key=lambda each: (not each[0].allowed, -each[1].count, each[0]))


def asked_words(question: Question) -> str:
    """What was asked, but for who and what."""
    thing = question.kind if question.id is None else f"{question.kind}:{question.id}"
    home = question.known or question.declared
    parts = [thing, f"in {home}" if home else "", f"at {question.place}" if question.place else ""]
    parts.append(f"with {', '.join(question.groups)}" if question.groups else "")
    return ", ".join(part for part in parts if part)


def _reason(lead: str, code: str, why: Explanation | None) -> Iterator[str]:
    yield safe(f"  {lead}: {'; '.join(part for part in (code, _sentence(why)) if part) or 'nobody knows why'}")
    if why is not None:
        yield from ground_table(why.lines)


def _sentence(why: Explanation | None) -> str:
    return "" if why is None else why.sentence


def _places(why: Explanation | None) -> str:
    return "" if why is None else " ".join(str(line.origin) for line in why.lines)


def _sort_json(sort: Sort, flipped: Flipped) -> dict[str, Any]:
    return {
        "subject": sort.subject,
        "action": sort.action,
        "kind": sort.kind,
        "from": _WORDS[not sort.allowed],
        "to": _WORDS[sort.allowed],
        "was": sort.was,
        "becomes": sort.becomes,
        "count": flipped.count,
        "first": format_instant(flipped.first),
        "last": format_instant(flipped.last),
        "example": {"line": flipped.id, **_asked_json(flipped.question)},
        "reason_before": _reason_json(flipped.before),
        "reason_after": _reason_json(flipped.after),
    }


def _asked_json(asked: Question) -> dict[str, Any]:
    told = asked._asdict() | {"groups": list(asked.groups), "when": format_instant(asked.when)}
    return {name: value for name, value in told.items() if value is not None}


def _reason_json(why: Explanation | None) -> dict[str, Any] | None:
    if why is None:
        return None
    lines: Iterable[Any] = why.lines
    return {"revision": why.revision, "sentence": why.sentence, "lines": [ground_json(line) for line in lines]}
