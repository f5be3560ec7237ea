"""`remit serve` as a process: it starts only with a policy whose cases come out as written and with callers that can be
told apart; it answers over HTTP and HTTPS, and leaves with exit code 0 when it is told to stop.
"""

from __future__ import annotations

import datetime
import ipaddress
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import tokens
from asking import NO, YES
from commands import Ran, golden, really_ran, started, written
from readable import FILES, POLICY, with_cases
from remit.adapters.settings import KNOWN
from test_cli import BROKEN

PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def free(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A directory with the readable policy, whose cases come out as written."""
    files = {**FILES, "policies/cases/all.csv": b"allow, user:ada, create, environment, project:vision,\n"}
    return written(files, tmp_path)


@contextmanager
def running(directory: Path, port: int, *flags: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A server that has said it answers; `said` is what it said."""
    process = started("serve", "--port", str(port), *flags, directory=directory, **environment)
    try:
        assert process.stdout is not None
        process.said = process.stdout.readline() + process.stdout.readline()  # type: ignore[attr-defined]
        assert process.poll() is None, process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def ask(
    port: int, question: object, bearer: str | None, scheme: str = "http", verify: ssl.SSLContext | bool = True
) -> httpx.Response:
    """The answer to one question; the server may need a moment."""
    headers = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
    url = f"{scheme}://127.0.0.1:{port}/access/v1/evaluation"
    with httpx.Client(trust_env=False, timeout=PATIENCE, headers=headers, verify=verify) as client:
        for _ in range(50):
            try:
                return client.post(url, json=question)
            except httpx.ConnectError:
                time.sleep(0.1)
    raise AssertionError("nobody answers")


def token(directory: Path, subject: str, *more: str) -> str:
    found = really_ran("token", subject, *more, directory=directory)
    assert (found.code, found.err) == (0, "")
    return found.out.strip()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_stops_when_told(policy: Path, port: int, how: signal.Signals) -> None:
    with running(policy, port) as server:
        first, second = server.said.splitlines()  # type: ignore[attr-defined]
        assert first.startswith(f"remit answers at http://127.0.0.1:{port} by revision ")
        assert second.startswith("callers are known by development tokens: `remit token SUBJECT`")
        ada = token(policy, "user:ada")
        answer = ask(port, YES, ada)
        assert (answer.status_code, answer.json()) == (200, {"decision": True})
        assert len(answer.headers["remit-revision"]) == len(POLICY.revision)
        assert ask(port, NO, token(policy, "user:bob")).json() == {"decision": False}
        about_another = ask(port, NO, ada)
        assert (about_another.status_code, about_another.json()["code"]) == (403, 403)
        assert about_another.json()["message"] == "`user:ada` lacks `decision:evaluate` in `*`"
        assert ask(port, YES, None).status_code == 401
        server.send_signal(how)
        out, err = server.communicate(timeout=PATIENCE)
        assert (server.returncode, out, err) == (0, "", "")
        assert free(port)


def test_groups_of_a_token_count_for_its_bearer(policy: Path, port: int) -> None:
    with running(policy, port):
        question = {**YES, "subject": {"type": "user", "id": "zoe"}}
        (group,) = {rule.subject for rule in POLICY.access_rules if rule.subject.startswith("group:")} or {""}
        with_group = token(policy, "user:zoe", "--group", group.removeprefix("group:"))
        assert ask(port, question, token(policy, "user:zoe")).json() == {"decision": False}
        assert ask(port, {**question, "options": {"explain": True}}, with_group).json()["context"]["reason_admin"][
            "groups_counted"
        ] == [group]


def test_a_key_opens_until_it_is_revoked(policy: Path, port: int) -> None:
    made = really_ran("keys", "create", "application:portal", directory=policy)
    assert made.code == 0 and made.out.startswith("remit_")
    own = {**YES, "subject": {"type": "application", "id": "portal"}}
    with running(policy, port, REMIT_AUTH="keys") as server:
        assert "API keys" in server.said  # type: ignore[attr-defined]
        assert ask(port, own, made.out.strip()).json() == {"decision": False}
        assert ask(port, own, token(policy, "application:portal")).status_code == 401
        listed = really_ran("keys", "list", directory=policy)
        assert "application:portal" in listed.out and made.out.strip() not in listed.out
        assert really_ran("keys", "revoke", listed.out.split()[0], directory=policy).code == 0
        until = time.monotonic() + PATIENCE
        while ask(port, own, made.out.strip()).status_code != 401:
            assert time.monotonic() < until, "a revoked key still opens"
            time.sleep(0.1)
    assert really_ran("keys", "revoke", listed.out.split()[0], directory=policy).code == 2


def test_a_key_opens_nothing_where_keys_are_not_accepted(policy: Path, port: int) -> None:
    """Not even one that holds: whoever sets REMIT_AUTH to something else has closed that door."""
    key = really_ran("keys", "create", "application:portal", directory=policy).out.strip()
    own = {**YES, "subject": {"type": "application", "id": "portal"}}
    with running(policy, port, REMIT_AUTH="dev"):
        refused = ask(port, own, key)
        assert (refused.status_code, refused.json()["message"]) == (401, "API keys are not accepted here")
        assert ask(port, own, token(policy, "application:portal")).status_code == 200


def test_tokens_of_a_provider_and_keys_open_side_by_side(policy: Path, port: int) -> None:
    """Settings to answers: claims become people with groups and services, beside an API key; nothing else opens."""
    by, stranger, now = tokens.signer("ES256"), tokens.signer("ES256", which=1), int(time.time())
    tokens.in_file(policy, by)
    environment = {
        "REMIT_AUTH": "oidc,keys",
        "REMIT_OIDC_ISSUER": tokens.ISSUER,
        "REMIT_OIDC_AUDIENCE": tokens.AUDIENCE,
        "REMIT_OIDC_ALGORITHMS": "ES256",
        "REMIT_OIDC_JWKS": "jwks.json",
        "REMIT_OIDC_USER_CLAIM": "email",
        "REMIT_OIDC_APPLICATION_CLAIM": "client_id",
        "REMIT_OIDC_APPLICATION_WHEN": "gty=service",
        "REMIT_OIDC_GROUPS_CLAIM": "groups",
    }

    def shown(signer: tokens.Signer = by, **claims: object) -> str:
        return tokens.good(signer, **{"iat": now, "exp": now + 300, "email": "ada", **claims})

    (group,) = {rule.subject for rule in POLICY.access_rules if rule.subject.startswith("group:")}
    explained = {**YES, "options": {"explain": True}}
    zoe = {**explained, "subject": {"type": "user", "id": "zoe"}}
    portal = {**YES, "subject": {"type": "application", "id": "portal"}}
    key = really_ran("keys", "create", "application:portal", directory=policy).out.strip()
    with running(policy, port, **environment):
        assert ask(port, YES, shown()).json() == {"decision": True}
        assert ask(port, YES, shown(email="bob")).status_code == 403, "ada is somebody else to bob"
        reason = ask(port, zoe, shown(email="zoe", groups=[group.removeprefix("group:")])).json()["context"]
        assert reason["reason_admin"]["groups_counted"] == [group]
        for opened in (key, shown(gty="service", client_id="portal")):
            assert ask(port, portal, opened).json() == {"decision": False}
        assert ask(port, portal, shown(client_id="portal")).status_code == 403, "without the mark it is a person"
        others = (shown(stranger), shown(iss="https://other.example.com"), shown(aud="other"))
        for closed in (*others, token(policy, "user:ada")):
            assert ask(port, YES, closed).status_code == 401


def certificate(directory: Path) -> tuple[str, str]:
    """A certificate for loopback and its key, made just now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "remit test")])
    today = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(today - datetime.timedelta(days=1))
    made = made.not_valid_after(today + datetime.timedelta(days=1))
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = made.add_extension(x509.SubjectAlternativeName([address]), critical=False).sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8
    cert_path, key_path = directory / "cert.pem", directory / "key.pem"
    cert_path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return str(cert_path), str(key_path)


def test_it_speaks_tls(policy: Path, port: int) -> None:
    cert, key = certificate(policy)
    with running(policy, port, "--tls-cert", cert, "--tls-key", key) as server:
        assert f"https://127.0.0.1:{port}" in server.said  # type: ignore[attr-defined]
        ada = token(policy, "user:ada")
        trust = ssl.create_default_context(cafile=cert)
        assert ask(port, YES, ada, "https", trust).json() == {"decision": True}
        with pytest.raises(httpx.HTTPError):
            httpx.post(f"http://127.0.0.1:{port}/access/v1/evaluation", json=YES, trust_env=False)


BEYOND = ("--behind-tls-proxy", "--base-url", "https://remit.example.com")
OIDC = {
    "REMIT_AUTH": "oidc",
    "REMIT_OIDC_ISSUER": "https://id.example.com",
    "REMIT_OIDC_AUDIENCE": "remit",
    "REMIT_OIDC_ALGORITHMS": "RS256",
    "REMIT_OIDC_JWKS": "keys.json",
}
REFUSED: list[tuple[str, tuple[str, ...], dict[str, str], list[str]]] = [
    ("nobody is known beyond loopback", ("--host", "0.0.0.0"), {}, ["REMIT_AUTH", "--tls-cert", "--base-url"]),
    ("nor on a name", ("--host", "example.com", *BEYOND), {}, ["REMIT_AUTH"]),
    ("nor on no name", ("--host", "", *BEYOND), {}, ["REMIT_AUTH"]),
    ("dev is for loopback", ("--host", "::", *BEYOND), {"REMIT_AUTH": "dev"}, ["REMIT_AUTH=dev"]),
    ("dev stands alone", (), {"REMIT_AUTH": "dev,keys"}, ["stands alone"]),
    ("modes are known", (), {"REMIT_AUTH": "none"}, ["`none`"]),
    ("modes are named once", (), {"REMIT_AUTH": "keys,keys"}, ["twice"]),
    ("no TLS", ("--host", "0.0.0.0", "--base-url", "https://x.example.com"), {"REMIT_AUTH": "keys"}, ["--tls-cert"]),
    ("no address", ("--host", "0.0.0.0", "--behind-tls-proxy"), {"REMIT_AUTH": "keys"}, ["--base-url"]),
    ("half a certificate", ("--tls-cert", "x.pem"), {}, ["--tls-key"]),
    ("no certificate", ("--tls-cert", "x.pem", "--tls-key", "y.pem"), {}, ["x.pem", "No such file"]),
    ("the address is https", ("--base-url", "http://remit.example.com"), {}, ["not https"]),
    ("and nothing more", ("--base-url", "https://remit.example.com/?a=b"), {}, ["more than host and path"]),
    ("and an address", ("--base-url", "remit.example.com"), {}, ["no address"]),
    ("settings are known", (), {"REMIT_OIDC_ISUER": "x"}, ["`REMIT_OIDC_ISUER`", "`REMIT_OIDC_ISSUER`"]),
    ("numbers are numbers", (), {"REMIT_MAX_BATCH": "many"}, ["REMIT_MAX_BATCH", "`many`"]),
    ("within bounds", (), {"REMIT_MAX_BODY": "5"}, ["REMIT_MAX_BODY", "1,024"]),
    ("a rate is one", (), {"REMIT_RATE": "0"}, ["REMIT_RATE"]),
    ("leeway is small", (), {**OIDC, "REMIT_OIDC_LEEWAY": "31"}, ["REMIT_OIDC_LEEWAY", "30"]),
    ("services are told apart", (), {**OIDC, "REMIT_OIDC_APPLICATION_WHEN": "x"}, ["REMIT_OIDC_APPLICATION_CLAIM"]),
    ("there are keys", (), OIDC, ["keys.json"]),
    ("none is no algorithm", (), {**OIDC, "REMIT_OIDC_ALGORITHMS": "none"}, ["none"]),
    ("nor is a shared secret", (), {**OIDC, "REMIT_OIDC_ALGORITHMS": "RS256,HS256"}, ["HS256"]),
    ("a journal is said", (), {**OIDC, "REMIT_JOURNAL": ""}, ["`REMIT_JOURNAL`", "`durable`"]),
    ("and what if it fails", (), {**OIDC, "REMIT_ON_JOURNAL_FAILURE": ""}, ["`REMIT_ON_JOURNAL_FAILURE`", "`deny`"]),
    ("journals are known", (), {"REMIT_JOURNAL": "on"}, ["`on`", "`buffered`"]),
    ("so are failures", (), {"REMIT_ON_JOURNAL_FAILURE": "shrug"}, ["`shrug`", "`continue`"]),
    ("segments have a size", (), {"REMIT_JOURNAL_SEGMENT": "0"}, ["REMIT_JOURNAL_SEGMENT", "4,096"]),
    ("context is named", (), {"REMIT_JOURNAL_CONTEXT": "ticket, a b"}, ["REMIT_JOURNAL_CONTEXT", "`a b`"]),
    (
        "a journal can be written",
        (),
        {"REMIT_JOURNAL_DIR": "model.conf"},
        ["the journal cannot be written in", "model.conf"],
    ),
    ("the table is there", (), {"REMIT_FORWARD_AUTH": "nowhere.csv"}, ["nowhere.csv"]),
    *((f"{name} is said", (), {**OIDC, name: " "}, [name]) for name in OIDC if name != "REMIT_AUTH"),
]


@pytest.mark.parametrize(("flags", "environment", "words"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED])
def test_it_does_not_start_half_configured(
    policy: Path, port: int, flags: tuple[str, ...], environment: dict[str, str], words: list[str]
) -> None:
    found = really_ran("serve", "--port", str(port), *flags, directory=policy, **environment)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("remit: ") and "Traceback" not in found.err
    for word in words:
        assert word in found.err
    assert free(port)


def test_all_that_is_missing_is_said_at_once(policy: Path) -> None:
    found = really_ran("serve", "--host", "0.0.0.0", directory=policy, REMIT_AUTH="oidc", REMIT_RATE="x")
    assert (found.code, len(found.err.splitlines())) == (2, 7)
    assert {name for name in KNOWN if f"`{name}`" in found.err} == {*OIDC, "REMIT_RATE"}


def test_a_secret_that_others_can_read_is_no_secret(policy: Path, port: int) -> None:
    token(policy, "user:ada")
    (policy / ".remit" / "secret").chmod(0o644)
    found = really_ran("serve", "--port", str(port), directory=policy)
    assert (found.code, found.out) == (2, "")
    assert ".remit/secret" in found.err


def test_it_does_not_start_on_a_policy_that_does_not_load(tmp_path: Path, port: int) -> None:
    found = really_ran("serve", "--port", str(port), directory=written(BROKEN, tmp_path))
    assert found == Ran(3, "", golden("load_findings.txt"))
    assert free(port)


def test_it_does_not_start_on_a_policy_that_decides_otherwise_than_its_cases(tmp_path: Path, port: int) -> None:
    files = with_cases("deny, user:ada, create, environment, project:vision,\n")
    found = really_ran("serve", "--port", str(port), directory=written(files, tmp_path))
    place = "policies/cases/all.csv:1: expected deny, decided allow by policies/roles.csv:1"
    assert (found.code, found.out) == (3, "")
    assert found.err == (
        f"{place} and policies/access_rules.csv:1\nremit: the policy does not decide what it must: 1 fault\n"
    )
    assert free(port)


def test_it_does_not_start_without_a_policy(tmp_path: Path) -> None:
    found = really_ran("serve", directory=tmp_path)
    assert found == Ran(2, "", "remit: there is no policy directory `policies`; name one with --policy\n")
    (tmp_path / "policies").mkdir()
    found = really_ran("serve", directory=tmp_path)
    assert (found.code, found.out) == (3, "")
    missing = ("model.conf", *(f"policies/{name}.csv" for name in ("access_rules", "roles", "scopes", "vocabulary")))
    assert [line.split(": ")[0] for line in found.err.splitlines() if "R001" in line] == list(missing)


def test_where_the_policy_stands_can_be_said_in_the_environment(tmp_path: Path) -> None:
    written(FILES, tmp_path)
    question = ("check", "user:ada", "create", "environment", "--home", "project:vision")
    found = really_ran(
        *question,
        directory=tmp_path.parent,
        REMIT_POLICY=str(tmp_path / "policies"),
        REMIT_MODEL=str(tmp_path / "model.conf"),
    )
    assert found == Ran(0, "allow\n", "")
