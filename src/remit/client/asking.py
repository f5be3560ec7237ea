"""The operations of both clients over one exchange. The async client awaits them, the sync one has them awaited."""

from __future__ import annotations

import logging

from remit.client.answers import PermittedScopes, Verdict, refused, scopes_of, verdict_of, verdicts_of
from remit.client.exchange import Exchange
from remit.client.paging import Pages
from remit.client.questions import Call, Question, batches
from remit.errors import CouldNotDecide

log = logging.getLogger("remit.client")


async def evaluate(exchange: Exchange, call: Call, request_id: str | None) -> Verdict:
    """One verdict, whatever happens."""
    try:
        return verdict_of(await exchange.ask(call, exchange.deadline(), request_id))
    except CouldNotDecide as error:
        return _undecided(error)


async def evaluate_many(exchange: Exchange, questions: list[Question], request_id: str | None) -> list[Verdict]:
    """One verdict for each question, in their order, all of it under one deadline."""
    until = exchange.deadline()
    verdicts: list[Verdict] = []
    for count, call in batches(questions):
        try:
            verdicts += verdicts_of(await exchange.ask(call, until, request_id), count)
        except CouldNotDecide as error:
            verdicts += [_undecided(error)] * count
    return verdicts


async def page(exchange: Exchange, pages: Pages, request_id: str | None) -> list[str]:
    """The next page of a search; none is left once `pages.call` is None. Raises CouldNotDecide."""
    assert pages.call is not None
    return pages.take(await exchange.ask(pages.call, exchange.deadline(), request_id))


async def permitted_scopes(exchange: Exchange, call: Call, request_id: str | None) -> PermittedScopes:
    """Where it may be done. Raises CouldNotDecide."""
    return scopes_of(await exchange.ask(call, exchange.deadline(), request_id))


def _undecided(error: CouldNotDecide) -> Verdict:
    """A refusal for want of a decision. It goes to the log, since who asks for `allowed` alone never sees it."""
    log.warning("no decision: %s", error)
    return refused(str(error))
