"""Tokens for tests: keys made at run time, any token, good or bad, and an issuer that serves its keys over HTTP.

`good()` is a token that holds; a test changes one thing of it and sees it refused.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from remit.adapters.identities import Identities
from remit.adapters.tokens import OidcSettings, oidc_tokens
from remit.core.model import Actor

SECOND = 1_000_000_000
NOW = 1_764_000_000
"""When the tests play, in seconds since 1970."""

ISSUER = "https://login.example.com/realms/lab"
AUDIENCE = "https://remit.example.com"
GONE = object()
"""As a claim or a member of a header: it is not there."""

CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}


class Watch:
    """A clock that only a test moves."""

    def __init__(self, seconds: float = NOW) -> None:
        self.now = int(seconds * SECOND)

    def __call__(self) -> int:
        return self.now

    def ahead(self, seconds: float) -> None:
        """Move on, or back."""
        self.now += int(seconds * SECOND)


class Signer(NamedTuple):
    """A private key, its name, and the algorithm it signs by."""

    kid: str
    algorithm: str
    key: Key

    def public(self, **members: object) -> dict[str, Any]:
        """The key as an entry of a JWK Set, with members changed."""
        entry = {**self.key.as_dict(private=False), "kid": self.kid, "alg": self.algorithm, "use": "sig"}
        return changed(entry, members)

    def sign(self, data: bytes, algorithm: str | None = None) -> bytes:
        """The signature of some bytes."""
        return JWSRegistry.algorithms[algorithm or self.algorithm].sign(data, self.key)


@cache
def signer(algorithm: str = "RS256", kid: str = "first", which: int = 0, bits: int = 2048) -> Signer:
    """A key of its own for each set of arguments."""
    if algorithm in CURVES:
        made: Key = (OKPKey if CURVES[algorithm] == "Ed25519" else ECKey).generate_key(CURVES[algorithm])
    elif algorithm.startswith("HS"):
        made = OctKey.generate_key(256)
    else:
        made = RSAKey.generate_key(bits)
    return Signer(kid, algorithm, made)


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with members changed, added, or GONE."""
    return {name: value for name, value in {**base, **changes}.items() if value is not GONE}


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def text(value: object) -> bytes:
    """A value as JSON."""
    return json.dumps(value).encode()


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that hold at NOW, with some changed."""
    base = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada@example.com", "iat": NOW - 60, "exp": NOW + 240}
    return changed(base, changes)


def header(by: Signer, **changes: Any) -> dict[str, Any]:
    """A header that holds, with some of it changed."""
    return changed({"alg": by.algorithm, "typ": "at+jwt", "kid": by.kid}, changes)


def signed(head: bytes, payload: bytes, by: Signer, algorithm: str | None = None) -> str:
    """A token of exactly these bytes, truly signed."""
    data = f"{b64(head)}.{b64(payload)}"
    return f"{data}.{b64(by.sign(data.encode(), algorithm))}"


def good(by: Signer | None = None, head: Mapping[str, Any] | None = None, **changes: Any) -> str:
    """A token that holds, with claims changed; `head` changes its header."""
    by = by or signer()
    return signed(text(header(by, **(head or {}))), text(claims(**changes)), by)


def key_set(*entries: object) -> bytes:
    """A JWK Set of these entries; a signer stands for its public key."""
    return text({"keys": [each.public() if isinstance(each, Signer) else each for each in entries]})


def settings(jwks: Path | str, **changes: Any) -> OidcSettings:
    """Settings under which `good()` holds, with some changed."""
    base = {"issuer": ISSUER, "audience": AUDIENCE, "algorithms": ("RS256",), "jwks": str(jwks)}
    return OidcSettings(**{**base, **changes})


def in_file(path: Path, *entries: object) -> Path:
    """A JWK Set in a file `jwks.json` in that directory."""
    place = path / "jwks.json"
    place.write_bytes(key_set(*(entries or (signer(),))))
    return place


def accepting(path: Path, watch: Watch, *entries: object, **changes: Any) -> Identities:
    """Identities by the JWTs of an issuer whose keys are in a file."""
    return Identities(watch, oidc_tokens(settings(in_file(path, *entries), **changes), watch))


def identify(identities: Identities, token: str | None, scheme: str = "Bearer ") -> Actor:
    """Who calls with this token."""
    authorization = None if token is None else (scheme + token).encode("latin-1")
    return asyncio.run(identities.identify(authorization))


class Issuer:
    """A server of keys: what it answers next, and how often it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[], tuple[int, dict[str, str], bytes | Iterable[bytes]]] = lambda: (
            200,
            {},
            key_set(signer()),
        )
        self.asked = 0
        self.requests: list[dict[str, str]] = []
        self.url = ""

    def serve(self, *entries: object) -> None:
        """From now on answer with these keys."""
        self.send(200, key_set(*entries))

    def send(self, status: int, body: bytes | Iterable[bytes], **headers: str) -> None:
        """From now on answer with this, part by part if the body comes in parts."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda: (status, named, body)


@contextmanager
def issuing(certificate: Path | None = None) -> Iterator[Issuer]:
    """An issuer on a free loopback port, by https if it has a certificate."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            issuer.requests.append({name.lower(): value for name, value in self.headers.items()})
            status, headers, body = issuer.answer()
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for part in [body] if isinstance(body, bytes) else body:
                    self.wfile.write(part)
            except OSError:
                pass  # the client had enough

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is no fault here
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        issuer.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}/keys"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
