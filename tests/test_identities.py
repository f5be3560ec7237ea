"""From an Authorization header to an actor: which headers say who calls, and what is remembered of them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from remit.adapters import identities as module
from remit.adapters.identities import Identities
from remit.adapters.keys import Keys
from remit.adapters.tokens import dev_tokens, minted, oidc_tokens
from remit.adapters.verifier import FixedKeys, Verified, Verifier
from remit.core.model import Actor
from remit.errors import NotAuthenticated
from tokens import NOW, SECOND, Watch, accepting, good, identify, in_file, settings, signer

ADA = Actor("user:ada@example.com")
BUILDER = Actor("application:builder")


def header(identities: Identities, value: bytes | None) -> Actor:
    """Who calls with this header."""
    return asyncio.run(identities.identify(value))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_bearer_in_any_letters(scheme: str, tmp_path: Path) -> None:
    assert header(accepting(tmp_path, Watch()), f"{scheme} {good()}".encode()) == ADA


TOKEN = good().encode()
NO_CREDENTIALS = [None, b"", b" ", b"Basic YWRhOng=", b"Negotiate x", b"Bearer\t" + TOKEN, b" Bearer " + TOKEN]
NO_CREDENTIALS += [scheme + TOKEN for scheme in (b"", b"Token ", b"Bearers ", b"\xff\xfe ", b"DPoP ", b"Bearer:")]


@pytest.mark.parametrize("value", NO_CREDENTIALS, ids=range(len(NO_CREDENTIALS)))
def test_without_bearer_nothing_was_given(value: bytes | None, tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticated, match="does not say who calls") as refused:
        header(accepting(tmp_path, Watch()), value)
    assert not refused.value.given


MALFORMED = [b"Bearer", b"Bearer ", b"Bearer  " + TOKEN, b"Bearer \xe9"]
MALFORMED += [b"Bearer " + TOKEN + more for more in (b" ", b" x", b", Bearer " + TOKEN, b"\t", b"\0", b",")]


@pytest.mark.parametrize("value", MALFORMED, ids=range(len(MALFORMED)))
def test_bearer_and_not_exactly_one_token_does_not_hold(value: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        header(accepting(tmp_path, Watch()), value)
    assert refused.value.given


# Which kinds of credentials are taken.


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """The API keys of a state directory."""
    return Keys(tmp_path / "state")


@pytest.fixture
def tokens(tmp_path: Path) -> Verifier:
    """What takes the tokens of a provider."""
    return oidc_tokens(settings(in_file(tmp_path)), Watch())


def test_each_kind_goes_where_it_belongs(keys: Keys, tokens: Verifier) -> None:
    _, key = keys.create(BUILDER.subject, NOW * SECOND)
    both, only_keys, only_tokens = (
        Identities(Watch(), tokens, keys),
        Identities(Watch(), keys=keys),
        Identities(Watch(), tokens=tokens),
    )
    assert identify(both, key) == identify(only_keys, key) == BUILDER
    assert identify(both, good()) == identify(only_tokens, good()) == ADA
    with pytest.raises(NotAuthenticated, match="API keys are not accepted"):
        identify(only_tokens, key)
    with pytest.raises(NotAuthenticated, match="tokens other than API keys are not accepted"):
        identify(only_keys, good())
    for token in (key, good()):
        with pytest.raises(NotAuthenticated):
            identify(Identities(Watch()), token)


def test_a_development_token_and_an_api_key_side_by_side(keys: Keys) -> None:
    secret = secrets.token_bytes(32)
    _, key = keys.create(BUILDER.subject, NOW * SECOND)
    identities = Identities(Watch(), dev_tokens(secret), keys)
    assert identify(identities, minted(secret, "user:ada@example.com", ("nlp",), 60, NOW * SECOND)) == Actor(
        "user:ada@example.com", ("group:nlp",)
    )
    assert identify(identities, key) == BUILDER


# What is remembered.


class Counting:
    """How many tokens were verified."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        verify = Verifier.verify

        async def counted(verifier: Verifier, text: str, now: int) -> Verified:
            self.count += 1
            return await verify(verifier, text, now)

        monkeypatch.setattr(Verifier, "verify", counted)


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counting]:
    """Counts the tokens that are verified."""
    yield Counting(monkeypatch)


