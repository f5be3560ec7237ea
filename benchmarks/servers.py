"""The servers that are measured, each alone in its process: `python servers.py NAME PORT`.

`hello` is the least a server can do, `remit` is remit without a journal, `buffered` and `durable` are remit with one,
and `open` is remit without authentication: every request is taken to come from the one caller there is, and no
credentials are looked at.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvicorn

from policies import files
from remit.adapters.identities import Identities
from remit.adapters.journal_settings import JournalSettings
from remit.adapters.tokens import dev_tokens
from remit.bootstrap import build_app
from remit.core.model import Actor
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.journaling import Journaled, journaling
from remit.serving import serve

RULES = 10_000
CALLER = Actor("application:portal")


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    """The least a server can do: a fixed answer, the request's body not even read."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"17")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"decision":true}'})


class Open:
    """Knows everybody as the one caller there is."""

    async def identify(self, _: bytes | None) -> Actor:
        return CALLER


def app(name: str, port: int, record: Journaled) -> Any:
    """The application of that name."""
    if name == "hello":
        return hello
    written = files(RULES)
    written["policies/access_rules.csv"] += f"g, {CALLER.subject}, decision-client, *\n".encode()
    secret = bytes.fromhex(os.environ["BENCHMARK_SECRET"])
    callers = Open() if name == "open" else Identities(time.time_ns, dev_tokens(secret))
    return build_app(Snapshot(read_policy(written)), f"http://127.0.0.1:{port}", callers, secret, record=record)


if __name__ == "__main__":
    name, port = sys.argv[1], int(sys.argv[2])
    mode = name if name in ("buffered", "durable") else "off"
    kept = JournalSettings(mode, True, None, 64 * 1024 * 1024, 3_600, None, ())
    with tempfile.TemporaryDirectory() as state, journaling(kept, Path(state)) as record:
        built = app(name, port, record)
        gc.collect()
        gc.freeze()
        if name == "hello":
            uvicorn.run(built, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off")
        else:
            serve(built, socket.create_server(("127.0.0.1", port), backlog=2048))
