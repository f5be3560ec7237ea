"""What a client is set up with, checked. Raises Misconfigured for whatever is incomplete or unsafe."""

from __future__ import annotations

import ipaddress
import math
import re
import ssl
from collections.abc import Awaitable, Callable
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple

import httpx

from remit.errors import CouldNotDecide, Misconfigured

Token = str | Callable[[], str] | Callable[[], Awaitable[str]]
"""A bearer token, or where to get one: asked before every request."""

Verify = ssl.SSLContext | str | PathLike[str] | None
"""Whom TLS trusts: a context, or the path of a file or directory of CA certificates. None is httpx's own list."""

_sound_token = re.compile(r"[!-~]+").fullmatch
_sound_id = re.compile(r"[^\x00-\x20\x7f]([^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?").fullmatch


class Settings(NamedTuple):
    """Where remit is (no `/` at the end), how long it has to answer in seconds, and how it is spoken to."""

    url: str
    timeout: float
    token: Token
    tls: ssl.SSLContext
    request_id: Callable[[], str] | None
    min_revision: Callable[[], str | None] | None = None


def settings(
    url: str,
    token: Token,
    timeout: float,
    verify: Verify,
    plaintext: bool,
    request_id: Callable[[], str] | None,
    min_revision: Callable[[], str | None] | None = None,
) -> Settings:
    """The settings of a client. Raises Misconfigured."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise Misconfigured(f"`timeout` must be a number of seconds above 0, and is `{timeout}`")
    if isinstance(token, str):
        checked_token(token, Misconfigured)
    elif not callable(token):
        raise Misconfigured("`token` must be a string, or a callable that returns one")
    where = _checked_url(url, plaintext)
    # nothing is encrypted on http://, and reading the list of CAs takes longer than all the rest
    tls = _tls(verify) if where.startswith("https:") or verify is not None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Settings(where, float(timeout), token, tls, request_id, min_revision)


def checked_token(token: object, error: type[Misconfigured] | type[CouldNotDecide]) -> str:
    """The token if it can stand in a header. Raises `error`, which never quotes it."""
    if not isinstance(token, str) or not _sound_token(token):
        raise error("the token must be a string of visible ASCII characters without spaces")
    return token


def checked_revision(revision: object) -> str | None:
    """A revision that an answer must not be older than, if there is one. Raises TypeError or ValueError."""
    if revision is not None and not (isinstance(revision, str) and _sound_token(revision)):
        raise ValueError("`min_revision` must be a revision, as remit tells it")
    return revision


def checked_id(name: str | None) -> str | None:
    """A request's id, if it has one and that can stand in a header. Raises TypeError or ValueError."""
    if name is None:
        return None
    if not isinstance(name, str):
        raise TypeError(f"`request_id` must be a string, not {type(name).__name__}")
    if not _sound_id(name):
        raise ValueError("`request_id` must be a text without control characters, and no space around it")
    return name


def _checked_url(url: str, plaintext: bool) -> str:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise Misconfigured(f"`{url}` is no URL") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise Misconfigured(f"`{url}` must begin with `https://` and name a host")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise Misconfigured("the URL of remit holds a user, a query or a fragment, and may hold none")
    if parsed.scheme == "http" and plaintext is not True and not _is_loopback(parsed.host):
        raise Misconfigured(
            f"`{url}` is not encrypted, so that anyone on the way could allow everything; use `https://`, or say "
            "`plaintext=True` where something else encrypts"
        )
    return str(parsed).rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(verify: Verify) -> ssl.SSLContext:
    """How TLS checks whom it speaks to; that cannot be switched off."""
    if verify is None:
        return httpx.create_ssl_context(trust_env=False)
    if isinstance(verify, ssl.SSLContext):
        if verify.verify_mode is not ssl.CERT_REQUIRED or not verify.check_hostname:
            raise Misconfigured("the ssl context does not check who answers: it must require certificate and host name")
        return verify
    if not isinstance(verify, str | PathLike):
        raise Misconfigured("`verify` must be an ssl context, or the path of CA certificates")
    path = Path(fspath(verify))
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=str(path))
        return ssl.create_default_context(cafile=str(path))
    except OSError as error:
        raise Misconfigured(f"the CA certificates in `{path}` cannot be read: {error.strerror or error}") from error
