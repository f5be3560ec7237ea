"""Who calls: the Authorization header of a request to an Actor, or to a 401 (AuthZEN §11.3, RFC 6750 §3)."""

from __future__ import annotations

from typing import Protocol

from remit.core.model import Actor
from remit.web.http import Header, Refusal, Scope
from remit.web.limits import Rates


class Identities(Protocol):
    """What the faces need of the adapters that know callers."""

    async def identify(self, authorization: bytes | None) -> Actor:
        """The caller whose credentials these are; `authorization` is the header's value.

        Raises NotAuthenticated if there are none or they do not hold, and CouldNotDecide if that cannot be found out.
        """
        ...


class Callers:
    """Finds out who makes a request, and whether it makes too many."""

    def __init__(self, identities: Identities, rates: Rates) -> None:
        self._identities = identities
        self._rates = rates

    async def caller(self, scope: Scope, headers: dict[bytes, bytes]) -> Actor:
        """Who makes this request, once it is counted. Raises Refusal 429 past the caller's rate, and as `identify`."""
        actor = await self._identities.identify(_credentials_of(scope, headers))
        self._rates.check(actor.subject)
        return actor


def _credentials_of(scope: Scope, headers: dict[bytes, bytes]) -> bytes | None:
    """The one Authorization header of a request. Raises Refusal 400 if there are several: whose would they be?"""
    given: list[Header] = scope["headers"]
    if len(given) != len(headers) and sum(name == b"authorization" for name, _ in given) > 1:
        raise Refusal(400, "the request has more than one Authorization header")
    return headers.get(b"authorization")
