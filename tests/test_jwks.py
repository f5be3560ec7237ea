"""The keys of an issuer: which of them count, and what is left of them when the issuer is ill (threats, rows 24, 25).

The issuers are real HTTP servers on loopback; only the clock is not.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import logging
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc.jwk import OKPKey

from remit.adapters import jwks
from remit.adapters.identities import Identities
from remit.adapters.jwks import IssuerKeys
from remit.adapters.key_sets import KeySet, read_key_set
from remit.adapters.tokens import oidc_tokens
from remit.core.model import Actor
from remit.errors import CouldNotDecide, Misconfigured, NotAuthenticated
from tokens import GONE, Issuer, Signer, Watch, b64, good, in_file, issuing, key_set, settings, signer, text

ADA = Actor("user:ada@example.com")
OLD, NEW = signer(), signer(kid="second")
DAY = 86_400
LONG = {"max_age": 10 * DAY}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer with one key, OLD."""
    with issuing() as running:
        yield running


class Lab:
    """Identities by one issuer, in one event loop, and a clock to move."""

    def __init__(self, where: str | Path) -> None:
        self.watch = Watch()
        verifier = oidc_tokens(settings(where, **LONG), self.watch)
        assert isinstance(verifier.source, IssuerKeys)
        self.source = verifier.source
        self.identities = Identities(self.watch, verifier)

    async def calls(self, token: str) -> Actor:
        """Who calls with this token."""
        return await self.identities.identify(f"Bearer {token}".encode())

    async def refused(self, token: str) -> None:
        """The token does not hold."""
        with pytest.raises(NotAuthenticated):
            await self.calls(token)

    async def undecided(self, token: str) -> None:
        """There are no keys to tell by."""
        with pytest.raises(CouldNotDecide, match="out of reach"):
            await self.calls(token)

    async def settled(self) -> None:
        """Wait for the look at the keys that is under way."""
        if self.source._task is not None:
            await self.source._task


def long_lived(by: Signer, **changes: object) -> str:
    """A token that outlives every outage here."""
    return good(by, **{"exp": 4_000_000_000, **changes})


# Which keys of a set count.

RSA = OLD.public()
EC = signer("ES256", "curve").public()
ED = signer("EdDSA", "edwards").public()
X25519 = OKPKey.generate_key("X25519").as_dict(private=False)
BOTH = ("RS256", "ES256", "EdDSA")


@pytest.mark.parametrize("entry", [RSA, EC, ED], ids=["RSA", "EC", "Ed25519"])
@pytest.mark.parametrize("changes", [{}, {"use": GONE}, {"alg": GONE}, {"key_ops": ["verify"]}, {"x5c": 7, "x": 1}])
def test_a_key_for_signatures_counts(entry: dict[str, object], changes: dict[str, object]) -> None:
    changes = {name: value for name, value in changes.items() if name not in entry or name in ("use", "alg")}
    assert read_key_set(text({"keys": [changed(entry, changes)]}), BOTH).find(str(entry["kid"]))