def test_a_token_is_verified_once(tmp_path: Path, verified: Counting) -> None:
    identities = accepting(tmp_path, Watch())
    token = good()
    assert [identify(identities, token) for _ in range(5)] == [ADA] * 5
    assert verified.count == 1
    assert identify(identities, token, "bearer ") == ADA
    assert identify(identities, good(jti="x")) == ADA
    assert verified.count == 3


def test_a_remembered_token_is_told_without_waiting(tmp_path: Path) -> None:
    identities = accepting(tmp_path, Watch())
    identify(identities, good())
    told = identities.identify(b"Bearer " + good().encode())
    with pytest.raises(StopIteration) as done:
        told.send(None)
    assert done.value.value is identify(identities, good())


def test_nothing_of_a_token_is_kept(tmp_path: Path) -> None:
    identities = accepting(tmp_path, Watch())
    token = good()
    identify(identities, token)
    kept = repr(identities._remembered)
    assert "ada@example.com" in kept
    assert not any(part in kept for part in token.split("."))


def test_a_refused_token_is_not_remembered(tmp_path: Path, verified: Counting) -> None:
    identities = accepting(tmp_path, Watch())
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            identify(identities, good(aud="other"))
    assert verified.count == 3
    assert not identities._remembered


@pytest.mark.parametrize(
    ("claims", "remembered"),
    [({"exp": NOW + 100}, 100), ({"exp": NOW + 9_000}, 3_540), ({"exp": NOW + 100, "iat": NOW - 3_590}, 10)],
)
def test_a_token_is_remembered_until_it_expires(
    claims: dict[str, int], remembered: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch()
    identities = Identities(watch, dev_like(tmp_path, watch))
    token = good(**claims)
    assert identify(identities, token) == ADA
    count = Counting(monkeypatch)
    watch.now = (NOW + remembered) * SECOND - 1
    assert identify(identities, token) == ADA
    assert count.count == 0
    watch.now += 1
    assert identify(identities, token) == ADA, "the leeway is for a token that is verified again"
    assert count.count == 1
    watch.ahead(30)
    with pytest.raises(NotAuthenticated, match=r"expired|older"):
        identify(identities, token)


def dev_like(path: Path, watch: Watch) -> Verifier:
    """A provider's verifier whose keys are never looked at again, so that only the token's time counts."""
    verifier = oidc_tokens(settings(in_file(path)), watch)
    verifier.source = FixedKeys(verifier.source.keys)
    return verifier


def test_a_token_in_its_leeway_is_not_kept(tmp_path: Path) -> None:
    identities = accepting(tmp_path, Watch())
    assert identify(identities, good(exp=NOW - 10)) == ADA
    assert not identities._remembered


def test_all_is_forgotten_when_the_keys_change(tmp_path: Path) -> None:
    watch = Watch()
    identities = accepting(tmp_path, watch, signer(), signer(kid="second"))
    assert identify(identities, good()) == ADA
    in_file(tmp_path, signer(kid="second"))
    watch.ahead(1)
    assert identify(identities, good(signer(kid="second"))) == ADA
    with pytest.raises(NotAuthenticated, match="names no key"):
        identify(identities, good())


def test_an_api_key_is_never_remembered(keys: Keys, tokens: Verifier) -> None:
    watch = Watch()
    identities = Identities(watch, tokens, keys)
    id, key = keys.create(BUILDER.subject, watch.now)
    assert identify(identities, key) == BUILDER
    assert not identities._remembered
    keys.revoke(id)
    with pytest.raises(NotAuthenticated):
        identify(identities, key)


def test_there_is_an_end_to_what_is_remembered(monkeypatch: pytest.MonkeyPatch, verified: Counting) -> None:
    assert module.MOST_REMEMBERED == 10_000
    monkeypatch.setattr(module, "MOST_REMEMBERED", 100)
    secret, watch = secrets.token_bytes(32), Watch()
    identities = Identities(watch, dev_tokens(secret))
    short = [minted(secret, f"user:short{number}", (), 10, watch.now) for number in range(50)]
    made = [minted(secret, f"user:{number}", (), 600, watch.now) for number in range(200)]
    for token in (*short, *made[:50]):
        identify(identities, token)
    assert len(identities._remembered) == 100
    watch.ahead(11)
    identify(identities, made[50])
    assert len(identities._remembered) == 51, "what expired goes first"
    for token in made:
        identify(identities, token)
        assert len(identities._remembered) <= 100
    before = verified.count
    for token in made[-90:]:
        identify(identities, token)
    assert verified.count == before, "the oldest go, the youngest stay"
    identify(identities, made[0])
    assert verified.count == before + 1
