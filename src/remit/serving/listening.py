"""The socket that a server listens on."""

from __future__ import annotations

import socket

from remit.errors import Misconfigured


def listen_on(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises Misconfigured if it cannot."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise Misconfigured(f"remit cannot listen on {authority(host, port)}: {error.strerror}") from None


def authority(host: str, port: int) -> str:
    """Host and port as a URL writes them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
