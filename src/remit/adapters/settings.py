"""How a server is configured: environment and flags to Settings, or all that is wrong with them at once.

Nothing here is guessed for a server that others can reach: who may call, how it is reached and what protects the
connection have to be said.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from remit.adapters.catalog_settings import CatalogSettings, catalog_settings
from remit.adapters.journal_settings import NAMES as JOURNAL_NAMES
from remit.adapters.journal_settings import JournalSettings, journal_settings
from remit.adapters.policy_settings import NAMES, PolicySettings, policy_settings
from remit.adapters.setting_numbers import whole
from remit.adapters.tokens import OidcSettings
from remit.core.names import did_you_mean
from remit.errors import Misconfigured

DEV_RATE, RATE = None, 10_000.0
"""Requests per second of one caller, where REMIT_RATE says nothing: in `dev`, and elsewhere."""

MODES = ("oidc", "keys", "dev")

_OIDC = {
    "REMIT_OIDC_ISSUER": "the issuer's identifier, as tokens name it in `iss`",
    "REMIT_OIDC_AUDIENCE": "the name by which tokens mean this server, in `aud`",
    "REMIT_OIDC_ALGORITHMS": "the signature algorithms to take, such as `RS256,ES256`",
    "REMIT_OIDC_JWKS": "where the issuer's keys are: an https address, or a file",
}
_OIDC_MORE = ("TYPE", "USER_CLAIM", "APPLICATION_CLAIM", "APPLICATION_WHEN", "GROUPS_CLAIM", "LEEWAY", "MAX_AGE")
_OTHERS = (
    "AUTH", "BASE_URL", "BEHIND_TLS_PROXY", "CATALOG", "CREDENTIALS_KEY", "DATABASE_URL", "FORWARD_AUTH", "KUBERNETES",
    "MAX_BATCH", "MAX_BODY", "MODEL", "PDP_PLAINTEXT", "PDP_TOKEN", "PDP_URL",
    "POLICY", "RATE", "STATE", "TLS_CERT", "TLS_KEY", "TOKEN", "URL",
)  # fmt: skip
KNOWN = frozenset(
    (
        *_OIDC,
        *(f"REMIT_OIDC_{name}" for name in _OIDC_MORE),
        *(f"REMIT_{name}" for name in (*_OTHERS, *NAMES, *JOURNAL_NAMES)),
    )
)
"""Every setting there is. REMIT_TOKEN and REMIT_URL are for those who call, and read by no server."""


class Listening(NamedTuple):
    """What the command line says of a server: where it listens, and how it is reached."""

    host: str
    port: int
    base_url: str | None
    tls: tuple[Path | None, Path | None]
    behind_tls_proxy: bool


class Settings(NamedTuple):
    """A complete configuration. `base_url` is None if the address it listens on is how callers reach it."""

    modes: tuple[str, ...]
    oidc: OidcSettings | None
    base_url: str | None
    tls: tuple[Path, Path] | None
    forward_auth: Path | None
    max_body: int
    max_batch: int
    rate: float | None
    policy: PolicySettings
    catalog: CatalogSettings
    journal: JournalSettings


def read_settings(environment: Mapping[str, str], listening: Listening) -> Settings:
    """The configuration. Raises Misconfigured that names everything that is missing, unsafe or unknown."""
    faults = list(_unknown(environment))
    modes = _modes(environment, listening, faults)
    tls = _tls(listening, faults)
    _check_reach(listening, tls, faults)
    oidc = _oidc(environment, faults) if "oidc" in modes else None
    found = Settings(
        modes,
        oidc,
        _base_url(listening, faults),
        tls,
        Path(environment["REMIT_FORWARD_AUTH"]) if environment.get("REMIT_FORWARD_AUTH") else None,
        whole(environment, "REMIT_MAX_BODY", 65_536, 1_024, 4_194_304, faults),
        whole(environment, "REMIT_MAX_BATCH", 256, 1, 10_000, faults),
        _rate(environment, DEV_RATE if modes == ("dev",) else RATE, faults),
        policy_settings(environment, faults),
        catalog_settings(environment, faults),
        journal_settings(environment, modes, faults),
    )
    if faults:
        raise Misconfigured("\n".join(faults))
    return found


def _unknown(environment: Mapping[str, str]) -> Iterable[str]:
    """Settings that mean nothing, so that a slip of the pen does not go unnoticed."""
    for name in sorted(environment):
        if name.startswith("REMIT_") and name not in KNOWN:
            guess = did_you_mean(name, KNOWN)
            yield f"`{name}` is no setting" + (f"; did you mean `{guess}`?" if guess else "")


def _modes(environment: Mapping[str, str], listening: Listening, faults: list[str]) -> tuple[str, ...]:
    """How callers are known."""
    said = environment.get("REMIT_AUTH", "")
    local = is_loopback(listening.host)
    if not said.strip():
        if not local:
            why = "say how callers are known: set REMIT_AUTH to `oidc`, `keys` or `oidc,keys`"
            faults.append(f"`{listening.host}` is not a loopback address; {why}")
        return ("dev",)
    modes = tuple(part.strip() for part in said.split(","))
    for mode in modes:
        if mode not in MODES:
            faults.append(f"`REMIT_AUTH` holds `{mode}`; it is `oidc`, `keys`, both with a comma between, or `dev`")
    if len(set(modes)) != len(modes) or ("dev" in modes and len(modes) > 1):
        faults.append("`REMIT_AUTH` names `dev` beside others, or one of them twice; `dev` stands alone")
    if "dev" in modes and not local:
        faults.append(f"`REMIT_AUTH=dev` is for a laptop; it does not listen on `{listening.host}`")
    return modes


def _tls(listening: Listening, faults: list[str]) -> tuple[Path, Path] | None:
    """Certificate and key, tried."""
    cert, key = listening.tls
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        faults.append("`--tls-cert` and `--tls-key` go together; one of them is missing")
        return None
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key, password="")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not a certificate with its key"
        faults.append(f"`{cert}` and `{key}` cannot be used for TLS: {why}")
    return cert, key


def _check_reach(listening: Listening, tls: object, faults: list[str]) -> None:
    """What others can reach must be protected, and must know its own address."""
    if is_loopback(listening.host):
        return
    if tls is None and not listening.behind_tls_proxy:
        help = "give --tls-cert and --tls-key, or --behind-tls-proxy if a proxy in front speaks TLS"
        faults.append(f"`{listening.host}` is not a loopback address, and nothing protects the connection; {help}")
    if listening.base_url is None:
        faults.append("callers need this server's address: give --base-url, such as `https://remit.example.com`")


def _base_url(listening: Listening, faults: list[str]) -> str | None:
    """The identifier of the decision point (AuthZEN §9.1): https, but on loopback, and nothing behind its path."""
    url = listening.base_url
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("https", "http") or not url.isascii() or not url.isprintable() or " " in url:
        faults.append(f"`--base-url {url}` is no address; write `https://remit.example.com`")
    elif "?" in url or "#" in url or "@" in parts.netloc:
        faults.append(f"`--base-url {url}` holds more than host and path")
    elif parts.scheme == "http" and not is_loopback(host):
        faults.append(f"`--base-url {url}` is not https, and not on loopback")
    return url


def _oidc(environment: Mapping[str, str], faults: list[str]) -> OidcSettings | None:
    """How tokens are judged; what must be said is missed by its name."""
    missing = [(name, what) for name, what in _OIDC.items() if not environment.get(name, "").strip()]
    faults += [f"`REMIT_AUTH` has `oidc`, so `{name}` is needed: {what}" for name, what in missing]
    more = {name: environment.get(f"REMIT_OIDC_{name}", "").strip() for name in _OIDC_MORE}
    when = more["APPLICATION_WHEN"]
    claim, equals, value = when.partition("=")
    if when and not (claim and equals and value and more["APPLICATION_CLAIM"]):
        faults.append(
            "`REMIT_OIDC_APPLICATION_WHEN` is `claim=value`, and needs REMIT_OIDC_APPLICATION_CLAIM beside it"
        )
    leeway = whole(environment, "REMIT_OIDC_LEEWAY", 30, 0, 30, faults)
    max_age = whole(environment, "REMIT_OIDC_MAX_AGE", 3_600, 60, 86_400, faults)
    if missing:
        return None
    return OidcSettings(
        environment["REMIT_OIDC_ISSUER"],
        environment["REMIT_OIDC_AUDIENCE"],
        tuple(part.strip() for part in environment["REMIT_OIDC_ALGORITHMS"].split(",")),
        environment["REMIT_OIDC_JWKS"],
        more["TYPE"] or "at+jwt",
        more["USER_CLAIM"] or "sub",
        more["APPLICATION_CLAIM"] or None,
        (claim, value) if when else None,
        more["GROUPS_CLAIM"] or None,
        leeway,
        max_age,
    )


def _rate(environment: Mapping[str, str], default: float | None, faults: list[str]) -> float | None:
    """Requests per second."""
    if not environment.get("REMIT_RATE", "").strip():
        return default
    return float(whole(environment, "REMIT_RATE", 1, 1, 1_000_000, faults))


def known_by(modes: tuple[str, ...]) -> str:
    """How callers are known, in words."""
    words = {"oidc": "the tokens of an OpenID provider", "keys": "API keys (`remit keys`)"}
    if modes == ("dev",):
        return "development tokens: `remit token SUBJECT` mints one (REMIT_AUTH says otherwise)"
    return " and ".join(words[mode] for mode in modes)


def is_loopback(host: str) -> bool:
    """True for an address that only this machine reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
