"""Requests in their plainest form, read in one step: the short way for nearly every body there is.

Plain is a body without escapes and with no member but those that are read here, all of them names of printable
ASCII. Each string is then seen by the decoder, no number and no deep nesting can hide, and a member that stood
twice would leave more quotation marks in the body than the value accounts for. Every other body goes the general
way (`strict.parse`, `questions.asked`), which says what is wrong with it; a test binds the two.
"""

from __future__ import annotations

import re

from msgspec import UNSET, MsgspecError, Struct, UnsetType
from msgspec.json import Decoder

from remit.errors import RequestInvalid
from remit.service.operations import Asked, checked_scope

_made = tuple.__new__  # on the way of every decision: a NamedTuple's own constructor costs twice as much

_NAME = r"(?!\*\n)[!-~](?:[ -~]{0,254}[!-~])?\n"
_TYPE = r"(?!role\n|\*\n)[!-9;-~](?:[ -9;-~]{0,254}[!-9;-~])?\n"
# type, id, action, kind and id of the resource, a line each: sound names of printable ASCII
_sound_names = re.compile(_TYPE + 4 * _NAME).fullmatch


class _Subject(Struct, forbid_unknown_fields=True, gc=False):
    type: str
    id: str


class _Action(Struct, forbid_unknown_fields=True, gc=False):
    name: str


class _Home(Struct, forbid_unknown_fields=True, gc=False):
    scope: str


class _Resource(Struct, forbid_unknown_fields=True, gc=False):
    type: str
    id: str
    properties: _Home | UnsetType = UNSET


class _Place(Struct, forbid_unknown_fields=True, gc=False):
    project: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET


class _Evaluation(Struct, forbid_unknown_fields=True, gc=False):
    subject: _Subject
    action: _Action
    resource: _Resource
    context: _Place | UnsetType = UNSET


class _Batch(Struct, forbid_unknown_fields=True, gc=False):
    evaluations: list[_Evaluation]


_decode_one = Decoder(_Evaluation).decode
_decode_many = Decoder(_Batch).decode

_STRINGS = 13  # in the least evaluation: eight names of members and five values


def plain_question(body: bytes) -> Asked | None:
    """The question of a plain body, or None if the body is not plain."""
    if b"\\" in body:
        return None
    try:
        value = _decode_one(body)
        asked, strings = _asked(value)
    except (MsgspecError, UnicodeDecodeError, RequestInvalid, RecursionError):
        return None
    return asked if asked is not None and body.count(b'"') == 2 * strings else None


def plain_questions(body: bytes, most: int) -> tuple[Asked, ...] | None:
    """The questions of a plain batch, each of them whole, or None if the body is not that."""
    if b"\\" in body:
        return None
    questions, strings = [], 1
    try:
        items = _decode_many(body).evaluations
        for item in items:
            asked, count = _asked(item)
            if asked is None:
                return None
            questions.append(asked)
            strings += count
    except (MsgspecError, UnicodeDecodeError, RequestInvalid, RecursionError):
        return None
    return tuple(questions) if 0 < len(items) <= most and body.count(b'"') == 2 * strings else None


def _asked(value: _Evaluation) -> tuple[Asked | None, int]:
    """The question if its names are sound, and how many strings its JSON holds."""
    subject, resource, verb = value.subject, value.resource, value.action.name
    type_, name, kind, id = subject.type, subject.id, resource.type, resource.id
    if _sound_names(f"{type_}\n{name}\n{verb}\n{kind}\n{id}\n") is None:
        return None, 0
    strings, declared, place, home, context = _STRINGS, None, None, resource.properties, value.context
    if home is not UNSET:
        declared = checked_scope("resource.properties.scope", home.scope)
        strings += 3
    if context is not UNSET:
        place, count = _place_of(context)
        strings += count
    return _made(Asked, (f"{type_}:{name}", verb, kind, id, declared, place, (), ())), strings


def _place_of(context: _Place) -> tuple[str | None, int]:
    """The place that a context names, and how many strings its JSON holds. Both names at once are not plain."""
    if context.project is not UNSET and context.scope is not UNSET:
        raise RequestInvalid("two names for the place")
    place = context.project if context.project is not UNSET else context.scope
    if place is UNSET:
        return None, 1
    return checked_scope("context", place), 3
