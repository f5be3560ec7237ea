"""What every catalog lists: never a row outside the scopes, the same order and the same finds whatever keeps it."""

from __future__ import annotations

import random

import pytest

import catalogs
from catalogs import AUDIO, NLP, VISION, asset, changed, kept, stamp, workspace
from remit.adapters.db.store import SqlCatalog
from remit.core.blocks import Variant
from remit.service.ports import Catalog, Wanted

postgres_url, opened, catalog = catalogs.postgres_url, catalogs.opened, catalogs.every_catalog
sort, sql_catalog = catalogs.sort, catalogs.sql_catalog

NAMES = [*"bBaÉéßΩя9_-😀ﬀ", "Zebra", "zebra", "Äpfel", "äpfel", "ss", "10", "a b", "ab"]
"""Names that languages order in other ways than their bytes do."""


def names(catalog: Catalog, wanted: Wanted, workspaces: bool = False) -> list[str]:
    """The names that a list finds; the count must say the same."""
    with catalog.work(write=False) as work:
        rows = work.workspaces(wanted) if workspaces else work.assets(wanted)
        everything = wanted._replace(limit=None, offset=0)
        found = work.count_workspaces(wanted) if workspaces else work.count(wanted)
        assert found == len(work.workspaces(everything) if workspaces else work.assets(everything))
    return [row.name for row in rows]


def test_an_empty_catalog_lists_nothing(catalog: Catalog) -> None:
    assert names(catalog, Wanted([VISION])) == names(catalog, Wanted([VISION]), workspaces=True) == []


def test_only_what_lives_in_the_scopes_is_listed(catalog: Catalog) -> None:
    kept(catalog, *(asset(scope, scope) for scope in (VISION, NLP, "*", "project:visio", "department:vision")))
    kept(catalog, *(workspace(scope, scope) for scope in (VISION, NLP)))
    assert names(catalog, Wanted([VISION, "*", VISION])) == ["*", VISION]
    assert names(catalog, Wanted([AUDIO, "project:%", "PROJECT:VISION", "\0", "\ud800"])) == []
    assert names(catalog, Wanted({NLP, AUDIO}), workspaces=True) == [NLP]


def test_all_scopes_are_listed_only_if_that_is_said(catalog: Catalog) -> None:
    scopes = [VISION, NLP, "*", "project:gone"]
    assert names(catalog, Wanted(None)) == names(catalog, Wanted(None), workspaces=True) == []
    kept(catalog, *(asset(scope, scope) for scope in scopes), *(workspace(scope, scope) for scope in scopes))
    for workspaces in (False, True):
        assert names(catalog, Wanted(None), workspaces) == sorted(scopes)
        assert names(catalog, Wanted(None, search="GONE"), workspaces) == ["project:gone"]
        assert names(catalog, Wanted(None, search="\0"), workspaces) == []
    assert names(catalog, Wanted(None, variants=[Variant.S3])) == []


@pytest.mark.parametrize("more", [{}, {"search": "one"}, {"name": "one"}, {"variants": [Variant.GIT]}, {"limit": 5}])
def test_no_scopes_list_nothing(catalog: Catalog, more: dict[str, object]) -> None:
    kept(catalog, asset("one"), asset("one", "*"), workspace("one"))
    assert names(catalog, Wanted((), **more)) == []  # type: ignore[arg-type]
    assert names(catalog, Wanted(frozenset(), **more), workspaces=True) == []  # type: ignore[arg-type]


def test_variants_and_name_narrow_a_list(catalog: Catalog) -> None:
    kept(catalog, asset("git"), asset("s3", variant=Variant.S3), asset("env", variant=Variant.ENVIRONMENT))
    assert names(catalog, Wanted([VISION], variants=[Variant.S3, Variant.GIT])) == ["git", "s3"]
    assert names(catalog, Wanted([VISION], variants={Variant.PVC})) == []
    assert names(catalog, Wanted([VISION], name="s3")) == ["s3"]
    assert names(catalog, Wanted([VISION], name="S3")) == names(catalog, Wanted([VISION], name="\0")) == []
    assert len(names(catalog, Wanted([VISION], name="", search=""))) == 3


