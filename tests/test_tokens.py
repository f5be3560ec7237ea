"""Bad tokens: each is a good token with one thing changed, and is refused for that (threats, rows 20, 22 to 24)."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from remit.adapters.claims import LAST_MOMENT
from remit.adapters.jose import MOST_BYTES
from remit.core.model import Actor
from remit.errors import NotAuthenticated
from tokens import (
    AUDIENCE,
    GONE,
    ISSUER,
    NOW,
    Watch,
    accepting,
    b64,
    claims,
    good,
    header,
    identify,
    key_set,
    signed,
    signer,
    text,
)

ADA = Actor("user:ada@example.com")
OURS = signer()
OTHERS = signer(which=1)
"""A key of somebody else, who calls it what the issuer calls its own."""

EC = signer("ES256", "curve")
BOTH = ("RS256", "ES256")
RSA_PEM = OURS.key.as_pem(private=False) if isinstance(OURS.key, RSAKey) else b""


def unsigned(**head: object) -> str:
    """A token without a signature worth the name."""
    return f"{b64(text(header(OURS, **head)))}.{b64(text(claims()))}."


def by_hmac(secret: bytes, algorithm: str = "HS256", digest: str = "sha256") -> str:
    """A token signed with HMAC."""
    data = f"{b64(text(header(OURS, alg=algorithm)))}.{b64(text(claims()))}"
    return f"{data}.{b64(hmac.digest(secret, data.encode(), digest))}"


def part(index: int, change: Callable[[str], str]) -> str:
    """A good token, one of its three parts changed."""
    parts = good().split(".")
    parts[index] = change(parts[index])
    return ".".join(parts)


def doubled(member: str, value: object, where: str = "payload") -> str:
    """A truly signed token that names a member twice, the good value last."""
    head, payload = text(header(OURS)), text(claims())
    twice = b'{"%s": %s, ' % (member.encode(), json.dumps(value).encode())
    if where == "header":
        return signed(twice + head[1:], payload, OURS)
    return signed(head, twice + payload[1:], OURS)


def attacker(**head: object) -> str:
    """A token signed by the attacker's key, and a header that says where to get it."""
    return good(OTHERS, head=head)


