"""The client for code without asyncio."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from remit.client import asking
from remit.client.answers import PermittedScopes, Verdict, refused
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
from remit.client.settings import Verify, checked_id, settings
from remit.client.worker import Worker
from remit.errors import CouldNotDecide


class RemitClient:
    """Asks one remit, failing closed. Threads may share it; close it, or use `with`.

    Its input and output happen in one thread with an event loop, started by the first question. Only so can the
    deadline hold whatever the other side does: a blocking read knows a limit for each piece that comes, none for the
    whole, and looking a name up knows none at all. After a fork the child starts its own.

    The settings are those of `AsyncRemitClient`, with a plain callable for `token`: it is asked in a thread, so that
    `timeout` bounds it too, in the context (`contextvars`) of the caller. A call returns at most a quarter of a second
    after its `timeout`. Raises what `AsyncRemitClient` raises.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Callable[[], str],
        timeout: float,
        verify: Verify = None,
        plaintext: bool = False,
        request_id: Callable[[], str] | None = None,
        min_revision: Callable[[], str | None] | None = None,
    ) -> None:
        self._worker = Worker(settings(url, token, timeout, verify, plaintext, request_id, min_revision))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections and end the thread; every question afterwards is refused."""
        self._worker.close()

    def allowed(
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
        return self.evaluate(
            subject, action, resource, home=home, place=place, groups=groups, request_id=request_id
        ).allowed

    def evaluate(
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
        call = evaluation(Question(subject, action, resource, home=home, place=place, groups=groups), explain)
        name = checked_id(request_id)
        try:
            return self._worker.run(lambda exchange: asking.evaluate(exchange, call, name))
        except CouldNotDecide as error:
            return refused(str(error))

    def evaluate_many(self, questions: Iterable[Question], *, request_id: str | None = None) -> list[Verdict]:
        """One verdict for each question, in their order. They are sent in batches, all of them within `timeout`."""
        listed, name = checked_questions(questions), checked_id(request_id)
        try:
            return self._worker.run(lambda exchange: asking.evaluate_many(exchange, listed, name))
        except CouldNotDecide as error:
            return [refused(str(error))] * len(listed)

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
    ) -> Iterator[str]:
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
    ) -> Iterator[str]:
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
    ) -> Iterator[str]:
        """The names of all actions that `subject` may do on `resource`; else as `search_subjects`."""
        search = action_search(subject, resource, home, place, groups)
        return self._results(Pages(search, "name", None, limit), checked_id(request_id))

    def permitted_scopes(
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
        call, name = scopes_question(subject, action, kind, place, groups), checked_id(request_id)
        return self._worker.run(lambda exchange: asking.permitted_scopes(exchange, call, name))

    def _results(self, pages: Pages, request_id: str | None) -> Iterator[str]:
        while pages.call is not None:
            yield from self._worker.run(lambda exchange: asking.page(exchange, pages, request_id))
