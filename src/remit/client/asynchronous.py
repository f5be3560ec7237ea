"""The client for asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Self

from remit.client import asking
from remit.client.answers import PermittedScopes, Verdict
from remit.client.exchange import Exchange
from remit.client.paging import Pages
from remit.client.questions import (
    Question,
    action_search,
    checked_questions,
    evaluation,
    resource_search,
    scopes_question,
    subject_search,
)
from remit.client.settings import Token, Verify, checked_id, settings


class AsyncRemitClient:
    """Asks one remit, failing closed. It belongs to the event loop that first uses it; close it, or use `async with`.

    `url` is where remit is, with a path before its endpoints if need be. `token` is a bearer token, or a callable,
    plain or async, that is asked for one before every request; a plain one must not block. `timeout` bounds every call
    as a whole, retries included, in seconds; a search counts for each page. `verify` is whom TLS trusts: an ssl context
    or the path of CA certificates. `plaintext` allows `http://` beyond the loopback. `request_id` supplies an
    X-Request-ID for every request that is given none, and `min_revision` the revision (or None) that no answer may be
    older than, such as that of a policy just published: remit waits for it, or there is no answer.

    Raises `remit.errors.Misconfigured` for a setting that is incomplete or unsafe. Arguments that cannot be asked about
    raise TypeError or ValueError before anything is sent; a cancelled task is cancelled.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token,
        timeout: float,
        verify: Verify = None,
        plaintext: bool = False,
        request_id: Callable[[], str] | None = None,
        min_revision: Callable[[], str | None] | None = None,
    ) -> None:
        self._exchange = Exchange(settings(url, token, timeout, verify, plaintext, request_id, min_revision))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; every question afterwards is refused."""
        await self._exchange.close()

    async def allowed(
        self,
        subject: str,
        action: str,
        resource: str,
        *,
        home: str | None = None,
        place: str | None = None,
        groups: Iterable[str] = (),
        request_id: str | None = None,
    ) -> bool:
        """May `subject` do `action` on `resource` (see `Question`)? False whenever remit did not say yes."""
        verdict = await self.evaluate(
            subject, action, resource, home=home, place=place, groups=groups, request_id=request_id
        )
        return verdict.allowed

    async def evaluate(
        self,
        subject: str,
        action: str,
        resource: str,
        *,
        home: str | None = None,
        place: str | None = None,
        groups: Iterable[str] = (),
        explain: bool = False,
        request_id: str | None = None,
    ) -> Verdict:
        """The verdict on one question (see `Question`), with its reasons if `explain`."""
        question = Question(subject, action, resource, home=home, place=place, groups=groups)
        return await asking.evaluate(self._exchange, evaluation(question, explain), checked_id(request_id))

    async def evaluate_many(self, questions: Iterable[Question], *, request_id: str | None = None) -> list[Verdict]:
        """One verdict for each question, in their order. They are sent in batches, all of them within `timeout`."""
        return await asking.evaluate_many(self._exchange, checked_questions(questions), checked_id(request_id))

    def search_subjects(
        self,
        type: str,
        action: str,
        resource: str,
        *,
        home: str | None = None,
        place: str | None = None,
        limit: int | None = None,
        request_id: str | None = None,
    ) -> AsyncIterator[str]:
        """The ids of all subjects of this type that may do `action` on `resource`, read in pages of at most `limit`.

        Raises CouldNotDecide, perhaps after some results: then they are not all.
        """
        search = subject_search(type, action, resource, home, place)
        return self._results(Pages(search, "id", type, limit), checked_id(request_id))

    def search_resources(
        self,
        subject: str,
        action: str,
        kind: str,
        *,
        place: str | None = None,
        groups: Iterable[str] = (),
        limit: int | None = None,
        request_id: str | None = None,
    ) -> AsyncIterator[str]:
        """The ids of all resources of this kind on which `subject` may do `action`; else as `search_subjects`."""
        search = resource_search(subject, action, kind, place, groups)
        return self._results(Pages(search, "id", kind, limit), checked_id(request_id))

    def search_actions(
        self,
        subject: str,
        resource: str,
        *,
        home: str | None = None,
        place: str | None = None,
        groups: Iterable[str] = (),
        limit: int | None = None,
        request_id: str | None = None,
    ) -> AsyncIterator[str]:
        """The names of all actions that `subject` may do on `resource`; else as `search_subjects`."""
        search = action_search(subject, resource, home, place, groups)
        return self._results(Pages(search, "name", None, limit), checked_id(request_id))

    async def permitted_scopes(
        self,
        subject: str,
        action: str,
        kind: str,
        *,
        place: str | None = None,
        groups: Iterable[str] = (),
        request_id: str | None = None,
    ) -> PermittedScopes:
        """The scopes such that `subject` may do `action` on things of this kind that live there: what a list query
        needs. Raises CouldNotDecide."""
        call = scopes_question(subject, action, kind, place, groups)
        return await asking.permitted_scopes(self._exchange, call, checked_id(request_id))

    async def _results(self, pages: Pages, request_id: str | None) -> AsyncIterator[str]:
        while pages.call is not None:
            for name in await asking.page(self._exchange, pages, request_id):
                yield name
