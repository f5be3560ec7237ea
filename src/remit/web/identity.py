"""Who calls: the Authorization header of a request to an Actor, or to a 401 (AuthZEN §11.3, RFC 6750 §3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from remit.core.model import Actor
from remit.errors import NotAuthenticated
from remit.web.http import Header, Refusal, Scope
from remit.web.limits import Rates


class Identities(Protocol):
    """What the faces need of the adapters that know callers."""

    async def identify(self, authorization: bytes | None) -> Actor:
        """The caller whose credentials these are; `authorization` is the header's value.

        Raises NotAuthenticated if there are none or they do not hold, and CouldNotDecide if that cannot be found out.
        """
        ...


MINIMUM = b"remit-min-revision"

NoOlder = Callable[[str], Awaitable[None]]
"""Waits until what is live is no older than a revision. Raises RequestInvalid or CouldNotDecide."""


def unheard(*_: str) -> None:
    """Nobody wants to know."""


def request_of(headers: dict[bytes, bytes]) -> str:
    """The id that a caller gave its request; empty if it gave none."""
    return headers[b"x-request-id"].decode("latin-1") if b"x-request-id" in headers else ""


class Callers:
    """Finds out who makes a request, whether it makes too many, and from which policy on it may be answered."""

    def __init__(
        self, identities: Identities, rates: Rates, no_older: NoOlder, unknown: Callable[[str, str], None] = unheard
    ) -> None:
        """`unknown` is told why a caller is not known, and the id that it gave its request."""
        self._identities = identities
        self._rates = rates
        self._no_older = no_older
        self.unknown = unknown

    async def caller(self, scope: Scope, headers: dict[bytes, bytes]) -> Actor:
        """Who makes this request, once it is counted, and once the policy is no older than it says.

        Raises Refusal 429 past the caller's rate, CouldNotDecide if the policy stays too old, and as `identify`.
        """
        try:
            actor = await self._identities.identify(_credentials_of(scope, headers))
        except NotAuthenticated as error:
            self.unknown(str(error), request_of(headers))
            raise
        self._rates.check(actor.subject)
        if MINIMUM in headers:
            if sum(name == MINIMUM for name, _ in scope["headers"]) > 1:
                raise Refusal(400, "the request has more than one Remit-Min-Revision header")
            await self._no_older(headers[MINIMUM].decode("latin-1"))
        return actor


def _credentials_of(scope: Scope, headers: dict[bytes, bytes]) -> bytes | None:
    """The one Authorization header of a request. Raises Refusal 400 if there are several: whose would they be?"""
    given: list[Header] = scope["headers"]
    if len(given) != len(headers) and sum(name == b"authorization" for name, _ in given) > 1:
        raise Refusal(400, "the request has more than one Authorization header")
    return headers.get(b"authorization")
