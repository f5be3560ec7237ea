"""The one door: decide every need, hand the handler a Permit, journal what came of it.

The faces receive a Gate and nothing else, so a check cannot be forgotten: what an operation needs is data on the
operation, and an operation without a handler stops the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, get_args

from remit.core.model import Actor, Code
from remit.core.pdp import walk
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide, Misconfigured, NotAllowed, NotFound, NotRecorded, RemitError
from remit.service.catalog_gate import CatalogDoor
from remit.service.needs import Need
from remit.service.operations import (
    CatalogOperation,
    DiffRevisions,
    GetRevision,
    Operation,
    PolicyHistory,
    PublishPolicy,
    ReadJournal,
    ReadLine,
    ReadMetrics,
    RollBack,
    Search,
    Sought,
)
from remit.service.ports import Clock, Journal, Judged, Policies, Record, Worked

_IN_CATALOG = frozenset(get_args(CatalogOperation))
_WHOLE_POLICY: frozenset[object] = frozenset((PublishPolicy, RollBack, PolicyHistory, GetRevision, DiffRevisions))
"""What may wait for a database, or for a judgement, and carries whole policies."""
_CHANGES: frozenset[object] = frozenset((PublishPolicy, RollBack))
"""What is recorded before it is done: nothing happens that the journal does not know of."""
_ON_RECORD: frozenset[object] = frozenset((ReadJournal, ReadLine))
"""What reads the journal, which may be large."""
_WAITS = _WHOLE_POLICY | _ON_RECORD | {Search, ReadMetrics}
"""What may wait, for that or for what other processes count: done in a thread, so that nobody else waits."""
_THREADS, _READERS = 4, 2
"""Threads for whole policies, which may take minutes, and for the journal: decisions wait for other ones."""
FAULT = "a fault that nobody foresaw"
"""What the journal says of an error that is none of remit's own."""

_made = tuple.__new__  # on the way of every decision: a NamedTuple's own constructor costs twice as much


Homes = Mapping[str, tuple[str, str]]
"""What the catalog knows of the things of a request: id to kind and home."""

NO_HOMES: Homes = {}


def home_of(homes: Homes | None, kind: str, id: str | None) -> str | None:
    """The home of a thing of this kind, if the catalog knows one."""
    found = (homes or NO_HOMES).get(id or "")
    return found[1] if found is not None and found[0] == kind else None


class Permit(tuple[Actor, Snapshot, int, tuple[Need, ...], Homes | None]):
    """Leave to perform one operation: by whom, under which snapshot, judged at which instant, which of the operation's
    wishes the policy grants, and where its things live by the catalog (None: it is out of reach). Handlers unpack it.
    Only the gate makes one."""

    __slots__ = ()

    def __new__(cls, *_: object) -> Permit:
        """Raises TypeError: a permit is not made by asking for one."""
        raise TypeError("only the gate makes a permit")


Handler = Callable[[Permit, Any], Any]

Tap = Callable[[Permit, Operation, Any], None]
"""Looks on: it is shown each operation on the policy alone that was performed, with its result. It is quick, and raises
nothing."""


