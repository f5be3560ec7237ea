"""What came out of trying a policy's cases, for people, for scripts and as notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from remit.cli.render import columns, safe
from remit.cli.sinks import Level, Notice
from remit.core.bending import Bent
from remit.core.coverage import Covered, ranges
from remit.core.model import Origin
from remit.core.mutation import Fate, Tried
from remit.core.policy import CASES
from remit.core.times import format_instant
from remit.core.trial import Outcome

MOST_SHOWN = 200
"""Lines with changes that no case notices, as text; JSON has them all."""

HELPS = {
    "case-failed": "The policy does not decide what this case says. One of them is wrong.",
    "line-uncovered": "No case is allowed by this line. Write one that is, or take the line out.",
    "change-unnoticed": "Somebody could write this line otherwise and every case would pass. Write one that does not.",
    "too-little": "The cases cover or notice less of the policy than is due.",
}
"""A sentence for each code of a notice."""
_TITLES = {code: code.replace("-", " ") for code in HELPS}


class Tested(NamedTuple):
    """What came out. `covered` and `tried` are None where they were not asked for; `due` is in percent; `skipped`:
    they were, but a case failed. `judged_at` in microseconds since 1970, UTC."""

    revision: str
    judged_at: int
    outcomes: tuple[Outcome, ...]
    covered: tuple[Covered, ...] | None = None
    tried: tuple[Tried, ...] | None = None
    due: float | None = None
    skipped: bool = False

    @property
    def failed(self) -> list[Outcome]:
        """The cases that did not come out as written."""
        return [outcome for outcome in self.outcomes if not outcome.passed]

    @property
    def lacking(self) -> list[str]:
        """What is below what is due, in words."""
        shares: dict[str, float] = {}
        if self.covered is not None:
            shares["coverage"] = _coverage_share(self.covered)
        if self.tried is not None:
            shares["score"] = _score(self.tried)
        low = {what: share for what, share in shares.items() if share < (self.due or 0)}
        return [f"the {what} is {share:.1f} %; {self.due:g} % are due" for what, share in low.items()]


def tested_lines(tested: Tested) -> Iterator[str]:
    """What came out, as a person reads it."""
    yield from (safe(f"{_place(outcome.origin)}: {outcome.fault}") for outcome in tested.failed)
    yield f"{len(tested.outcomes) - len(tested.failed)} passed, {len(tested.failed)} failed"
    if tested.skipped:
        yield "nothing more is told of cases that fail: mend these first"
    if tested.covered is not None:
        lines = sum(len(each.covered) for each in tested.covered), sum(each.total for each in tested.covered)
        yield f"coverage {_coverage_share(tested.covered):.1f} %: cases rest on {lines[0]:,} of {lines[1]:,} lines"
        rows = [
            (f"  {each.file}", f"{len(each.covered):,}/{each.total:,}", _runs(each.uncovered))
            for each in tested.covered
        ]
        yield from columns(("  file", "lines", "not rested on"), rows)
    if tested.tried is not None:
        yield from _mutation_lines(tested.tried)
    yield from tested.lacking


def _mutation_lines(tried: tuple[Tried, ...]) -> Iterator[str]:
    counts = Counter(each.fate for each in tried)
    yield (
        f"score {_score(tried):.1f} %: of {len(tried):,} changes {counts[Fate.NOTICED]:,} fail a case, "
        f"{counts[Fate.REFUSED]:,} would not load, {counts[Fate.EQUAL]:,} alter no decision, "
        f"{counts[Fate.UNNOTICED]:,} go unnoticed"
    )
    survivors = _survivors(tried)
    rows = [
        (f"  {origin}", changes[0].was.line(), "; ".join(each.change for each in changes))
        for origin, changes in survivors.items()
    ]
    if rows:
        yield from columns(("  line", "as it stands", "unnoticed"), rows[:MOST_SHOWN])
    if len(rows) > MOST_SHOWN:
        yield f"  and {len(rows) - MOST_SHOWN:,} more lines; `--format json` lists all"


def _survivors(tried: tuple[Tried, ...]) -> dict[Origin, list[Bent]]:
    """The changes that no case notices, by line."""
    found: dict[Origin, list[Bent]] = {}
    for change, fate in tried:
        if fate is Fate.UNNOTICED:
            found.setdefault(change.was.origin, []).append(change)
    return dict(sorted(found.items()))


def _coverage_share(covered: tuple[Covered, ...]) -> float:
    """Lines that a case rests on, in percent."""
    total = sum(each.total for each in covered)
    return 100 * sum(len(each.covered) for each in covered) / total if total else 100.0


def _score(tried: tuple[Tried, ...]) -> float:
    """Changes that a case or the reader notices, in percent of those that alter a decision."""
    counts = Counter(each.fate for each in tried)
    altering = len(tried) - counts[Fate.EQUAL]
    return 100 * (counts[Fate.NOTICED] + counts[Fate.REFUSED]) / altering if altering else 100.0


def _runs(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges(numbers))


def _place(origin: Origin) -> str:
    """A line of a file; 0 stands for all of it."""
    return str(origin) if origin.line else origin.file


def tested_json(tested: Tested) -> dict[str, Any]:
    """What came out, for scripts."""
    failed = [{"file": o.origin.file, "line": o.origin.line, "fault": o.fault} for o in tested.failed]
    found: dict[str, Any] = {
        "format_version": "1.0",
        "cases": len(tested.outcomes),
        "failed": failed,
        "lacking": tested.lacking,
        "revision": tested.revision,
        "judged_at": format_instant(tested.judged_at),
    }
    if tested.covered is not None:
        files = [each._asdict() | {"total": each.total} for each in tested.covered]
        found["coverage"] = {"percent": round(_coverage_share(tested.covered), 2), "files": files}
    if tested.tried is not None:
        counts = Counter(each.fate for each in tested.tried)
        found["mutation"] = {
            "score": round(_score(tested.tried), 2),
            "changes": len(tested.tried),
            **{str(fate): counts[fate] for fate in Fate},
            "left": [_left(each) for each in tested.tried if each.fate in (Fate.UNNOTICED, Fate.EQUAL)],
        }
    return found


def _left(tried: Tried) -> dict[str, Any]:
    """A change that fails no case."""
    was, now, change = tried.change
    return {
        "file": was.origin.file,
        "line": was.origin.line,
        "text": was.line(),
        "bent": None if now is None else now.line(),
        "change": change,
        "fate": str(tried.fate),
    }


def notices(tested: Tested) -> Iterator[Notice]:
    """What came out, as notices at the lines concerned; files as the policy names them."""
    for outcome in tested.failed:
        yield _notice(outcome.origin, Level.ERROR, "case-failed", outcome.fault)
    for lack in tested.lacking:
        yield _notice(Origin(CASES.rstrip("/"), 0), Level.ERROR, "too-little", lack)
    for covered in tested.covered or ():
        for first, last in ranges(covered.uncovered):
            lines = f"line {first}" if first == last else f"lines {first} to {last}"
            yield _notice(Origin(covered.file, first), Level.NOTE, "line-uncovered", f"no case rests on {lines}")
    for origin, changes in _survivors(tested.tried or ()).items():
        said = "; ".join(change.change for change in changes)
        message = f"no case notices `{changes[0].was.line()}` {said}"
        yield _notice(origin, Level.WARNING, "change-unnoticed", message)


def _notice(origin: Origin, level: Level, code: str, message: str) -> Notice:
    return Notice(origin.file, origin.line, 0, 0, level, code, _TITLES[code], message)