def changed(entry: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    """A key with members changed, added, or GONE."""
    return {name: value for name, value in {**entry, **changes}.items() if value is not GONE}


LEFT_OUT = {
    "for encryption": (RSA, {"use": "enc"}),
    "use in capitals": (RSA, {"use": "SIG"}),
    "use null": (RSA, {"use": None}),
    "cannot verify": (RSA, {"key_ops": ["sign"]}),
    "no operations": (RSA, {"key_ops": []}),
    "operations no list": (RSA, {"key_ops": "verify"}),
    "of another algorithm": (RSA, {"alg": "RS512"}),
    "of an algorithm of another type": (RSA, {"alg": "ES256"}),
    "of a symmetric algorithm": (RSA, {"alg": "HS256"}),
    "of no algorithm": (RSA, {"alg": "none"}),
    "algorithm a list": (RSA, {"alg": ["RS256"]}),
    "type missing": (RSA, {"kty": GONE}),
    "type oct": (RSA, {"kty": "oct", "k": b64(b"k" * 32)}),
    "type oct on a curve": (EC, {"kty": "oct", "k": b64(b"k" * 32)}),
    "type a list": (RSA, {"kty": ["RSA"]}),
    "kid a number": (RSA, {"kid": 1}),
    "kid null": (RSA, {"kid": None}),
    "no modulus": (RSA, {"n": GONE}),
    "modulus a number": (RSA, {"n": 7}),
    "modulus no base64url": (RSA, {"n": "n+/="}),
    "modulus empty": (RSA, {"n": ""}),
    "modulus short": (RSA, {"n": b64(secrets.token_bytes(255) + b"\x01")[1:]}),
    "modulus of 1024 bits": (RSA, {"n": b64(b"\xff" * 128)}),
    "exponent 1": (RSA, {"e": b64(b"\x01")}),
    "exponent even": (RSA, {"e": b64(b"\x04")}),
    "exponent missing": (RSA, {"e": GONE}),
    "exponent empty": (RSA, {"e": ""}),
    "with its private part": (RSA, {"d": b64(b"d" * 256)}),
    "point not on the curve": (EC, {"y": EC["x"]}),
    "no point": (EC, {"x": GONE}),
    "curve unknown": (EC, {"crv": "P-255"}),
    "curve of Bitcoin": (EC, {"crv": "secp256k1"}),
    "curve a list": (EC, {"crv": ["P-256"]}),
    "curve of another type": (EC, {"crv": "Ed25519"}),
    "Edwards curve of another type": (ED, {"crv": "P-256", "alg": GONE}),
    "Edwards point cut": (ED, {"x": ED["x"][:-3]}),
    "for key agreement": (X25519, {"kid": "x"}),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_key_that_is_not_sound_is_left_out(name: str) -> None:
    entry, changes = LEFT_OUT[name]
    other = signer("ES256", "other")
    bad = {"kid": "bad", **changed({**entry, "kid": "bad"}, changes)}
    found = read_key_set(text({"keys": [bad, other.public()]}), BOTH)
    assert found.find("other") and not found.find("bad")
    assert found.find(None), "what is left out does not count"
    with pytest.raises(ValueError, match="holds no key that can check RS256 or ES256 or EdDSA"):
        read_key_set(text({"keys": [bad]}), BOTH)


@pytest.mark.parametrize("entry", [None, "key", 7, [], {}, [RSA], True])
def test_an_entry_that_is_no_key_is_left_out(entry: object) -> None:
    assert read_key_set(key_set(entry, OLD), BOTH).find("first")


POISON = [
    b"",
    b"not found",
    b"null",
    b"[]",
    b"{}",
    b'{"keys":[]}',
    b'{"keys":{}}',
    b'{"keys":null}',
    b'{"keys":"first"}',
    b'{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"first","alg":"HS256"}]}',
    b'{"keys":[' + text(RSA) + b'],"keys":[]}',
    b'{"keys":[NaN,' + text(RSA) + b"]}",
    b'{"keys":' + b"[" * 20_000,
    key_set(OLD).decode().encode("utf-16"),
    b"\xef\xbb\xbf" + key_set(OLD),
    key_set(OLD)[:-1],
    key_set(OLD) + b"x",
    text(RSA),
    b"<html>sign in</html>",
]


@pytest.mark.parametrize("document", POISON, ids=range(len(POISON)))
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    assert read_key_set(key_set(OLD), ("RS256",)).find("first")
    with pytest.raises(ValueError):
        read_key_set(document, ("RS256",))


def test_of_two_keys_with_one_name_neither_counts() -> None:
    twins = key_set(OLD, signer(which=1), NEW)
    assert read_key_set(twins, BOTH).find("first") is None
    assert read_key_set(twins, BOTH).find("second")
    assert read_key_set(key_set(OLD, RSA, NEW), BOTH).find("first") is None


@pytest.mark.parametrize(
    ("algorithms", "own", "chosen"),
    [
        (("RS256", "PS256"), GONE, "RS256"),
        (("PS256", "RS256"), GONE, "PS256"),
        (("ES256", "RS512"), GONE, "RS512"),
        (("RS256", "PS256"), "PS256", "PS256"),
        (("RS256", "PS256"), None, "RS256"),
    ],
)
def test_a_key_has_one_algorithm(algorithms: tuple[str, ...], own: object, chosen: str) -> None:
    key = read_key_set(key_set(OLD.public(alg=own)), algorithms).find("first")
    assert key is not None and key.algorithm == chosen


def test_sets_are_the_same_if_their_keys_are() -> None:
    def mark(*entries: object) -> frozenset[object]:
        return read_key_set(key_set(*entries), ("RS256", "PS256")).mark

    assert mark(OLD, NEW) == mark(NEW, OLD) == mark(OLD.public(x5t="x", use=GONE), NEW)
    others = [mark(OLD), mark(OLD, NEW.public(kid="third")), mark(OLD, NEW.public(alg="PS256")), mark(NEW)]
    others += [mark(OLD, NEW.public(kid=GONE)), mark(OLD, signer(which=1).public(kid="second"))]
    assert len({mark(OLD, NEW), *others}) == 1 + len(others)


def test_an_empty_set_finds_nothing() -> None:
    assert KeySet({}).find(None) is None and KeySet({}).find("") is None


# At the start.


def test_keys_are_loaded_at_the_start(issuer: Issuer) -> None:
    lab = Lab(issuer.url)
    assert issuer.asked == 1
    assert asyncio.run(lab.calls(good())) == ADA
    assert issuer.asked == 1


@pytest.mark.parametrize("document", POISON, ids=range(len(POISON)))
def test_poison_at_the_start_is_no_start(document: bytes, issuer: Issuer, tmp_path: Path) -> None:
    issuer.send(200, document)
    (tmp_path / "jwks.json").write_bytes(document)
    for where in (issuer.url, str(tmp_path / "jwks.json")):
        with pytest.raises(Misconfigured, match=r"the issuer's keys cannot be had from `.*`: what is there "):
            Lab(where)


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 404, 500])
def test_an_answer_other_than_200_is_no_start(status: int, issuer: Issuer) -> None:
    issuer.send(status, key_set(OLD) if status != 204 else b"", Location=issuer.url)
    with pytest.raises(Misconfigured, match=f"no plain 200 but {status}"):
        Lab(issuer.url)
    assert issuer.asked == 1, "no redirect is followed"


