"""What a command's exit code means; the same everywhere."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every `remit` command (design §7)."""

    FINE = 0
    FOUND = 1
    """A finding, a deny, a failed case."""
    USAGE = 2
    POLICY_INVALID = 3
    CHANGED = 4
    BLOCKED = 5
    BROKEN = 6
    UNDECIDED = 7
