"""The HTTP calls of the command: one request to a remit server, with the token of whoever typed it."""

from __future__ import annotations

import time

import httpx

from remit.adapters.settings import is_loopback
from remit.client.settings import settings
from remit.errors import CouldNotDecide, Misconfigured

SECONDS = 120.0
"""How long a server may take: a change of policy is judged whole before it answers."""

MOST_BYTES = 128 * 1024 * 1024
"""The longest answer that is read."""


def ask(
    method: str, url: str, token: str, path: str, body: object = None, version: int | None = None
) -> tuple[int, str]:
    """Status and text of one answer; no redirection is followed, since it would carry the token along. With a `version`
    the server is told to do nothing unless the thing still has that one (If-Match, RFC 9110 §13.1.1).

    Raises Misconfigured if the address or the token cannot be used, and CouldNotDecide if there is no answer.
    """
    set_up = settings(url, token, SECONDS, None, True, None)
    where = httpx.URL(set_up.url)
    if where.scheme == "http" and not is_loopback(where.host):
        raise Misconfigured(f"`{url}` is not encrypted, so that anyone on the way could read the token; use `https://`")
    headers = {"authorization": f"Bearer {token}", "accept": "application/json, application/yaml"}
    headers |= {} if version is None else {"if-match": f'"{version}"'}
    try:
        with (
            httpx.Client(
                timeout=SECONDS, trust_env=False, follow_redirects=False, verify=set_up.tls, headers=headers
            ) as client,
            client.stream(method, set_up.url + path, json=body) as answer,
        ):
            return answer.status_code, _text(answer)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        trouble = "nobody listens there" if isinstance(error, httpx.ConnectError) else type(error).__name__
    # outside of the handler, so that the error keeps nothing of the request
    raise CouldNotDecide(f"`{url}` is out of reach: {trouble}; is `remit serve` running there?")


def _text(answer: httpx.Response) -> str:
    """The body, bounded. Raises httpx.HTTPError if it is or takes too long, and UnicodeError if it is no text."""
    until = time.monotonic() + SECONDS
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES or time.monotonic() > until:
            raise httpx.ReadTimeout("too long")
    return b"".join(parts).decode()
