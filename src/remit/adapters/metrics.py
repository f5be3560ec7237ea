"""The counts as Prometheus reads them, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from remit.service.ports import BOUNDS, Counts, Standing

OUTCOMES = ("activated", "refused", "lost")


class Metrics(Collector):
    """All metrics. `counts` gives what was counted, `standing` tells of the live policy, and `clock` gives nanoseconds
    since 1970."""

    def __init__(
        self, counts: Callable[[], Counts], standing: Callable[[], Standing], clock: Callable[[], int]
    ) -> None:
        self._counts = counts
        self._standing = standing
        self._clock = clock
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> str:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry).decode()

    def describe(self) -> list[Metric]:
        """Nothing: what there is shows when it is collected."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics now."""
        counts = self._counts()
        yield decisions(counts)
        yield requests(counts)
        yield from shadow(counts)
        yield from judge(counts)
        yield from journal(counts)
        yield from self._policy(counts)

    def _policy(self, counts: Counts) -> Iterator[Metric]:
        """What is live, since when, and what came of the source."""
        live = self._standing()
        info = GaugeMetricFamily("remit_policy_info", "The live revision", labels=["revision"])
        info.add_metric([live.revision], 1)
        yield info
        yield GaugeMetricFamily(
            "remit_policy_activated_timestamp_seconds", "When the live revision went live", live.since / 1e6
        )
        yield GaugeMetricFamily(
            "remit_policy_refused",
            "Whether the source holds what may not go live, or is lost",
            live.refused is not None,
        )
        if live.source:
            age = max(0, self._clock() // 1_000 - live.checked)
            yield GaugeMetricFamily("remit_policy_age_seconds", "Since the source was last read", age / 1e6)
        reloads = CounterMetricFamily(
            "remit_policy_reloads", "What came of the source: changes of it, and losses", labels=["outcome"]
        )
        for outcome in OUTCOMES:
            reloads.add_metric([outcome], counts.reloads.get(outcome, 0))
        yield reloads


def decisions(counts: Counts) -> Metric:
    """Decisions by verdict, kind and code."""
    found = CounterMetricFamily("remit_decisions", "Decisions that were asked for", labels=["verdict", "kind", "code"])
    for (kind, code), count in sorted(counts.decisions.items()):
        verdict = {"granted": "allow", "invalid": "error", "undecided": "error"}.get(code, "deny")
        found.add_metric([verdict, kind, str(code)], count)
    return found


def shadow(counts: Counts) -> Iterator[Metric]:
    """What came of the shadow policy."""
    for what, text in (
        ("compared", "Live answers that the shadow policy was asked for too"),
        ("dropped", "Live answers that it would have been asked for, had there been time"),
        ("failed", "Live answers that it failed to give"),
    ):
        yield CounterMetricFamily(f"remit_shadow_{what}", text, counts.samples.get(("shadow", what), 0))
    found = CounterMetricFamily(
        "remit_shadow_differences", "Answers of the shadow policy that differ, by codes", labels=["from", "to"]
    )
    pairs: dict[tuple[str, str], int] = {}
    for (live, candidate, *_), count in sorted(counts.differences.items()):
        pairs[live, candidate] = pairs.get((live, candidate), 0) + count
    for (live, candidate), count in pairs.items():
        found.add_metric([str(live), str(candidate)], count)
    yield found


def judge(counts: Counts) -> Iterator[Metric]:
    """What Casbin said of live answers."""
    for what, name, text in (
        ("compared", "compared", "Live answers that Casbin was asked again"),
        ("disagreed", "disagreements", "Live answers that Casbin would not have given"),
        ("dropped", "dropped", "Live answers that it would have been asked, had there been time"),
        ("failed", "failed", "Live answers that could not be judged again"),
    ):
        yield CounterMetricFamily(f"remit_judge_{name}", text, counts.samples.get(("judge", what), 0))


def journal(counts: Counts) -> Iterator[Metric]:
    """What became of what was to be recorded."""
    for what, text in (("kept", "Records in the journal"), ("lost", "Records that could not be written")):
        yield CounterMetricFamily(f"remit_journal_records_{what}", text, counts.journal.get(what, 0))


def requests(counts: Counts) -> Metric:
    """How long the decision routes took to answer."""
    found = HistogramMetricFamily(
        "remit_request_seconds", "From the head of a request to its answer", labels=["route", "status"]
    )
    for (route, status), buckets in sorted(counts.requests.items()):
        bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
        found.add_metric(
            [route, str(status)],
            list(zip(bounds, accumulate(buckets), strict=True)),
            counts.seconds[route, status],
        )
    return found