ATTACKER_URL = "https://attacker.example.com/keys"
HEADERS = {
    "alg none": (lambda: unsigned(alg="none") + "AA", "algorithm of its key"),
    "alg None": (lambda: unsigned(alg="None") + "AA", "algorithm of its key"),
    "alg NONE": (lambda: unsigned(alg="NONE") + "AA", "algorithm of its key"),
    "alg nOnE": (lambda: unsigned(alg="nOnE") + "AA", "algorithm of its key"),
    "alg empty": (lambda: unsigned(alg="") + "AA", "algorithm of its key"),
    "alg none, unsigned": (lambda: unsigned(alg="none"), "three parts"),
    "alg none with a good signature": (lambda: good(head={"alg": "none"}), "algorithm of its key"),
    "alg missing": (lambda: good(head={"alg": GONE}), "`alg` or `kid`"),
    "alg null": (lambda: good(head={"alg": None}), "`alg` or `kid`"),
    "alg a list": (lambda: good(head={"alg": ["RS256"]}), "`alg` or `kid`"),
    "alg lower case": (lambda: good(head={"alg": "rs256"}), "algorithm of its key"),
    "alg with a space": (lambda: good(head={"alg": "RS256 "}), "algorithm of its key"),
    "HS256 by the public key": (lambda: by_hmac(RSA_PEM), "algorithm of its key"),
    "HS256 by the public key, trimmed": (lambda: by_hmac(RSA_PEM.strip()), "algorithm of its key"),
    "HS512 by the public key": (lambda: by_hmac(RSA_PEM, "HS512", "sha512"), "algorithm of its key"),
    "HS256 by nothing": (lambda: by_hmac(b""), "algorithm of its key"),
    "RS256 over HMAC": (lambda: by_hmac(RSA_PEM, "RS256"), "signature"),
    "PS256 said, RS256 done": (lambda: good(head={"alg": "PS256"}), "algorithm of its key"),
    "PS256 said and done": (
        lambda: signed(text(header(OURS, alg="PS256")), text(claims()), OURS, "PS256"),
        "algorithm of its key",
    ),
    "RS256 said, PS256 done": (lambda: signed(text(header(OURS)), text(claims()), OURS, "PS256"), "signature"),
    "RS256 said, RS512 done": (lambda: signed(text(header(OURS)), text(claims()), OURS, "RS512"), "signature"),
    "another's key of the same name": (lambda: good(OTHERS), "signature"),
    "kid unknown": (lambda: good(head={"kid": "second"}), "names no key"),
    "kid a path": (lambda: good(head={"kid": "../../dev/null"}), "names no key"),
    "kid SQL": (lambda: good(head={"kid": "first' OR '1'='1"}), "names no key"),
    "kid a URL": (lambda: good(head={"kid": ATTACKER_URL}), "names no key"),
    "kid with a NUL": (lambda: good(head={"kid": "first\0"}), "names no key"),
    "kid in other letters": (lambda: good(head={"kid": "First"}), "names no key"),
    "kid empty": (lambda: good(head={"kid": ""}), "names no key"),
    "kid a number": (lambda: good(head={"kid": 1}), "`alg` or `kid`"),
    "kid null": (lambda: good(head={"kid": None}), "`alg` or `kid`"),
    "kid a list": (lambda: good(head={"kid": ["first"]}), "`alg` or `kid`"),
    "jku": (lambda: attacker(jku=ATTACKER_URL), "signature"),
    "jku and no kid": (lambda: attacker(jku=ATTACKER_URL, kid=GONE), "names no key"),
    "x5u": (lambda: attacker(x5u=ATTACKER_URL), "signature"),
    "jwk": (lambda: attacker(jwk=OTHERS.public()), "signature"),
    "jwk and a kid of its own": (lambda: attacker(jwk=OTHERS.public(kid="mine"), kid="mine"), "names no key"),
    "x5c": (lambda: attacker(x5c=[b64(OTHERS.key.as_der(private=False))]), "signature"),
    "crit of something unknown": (lambda: good(head={"crit": ["exp"], "exp": NOW}), "`crit`"),
    "crit empty": (lambda: good(head={"crit": []}), "`crit`"),
    "crit no list": (lambda: good(head={"crit": "b64"}), "`crit`"),
    "b64 false": (lambda: good(head={"b64": False, "crit": ["b64"]}), "`crit`"),
    "b64 false, not critical": (lambda: good(head={"b64": False}), "`b64`"),
    "b64 true": (lambda: good(head={"b64": True}), "`b64`"),
    "zip": (lambda: good(head={"zip": "DEF"}), "`zip`"),
    "enc": (lambda: good(head={"enc": "A256GCM"}), "`enc`"),
    "typ missing": (lambda: good(head={"typ": GONE}), "another type"),
    "typ JWT": (lambda: good(head={"typ": "JWT"}), "another type"),
    "typ of a logout token": (lambda: good(head={"typ": "logout+jwt"}), "another type"),
    "typ of a security event": (lambda: good(head={"typ": "secevent+jwt"}), "another type"),
    "typ of a proof of possession": (lambda: good(head={"typ": "dpop+jwt"}), "another type"),
    "typ a list": (lambda: good(head={"typ": ["at+jwt"]}), "another type"),
    "typ with a parameter": (lambda: good(head={"typ": "at+jwt; v=1"}), "another type"),
    "typ with another prefix": (lambda: good(head={"typ": "text/at+jwt"}), "another type"),
    "alg twice": (lambda: doubled("alg", "none", "header"), "names a member twice"),
    "kid twice": (lambda: doubled("kid", "mine", "header"), "names a member twice"),
}
"""Headers, keys and signatures."""

