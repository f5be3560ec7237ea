"""A proof that one line is in a tree that was signed, in the form of https://c2sp.org/tlog-proof.

The line itself is the proof's extra data, so that one file holds all that is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from remit.core.journal.chain import leaf, link_of
from remit.core.journal.merkle import Tree, root_from
from remit.core.journal.notes import Holds, Key, checkpoint_of, opened, read_spelt, segment_of, spelt
from remit.errors import JournalDamaged

HEAD = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})", re.ASCII)


class Proof(NamedTuple):
    """A line, its place in the tree from 0, what leads from it to the root, and the checkpoint as it was signed."""

    line: bytes
    place: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def text(self) -> str:
        """The proof as a file."""
        path = "".join(f"{spelt(each)}\n" for each in self.path)
        return f"{HEAD}\nextra {spelt(self.line)}\nindex {self.place}\n{path}\n{self.checkpoint.decode()}"


def proof_of(text: str) -> Proof:
    """The proof in a file. Raises JournalDamaged if it is none."""
    top, blank, checkpoint = text.partition("\n\n")
    lines = top.split("\n")
    if not blank or len(lines) < 3 or lines[0] != HEAD or not lines[1].startswith("extra "):
        raise JournalDamaged(f"no proof: it begins with `{HEAD}`, and has the line as `extra`")
    line, path = read_spelt(lines[1].removeprefix("extra ")), [read_spelt(each) for each in lines[3:]]
    index = _INDEX.fullmatch(lines[2])
    if not line or index is None or any(each is None or len(each) != 32 for each in path):
        raise JournalDamaged("no proof: it is damaged above its empty line")
    return Proof(line, int(index[1]), tuple(each for each in path if each), checkpoint.encode())


def proven(proof: Proof, keys: Sequence[Key], holds: Holds) -> tuple[bytes, int]:
    """The line that is proven, and how many lines the tree had when it was signed.

    Raises JournalDamaged if it is not proven, and says why.
    """
    found = checkpoint_of(opened(proof.checkpoint, keys, holds))
    link, named = link_of(proof.line), segment_of(found.origin)
    if link is None or named is None:
        raise JournalDamaged("what it proves is no line of a journal")
    if (link.writer, link.seq) != (named[0], named[1] + proof.place):
        raise JournalDamaged(f"the line `{link.writer}-{link.seq}` has no such place in `{found.origin}`")
    if root_from(leaf(proof.line), proof.place, found.size, proof.path) != found.root:
        raise JournalDamaged(f"the line `{link.writer}-{link.seq}` is not in what was signed of `{found.origin}`")
    return proof.line, found.size


def path_over(leaves: Iterable[bytes], index: int, size: int) -> list[bytes]:
    """What `merkle.path_of` says, but of leaves that are seen once, in their order, and not kept.

    Raises IndexError if there are fewer than `size` leaves, or none at the index.
    """
    if not 0 <= index < size:
        raise IndexError(index)
    spans = _spans(0, size, index)
    trees = {low: Tree() for low, _ in spans}
    tree, seen = Tree(), 0
    for seen, hashed in enumerate(leaves, 1):
        if seen > size:
            break
        if seen - 1 == index:
            continue
        tree = trees.get(seen - 1, tree)
        tree.append(hashed)
    if seen < size:
        raise IndexError(seen)
    return [trees[low].root() for low, _ in reversed(spans)]


def _spans(low: int, high: int, index: int) -> list[tuple[int, int]]:
    """The leaves below each hash of a path, from above: where they begin and end."""
    found = []
    while high - low > 1:
        split = low + (1 << (high - low - 1).bit_length() - 1)
        found.append((split, high) if index < split else (low, split))
        low, high = (low, split) if index < split else (split, high)
    return found
