"""A bearer token to its bearer: form, key, signature, claims, in this order, and the cheap before the dear."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from remit.adapters.claims import Claims, Expected, check_claims, check_type
from remit.adapters.jose import VerifyingKey, taken_apart
from remit.adapters.key_sets import KeySet
from remit.core.model import Actor
from remit.errors import CouldNotDecide, NotAuthenticated


class KeySource(Protocol):
    """Where the keys are. `keys` count until `good_until` (nanoseconds since 1970); new keys are another object."""

    keys: KeySet
    good_until: int

    def calm(self, now: int, /) -> bool:
        """True while `attend` has nothing to do."""
        ...

    async def attend(self, now: int) -> None:
        """See to it that the keys stay fresh."""
        ...

    async def seek(self, now: int) -> None:
        """A key was asked for that is not there: look again, unless that was done just now."""
        ...


class FixedKeys:
    """Keys that never change."""

    good_until = 2**63 - 1

    def __init__(self, keys: KeySet) -> None:
        self.keys = keys

    def calm(self, _: int, /) -> bool:
        """There is never anything to do."""
        return True

    async def attend(self, now: int) -> None:
        """Nothing to see to."""

    async def seek(self, now: int) -> None:
        """There are no others."""


class Verified(NamedTuple):
    """Who bears a token, until when that is so (nanoseconds since 1970), and the keys by which it is."""

    actor: Actor
    until: int
    keys: KeySet


class Verifier:
    """Verifies the tokens of one issuer. `who` reads the bearer from claims that count."""

    def __init__(self, expected: Expected, source: KeySource, who: Callable[[Claims], Actor]) -> None:
        self.source = source
        self._expected = expected
        self._who = who

    async def verify(self, text: str, now: int) -> Verified:
        """The bearer of a token. Raises NotAuthenticated if it does not hold, CouldNotDecide without good keys."""
        token = taken_apart(text)
        check_type(token.header.get("typ"), self._expected.type)
        key = await self._key(token.kid, now)
        claims = key.opened(token)  # from here on nothing waits, so these are the keys that count now
        until = check_claims(claims, self._expected, now)
        return Verified(self._who(claims), min(until, self.source.good_until), self.source.keys)

    async def _key(self, kid: str | None, now: int) -> VerifyingKey:
        source = self.source
        await source.attend(now)
        key = source.keys.find(kid)
        if key is None and kid is not None:
            await source.seek(now)
            key = source.keys.find(kid)
        if now >= source.good_until:
            raise CouldNotDecide("the issuer's keys have been out of reach for too long to go by the last ones")
        if key is None:
            raise NotAuthenticated("the token names no key that its issuer has")
        return key
