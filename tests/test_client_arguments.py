"""Proves that mistakes in a program are told before anything is sent, that settings are safe, and that TLS holds."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import math
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from remit.client import AsyncRemitClient, PermittedScopes, Question, RemitClient, Verdict
from remit.errors import Misconfigured
from test_client_servers import FACES, PATIENCE, QUESTION, TOKEN, Ask, answer, answers, ask, http, saying

CLIENTS = pytest.mark.parametrize("client", [RemitClient, AsyncRemitClient])

WRONG: list[tuple[Ask, type[Exception], str]] = [
    (ask("allowed", "ada", "use", "environment"), ValueError, "`subject` must be typed"),
    (ask("allowed", "user:", "use", "environment"), ValueError, "`subject` must be typed"),
    (ask("allowed", ":ada", "use", "environment"), ValueError, "`subject` must be typed"),
    (ask("allowed", "", "use", "environment"), ValueError, "`subject` must not be empty"),
    (ask("allowed", None, "use", "environment"), TypeError, "`subject` must be a string, not NoneType"),
    (ask("allowed", b"user:ada", "use", "environment"), TypeError, "`subject` must be a string, not bytes"),
    (ask("allowed", "user:\ud800", "use", "environment"), ValueError, "half a character"),
    (ask("allowed", "user:ada", "", "environment"), ValueError, "`action` must not be empty"),
    (ask("allowed", "user:ada", 7, "environment"), TypeError, "`action` must be a string, not int"),
    (ask("allowed", "user:ada", "use", ""), ValueError, "`resource` must not be empty"),
    (ask("allowed", "user:ada", "use", "environment:"), ValueError, "`resource` must be `kind` or `kind:id`"),
    (ask("allowed", "user:ada", "use", ":x"), ValueError, "`resource` must be `kind` or `kind:id`"),
    (ask("allowed", *QUESTION, home=""), ValueError, "`home` must not be empty"),
    (ask("allowed", *QUESTION, place=7), TypeError, "`place` must be a string"),
    (ask("allowed", *QUESTION, groups="science"), TypeError, "`groups` must hold names and is a single text"),
    (ask("allowed", *QUESTION, groups=b"science"), TypeError, "`groups` must hold names"),
    (
        ask("allowed", *QUESTION, groups=["group:science"]),
        ValueError,
        "bare names, so `group:science` must be `science`",
    ),
    (ask("allowed", *QUESTION, groups=[""]), ValueError, "`groups` must not be empty"),
    (ask("allowed", *QUESTION, groups=[7]), TypeError, "`groups` must be a string"),
    (ask("evaluate", *QUESTION, explain="no"), TypeError, "`explain` must be True or False, not str"),
    (ask("evaluate", *QUESTION, request_id=""), ValueError, "`request_id` must be a text"),
    (ask("evaluate", *QUESTION, request_id="a\r\nx-evil: 1"), ValueError, "`request_id` must be a text"),
    (ask("evaluate", *QUESTION, request_id=7), TypeError, "`request_id` must be a string"),
    (ask("evaluate_many", [QUESTION]), TypeError, "each question must be a Question, not tuple"),
    (ask("evaluate_many", [], request_id=" "), ValueError, "`request_id` must be a text"),
    (ask("search_subjects", "", "use", "environment:x"), ValueError, "`type` must not be empty"),
    (ask("search_resources", "user:ada", "use", ""), ValueError, "`kind` must not be empty"),
    (ask("search_resources", "user:ada", "use", "environment", limit=0), ValueError, "`limit` must be at least 1"),
    (
        ask("search_resources", "user:ada", "use", "environment", limit=True),
        TypeError,
        "`limit` must be a whole number",
    ),
    (ask("search_actions", "user:ada", "environment:x", limit="7"), TypeError, "`limit` must be a whole number"),
    (ask("search_actions", "ada", "environment:x"), ValueError, "`subject` must be typed"),
    (ask("permitted_scopes", "ada", "use", "environment"), ValueError, "`subject` must be typed"),
    (ask("permitted_scopes", "user:ada", "use", "environment", groups="g"), TypeError, "`groups` must hold names"),
]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("asked", "error", "why"), WRONG, ids=[f"{a.method}-{why}" for a, _, why in WRONG])
def test_a_wrong_argument_is_told_and_nothing_is_sent(face: str, asked: Ask, error: type[Exception], why: str) -> None:
    with saying(http()) as server:
        with pytest.raises(error) as caught:
            answer(face, server.url, asked)
        assert why in str(caught.value)
        assert server.connections == 0


@pytest.mark.parametrize("method", ["search_subjects", "search_resources", "search_actions"])
def test_a_search_tells_a_wrong_argument_before_it_is_walked(method: str) -> None:
    with RemitClient("http://localhost", token=TOKEN, timeout=1) as client, pytest.raises(TypeError):
        getattr(client, method)(None, "use", "environment:x") if "actions" not in method else client.search_actions(
            7, ""
        )


def nameless() -> ssl.SSLContext:
    """A context that takes any certificate of a CA, whomever it is for."""
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "no time": ({"timeout": 0}, "`timeout` must be a number of seconds above 0, and is `0`"),
    "less than no time": ({"timeout": -1.0}, "above 0"),
    "endless": ({"timeout": math.inf}, "above 0"),
    "no number": ({"timeout": math.nan}, "above 0"),
    "time in words": ({"timeout": "1"}, "above 0"),
    "none at all": ({"timeout": None}, "above 0"),
    "true": ({"timeout": True}, "above 0"),
    "no token": ({"token": ""}, "the token must be a string"),
    "a token of two lines": ({"token": "secret\n"}, "the token must be a string"),
    "a token that is none": ({"token": None}, "`token` must be a string, or a callable"),
    "plain text": ({"url": "http://pdp.example.com"}, "`http://pdp.example.com` is not encrypted"),
    "almost loopback": ({"url": "http://127.0.0.1.example.com"}, "is not encrypted"),
    "everywhere": ({"url": "http://0.0.0.0"}, "is not encrypted"),
    "plain text, almost said": ({"url": "http://pdp.example.com", "plaintext": "yes"}, "is not encrypted"),
    "no scheme": ({"url": "pdp.example.com"}, "must begin with `https://`"),
    "another scheme": ({"url": "ftp://pdp.example.com"}, "must begin with `https://`"),
    "no host": ({"url": "https:///x"}, "name a host"),
    "nothing": ({"url": ""}, "must begin with `https://`"),
    "None": ({"url": None}, "is no URL"),
    "a port that is none": ({"url": "https://host:port"}, "is no URL"),
    "a user": ({"url": "https://me:secret@pdp.example.com"}, "holds a user"),
    "a query": ({"url": "https://pdp.example.com?a"}, "holds a user, a query or a fragment"),
    "a fragment": ({"url": "https://pdp.example.com#a"}, "holds a user, a query or a fragment"),
    "not verified": ({"verify": False}, "`verify` must be an ssl context"),
    "verified by word": ({"verify": True}, "`verify` must be an ssl context"),
    "a context that verifies nothing": ({"verify": ssl._create_unverified_context()}, "does not check who answers"),
    "a context that takes any host": ({"verify": nameless()}, "does not check who answers"),
    "CAs that are not there": ({"verify": "/no/such/file.pem"}, "cannot be read: No such file"),
    "CAs that are none": ({"verify": Path(__file__)}, "cannot be read"),
}


@CLIENTS
@pytest.mark.parametrize(("settings", "why"), SETTINGS.values(), ids=SETTINGS)
def test_an_unsafe_setting_is_refused(client: Any, settings: dict[str, Any], why: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        client(**{"url": "https://pdp.example.com", "token": TOKEN, "timeout": 1.0, **settings})
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)


@CLIENTS
@pytest.mark.parametrize(
    "url",
    [
        "https://pdp.example.com/base",
        "http://localhost:8080",
        "http://127.9.9.9",
        "http://[::1]:80",
        "HTTP://LOCALHOST",
    ],
)
def test_a_safe_url_is_taken(client: Any, url: str) -> None:
    client(url, token=TOKEN, timeout=1)


@CLIENTS
def test_what_is_required_has_no_default(client: Any) -> None:
    for missing in ("token", "timeout"):
        settings = {"token": TOKEN, "timeout": 1.0}
        del settings[missing]
        with pytest.raises(TypeError, match=missing):
            client("https://pdp.example.com", **settings)
    client("http://pdp.example.com", token=TOKEN, timeout=1, plaintext=True)


def test_a_verdict_has_no_truth_of_its_own() -> None:
    for verdict in (Verdict(True, "", True), Verdict(False, "", True)):
        with pytest.raises(TypeError, match=r"ask for `\.allowed`"):
            bool(verdict)
        with pytest.raises(TypeError):
            _ = "in" if verdict else "out"
    with pytest.raises(ValueError, match="what is not decided is not allowed"):
        Verdict(True, "", False)
    with pytest.raises(AttributeError):
        Verdict(False, "", True).allowed = True  # type: ignore[misc]


def test_a_question_is_a_value() -> None:
    assert Question(*QUESTION, groups=["a"]) == Question(*QUESTION, groups=iter("a"))
    assert len({Question(*QUESTION), Question(*QUESTION), Question(*QUESTION, place="*")}) == 2


def test_permitted_scopes_cover_what_lives_in_them() -> None:
    found = PermittedScopes(frozenset({"*", "project:a"}), unplaced=False)
    assert [found.covers(home) for home in ("*", "project:a", "project:b", "department:x", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert PermittedScopes(frozenset(), unplaced=True).covers(None)


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate that vouches for itself and for this name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    parts = (folder / f"{name}.pem", folder / f"{name}.key")
    parts[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    parts[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return parts


@contextmanager
def tls_server(certificate: tuple[Path, Path]) -> Iterator[tuple[str, list[int]]]:
    """A TLS server that says yes to everything, and how many connections it took."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    taken: list[int] = []

    def serve() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            taken.append(1)
            try:
                with link, context.wrap_socket(link, server_side=True) as secure:
                    while secure.recv(65_536):
                        secure.sendall(http())
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", taken
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE)


