"""The live policy, and how another takes its place: built aside with all its checks, then one reference is swapped.

Last good or nothing: what is wrong with a candidate is told, and changes no decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from remit.core.findings import Finding
from remit.core.history import UNKNOWN, Provenance
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide
from remit.service.operations import Refused, Standing
from remit.service.policies import undisturbed

Files = Mapping[str, bytes]


Check = Callable[[Files, int], tuple[tuple[Finding, ...], tuple[str, ...]]]
"""The files of a policy and the instant, in microseconds, at which to judge them, to what keeps them from going live:
what the reader finds, or else cases that come out otherwise; two empty ones if nothing does."""


class LivePolicy:
    """The snapshot that answers now. One thread offers candidates; any number ask."""

    def __init__(self, snapshot: Snapshot, source: str = "", now: int = 0, max_age: int | None = None) -> None:
        """`source` says where candidates come from; empty: from nowhere. `max_age` is how long, in microseconds, to go
        on deciding while the source is out of reach; None: for ever."""
        assert snapshot.directory  # searches find their index made
        self._snapshot: Snapshot | None = snapshot
        self._good = snapshot
        self._max_age = max_age
        self._standing = Standing(snapshot.revision, now, source, now, None)

    def current(self) -> Snapshot:
        """The snapshot that answers now. Raises CouldNotDecide if its source has been out of reach too long."""
        snapshot = self._snapshot
        if snapshot is None:
            raise CouldNotDecide("the policy is too old to decide by: its source has been out of reach too long")
        return snapshot

    def standing(self) -> Standing:
        """What is live since when, and what was refused since."""
        return self._standing

    def offer(self, files: Files, now: int, check: Check, came: Provenance = UNKNOWN) -> bool:
        """Let these files go live at `now` if nothing is wrong with them; True if they are live in the end.

        What was refused before is not checked again until it changes.
        """
        revision = revision_of(files)
        if revision == self._good.revision:
            self._stand(self._standing._replace(checked=now, refused=None))
            self.numbered(revision, came.number)
            return True
        refused = self._standing.refused
        if refused is not None and refused.revision == revision:
            self._stand(self._standing._replace(checked=now))
            return False
        findings, faults = check(files, now)
        if findings or faults:
            self._stand(self._standing._replace(checked=now, refused=Refused(revision, now, findings, faults)))
            return False
        self._activate(files, now, came.number)
        return True

    def lost(self, why: str, now: int) -> None:
        """The source is out of reach: the last good policy goes on, as long as it may."""
        refused = self._standing.refused
        since = refused.since if refused is not None and not refused.revision else now
        self._standing = self._standing._replace(refused=Refused("", since, (), (why,)))
        if self._max_age is not None and now - self._standing.checked > self._max_age:
            self._snapshot = None

    def numbered(self, revision: str, number: int | None) -> None:
        """The log of activations has this number for the revision, if that is still live."""
        if number is not None and self._standing.revision == revision:
            self._standing = self._standing._replace(number=number)

    def _activate(self, files: Files, now: int, number: int | None) -> None:
        """Compile beside the live snapshot, then take its place."""
        with undisturbed():
            snapshot = Snapshot(read_policy(files))
            assert snapshot.directory
        self._good = snapshot
        self._stand(Standing(snapshot.revision, now, self._standing.source, now, None, number))

    def _stand(self, standing: Standing) -> None:
        """The source was reached: whatever is good now answers."""
        self._standing = standing
        self._snapshot = self._good
