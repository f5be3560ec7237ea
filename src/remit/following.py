"""A source of policies, followed: whatever it holds goes live if it may, and what may not is told once."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol

from remit.adapters.aside import Aside
from remit.core.findings import Finding
from remit.core.history import Provenance
from remit.errors import CouldNotDecide
from remit.nursery import context
from remit.service.live import LivePolicy, LiveRevision
from remit.service.operations import Standing
from remit.service.policies import faults_of

MOST_TOLD = 20
"""Findings of a refused policy that the log names; `/v1/policy/status` has all."""

SWITCH = 0.0005
"""Seconds after which a thread that works is asked to let another one."""

WORK, REST = 0.0001, 0.0002
"""Seconds that a new policy is compiled at a time, and of rest in between. While a thread works, whoever answers waits
for it at each call of the system; so it works for less than `SWITCH`, and most of the time not at all."""

log = logging.getLogger("remit")


class Source(Protocol):
    """Where policies come from; `str` of it names it for people."""

    def follow(
        self,
        stop: threading.Event,
        offer: Callable[[dict[str, bytes], Provenance], None],
        lost: Callable[[str], None],
    ) -> None:
        """Until told to stop, `offer` what the source holds each time that it is looked at, the very same files if
        nothing has changed, and say in a sentence why it cannot be read each time that it is looked at in vain."""
        ...

    def wake(self) -> None:
        """Look at the source at once."""
        ...


@contextmanager
def following(
    policies: LiveRevision, source: Source | None, heard: Callable[[Standing, Standing], None] = lambda *_: None
) -> Iterator[None]:
    """While this lasts, whatever the source holds goes live if it may; what may not is told once. `heard` is told how
    things stood before and after each look."""
    if source is None:
        yield
        return
    aside, stop = Aside(context=context()), threading.Event()
    sys.setswitchinterval(SWITCH)
    if isinstance(policies, LivePolicy):
        policies.pause = breathing()

    def check(files: Mapping[str, bytes], now: int) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        return aside(faults_of, files, now)

    def offer(files: dict[str, bytes], came: Provenance) -> None:
        before = policies.standing()
        policies.offer(files, time.time_ns() // 1_000, check, came)
        _tell(before, policies.standing())
        heard(before, policies.standing())

    def lost(why: str) -> None:
        before = policies.standing()
        policies.lost(why, time.time_ns() // 1_000)
        _tell(before, policies.standing())
        heard(before, policies.standing())

    thread = threading.Thread(target=source.follow, args=(stop, offer, lost), name="policy source", daemon=True)
    thread.start()
    threading.Thread(target=_warm, args=(aside,), name="policy checks", daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        aside.close()


def _warm(aside: Aside) -> None:
    """Let the process that checks policies be there before the first one comes, which would wait seconds for it."""
    with suppress(CouldNotDecide, RuntimeError):  # it ends before it began
        aside(faults_of, {}, 0)


def breathing(work: float = WORK, rest: float = REST) -> Callable[[], None]:
    """Let long work rest now and then; called often, it does so once it has worked long enough."""
    began = 0.0

    def pause() -> None:
        nonlocal began
        if time.perf_counter() - began > work:
            time.sleep(rest)
            began = time.perf_counter()

    return pause


@contextmanager
def woken(source: Source | None) -> Iterator[None]:
    """While this lasts, SIGHUP lets the source be looked at at once. For the main thread."""
    if source is None:
        yield
        return
    before = signal.signal(signal.SIGHUP, lambda *_: source.wake())
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _tell(before: Standing, after: Standing) -> None:
    """Say in the log what has changed: a policy that went live is news, one that did not is a warning."""
    if after.revision != before.revision:
        print(f"revision {after.revision[:12]} is live", flush=True)  # noqa: T201
    refused = after.refused
    if refused is None or refused == before.refused:
        return
    what = f"revision {refused.revision[:12]} was refused" if refused.revision else "the policy cannot be read"
    errors = [finding for finding in refused.findings if finding.is_error]
    told = [*(f"{one.place()}: {one.code} {one.message}" for one in errors), *refused.faults]
    more = f"\n  and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    lines = "".join(f"\n  {line}" for line in told[:MOST_TOLD])
    log.warning("%s; revision %s stays live%s%s", what, after.revision[:12], lines, more)
