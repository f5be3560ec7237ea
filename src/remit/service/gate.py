"""The one door: decide every need, hand the handler a Permit, journal what came of it.

The faces receive a Gate and nothing else, so a check cannot be forgotten: what an operation needs is data on the
operation, and an operation without a handler stops the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from remit.core.model import Actor, Code
from remit.core.pdp import walk
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured, NotAllowed
from remit.service.operations import Need, Operation
from remit.service.ports import Clock, Journal, Policies, Record

_made = tuple.__new__  # on the way of every decision: a NamedTuple's own constructor costs twice as much


class Permit(tuple[Actor, Snapshot, int, tuple[Need, ...]]):
    """Leave to perform one operation: by whom, under which snapshot, judged at which instant, and which of the
    operation's wishes the policy grants. Handlers unpack it. Only the gate makes one."""

    __slots__ = ()

    def __new__(cls, *_: object) -> Permit:
        """Raises TypeError: a permit is not made by asking for one."""
        raise TypeError("only the gate makes a permit")


Handler = Callable[[Permit, Any], Any]


class Gate:
    """Performs operations: `perform` is its one method."""

    def __init__(
        self, policies: Policies, journal: Journal, clock: Clock, handlers: Mapping[type[Operation], Handler]
    ) -> None:
        missing = [kind.__name__ for kind in get_args(Operation) if kind not in handlers]
        if missing:
            raise Misconfigured(f"no handler for {', '.join(missing)}")
        self._policies = policies
        self._journal = journal
        self._clock = clock
        self._handlers = dict(handlers)

    async def perform(self, actor: Actor, operation: Operation) -> Any:
        """Do what the operation says, if the live policy lets the actor.

        Raises NotAllowed naming the missing permission, and CouldNotDecide if there is no policy to decide by.
        """
        snapshot = self._policies.current()
        when = self._clock() // 1_000
        for need in operation.needs(actor):
            if not _allowed(snapshot, actor, need, when):
                raise self._refused(actor, operation, need, snapshot, when)
        wishes = operation.wishes()
        if wishes:
            wishes = tuple(wish for wish in wishes if _allowed(snapshot, actor, wish, when))
        permit = _made(Permit, (actor, snapshot, when, wishes))
        result = self._handlers[type(operation)](permit, operation)
        self._journal.record(_made(Record, (when, actor, operation, snapshot.revision, result, None)))
        return result

    def _refused(self, actor: Actor, operation: Operation, need: Need, snapshot: Snapshot, when: int) -> NotAllowed:
        """The refusal of an operation for the first need that the policy does not grant its caller, once recorded."""
        missing = f"{need.kind}:{need.action}"
        self._journal.record(Record(when, actor, operation, snapshot.revision, None, missing))
        return NotAllowed(actor.subject, missing, need.scope)


def _allowed(snapshot: Snapshot, actor: Actor, need: Need, when: int) -> bool:
    """Does the policy let the actor do what the operation needs? remit decides its own administration."""
    found = walk(snapshot, actor.subject, need.action, need.kind, None, need.scope, None, actor.groups, when)
    return found[0] is Code.GRANTED
