"""How the command ends when something is wrong: findings or a sentence, and an exit code."""

from __future__ import annotations

from typing import NoReturn

from remit.cli.exits import Exit
from remit.cli.render import finding_lines, safe
from remit.cli.screen import Screen
from remit.errors import (
    Blocked,
    CasesFailed,
    Conflict,
    CouldNotDecide,
    JournalDamaged,
    NotAllowed,
    NotFound,
    PolicyInvalid,
    RemitError,
)


def leave(error: RemitError) -> NoReturn:
    """Say what is wrong on the error stream, all of it, and exit."""
    screen = Screen()
    match error:
        case PolicyInvalid():
            for finding in error.findings:
                screen.complain(finding_lines(finding))
        case CasesFailed():
            screen.complain(safe(fault) for fault in error.faults)
        case Blocked():
            screen.complain(safe(reason) for reason in error.reasons)
    first, *more = str(error).split("\n")
    screen.complain([f"remit: {safe(first)}", *(f"       {safe(line)}" for line in more)])
    raise SystemExit(_code(error))


def _code(error: RemitError) -> Exit:
    """The exit code that an error deserves."""
    match error:
        case PolicyInvalid() | CasesFailed():
            return Exit.POLICY_INVALID
        case Blocked():
            return Exit.BLOCKED
        case JournalDamaged():
            return Exit.BROKEN
        case CouldNotDecide():
            return Exit.UNDECIDED
        case NotAllowed() | NotFound() | Conflict():
            return Exit.FOUND
    return Exit.USAGE
