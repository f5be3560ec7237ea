"""What every catalog does with workspaces, with what they are made of, and with the numbers of scopes."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

import catalogs
from catalogs import AUDIO, NLP, VISION, asset, kept, stamp, workspace
from remit.adapters.db.store import SqlCatalog
from remit.adapters.db.tables import org_units
from remit.core.blocks import Phase, Workspace
from remit.errors import Conflict, Outdated, RequestInvalid
from remit.service.ports import Catalog, Wanted

postgres_url, opened, catalog = catalogs.postgres_url, catalogs.opened, catalogs.every_catalog
sort, sql_catalog = catalogs.sort, catalogs.sql_catalog


def all_of(catalog: Catalog) -> tuple[Workspace, ...]:
    with catalog.work(write=False) as work:
        return work.workspaces(Wanted([VISION, NLP]))


def test_a_workspace_comes_back_as_it_was_put_in(catalog: Catalog) -> None:
    blocks = tuple(f"block-{number}" for number in (*range(12, 0, -1), 5))  # in no order, and one twice
    one = workspace("Größe", blocks=blocks, spec={"a": [1, 1.5]}, phase_at=2**62, actual=Phase.UNKNOWN)
    bare = workspace("bare")
    kept(catalog, one, bare)
    assert all_of(catalog) == (one, bare)
    with catalog.work() as work:
        assert work.lock_workspaces([one.id, bare.id, "nobody"]) == {one.id: one, bare.id: bare}


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_comes_back(catalog: Catalog, phase: Phase) -> None:
    kept(catalog, workspace(wanted=phase, actual=phase))
    assert [(one.wanted, one.actual) for one in all_of(catalog)] == [(phase, phase)]


def test_a_workspace_changes_in_all_but_what_made_it(catalog: Catalog) -> None:
    one = workspace(blocks=("a", "b"))
    kept(catalog, one)
    new = one._replace(
        name="new", wanted=Phase.STOPPED, actual=Phase.STOPPING, phase_at=7, updated=stamp(9), version=2, spec={"b": 1}
    )
    with catalog.work() as work:
        work.put_workspace(new._replace(created=stamp(7, "user:mallory"), blocks=("c",)))
    assert all_of(catalog) == (new,)


@pytest.mark.parametrize(
    "other", [{"version": 1}, {"version": 3}, {"version": 2, "id": "nobody"}, {"version": 2, "scope": NLP}]
)
def test_another_version_of_a_workspace_is_not_overwritten(catalog: Catalog, other: dict[str, object]) -> None:
    one = workspace()
    kept(catalog, one)
    with pytest.raises(Outdated, match=r"^`one` has been changed meanwhile; read it again$"), catalog.work() as work:
        work.put_workspace(one._replace(actual=Phase.FAILED, **other))  # type: ignore[arg-type]
    assert all_of(catalog) == (one,)


def test_a_workspace_has_its_name_alone_in_its_project(catalog: Catalog) -> None:
    one, two = workspace("one"), workspace("two")
    kept(catalog, one, two, workspace("one", NLP), asset("one"))
    with pytest.raises(Conflict, match=r"^`project:vision` has a workspace called `one` already$"):
        kept(catalog, workspace("one", blocks=("a",)))
    with pytest.raises(Conflict), catalog.work() as work:
        work.put_workspace(two._replace(name="one", version=2))
    with pytest.raises(Conflict):
        kept(catalog, workspace("three", id=one.id))
    assert len(all_of(catalog)) == 3


def test_a_workspace_that_cannot_be_kept_is_refused(catalog: Catalog) -> None:
    for wrong in (workspace("\0"), workspace(blocks=("\ud800",)), workspace(spec={"a": ["\0"]})):
        with pytest.raises(RequestInvalid):
            kept(catalog, wrong)
    assert all_of(catalog) == ()


def test_a_removed_workspace_leaves_its_blocks(catalog: Catalog) -> None:
    block = asset()
    one, two = workspace("one", blocks=(block.id,)), workspace("two", blocks=(block.id,))
    kept(catalog, block, one, two)
    with catalog.work() as work:
        work.remove_workspace(one.id)
        work.remove_workspace("nobody")
        assert work.used_by([block.id]) == {block.id: (two.id,)}
        assert work.lock([block.id]) == {block.id: block}
    kept(catalog, one)
    assert all_of(catalog) == (one, two)


def test_used_by_names_the_workspaces_of_each_block(catalog: Catalog) -> None:
    a, b, c = asset("a"), asset("b"), asset("c")
    one, two, three = workspace("1", blocks=(a.id, b.id, a.id)), workspace("2", NLP, (b.id,)), workspace("3")
    kept(catalog, a, b, c, one, two, three)
    with catalog.work(write=False) as work:
        assert work.used_by([c.id, b.id, a.id, "nobody", "\0"]) == {a.id: (one.id,), b.id: (one.id, two.id)}
        assert work.used_by([]) == work.used_by([c.id]) == {}


def test_a_workspace_outlives_a_block(catalog: Catalog) -> None:
    block = asset()
    one = workspace(blocks=(block.id,))
    kept(catalog, block, one)
    with catalog.work() as work:
        work.remove(block.id)
    assert all_of(catalog) == (one,)
    with catalog.work(write=False) as work:
        assert work.used_by([block.id]) == {block.id: (one.id,)}


def test_a_scope_keeps_its_number_and_nobody_else_gets_it(catalog: Catalog) -> None:
    with catalog.work() as work:
        first = work.unit_ids([VISION, NLP, VISION])
        assert work.unit_ids([NLP, VISION]) == first
    with catalog.work() as work:
        second = work.unit_ids([AUDIO, NLP, "*", "department:é"])
    with catalog.work() as work:
        third = work.unit_ids(["project:Vision"])
    assert list(first) == [VISION, NLP] and second[NLP] == first[NLP]
    numbers = first | second | third
    assert len(set(numbers.values())) == 6 and min(numbers.values()) > 0
    with catalog.work(write=False) as work:
        assert work.unit_scopes(numbers.values()) == {number: scope for scope, number in numbers.items()}
        assert work.unit_ids(list(numbers)) == numbers, "no writing needed"


def test_numbers_that_nobody_has_stand_for_no_scope(catalog: Catalog) -> None:
    with catalog.work() as work:
        number = work.unit_ids([VISION])[VISION]
        assert work.unit_ids([]) == {}
        asked = [number, 0, -1, 99, 2**31 - 1, 2**31, 2**63, 10**40]
        assert work.unit_scopes(asked) == {number: VISION}
        assert work.unit_scopes([]) == {}


def test_a_number_given_in_vain_is_never_anothers(catalog: Catalog) -> None:
    with pytest.raises(ZeroDivisionError), catalog.work() as work:
        work.unit_ids([VISION])
        raise ZeroDivisionError
    with catalog.work() as work:
        numbers = work.unit_ids([NLP, VISION])
        assert work.unit_scopes(numbers.values()) == {numbers[NLP]: NLP, numbers[VISION]: VISION}


def test_not_even_a_row_that_is_gone_gives_its_number_back(sql_catalog: SqlCatalog) -> None:
    with sql_catalog.work() as work:
        before = work.unit_ids([VISION, NLP])
    with sql_catalog.engine.begin() as link:
        link.execute(delete(org_units))
    with sql_catalog.work() as work:
        assert min(work.unit_ids([AUDIO, VISION]).values()) > max(before.values())
