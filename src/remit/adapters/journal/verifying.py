"""The whole journal verified: every writer's chain, what was signed of it, and what the database remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from remit.adapters.db.checkpoints import SqlCheckpoints
from remit.adapters.journal.checkpoints import checked
from remit.adapters.journal.layout import segments, writers
from remit.adapters.journal.parts import Part, claims_of, lines_in, opened, parts_of
from remit.core.journal.chain import START
from remit.core.journal.notes import Key
from remit.core.journal.verifying import DATABASE, FILE, Claim, Follower, Notice, Tally
from remit.errors import JournalDamaged, Misconfigured

Say = Callable[[str, float | None], None]

_CUT = "its end was cut off, or the crash of a disk took it"
_DELETED = "deleted"


def verified(
    directory: Path, keys: Sequence[Key], stored: SqlCheckpoints | None, since: int | None, say: Say
) -> Iterator[Notice | Tally]:
    """All that is wrong, or worth knowing, and for each writer what there is of it. Memory does not grow with lines.

    Only what these keys signed counts. Without `stored`, nothing is asked of the database. Only segments that may hold
    lines of the instant `since`, or later, are looked at. Raises Misconfigured if the journal cannot be read, and
    CouldNotDecide if the database is out of reach.
    """
    try:
        here = writers(directory)
        known = set() if stored is None else set(stored.writers())
        if not here and not known:
            raise Misconfigured(f"there is no journal in `{directory}`")
        progress = _Progress(directory, here, say)
        for writer in sorted({*here, *known}):
            if writer in here:
                yield from Writer(directory, writer, keys, stored, progress).verified(since)
            elif stored is not None:
                yield from _vanished(writer, keys, stored, since)
    except OSError as error:
        raise Misconfigured(f"the journal in `{directory}` cannot be read: {error.strerror or error}") from None


class _Progress:
    """How much is behind, in bytes on disk."""

    def __init__(self, directory: Path, here: list[str], say: Say) -> None:
        self._say, self._done = say, 0
        self._all = sum(_size(segment.path) for writer in here for segment in segments(directory, writer))

    def __call__(self, part: Part, name: str) -> None:
        if part.segment is not None:
            self._say(f"verifying {name}", self._done / max(self._all, 1))
            self._done += _size(part.segment.path)


class Writer:
    """One writer's part of the journal."""

    def __init__(
        self, directory: Path, writer: str, keys: Sequence[Key], stored: SqlCheckpoints | None, progress: _Progress
    ) -> None:
        self._directory, self._writer, self._keys, self._stored = directory, writer, keys, stored
        self._progress = progress
        self._tally = Tally(writer)
        self._next, self._above = 1, ""
        self._prev: str | None = None
        self._gone: list[tuple[int, int, bool]] = []
        self._horizon = 0

    def verified(self, since: int | None) -> Iterator[Notice | Tally]:
        """All that is wrong with it, and what there is of it."""
        begun = False
        for part in parts_of(self._directory, self._writer, self._stored, since):
            if not begun:
                self._next = part.first if since is not None else 1
                begun = True
            claims, notices = claims_of(part, self._directory, self._writer, self._keys)
            yield from notices
            yield from self._part(part, claims)
        yield from self._missing()
        yield from self._torn()
        yield self._tally

    def _part(self, part: Part, claims: list[Claim]) -> Iterator[Notice]:
        name = f"{self._writer}/{part.first:012d}"
        if part.first < self._next:
            what = f"it begins with line {part.first}, but what is before it ends with line {self._next - 1}"
            yield Notice(name, None, what, "it was put in, or lines before it were")
        elif part.first > self._next:
            self._lacks(self._next, part.first, signed=False)
        file = None if part.segment is None else opened(part.segment)
        if file is None or part.segment is None:
            size = max((claim.size for claim in claims), default=0)
            self._lacks(part.first, part.first + size, any(claim.where == FILE for claim in claims))
            return
        self._progress(part, name)
        name, damage = f"{self._writer}/{part.segment.path.name}", list[str]()
        prev = START if part.first == 1 else self._prev
        found = Follower(self._writer, part.first, name, prev, claims, self._above)
        with file:
            found.follow(lines_in(file, damage))
        yield from found.notices
        yield from (Notice(name, found.lines, f"it cannot be read any further: {each}", _CUT) for each in damage)
        yield from self._ending(part, found, name)
        yield from self._unsigned(part, claims, found, name)
        self._next, self._prev, self._above = found.seq, found.prev, name
        self._horizon = max(self._horizon, found.expired_by(DATABASE) if self._stored else found.expired)

    def _ending(self, part: Part, found: Follower, name: str) -> Iterator[Notice]:
        """Does a segment end as it should?"""
        assert part.segment is not None
        if part.last and not part.segment.compressed:
            if found.torn:
                what = f"{found.torn} bytes at its end are no whole line"
                yield Notice(name, found.lines + 1, what, "it is being written, or a crash came in between", False)
        elif not found.complete or found.torn:
            yield Notice(name, found.lines, "this segment ends without the line that closes it", _CUT)

    def _unsigned(self, part: Part, claims: list[Claim], found: Follower, name: str) -> Iterator[Notice]:
        """Is all signed that should be?"""
        assert part.segment is not None
        most, beside = max(found.fits.values(), default=0), found.fits.get(FILE, 0)
        settled = part.segment.compressed or part.settled
        stored = max((claim.size for claim in claims if claim.where == DATABASE), default=0)
        if not any(claim.where == FILE for claim in claims):
            if settled or stored:
                yield Notice(name, None, "what was signed of it is missing", "the checkpoint beside it was deleted")
        elif beside < (found.lines if settled else stored) and not any(each.broken for each in found.notices):
            what = f"only {beside:,} of its {found.lines:,} lines are signed by the checkpoint beside it"
            yield Notice(name, None, what, "lines were added, or the checkpoint was replaced by an older one")
        before = self._tally
        self._tally = before._replace(
            segments=before.segments + 1,
            lines=before.lines + found.lines,
            signed_until=found.when or before.signed_until,
            unsigned=found.lines - most + (0 if most else before.unsigned),
            unstored=before.unstored + (found.fits.get(DATABASE, 0) < beside if self._stored else 0),
        )

    def _lacks(self, first: int, after: int, signed: bool) -> None:
        """The lines from one number to before another are not here; whether what was signed of them is."""
        if after > first:
            if self._gone and self._gone[-1][1:] == (first, signed):
                self._gone[-1] = (self._gone[-1][0], after, signed)
            else:
                self._gone.append((first, after, signed))
        self._next, self._prev, self._above = max(after, first), None, ""

    def _missing(self) -> Iterator[Notice]:
        """What is not here any more: over, or deleted?"""
        over = self._horizon
        for begin, end, signed in self._gone:
            for first, after in ((begin, min(end, over)), (max(begin, over), end)):
                if first < after:
                    yield self._lost(first, after, signed)

    def _lost(self, first: int, after: int, signed: bool) -> Notice:
        where, what = f"{self._writer}/{first:012d}", f"lines {first:,} to {after - 1:,} are not here"
        if after > self._horizon:
            return Notice(where, None, what, "deleted: no signed line says that their time was over")
        if not signed:
            return Notice(where, None, f"{what}, nor is what was signed of them", "deleted before their time")
        self._tally = self._tally._replace(expired=self._tally.expired + after - first)
        return Notice(where, None, what, "their time was over, as a signed line says", False)

    def _torn(self) -> Iterator[Notice]:
        """What was cut off after a crash, with whole lines in it."""
        for path in sorted((self._directory / self._writer).glob("*.torn-*")):
            with path.open("rb") as file:
                whole = sum(line.endswith(b"}\n") for line in file)
            if whole:
                what = f"{whole:,} whole lines were cut off after a crash, and are kept here"
                yield Notice(
                    f"{self._writer}/{path.name}", None, what, "lines were damaged, or edited, before a restart"
                )


def _vanished(writer: str, keys: Sequence[Key], stored: SqlCheckpoints, since: int | None) -> Iterator[Notice]:
    """A writer of which only the database knows."""
    ours = others = last = 0
    for row in stored.of(writer):
        if since is not None and row.at < since:
            continue
        try:
            checked(row.note, writer, row.first, keys)
            ours, last = ours + 1, row.first + row.size - 1
        except JournalDamaged:
            others += 1
    if ours:
        what = f"all lines of this writer, to number {last:,}, are not here; the database has what was signed of them"
        yield Notice(writer, None, what, "deleted, or it writes in another directory")
    elif others:
        what = "the database knows this writer, but by keys that are not trusted here"
        yield Notice(writer, None, what, "it is one of another server; or its key was taken from the list", False)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
