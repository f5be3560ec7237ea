"""Read your own publish: whoever knows that a revision was published is never answered from an older one.

A revision may go live twice, so it is its place in the log of activations that counts, not its name: what answers must
be the revision itself, or have gone live after the last time that it did. Only where the policy comes from that log is
the log in order of age: servers that each follow a repository write it as they get there. There a revision that this
process saw live and replaced will do.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from remit.core.names import quoted
from remit.errors import CouldNotDecide, RequestInvalid
from remit.service.ports import Policies
from remit.service.revisions import Revisions

PATIENCE = 2.0
"""Seconds that a caller waits for a revision to go live here."""

LOOK = 0.02
"""Seconds between two looks whether it has."""

_REVISION = re.compile(r"[0-9a-f]{64}")


class Minimum:
    """Makes sure that what answers is no older than a revision."""

    def __init__(self, policies: Policies, revisions: Revisions | None, wake: Callable[[], None]) -> None:
        """`revisions` is the log that the policy comes from, if it does. `wake` lets the source be looked at."""
        self._policies = policies
        self._revisions = revisions
        self._wake = wake

    async def wait(self, revision: str) -> None:
        """Wait until what is live is no older. Raises RequestInvalid if that is no revision, and CouldNotDecide if it
        does not go live in time, or nobody can tell."""
        if not _REVISION.fullmatch(revision):
            raise RequestInvalid("`Remit-Min-Revision` must be a revision: 64 hexadecimal digits")
        if self._policies.standing().revision == revision:
            return
        until = time.monotonic() + PATIENCE
        self._wake()
        asked: tuple[str, int | None] | None = None
        while True:
            live = self._live()
            if live != asked:  # or nothing new can be said
                asked = live
                if await self._is_past(revision):
                    return
            if time.monotonic() > until:
                raise CouldNotDecide(f"revision {quoted(revision[:12])} is not live here; try again")
            await asyncio.sleep(LOOK)

    def _live(self) -> tuple[str, int | None]:
        standing = self._policies.standing()
        return standing.revision, standing.number

    async def _is_past(self, revision: str) -> bool:
        """Is the revision live, or did what is live take its place?"""
        if self._live()[0] == revision:
            return True
        if self._revisions is None:
            return self._policies.replaced(revision)
        line = await asyncio.to_thread(self._revisions.latest_of, revision)
        _, number = self._live()  # looked at after the log: it only grows
        return line is not None and number is not None and number >= line.number
