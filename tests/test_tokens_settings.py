"""What an OpenID provider's settings must say before remit starts (threats, row 21), and the tokens of development."""

from __future__ import annotations

import hmac
import json
import secrets
from pathlib import Path

import pytest
from joserfc.util import urlsafe_b64decode

from remit.adapters.identities import Identities
from remit.adapters.secret import derived
from remit.adapters.tokens import dev_tokens, minted, oidc_tokens
from remit.core.model import Actor
from remit.errors import Misconfigured, NotAuthenticated, RequestInvalid
from tokens import GONE, NOW, SECOND, Signer, Watch, b64, changed, good, identify, in_file, settings, signer, text

SECRET = secrets.token_bytes(32)
NAMES = {"issuer": "ISSUER", "audience": "AUDIENCE", "algorithms": "ALGORITHMS", "jwks": "JWKS"}


def start(path: Path, **changes: object) -> None:
    """Construct what takes the provider's tokens."""
    chosen = settings(in_file(path))._replace(**changes)
    oidc_tokens(chosen, Watch())


@pytest.mark.parametrize("blank", ["", " ", "\t"])
@pytest.mark.parametrize("name", NAMES)
def test_a_setting_that_is_missing_is_named(name: str, blank: str, tmp_path: Path) -> None:
    start(tmp_path)
    value = ((), (blank,))[bool(blank)] if name == "algorithms" else blank
    with pytest.raises(Misconfigured, match=f"REMIT_OIDC_{NAMES[name]};.* set it") as refused:
        start(tmp_path, **{name: value})
    assert "\n" not in str(refused.value)


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        start(tmp_path, issuer="", audience="", algorithms=(), jwks="")
    assert all(f"REMIT_OIDC_{name}" in str(refused.value) for name in NAMES.values())


@pytest.mark.parametrize(
    "name", ["none", "None", "HS256", "HS384", "HS512", "rs256", "ES256K", "Ed448", "RSA-OAEP", "dir"]
)
def test_an_algorithm_that_proves_nothing_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=f"REMIT_OIDC_ALGORITHMS .*not `{name}`"):
        start(tmp_path, algorithms=("RS256", name))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"leeway": 31}, "REMIT_OIDC_LEEWAY"),
        ({"leeway": -1}, "REMIT_OIDC_LEEWAY"),
        ({"max_age": 0}, "REMIT_OIDC_MAX_AGE"),
        ({"type": " "}, "REMIT_OIDC_TYPE"),
        ({"user_claim": ""}, "REMIT_OIDC_USER_CLAIM"),
        ({"application_when": ("idtyp", "")}, "REMIT_OIDC_APPLICATION_WHEN"),
        ({"application_when": ("", "app")}, "REMIT_OIDC_APPLICATION_WHEN"),
        ({"jwks": "http://login.example.com/keys"}, "https"),
        ({"jwks": "http://localhost.example.com/keys"}, "https"),
        ({"jwks": "http://128.0.0.1/keys"}, "https"),
        ({"jwks": "ftp://login.example.com/keys"}, "https"),
        ({"jwks": "file:///etc/keys.json"}, "https"),
        ({"jwks": "https://"}, "https"),
        ({"jwks": "https://[::1/keys"}, "no URL"),
        ({"jwks": "https://user:word@login.example.com/keys"}, "may not hold a user or a password"),
    ],
)
def test_what_is_unsafe_or_makes_no_sense_is_refused(changes: dict[str, object], why: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=why):
        start(tmp_path, **changes)


def test_an_empty_claim_is_no_claim(tmp_path: Path) -> None:
    chosen = settings(in_file(tmp_path), application_claim="", groups_claim="")
    identities = Identities(Watch(), oidc_tokens(chosen, Watch()))
    assert identify(identities, good(**{"": "ada@example.com"})) == Actor("user:ada@example.com")


def developing(watch: Watch, secret: bytes = SECRET) -> Identities:
    """Identities by the tokens of development."""
    return Identities(watch, dev_tokens(secret))


def mint(subject: str = "user:ada@example.com", *groups: str, seconds: int = 60, now: int = NOW * SECOND) -> str:
    """A token of development."""
    return minted(SECRET, subject, groups, seconds, now)


@pytest.mark.parametrize("subject", ["user:ada@example.com", "application:workspace-builder", "user:application:x"])
def test_a_development_token_is_whom_it_says(subject: str) -> None:
    assert identify(developing(Watch()), mint(subject)) == Actor(subject)
    named = Actor(subject, ("group:nlp", "group:vision team"))
    assert identify(developing(Watch()), mint(subject, "nlp", "vision team")) == named


