"""The servers that are measured, each alone in its process: `python servers.py NAME PORT`."""

from __future__ import annotations

import gc
import socket
import sys
from typing import Any

import uvicorn

from policies import files
from remit.bootstrap import build_app
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.serving import serve

RULES = 10_000


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    """The least a server can do: a fixed answer, the request's body not even read."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"17")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"decision":true}'})


def app(name: str, port: int) -> Any:
    """The application of that name."""
    if name == "hello":
        return hello
    snapshot = Snapshot(read_policy(files(RULES)))
    return build_app(snapshot, f"http://127.0.0.1:{port}")


if __name__ == "__main__":
    name, port = sys.argv[1], int(sys.argv[2])
    built = app(name, port)
    gc.collect()
    gc.freeze()
    if name == "hello":
        uvicorn.run(built, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off")
    else:
        serve(built, socket.create_server(("127.0.0.1", port), backlog=2048))
