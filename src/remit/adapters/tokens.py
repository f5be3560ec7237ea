"""Which tokens are taken: those of an OpenID provider, or in development those that remit mints for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from joserfc.jwk import OctKey
from joserfc.jws import serialize_compact

from remit.adapters.claims import MOST_GROUPS, SECOND, Claims, Expected, Naming, bearer, groups_of, nameable
from remit.adapters.jose import VerifyingKey
from remit.adapters.key_sets import ALGORITHMS, KeySet
from remit.adapters.secret import derived
from remit.adapters.strict_json import json_text
from remit.adapters.verifier import FixedKeys, Verifier
from remit.core.model import Actor
from remit.core.names import quoted, subject_problem
from remit.errors import Misconfigured, RequestInvalid

MOST_LEEWAY = 30
"""Seconds by which clocks may be apart."""

MOST_SECONDS = 86_400
"""The longest that a development token counts."""

DEV = Expected(issuer="remit-dev", audience="remit", type="at+jwt", leeway=0, max_age=MOST_SECONDS + 1)
"""What a development token says of itself. It is made and taken by one clock, so there is no leeway."""

_DEV_ALGORITHM = "HS256"
_KNOWN = {name for names in ALGORITHMS.values() for name in names}


class OidcSettings(NamedTuple):
    """What the configuration says of an OpenID provider. The first four are required.

    `jwks` is a file or an https URL. `type` is the `typ` of its access tokens. The other claims are as in
    `claims.Naming`. `leeway` and `max_age` are seconds.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    jwks: str
    type: str = "at+jwt"
    user_claim: str = "sub"
    application_claim: str | None = None
    application_when: tuple[str, str] | None = None
    groups_claim: str | None = None
    leeway: int = 30
    max_age: int = 3600


def oidc_tokens(settings: OidcSettings, clock: Callable[[], int]) -> Verifier:
    """Takes the access tokens of an OpenID provider; its keys are loaded at once.

    Raises Misconfigured, naming all that is missing, unless the settings are whole and safe and the keys can be had.
    """
    from remit.adapters.jwks import IssuerKeys  # only here, with the HTTP client it takes

    _check(settings)
    naming = Naming(
        settings.user_claim,
        settings.application_claim or None,
        settings.application_when,
        settings.groups_claim or None,
    )
    expected = Expected(settings.issuer, settings.audience, settings.type, settings.leeway, settings.max_age)
    source = IssuerKeys(settings.jwks, settings.algorithms, clock)
    return Verifier(expected, source, lambda claims: bearer(claims, naming))


def dev_tokens(secret: bytes) -> Verifier:
    """Takes the tokens that `minted` makes with the same secret, and goes about it like with any other."""
    key = VerifyingKey(_DEV_ALGORITHM, _dev_key(secret))
    return Verifier(DEV, FixedKeys(KeySet({}, (key,))), _dev_bearer)


def minted(secret: bytes, subject: str, groups: tuple[str, ...], seconds: int, now: int) -> str:
    """A development token for `subject` (`user:…`, `application:…`), with bare group names, good for some seconds.

    `now` is nanoseconds since 1970. Raises RequestInvalid if a policy could not name the subject or a group, for a
    group as the subject, for too many groups, and for seconds other than 1 to 86,400.
    """
    if problem := subject_problem(subject):
        raise RequestInvalid(f"{quoted(subject)} {problem}")
    if subject.startswith("group:"):
        raise RequestInvalid(f"{quoted(subject)} is a group; a token is for one who calls: `user:…`, `application:…`")
    for group in groups:
        if problem := subject_problem(f"group:{group}"):
            raise RequestInvalid(f"the group {quoted(group)} {problem}")
        if group.startswith("group:"):
            raise RequestInvalid(f"the group {quoted(group)} has its type already; give the bare name")
    if len(groups) > MOST_GROUPS:
        raise RequestInvalid(f"{len(groups):,} groups are too many for a token; {MOST_GROUPS} are allowed")
    if not 1 <= seconds <= MOST_SECONDS:
        raise RequestInvalid(f"a token counts for 1 to {MOST_SECONDS:,} seconds, not {seconds:,}")
    claims = {
        "iss": DEV.issuer,
        "aud": DEV.audience,
        "sub": subject,
        "groups": groups,
        "iat": now // SECOND,
        "exp": -(-now // SECOND) + seconds,
    }
    header = {"alg": _DEV_ALGORITHM, "typ": DEV.type}
    return serialize_compact(header, json_text(claims), _dev_key(secret), [_DEV_ALGORITHM])


def _dev_key(secret: bytes) -> OctKey:
    return OctKey.import_key(derived(secret, "development tokens"))


def _dev_bearer(claims: Claims) -> Actor:
    """The `sub` of a development token is the whole subject."""
    return Actor(nameable(claims["sub"], "sub"), groups_of(claims, "groups"))


def _check(settings: OidcSettings) -> None:
    """Raises Misconfigured, in one sentence, for the first sort of fault there is."""
    needed = {
        "REMIT_OIDC_ISSUER": settings.issuer,
        "REMIT_OIDC_AUDIENCE": settings.audience,
        "REMIT_OIDC_ALGORITHMS": "".join(settings.algorithms),
        "REMIT_OIDC_JWKS": settings.jwks,
        "REMIT_OIDC_TYPE": settings.type,
        "REMIT_OIDC_USER_CLAIM": settings.user_claim,
    }
    if missing := [name for name, value in needed.items() if not value.strip()]:
        raise Misconfigured(f"callers cannot be told apart without {' and '.join(missing)}; set {_them(missing)}")
    if unsafe := [name for name in settings.algorithms if name not in _KNOWN]:
        known = ", ".join(sorted(_KNOWN))
        raise Misconfigured(f"REMIT_OIDC_ALGORITHMS may name only {known}, and not {quoted(unsafe[0])}")
    if settings.application_when is not None and not all(part.strip() for part in settings.application_when):
        raise Misconfigured("REMIT_OIDC_APPLICATION_WHEN must be a claim and its value")
    if not 0 <= settings.leeway <= MOST_LEEWAY:
        raise Misconfigured(f"REMIT_OIDC_LEEWAY is {settings.leeway} seconds; 0 to {MOST_LEEWAY} are allowed")
    if settings.max_age < 1:
        raise Misconfigured(f"REMIT_OIDC_MAX_AGE is {settings.max_age} seconds; it must be 1 at least")


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
