"""The gate's way into the catalog: rows locked, needs decided, work done, all in one transaction.

What is decided is decided after the rows are locked, so nothing can change between a decision and what it allowed.
A block that is out of reach reads exactly like one that there is not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from remit.core.blocks import KIND_OF, Asset, Variant
from remit.core.model import Actor
from remit.core.search import Reach
from remit.errors import NotAllowed, NotFound
from remit.service.needs import Need, Thing
from remit.service.operations.catalog import ByNumber, CreateAsset
from remit.service.operations.workspaces import CreateWorkspace
from remit.service.ports import Catalog, Judge, Judged, Sitting, Wanted, Work, Worked

_made = tuple.__new__


class Leave(tuple[Actor, str, int, Mapping[str, Thing], tuple[Reach, ...], Work]):
    """Leave to do one piece of work on the catalog: who, under which revision, at which instant (microseconds since
    1970), the rows it is about, the scopes that answer each of its lists, and the transaction. Handlers unpack it.
    Only the gate makes one."""

    __slots__ = ()

    def __new__(cls, *_: object) -> Leave:
        """Raises TypeError: leave is not had by asking for it."""
        raise TypeError("only the gate gives leave")


class After(NamedTuple):
    """A result, and what is done once the transaction is kept: its outcome is the result that is handed out."""

    result: Any
    effect: Callable[[Any], Any]


Keep = Callable[[Worked, str, int, NotAllowed | NotFound | None], None]
"""Is told what an operation came to: what was decided, by which revision, at which instant (microseconds since 1970,
UTC), and why it is refused. Raises NotRecorded if nothing may be done."""


class CatalogDoor:
    """Does what an operation on the catalog says, if the policy lets the actor. Runs in a thread: it may wait."""

    def __init__(self, catalog: Catalog, judge: Judge, clock: Callable[[], int]) -> None:
        self._catalog = catalog
        self._judge = judge
        self._clock = clock

    def perform(self, actor: Actor, operation: Any, handler: Callable[[Leave, Any], Any], keep: Keep) -> Any:
        """The operation's result. `keep` is told what was decided before anything is done for good.

        Raises NotAllowed naming every permission that is missing, NotFound for what is not there or out of reach, and
        whatever the handler or `keep` raises; then nothing was done.
        """
        with self._catalog.work(operation.writes) as work:
            operation, said = _named(work, operation)
            needs: tuple[Need, ...] = operation.needs(actor)
            lists: tuple[Need, ...] = operation.lists() if hasattr(operation, "lists") else ()
            things = _locked(work, operation, needs)
            _claim(work, operation, things)
            sitting = self._judge.sit()
            when = sitting.when or self._clock() // 1_000
            name = type(operation).__name__
            judged, refusal = _check(sitting, actor, needs, things, said)
            if refusal is not None:
                keep(Worked(name, judged), sitting.revision, when, refusal)
                raise refusal
            reaches = tuple(sitting.reach(actor, need) for need in lists)
            leave: Leave = _made(Leave, (actor, sitting.revision, when, things, reaches, work))
            result = handler(leave, operation)
            judged += tuple(Judged(need, None) for need in lists)
            keep(Worked(name, judged, _made_by(operation, result)), sitting.revision, when, None)
        return result.effect(result.result) if isinstance(result, After) else result

    def homes(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Kind and home of these things, as far as the catalog has any. Raises CouldNotDecide if out of reach."""
        with self._catalog.work(write=False) as work:
            return work.homes(ids)

    def kept(self, kind: str, scopes: Collection[str] | None, offset: int, limit: int) -> list[tuple[str, str]]:
        """Home and id of things of this kind in these scopes (None: wherever), the oldest first."""
        with self._catalog.work(write=False) as work:
            if kind == "workload":
                rows: Sequence[Thing] = work.workspaces(Wanted(scopes, sort="created", offset=offset, limit=limit))
            else:
                variants = [variant for variant in Variant if KIND_OF[variant] == kind]
                wanted = Wanted(scopes, variants, sort="created", offset=offset, limit=limit)
                rows = work.assets(wanted) if variants else ()
        return [(row.scope, row.id) for row in rows]


