"""The socket that a server listens on."""

from __future__ import annotations

import errno
import socket
import time

from remit.errors import Misconfigured

LEAVING = 5.0
"""Seconds that whoever listens there may take to leave: workers whose supervisor was killed hold the socket as long as
they answer what they have begun to, or have only just started."""


def listen_on(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises Misconfigured if it cannot."""
    family, until = socket.AF_INET6 if ":" in host else socket.AF_INET, time.monotonic() + LEAVING
    while True:
        try:
            return socket.create_server((host, port), family=family, backlog=2048)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                raise Misconfigured(f"remit cannot listen on {authority(host, port)}: {error.strerror}") from None
            time.sleep(0.05)


def authority(host: str, port: int) -> str:
    """Host and port as a URL writes them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