def test_all_sort_alike_by_the_bytes_of_a_name(catalog: Catalog) -> None:
    kept(catalog, *(asset(name) for name in NAMES), *(workspace(name) for name in NAMES))
    by_bytes = sorted(NAMES, key=lambda name: name.encode())
    for workspaces in (False, True):
        assert names(catalog, Wanted([VISION]), workspaces) == by_bytes
        assert names(catalog, Wanted([VISION], descending=True), workspaces) == by_bytes[::-1]


def test_times_sort_and_ids_break_ties(catalog: Catalog) -> None:
    rows = [("b", NLP, 3, 1), ("a", NLP, 1, 2), ("a", VISION, 1, 9), ("c", VISION, 2, 2)]
    kept(catalog, *(asset(name + scope, scope, created=stamp(c), updated=stamp(u)) for name, scope, c, u in rows))
    a, b = "a" + NLP, "a" + VISION
    both = [NLP, VISION]
    assert names(catalog, Wanted(both, sort="created")) == [a, b, "c" + VISION, "b" + NLP]
    assert names(catalog, Wanted(both, sort="created", descending=True)) == ["b" + NLP, "c" + VISION, b, a]
    assert names(catalog, Wanted(both, sort="updated")) == ["b" + NLP, a, "c" + VISION, b]
    same = [asset("same", scope) for scope in (NLP, VISION)]
    kept(catalog, *same)
    with catalog.work(write=False) as work:
        assert work.assets(Wanted(both, name="same")) == tuple(same)
        assert work.assets(Wanted(both, name="same", descending=True)) == tuple(same[::-1])


def test_pages_make_up_the_list(catalog: Catalog) -> None:
    kept(catalog, *(asset(f"{number:02}", random.Random(number).choice([NLP, VISION])) for number in range(23)))
    kept(catalog, *(workspace(f"{number:02}") for number in range(23)))
    wanted = [f"{number:02}" for number in range(23)]
    for workspaces in (False, True):
        pages = [
            names(catalog, Wanted([NLP, VISION], limit=5, offset=at), workspaces=workspaces) for at in range(0, 30, 5)
        ]
        assert [len(page) for page in pages] == [5, 5, 5, 5, 3, 0]
        assert [name for page in pages for name in page] == wanted
        assert names(catalog, Wanted([NLP, VISION], offset=20), workspaces) == wanted[20:]
        assert names(catalog, Wanted([NLP, VISION], limit=0), workspaces) == []
        assert names(catalog, Wanted([NLP, VISION], limit=10**30, offset=1), workspaces) == wanted[1:]
        assert names(catalog, Wanted([NLP, VISION], limit=1, offset=10**30), workspaces) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("frames", ["Frames"]),
        ("FRAMES", ["Frames"]),
        ("mes o", ["papers"]),
        ("ÄPFEL", ["äpfel"]),
        ("strasse", ["Straße"]),
        ("ЯБЛОКО", ["яблоко"]),
        ("σ", ["Σ"]),
        ("😀", ["smile"]),
        ("100%", ["100%"]),
        ("%", ["100%"]),
        ("_", ["a_b"]),
        ("a_b", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("'", ["quo'te"]),
        ("*", []),
        ("a*b", []),
        ("framesmes", []),
        ("\0", []),
        ("\ud83d", []),
        ("e\u0301cole", ["École"]),
    ],
)
def test_search_takes_text_as_it_is_whatever_the_case(catalog: Catalog, search: str, found: list[str]) -> None:
    described = {"papers": "names of things", "smile": "a 😀 face"}
    latin, other = ["Frames", "papers", "äpfel", "Straße", "École"], ["яблоко", "Σ"]
    all_names = [*latin, *other, "smile", "100%", "a_b", "aXb", "back\\slash", "quo'te"]
    kept(catalog, *(asset(name, description=described.get(name, "")) for name in all_names))
    kept(catalog, *(workspace(name) for name in all_names), workspace(search.replace("\0", "").strip("\ud83d"), AUDIO))
    assert names(catalog, Wanted([VISION], search=search)) == found
    in_names = [name for name in found if name not in described]
    assert names(catalog, Wanted([VISION], search=search), workspaces=True) == in_names


