"""What was live when: activations of policies, and where a candidate comes from."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class How(StrEnum):
    """How a policy came to be live."""

    FOLLOWED = "followed"
    PUBLISHED = "published"
    ROLLED_BACK = "rolled-back"


class Provenance(NamedTuple):
    """What a source tells of a candidate: who wrote it and why. `verified` says that the author was authenticated, and
    not merely named. `plan` is the digest of the plan that was published, `commit` the git commit, `number` that of the
    activation if it is kept already (see `Activation`)."""

    how: How = How.FOLLOWED
    author: str = ""
    verified: bool = False
    message: str = ""
    plan: str | None = None
    commit: str | None = None
    number: int | None = None


UNKNOWN = Provenance()


class Activation(NamedTuple):
    """One line of the history: a revision that went live at an instant (microseconds since 1970, UTC) in the place of
    its `parent` (None for the first), from a source. Numbers grow with time; the same revision may go live again."""

    number: int
    revision: str
    parent: str | None
    at: int
    source: str
    how: How
    author: str
    verified: bool
    message: str
    plan: str | None
    commit: str | None


def live_at(lines: Iterable[Activation], at: int) -> Activation | None:
    """What was live at an instant (microseconds since 1970, UTC), by the lines of the history, the latest first; None
    if it was before all of them. The numbers say which line came after which, whatever the clocks that wrote them
    said."""
    return next((line for line in lines if line.at <= at), None)
