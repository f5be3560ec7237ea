"""What watches the decision point from inside: the counts, the shadow policy, and how they are shown."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from remit.adapters.aside import Aside
from remit.adapters.metrics import Metrics
from remit.core.snapshot import Snapshot
from remit.service.counts import Counts
from remit.service.gate import Handler, Tap
from remit.service.operations import ListShadow, PolicyStatus, ReadMetrics, Standing
from remit.service.ports import Policies
from remit.service.sampling import Live, Sample
from remit.service.second_judge import Files, SecondJudge
from remit.service.shadow import Shadow, listing
from remit.service.taps import counting

REST = 0.05
"""Seconds between looks at what waits to be compared."""

JUDGED_ROOM = 1_000
"""Answers that may wait for Casbin, which is slow."""

FEW, PAUSE = 50, 0.001
"""Answers compared in one go, and seconds until the next go: whoever waits for a decision comes in between."""


log = logging.getLogger("remit")


class Watch:
    """The watch over one process and its live policy."""

    def __init__(
        self,
        policies: Policies,
        shadow: tuple[str, Snapshot] | None = None,
        share: float = 1.0,
        total: Callable[[], Counts] | None = None,
        judge: tuple[Files, float] | None = None,
    ) -> None:
        """`shadow` is a candidate and what it is called, asked for a `share` of what is answered. `total` gives the
        counts of all processes that answer together, if there are others. `judge` are the files of the live policy
        and the share of its answers that Casbin is asked again."""
        self.counts = Counts()
        self.taps: tuple[Tap, ...] = (counting(self.counts),)
        self._policies = policies
        self._metrics = Metrics(total or self.counts.copy, lambda: policies.standing(), time.time_ns)
        self._drains: list[tuple[Sample, Callable[[list[Live]], None]]] = []
        self._shadow: Shadow | None = None
        if shadow is not None:
            self._shadow = Shadow(shadow[1], shadow[0], share, self.counts, time.time_ns)
            self._add(Sample("shadow", share, self.counts, random.random), self._shadow.compare_all)
        self._aside: Aside | None = None
        self._judge: SecondJudge | None = None
        if judge is not None and judge[1] > 0:
            self._aside = Aside()
            self._judge = SecondJudge(judge[0], self._aside, self.counts, _alarm)
            self._add(Sample("judge", judge[1], self.counts, random.random, JUDGED_ROOM), self._judge.judge)

    def handlers(self) -> dict[type[Any], Handler]:
        """The operations that look at what it has seen."""
        return {
            PolicyStatus: lambda *_: self.standing(),
            ReadMetrics: lambda *_: self._metrics.text(),
            ListShadow: listing(self._shadow, self._policies),
        }

    def standing(self) -> Standing:
        """What is live, and what Casbin said of its answers if it is asked."""
        standing = self._policies.standing()
        return standing if self._judge is None else standing._replace(judge=self._judge.report())

    def went_live(self, files: Files) -> None:
        """These are the files of the policy that answers from now on."""
        if self._judge is not None:
            self._judge.went_live(files)

    def heard(self, before: Standing, after: Standing) -> None:
        """Count what came of the source."""
        outcome = None
        if after.revision != before.revision:
            outcome = "activated"
        elif after.refused is not None and after.refused != before.refused:
            outcome = "refused" if after.refused.revision else "lost"
        if outcome is not None:
            self.counts.reloads[outcome] = self.counts.reloads.get(outcome, 0) + 1

    @contextmanager
    def running(self) -> Iterator[None]:
        """While this lasts, what was set aside is looked at, by threads that take the time that is left."""
        stop = threading.Event()
        for drain in self._drains:
            threading.Thread(target=_drained, args=(stop, *drain), name="watch", daemon=True).start()
        try:
            yield
        finally:
            stop.set()
            if self._aside is not None:
                self._aside.close()

    def _add(self, sample: Sample, look: Callable[[list[Live]], None]) -> None:
        self.taps = (*self.taps, sample.tap)
        self._drains.append((sample, look))


def _drained(stop: threading.Event, sample: Sample, look: Callable[[list[Live]], None]) -> None:
    """Until told to stop, look at all that waits, few at a time."""
    while not stop.wait(REST):
        while (taken := sample.take(FEW)) and not stop.wait(PAUSE):
            look(taken)


def _alarm(sentence: str) -> None:
    log.error("THE TWO JUDGES DISAGREE: %s", sentence)
