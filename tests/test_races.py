"""Races through the real gate: of two who want one thing one gets it, nothing is made of what is gone, no change is
lost, and what waited for a row is decided by the policy that holds when it comes through (threats, row 29).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

import catalogs
from catalogs import PATIENCE, VISION, asset, kept
from keeping import kept_over
from remit.adapters.db.store import SqlCatalog
from remit.adapters.memory import RingJournal
from remit.bootstrap import handlers
from remit.core.blocks import Asset, Phase, Variant, Workspace
from remit.core.model import Actor
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.errors import Conflict, NotAllowed, NotFound, Outdated, RequestInvalid
from remit.service import catalog_gate
from remit.service import operations as op
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from remit.service.ports import Secrets, Wanted
from server import SECRET
from test_shipped_policy import shipped

postgres_url, opened, sort, sql_catalog = catalogs.postgres_url, catalogs.opened, catalogs.sort, catalogs.sql_catalog

ADA = Actor("user:ada@example.com")
ROUNDS = 50
IMAGE = {"image": "ubuntu"}


def _without_ada() -> dict[str, bytes]:
    found = dict(shipped())
    name = "policies/access_rules.csv"
    found[name] = found[name].replace(b"g, user:ada@example.com, l1-researcher, project:vision\n", b"")
    return {path: data for path, data in found.items() if "/cases/" not in path}


BEFORE, AFTER = Snapshot(read_policy(shipped())), Snapshot(read_policy(_without_ada()))


class Live:
    """The live policy, swapped by whoever likes."""

    def __init__(self) -> None:
        self.snapshot = BEFORE

    def __call__(self) -> Snapshot:
        return self.snapshot


def gate_over(catalog: SqlCatalog, live: Callable[[], Snapshot] | None = None, cluster: Any = None) -> Gate:
    """The real gate over a catalog."""
    made = kept_over(live or Live(), catalog, cluster=cluster)
    performed = {**handlers(SECRET, LivePolicy(BEFORE), made.door), **made.handlers}
    return Gate(LivePolicy(BEFORE), RingJournal(), time.time_ns, performed, made.door)


def together(gate: Gate, *operations: Any) -> list[Any]:
    """What operations of Ada's, begun at once, come to."""

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(gate.perform(ADA, one) for one in operations), return_exceptions=True)

    return asyncio.run(all_of_them())


def block(name: str, variant: Variant = Variant.ENVIRONMENT) -> op.CreateAsset:
    return op.CreateAsset(variant, name, "", VISION, IMAGE)


def rows(catalog: SqlCatalog) -> tuple[tuple[Asset, ...], tuple[Workspace, ...]]:
    with catalog.work(write=False) as work:
        return work.assets(Wanted(None)), work.workspaces(Wanted(None))


def test_of_two_who_want_a_name_one_gets_it(sql_catalog: SqlCatalog) -> None:
    gate = gate_over(sql_catalog)
    for number in range(ROUNDS):
        found = together(gate, block(f"n{number}"), block(f"n{number}"))
        assert sorted(type(one).__name__ for one in found) == ["Conflict", "Entry"]
    assert [one.name for one in rows(sql_catalog)[0]] == sorted(f"n{number}" for number in range(ROUNDS))


def test_a_block_is_deleted_or_built_of_and_never_both(sql_catalog: SqlCatalog) -> None:
    gate, orders = gate_over(sql_catalog), set()
    for number in range(ROUNDS):
        compute = asset(f"c{number}", VISION, Variant.COMPUTE, spec={"cpuCoreRequest": 1})
        kept(sql_catalog, compute)
        delete = op.DeleteAsset(compute.id, (Variant.COMPUTE,))
        build = op.CreateWorkspace(f"w{number}", VISION, (op.Chosen("compute-resource", compute.id),), IMAGE)
        if number % 2:
            built, deleted = together(gate, build, delete)
        else:
            deleted, built = together(gate, delete, build)
        assets, rooms = rows(sql_catalog)
        there = compute.id in {one.id for one in assets}
        made = any(compute.id in room.blocks for room in rooms)
        assert there == made, "a workspace of what is gone, or a block gone from under a workspace"
        assert isinstance(deleted, Conflict) if made else isinstance(built, NotFound) and deleted is None
        orders.add(made)
    assert orders == {True, False}, "only one order was tried"


