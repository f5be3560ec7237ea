"""Proofs that a line is in what was signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from remit.adapters.journal import checkpoints
from remit.adapters.journal.layout import Segment, segments, writers
from remit.adapters.journal.parts import lines_in, opened
from remit.core.journal.chain import leaf, link_of
from remit.core.journal.merkle import root_from
from remit.core.journal.notes import Key
from remit.core.journal.proofs import Proof, path_over
from remit.errors import Conflict, JournalDamaged, Misconfigured, NotFound


def proof(directory: Path, writer: str, seq: int, keys: Sequence[Key]) -> Proof:
    """A proof of the line with this number of a writer.

    Raises NotFound if it is not here, Conflict if it is not signed yet, JournalDamaged if it, or what is around it, is
    not what was signed, and Misconfigured if the journal cannot be read.
    """
    try:
        there = segments(directory, writer) if writer in writers(directory) else []
        found = [segment for segment in there if segment.first <= seq]
        file = opened(found[-1]) if found else None
        if file is None:
            raise NotFound(f"there is no line `{writer}-{seq}` in `{directory}`")
        with file:
            return _proof(found[-1], seq, keys, (line.removesuffix(b"\n") for line in lines_in(file, [])))
    except OSError as error:
        raise Misconfigured(f"the journal in `{directory}` cannot be read: {error.strerror or error}") from None


def _proof(segment: Segment, seq: int, keys: Sequence[Key], lines: Iterator[bytes]) -> Proof:
    place, name = seq - segment.first, f"`{segment.writer}-{seq}`"
    signed = checkpoints.read(segment.checkpoint, segment.writer, segment.first, keys)
    size = 0 if signed is None else signed.checkpoint.size
    kept: list[bytes] = []

    def leaves() -> Iterator[bytes]:
        for number, line in enumerate(lines):
            if number == place:
                kept.append(line)
            yield leaf(line)

    if signed is None or place >= size:
        _is_there(lines, place, segment, seq)
        when = "while a server runs, within a twelfth of REMIT_JOURNAL_ROLL: five minutes, unless that is set"
        raise Conflict(f"{name} is not signed yet; it will be when its segment ends, or, {when}")
    try:
        path = path_over(leaves(), place, size)
    except IndexError:
        raise JournalDamaged(f"`{segment.path}` has fewer lines than were signed; run `remit journal verify`") from None
    link = link_of(kept[0])
    right = link is not None and (link.writer, link.seq) == (segment.writer, seq)
    if not right or root_from(leaf(kept[0]), place, size, path) != signed.checkpoint.root:
        raise JournalDamaged(f"`{segment.path}` is not what was signed; run `remit journal verify`")
    return Proof(kept[0], place, tuple(path), signed.note)


def _is_there(lines: Iterator[bytes], place: int, segment: Segment, seq: int) -> None:
    """Raises NotFound unless there is such a line."""
    if next((True for number, _ in enumerate(lines) if number == place), False):
        return
    raise NotFound(f"there is no line `{segment.writer}-{seq}` yet; the last one has a smaller number")
