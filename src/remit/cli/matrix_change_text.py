"""What differs between the tables of two policies, as a person reads it. That nothing changed is said only if nothing
did, beside the tables too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from remit.cli.matrix_changes import spell_text
from remit.cli.matrix_text import Notes, Pairs, Triple, open_lines, open_mark, scopes_of, sections
from remit.cli.render import columns, safe
from remit.cli.ways import HEAD, Row
from remit.cli.ways import cells as way_cells
from remit.core.difference.surroundings import Differing, What
from remit.core.difference.tables import Change, Difference, Word
from remit.core.matrix import Holding
from remit.core.model import ROOT

_MOST = 40
_SIGNS = {Word.REMOVED: "-", Word.ADDED: "+", Word.TIME: "~"}
_REST = "; what is not listed is as it was"

_SENTENCES = {
    (What.SCOPE, "added"): "+ `{name}` is new, in `{after}`",
    (What.SCOPE, "removed"): "- `{name}` is gone, which was in `{before}`",
    (What.SCOPE, "moved"): "~ `{name}` hangs in `{after}`, not in `{before}`, with all below it",
    (What.VOCABULARY, "added"): "+ `{name}` can be said, and is decided at {after}",
    (What.VOCABULARY, "removed"): "- `{name}` cannot be said any more",
    (What.VOCABULARY, "moved"): "~ `{name}` is decided at {after}, not at {before}",
    (What.RESOURCE, "added"): "+ `{name}` is on record, and lives in `{after}`",
    (What.RESOURCE, "removed"): "- `{name}` is not on record any more, and lived in `{before}`",
    (What.RESOURCE, "moved"): "~ `{name}` lives in `{after}`, not in `{before}`",
}


def difference_lines(pairs: Pairs, found: Difference, yes: str) -> Iterator[str]:
    """The cells that changed: `-` before what was there, `+` before what is there now."""
    more = scopes_of(each.key for each in found.changes if each.word is Word.ADDED)
    less = scopes_of(each.key for each in found.changes if each.word is Word.REMOVED)
    notes = Notes()

    def mark(cell: Triple) -> str:
        signed = [("-", scope) for scope in less.get(cell, [])] + [("+", scope) for scope in more.get(cell, [])]
        return " ".join(sign + (yes if scope == ROOT else notes.numbers([scope])) for sign, scope in signed)

    if found.is_empty:
        yield "no role may more or less than before"
        return
    if found.changes:
        yield from sections(pairs, more | less, mark)
        yield from notes.lines("and below only")
        rest = "" if found.surroundings else _REST
        yield f"+ is new, - is gone, and a cell with both has changed its scope{rest}"
    else:
        yield "no cell differs, but what a role may does not rest on cells alone"
    yield from _surrounding_lines(found.surroundings)


def holding_difference_lines(found: Difference) -> Iterator[str]:
    """Who holds what now, who holds what no more, and who holds what for another time, by subject."""
    if found.is_empty:
        yield "nobody holds more or less than before, nor at other times"
        return
    held = [(each, each.entry) for each in found.changes if isinstance(each.entry, Holding)]
    if held:
        rows = [_row(change, entry) for change, entry in sorted(held, key=lambda each: each[1].subject)]
        yield from columns(("", "SUBJECT", *HEAD[:3], "HELD", HEAD[4]), rows)
        yield ""
        yield from open_lines(entry for _, entry in held)
        rest = "" if found.elsewhen or found.surroundings else _REST
        yield f"+ is new, - is gone, ~ is held at other times than before; another row may still give the same{rest}"
    else:
        yield "no row differs, but who may do what does not rest on the rows of this instant alone"
    if found.elsewhen:
        yield f"held at other times than before, though not at this instant: {found.elsewhen:,}"
        yield "ask for another day with `--when`; `remit plan` compares all of time"
    yield from _surrounding_lines(found.surroundings)


def _row(change: Change, entry: Holding) -> Row:
    role, scope, group, _, line = way_cells(entry.subject, entry)
    now, was = spell_text(change.after), spell_text(change.before)
    held = ", ".join(([now] if now else []) + ([f"was {was}"] if was else []))
    return _SIGNS[change.word], entry.subject + open_mark(entry), role, scope, group, held, line


def _surrounding_lines(found: Sequence[Differing]) -> Iterator[str]:
    """What differs beside the table, and who knows what that does."""
    if not found:
        return
    yield ""
    yield "beside the table this differs:"
    for each in found[:_MOST]:
        before, after = ("" if said is None else said.where for said in (each.before, each.after))
        name = (":" if each.what is What.RESOURCE else ", ").join(each.name)
        yield safe("  " + _SENTENCES[each.what, each.change].format(name=name, before=before, after=after))
    if len(found) > _MOST:
        yield f"  … and {len(found) - _MOST:,} more; `--format json` has them all"
    yield "what people gain and lose by that no table says: `remit plan` compares decisions exactly"