def test_nobody_there_is_no_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(Misconfigured, match=f"127.0.0.1:{port}/keys`: "):
        Lab(f"http://127.0.0.1:{port}/keys")
    with pytest.raises(Misconfigured, match="no such file"):
        Lab(tmp_path / "jwks.json")
    with pytest.raises(Misconfigured, match="is a directory"):
        Lab(tmp_path)


@pytest.mark.parametrize("announced", [True, False])
def test_a_set_that_is_too_large_is_not_read(announced: bool, issuer: Issuer, tmp_path: Path) -> None:
    room = jwks.MOST_BYTES - len(key_set(OLD))
    length = {"Content_Length": str(jwks.MOST_BYTES + 1)} if announced else {}
    issuer.send(200, key_set(OLD) + b" " * room)
    (tmp_path / "jwks.json").write_bytes(key_set(OLD) + b" " * room)
    Lab(issuer.url)
    Lab(tmp_path / "jwks.json")
    issuer.send(200, key_set(OLD) + b" " * (room + 1), **length)
    (tmp_path / "jwks.json").write_bytes(key_set(OLD) + b" " * (room + 1))
    for where in (issuer.url, tmp_path / "jwks.json"):
        with pytest.raises(Misconfigured, match="larger than 262,144 bytes"):
            Lab(where)


