"""The composition root: the only file that knows everyone. `main` is the `remit` command."""

from __future__ import annotations

import gc
import ipaddress
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from remit.adapters.memory import RingJournal, StartedWith
from remit.adapters.policy_files import read_directory
from remit.cli.app import run
from remit.cli.house import ServeOptions
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured
from remit.service.decisions import evaluate, evaluate_many
from remit.service.gate import Gate, Handler
from remit.service.operations import Evaluate, EvaluateMany, Operation
from remit.service.policies import admit
from remit.serving import serve
from remit.web.app import AsgiApp, create_app

HANDLERS: dict[type[Operation], Handler] = {Evaluate: evaluate, EvaluateMany: evaluate_many}
"""Every operation and what performs it."""


def now() -> int:
    """The wall clock, in microseconds since 1970, UTC."""
    return time.time_ns() // 1_000


def build_app(snapshot: Snapshot, base_url: str) -> AsgiApp:
    """The HTTP face over one snapshot."""
    policies = StartedWith(snapshot)
    gate = Gate(policies, RingJournal(), time.time_ns, HANDLERS)
    return create_app(gate, lambda: policies.current().revision, base_url)


class RealHouse:
    """The world as it is: files, the clock, the network."""

    def now(self) -> int:
        """Now, in microseconds since 1970, UTC."""
        return now()

    def read(self, policy: Path, model: Path) -> dict[str, bytes]:
        """The files of a policy directory."""
        return read_directory(policy, model)

    def admit(self, files: Mapping[str, bytes], now: int) -> tuple[Policy, Snapshot]:
        """The policy of these files if it may go live."""
        return admit(files, now)

    def serve(self, options: ServeOptions) -> None:
        """Answer over HTTP until told to stop; on loopback only, since callers are not yet told apart."""
        if not _is_loopback(options.host):
            why = "callers are not authenticated, so remit answers on 127.0.0.1 only"
            raise Misconfigured(f"`{options.host}` is not a loopback address; {why}")
        policy, snapshot = self.admit(self.read(options.policy, options.model), now())
        summary = f"{len(policy.roles)} roles, {len(policy.access_rules):,} access rules"
        del policy
        gc.collect()
        gc.freeze()  # the snapshot lives as long as the process: no collection need ever look at it
        listener = _listen(options.host, options.port)
        url = options.base_url or "http://" + _authority(options.host, listener.getsockname()[1])
        print(f"remit answers at {url} by revision {snapshot.revision[:12]} ({summary})", flush=True)  # noqa: T201
        serve(build_app(snapshot, url), listener)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises Misconfigured if it cannot."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise Misconfigured(f"remit cannot listen on {_authority(host, port)}: {error.strerror}") from None


def _authority(host: str, port: int) -> str:
    """Host and port as a URL writes them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_loopback(host: str) -> bool:
    """True for an address that only this machine reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> None:
    """The `remit` command."""
    run(RealHouse())