def test_without_locks_that_would_be_noticed(sql_catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows read in a transaction of their own, as a gate without locks would, lose one of the two."""
    one = asset("one", VISION, Variant.COMPUTE, spec={"cpuCoreRequest": 1})
    kept(sql_catalog, one)
    barrier = threading.Barrier(2)

    def unlocked(work: Any, _: Any, needs: Any) -> dict[str, Any]:
        with sql_catalog.work(write=False) as other:
            found = other.lock([need.id for need in needs if need.id is not None])
        barrier.wait(PATIENCE)
        return found

    monkeypatch.setattr(catalog_gate, "_locked", unlocked)
    build = op.CreateWorkspace("w", VISION, (op.Chosen("compute-resource", one.id),), IMAGE)
    delete, gate = op.DeleteAsset(one.id, (Variant.COMPUTE,)), gate_over(sql_catalog)
    for _ in range(ROUNDS):
        together(gate, build, delete)
        assets, rooms = rows(sql_catalog)
        if rooms and not assets:
            return
        with sql_catalog.work() as work:
            for room in rooms:
                work.remove_workspace(room.id)
            if not assets:
                work.add(one, None)
    raise AssertionError("no race was seen in a gate without locks")


@contextmanager
def held_up(catalog: SqlCatalog, id: str) -> Iterator[Callable[[], None]]:
    """Hold a row; what is given lets go of it."""
    go, has = threading.Event(), threading.Event()

    def hold() -> None:
        with catalog.work() as work:
            work.lock([id])
            work.lock_workspaces([id])
            has.set()
            go.wait(PATIENCE)

    thread = threading.Thread(target=hold)
    thread.start()
    assert has.wait(PATIENCE)
    try:
        yield go.set
    finally:
        go.set()
        thread.join(PATIENCE)


def revoked_while_waiting(catalog: SqlCatalog, live: Live, operation: Any, id: str) -> Any:
    """What an operation comes to that began before Ada's rights were taken, and got its row after."""

    async def race() -> Any:
        with held_up(catalog, id) as let_go:
            begun = asyncio.create_task(gate_over(catalog, live).perform(ADA, operation))
            await asyncio.sleep(0.1)
            assert not begun.done(), "it did not wait for the row"
            live.snapshot = AFTER
            let_go()
            return (await asyncio.gather(begun, return_exceptions=True))[0]

    return asyncio.run(race())


def changes(one: Asset, room: Workspace) -> dict[str, tuple[str, Any]]:
    update = op.UpdateAsset(one.id, one.variant, "new", None, None)
    build = op.CreateWorkspace("w", VISION, (op.Chosen("environment", one.id),), {})
    return {
        "update": (one.id, update),
        "delete": (one.id, op.DeleteAsset(one.id, (one.variant,))),
        "build": (one.id, build),
        "suspend": (room.id, op.SuspendWorkspace(room.id)),
        "remove": (room.id, op.DeleteWorkspace(room.id)),
    }


@pytest.mark.parametrize("name", ["update", "delete", "build", "suspend", "remove"])
def test_what_waited_for_a_row_is_decided_by_the_policy_of_then(sql_catalog: SqlCatalog, name: str) -> None:
    one, room = asset("one", VISION, Variant.ENVIRONMENT, spec=IMAGE), catalogs.workspace("room")
    kept(sql_catalog, one, room)
    id, operation = changes(one, room)[name]
    before = rows(sql_catalog)
    found = revoked_while_waiting(sql_catalog, Live(), operation, id)
    assert isinstance(found, NotAllowed | NotFound)
    assert rows(sql_catalog) == before


def test_what_waited_for_credentials_that_a_block_names_is_decided_by_the_policy_of_then(
    sql_catalog: SqlCatalog,
) -> None:
    login = asset("login", VISION, Variant.PASSWORD, spec={"existingSecretName": "login"})
    spec = {**IMAGE, "environmentVariables": [{"name": "A", "credential": {"assetId": login.id, "key": "password"}}]}
    one = asset("one", VISION, Variant.ENVIRONMENT, spec=spec)
    kept(sql_catalog, login, one)
    before, build = rows(sql_catalog), op.CreateWorkspace("w", VISION, (op.Chosen("environment", one.id),), {})
    found = revoked_while_waiting(sql_catalog, Live(), build, login.id)
    assert isinstance(found, NotAllowed | NotFound)
    assert rows(sql_catalog) == before
    (built,) = together(gate_over(sql_catalog), build)
    assert login.id in built.workspace.blocks and built.workspace.spec["existingSecrets"] == {login.id: "login"}


class Noted:
    """A cluster that knows what runs in it."""

    real = True

    def __init__(self) -> None:
        self.running: dict[str, Phase] = {}
        self.before_apply: Callable[[], object] = lambda: None

    def apply(self, workspace: Workspace, secrets: Secrets) -> None:
        self.before_apply()
        self.running[workspace.id] = workspace.wanted

    def phase(self, workspace: Workspace) -> Phase:
        return self.running.get(workspace.id, Phase.DELETED)

    def remove(self, workspace: Workspace) -> None:
        self.running.pop(workspace.id, None)

    def manifest(self, workspace: Workspace) -> str:
        return ""


class Stuck(Noted):
    """A cluster that keeps whoever renders a workspace waiting, within its transaction, and then fails it."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.has = threading.Event(), threading.Event()

    def manifest(self, workspace: Workspace) -> str:
        self.has.set()
        self.go.wait(PATIENCE)
        raise RequestInvalid("nothing comes of it")


TAKEN = {
    "create": block("n"),
    "build": op.CreateWorkspace("w", VISION, (), IMAGE),
    "build with a block": op.CreateWorkspace("x", VISION, (op.Inline(Variant.ENVIRONMENT, "n", "", IMAGE),), {}),
}
"""What of Ada's wants a name that a workspace `w` with a new environment `n` has until it fails."""


def revoked_while_another_creates(catalog: SqlCatalog, operation: Any, after: Snapshot = AFTER) -> Any:
    """What an operation comes to whose name another transaction has until it fails, and Ada's rights end meanwhile."""
    live, cluster = Live(), Stuck()
    first = op.CreateWorkspace("w", VISION, (op.Inline(Variant.ENVIRONMENT, "n", "", IMAGE),), {})

    async def race() -> Any:
        stuck = asyncio.create_task(gate_over(catalog, live, cluster).perform(ADA, first))
        assert await asyncio.to_thread(cluster.has.wait, PATIENCE)
        begun = asyncio.create_task(gate_over(catalog, live).perform(ADA, operation))
        await asyncio.sleep(0.2)
        assert not begun.done(), "it did not wait for the name"
        live.snapshot = after
        cluster.go.set()
        failed, found = await asyncio.gather(stuck, begun, return_exceptions=True)
        assert isinstance(failed, RequestInvalid)
        return found

    return asyncio.run(race())


@pytest.mark.parametrize("name", TAKEN)
def test_what_waited_for_a_name_is_decided_by_the_policy_of_then(sql_catalog: SqlCatalog, name: str) -> None:
    assert isinstance(revoked_while_another_creates(sql_catalog, TAKEN[name]), NotAllowed)
    assert rows(sql_catalog) == ((), ())
    assert not isinstance(revoked_while_another_creates(sql_catalog, TAKEN[name], BEFORE), Exception)


def test_a_new_name_is_waited_for_before_the_decision_too(sql_catalog: SqlCatalog) -> None:
    one = asset("one", VISION, Variant.ENVIRONMENT, spec=IMAGE)
    kept(sql_catalog, one)
    rename = op.UpdateAsset(one.id, one.variant, "n", None, None)
    assert isinstance(revoked_while_another_creates(sql_catalog, rename), NotAllowed | NotFound)
    assert rows(sql_catalog) == ((one,), ())


@pytest.mark.parametrize("how", ["delete", "rename"])
def test_a_name_that_becomes_free_is_waited_for_before_the_decision(sql_catalog: SqlCatalog, how: str) -> None:
    one, live = asset("n", VISION, Variant.ENVIRONMENT, spec=IMAGE), Live()
    go, has = threading.Event(), threading.Event()
    kept(sql_catalog, one)
    first = {
        "delete": op.DeleteAsset(one.id, (one.variant,)),
        "rename": op.UpdateAsset(one.id, one.variant, "other", None, None),
    }[how]
    made = kept_over(live, sql_catalog)
    honest = made.handlers[type(first)]

    def slow(*given: Any) -> Any:
        found = honest(*given)
        has.set()
        go.wait(PATIENCE)
        return found

    performed = {**handlers(SECRET, made.door), **made.handlers, type(first): slow}
    slowly = Gate(LivePolicy(BEFORE), RingJournal(), time.time_ns, performed, made.door)

    async def race() -> Any:
        begun = asyncio.create_task(slowly.perform(ADA, first))
        assert await asyncio.to_thread(has.wait, PATIENCE)
        creating = asyncio.create_task(gate_over(sql_catalog, live).perform(ADA, block("n")))
        await asyncio.sleep(0.2)
        assert not creating.done(), "it did not wait for the name"
        live.snapshot = AFTER
        go.set()
        return await asyncio.gather(begun, creating, return_exceptions=True)

    freed, created = asyncio.run(race())
    assert not isinstance(freed, Exception) and isinstance(created, NotAllowed)
    assert "n" not in [each.name for each in rows(sql_catalog)[0]]


def test_a_gate_that_claims_no_names_is_noticed(sql_catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_gate, "_claim", lambda *_: None)
    assert not isinstance(revoked_while_another_creates(sql_catalog, block("n")), Exception)


def test_names_in_any_order_end_in_no_deadlock(sql_catalog: SqlCatalog) -> None:
    gate = gate_over(sql_catalog)
    for number in range(ROUNDS // 2):
        new = [op.Inline(variant, f"n{number}", "", IMAGE) for variant in (Variant.ENVIRONMENT, Variant.COMPUTE)]
        both = [op.CreateWorkspace(f"w{number}{way}", VISION, tuple(new[::way]), {}) for way in (1, -1)]
        found = together(gate, *both)
        assert sorted(type(one).__name__ for one in found) == ["Built", "Conflict"], found


def test_a_gate_that_decides_before_it_locks_is_noticed(
    sql_catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, live = asset("one", VISION, Variant.ENVIRONMENT, spec=IMAGE), Live()
    kept(sql_catalog, one)
    honest = catalog_gate._locked

    def late(work: Any, operation: Any, needs: Any) -> Mapping[str, Any]:
        seen = live.snapshot  # decided by what was live before the wait
        found = honest(work, operation, needs)
        live.snapshot = seen
        return found

    monkeypatch.setattr(catalog_gate, "_locked", late)
    assert not isinstance(
        revoked_while_waiting(sql_catalog, live, op.UpdateAsset(one.id, one.variant, "new", None, None), one.id),
        Exception,
    )


def test_rows_name_the_policy_that_allowed_them(sql_catalog: SqlCatalog) -> None:
    """While the policy changes all the time, whatever is written was allowed, and by the revision that it names."""
    live, done, one = Live(), threading.Event(), asset("one", VISION, Variant.ENVIRONMENT, spec=IMAGE)
    kept(sql_catalog, one)
    gate = gate_over(sql_catalog, live)

    def swap() -> None:
        while not done.is_set():
            live.snapshot = AFTER if live.snapshot is BEFORE else BEFORE
            time.sleep(0.001)

    swapping = threading.Thread(target=swap)
    swapping.start()
    outcomes: list[Any] = []
    try:
        for number in range(ROUNDS):
            outcomes += together(
                gate,
                op.UpdateAsset(one.id, one.variant, f"u{number}", None, None),
                op.CreateWorkspace(f"w{number}", VISION, (op.Chosen("environment", one.id),), {}),
                block(f"b{number}"),
            )
    finally:
        done.set()
        swapping.join(PATIENCE)
    refused = [found for found in outcomes if isinstance(found, Exception)]
    assert all(isinstance(found, NotAllowed | NotFound) for found in refused), refused
    assert 0 < len(refused) < len(outcomes), "both policies must have been met"
    assets, rooms = rows(sql_catalog)
    stamps = [each.updated for each in assets if each.updated.by == ADA.subject and each.updated.revision != "r1"]
    assert stamps and {stamp.revision for stamp in (*stamps, *(room.created for room in rooms))} == {BEFORE.revision}
    changed = sum(not isinstance(found, Exception) for found in outcomes)
    (now,) = (each for each in assets if each.id == one.id)
    assert changed == now.version - 1 + len(rooms) + len(assets) - 1


def test_no_change_is_lost_among_those_who_say_what_they_saw(sql_catalog: SqlCatalog) -> None:
    one = asset("one", VISION, Variant.ENVIRONMENT, spec=IMAGE)
    kept(sql_catalog, one)
    gate = gate_over(sql_catalog)
    for version in range(1, ROUNDS // 2):
        wanted = [op.UpdateAsset(one.id, one.variant, f"{version}-{n}", None, None, version=version) for n in range(3)]
        found = together(gate, *wanted)
        winners = [entry for entry in found if not isinstance(entry, Exception)]
        assert len(winners) == 1 and sum(isinstance(entry, Outdated) for entry in found) == 2
        assert rows(sql_catalog)[0] == (winners[0].asset,) and winners[0].asset.version == version + 1


def test_suspending_does_not_bring_back_what_is_deleted(sql_catalog: SqlCatalog) -> None:
    gate = gate_over(sql_catalog)
    for number in range(ROUNDS):
        room = catalogs.workspace(f"w{number}")
        kept(sql_catalog, room)
        pair = [op.SuspendWorkspace(room.id), op.DeleteWorkspace(room.id)]
        suspended, deleted = together(gate, *pair) if number % 2 else together(gate, *pair[::-1])[::-1]
        assert deleted is None
        assert not isinstance(suspended, Exception) or isinstance(suspended, NotFound)
        assert rows(sql_catalog)[1] == ()


def test_nothing_runs_that_the_catalog_does_not_know(sql_catalog: SqlCatalog) -> None:
    cluster, room = Noted(), catalogs.workspace("room")
    kept(sql_catalog, room)
    gate = gate_over(sql_catalog, cluster=cluster)

    def delete_meanwhile() -> None:
        cluster.before_apply = lambda: None
        assert together(gate, op.DeleteWorkspace(room.id)) == [None]

    cluster.before_apply = delete_meanwhile
    together(gate, op.SuspendWorkspace(room.id, resume=True))
    assert rows(sql_catalog)[1] == () and cluster.running == {}
