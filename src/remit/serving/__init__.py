"""The HTTP server under the faces: uvicorn, with what it leaves open closed, and with a short way out.

uvicorn bounds neither the size of a request's head, nor the time that a request may take to arrive, nor the time that
its answer may take to be taken; and it reads on behind a request to upgrade as if that had no body. And it sends the
head and the body of an answer as two writes, and a write is the dearest thing in a small answer; so a scope also
carries `remit.answer`, by which an application may hand over a whole answer at once.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from remit.serving.heads import MAX_HEAD
from remit.serving.protocol import REQUEST_SECONDS, BoundedProtocol

__all__ = ["MAX_HEAD", "REQUEST_SECONDS", "serve", "server_config"]

Tls = tuple[Path, Path]
"""The files of a certificate and of its private key, both PEM."""


def server_config(app: Callable[..., Any], seconds: float = REQUEST_SECONDS, tls: Tls | None = None) -> uvicorn.Config:
    """How remit is served; `seconds` bound the time until a request is whole."""
    cert, key = tls or (None, None)
    return uvicorn.Config(
        app,
        ssl_certfile=cert,
        ssl_keyfile=key,
        http=type("Bounded", (BoundedProtocol,), {"seconds": seconds}),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # nothing a caller sends may change who or where it is
        server_header=False,
    )


def serve(app: Callable[..., Any], listener: socket.socket, tls: Tls | None = None) -> None:
    """Answer on this socket until told to stop."""
    uvicorn.Server(server_config(app, tls=tls)).run(sockets=[listener])
