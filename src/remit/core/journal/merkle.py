"""Trees over the lines of a segment (RFC 6962 §2.1): one hash that stands for all of them, in their order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


class Tree:
    """A tree that grows leaf by leaf, and remembers no more than it takes to say its root."""

    def __init__(self) -> None:
        self.size = 0
        self._tops: list[bytes] = []  # the roots of the perfect trees in it, the largest first

    def append(self, leaf: bytes) -> None:
        """Add a leaf: the hash of a line (`chain.leaf`)."""
        tops, size = self._tops, self.size
        while size & 1:
            leaf = parent(tops.pop(), leaf)
            size >>= 1
        tops.append(leaf)
        self.size += 1

    def copy(self) -> Tree:
        """The tree as it is now, apart from this one."""
        found = Tree()
        found.size, found._tops = self.size, self._tops.copy()
        return found

    def root(self) -> bytes:
        """The hash of the whole tree; that of nothing if it is empty."""
        if not self._tops:
            return hashlib.sha256(b"").digest()
        found = self._tops[-1]
        for top in reversed(self._tops[:-1]):
            found = parent(top, found)
        return found


def parent(left: bytes, right: bytes) -> bytes:
    """The hash above two hashes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The hash of a tree with these leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What it takes to compute the root from one leaf alone, from below (RFC 6962 §2.1.1). `index` counts from 0.

    Raises IndexError if there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*path_of(leaves[:split], index), root_of(leaves[split:])]
    return [*path_of(leaves[split:], index - split), root_of(leaves[:split])]


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root of a tree of `size` leaves that this leaf, at `index`, leads to by this path; None if no such path has
    this length (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return None
    last, found = size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            found = parent(step, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = parent(found, step)
        index, last = index >> 1, last >> 1
    return found if last == 0 else None


def _split(size: int) -> int:
    """The largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1
