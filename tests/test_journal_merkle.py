"""Trees over lines: as RFC 6962 and RFC 9162 define them, held against published values and a naive definition."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.core.journal.merkle import Tree, parent, path_of, root_from, root_of
from remit.core.journal.proofs import path_over

INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The published roots over the first 0 to 8 of these inputs."""


def hashed(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def naive_root(data: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it stands there."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\0" + data[0]).digest()
    split = 1
    while split * 2 < len(data):
        split *= 2
    return hashlib.sha256(b"\1" + naive_root(data[:split]) + naive_root(data[split:])).digest()


def naive_path(data: list[bytes], index: int) -> list[bytes]:
    """RFC 6962 §2.1.1, as it stands there."""
    if len(data) == 1:
        return []
    split = 1
    while split * 2 < len(data):
        split *= 2
    if index < split:
        return [*naive_path(data[:split], index), naive_root(data[split:])]
    return [*naive_path(data[split:], index - split), naive_root(data[:split])]


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots(size: int) -> None:
    assert root_of([hashed(data) for data in INPUTS[:size]]).hex() == ROOTS[size]


def test_the_paths_of_the_example_with_seven_leaves() -> None:
    """RFC 6962 §2.1.3."""
    a, b, c, d, e, f, j = leaves = [hashed(b"d%d" % number) for number in range(7)]
    g, h, i = parent(a, b), parent(c, d), parent(e, f)
    k, l = parent(g, h), parent(i, j)  # noqa: E741  # the letters of the example
    assert path_of(leaves, 0) == [b, h, l]
    assert path_of(leaves, 3) == [c, g, l]
    assert path_of(leaves, 4) == [f, j, k]
    assert path_of(leaves, 6) == [i, k]
    assert root_of(leaves) == parent(k, l)


@pytest.mark.parametrize("size", [*range(1, 34), 63, 64, 65, 127, 129])
def test_roots_and_paths_are_those_of_the_naive_definition(size: int) -> None:
    data = [b"line %d" % number for number in range(size)]
    leaves = [hashed(each) for each in data]
    assert root_of(leaves) == naive_root(data)
    for index in range(size):
        path = naive_path(data, index)
        assert path_of(leaves, index) == path
        assert path_over(iter(leaves), index, size) == path
        assert root_from(leaves[index], index, size, path) == naive_root(data)


def test_a_tree_says_its_root_at_every_size() -> None:
    tree, leaves = Tree(), [hashed(b"%d" % number) for number in range(70)]
    for size, leaf in enumerate(leaves):
        assert (tree.size, tree.root()) == (size, root_of(leaves[:size]))
        tree.append(leaf)


@given(st.integers(1, 40), st.data())
def test_no_other_leaf_place_size_or_path_leads_to_the_root(size: int, data: st.DataObject) -> None:
    leaves = [hashed(b"%d" % number) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path, root = path_of(leaves, index), root_of(leaves)
    assert root_from(hashed(b"x"), index, size, path) != root
    for other in range(size + 2):
        assert other == index or root_from(leaves[index], other, size, path) != root
    assert root_from(leaves[index], index, size, [*path, root]) != root
    for at in range(len(path)):
        assert root_from(leaves[index], index, size, path[:at] + path[at + 1 :]) != root
        assert root_from(leaves[index], index, size, [*path[:at], hashed(b"x"), *path[at + 1 :]]) != root


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_path_from_where_no_leaf_is(index: int, size: int) -> None:
    leaves = [hashed(b"%d" % number) for number in range(size)]
    with pytest.raises(IndexError):
        path_of(leaves, index)
    with pytest.raises(IndexError):
        path_over(leaves, index, size)
    assert root_from(hashed(b""), index, size, []) is None


def test_leaves_behind_those_that_count_change_no_path_and_missing_ones_are_noticed() -> None:
    leaves = [hashed(b"%d" % number) for number in range(9)]
    assert path_over(leaves, 2, 6) == path_of(leaves[:6], 2)
    with pytest.raises(IndexError):
        path_over(leaves[:5], 2, 6)
