"""What a change of policy would answer otherwise of what was asked before: the part of a plan that `--replay` adds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remit.cli.journal.flip_text import asked_words, flip_json, in_order, times, totals
from remit.cli.render import safe
from remit.cli.sinks import cell
from remit.core.journal.flips import Tally
from remit.core.names import counted
from remit.core.times import format_instant

MOST_TOLD, MOST_WRITTEN = 10, 1_000
"""Sorts of flips that people are told, and that scripts get."""


def replayed_lines(tally: Tally) -> Iterator[str]:
    """For a terminal."""
    yield from (safe(f"  {sign} {sentence}") for sign, sentence in _sentences(tally))
    yield from (f"  … {more}" for more in _more(tally))
    yield safe(_summary(tally))


def replayed_markdown(tally: Tally) -> Iterator[str]:
    """For a pull request."""
    yield ""
    yield cell(_summary(tally))
    yield ""
    yield from (f"- {'➕' if sign == '+' else '➖'} {cell(sentence)}" for sign, sentence in _sentences(tally))
    yield from (f"- … {cell(more)}" for more in _more(tally))


def replayed_json(tally: Tally) -> dict[str, Any]:
    """For scripts."""
    return {
        "since": None if tally.first is None else format_instant(tally.first),
        "answers": tally.answers,
        "deny_to_allow": tally.to_allow,
        "allow_to_deny": tally.to_deny,
        "not_replayable": tally.left,
        "not_told_apart": tally.untold,
        "flips": flip_json(tally, MOST_WRITTEN),
    }


def _summary(tally: Tally) -> str:
    if tally.first is None:
        return "nothing is on record to be asked again"
    asked = f"over {counted(tally.answers, 'recorded answer')} since {format_instant(tally.first)}"
    return f"{asked}: {totals(tally)}, {tally.left:,} not replayable"


def _sentences(tally: Tally) -> Iterator[tuple[str, str]]:
    """The sorts that are asked most, as sign and sentence."""
    for sort, flipped in in_order(tally)[:MOST_TOLD]:
        was, would = ("denied", "allowed") if sort.allowed else ("allowed", "denied")
        asked = f"`{sort.subject}` was {was} `{sort.action} {sort.kind}` {times(flipped.count)} and would be {would}"
        yield "+" if sort.allowed else "-", f"{asked}, such as {flipped.id}: {asked_words(flipped.question)}"


def _more(tally: Tally) -> Iterator[str]:
    """What of it is not told."""
    if len(tally.sorts) > MOST_TOLD:
        has = "them all" if len(tally.sorts) <= MOST_WRITTEN else f"{MOST_WRITTEN:,} sorts"
        yield f"and {counted(len(tally.sorts) - MOST_TOLD, 'sort')} of flips more; `--format json` has {has}"
    if tally.untold:
        yield f"and {counted(tally.untold, 'flip')} of so many other sorts that they are not told apart"
