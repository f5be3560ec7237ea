"""What came of a replay: for people, for scripts and for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from remit.cli.render import safe
from remit.core.journal.replaying import Replay
from remit.core.names import counted
from remit.core.times import format_instant

AGAIN_SHEET = ("id", "time", "where", "recorded", "found")

_LEFT = {
    "unanswered": "got no answer: refused, failed, or behind the end of a batch",
    "invalid": "were no questions",
    "undecided": "could not be decided then",
    "missing": "spoke of a thing that was not there",
    "list": "were answered by a list of the catalog, which is not in the journal",
}
"""Why something was not decided again, as words that follow a number."""


def again_lines(replay: Replay, unknown: Mapping[str, str]) -> Iterator[str]:
    """For people. `unknown` says why a revision is not to be had."""
    for each in replay.differences:
        what = f"{each.where}: {each.recorded} on record, {each.found} by its revision"
        yield safe(f"! {each.id}  {format_instant(each.time)}  {what}")
    if (more := replay.differing - len(replay.differences)) > 0:
        yield f"  … and {counted(more, 'difference')} more; `--all` has them all"
    same = "all of them as on record" if not replay.differing else counted(replay.differing, "difference")
    same = same if replay.answers else "nothing was decided again"
    revisions = counted(len(replay.revisions), "revision")
    yield f"{counted(replay.answers, 'answer')} of {counted(replay.lines, 'line')} by {revisions}: {same}"
    for reason, number in sorted(replay.left.items()):
        yield safe(f"  not decided again: {number:,} {_LEFT.get(reason, reason)}")
    for revision, number in sorted(replay.unknown.items()):
        why = unknown.get(revision, "")
        yield safe(f"  not replayable: {counted(number, 'line')} by revision {revision[:12] or 'none'}: {why}")


def again_json(replay: Replay, unknown: Mapping[str, str]) -> dict[str, Any]:
    """For scripts."""
    return {
        "lines": replay.lines,
        "answers": replay.answers,
        "revisions": sorted(replay.revisions),
        "identical": not replay.differing,
        "differing": replay.differing,
        "differences": [each._asdict() | {"time": format_instant(each.time)} for each in replay.differences],
        "not_decided_again": dict(sorted(replay.left.items())),
        "not_replayable": [
            {"revision": revision, "lines": number, "why": unknown.get(revision, "")}
            for revision, number in sorted(replay.unknown.items())
        ],
    }


def again_rows(replay: Replay) -> Iterator[tuple[object, ...]]:
    """The differences, as rows under AGAIN_SHEET."""
    for each in replay.differences:
        yield each.id, format_instant(each.time), each.where, each.recorded, each.found