def test_a_development_token_says_what_it_is() -> None:
    head, payload, _ = (urlsafe_b64decode(part.encode()) for part in mint("user:ada", "nlp").split("."))
    assert json.loads(head) == {"alg": "HS256", "typ": "at+jwt"}
    assert json.loads(payload) == {
        "iss": "remit-dev",
        "aud": "remit",
        "sub": "user:ada",
        "groups": ["nlp"],
        "iat": NOW,
        "exp": NOW + 60,
    }


@pytest.mark.parametrize("seconds", [1, 60, 86_400])
@pytest.mark.parametrize("fraction", [0, 1, SECOND - 1])
def test_a_development_token_counts_for_as_long_as_it_was_made_for(seconds: int, fraction: int) -> None:
    watch = Watch()
    watch.now += fraction
    token, identities = mint(seconds=seconds, now=watch.now), developing(watch)
    watch.now += seconds * SECOND - 1
    assert identify(identities, token).subject == "user:ada@example.com"
    watch.now += SECOND
    with pytest.raises(NotAuthenticated, match="expired"):
        identify(identities, token)


def test_another_secret_makes_other_tokens() -> None:
    with pytest.raises(NotAuthenticated, match="signature"):
        identify(developing(Watch(), derived(SECRET, "another")), mint())


def forged(head: dict[str, object], **changes: object) -> str:
    """A development token, changed and signed with the right key."""
    payload = json.loads(urlsafe_b64decode(mint().split(".")[1].encode()))
    data = f"{b64(text(changed({'alg': 'HS256', 'typ': 'at+jwt'}, head)))}.{b64(text(changed(payload, changes)))}"
    key = derived(SECRET, "development tokens")
    return f"{data}.{b64(hmac.digest(key, data.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    ("head", "changes"),
    [
        ({"alg": "none"}, {}),
        ({"alg": "HS512"}, {}),
        ({"typ": "JWT"}, {}),
        ({"kid": "first"}, {}),
        ({"crit": ["exp"]}, {}),
        ({}, {"iss": "https://login.example.com"}),
        ({}, {"aud": "other"}),
        ({}, {"sub": "ada"}),
        ({}, {"sub": "role:admin"}),
        ({}, {"sub": GONE}),
        ({}, {"exp": GONE}),
        ({}, {"exp": NOW}),
        ({}, {"iat": NOW - 86_402, "exp": NOW + 1}),
        ({}, {"groups": "nlp"}),
    ],
)
def test_development_tokens_are_verified_like_any_other(head: dict[str, object], changes: dict[str, object]) -> None:
    assert identify(developing(Watch()), forged({})).subject == "user:ada@example.com"
    with pytest.raises(NotAuthenticated):
        identify(developing(Watch()), forged(head, **changes))


def test_development_and_a_provider_do_not_take_each_others_tokens(tmp_path: Path) -> None:
    provider = Identities(Watch(), oidc_tokens(settings(in_file(tmp_path)), Watch()))
    with pytest.raises(NotAuthenticated):
        identify(provider, mint())
    with pytest.raises(NotAuthenticated):
        identify(developing(Watch()), good())
    ours: Signer = signer()
    with pytest.raises(NotAuthenticated, match="algorithm of its key"):
        identify(developing(Watch()), good(ours, head={"kid": GONE}, iss="remit-dev", aud="remit", sub="user:ada"))


@pytest.mark.parametrize(
    "subject", ["", "ada", "role:admin", "user:", "user: ada", "User:ada", "user:a\0", "user:*", "*"]
)
def test_no_token_is_made_for_what_is_no_subject(subject: str) -> None:
    with pytest.raises(RequestInvalid):
        mint(subject)


def test_no_token_is_made_for_a_group() -> None:
    with pytest.raises(RequestInvalid, match="is a group"):
        mint("group:nlp")


@pytest.mark.parametrize("group", ["", " nlp", "n\u200blp", "a, b", "*", "group:nlp"])
def test_no_token_is_made_for_what_is_no_group(group: str) -> None:
    with pytest.raises(RequestInvalid, match="the group"):
        mint("user:ada", "vision", group)


def test_a_token_is_not_made_for_too_many_groups_or_too_long() -> None:
    mint("user:ada", *(f"g{number}" for number in range(256)))
    with pytest.raises(RequestInvalid, match="too many"):
        mint("user:ada", *(f"g{number}" for number in range(257)))
    for seconds in (0, -1, 86_401):
        with pytest.raises(RequestInvalid, match=r"1 to 86,400 seconds"):
            mint(seconds=seconds)