FORMS = {
    "empty": (lambda: "", "one token"),
    "a word": (lambda: "secret", "three parts"),
    "dots": (lambda: "..", "three parts"),
    "no signature": (lambda: part(2, lambda _: ""), "three parts"),
    "no payload": (lambda: part(1, lambda _: ""), "three parts"),
    "no header": (lambda: part(0, lambda _: ""), "three parts"),
    "signature left off": (lambda: good().rpartition(".")[0], "three parts"),
    "a dot behind": (lambda: good() + ".", "three parts"),
    "two dots behind": (lambda: good() + "..", "three parts"),
    "a dot before": (lambda: "." + good(), "three parts"),
    "encrypted: five parts": (lambda: good() + "." + b64(b"x" * 12) + "." + b64(b"x" * 16), "three parts"),
    "JSON serialization": (lambda: json.dumps({"payload": "e30", "signatures": []}).replace(" ", ""), "three parts"),
    "header padded": (lambda: part(0, lambda part: part + "="), "base64url|header"),
    "header in the other alphabet": (lambda: part(0, lambda part: part[:-4] + "+/+/"), "base64url"),
    "header of one letter": (lambda: part(0, lambda _: "e"), "base64url"),
    "header with a line feed": (lambda: part(0, lambda part: part[:8] + "\n" + part[8:]), "base64url"),
    "header no JSON": (lambda: part(0, lambda _: b64(b"header")), "header is not valid JSON"),
    "header a list": (lambda: part(0, lambda _: b64(b"[]")), "header is not a JSON object"),
    "header in UTF-16": (lambda: signed(text(header(OURS)).decode().encode("utf-16"), text(claims()), OURS), "JSON"),
    "header with a BOM": (lambda: signed(b"\xef\xbb\xbf" + text(header(OURS)), text(claims()), OURS), "JSON"),
    "header of brackets": (lambda: part(0, lambda _: b64(b"[" * 10_000)), "nested|valid JSON"),
    "payload of brackets": (lambda: signed(text(header(OURS)), b'{"a":' + b"[" * 9_000, OURS), "nested|valid JSON"),
    "payload padded": (lambda: part(1, lambda part: part + "="), "signature"),
    "payload no JSON": (lambda: signed(text(header(OURS)), b"payload", OURS), "payload is not valid JSON"),
    "payload a list": (lambda: signed(text(header(OURS)), b"[]", OURS), "payload is not a JSON object"),
    "payload not UTF-8": (lambda: signed(text(header(OURS)), b'{"sub":"\xff"}', OURS), "payload is not valid JSON"),
    "payload in UTF-16": (lambda: signed(text(header(OURS)), text(claims()).decode().encode("utf-16"), OURS), "JSON"),
    "payload changed": (lambda: part(1, lambda _: b64(text(claims(sub="eve@example.com")))), "signature"),
    "signature of zeros": (lambda: part(2, lambda _: b64(bytes(256))), "signature"),
    "signature too long": (lambda: part(2, lambda part: part + "AAAA"), "signature"),
    "signature cut": (lambda: part(2, lambda part: part[:-4]), "signature"),
    "signature padded": (lambda: part(2, lambda part: part + "=="), "signature"),
    "signature with a loose last bit": (lambda: part(2, lambda part: part[:-1] + chr(ord(part[-1]) + 1)), "signature"),
    "signature no base64url": (lambda: part(2, lambda _: "!!!!"), "signature"),
    "too long": (lambda: good(note="x" * MOST_BYTES), "longer than 16,384 bytes"),
    "letters that are no ASCII": (lambda: part(2, lambda part: "é" + part), "bytes that no token may"),
    "aud twice": (lambda: doubled("aud", "other"), "names a member twice"),
    "exp twice": (lambda: doubled("exp", NOW + 10**6), "names a member twice"),
    "twice, further in": (
        lambda: signed(text(header(OURS)), text(claims())[:-1] + b', "x": [{"y": 1, "y": 2}]}', OURS),
        "names a member twice",
    ),
}
"""Texts that are no token, or not quite."""

