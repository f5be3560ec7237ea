"""Publishing: a change that passed every check takes the place of the live policy, in the database it is read from.

Whoever follows the database lets it go live; here nothing is swapped. What is published is judged by the policy that is
live, and takes the place of exactly the revision that its author saw, or nothing happens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from remit.core.history import Activation, How, Provenance
from remit.core.model import Actor
from remit.core.names import quoted
from remit.core.policy import revision_of
from remit.core.snapshot import Snapshot
from remit.errors import (
    Blocked,
    CasesFailed,
    Conflict,
    CouldNotDecide,
    NotAllowed,
    NotFound,
    Outdated,
    PolicyInvalid,
)
from remit.service.gate import Handler, Permit
from remit.service.judged import PUBLISH, judge_change, may_publish, planned_change
from remit.service.minimum import LOOK, Minimum
from remit.service.operations import (
    DiffRevisions,
    GetRevision,
    Kept,
    PolicyHistory,
    PublishPolicy,
    RefreshPolicy,
    RollBack,
    Standing,
)
from remit.service.ports import Policies
from remit.service.revisions import SHORT, Revisions, named

WAIT = 10.0
"""Seconds to wait while another change is judged."""

LIVE = 5.0
"""Seconds that a publish waits for its policy to go live here; it is in force whether it does or not."""

Aside = Callable[..., Any]
"""Does work in a process of its own, which takes no time from those who wait for a decision."""


def _nobody(*_: object) -> NoReturn:
    """There is no process that judges changes."""
    raise CouldNotDecide("this server judges no change of policy")


class Publishing:
    """Performs what changes the live policy, and what looks back. Blocks: run it in a thread."""

    def __init__(
        self,
        policies: Policies,
        revisions: Revisions | None = None,
        aside: Aside = _nobody,
        clock: Callable[[], int] = time.time_ns,
        wake: Callable[[], None] = lambda: None,
        from_database: bool = False,
    ) -> None:
        """`clock` tells nanoseconds since 1970; `wake` lets the source be looked at. Without `revisions` nothing is
        kept, and nothing can be published; nor unless the live policy comes `from_database`."""
        self._policies = policies
        self._revisions = revisions
        self._aside = aside
        self._clock = clock
        self._wake = wake
        self._from_database = from_database
        self._one = threading.Lock()

    def handlers(self) -> dict[type[Any], Handler]:
        """What performs the operations on the policy as a whole."""
        return {
            PublishPolicy: self.publish,
            RollBack: self.roll_back,
            PolicyHistory: self.history,
            GetRevision: self.revision,
            DiffRevisions: self.difference,
            RefreshPolicy: self.refresh,
        }

    def minimum(self) -> Minimum:
        """What waits for a revision that a caller knows of."""
        return Minimum(self._policies, self._revisions if self._from_database else None, self._wake)

    def publish(self, permit: Permit, change: PublishPolicy) -> Activation:
        """Put files into force.

        Raises PolicyInvalid, CasesFailed or Blocked with all that is wrong with them; Outdated if another revision than
        the parent is live by now; Conflict if nothing would change, or the policy comes from elsewhere.
        """
        latest = self._latest()
        if len(change.parent) < SHORT or not latest.revision.startswith(change.parent):
            by = f", by `{latest.author}`" if latest.author else ""
            now = f"`{latest.revision[:12]}` is in force by now (number {latest.number}{by})"
            raise Outdated(
                f"the change was made to revision {quoted(change.parent[:12])}, and {now}; bring it up to date"
            )
        return self._activate(permit, latest, change.files, How.PUBLISHED, change.message, change.planned)

    def roll_back(self, permit: Permit, back: RollBack) -> Activation:
        """Put a revision into force again. Raises as `publish`, and NotFound if it never was live."""
        latest = self._latest()
        return self._activate(permit, latest, self._kept(back.revision).files, How.ROLLED_BACK, back.message, None)

    def history(self, _: Permit, asked: PolicyHistory) -> tuple[Activation, ...]:
        """What was live when, the latest first."""
        return self._store().history(asked.before, asked.limit)

    def revision(self, _: Permit, asked: GetRevision) -> Kept:
        """A revision's files. Raises NotFound if it never was live."""
        return self._kept(asked.revision)

    def difference(self, permit: Permit, asked: DiffRevisions) -> Any:
        """The document of the plan from one revision to another. Raises NotFound if one of them never was live."""
        sides = [self._kept(each) for each in (asked.base, asked.head)]
        _, _, now, _, _ = permit
        names = (sides[0].revision, sides[1].revision)
        with _Alone(self._one, 0):
            return self._aside(planned_change, sides[0].files, sides[1].files, names, now)

    def refresh(self, *_: object) -> Standing:
        """Let the source be looked at at once; what is live as of now."""
        self._wake()
        return self._policies.standing()

    def _store(self) -> Revisions:
        if self._revisions is None:
            raise CouldNotDecide("this server keeps no history of policies")
        return self._revisions

    def _latest(self) -> Activation:
        """What is in force by the database. Raises Conflict if the policy does not come from there."""
        if not self._from_database:
            source = self._policies.standing().source or "a directory, as it was at the start"
            raise Conflict(
                f"the policy comes from {source}; change it there (REMIT_SOURCE=database lets it be published)"
            )
        found = self._store().latest()
        if found is None:
            raise CouldNotDecide("the database holds no policy; its first one comes from --policy at a start")
        return found

    def _kept(self, name: str) -> Kept:
        """A revision by its name, by how it begins, or by its number in the history.

        Raises NotFound, or RequestInvalid if it may be several.
        """
        store = self._store()
        revision = named(store, name)
        if revision is None:
            raise NotFound(f"there is no revision {quoted(name[:80])} that was ever live; `remit history` lists them")
        return Kept(revision, store.files(revision))

    def _activate(
        self,
        permit: Permit,
        latest: Activation,
        files: Mapping[str, bytes],
        how: How,
        message: str,
        planned: Mapping[str, Any] | None,
    ) -> Activation:
        """Judge a change, and put it into force if nothing is wrong with it."""
        actor, live, now, _, _ = permit
        if revision_of(files) == latest.revision:
            raise Conflict(f"revision `{latest.revision[:12]}` is in force already; nothing would change")
        base, author = self._store().files(self._base(live, latest)), Actor(actor.subject, actor.groups)
        self._still(author, live, latest, now)
        with _Alone(self._one, WAIT):
            verdict = self._aside(judge_change, base, files, author, now, planned)
        if verdict.findings:
            raise PolicyInvalid(verdict.findings)
        if verdict.faults:
            raise CasesFailed(verdict.faults)
        if verdict.blocked:
            raise Blocked(verdict.blocked)
        digest = None if planned is None else str(planned.get("digest"))
        came = Provenance(how, actor.subject, True, message, digest)
        done = self._store().activate(files, came, "database", self._clock() // 1_000, latest.number)
        self._wake()
        self._go_live(done)
        return done

    def _go_live(self, done: Activation) -> None:
        """Wait a while until what is in force is live here, or was refused: so whoever published may go on."""
        until = time.monotonic() + LIVE
        while time.monotonic() < until:
            standing = self._policies.standing()
            if standing.number == done.number or (standing.refused and standing.refused.revision == done.revision):
                return
            time.sleep(LOOK)

    def _base(self, live: Snapshot, latest: Activation) -> str:
        """The revision that the change is judged by: the live one. Raises CouldNotDecide while this server is behind
        the database; a revision that it refused does not go live, and then the one before it judges."""
        standing = self._policies.standing()
        refused = standing.refused
        if live.revision != standing.revision:  # the caller was let in by a policy that is live no longer
            raise CouldNotDecide("another policy has gone live meanwhile; try again")
        if live.revision != latest.revision and (refused is None or refused.revision != latest.revision):
            self._wake()
            raise CouldNotDecide(f"revision `{latest.revision[:12]}` is not live here yet; try again")
        return live.revision

    def _still(self, actor: Actor, live: Snapshot, latest: Activation, now: int) -> None:
        """What is in force and was refused here may be live elsewhere, and have taken its author's right to publish.

        Raises NotAllowed if so, as far as it can be read.
        """
        if live.revision == latest.revision:
            return
        with _Alone(self._one, WAIT):
            may = self._aside(may_publish, self._store().files(latest.revision), actor, now)
        if not may:
            who = f"`{actor.subject}` lacks `{PUBLISH}` in revision `{latest.revision[:12]}`"
            raise NotAllowed(str(PUBLISH), f"{who}, which is in force though it was refused here")


class _Alone:
    """One change is judged at a time: each takes a processor, and memory for two policies."""

    def __init__(self, lock: threading.Lock, wait: float) -> None:
        """`wait` is how many seconds whoever comes second waits."""
        self._lock = lock
        self._wait = wait

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._wait):
            raise CouldNotDecide("another change is being judged, or two policies compared; try again")

    def __exit__(self, *_: object) -> None:
        self._lock.release()