def test_nothing_is_unpacked(issuer: Issuer) -> None:
    issuer.send(200, gzip.compress(key_set(OLD)), Content_Encoding="gzip")
    with pytest.raises(Misconfigured, match="no plain 200"):
        Lab(issuer.url)
    assert issuer.requests[0]["accept-encoding"] == "identity"


def test_a_slow_answer_is_not_waited_for(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.2)
    done = threading.Event()
    plain = issuer.answer
    issuer.answer = lambda: (done.wait(5), plain())[1]
    began = time.monotonic()
    try:
        with pytest.raises(Misconfigured, match="no answer within"):
            Lab(issuer.url)
        assert time.monotonic() - began < 3
    finally:
        done.set()


def test_an_answer_that_never_ends_is_left(issuer: Issuer) -> None:
    issuer.send(200, itertools.repeat(b" " * 65_536))
    with pytest.raises(Misconfigured, match="larger than 262,144 bytes"):
        Lab(issuer.url)


def test_an_answer_that_trickles_is_left(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.3)
    issuer.send(200, (time.sleep(0.05) or b" " for _ in range(60)))  # each part comes in time
    began = time.monotonic()
    with pytest.raises(Misconfigured, match="no answer within"):
        Lab(issuer.url)
    assert time.monotonic() - began < 2


