"""What watches the decision point from inside: the counts, and how they are shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from remit.adapters.metrics import Metrics
from remit.service.counts import Counts
from remit.service.gate import Handler, Tap
from remit.service.operations import ReadMetrics, Standing
from remit.service.ports import Policies
from remit.service.taps import counting


class Watch:
    """The watch over one process and its live policy. `total` gives the counts of all processes that answer together,
    if there are others."""

    def __init__(self, policies: Policies, total: Callable[[], Counts] | None = None) -> None:
        self.counts = Counts()
        self.taps: tuple[Tap, ...] = (counting(self.counts),)
        self._metrics = Metrics(total or self.counts.copy, lambda: policies.standing(), time.time_ns)

    def handlers(self) -> dict[type[Any], Handler]:
        """The operations that look at what it has seen."""
        return {ReadMetrics: lambda *_: self._metrics.text()}

    def heard(self, before: Standing, after: Standing) -> None:
        """Count what came of the source."""
        outcome = None
        if after.revision != before.revision:
            outcome = "activated"
        elif after.refused is not None and after.refused != before.refused:
            outcome = "refused" if after.refused.revision else "lost"
        if outcome is not None:
            self.counts.reloads[outcome] = self.counts.reloads.get(outcome, 0) + 1