CLAIMS = {
    **{f"{name} missing": ({name: GONE}, f"no `{name}` claim") for name in ("exp", "iat", "iss", "aud", "sub")},
    **{f"{name} null": ({name: None}, f"`{name}`|another audience") for name in ("exp", "iat", "iss", "aud", "sub")},
    **{
        f"{name} {value!r}": ({name: value}, f"`{name}` claim is not a time")
        for name in ("exp", "iat", "nbf")
        for value in (10**18, LAST_MOMENT + 1, -1, str(NOW), True, False, [NOW], {}, "", None, -0.5, 1e300)
    },
    "exp long ago": ({"exp": 0}, "has expired"),
    "exp 31 s ago": ({"exp": NOW - 31}, "has expired"),
    "exp 30 s ago": ({"exp": NOW - 30}, "has expired"),
    "iat 31 s ahead": ({"iat": NOW + 31}, "does not count yet"),
    "iat in milliseconds": ({"iat": NOW * 1000}, "not a time"),
    "iat too old": ({"iat": NOW - 3631}, "older than"),
    "iat too old, exp far away": ({"iat": NOW - 7200, "exp": LAST_MOMENT}, "older than"),
    "iat of 1970": ({"iat": 0}, "older than"),
    "nbf 31 s ahead": ({"nbf": NOW + 31}, "does not count yet"),
    "nbf tomorrow": ({"nbf": NOW + 86_400}, "does not count yet"),
    "iss with a slash": ({"iss": ISSUER + "/"}, "another issuer"),
    "iss in capitals": ({"iss": ISSUER.upper()}, "another issuer"),
    "iss shorter": ({"iss": ISSUER[:-1]}, "another issuer"),
    "iss a list": ({"iss": [ISSUER]}, "`iss` claim is not a text"),
    "iss empty": ({"iss": ""}, "`iss` claim is not a text"),
    "aud another": ({"aud": "https://other.example.com"}, "another audience"),
    "aud with a slash": ({"aud": AUDIENCE + "/"}, "another audience"),
    "aud a list without ours": ({"aud": ["account", "other"]}, "another audience"),
    "aud an empty list": ({"aud": []}, "another audience"),
    "aud a list in a list": ({"aud": [[AUDIENCE]]}, "another audience"),
    "aud a list with a number": ({"aud": [AUDIENCE, 1]}, "another audience"),
    "aud an object": ({"aud": {AUDIENCE: True}}, "another audience"),
    "aud empty": ({"aud": ""}, "another audience"),
    "sub empty": ({"sub": ""}, "`sub` claim is not a text"),
    "sub a number": ({"sub": 7}, "`sub` claim is not a text"),
    "sub a list": ({"sub": ["ada@example.com"]}, "`sub` claim is not a text"),
    "sub with a control": ({"sub": "ada\0"}, "no policy can name"),
    "sub with a surrogate": ({"sub": "ada\ud800"}, "no policy can name"),
    "sub in another normal form": ({"sub": "ame\u0301lie"}, "no policy can name"),
    "sub invisible": ({"sub": "ada\u200b"}, "no policy can name"),
    "sub a space": ({"sub": " "}, "no policy can name"),
    "sub with a space before": ({"sub": " ada@example.com"}, "no policy can name"),
    "sub a pattern": ({"sub": "*"}, "no policy can name"),
    "sub that ends a line": ({"sub": "ada, l1-researcher\n"}, "no policy can name"),
    "sub too long": ({"sub": "a" * 300}, "no policy can name"),
}
"""Claims of a truly signed token."""