class Gate:
    """Performs operations: `perform` is its one method."""

    def __init__(
        self,
        policies: Policies,
        journal: Journal,
        clock: Clock,
        handlers: Mapping[type[Any], Callable[..., Any]],
        door: CatalogDoor | None = None,
        taps: tuple[Tap, ...] = (),
    ) -> None:
        """Without a `door` there is no catalog, and nothing that needs one can be performed."""
        due = (*get_args(Operation), *(get_args(CatalogOperation) if door is not None else ()))
        missing = [kind.__name__ for kind in due if kind not in handlers]
        if missing:
            raise Misconfigured(f"no handler for {', '.join(missing)}")
        self._policies = policies
        self._journal = journal
        self._clock = clock
        self._handlers = dict(handlers)
        self._door = door
        self._taps = taps
        self._threads, self._readers = ThreadPoolExecutor(_THREADS, "policy"), ThreadPoolExecutor(_READERS, "record")

    async def perform(
        self,
        actor: Actor,
        operation: Operation | CatalogOperation,
        read: Callable[[], Awaitable[Operation]] | None = None,
        request: str = "",
    ) -> Any:
        """Do what the operation says, if the live policy lets the actor. With `read` it is about nothing yet: that
        reads the one to be performed, which may be large, for whom the policy lets do such a thing. `request` is the id
        that the caller gave its request.

        Raises NotAllowed naming the missing permission, CouldNotDecide if there is no policy to decide by, and
        NotRecorded if the journal cannot be written and there must be no answer without it.
        """
        began = perf_counter()
        if type(operation) in _IN_CATALOG:
            return await self._work(actor, operation, request)  # type: ignore[arg-type]
        asked: Operation = operation  # type: ignore[assignment]
        snapshot = self._policies.current()
        when = self._clock() // 1_000
        await self._check(actor, asked, snapshot, when, request)
        if read is not None:
            return await self.perform(actor, await read(), None, request)
        wishes = asked.wishes()
        if wishes:
            wishes = tuple(wish for wish in wishes if _allowed(snapshot, actor, wish, when))
        homes: Homes | None = NO_HOMES
        if self._door is not None and (ids := asked.ids()):
            homes = await _homes(self._door, ids)
        permit = _made(Permit, (actor, snapshot, when, wishes, homes))
        return await self._performed(permit, asked, request, began)

    async def _performed(self, permit: Permit, asked: Operation, request: str, began: float) -> Any:
        """What came of an operation that its caller is let do, once it is recorded."""
        actor, snapshot, when, wishes, homes = permit
        handler = self._handlers[type(asked)]
        done, told, failed = (_lean(asked, actor) if type(asked) in _WHOLE_POLICY else asked), None, ""
        if before := type(asked) in _CHANGES:
            await self._recorded(when, actor, done, snapshot.revision, None, None, request)
        try:
            result = await self._waited(permit, asked, handler) if type(asked) in _WAITS else handler(permit, asked)
            told = None if done is not asked else result
        except Exception as error:
            failed = str(error) if isinstance(error, RemitError) else FAULT
            raise
        finally:
            us = int((perf_counter() - began) * 1e6)
            record = (when, actor, done, snapshot.revision, told, None, request, us, wishes, homes, failed)
            if failed or not before:
                kept = self._journal.record(_made(Record, record))
                if kept is not None:
                    await kept
        for tap in self._taps:
            tap(permit, asked, result)
        return result

    async def _check(self, actor: Actor, asked: Operation, snapshot: Snapshot, when: int, request: str) -> None:
        """Raise NotAllowed for the first need of an operation that the policy does not grant its caller."""
        for need in asked.needs(actor):
            if not _allowed(snapshot, actor, need, when):
                missing = f"{need.kind}:{need.action}"
                done = _lean(asked, actor, need) if type(asked) in _WHOLE_POLICY else asked
                await self._recorded(when, actor, done, snapshot.revision, None, missing, request)
                raise NotAllowed(missing, f"`{actor.subject}` lacks `{missing}` in `{need.scope}`")

    async def _recorded(self, *record: Any) -> None:
        """Record, and wait for it."""
        kept = self._journal.record(Record(*record))
        if kept is not None:
            await kept

    async def _waited(self, permit: Permit, asked: Operation, handler: Handler) -> Any:
        """What came of an operation that may wait. Of searches only those for things do, and only where there is a
        catalog."""
        if type(asked) in _WHOLE_POLICY or type(asked) in _ON_RECORD:
            threads = self._threads if type(asked) in _WHOLE_POLICY else self._readers
            return await asyncio.get_running_loop().run_in_executor(threads, handler, permit, asked)
        if type(asked) is Search and (self._door is None or asked.sought is not Sought.RESOURCE):
            return handler(permit, asked)
        return await asyncio.to_thread(handler, permit, asked)

    async def _work(self, actor: Actor, operation: CatalogOperation, request: str) -> Any:
        """Work on the catalog, in a thread; recorded by what was decided, since what is in it may be secret."""
        door = self._door
        if door is None:
            raise CouldNotDecide("there is no catalog here")
        return await asyncio.to_thread(self._worked, door, actor, operation, request)

    def _worked(self, door: CatalogDoor, actor: Actor, operation: CatalogOperation, request: str) -> Any:
        began, when, kept = perf_counter(), self._clock() // 1_000, False
        said, by = Worked(type(operation).__name__, ()), ""

        def keep(done: Worked, revision: str, instant: int, refusal: NotAllowed | NotFound | None) -> None:
            nonlocal kept, said, by
            said, by = done, revision
            us, refused = max(0, self._clock() // 1_000 - instant), None if refusal is None else str(refusal)
            self._journal.record_and_wait(Record(instant, actor, done, revision, None, refused, request, us))
            kept = refusal is not None

        try:
            return door.perform(actor, operation, self._handlers[type(operation)], keep)
        except Exception as error:
            if not kept and not isinstance(error, NotRecorded):
                us, why = int((perf_counter() - began) * 1e6), str(error) if isinstance(error, RemitError) else FAULT
                failed = Record(when, actor, said._replace(judged=()), by, None, None, request, us, failed=why)
                self._journal.record_and_wait(failed)
            raise


def _lean(operation: Operation, actor: Actor, missing: Need | None = None) -> Worked:
    """What the journal keeps of an operation that carries a whole policy."""
    return Worked(type(operation).__name__, tuple(Judged(need, need != missing) for need in operation.needs(actor)))


async def _homes(door: CatalogDoor, ids: tuple[str, ...]) -> Homes | None:
    """Where these things live by the catalog; None if it cannot be asked."""
    try:
        return await asyncio.to_thread(door.homes, ids)
    except CouldNotDecide:
        return None


def _allowed(snapshot: Snapshot, actor: Actor, need: Need, when: int) -> bool:
    """Does the policy let the actor do what the operation needs? remit decides its own administration."""
    found = walk(snapshot, actor.subject, need.action, need.kind, None, need.scope, None, actor.groups, when)
    return found[0] is Code.GRANTED
