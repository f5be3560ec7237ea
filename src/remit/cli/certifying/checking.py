"""`review check`: is a review that came back one that may be applied?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from remit.cli.asking import read_when
from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.options import MODEL, POLICY, Format, Formatted, ModelFile, PolicyDir, When
from remit.cli.render import finding_lines, safe
from remit.cli.screen import Screen
from remit.core.certifying.checking import Checked, Decision, Now, check
from remit.core.certifying.filled import CODES, Fault, Filled, filled
from remit.core.names import counted
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot

ReviewFile = Annotated[str, typer.Argument(metavar="FILE", help="The review, as its reviewers saved it; `-` reads it.")]
Partial = Annotated[bool, typer.Option("--partial", help="Rows may still be without a decision.")]


class Came(NamedTuple):
    """A review that came back, judged by the policy as it is; `review` None: it is none."""

    now: Now
    review: Filled | None
    checked: Checked


def came_back(house: House, file: str, policy: Path, model: Path, when: str | None, partial: bool) -> Came:
    """Read a review and judge it."""
    files = house.read(policy, model)
    read = read_policy(files)
    now = Now(files, read, Snapshot(read), read_when(when, house.now()))
    review = filled(file, house.document(file))
    if isinstance(review, Fault):
        return Came(now, None, Checked((review,), dict.fromkeys(Decision, ()), 0, 0))
    return Came(now, review, check(review, now, partial))


def add_checking(app: typer.Typer, house: House) -> None:
    """`check`."""

    @app.command("check")
    def check_review(
        file: ReviewFile, partial: Partial = False, when: When = None, policy: PolicyDir = POLICY,
        model: ModelFile = MODEL, format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Say all that is wrong with a review: exit code 1 if anything is."""
        screen, came = Screen(), came_back(house, file, policy, model, when, partial)
        if format is Format.JSON:
            screen.show([json.dumps(_json(came), indent=2)])
        else:
            screen.show(told(came.checked))
            screen.show([safe(summary(came))])
        raise typer.Exit(Exit.FOUND if came.checked.faults else Exit.FINE)


def summary(came: Came) -> str:
    """What a review comes to, in a line."""
    checked = came.checked
    found = counted(len(checked.faults), "finding")
    if came.review is None:
        return found
    numbers = ", ".join(f"{len(checked.decided[each]):,} {each}" for each in Decision)
    left = f", {checked.open:,} open" if checked.open else ""
    done = f" ({checked.done:,} of them gone already)" if checked.done else ""
    return f"{counted(len(came.review.rows), 'row')}: {numbers}{done}{left}; {found}"


def _json(came: Came) -> dict[str, Any]:
    """For scripts. A minor version adds, a major one changes."""
    review, checked = came.review, came.checked
    return {
        "format_version": "1.0",
        "review": None if review is None else review.opened._asdict(),
        "revision": came.now.policy.revision,
        "decisions": {str(each): len(checked.decided[each]) for each in Decision},
        "open": checked.open,
        "done": checked.done,
        "findings": [{"name": CODES[fault.code]} | fault._asdict() for fault in checked.faults],
    }


def told(checked: Checked) -> Iterator[str]:
    """What is wrong, for people."""
    return (line for fault in checked.faults for line in finding_lines(fault))