def test_no_proxy_of_the_environment_comes_between(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    Lab(issuer.url)
    assert issuer.asked == 1


def certificate(path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key, in one file."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC).replace(tzinfo=None)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now)
    made = made.not_valid_after(now + timedelta(days=1)).add_extension(address, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    place = path / "certificate.pem"
    place.write_bytes(pem + made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return place


def test_https_is_taken_only_from_who_is_vouched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certificate(tmp_path)
    with issuing(made) as issuer:
        with pytest.raises(Misconfigured, match="certificate verify failed"):
            Lab(issuer.url)
        assert issuer.asked == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(made))  # what this machine trusts counts
        Lab(issuer.url)
        assert issuer.asked == 1


def test_it_starts_within_a_running_loop_too(issuer: Issuer) -> None:
    async def start() -> Actor:
        return await Lab(issuer.url).calls(good())

    assert asyncio.run(start()) == ADA


# While it runs.


def test_keys_are_looked_at_again_in_the_background(issuer: Issuer) -> None:
    lab = Lab(issuer.url)
    may = threading.Event()

    def slow() -> tuple[int, dict[str, str], bytes]:
        may.wait(5)
        return 200, {}, key_set(OLD, NEW)

    async def run() -> None:
        lab.watch.ahead(299)
        assert await lab.calls(long_lived(OLD)) == ADA
        assert issuer.asked == 1
        issuer.answer = slow
        lab.watch.ahead(2)
        for _ in range(5):
            assert await lab.calls(long_lived(OLD)) == ADA, "nobody waits for what can be told already"
        may.set()
        await lab.settled()
        assert issuer.asked == 2
        assert await lab.calls(long_lived(NEW)) == ADA
        assert issuer.asked == 2

    asyncio.run(run())


def test_keys_of_yesterday_are_not_gone_by(issuer: Issuer) -> None:
    """After a quiet night the first request waits: its key may have been removed long since."""
    lab = Lab(issuer.url)

    async def run() -> None:
        await lab.calls(long_lived(OLD))
        issuer.serve(NEW)
        lab.watch.ahead(601)
        refused = [asyncio.create_task(lab.refused(long_lived(OLD))) for _ in range(5)]
        await asyncio.gather(*refused)
        assert issuer.asked == 2
        assert await lab.calls(long_lived(NEW)) == ADA

    asyncio.run(run())


def test_a_key_that_was_removed_stops_counting_at_once(issuer: Issuer) -> None:
    lab = Lab(issuer.url)
    issuer.serve(OLD, NEW)

    async def run() -> None:
        lab.watch.ahead(31)
        assert await lab.calls(long_lived(NEW)) == ADA
        assert await lab.calls(long_lived(OLD)) == ADA
        issuer.serve(NEW)
        lab.watch.ahead(301)
        await lab.calls(long_lived(NEW))
        await lab.settled()
        await lab.refused(long_lived(OLD))
        assert await lab.calls(long_lived(NEW)) == ADA

    asyncio.run(run())


def test_a_new_key_is_found_when_the_first_token_names_it(issuer: Issuer) -> None:
    lab = Lab(issuer.url)
    issuer.serve(OLD, NEW)

    async def run() -> None:
        await lab.refused(long_lived(NEW))
        assert issuer.asked == 1, "the keys were looked at less than 30 s ago"
        lab.watch.ahead(30)
        tokens = [long_lived(NEW, jti=str(number)) for number in range(20)]
        assert await asyncio.gather(*(lab.calls(token) for token in tokens)) == [ADA] * 20
        assert issuer.asked == 2

    asyncio.run(run())


def test_rotation_under_load_refuses_no_valid_token(issuer: Issuer) -> None:
    lab = Lab(issuer.url)
    keys = [signer(kid=f"key {number}") for number in range(4)]
    issuer.serve(keys[0])

    async def run() -> None:
        lab.watch.ahead(31)
        for number in range(1, len(keys)):
            issuer.serve(*keys[number - 1 : number + 1])  # the old one overlaps
            for step in range(40):
                lab.watch.ahead(10)
                by = keys[number - 1] if step < 35 else keys[number]
                assert await lab.calls(long_lived(by, jti=f"{number} {step}")) == ADA
            await lab.settled()
        assert issuer.asked < 20

    asyncio.run(run())


def test_ten_thousand_random_kids_are_one_fetch(issuer: Issuer) -> None:
    lab = Lab(issuer.url)
    data = good(OLD).split(".", 1)[1]

    async def run() -> None:
        lab.watch.ahead(31)
        for _ in range(10_000):
            head = b64(text({"alg": "RS256", "typ": "at+jwt", "kid": secrets.token_hex(8)}))
            with pytest.raises(NotAuthenticated):
                await lab.calls(f"{head}.{data}")
            lab.watch.now += 2_900_000  # 29 s in all
        assert issuer.asked == 2
        lab.watch.ahead(2)
        await lab.refused(good(OLD, head={"kid": "another"}))
        assert issuer.asked == 3

    asyncio.run(run())


def test_a_thousand_random_kids_at_once_are_one_fetch(issuer: Issuer) -> None:
    lab = Lab(issuer.url)

    async def run() -> None:
        lab.watch.ahead(31)
        token = good(OLD).split(".", 1)[1]
        heads = [b64(text({"alg": "RS256", "typ": "at+jwt", "kid": str(number)})) for number in range(1_000)]
        answers = await asyncio.gather(*(lab.calls(f"{head}.{token}") for head in heads), return_exceptions=True)
        assert {type(answer) for answer in answers} == {NotAuthenticated}
        assert issuer.asked == 2

    asyncio.run(run())


def test_tokens_that_are_none_cause_no_fetch(issuer: Issuer) -> None:
    lab = Lab(issuer.url)

    async def run() -> None:
        lab.watch.ahead(31)
        for head in ({"typ": "JWT"}, {"crit": ["x"]}, {"kid": 7}, {"kid": GONE, "jku": issuer.url, "alg": "none"}):
            await lab.refused(good(OLD, head={"kid": "unknown", **head}))
        assert issuer.asked == 1

    asyncio.run(run())


OUTAGES = {
    "down": (500, b""),
    "redirect": (302, b""),
    "not found": (404, key_set(NEW)),
    "too large": (200, key_set(NEW) + b" " * jwks.MOST_BYTES),
    **{f"poison {number}": (200, document) for number, document in enumerate(POISON)},
}


@pytest.mark.parametrize("name", OUTAGES)
def test_the_last_good_keys_stay_for_a_day(name: str, issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    lab = Lab(issuer.url)
    token = long_lived(OLD)

    async def run() -> None:
        assert await lab.calls(token) == ADA
        issuer.send(*OUTAGES[name])
        for _ in range(23):
            lab.watch.ahead(3_600)
            assert await lab.calls(token) == ADA
            assert await lab.calls(long_lived(OLD, jti=secrets.token_hex(4))) == ADA
        await lab.refused(long_lived(NEW))
        assert "the last good ones stay" in caplog.text
        lab.watch.ahead(3_599)
        assert await lab.calls(token) == ADA
        lab.watch.ahead(1)
        await lab.undecided(token)
        await lab.undecided(long_lived(OLD, jti="x"))
        issuer.serve(OLD)
        lab.watch.ahead(30)
        assert await lab.calls(token) == ADA

    caplog.set_level(logging.INFO)
    asyncio.run(run())


def test_in_an_outage_the_issuer_is_asked_every_half_minute_and_nobody_waits(issuer: Issuer) -> None:
    lab = Lab(issuer.url)
    issuer.send(500, b"")

    async def run() -> None:
        lab.watch.ahead(301)
        for second in range(300):
            assert await lab.calls(long_lived(OLD, jti=str(second))) == ADA
            await lab.settled()
            lab.watch.ahead(1)
        assert 10 <= issuer.asked - 1 <= 11

    asyncio.run(run())


def test_a_clock_that_is_set_back_stops_nothing(issuer: Issuer) -> None:
    lab = Lab(issuer.url)
    issuer.serve(OLD, NEW)

    async def run() -> None:
        lab.watch.ahead(-3_600)
        token = {"iat": 1_763_990_000, "jti": "x"}
        assert await lab.calls(long_lived(NEW, **token)) == ADA
        assert issuer.asked == 2
        issuer.serve(NEW)
        lab.watch.ahead(-3_600)
        await lab.refused(long_lived(OLD, **token))
        assert issuer.asked == 3

    asyncio.run(run())


# From a file.


def test_a_file_is_read_again_within_a_second_of_its_change(tmp_path: Path) -> None:
    place = in_file(tmp_path, OLD)
    lab = Lab(place)

    async def run() -> None:
        assert await lab.calls(good(OLD)) == ADA
        in_file(tmp_path, NEW)
        lab.watch.ahead(0.9)
        assert await lab.calls(good(OLD)) == ADA
        lab.watch.ahead(0.1)
        await lab.refused(good(OLD))
        assert await lab.calls(good(NEW)) == ADA
        in_file(tmp_path, OLD)
        lab.watch.ahead(1)
        await lab.refused(good(NEW))
        assert await lab.calls(good(OLD)) == ADA

    asyncio.run(run())


@pytest.mark.parametrize("harm", ["gone", "empty", "a directory", *POISON], ids=range(3 + len(POISON)))
def test_a_file_that_is_harmed_leaves_the_last_good_keys_for_a_day(harm: str | bytes, tmp_path: Path) -> None:
    place = in_file(tmp_path, OLD)
    lab = Lab(place)

    async def run() -> None:
        assert await lab.calls(long_lived(OLD)) == ADA
        lab.watch.ahead(3_600)
        place.unlink()
        if harm == "a directory":
            place.mkdir()
        elif harm != "gone":
            place.write_bytes(b"" if isinstance(harm, str) else harm)
        for _ in range(23):
            assert await lab.calls(long_lived(OLD)) == ADA
            lab.watch.ahead(3_600)
        await lab.undecided(long_lived(OLD))
        if harm == "a directory":
            place.rmdir()
        in_file(tmp_path, OLD)
        lab.watch.ahead(1)
        assert await lab.calls(long_lived(OLD)) == ADA

    asyncio.run(run())


def test_a_file_that_stays_good_counts_for_ever(tmp_path: Path) -> None:
    lab = Lab(in_file(tmp_path, OLD))

    async def run() -> None:
        for _ in range(5):
            lab.watch.ahead(DAY)
            assert await lab.calls(long_lived(OLD)) == ADA

    asyncio.run(run())