def test_search_follows_a_change(catalog: Catalog) -> None:
    one, room = asset("Old"), workspace("Old")
    kept(catalog, one, room)
    with catalog.work() as work:
        work.put(changed(one, name="New", description="Text"), None)
        work.put_workspace(room._replace(name="New", version=2))
    for search, found in (("old", []), ("new", ["New"]), ("TEXT", ["New"])):
        assert names(catalog, Wanted([VISION], search=search)) == found
    assert names(catalog, Wanted([VISION], search="NEW"), workspaces=True) == ["New"]


def test_many_scopes_and_ids_are_as_good_as_few(catalog: Catalog) -> None:
    scopes = [f"project:{number}" for number in range(10_000)]
    ids = [f"asset-{number}" for number in range(10_000)]
    kept(
        catalog, asset("first", scopes[0]), asset("last", scopes[-1], id=ids[-1]), workspace("w", scopes[-1], (ids[0],))
    )
    assert names(catalog, Wanted(scopes)) == ["first", "last"]
    assert names(catalog, Wanted(frozenset(scopes)), workspaces=True) == ["w"]
    with catalog.work() as work:
        assert work.homes(ids) == {ids[-1]: ("data-source", scopes[-1])}
        assert list(work.lock(ids)) == [ids[-1]] and work.lock_workspaces(ids) == {}
        assert list(work.used_by(ids)) == [ids[0]]
        assert len(work.unit_scopes(work.unit_ids(scopes[:2_000]).values())) == 2_000
        assert len(work.unit_scopes(range(10_000))) == 2_000


def test_a_list_is_one_statement(sql_catalog: SqlCatalog) -> None:
    rows = [asset(str(number), variant=Variant.PASSWORD) for number in range(20)]
    with sql_catalog.work() as work:
        for row in rows:
            work.add(row, b"secret")
            work.add_workspace(workspace(row.name, blocks=(row.id,)))
    wanted, ids = Wanted([VISION], search="1", limit=7, offset=1), [row.id for row in rows]
    with sql_catalog.work() as work:
        numbers = work.unit_ids([VISION, NLP])
        for count, call in (
            (1, lambda: work.assets(wanted)),
            (1, lambda: work.count(wanted)),
            (1, lambda: work.workspaces(wanted)),
            (1, lambda: work.count_workspaces(wanted)),
            (1, lambda: work.lock(ids)),
            (1, lambda: work.lock_workspaces(ids)),
            (1, lambda: work.homes(ids)),
            (1, lambda: work.used_by(ids)),
            (1, lambda: work.secret(ids[0])),
            (1, lambda: work.unit_ids([VISION, NLP])),
            (1, lambda: work.unit_scopes(numbers.values())),
            (3, lambda: work.unit_ids([VISION, AUDIO])),
            (1, lambda: work.add(asset("new"), None)),
            (2, lambda: work.add(asset("newer"), b"secret")),
            (1, lambda: work.put(changed(rows[0]), None)),
            (2, lambda: work.put(changed(rows[1]), b"secret")),
            (1, lambda: work.remove(ids[2])),
            (1, lambda: work.add_workspace(workspace("new"))),
            (2, lambda: work.add_workspace(workspace("newer", blocks=tuple(ids)))),
            (1, lambda: work.remove_workspace("x")),
            (0, lambda: work.assets(Wanted(()))),
            (0, lambda: work.count_workspaces(Wanted(()))),
            (0, lambda: work.lock(())),
        ):
            with catalogs.statements(sql_catalog) as found:
                call()
            assert len(found) == count, found
