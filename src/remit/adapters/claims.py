"""The claims of a token whose signature holds: do they count, here and now, and who bears them (RFC 7519, RFC 9068)."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeGuard

from remit.core.model import Actor
from remit.core.names import subject_problem
from remit.errors import NotAuthenticated

Claims = dict[str, Any]

SECOND = 1_000_000_000
"""Nanoseconds; instants are nanoseconds since 1970, UTC."""

MOST_GROUPS = 256
"""Groups that one token may vouch for."""

LAST_MOMENT = 253_402_300_799
"""The last second of the year 9999: what lies beyond is no time but a mistake."""

_PLAIN = "jwt"
_NO_ACCESS_TOKEN = ("nonce", "at_hash", "c_hash", "events")  # OpenID Connect Core §2, §3.3.2.11; RFC 8417 §2.2
_OTHER_TYPES = ("id", "refresh", "offline", "logout")  # what Keycloak says of those in the payload


class Expected(NamedTuple):
    """What every token must say: who made it, whom it is for and its type; `leeway` and `max_age` are seconds."""

    issuer: str
    audience: str
    type: str
    leeway: int
    max_age: int


class Naming(NamedTuple):
    """Which claims name the bearer. `user` names a person, `application` a service, `groups` the groups of both.

    A service's token is told by `application_when`, a claim and its value; without one, by a `sub` that is the
    application itself (RFC 9068 §2.2).
    """

    user: str = "sub"
    application: str | None = None
    application_when: tuple[str, str] | None = None
    groups: str | None = None


def check_type(header_type: object, wanted: str) -> None:
    """Refuse a token that is of another type, whatever it is good for elsewhere (RFC 8725 §3.11, RFC 9068 §4)."""
    if not isinstance(header_type, str) or _bare(header_type) != _bare(wanted):
        raise NotAuthenticated("the token is of another type than access tokens are here")


def check_claims(claims: Claims, expected: Expected, now: int) -> int:
    """Until when a token counts, in nanoseconds since 1970; leeway is for clocks and not in it.

    Raises NotAuthenticated if it does not count at `now`, lacks a claim, or is for others.
    """
    if _text(claims, "iss") != expected.issuer:
        raise NotAuthenticated("the token is from another issuer")
    audience = _claim(claims, "aud")
    if audience != expected.audience and not (_is_texts(audience) and expected.audience in audience):
        raise NotAuthenticated("the token is for another audience")
    _text(claims, "sub")
    if _bare(expected.type) == _PLAIN:
        _check_plain(claims)
    return _check_times(claims, expected.leeway * SECOND, expected.max_age * SECOND, now)


def bearer(claims: Claims, naming: Naming) -> Actor:
    """Who bears a token. Raises NotAuthenticated if no policy could name the bearer."""
    if _is_application(claims, naming):
        name = naming.application or "sub"
        subject = "application:" + _text(claims, name)
    else:
        name = naming.user
        subject = "user:" + _text(claims, name)
        if name == "email" and claims.get("email_verified", True) is not True:
            raise NotAuthenticated("the token's `email` claim is not verified")
    return Actor(nameable(subject, name), groups_of(claims, naming.groups))


def nameable(subject: str, claim: str) -> str:
    """The subject, if a policy can name it; `claim` is where it is from. Raises NotAuthenticated if none can."""
    if problem := subject_problem(subject):
        raise NotAuthenticated(f"no policy can name the bearer of the token: its `{claim}` claim {problem}")
    return subject


def groups_of(claims: Claims, claim: str | None) -> tuple[str, ...]:
    """The groups that a token vouches for, as `group:…`; a token without the claim has none.

    A name that no policy can hold is left out: groups only ever allow. Raises NotAuthenticated if the claim is not a
    list of texts, or too long a list.
    """
    if claim is None or claim not in claims:
        return ()
    names = claims[claim]
    if not _is_texts(names):
        raise NotAuthenticated(f"the token's `{claim}` claim is not a list of texts")
    if len(names) > MOST_GROUPS:
        raise NotAuthenticated(f"the token's `{claim}` claim lists more than {MOST_GROUPS} groups")
    typed = dict.fromkeys(f"group:{name}" for name in names)
    return tuple(group for group in typed if subject_problem(group) is None)


def _is_application(claims: Claims, naming: Naming) -> bool:
    if naming.application_when is not None:
        claim, value = naming.application_when
        return bool(claims.get(claim) == value)
    return naming.application is not None and claims["sub"] == claims.get(naming.application)


def _check_plain(claims: Claims) -> None:
    """A type of `JWT` says nothing, so refuse what is plainly a token of another sort."""
    kind = claims.get("typ")
    if any(name in claims for name in _NO_ACCESS_TOKEN) or (isinstance(kind, str) and kind.lower() in _OTHER_TYPES):
        raise NotAuthenticated("the token is not an access token")


def _check_times(claims: Claims, leeway: int, max_age: int, now: int) -> int:
    expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
    if now >= expires + leeway:
        raise NotAuthenticated("the token has expired")
    if now >= issued + max_age + leeway:
        raise NotAuthenticated("the token is older than tokens may be here")
    if issued > now + leeway or ("nbf" in claims and _moment(claims, "nbf") > now + leeway):
        raise NotAuthenticated("the token does not count yet")
    return min(expires, issued + max_age)


def _moment(claims: Claims, name: str) -> int:
    """A NumericDate (RFC 7519 §2) as nanoseconds since 1970."""
    value = _claim(claims, name)
    if type(value) is int and 0 <= value <= LAST_MOMENT:
        return value * SECOND
    if type(value) is float and 0 <= value <= LAST_MOMENT:
        return int(value * SECOND)
    raise NotAuthenticated(f"the token's `{name}` claim is not a time")


def _text(claims: Claims, name: str) -> str:
    value = _claim(claims, name)
    if not isinstance(value, str) or not value:
        raise NotAuthenticated(f"the token's `{name}` claim is not a text")
    return value


def _claim(claims: Claims, name: str) -> object:
    if name not in claims:
        raise NotAuthenticated(f"the token has no `{name}` claim")
    return claims[name]


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _bare(name: str) -> str:
    """A media type without the part that may be left out, in lower case (RFC 7515 §4.1.9)."""
    return name.lower().removeprefix("application/")
