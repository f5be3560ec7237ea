"""What every catalog does with assets and their secrets, whatever keeps it: in memory, in SQLite, in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import catalogs
from catalogs import NLP, VISION, asset, changed, kept, stamp, workspace
from remit.core.blocks import Asset, Variant
from remit.errors import Conflict, Outdated, RequestInvalid
from remit.service.ports import Catalog, Wanted, Work

postgres_url, opened, catalog = catalogs.postgres_url, catalogs.opened, catalogs.every_catalog

SPEC = {
    "text": "Ünï\u2028çødé 😀 \\ \" ' % _",
    "whole": 1,
    "large": 2**63 - 1,
    "small": -(2**63),
    "tiny": 5e-324,
    "fraction": 0.1,
    "same": 1.0,
    "nothing": None,
    "yes": True,
    "empty": {"list": [], "object": {}, "text": ""},
    "nested": [{"a": [1, [2, [3.5, "4"]]]}],
    "": "no name",
}


def all_of(catalog: Catalog, *scopes: str) -> tuple[Asset, ...]:
    with catalog.work(write=False) as work:
        return work.assets(Wanted(scopes or (VISION, NLP)))


def test_an_asset_comes_back_as_it_was_put_in(catalog: Catalog) -> None:
    one = asset("Größe 1", spec=SPEC, description="über\nalles", created=stamp(2**62), updated=stamp(5, "user:bo"))
    kept(catalog, one)
    (found,) = all_of(catalog)
    assert found == one
    kept_json, put_json = json.dumps(found.spec, sort_keys=True), json.dumps(SPEC, sort_keys=True)
    assert kept_json == put_json, "1 is 1, 1.0 is 1.0, True is True"


@pytest.mark.parametrize("variant", list(Variant))
def test_every_variant_comes_back(catalog: Catalog, variant: Variant) -> None:
    kept(catalog, asset(variant=variant))
    assert [(one.variant, one.kind) for one in all_of(catalog)] == [(variant, asset(variant=variant).kind)]


def test_what_is_kept_belongs_to_nobody_else(catalog: Catalog) -> None:
    spec: dict[str, list[int]] = {"list": [1]}
    kept(catalog, asset(spec=spec))
    spec["list"].append(2)
    all_of(catalog)[0].spec["list"].append(3)
    assert all_of(catalog)[0].spec == {"list": [1]}


def test_a_tuple_comes_back_as_a_list(catalog: Catalog) -> None:
    kept(catalog, asset(spec={"ports": (1, 2)}))
    assert all_of(catalog)[0].spec == {"ports": [1, 2]}


def test_a_secret_is_kept_beside_its_asset(catalog: Catalog) -> None:
    bare, one = asset("bare"), asset("one", variant=Variant.PASSWORD)
    with catalog.work() as work:
        work.add(bare, None)
        work.add(one, b"\x00sealed\xff")
    with catalog.work(write=False) as work:
        assert (work.secret(one.id), work.secret(bare.id), work.secret("nobody")) == (b"\x00sealed\xff", None, None)
        found = work.assets(Wanted([VISION]))
    assert [(each.name, each.has_secret) for each in found] == [("bare", False), ("one", True)]
    assert b"sealed" not in repr(found).encode()


def test_a_secret_stays_until_another_one_comes(catalog: Catalog) -> None:
    one = asset(variant=Variant.PASSWORD)
    with catalog.work() as work:
        work.add(one, b"first")
    with catalog.work() as work:
        work.put(changed(one, description="new"), None)
        assert work.secret(one.id) == b"first"
        assert work.lock([one.id])[one.id].has_secret
        work.put(changed(changed(one)), b"second")
    with catalog.work(write=False) as work:
        assert work.secret(one.id) == b"second"


def test_an_asset_may_get_its_first_secret_later(catalog: Catalog) -> None:
    one = asset()
    kept(catalog, one)
    with catalog.work() as work:
        work.put(changed(one), b"first")
    assert all_of(catalog) == (changed(one, has_secret=True),)


def test_a_secret_goes_with_its_asset(catalog: Catalog) -> None:
    one = asset()
    with catalog.work() as work:
        work.add(one, b"first")
    with catalog.work() as work:
        work.remove(one.id)
        work.remove("nobody")
    with catalog.work() as work:
        assert work.secret(one.id) is None
        work.add(one, None)
        assert work.secret(one.id) is None
    assert all_of(catalog) == (one,)


@pytest.mark.parametrize("variant", [Variant.GIT, Variant.NFS])
def test_a_name_is_taken_once_for_each_kind_and_scope(catalog: Catalog, variant: Variant) -> None:
    kept(catalog, asset("one", VISION, Variant.GIT))
    with pytest.raises(Conflict, match=r"^`project:vision` has a data source called `one` already$"):
        kept(catalog, asset("one", VISION, variant))
    kept(catalog, asset("one", NLP, variant), asset("one", VISION, Variant.COMPUTE), asset("One", VISION, variant))
    assert len(all_of(catalog)) == 4


def test_an_id_is_taken_once(catalog: Catalog) -> None:
    one = asset("one")
    kept(catalog, one)
    with pytest.raises(Conflict):
        kept(catalog, asset("two", id=one.id))
    assert all_of(catalog) == (one,)


def test_a_name_becomes_free_again(catalog: Catalog) -> None:
    one, two = asset("one"), asset("two")
    kept(catalog, one, two)
    with catalog.work() as work:
        work.put(changed(one, name="other"), None)
        work.put(changed(two, name="one"), None)
        work.remove(one.id)
        work.add(asset("two"), None)
        work.add(asset("other"), None)
    assert [each.name for each in all_of(catalog)] == ["one", "other", "two"]


def test_an_asset_changes_in_all_but_what_made_it(catalog: Catalog) -> None:
    one = asset(created=stamp(1), updated=stamp(1))
    kept(catalog, one)
    new = changed(one, name="new", description="d", spec={"b": 2}, updated=stamp(9, "user:bo"))
    with catalog.work() as work:
        work.put(new._replace(created=stamp(7, "user:mallory"), has_secret=True), None)
    assert all_of(catalog) == (new,)


@pytest.mark.parametrize(
    "other",
    [
        {"version": 1},
        {"version": 3},
        {"version": 2, "id": "nobody"},
        {"version": 2, "scope": NLP},
        {"version": 2, "variant": Variant.NFS},
    ],
)
def test_another_version_is_not_overwritten(catalog: Catalog, other: dict[str, object]) -> None:
    one = asset()
    kept(catalog, one)
    with pytest.raises(Outdated, match=r"^`one` has been changed meanwhile; read it again$"), catalog.work() as work:
        work.put(one._replace(description="new", **other), b"secret")  # type: ignore[arg-type]
    assert all_of(catalog) == (one,)


def test_homes_are_those_of_assets_and_workspaces(catalog: Catalog) -> None:
    one, two, three = asset("1", VISION, Variant.S3), asset("2", "*", Variant.COMPUTE), workspace("3", NLP)
    kept(catalog, one, two, three)
    with catalog.work(write=False) as work:
        assert work.homes([one.id, two.id, three.id, "nobody", "", "\0", "\ud800"]) == {
            one.id: ("data-source", VISION),
            two.id: ("compute-resource", "*"),
            three.id: ("workload", NLP),
        }
        assert work.homes([]) == {}


def test_locked_rows_come_back_by_id(catalog: Catalog) -> None:
    one, two = asset("1"), asset("2")
    kept(catalog, one, two)
    for write in (True, False):
        with catalog.work(write) as work:
            assert list(work.lock([two.id, one.id, two.id, "nobody", "\0"]).items()) == [(one.id, one), (two.id, two)]
            assert work.lock([]) == {}


def test_everything_happens_or_nothing(catalog: Catalog) -> None:
    one = asset("one")
    kept(catalog, one)
    with pytest.raises(ZeroDivisionError), catalog.work() as work:
        work.add(asset("two"), b"secret")
        work.add_workspace(workspace(blocks=(one.id,)))
        work.put(changed(one, name="three"), b"secret")
        assert len(work.assets(Wanted([VISION]))) == 2, "it sees its own work"
        raise ZeroDivisionError
    assert all_of(catalog) == (one,)
    with catalog.work(write=False) as work:
        assert work.workspaces(Wanted([VISION])) == () and work.used_by([one.id]) == {}


FAULTS: dict[str, tuple[type[Exception], Callable[[Work, Asset], None]]] = {
    "a name that is taken": (Conflict, lambda work, one: work.add(asset(one.name), b"s")),
    "a name taken by a change": (Conflict, lambda work, one: work.put(changed(one, name="two"), None)),
    "another version": (Outdated, lambda work, one: work.put(one, None)),
    "a workspace's name": (Conflict, lambda work, one: work.add_workspace(workspace("taken"))),
    "another version of a workspace": (Outdated, lambda work, one: work.put_workspace(workspace("taken"))),
    "what cannot be kept": (RequestInvalid, lambda work, one: work.add(asset("\0"), None)),
    "what is no JSON": (TypeError, lambda work, one: work.add(asset("x", spec={"x": object()}), None)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_fails_voids_everything_even_if_it_is_kept_quiet(catalog: Catalog, fault: str) -> None:
    expected, fail = FAULTS[fault]
    one, two = asset("one"), asset("two")
    kept(catalog, one, two, workspace("taken"))
    with pytest.raises(expected) as left, catalog.work() as work:
        work.add(asset("before"), None)
        with pytest.raises(expected) as first:
            fail(work, one)
        with pytest.raises(expected) as second:
            work.add(asset("after"), None)
        with pytest.raises(expected):
            work.assets(Wanted([VISION]))
    assert str(first.value) == str(second.value) == str(left.value)
    assert all_of(catalog) == (one, two)


UNKEPT = {
    "U+0000": asset("a\0b"),
    "half a pair": asset(description="\ud83d"),
    "a spec's text": asset(spec={"a": ["\0"]}),
    "a spec's name": asset(spec={"\udc00": 1}),
    "who": asset(created=stamp(1, "user:\0")),
    "too large": asset(spec={"a": 2**63}),
    "too small": asset(spec={"a": -(2**63) - 1}),
    "no number": asset(spec={"a": float("nan")}),
    "without end": asset(spec={"a": float("-inf")}),
    "too round": asset(spec={"a": 1e23}),
}


@pytest.mark.parametrize("what", UNKEPT)
def test_what_one_database_would_change_is_refused_by_all(catalog: Catalog, what: str) -> None:
    with pytest.raises(RequestInvalid, match="kept"):
        kept(catalog, UNKEPT[what])
    assert all_of(catalog) == ()


def test_work_that_does_not_write_does_not(catalog: Catalog) -> None:
    one = asset()
    kept(catalog, one)
    writes: list[Callable[[Work], object]] = [
        lambda work: work.add(asset("two"), None),
        lambda work: work.put(changed(one), None),
        lambda work: work.remove(one.id),
        lambda work: work.add_workspace(workspace()),
        lambda work: work.remove_workspace("x"),
        lambda work: work.unit_ids([VISION]),
    ]
    for write in writes:
        with pytest.raises(RuntimeError, match="was said not to write"), catalog.work(write=False) as work:
            write(work)
    assert all_of(catalog) == (one,)
