"""What is asked, as the JSON that goes over the wire (AuthZEN §6.1, §7.1, §8). Pure.

Whatever can be wrong with an argument is found here, before anything is sent: TypeError for a value of another type,
ValueError for a name that can be none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_BATCH = 256
"""Questions in one request; remit takes no more."""

MAX_BODY = 60_000
"""Bytes of a batch, its frame aside; remit takes 65,536 of any request unless it is set up for other."""

NEW = "new"
"""The id that is sent for a resource that has none yet."""


class Call(NamedTuple):
    """One request: the path of its endpoint, and its body."""

    path: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """May `subject` (`user:ada@example.com`) do `action` on `resource` (`kind:id`, or `kind` for one yet to be made)?

    `home` is the scope that the resource lives in, as far as the caller knows; `place` the scope where the action
    happens; `groups` the bare names of groups that the caller vouches for. Raises TypeError or ValueError for
    arguments that cannot be asked about.
    """

    subject: str
    action: str
    resource: str
    home: str | None = field(default=None, kw_only=True)
    place: str | None = field(default=None, kw_only=True)
    groups: Iterable[str] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", _names(self.groups))
        self.body()  # says what is wrong now, where the question is put, and not when it is sent

    def body(self) -> dict[str, Any]:
        """This question as an evaluation request."""
        return {
            "subject": _subject(self.subject, self.groups),
            "action": _action(self.action),
            "resource": _resource(self.resource, self.home),
            **_context(self.place),
        }


def evaluation(question: Question, explain: bool) -> Call:
    """One question, with the wish for reasons if there is one."""
    if not isinstance(explain, bool):
        raise TypeError(f"`explain` must be True or False, not {_kind_of(explain)}")
    options = {"options": {"explain": True}} if explain else {}
    return Call("/access/v1/evaluation", {**question.body(), **options})


def batches(questions: Sequence[Question]) -> Iterator[tuple[int, Call]]:
    """The questions in requests of at most `MAX_BATCH` questions and `MAX_BODY` bytes, each with how many it holds.

    A subject with groups that all questions share is said once in each, since it can be long.
    """
    bodies = [question.body() for question in questions]
    common = _common(bodies)
    batch: list[dict[str, Any]] = []
    size = least = len(encoded(common))
    for body in bodies:
        item = {name: value for name, value in body.items() if name not in common}
        weight = len(encoded(item)) + 1
        if batch and (len(batch) == MAX_BATCH or size + weight > MAX_BODY):
            yield len(batch), _batch(common, batch)
            batch, size = [], least
        batch.append(item)
        size += weight
    if batch:
        yield len(batch), _batch(common, batch)


def _batch(common: dict[str, Any], items: list[dict[str, Any]]) -> Call:
    return Call("/access/v1/evaluations", {**common, "evaluations": items})


def _common(bodies: list[dict[str, Any]]) -> dict[str, Any]:
    """What is said once for all: the subject, if it has groups and all questions are about it."""
    subject = bodies[0]["subject"] if bodies else {}
    shared = "properties" in subject and all(body["subject"] == subject for body in bodies)
    return {"subject": subject} if shared else {}


def encoded(body: dict[str, Any]) -> bytes:
    """A body as it is sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def checked_questions(questions: Iterable[Question]) -> list[Question]:
    """The questions as a list. Raises TypeError if one is none."""
    listed = list(questions)
    for question in listed:
        if not isinstance(question, Question):
            raise TypeError(f"each question must be a Question, not {_kind_of(question)}")
    return listed


def subject_search(type: str, action: str, resource: str, home: str | None, place: str | None) -> Call:
    """Who of this type may do this (§8.4)?"""
    body = {"subject": {"type": _name("type", type)}, "action": _action(action), "resource": _resource(resource, home)}
    return Call("/access/v1/search/subject", {**body, **_context(place)})


def resource_search(subject: str, action: str, kind: str, place: str | None, groups: Iterable[str]) -> Call:
    """On which things of this kind may the subject do this (§8.5)?"""
    return Call("/access/v1/search/resource", _of_kind(subject, action, kind, place, groups))


def action_search(subject: str, resource: str, home: str | None, place: str | None, groups: Iterable[str]) -> Call:
    """What may the subject do with this (§8.6)?"""
    body = {"subject": _subject(subject, groups), "resource": _resource(resource, home), **_context(place)}
    return Call("/access/v1/search/action", body)


def scopes_question(subject: str, action: str, kind: str, place: str | None, groups: Iterable[str]) -> Call:
    """In which scopes may the subject do this with things of this kind?"""
    return Call("/v1/permitted-scopes", _of_kind(subject, action, kind, place, groups))


def _of_kind(subject: str, action: str, kind: str, place: str | None, groups: Iterable[str]) -> dict[str, Any]:
    """The body of a question about all things of one kind."""
    resource = {"type": _name("kind", kind)}
    return {"subject": _subject(subject, groups), "action": _action(action), "resource": resource, **_context(place)}


def _subject(subject: str, groups: Iterable[str]) -> dict[str, Any]:
    type, colon, id = _name("subject", subject).partition(":")
    if not (type and colon and id):
        raise ValueError(f"`subject` must be typed, like `user:ada@example.com`, and is `{subject}`")
    names = _names(groups)
    return {"type": type, "id": id, **({"properties": {"groups": list(names)}} if names else {})}


def _action(action: str) -> dict[str, Any]:
    return {"name": _name("action", action)}


def _resource(resource: str, home: str | None) -> dict[str, Any]:
    kind, colon, id = _name("resource", resource).partition(":")
    if not kind or (colon and not id):
        raise ValueError(f"`resource` must be `kind` or `kind:id`, and is `{resource}`")
    properties = {} if home is None else {"properties": {"scope": _name("home", home)}}
    return {"type": kind, "id": id or NEW, **properties}


def _context(place: str | None) -> dict[str, Any]:
    if place is None:
        return {}
    member = "project" if _name("place", place).startswith("project:") else "scope"
    return {"context": {member: place}}


def _names(groups: Iterable[str]) -> tuple[str, ...]:
    """Bare group names. One text would be taken for the groups that its letters name, so it is refused."""
    if isinstance(groups, str | bytes):
        raise TypeError("`groups` must hold names and is a single text; write `[name]`")
    names = tuple(_name("groups", name) for name in groups)
    for name in names:
        if name.startswith("group:"):
            raise ValueError(f"`groups` holds bare names, so `{name}` must be `{name.removeprefix('group:')}`")
    return names


def _name(where: str, text: object) -> str:
    """A text that can be sent. What else an identifier must be is for remit to say: it refuses, and so do we then."""
    if not isinstance(text, str):
        raise TypeError(f"`{where}` must be a string, not {_kind_of(text)}")
    if not text:
        raise ValueError(f"`{where}` must not be empty")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"`{where}` holds half a character, which no UTF-8 can carry") from None
    return text


def _kind_of(value: object) -> str:
    return type(value).__name__