def _made_by(operation: Any, result: Any) -> str:
    """The id of what an operation made; empty if it made nothing."""
    if not isinstance(operation, CreateAsset | CreateWorkspace):
        return ""
    made = result.result if isinstance(result, After) else result
    return str((made.asset if isinstance(operation, CreateAsset) else made).id)


def _named(work: Work, operation: Any) -> tuple[Any, dict[str, str]]:
    """The operation with names for the numbers of scopes, and what its caller called these scopes.

    A number that nobody has leads to a name that no scope can have, so it reads like a scope out of reach.
    """
    places = {field: getattr(operation, field, None) for field in ("scope", "place")}
    numbers = {field: value for field, value in places.items() if isinstance(value, ByNumber)}
    if not numbers:
        return operation, {}
    known = work.unit_scopes([value.number for value in numbers.values()])
    names = {}
    for field, value in numbers.items():
        name = known.get(value.number, "")
        names[field] = name if name.startswith(f"{value.level}:") else f"{value.level}: {value.number}"
    return replace(operation, **names), {names[field]: str(value) for field, value in numbers.items()}


def _locked(work: Work, operation: Any, needs: Sequence[Need]) -> dict[str, Thing]:
    """The rows that needs speak of, as far as there are any of the kind they say, held against change; and those that
    the operation finds named in these, which it is not asked about, so that nothing waits for a row once it is decided.
    """
    workloads = [need.id for need in needs if need.id is not None and need.kind == "workload"]
    assets = [need.id for need in needs if need.id is not None and need.kind != "workload"]
    found: dict[str, Thing] = {}
    if assets:
        found |= work.lock(assets)
    if workloads:
        found |= work.lock_workspaces(workloads)
    if hasattr(operation, "named_in"):
        found |= work.lock([id for id in operation.named_in(found) if id not in found])
    return found


def _claim(work: Work, operation: Any, things: Mapping[str, Thing]) -> None:
    """Have to oneself the names that the operation takes or gives up, so that no decision waits for one: there is no
    row to lock for what is not there yet."""
    if hasattr(operation, "claims") and (names := operation.claims(things)):
        work.claim(names)


def _home(need: Need, things: Mapping[str, Thing]) -> Need | None:
    """The need with the home of what it speaks of, and its place; None if there is no such thing of that kind."""
    if need.beside is not None and need.beside in things:
        need = need._replace(place=things[need.beside].scope)
    if need.id is None:
        return need
    thing = things.get(need.id)
    if thing is None or (thing.kind if isinstance(thing, Asset) else "workload") != need.kind:
        return None
    return need._replace(scope=thing.scope)


def _check(
    sitting: Sitting, actor: Actor, needs: Sequence[Need], things: Mapping[str, Thing], said: Mapping[str, str]
) -> tuple[tuple[Judged, ...], NotAllowed | NotFound | None]:
    """The needs as they were decided, all together, and the refusal that tells, one by one, all that is missing."""
    placed = [_home(need, things) for need in needs]
    there = [need for need in placed if need is not None]
    granted = dict(zip(there, sitting.decide(actor, there), strict=True))
    denied = [need for need in there if not granted[need]]
    seen = [need._replace(action="view") for need in denied if need.id is not None]
    visible = {need.id for need, yes in zip(seen, sitting.decide(actor, seen), strict=True) if yes} if seen else set()
    lacking, gone = [], []
    for need, home in zip(needs, placed, strict=True):
        if home is None or (not granted[home] and home.id is not None and home.id not in visible):
            gone.append(_gone(need, said))
        elif not granted[home]:
            where = home.place if home.place is not None else home.scope
            thing = f" for `{need.id}`" if need.id else ""
            lacking.append(f"`{actor.subject}` lacks `{need}` in `{said.get(where, where)}`{thing}")
    judged = tuple(
        Judged(need, False, there=False) if home is None else Judged(home, granted[home])
        for need, home in zip(needs, placed, strict=True)
    )
    if lacking:
        return judged, NotAllowed(str(denied[0]), *lacking, *gone)
    return judged, NotFound(*gone) if gone else None


def _gone(need: Need, said: Mapping[str, str]) -> str:
    """What is said of a thing that there is not, or that is out of reach: the same."""
    where = f" to {need.action} in `{said.get(need.place, need.place)}`" if need.place is not None else ""
    return f"there is no {need.kind} `{need.id}`{where}"
