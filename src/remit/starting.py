"""What a server begins with: its source's policy, or else, with a loud word, the last good one from local disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from remit.adapters.aside import Aside
from remit.adapters.database_source import NAME, DatabaseSource, Line
from remit.adapters.db.database import Database
from remit.adapters.git_source import GitSource
from remit.adapters.last_good import LastGood
from remit.adapters.policy_files import read_directory
from remit.adapters.policy_settings import PolicySettings
from remit.adapters.watching import WatchedDirectory
from remit.core.history import UNKNOWN, Provenance
from remit.core.policy import revision_of
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant
from remit.errors import CasesFailed, CouldNotDecide, Misconfigured, PolicyInvalid, RemitError
from remit.following import Source
from remit.keeping import Keeper, Kept
from remit.service.live import LivePolicy, LiveRevision
from remit.service.policies import admit
from remit.service.publishing import Publishing
from remit.service.revisions import named
from remit.sources import source_of

JUDGED = 300.0
"""Seconds that judging one change may take."""

KEPT = "last-good"
"""The file in the state directory that holds the last good policy."""

Files = dict[str, bytes]

log = logging.getLogger("remit")


class Place(NamedTuple):
    """Where things are on local disk: a policy, its model, and the state directory."""

    policy: Path
    model: Path
    state: Path


class First(NamedTuple):
    """The policy that a server begins with, what it is called, what its source told of it, when that was last
    in reach (microseconds since 1970, UTC), and why it could not be read now; empty: it was."""

    snapshot: Snapshot
    called: str
    files: Files
    came: Provenance
    seen: int
    lost: str


class Begun(NamedTuple):
    """The first policy; the name of where it is from; that source, if it is followed; and where what goes live is put
    on disk, if its source may be out of reach."""

    first: First
    name: str
    source: Source | None
    last_good: LastGood | None


def begin(place: Place, watch: bool, settings: PolicySettings, database: Database, now: int) -> Begun:
    """The source by the configuration, and its first policy, judged at `now` (microseconds since 1970, UTC).

    Raises Misconfigured, CouldNotDecide, PolicyInvalid or CasesFailed if there is none that is fit to go live.
    """
    directory = str(WatchedDirectory(place.policy, place.model))
    if settings.source == "database":
        return _from_database(place, watch, settings, database, now)
    source = source_of(settings, place.policy, place.model, place.state, watch)
    if not isinstance(source, GitSource):
        first = first_of(lambda: (read_directory(place.policy, place.model), UNKNOWN), None, now)
        return Begun(first, directory, source, None)
    git, last_good = source, LastGood(place.state / KEPT, str(source))

    def read() -> tuple[Files, Provenance]:
        _, files, came = git.look()
        return files, came

    return Begun(first_of(read, last_good, now), str(git), git, last_good)


def _from_database(place: Place, watch: bool, settings: PolicySettings, database: Database, now: int) -> Begun:
    """What the database says is to be live; an empty one gets the policy of the directory as its first."""
    if watch:
        raise Misconfigured("`--watch` is for a policy directory; with REMIT_SOURCE=database the database is followed")
    last_good = LastGood(place.state / KEPT, NAME)
    source = DatabaseSource(database, settings.poll, _known(last_good))

    def read() -> tuple[Files, Provenance]:
        found = source.look()
        if found is None:
            files = read_directory(place.policy, place.model)
            admit(files, now)
            found = source.seed(files, f"directory {place.policy}", now)
            log.warning("the database held no policy; its first one is that of `%s`", place.policy)
        return found

    return Begun(first_of(read, last_good, now), NAME, source, last_good)


def first_of(read: Callable[[], tuple[Files, Provenance]], last_good: LastGood | None, now: int) -> First:
    """What `read` gets from a source if it is fit to go live, else the last good policy.

    Raises what is wrong with the source or its policy if there is no last good one, and what is wrong with that.
    """
    try:
        files, came = read()
        return First(*_fit(files, now), files, came, now, "")
    except RemitError as error:
        good = None
        try:
            good = last_good.read() if last_good is not None else None
        except Misconfigured as damaged:
            log.warning("there is no last good policy to start by: %s", damaged)
        if good is None:
            raise
        snapshot, called = _fit(good.files, now)
        log.warning(
            "STARTING BY THE LAST GOOD POLICY, revision %s, whose source was last in reach at %s: %s",
            snapshot.revision[:12], format_instant(good.seen), error,
        )  # fmt: skip
        return First(snapshot, called, good.files, good.came, good.seen, str(error))


Live = TypeVar("Live", bound=LiveRevision)


def live_by(begun: Begun, settings: PolicySettings, now: int, made: Callable[[First, str, int | None], Live]) -> Live:
    """The first policy, live; as old as its source is out of reach. `made` makes it, of where candidates come from and
    how old it may be."""
    first, max_age = begun.first, None if settings.max_age is None else settings.max_age * 1_000_000
    policies = made(first, str(begun.source or ""), max_age)
    policies.numbered(first.snapshot.revision, first.came.number)
    if first.lost:
        policies.lost(first.lost, now)
    return policies


def compiled_first(first: First, source: str, max_age: int | None) -> LivePolicy:
    """The first policy where its snapshot answers; see `live_by`."""
    return LivePolicy(first.snapshot, source, first.seen, max_age)


def waker(source: Source | None) -> Callable[[], None]:
    """What lets the source be looked at, if there is one."""
    return (lambda: None) if source is None else source.wake


def shadow_files(where: str | None, database: Database, read: Callable[[str], Files], now: int) -> Files | None:
    """The files of a policy to ask beside the live one: of a directory, of a revision that was live, or else of a git
    revision, both of which `read` gets; None if none is wanted.

    Raises Misconfigured if there is none of that name, and says what is wrong with it.
    """
    if where is None:
        return None
    name = None
    if not Path(where).is_dir():
        try:
            name = named(database.revisions, where)
        except CouldNotDecide:
            log.warning("the database is out of reach, so `%s` is looked for in git", where)
    files = read(where) if name is None else database.revisions.files(name)
    try:
        admit(files, now)
    except (PolicyInvalid, CasesFailed):
        log.error("the shadow policy `%s` is not fit to be asked:", where)
        raise
    return files


@contextmanager
def keeping(begun: Begun, policies: LiveRevision, database: Database, now: int) -> Iterator[Source | None]:
    """While this lasts, whatever is live is kept; gives the source to follow, if any."""
    first, name, source, last_good = begun
    from_log = first.came.number is not None
    keeper = None if from_log else Keeper(database.revisions, name, policies.numbered, policies.unkept)
    kept = Kept(source, policies.standing, keeper, last_good)
    kept.first(first.files, first.came, now, on_disk=bool(first.lost))
    policies.going_live = kept.going_live
    try:
        yield None if source is None else kept
    finally:
        if keeper is not None:
            keeper.close()


@contextmanager
def publishing_by(
    policies: LivePolicy, database: Database, wake: Callable[[], None], name: str
) -> Iterator[Publishing]:
    """While this lasts, what is judged before it is published is judged in a process of its own, begun when needed."""
    aside = Aside(JUDGED)
    try:
        yield Publishing(policies, database.revisions, aside, time.time_ns, wake, from_database=name == NAME)
    finally:
        aside.close()


def _fit(files: Files, now: int) -> tuple[Snapshot, str]:
    """The snapshot of files that may go live, and what it is called."""
    policy, snapshot = admit(files, now)
    return snapshot, f"{policy.revision[:12]} ({len(policy.roles)} roles, {len(policy.access_rules):,} access rules)"


def _known(last_good: LastGood) -> Line | None:
    """The line that the database's log must have, since it was live here."""
    try:
        good = last_good.read()
    except Misconfigured as error:
        log.warning("what was live here last is not known: %s", error)
        return None
    return None if good is None or good.came.number is None else Line(good.came.number, revision_of(good.files))
