"""`serve`: the server, begun from the command line."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from remit.cli.exits import Exit
from remit.cli.house import House, ServeOptions
from remit.cli.options import MODEL, POLICY, STATE, ModelFile, PolicyDir, State


def add_serving(app: typer.Typer, house: House) -> None:
    """The verb."""

    @app.command()
    def serve(
        policy: PolicyDir = POLICY,
        model: ModelFile = MODEL,
        state: State = STATE,
        host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65_535)] = 8080,
        base_url: Annotated[
            str | None, typer.Option(envvar="REMIT_BASE_URL", help="How callers reach this server.")
        ] = None,
        tls_cert: Annotated[Path | None, typer.Option(envvar="REMIT_TLS_CERT", help="The certificate, PEM.")] = None,
        tls_key: Annotated[Path | None, typer.Option(envvar="REMIT_TLS_KEY", help="Its private key, PEM.")] = None,
        behind_tls_proxy: Annotated[
            bool, typer.Option("--behind-tls-proxy", help="A proxy in front of this server speaks TLS.")
        ] = False,
        watch: Annotated[bool, typer.Option("--watch", help="Let changes of the policy directory go live.")] = False,
        shadow_policy: Annotated[
            str | None, typer.Option(metavar="DIR|REVISION", help="A policy that is asked too, and never heard.")
        ] = None,
        workers: Annotated[int, typer.Option(help="The processes that answer.", min=1, max=64)] = 1,
    ) -> None:
        """Answer decisions over HTTP. REMIT_AUTH says how callers are known; docs/callers.md lists all settings."""
        tls = (tls_cert, tls_key)
        with _told_to_stop():
            way = (host, port, base_url, tls, behind_tls_proxy)
            house.serve(ServeOptions(policy, model, state, *way, watch, shadow_policy, workers))


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """While this lasts, being told to stop (by a supervisor or from the keyboard) is no failure."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(each, lambda *_: sys.exit(Exit.FINE)) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
