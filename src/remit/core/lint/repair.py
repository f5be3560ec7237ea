"""What `remit lint --fix` does to a policy, and the gate that it has to pass before anything is written.

Repaired is what has one reading only: what spreadsheets and editors do to a file (`damage`), and lines that stand twice
word for word. What loads is written in canonical form (`form`). A policy that loads means the same afterwards; one that
does not loads then, or has fewer errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from remit.core.findings import Finding, total
from remit.core.form import canonical, case_sayings
from remit.core.lint import lint
from remit.core.lint.book import TABLES, Book
from remit.core.lint.damage import mended
from remit.core.lint.pages import PAGES
from remit.core.lint.repeats import repeats
from remit.core.policy import Policy, read_policy
from remit.errors import PolicyInvalid


class Repair(NamedTuple):
    """The files that a repair would change, as they would be. `refused` says why they may not be written, if so."""

    files: dict[str, bytes]
    refused: str | None


def repair(files: Mapping[str, bytes], now: int) -> Repair:
    """The policy without the damage that can be repaired safely, by the names of its files; `now` in microseconds."""
    after = {name: mended(name, data) for name, data in files.items()}
    after = _once(after, now)
    if _read(after)[0] is not None:
        after = {name: canonical(name, data) if name.endswith(".csv") else data for name, data in after.items()}
    changed = {name: data for name, data in after.items() if data != files[name]}
    return Repair(changed, gate(files, after) if changed else None)


def repairable(files: Mapping[str, bytes], findings: Sequence[Finding], now: int) -> set[tuple[str, str]]:
    """Of findings, the files and codes of which a repair leaves none."""
    likely = {(each.file, each.code) for each in findings if PAGES[each.code].repaired}
    mending = repair(files, now) if likely else Repair({}, None)
    if mending.refused or not mending.files:
        return set()
    return likely - {(each.file, each.code) for each in lint({**files, **mending.files}, now).findings}


def gate(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str | None:
    """Why the files `after` may not take the place of those `before`; None if they may."""
    was, errors = _read(before)
    now, left = _read(after)
    if was is not None:
        if now is None:
            return "the policy would not load any more"
        return None if meaning(was) == meaning(now) else "the policy would mean something else"
    if now is None and total(left) >= total(errors):
        return f"there would be no fewer errors than there are: {total(errors):,}"
    return None


def meaning(policy: Policy) -> tuple[Any, ...]:
    """All that a policy says, but not where it is written, nor how often, nor how it is spelled."""
    verbs = {
        (kind, action, verb.at_place, verb.meaning)
        for kind, some in policy.vocabulary.items()
        for action, verb in some.items()
    }
    homes = {(kind, id, scope) for kind, some in policy.homes.items() for id, (scope, _) in some.items()}
    return (
        verbs,
        {each[:4] for each in policy.permissions},
        policy.roles,
        {child: parent for child, (parent, _) in policy.parents.items()},
        {each[:4] for each in policy.memberships},
        {each[:5] for each in policy.access_rules},
        homes,
        tuple((type(each).__name__, each[:-1]) for each in policy.constraints),
        [list(case_sayings(suite)) for suite in policy.suites],
    )


def _read(files: Mapping[str, bytes]) -> tuple[Policy | None, tuple[Finding, ...]]:
    try:
        return read_policy(files), ()
    except PolicyInvalid as refused:
        return None, tuple(finding for finding in refused.findings if finding.is_error)


def _once(files: Mapping[str, bytes], now: int) -> dict[str, bytes]:
    """The files without lines that stand twice, word for word, in one table."""
    found: dict[str, set[int]] = {}
    for repeat in repeats(Book({name: data for name, data in files.items() if name in TABLES}, now)):
        if repeat.whole:
            found.setdefault(repeat.origin.file, set()).add(repeat.origin.line)
    after = dict(files)
    for name, numbers in found.items():
        lines = files[name].split(b"\n")
        after[name] = b"\n".join(line for number, line in enumerate(lines, 1) if number not in numbers)
    return after