BAD = {name: (make, why) for table in (HEADERS, FORMS) for name, (make, why) in table.items()} | {
    name: (lambda changes=changes: good(**changes), why) for name, (changes, why) in CLAIMS.items()
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused_for_what_is_bad_about_it(name: str, tmp_path: Path) -> None:
    make, why = BAD[name]
    identities = accepting(tmp_path, Watch(), OURS, EC, algorithms=BOTH)  # two keys, so that a token has to say which
    assert identify(identities, good()) == ADA
    with pytest.raises(NotAuthenticated, match=why) as refused:
        identify(identities, make())
    assert refused.value.given


def test_there_are_enough_of_them() -> None:
    assert len(BAD) > 150


@pytest.mark.parametrize("name", ["not a number", "infinite", "minus infinite", "too large for a double"])
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_a_number_that_is_none_is_refused(claim: str, name: str, tmp_path: Path) -> None:
    number = {"not a number": "NaN", "infinite": "Infinity", "minus infinite": "-Infinity"}.get(name, "1e400")
    payload = text(claims(**{claim: GONE}))[:-1] + f', "{claim}": {number}}}'.encode()
    with pytest.raises(NotAuthenticated, match=r"holds a number that is none|not a time"):
        identify(accepting(tmp_path, Watch()), signed(text(header(OURS)), payload, OURS))


def test_a_number_of_many_digits_is_refused(tmp_path: Path) -> None:
    payload = text(claims(exp=GONE))[:-1] + b', "exp": ' + b"9" * 5_000 + b"}"
    with pytest.raises(NotAuthenticated):
        identify(accepting(tmp_path, Watch()), signed(text(header(OURS)), payload, OURS))


GOOD = {
    "as it is": {},
    "exp 29 s ago": {"exp": NOW - 29},
    "exp in the last year there is": {"exp": LAST_MOMENT},
    "exp with a fraction": {"exp": NOW + 0.5},
    "iat 29 s ahead": {"iat": NOW + 29},
    "iat just not too old": {"iat": NOW - 3629},
    "nbf 29 s ahead": {"nbf": NOW + 29},
    "nbf long ago": {"nbf": 0},
    "aud a list with ours": {"aud": ["account", AUDIENCE]},
    "claims nobody asked for": {"azp": "lab", "scope": "openid", "x": {"y": [1, None]}},
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_token_holds(name: str, tmp_path: Path) -> None:
    assert identify(accepting(tmp_path, Watch()), good(**GOOD[name])) == ADA


@pytest.mark.parametrize(
    "head",
    [
        {"typ": "AT+JWT"},
        {"typ": "application/at+jwt"},
        {"typ": "Application/At+Jwt"},
        {"x5t": "abc", "x-unknown": [1]},
        {"jku": "https://attacker.example.com/keys"},
        {"x5c": ["A" * 3_000]},
    ],
)
def test_a_header_may_hold_what_does_not_matter(head: dict[str, object], tmp_path: Path) -> None:
    assert identify(accepting(tmp_path, Watch()), good(head=head)) == ADA


@pytest.mark.parametrize(("leeway", "exp", "holds"), [(0, NOW, False), (0, NOW + 1, True), (10, NOW - 9, True)])
def test_the_leeway_may_be_smaller(leeway: int, exp: int, holds: bool, tmp_path: Path) -> None:
    identities = accepting(tmp_path, Watch(), leeway=leeway)
    if holds:
        assert identify(identities, good(exp=exp)) == ADA
    else:
        with pytest.raises(NotAuthenticated, match="expired"):
            identify(identities, good(exp=exp))


ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_works_and_no_other_passes_for_it(algorithm: str, tmp_path: Path) -> None:
    by, same = signer(algorithm), signer(algorithm, which=1)
    identities = accepting(tmp_path, Watch(), by, algorithms=(algorithm,))
    assert identify(identities, good(by)) == ADA
    with pytest.raises(NotAuthenticated, match="signature"):
        identify(identities, good(same))
    for other in set(ALGORITHMS) - {algorithm}:
        with pytest.raises(NotAuthenticated, match="algorithm of its key"):
            identify(identities, good(by, head={"alg": other}))


def test_a_key_on_another_curve_does_not_pass(tmp_path: Path) -> None:
    wide = signer("ES384")
    identities = accepting(tmp_path, Watch(), wide, algorithms=("ES256", "ES384"))
    assert identify(identities, good(wide)) == ADA
    with pytest.raises(NotAuthenticated, match="algorithm of its key"):
        identify(identities, good(signer("ES256")))
    with pytest.raises(NotAuthenticated, match="signature"):
        identify(identities, good(signer("ES256"), head={"alg": "ES384"}))


def test_a_token_without_kid_is_taken_only_if_there_is_one_key(tmp_path: Path) -> None:
    nameless = good(head={"kid": GONE})
    assert identify(accepting(tmp_path, Watch(), OURS), nameless) == ADA
    assert identify(accepting(tmp_path, Watch(), OURS.public(kid=GONE)), nameless) == ADA
    for more in (OTHERS.public(kid="second"), OTHERS.public(kid=GONE)):
        with pytest.raises(NotAuthenticated, match="names no key"):
            identify(accepting(tmp_path, Watch(), OURS, more), nameless)


NO_ACCESS_TOKENS = [{"nonce": "n"}, {"at_hash": "h"}, {"c_hash": "h"}, {"events": {}}, {"nonce": None}]
NO_ACCESS_TOKENS += [{"typ": kind} for kind in ("ID", "Refresh", "Offline", "Logout", "refresh", "LOGOUT")]


@pytest.mark.parametrize("extra", NO_ACCESS_TOKENS)
def test_among_plain_jwts_what_is_no_access_token_is_refused(extra: dict[str, object], tmp_path: Path) -> None:
    identities = accepting(tmp_path, Watch(), type="JWT")
    assert identify(identities, good(head={"typ": "JWT"}, typ="Bearer")) == ADA
    assert identify(identities, good(head={"typ": "application/jwt"})) == ADA
    with pytest.raises(NotAuthenticated, match="not an access token"):
        identify(identities, good(head={"typ": "JWT"}, **extra))


@pytest.mark.parametrize("head", [{"typ": GONE}, {"typ": "at+jwt"}, {"typ": "logout+jwt"}, {"typ": ""}])
def test_plain_jwts_still_have_a_type(head: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticated, match="another type"):
        identify(accepting(tmp_path, Watch(), type="JWT"), good(head=head))


def test_nothing_of_a_token_is_said_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    identities = accepting(tmp_path, Watch(), OURS, EC, algorithms=BOTH)
    canary = "canary4711"
    made = [
        *(make() for make, _ in BAD.values()),
        good(sub=f"{canary}\0"),
        good(exp=canary),
        good(iss=canary),
        good(head={"kid": canary}),
        good(head={"alg": canary}),
        good(head={"typ": canary}),
        signed(text(header(OURS)), f'{{"{canary}": 1, "{canary}": 2}}'.encode(), OURS),
        signed(text(header(OURS)), f'{{"{canary}": }}'.encode(), OURS),
        canary,
    ]
    for token in made:
        with pytest.raises(NotAuthenticated) as refused:
            identify(identities, token)
        said = f"{refused.value} {refused.value.__cause__}{caplog.text}"
        assert canary not in said
        assert not any(part in said for part in token.split(".") if len(part) > 8)


@tries(deadline=None, database=None)
@given(st.data())
def test_a_token_changed_anywhere_is_refused_and_nothing_else_is_raised(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    identities = accepting(tmp_path_factory.mktemp("fuzz"), Watch())
    token = good()
    place = data.draw(st.integers(0, len(token)))
    length = data.draw(st.integers(0, 3))
    put = data.draw(st.text(st.characters(max_codepoint=255, exclude_characters=" "), max_size=4))
    bad = token[:place] + put + token[place + length :]
    if bad == token:
        assert identify(identities, bad) == ADA
    else:
        with pytest.raises(NotAuthenticated):
            identify(identities, bad)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
HEADER_NAMES = ["alg", "typ", "kid", "jku", "jwk", "x5u", "x5c", "x5t", "cty", "url", "nonce"]
CLAIM_NAMES = ["iss", "aud", "sub", "iat", "exp", "nbf", "jti", "groups", "azp"]


@tries(deadline=None, database=None)
@given(st.dictionaries(st.sampled_from(HEADER_NAMES), VALUES), st.dictionaries(st.sampled_from(CLAIM_NAMES), VALUES))
def test_whatever_a_signed_token_says_it_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, head: dict[str, object], said: dict[str, object]
) -> None:
    place = tmp_path_factory.mktemp("fuzz")
    identities = accepting(place, Watch(), application_claim="azp", groups_claim="groups")
    token = signed(text(header(OURS, **head)), text(claims(**said)), OURS)
    with suppress(NotAuthenticated):
        assert identify(identities, token).subject.startswith(("user:", "application:"))


def test_a_set_of_keys_is_what_the_tests_think_it_is() -> None:
    assert json.loads(key_set(OURS))["keys"][0].keys() == {"kty", "n", "e", "kid", "alg", "use"}
