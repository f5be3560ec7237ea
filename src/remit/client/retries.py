"""What is tried again, and after which pause. Pure but for chance.

A decision changes nothing, so asking twice is safe; but only where no answer had begun, so that a server in trouble
is not asked the same over and over: a connection that could not be made, one that was closed instead of an answer
(typically one that had been idle for too long), and an answer that itself says when to come back.
"""

from __future__ import annotations

import random
import ssl

import httpx

from remit.client.strict import Answer

MOST = 2
"""Further attempts after a connection that failed."""

PAUSE = 0.05
"""Seconds before the first further attempt, give or take a half; twice that before the second."""

_CLOSED = "Server disconnected"
"""How httpx begins to say that a connection was closed instead of an answer; a test notices if that changes."""


def pause_after_failure(error: httpx.TransportError, failures: int, left: float) -> float | None:
    """Seconds to wait before the request is sent again, None if it is not. `failures` came before this one, and
    `left` are the seconds until the deadline."""
    if failures >= MOST or not _unanswered(error):
        return None
    # all clients of a server that restarts would come back at once if they waited equally long
    return _fitting(PAUSE * 2**failures * random.uniform(0.5, 1.5), left)


def pause_after_answer(answer: Answer, waits: int, left: float) -> float | None:
    """Seconds to wait as a busy server asks (429, 503 with Retry-After in seconds), once; None if not."""
    after = answer.retry_after
    if waits or answer.status not in (429, 503) or after is None or len(after) > 9:
        return None
    return _fitting(float(after), left) if after.isascii() and after.isdigit() else None


def is_tls(error: BaseException) -> bool:
    """Did TLS fail, which it would again?"""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _unanswered(error: httpx.TransportError) -> bool:
    """Did the connection fail before there was an answer? `error` came before the head of one was whole."""
    if isinstance(error, httpx.RemoteProtocolError):
        return str(error).startswith(_CLOSED)
    return isinstance(error, httpx.NetworkError) and not is_tls(error)


def _fitting(pause: float, left: float) -> float | None:
    return pause if pause < left else None
