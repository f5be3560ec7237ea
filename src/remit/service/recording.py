"""What the journal keeps of what was performed: what was asked, and what was answered, with nothing that is secret.

Only what is named here is kept; whatever else a request said is not. Lines that granted are not kept either: the
revision has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from remit.core.model import Actor
from remit.core.pdp import Found
from remit.service.needs import VOUCH, Need
from remit.service.operations import (
    Answer,
    Answers,
    Asked,
    Evaluate,
    EvaluateMany,
    PermittedScopes,
    Reached,
    ReadJournal,
    ReadLine,
    Results,
    Search,
    Unanswerable,
)
from remit.service.ports import Judged, Record, Worked

Body = dict[str, Any]

MOST_REQUEST = 128
"""Characters that are kept of a request's id."""

_SPELT = {Evaluate: "evaluate", EvaluateMany: "evaluations", Search: "search", PermittedScopes: "permitted-scopes"}

_VERDICTS = {True: "allow", False: "deny", None: "list"}

_second = (-1, "")


def body_of(record: Record) -> Body:
    """The members of a line, but for those of the chain; `time` and `kind` come first."""
    instant, actor, operation, revision, _, refused = record[:6]
    kind = type(operation)
    body: Body = {
        "time": told_time(instant + record.us),
        "kind": "decision" if kind in _SPELT else "operation",
        "op": _SPELT.get(kind) or (operation.name if kind is Worked else kind.__name__),  # type: ignore[union-attr]
        "caller": actor.subject,
        "revision": revision,
        "instant": told_time(instant),
        "us": record.us,
        "permitted": refused is None,
    }
    if record.request:
        body["request"] = record.request[:MOST_REQUEST]
    if actor.groups:
        body["caller_groups"] = actor.groups
    if refused:
        body["refused"] = refused
    if record.failed:
        body["failed"] = record.failed
    if kind in _SPELT:
        _asked(body, record)
    else:
        _done(body, record)
    return body


def _done(body: Body, record: Record) -> None:
    """What was done, as far as it is kept: what it needed, what was looked for, what came to be."""
    operation = record.operation
    items = body["items"] = [_worked(record.actor, one) for one in _judged_of(record)]
    _say_once(items, [()] * len(items))
    if type(operation) is ReadJournal or type(operation) is ReadLine:
        body["sought"] = operation.sought()
    if isinstance(operation, Worked) and operation.made:
        body["made"] = operation.made


def _judged_of(record: Record) -> tuple[Judged, ...]:
    """What an operation needed, as it was decided."""
    operation = record.operation
    if isinstance(operation, Worked):
        return operation.judged
    return tuple(Judged(need, str(need) != record.refused) for need in operation.needs(record.actor))


def told_time(instant: int) -> str:
    """An instant as the journal writes it: to the microsecond, in UTC."""
    global _second
    second, rest = divmod(instant, 1_000_000)
    known = _second  # one value, since other threads come here too
    if known[0] != second:
        known = _second = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{known[1]}.{rest:06d}Z"


def _asked(body: Body, record: Record) -> None:
    """What was asked, and what was answered."""
    operation, result = record.operation, record.result
    if needs := operation.needs(record.actor):  # type: ignore[union-attr]
        body["need"] = [str(need) for need in needs]
    if type(operation) is Evaluate:
        body["items"] = [_item(record, operation.asked, result)]
    elif type(operation) is EvaluateMany:
        answers: Sequence[object] = result.items if type(result) is Answers else ()
        pairs = zip(operation.items, (*answers, *[None] * (len(operation.items) - len(answers))), strict=True)
        items = body["items"] = [_item(record, asked, answer) for asked, answer in pairs]
        _say_once(items, [() if isinstance(asked, Unanswerable) else asked.claimed for asked in operation.items])
    elif type(operation) is Search:
        body["items"], body["sought"] = [_item(record, operation.asked, None)], operation.sought
        if operation.type:
            body["type"] = operation.type
        if type(result) is Results:
            body["instant"], body["results"] = told_time(result.instant), result.names
            body["page"] = "next" if result.token else "last"
            if operation.page.token is None:
                body["first"] = True
            if any(result.known):
                body["known"] = result.known
    elif type(operation) is PermittedScopes:
        body["items"] = [_item(record, operation.asked, None)]
        if type(result) is Reached:
            body["results"], body["unplaced"] = result.scopes, result.unplaced


def _item(record: Record, asked: Asked | Unanswerable, answer: object) -> Body:
    """One question with its answer, if it has one."""
    if isinstance(asked, Unanswerable):
        return {"verdict": "invalid", "why": asked.why}
    subject, action, kind, id, declared, place, claimed, context = asked
    item: Body = {"subject": subject, "action": action, "kind": kind}
    if id:
        item["id"] = id
    if declared is not None:
        item["declared"] = declared
    if place is not None:
        item["place"] = place
    if (homes := record.homes) and (known := homes.get(id)) is not None and known[0] == kind:
        item["known"] = known[1]
    groups = _groups(record.actor, subject, claimed, record.wishes)
    if groups:
        item["groups"] = groups
    if context:
        item["context"] = dict(context)
    if type(answer) is Answer:
        _decided(item, answer.found)
    elif isinstance(answer, Unanswerable):
        item["verdict"], item["why"] = "undecided", answer.why
    return item


def _say_once(items: list[Body], claimed: Sequence[tuple[str, ...]]) -> None:
    """Have groups that came once for several items stand once: in the others stands the number of the first. So a line
    is no larger than what was sent, but for what each item is asked and answered."""
    first: dict[tuple[int, bool], int] = {}
    for number, item in enumerate(items):
        if groups := item.get("groups"):
            at = first.setdefault((id(claimed[number]), "token" in groups), number)
            if at != number:
                item["groups"] = at


def _decided(item: Body, found: Found) -> None:
    item["verdict"] = "allow" if found[0] == "granted" else "deny"
    item["code"] = found[0]
    if found[5] is not None:
        item["home"] = found[5]


def _groups(actor: Actor, subject: str, claimed: tuple[str, ...], wishes: tuple[Need, ...]) -> dict[str, Sequence[str]]:
    """The groups that came with a question, by where they came from, and whether they counted."""
    found: dict[str, Sequence[str]] = {}
    if subject == actor.subject and actor.groups:
        found["token"] = actor.groups
    if claimed:
        found["claimed" if VOUCH in wishes else "ignored"] = claimed
    return found


def _worked(actor: Actor, judged: Judged) -> Body:
    """One need of an operation, as the question that it was."""
    need = judged.need
    item: Body = {"subject": actor.subject, "action": need.action, "kind": need.kind}
    if need.id is not None:
        item["id"] = need.id
    if actor.groups:
        item["groups"] = {"token": actor.groups}
    if not judged.there:
        return {**item, "verdict": "missing"}
    item["known" if need.id is not None else "declared"] = need.scope
    if need.place is not None:
        item["place"] = need.place
    item["verdict"] = _VERDICTS[judged.granted]
    return item
