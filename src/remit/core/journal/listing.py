"""The lists of the journal, made again: where a subject reached, and what a page of a search held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from remit.core import search
from remit.core.model import Question
from remit.core.snapshot import Snapshot

Body = Mapping[str, Any]


def permitted(snapshot: Snapshot, question: Question) -> tuple[list[str], bool]:
    """Where the subject reaches, and whether it reaches what lives nowhere."""
    found = search.reach(snapshot, question)
    return list(found.scopes), found.unplaced


def is_whole(body: Body) -> bool:
    """Is a recorded list all that was found?"""
    return body.get("op") == "permitted-scopes" or (body.get("page") == "last" and bool(body.get("first")))


def whole(snapshot: Snapshot, body: Body, question: Question) -> Iterator[str]:
    """All that this policy itself finds where that is on record, in its order."""
    if body.get("op") == "permitted-scopes":
        return iter(permitted(snapshot, question)[0])
    return _names(snapshot, body, question, None)


def searched(snapshot: Snapshot, body: Body, question: Question) -> list[str]:
    """What this policy finds where the page of a search is that is on record: the page itself, if it is that policy's.

    A page that is not the first begins with its first result; one that is not and holds nothing is left as it is.
    """
    results: list[str] = list(body["results"])
    known = list(body.get("known", ())) or [None] * len(results)
    own = [name for name, home in zip(results, known, strict=True) if home is None]
    others = zip(results[len(own) :], known[len(own) :], strict=True)  # a catalog's come behind the policy's
    listed = [
        name
        for name, home in others
        if home is not None and search.allows(snapshot, question._replace(id=name, known=home))
    ]
    first, last = bool(body.get("first")), body["page"] == "last" or len(own) < len(results)
    if not first and not own:
        return listed
    names = _names(snapshot, body, question, None if first else own[0])
    return [*islice(names, len(own) + last), *listed]


def _names(snapshot: Snapshot, body: Body, question: Question, start: str | None) -> Iterator[str]:
    """The list of a search from this name on, or from its beginning."""
    if body["sought"] == "resource":
        return _resources(snapshot, question, start)
    if not search.is_known(snapshot, question):
        return iter(())
    if body["sought"] == "subject":
        return _subjects(snapshot, body["type"], question, start)
    return _from(search.actions(snapshot, question), start)


def _subjects(snapshot: Snapshot, type_: str, question: Question, start: str | None) -> Iterator[str]:
    after = ""
    if start is not None:
        after = f"{type_}:{start}"
        if snapshot.knows(after) and search.allows(snapshot, question._replace(subject=after, groups=())):
            yield start
    for name, allowed in search.subjects(snapshot, type_, question, after):
        if allowed:
            yield name.partition(":")[2]


def _resources(snapshot: Snapshot, question: Question, start: str | None) -> Iterator[str]:
    after = ("", "")
    if start is not None:
        home = snapshot.homes.get(question.kind, {}).get(start)
        if home is None:
            return
        after = (home[0], start)
        if search.allows(snapshot, question._replace(id=start)):
            yield start
    for _, id in search.resources(snapshot, question, after):
        yield id


def _from(names: Iterator[str], start: str | None) -> Iterator[str]:
    met = start is None
    for name in names:
        met = met or name == start
        if met:
            yield name