@pytest.mark.parametrize("face", FACES)
def test_only_a_certificate_that_is_trusted_and_for_this_host_is_taken(face: str, tmp_path: Path) -> None:
    good, other = certificate(tmp_path), certificate(tmp_path, "other.example.com")
    allowed = ask("evaluate", *QUESTION)
    with tls_server(good) as (url, taken):
        for verify in (good[0], str(good[0]), ssl.create_default_context(cafile=str(good[0]))):
            assert answer(face, url, allowed, verify=verify).allowed
        taken.clear()
        for verify in (None, other[0]):
            verdict = answer(face, url, allowed, verify=verify)
            assert (verdict.allowed, verdict.decided) == (False, False)
            assert "is not to be trusted" in verdict.why and "certificate verify failed" in verdict.why
        assert len(taken) == 2, "what TLS refuses is not tried again"
    with tls_server(other) as (url, _):
        assert "is not to be trusted" in answer(face, url, allowed, verify=other[0]).why


@pytest.mark.parametrize("face", FACES)
def test_what_does_not_speak_tls_is_refused(face: str) -> None:
    with saying(http()) as server:
        verdict = answer(face, server.url.replace("http:", "https:"), timeout=1.0)
    assert (verdict.allowed, verdict.decided) == (False, False)


@pytest.mark.parametrize("face", FACES)
def test_a_client_may_be_used_without_with(face: str) -> None:
    with saying(http()) as server:
        assert answers(face, server.url) == []
        assert server.connections == 0


@pytest.mark.parametrize("face", FACES)
def test_a_tls_handshake_that_never_comes_leaves_no_connection_behind(face: str) -> None:
    ended: list[bytes] = []

    async def main(url: str) -> None:
        async with AsyncRemitClient(url, token=TOKEN, timeout=1) as client:
            assert (await client.evaluate(*QUESTION)).why == "remit did not answer within 1 s"
            await asyncio.to_thread(watch)

    def watch() -> None:
        link, _ = listener.accept()
        with link:
            link.settimeout(PATIENCE)
            while data := link.recv(65_536):
                ended.append(data[:1])
        ended.append(b"")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        if face == "async":
            asyncio.run(main(url))
        else:
            with RemitClient(url, token=TOKEN, timeout=1) as client:
                assert client.evaluate(*QUESTION).why == "remit did not answer within 1 s"
                watch()
    assert ended == [b"\x16", b""], "the handshake's first byte, and the end while the client still lives"
