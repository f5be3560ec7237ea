"""A candidate beside the live policy: asked what the live one was asked, and never heard by those who asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from remit.core.explain import explain
from remit.core.model import Code, Explanation, Question, Witness
from remit.core.pdp import walk
from remit.core.snapshot import Snapshot
from remit.errors import NotFound
from remit.service.counts import OTHER, Counts
from remit.service.gate import Handler, Permit
from remit.service.operations import Compared, Difference, ListShadow
from remit.service.ports import Policies
from remit.service.sampling import Live

MOST = 1_000
"""Distinct questions that are listed; the one that was asked the longest ago makes room."""

PACE = 20_000
"""Microseconds between two questions that are listed anew: reasons take a hundred times as long as a decision."""


class _Key(NamedTuple):
    """What makes two differences one: the question but for its instant, how it was answered, and by which policy."""

    question: Question
    live: Code
    candidate: Code
    revision: str


class Shadow:
    """One candidate, and how it differs from what was answered. One thread compares; any may ask what was found."""

    def __init__(
        self, candidate: Snapshot, source: str, share: float, counts: Counts, clock: Callable[[], int], pace: int = PACE
    ) -> None:
        """`source` names the candidate for people; `clock` gives nanoseconds since 1970."""
        self._candidate = candidate
        self._source = source
        self._share = share
        self._counts = counts
        self._clock = clock
        self._pace = pace
        self._listed: dict[_Key, Difference] = {}
        self._explained = -pace

    def compare_all(self, answers: list[Live]) -> None:
        """Each of them."""
        for live in answers:
            self.compare(live)

    def compare(self, live: Live) -> None:
        """Ask the candidate what the live policy was asked: for the same instant, groups and home."""
        try:
            code = walk(self._candidate, *live.question)[0]
            if code is not live.code:
                self._differs(live, code)
            self._count("compared")
        except Exception:  # a fault in the candidate is nobody's business but that of who watches it
            self._count("failed")

    def report(self, most: int, revision: str) -> Compared:
        """What was found; of what differs from this live revision the latest `most` questions."""
        found = [one for key, one in self._listed.copy().items() if key.revision == revision]
        counts = self._counts.copy()
        compared, dropped, failed = (
            counts.samples.get(("shadow", what), 0) for what in ("compared", "dropped", "failed")
        )
        totals = sorted(counts.differences.items(), key=lambda each: (-each[1], each[0]))
        return Compared(
            self._source, self._candidate.revision, revision, self._share, compared, dropped, failed, tuple(totals),
            tuple(reversed(found))[:most],
        )  # fmt: skip

    def _differs(self, live: Live, code: Code) -> None:
        question = live.question
        key = (live.code, code, *self._known(live.snapshot, question.kind, question.action))
        self._counts.differences[key] = self._counts.differences.get(key, 0) + 1
        listed = _Key(question._replace(when=0), live.code, code, live.snapshot.revision)
        before = self._listed.pop(listed, None)
        if before is not None:
            first, last = min(before.first, question.when), max(before.last, question.when)
            self._listed[listed] = before._replace(times=before.times + 1, first=first, last=last)
        elif (now := self._clock() // 1_000) - self._explained >= self._pace:
            self._explained = now
            self._listed[listed] = Difference(
                question,
                _why(live.snapshot, question),
                _why(self._candidate, question),
                1,
                question.when,
                question.when,
            )
            if len(self._listed) > MOST:
                del self._listed[next(iter(self._listed))]

    def _known(self, live: Snapshot, kind: str, action: str) -> tuple[str, str]:
        """What a difference is counted by: callers may send any action, and one that neither policy knows is another.
        A kind that neither knows makes no difference."""
        actions = (*live.vocabulary.get(kind, ()), *self._candidate.vocabulary.get(kind, ()))
        return kind, action if action in actions else OTHER

    def _count(self, what: str) -> None:
        key = ("shadow", what)
        self._counts.samples[key] = self._counts.samples.get(key, 0) + 1


def listing(shadow: Shadow | None, policies: Policies) -> Handler:
    """What performs ListShadow."""

    def listed(_: Permit, operation: ListShadow) -> Compared:
        """Raises NotFound if there is no candidate."""
        if shadow is None:
            raise NotFound("no shadow policy is asked here; start with `--shadow-policy`")
        return shadow.report(operation.most, policies.standing().revision)

    return listed


def _why(snapshot: Snapshot, question: Question) -> Explanation:
    return explain(snapshot, question, Witness(*walk(snapshot, *question)))
