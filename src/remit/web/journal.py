"""The journal over HTTP: filters to an operation, lines to a body, as they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from remit.core.names import quoted
from remit.errors import RequestInvalid
from remit.service.operations import Entry, Kind, Lines, ReadJournal, ReadLine, Wanted
from remit.web.calls import MOST, Call, CatalogRoute, Reply, number

BASE = "/v1/journal"

_TEXTS = ("subject", "caller", "action", "resource", "scope", "request")
_QUERY = ("since", "until", "kind", "denied", "revision", "limit", "page", *_TEXTS)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read(call: Call) -> ReadJournal:
    given = call.arguments(*_QUERY)
    texts = {name: given[name] for name in _TEXTS if given.get(name)}
    wanted = Wanted(
        since=_moment(given, "since"),
        until=_moment(given, "until"),
        kinds=_kinds(given.get("kind", "")),
        denied=_flag(given.get("denied", "false")),
        revision=_revision(given.get("revision", "")),
        **texts,
    )
    return ReadJournal(wanted, number("limit", given.get("limit", "100"), 1, MOST), given.get("page") or None)


def _moment(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise RequestInvalid(f"`{name}` must be a UTC time, such as `2026-11-23` or `2026-11-23T20:19:00Z`") from None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def _kinds(text: str) -> tuple[str, ...]:
    """Kinds of lines, parted by commas."""
    found = tuple(dict.fromkeys(text.split(","))) if text else ()
    for kind in found:
        if kind not in list(Kind):
            raise RequestInvalid(f"`kind` {quoted(kind)} is none; there are {', '.join(Kind)}")
    return found


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise RequestInvalid("`denied` must be `true` or `false`")
    return text == "true"


def _revision(text: str) -> str | None:
    if text and not re.fullmatch(r"[0-9a-f]{4,64}", text, re.ASCII):
        raise RequestInvalid("`revision` must be a revision, or at least 4 characters that one begins with")
    return text or None


def _line(call: Call) -> ReadLine:
    call.arguments()
    return ReadLine(call.id())


def _page_body(found: Lines) -> Reply:
    lines = ",".join(map(_text, found.entries))
    after = "" if found.next is None else f',"next":"{found.next}"'
    return Reply(200, f'{{"entries":[{lines}]{after}}}', media="application/json")


def _line_body(found: Lines) -> Reply:
    (entry,) = found.entries
    return Reply(200, _text(entry), media="application/json")


def _text(entry: Entry) -> str:
    """A line as it stands, which is JSON."""
    return entry.line.decode()


JOURNAL_ROUTES: tuple[CatalogRoute, ...] = (
    CatalogRoute("GET", BASE, ReadJournal, _read, _page_body, "What was asked and answered, the oldest first"),
    CatalogRoute("GET", f"{BASE}/{{id}}", ReadLine, _line, _line_body, "One line of the journal"),
)
