"""Lines of the journal as a person reads them: one line each, and what a batch asked below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from remit.cli.render import safe
from remit.core.journal.entries import Entry, Kind
from remit.core.names import counted

MOST_ITEMS = 10
"""Items of one line that are shown, unless all are wanted."""

_TOP = ("prev", "writer", "seq", "time", "kind")
_SHORT = 12
_MOST_TEXT = 120

Item = Mapping[str, Any]


def verdict_of(entry: Entry) -> str:
    """What it came to, in one word."""
    body = entry.body
    if body.get("permitted") is False:
        return "refused"
    if body.get("failed"):
        return "failed"
    found = list(dict.fromkeys(str(item.get("verdict", "list")) for item in entry.items))
    if len(found) > 1:
        return "mixed" if "deny" in found else found[0]
    return found[0] if found else "done"


def headline(entry: Entry) -> str:
    """A line of the journal in one: when, the verdict, who, what, where, why, by whom it was asked, by which revision,
    and what names it."""
    body = entry.body
    if entry.kind not in (Kind.DECISION, Kind.OPERATION):
        words = [_stamp(entry, ""), entry.kind, *_members(body), entry.id]
    else:
        words = [_stamp(entry, verdict_of(entry)), *_asked(entry, entry.items)]
        words += [f"lacks {body['refused']}"] if body.get("refused") else []
        words += [str(body["failed"])] if body.get("failed") else []
        if body.get("revision"):
            words.append(f"by {str(body['revision'])[:_SHORT]}")
        words.append(entry.id)
    return safe("  ".join(word for word in words if word))


def item_lines(items: Sequence[Item], most: int | None) -> Iterator[str]:
    """What a batch asked, one by one, at most so many."""
    for item in chosen(items, most):
        yield safe(f"    {item_line(item)}")
    if most is not None and len(items) > most:
        yield f"    … {len(items) - most:,} more; --all shows them"


def chosen(items: Sequence[Item], most: int | None) -> Sequence[Item]:
    """At most so many of them; if that is not all, what was allowed comes last."""
    if most is None or len(items) <= most:
        return items
    return sorted(items, key=lambda item: item.get("verdict") == "allow")[:most]


def item_line(item: Item) -> str:
    """One question with its answer, in one line."""
    words = [f"{item.get('verdict', '-'):<9}", str(item.get("subject", "")), _done(item), _where(item)]
    return "  ".join(word for word in (*words, _why(item)) if word)


def _stamp(entry: Entry, verdict: str) -> str:
    return f"{entry.body.get('time', '')}  {verdict:<7}" if verdict else str(entry.body.get("time", ""))


def _asked(entry: Entry, items: Sequence[Item]) -> Iterator[str]:
    """Who, what, where, why."""
    body = entry.body
    caller, op = str(body.get("caller", "")), str(body.get("op", ""))
    if entry.kind == Kind.OPERATION:
        yield from (caller, op, "  ".join(f"{_done(item)} {_where(item)}".strip() for item in items[:3]))
        return
    if op == "evaluate" and len(items) == 1:
        item = items[0]
        yield from (str(item.get("subject", "")), _done(item), _where(item), _why(item))
        if caller != item.get("subject"):
            yield f"asked by {caller}"
        return
    yield caller
    if op == "evaluations":
        verdicts = Counter(str(item.get("verdict", "left out")) for item in items)
        yield f"{counted(len(items), 'question')}: " + ", ".join(f"{n} {word}" for word, n in sorted(verdicts.items()))
        return
    about = items[0] if items else {}
    subject = about.get("subject") or f"any {body.get('type', 'subject')}"
    yield " ".join(filter(None, (op, str(body.get("sought", "")), str(subject), _done(about), _where(about))))
    if "results" in body:
        yield counted(len(body["results"]), "result") + (", and more" if body.get("page") == "next" else "")


def _done(item: Item) -> str:
    thing = str(item.get("kind", ""))
    if item.get("id") is not None:
        thing += f":{item['id']}"
    return f"{item.get('action', '')} {thing}".strip()


def _where(item: Item) -> str:
    """Where a thing lives, as far as it was known, and where it happens."""
    home = item.get("home", item.get("known", item.get("declared")))
    found = [] if home is None else [f"of {home}" if home != "*" else "of all projects"]
    if item.get("place") is not None:
        found.append(f"in {item['place']}")
    return " ".join(found)


def _why(item: Item) -> str:
    return str(item.get("code") or item.get("why") or "")


def _members(body: Mapping[str, Any]) -> Iterator[str]:
    """All that a line says besides its top."""
    for name, value in body.items():
        if name not in _TOP:
            text = str(value)[:_SHORT] if name == "revision" else str(value)
            yield f"{name}={text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + '…'}"
