"""The live policy, and how another takes its place: built aside with all its checks, then one reference is swapped.

Last good or nothing: what is wrong with a candidate is told, and changes no decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from remit.core.findings import Finding
from remit.core.history import UNKNOWN, Provenance
from remit.core.pacing import Pause, paced
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide
from remit.service.operations import Refused, Standing
from remit.service.policies import undisturbed

Files = Mapping[str, bytes]


Check = Callable[[Files, int], tuple[tuple[Finding, ...], tuple[str, ...]]]
"""The files of a policy and the instant, in microseconds, at which to judge them, to what keeps them from going live:
what the reader finds, or else cases that come out otherwise; two empty ones if nothing does."""


class LiveRevision:
    """Which revision is live, and how another takes its place. One thread offers candidates; any number ask."""

    def __init__(self, revision: str, source: str = "", now: int = 0, max_age: int | None = None) -> None:
        """`source` says where candidates come from; empty: from nowhere. `max_age` is how long, in microseconds, to go
        on deciding while the source is out of reach; None: for ever. `going_live` is told of each policy, and of what
        its source tells of it, before it answers."""
        self._max_age = max_age
        self.going_live: Callable[[Files, Provenance], None] = lambda *_: None
        self._standing, self._too_old = Standing(revision, now, source, now, None), False
        self._replaced: set[str] = set()
        self._offered: tuple[Files, str] | None = None
        self._one_at_a_time = RLock()  # who numbers an activation is not who offers candidates

    def standing(self) -> Standing:
        """What is live since when, and what was refused since."""
        return self._standing

    def offer(self, files: Files, now: int, check: Check, came: Provenance = UNKNOWN) -> bool:
        """Let these files go live at `now` if nothing is wrong with them; True if they are live in the end.

        What was refused before is not checked again until it changes; files that are the very ones offered last are
        not even hashed again.
        """
        if self._offered is None or files is not self._offered[0]:
            self._offered = files, revision_of(files)
        (_, revision), live = self._offered, self._standing
        if revision == live.revision:
            self._change(checked=now, refused=None)
            self.numbered(revision, came.number)
            return True
        if live.refused is not None and live.refused.revision == revision:
            self._change(checked=now)
            return False
        findings, faults = check(files, now)
        if findings or faults:
            self._change(checked=now, refused=Refused(revision, now, findings, faults))
            return False
        self.going_live(files, came)
        stands = self._standing._replace(revision=revision, since=now, checked=now, refused=None, number=came.number)
        self._activate(files, stands)
        return True

    def replaced(self, revision: str) -> bool:
        """Was this revision live here, and did another take its place? It may be live again."""
        return revision in self._replaced

    def lost(self, why: str, now: int) -> None:
        """The source is out of reach: the last good policy goes on, as long as it may."""
        live = self._standing
        since = live.refused.since if live.refused is not None and not live.refused.revision else now
        too_old = self._max_age is not None and now - live.checked > self._max_age
        self._change(too_old or self._too_old, refused=Refused("", since, (), (why,)))

    def numbered(self, revision: str, number: int | None) -> None:
        """The log of activations has this number for the revision, if that is still live."""
        with self._one_at_a_time:
            if number is not None and self._standing.revision == revision:
                self._change(self._too_old, number=number)

    def unkept(self, why: str) -> None:
        """The log of activations lacks something that went live, and why; an empty text: it lacks nothing."""
        with self._one_at_a_time:
            self._change(self._too_old, unkept=why)

    def _activate(self, files: Files, standing: Standing) -> None:
        """These files, with which nothing is wrong, go live."""
        raise NotImplementedError

    def _change(self, too_old: bool = False, **changed: Any) -> None:
        """Some of how it stands is otherwise now; the rest stays as others left it meanwhile."""
        with self._one_at_a_time:
            self._stand(self._standing._replace(**changed), too_old)

    def _stand(self, standing: Standing, too_old: bool = False) -> None:
        """So it stands now; `too_old`: so long out of reach that nothing may be decided."""
        with self._one_at_a_time:
            if standing.revision != self._standing.revision:
                self._replaced.add(self._standing.revision)
            self._standing, self._too_old = standing, too_old


class LivePolicy(LiveRevision):
    """The snapshot that answers now."""

    def __init__(self, snapshot: Snapshot, source: str = "", now: int = 0, max_age: int | None = None) -> None:
        """See `LiveRevision`. `went_live` is told of the files of each policy before it answers; `pause` is done every
        few lines while one is compiled."""
        super().__init__(snapshot.revision, source, now, max_age)
        assert snapshot.directory  # searches find their index made
        self._snapshot: Snapshot | None = snapshot
        self._good = snapshot
        self.went_live: Callable[[Files], None] = lambda _: None
        self.pause: Pause = None

    def current(self) -> Snapshot:
        """The snapshot that answers now. Raises CouldNotDecide if its source has been out of reach too long."""
        snapshot = self._snapshot
        if snapshot is None:
            raise CouldNotDecide("the policy is too old to decide by: its source has been out of reach too long")
        return snapshot

    def told(self, standing: Standing, too_old: bool, files: Files | None) -> None:
        """Stand as another process does, which has checked what it tells: `files` are those of the revision that is
        live there, None if that is live here too."""
        if files is not None:
            self._take(files, standing, too_old)
        else:
            assert self._good.revision == standing.revision
            self._stand(standing, too_old)

    def _activate(self, files: Files, standing: Standing) -> None:
        """Compile beside the live snapshot, then take its place."""
        self._take(files, standing)

    def _take(self, files: Files, standing: Standing, too_old: bool = False) -> None:
        """Let these files answer, and what answered before go, which is not done in one go."""
        good = compiled(files, self.pause)
        assert good.revision == standing.revision
        self.went_live(files)
        pieces = self._good.pieces()
        self._good = good
        self._stand(standing, too_old)
        for _ in paced(range(len(pieces)), self.pause):
            pieces.pop()

    def _stand(self, standing: Standing, too_old: bool = False) -> None:
        """Whatever is good now answers, unless it is too old."""
        self._snapshot = None if too_old else self._good  # first: whoever reads what stands is not answered from before
        super()._stand(standing, too_old)


def compiled(files: Files, pause: Pause = None) -> Snapshot:
    """The snapshot of files with which nothing is wrong, the index of its searches made, with a `pause` every few
    lines."""
    with undisturbed():
        snapshot = Snapshot(read_policy(files, pause), pause)
        snapshot.indexed(pause)
    return snapshot
