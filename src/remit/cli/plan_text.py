"""A plan as a person reads it: on a terminal, or as the comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from remit.cli.render import ground_table, safe
from remit.cli.sinks import cell
from remit.core.difference.folding import Entry
from remit.core.difference.plan import Plan, is_over
from remit.core.difference.regions import Region
from remit.core.difference.sentences import (
    blocked,
    broken_sentence,
    named,
    region_text,
    rights_text,
    summary,
    time_text,
    who_text,
)
from remit.core.model import ROOT
from remit.core.names import counted

_ANYWHERE = (Region(ROOT),)
_MOST_ENTRIES, _MOST_LINES, _MOST_NAMES = 40, 6, 4


def plan_lines(plan: Plan, names: tuple[str, str]) -> Iterator[str]:
    """For a terminal. `names` are what was compared, as the user named it."""
    yield safe(f"from {names[0]} ({plan.base[:12]}) to {names[1]} ({plan.head[:12]}): {_counted_lines(plan)}")
    yield from map(safe, _inherited(plan))
    for sign, sentence, entry in _sentences(plan):
        yield safe(f"  {sign} {sentence}")
        yield from ground_table(entry.lines[:_MOST_LINES])
        if len(entry.lines) > _MOST_LINES:
            yield f"    and {len(entry.lines) - _MOST_LINES:,} lines more; `--format json` has them all"
    yield from map(safe, _rest(plan))
    for violation in plan.broken:
        yield safe(f"  ! {broken_sentence(violation, plan.now)}")
        yield from ground_table(violation.lines[:_MOST_LINES])
    yield from (safe(f"  ! {sentence}") for sentence in blocked(plan))
    yield summary(plan)


def plan_markdown(plan: Plan, names: tuple[str, str]) -> Iterator[str]:
    """For a pull request: the same, folded away behind its summary; names are text there, and call nobody."""
    yield f"### {'⛔ ' if plan.blocked else ''}What this change of policy does"
    yield ""
    yield cell(summary(plan))
    yield ""
    for sentence in (*(broken_sentence(one, plan.now) for one in plan.broken), *blocked(plan)):
        yield f"- ⛔ {cell(sentence)}"
    yield from (f"- {cell(sentence.strip())}" for sentence in _inherited(plan))
    for sign, sentence, entry in _sentences(plan):
        yield f"- {'➕' if sign == '+' else '➖'} {cell(sentence)}"
        for line in entry.lines[:_MOST_LINES]:
            yield f"  - {cell(f'{line.origin}: {line.text}')}"
    yield from (f"- {cell(sentence.strip())}" for sentence in _rest(plan))
    yield ""
    yield cell(f"from {names[0]} ({plan.base[:12]}) to {names[1]} ({plan.head[:12]}): {_counted_lines(plan)}")


def _counted_lines(plan: Plan) -> str:
    added, files = sum(line.added for line in plan.lines), {line.file for line in plan.lines}
    if not files:
        return "no line differs"
    removed = len(plan.lines) - added
    return f"{counted(added, 'line')} added, {removed:,} removed in {counted(len(files), 'file')}"


def _sentences(plan: Plan) -> Iterator[tuple[str, str, Entry]]:
    """Each entry that is or will be as sign and sentence, as many as a person may want to read."""
    for entry in _told(plan)[:_MOST_ENTRIES]:
        yield "+" if entry.gain else "-", _sentence(entry, plan.now), entry


def _told(plan: Plan) -> list[Entry]:
    """The entries that are told one by one: what is or will be, and was given or taken by somebody."""
    return [entry for entry in plan.entries if not is_over(entry, plan.now) and not entry.inherited]


_INHERITED = {
    True: "+ {} is new: {} may there what they may above it",
    False: "- {} is gone: {} could do there what they may above it",
}


def _inherited(plan: Plan) -> Iterator[str]:
    """What comes or goes with a scope for those who may above it."""
    some = [entry for entry in plan.entries if entry.inherited and not is_over(entry, plan.now)]
    for gain, what in _INHERITED.items():
        who: dict[str, set[str]] = {}
        for entry in some:
            for region in entry.regions if entry.gain is gain else ():
                who.setdefault(region.top, set()).update(entry.subjects)
        yield from (f"  {what.format(scope, who_text(names))}" for scope, names in sorted(who.items()))


def _sentence(entry: Entry, now: int) -> str:
    one = len(entry.subjects) == 1
    verb = ("gains" if one else "gain") if entry.gain else ("loses" if one else "lose")
    where = "" if entry.resource and entry.regions == _ANYWHERE else f" {' and '.join(map(region_text, entry.regions))}"
    time = time_text(entry.since, entry.until, now)
    return f"{named(entry.subjects)} {verb} {rights_text(entry.rights, entry.resource)}{where}{time} as `{entry.role}`"


def _rest(plan: Plan) -> Iterator[str]:
    """What is no gain and no loss of anybody's by itself."""
    more = len(_told(plan)) - _MOST_ENTRIES
    if more > 0:
        yield f"  … and {more:,} entries more; `--format json` has them all"
    for kind, id, before, after in plan.moved:
        yield f"  ~ {kind}:{id} lives in {after or 'no known scope'}" + (
            f", not in {before} any more" if before else ""
        )
    for scope, seen, unseen in plan.rehung:
        yield f"  ~ {scope} hangs elsewhere: blocks of {', '.join(seen) or 'no more scopes'} are available there" + (
            f", those of {', '.join(unseen)} no longer" if unseen else ""
        )
    for kind, action in plan.redecided:
        yield f"  ~ {kind}, {action} is decided at another scope than before, for everybody who may"
    for scope, lines in plan.stranded:
        yield f"  ~ {scope} leaves the tree" + (" and strands:" if lines else "")
        yield from (f"      {line.origin}  {line.text}" for line in lines[:_MOST_LINES])
        if len(lines) > _MOST_LINES:
            yield f"      and {len(lines) - _MOST_LINES:,} lines more"
    for violation in plan.standing:
        yield f"  . {violation.sentence}: `{violation.constraint.name}` is broken already"
    if plan.escalations is None and any(entry.gain for entry in plan.entries):
        yield "  . who wrote this was not said (--author), so whether they may give all this was not judged"
