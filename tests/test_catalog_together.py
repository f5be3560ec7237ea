"""What every catalog does when several use it at once: the second sees what the first did, and nothing is lost."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest

import catalogs
from catalogs import NLP, PATIENCE, VISION, asset, at_once, changed, kept, workspace
from remit.adapters.db.store import SqlCatalog
from remit.core.blocks import Asset
from remit.errors import Conflict, Outdated
from remit.service.ports import Catalog, Wanted, Work

Result = TypeVar("Result")

postgres_url, opened, catalog = catalogs.postgres_url, catalogs.opened, catalogs.every_catalog
sort, sql_catalog = catalogs.sort, catalogs.sql_catalog

AWHILE = 0.15
"""Seconds after which one who has not come through by then is taken to wait."""


def one_after_the_other(
    catalog: Catalog, first: Callable[[Work], object], second: Callable[[Work], Result]
) -> Result | Exception:
    """What `second` finds, begun while `first` is done but not committed. It must not come through before that."""
    begun, done = threading.Event(), threading.Event()

    def one() -> None:
        with catalog.work() as work:
            first(work)
            begun.set()
            assert not done.wait(AWHILE), "the second did not wait for the first"

    def two() -> Result:
        assert begun.wait(PATIENCE)
        with catalog.work() as work:
            found = second(work)
            done.set()
            return found

    nothing, found = at_once(one, two)
    assert nothing is None, nothing
    return found  # type: ignore[return-value]


def test_who_locks_second_sees_what_the_first_did(catalog: Catalog) -> None:
    one = asset()
    kept(catalog, one)
    new = changed(one, description="new", has_secret=True)

    def change(work: Work) -> None:
        work.put(changed(work.lock([one.id])[one.id], description="new"), b"secret")

    assert one_after_the_other(catalog, change, lambda work: work.lock([one.id])) == {one.id: new}


def test_a_block_is_not_deleted_under_a_workspace_being_made(catalog: Catalog) -> None:
    block = asset()
    kept(catalog, block)

    def make(work: Work) -> None:
        assert work.lock([block.id])
        work.add_workspace(workspace("w", blocks=(block.id,), id="w"))

    def delete(work: Work) -> object:
        assert work.lock([block.id])
        return work.used_by([block.id])

    assert one_after_the_other(catalog, make, delete) == {block.id: ("w",)}


def test_no_workspace_is_made_of_a_block_being_deleted(catalog: Catalog) -> None:
    block = asset()
    kept(catalog, block)

    def delete(work: Work) -> None:
        work.lock([block.id])
        work.remove(block.id)

    assert one_after_the_other(catalog, delete, lambda work: work.lock([block.id])) == {}


def test_a_removed_row_is_not_changed_any_more(catalog: Catalog) -> None:
    one = asset()
    kept(catalog, one)
    found = one_after_the_other(catalog, lambda work: work.remove(one.id), lambda work: work.put(changed(one), None))
    assert isinstance(found, Outdated)


def test_workspaces_are_locked_too(catalog: Catalog) -> None:
    one = workspace(blocks=("a", "b"))
    kept(catalog, one)
    new = one._replace(version=2, phase_at=5)

    def change(work: Work) -> None:
        assert work.lock_workspaces([one.id]) == {one.id: one}
        work.put_workspace(new)

    assert one_after_the_other(catalog, change, lambda work: work.lock_workspaces([one.id])) == {one.id: new}


def test_what_the_first_undoes_the_second_never_sees(catalog: Catalog) -> None:
    one, begun = asset(), threading.Event()
    kept(catalog, one)

    def undo() -> None:
        with catalog.work() as work:
            work.put(changed(one, name="undone"), b"secret")
            work.add(asset("new", id="new"), None)
            begun.set()
            threading.Event().wait(AWHILE)
            raise ZeroDivisionError

    def look() -> object:
        assert begun.wait(PATIENCE)
        with catalog.work() as work:
            work.add(asset("new", id="newer"), None)
            return work.lock([one.id]), work.assets(Wanted([VISION], name="new"))

    undone, (locked, new) = at_once(undo, look)  # type: ignore[misc]
    assert isinstance(undone, ZeroDivisionError)
    assert locked == {one.id: one} and [each.id for each in new] == ["newer"]


def test_who_only_reads_waits_for_nobody_and_sees_one_state(catalog: Catalog) -> None:
    one = asset()
    kept(catalog, one)
    with catalog.work() as writing:
        writing.lock([one.id])
        writing.put(changed(one, name="new"), None)
        with catalog.work(write=False) as reading:
            assert reading.lock([one.id]) == {one.id: one}
            assert reading.assets(Wanted([VISION])) == (one,)
    with catalog.work(write=False) as reading:
        assert reading.count(Wanted([VISION])) == 1
        kept(catalog, asset("meanwhile"))
        assert [each.name for each in reading.assets(Wanted([VISION]))] == ["new"]
    with catalog.work(write=False) as reading:
        assert reading.count(Wanted([VISION])) == 2


def test_of_many_who_want_a_name_one_gets_it(catalog: Catalog) -> None:
    together = threading.Barrier(6)

    def add(number: int) -> int:
        together.wait(PATIENCE)
        kept(catalog, asset("wanted", id=f"asset-{number}"))
        return number

    found = at_once(*(partial(add, number) for number in range(6)))
    (got,) = [one for one in found if isinstance(one, int)]
    assert [type(one) for one in found if one != got] == [Conflict] * 5
    with catalog.work(write=False) as work:
        assert [one.id for one in work.assets(Wanted([VISION]))] == [f"asset-{got}"]


def test_of_many_who_change_what_they_saw_one_does(catalog: Catalog) -> None:
    one, together = asset(), threading.Barrier(6)
    kept(catalog, one)

    def change(number: int) -> int:
        with catalog.work(write=False) as work:
            (seen,) = work.assets(Wanted([VISION]))
        together.wait(PATIENCE)
        with catalog.work() as work:
            work.put(changed(seen, description=str(number)), None)
        return number

    found = at_once(*(partial(change, number) for number in range(6)))
    (did,) = [one for one in found if isinstance(one, int)]
    assert [type(one) for one in found if one != did] == [Outdated] * 5
    with catalog.work(write=False) as work:
        assert work.assets(Wanted([VISION])) == (changed(one, description=str(did)),)


def test_no_change_is_lost_by_those_who_lock_first(catalog: Catalog) -> None:
    one = asset(spec={"count": 0})
    kept(catalog, one)

    def count() -> None:
        for _ in range(10):
            with catalog.work() as work:
                seen = work.lock([one.id])[one.id]
                work.put(changed(seen, spec={"count": seen.spec["count"] + 1}), None)

    assert at_once(*(count for _ in range(4))) == [None] * 4
    with catalog.work(write=False) as work:
        (found,) = work.assets(Wanted([VISION]))
    assert (found.spec["count"], found.version) == (40, 41)


def test_locks_in_any_order_end_in_no_deadlock(catalog: Catalog) -> None:
    assets, rooms = [asset(str(number)) for number in range(6)], [workspace(str(number)) for number in range(6)]
    kept(catalog, *assets, *rooms)

    def lock(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(15):
            with catalog.work() as work:
                found = work.lock([one.id for one in chance.sample(assets, 4)])
                work.lock_workspaces([one.id for one in chance.sample(rooms, 4)])
                for one in chance.sample(list(found.values()), 2):
                    work.put(changed(one), None)

    assert at_once(*(partial(lock, seed) for seed in range(4))) == [None] * 4
    with catalog.work(write=False) as work:
        versions = [one.version - 1 for one in work.assets(Wanted([VISION]))]
    assert sum(versions) == 4 * 15 * 2


def test_all_who_ask_at_once_get_the_same_numbers(catalog: Catalog) -> None:
    scopes, together = [f"project:{number}" for number in range(40)], threading.Barrier(5)

    def number(seed: int) -> dict[str, int]:
        asked = random.Random(seed).sample(scopes, 30)
        together.wait(PATIENCE)
        with catalog.work() as work:
            return work.unit_ids(asked)

    found = at_once(*(partial(number, seed) for seed in range(5)))
    with catalog.work() as work:
        numbers = work.unit_ids(scopes)
        assert work.unit_scopes(numbers.values()) == {number: scope for scope, number in numbers.items()}
    assert len(set(numbers.values())) == len(scopes)
    for each in found:
        assert isinstance(each, dict) and len(each) == 30 and each.items() <= numbers.items()


def test_one_who_looked_first_may_still_write(catalog: Catalog) -> None:
    one = asset()
    kept(catalog, one)
    with catalog.work() as work:
        assert work.count(Wanted([VISION])) == 1
        work.put(changed(one), None)
        assert work.lock([one.id]) == {one.id: changed(one)}


def test_one_who_looked_before_another_wrote_may_still_write(sql_catalog: SqlCatalog) -> None:
    one = asset()
    kept(sql_catalog, one)
    with sql_catalog.work() as work:
        assert work.count(Wanted([VISION])) == 1
        kept(sql_catalog, asset("meanwhile"))
        assert work.lock([one.id]) == {one.id: one}
        assert work.count(Wanted([VISION])) == 2


@pytest.mark.parametrize("seed", range(12))
def test_a_database_does_what_the_simplest_catalog_does(sql_catalog: SqlCatalog, seed: int) -> None:
    simple, chance = catalogs.MemoryCatalog(), random.Random(seed)
    for _ in range(8):
        steps = [random_step(chance) for _ in range(chance.randint(1, 6))]
        assert outcome(sql_catalog, steps) == outcome(simple, steps)
    everything = Wanted([VISION, NLP])
    with sql_catalog.work(write=False) as one, simple.work(write=False) as other:
        assert one.assets(everything) == other.assets(everything)
        assert one.workspaces(everything) == other.workspaces(everything)


def outcome(catalog: Catalog, steps: list[Callable[[Work], object]]) -> list[object]:
    """What each step gives, and how the work ends."""
    found: list[object] = []
    try:
        with catalog.work() as work:
            found += [step(work) for step in steps]
    except (Conflict, Outdated) as error:
        found.append((type(error), str(error)))
    return found


def random_step(chance: random.Random) -> Callable[[Work], object]:
    """One thing that somebody may do to a small catalog."""
    ids = [f"{sort}-{number}" for sort in ("asset", "workspace") for number in range(4)]
    id, name, scope = chance.choice(ids), chance.choice("abAé"), chance.choice([VISION, NLP])
    version, secret, some = chance.randint(1, 3), chance.choice([None, b"s"]), chance.sample(ids, 3)
    block = asset(name, scope, chance.choice(list(catalogs.Variant)[:4]), id=id, version=version)
    room = workspace(name, scope, tuple(some), id=id, version=version)
    wanted = Wanted([scope], search=chance.choice([None, name.upper()]), descending=chance.random() < 0.5, limit=3)
    seen: dict[str, Asset] = {}

    def change(work: Work) -> None:
        seen.update(work.lock(some))
        for one in seen.values():
            work.put(changed(one, name=name), secret)

    steps: list[Callable[[Work], object]] = [
        lambda work: work.add(block._replace(version=1), secret),
        lambda work: work.add_workspace(room._replace(version=1)),
        change,
        lambda work: work.put(block, secret),
        lambda work: work.put_workspace(room),
        lambda work: work.remove(id),
        lambda work: work.remove_workspace(id),
        lambda work: (work.assets(wanted), work.count(wanted)),
        lambda work: (work.workspaces(wanted), work.count_workspaces(wanted)),
        lambda work: (work.used_by(some), work.homes(some), work.secret(id), work.lock_workspaces(some)),
    ]
    return chance.choice(steps)
