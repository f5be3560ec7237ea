"""The one door: decide every need, hand the handler a Permit, journal what came of it.

The faces receive a Gate and nothing else, so a check cannot be forgotten: what an operation needs is data on the
operation, and an operation without a handler stops the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

from remit.core.model import Actor, Code
from remit.core.pdp import walk
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide, Misconfigured, NotAllowed, NotFound
from remit.service.catalog_gate import CatalogDoor
from remit.service.needs import Need
from remit.service.operations import (
    CatalogOperation,
    DiffRevisions,
    GetRevision,
    Operation,
    PolicyHistory,
    PublishPolicy,
    ReadMetrics,
    RollBack,
    Search,
    Sought,
)
from remit.service.ports import Clock, Journal, Policies, Record, Worked

_IN_CATALOG = frozenset(get_args(CatalogOperation))
_WHOLE_POLICY: frozenset[object] = frozenset((PublishPolicy, RollBack, PolicyHistory, GetRevision, DiffRevisions))
"""What may wait for a database, or for a judgement, and carries whole policies."""
_WAITS = _WHOLE_POLICY | {Search, ReadMetrics}
"""What may wait, for that or for what other processes count: done in a thread, so that nobody else waits."""
_THREADS = 4
"""Threads for whole policies, which may take minutes: decisions wait for other ones."""
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
        self._threads = ThreadPoolExecutor(_THREADS, "policy")

    async def perform(
        self,
        actor: Actor,
        operation: Operation | CatalogOperation,
        read: Callable[[], Awaitable[Operation]] | None = None,
    ) -> Any:
        """Do what the operation says, if the live policy lets the actor. With `read` it is about nothing yet: that
        reads the one to be performed, which may be large, for whom the policy lets do such a thing.

        Raises NotAllowed naming the missing permission, and CouldNotDecide if there is no policy to decide by.
        """
        if type(operation) in _IN_CATALOG:
            return await self._work(actor, operation)  # type: ignore[arg-type]
        asked: Operation = operation  # type: ignore[assignment]
        snapshot = self._policies.current()
        when = self._clock() // 1_000
        self._check(actor, asked, snapshot, when)
        if read is not None:
            return await self.perform(actor, await read())
        wishes = asked.wishes()
        if wishes:
            wishes = tuple(wish for wish in wishes if _allowed(snapshot, actor, wish, when))
        homes: Homes | None = NO_HOMES
        if self._door is not None and (ids := asked.ids()):
            homes = await _homes(self._door, ids)
        permit = _made(Permit, (actor, snapshot, when, wishes, homes))
        handler = self._handlers[type(asked)]
        result = await self._waited(permit, asked, handler) if type(asked) in _WAITS else handler(permit, asked)
        done, told = (_lean(asked, actor), None) if type(asked) in _WHOLE_POLICY else (asked, result)
        self._journal.record(_made(Record, (when, actor, done, snapshot.revision, told, None)))
        for tap in self._taps:
            tap(permit, asked, result)
        return result

    def _check(self, actor: Actor, asked: Operation, snapshot: Snapshot, when: int) -> None:
        """Raise NotAllowed for the first need of an operation that the policy does not grant its caller."""
        for need in asked.needs(actor):
            if not _allowed(snapshot, actor, need, when):
                raise self._refused(actor, asked, need, snapshot, when)

    async def _waited(self, permit: Permit, asked: Operation, handler: Handler) -> Any:
        """What came of an operation that may wait. Of searches only those for things do, and only where there is a
        catalog."""
        if type(asked) in _WHOLE_POLICY:
            return await asyncio.get_running_loop().run_in_executor(self._threads, handler, permit, asked)
        if type(asked) is Search and (self._door is None or asked.sought is not Sought.RESOURCE):
            return handler(permit, asked)
        return await asyncio.to_thread(handler, permit, asked)

    async def _work(self, actor: Actor, operation: CatalogOperation) -> Any:
        """Work on the catalog, in a thread; recorded by what was decided, since what is in it may be secret."""
        door = self._door
        if door is None:
            raise CouldNotDecide("there is no catalog here")
        when, handler = self._clock() // 1_000, self._handlers[type(operation)]
        try:
            result, done, revision = await asyncio.to_thread(door.perform, actor, operation, handler)
        except (NotAllowed, NotFound) as refusal:
            self._journal.record(Record(when, actor, Worked(type(operation).__name__, ()), "", None, str(refusal)))
            raise
        self._journal.record(Record(when, actor, done, revision, None))
        return result

    def _refused(self, actor: Actor, operation: Operation, need: Need, snapshot: Snapshot, when: int) -> NotAllowed:
        """The refusal of an operation for the first need that the policy does not grant its caller, once recorded."""
        missing = f"{need.kind}:{need.action}"
        done = _lean(operation, actor) if type(operation) in _WHOLE_POLICY else operation
        self._journal.record(Record(when, actor, done, snapshot.revision, None, missing))
        return NotAllowed(missing, f"`{actor.subject}` lacks `{missing}` in `{need.scope}`")


def _lean(operation: Operation, actor: Actor) -> Worked:
    """What the journal keeps of an operation that carries a whole policy."""
    return Worked(type(operation).__name__, operation.needs(actor))


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
