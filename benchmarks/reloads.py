"""Decisions from several clients while two policies that disagree come and go under a real server: how long answers
took, with and without that, and that each was right by the revision it names.

`python benchmarks/reloads.py RULES DECISIONS RELOADS CLIENTS BATCH JOURNAL` starts `remit serve --watch`. Each client
asks again as soon as it is answered, and the policies change as often as they go live and at most RELOADS times.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from load import free_port

from policies import files
from remit.core.policy import revision_of

REMIT = Path(sys.executable).with_name("remit")
TURNS = 5
"""Times that quiet and change follow each other, so that what else the machine does falls on both."""

CALM = 1.0
"""Seconds after the last change of a turn until it is quiet: what went live is put into the log."""

FIRST = 500
"""Answers of each turn that do not count: connections are made, and the machine wakes up."""

RULES = "policies/access_rules.csv"
CALLER, NAMES = "application:portal", ("ada", "bob")


def question(name: str) -> dict[str, Any]:
    """May this user create an environment?"""
    return {
        "subject": {"type": "user", "id": name},
        "action": {"name": "create"},
        "resource": {"type": "environment", "id": "new"},
    }


class Load:
    """What is asked, how long each answer took in seconds, and how many came from each revision."""

    def __init__(self, token: str, batch: int, may: dict[bytes, list[bool]]) -> None:
        """`may` says, by revision, what either of the two names may."""
        asked = [question(name) for name in NAMES] * (batch // 2)
        body = json.dumps({"evaluations": asked} if asked else question(NAMES[0])).encode()
        path = "/access/v1/evaluation" + ("s" if asked else "")
        lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
        head = "\r\n".join([*lines, f"authorization: Bearer {token}", f"content-length: {len(body)}"])
        self.request = head.encode() + b"\r\n\r\n" + body
        self.batch = max(1, len(asked))
        self.right = {revision: each * (batch // 2) if asked else each[:1] for revision, each in may.items()}
        self.revisions = dict.fromkeys(may, 0)
        self.took: list[float] = []
        self.left = 0

    def answered(self, took: float, head: bytes, body: bytes) -> None:
        """Judge an answer. Raises SystemExit if it is wrong."""
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        revision, given = headers[b"remit-revision"], json.loads(body)
        decisions = [each["decision"] for each in given.get("evaluations", [given])]
        if decisions != self.right.get(revision):
            raise SystemExit(f"{revision!r} answered {decisions}")
        self.revisions[revision] += 1
        self.took.append(took)

    async def client(self, port: int) -> None:
        """Ask over one connection as long as something is left to ask."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while self.left > 0:
            self.left -= 1
            began = time.perf_counter()
            writer.write(self.request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
            self.answered(time.perf_counter() - began, head.removesuffix(b"\r\n\r\n"), body)
        writer.close()

    async def asked(self, port: int, clients: int, decisions: int) -> list[float]:
        """So many decisions, asked for by all clients: what each answer took."""
        self.took, self.left = [], decisions // self.batch
        await asyncio.gather(*(self.client(port) for _ in range(clients)))
        return self.took[FIRST:]


Policies = Iterator[tuple[bytes, bytes]]


async def changing(here: Path, policies: Policies, load: Load, requests: int, effects: list[float]) -> None:
    """Put the policies in place of each other, each when so many requests were answered after the last one, and not
    before that has answered."""
    for name, content in policies:
        due = len(load.took) + requests
        (here / "next.csv").write_bytes(content)
        (here / "next.csv").replace(here / RULES)
        began, before = time.perf_counter(), load.revisions[name]
        while load.revisions[name] == before:
            await asyncio.sleep(0.002)
        effects.append(time.perf_counter() - began)
        while len(load.took) < due:
            await asyncio.sleep(0.002)


async def measured(
    here: Path, port: int, load: Load, contents: dict[bytes, bytes], counts: list[int]
) -> dict[str, Any]:
    """All figures; times in milliseconds but for `effect_s`."""
    decisions, reloads, clients = counts
    policies = cycle(reversed(contents.items()))
    quiet, busy, effects = list[float](), list[float](), list[float]()
    for _ in range(TURNS):
        quiet += await load.asked(port, clients, decisions // TURNS)
        each = decisions // reloads // load.batch
        changes = asyncio.create_task(changing(here, policies, load, each, effects))
        busy += await load.asked(port, clients, decisions // TURNS)
        changes.cancel()
        await asyncio.sleep(CALM)
    found = {"reloads": len(effects), "decisions": decisions, "effect_s": statistics.median(effects)}
    for what, took in (("quiet", quiet), ("busy", busy)):
        cuts = statistics.quantiles(took, n=1000)
        found |= {f"{what}_{name}_ms": cuts[at - 1] * 1e3 for name, at in (("p50", 500), ("p99", 990), ("p999", 999))}
    return found


def main(rules: int, counts: list[int], batch: int, journal: str) -> dict[str, Any]:
    """All figures for one load; `counts` are decisions, reloads and clients."""
    with tempfile.TemporaryDirectory() as name:
        here, written = Path(name), files(rules)
        ask = f"g, {CALLER}, decision-client, *\n"
        lines = [f"{ask}g, user:{name}, l1-researcher, *\n".encode() for name in NAMES]
        policies = [{**written, RULES: written[RULES] + each} for each in lines]
        for file, data in policies[0].items():
            (here / file).parent.mkdir(parents=True, exist_ok=True)
            (here / file).write_bytes(data)
        revisions = [revision_of(each).encode() for each in policies]
        contents = {revision: each[RULES] for revision, each in zip(revisions, policies, strict=True)}
        port = free_port()
        command = [str(REMIT), "serve", "--watch", "--port", str(port)]
        environment = {**os.environ, "REMIT_JOURNAL": journal}
        server = subprocess.Popen(command, cwd=here, env=environment, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        server.stdout.readline()
        token = subprocess.check_output([REMIT, "token", CALLER], cwd=here, text=True).strip()
        load = Load(token, batch, {revisions[0]: [True, False], revisions[1]: [False, True]})
        gc.disable()  # who asks is not to be late
        try:
            return asyncio.run(measured(here, port, load, contents, counts))
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    rules, *counts, batch = map(int, sys.argv[1:6])
    print(json.dumps(main(rules, counts, batch, sys.argv[6])))
