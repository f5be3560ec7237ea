"""Casbin asked again, in a process of its own, what the live policy has answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from remit.core.model import Code, Question
from remit.core.names import quoted
from remit.core.oracle import Oracle, slice_of
from remit.core.policy import Policy, read_policy, revision_of
from remit.service.counts import Counts
from remit.service.operations import Rejudged
from remit.service.sampling import Live

Files = Mapping[str, bytes]

MOST_REVISIONS = 2
"""Policies that are kept for being judged by: the live one, and the one before, whose last answers may still wait."""

_read: dict[str, Policy] = {}  # in the other process: the policy that was judged by last


def rejudge(revision: str, files: Files | None, asked: list[tuple[Question, bool]]) -> list[int] | None:
    """Which of these answers Casbin would not give, by their numbers; None: send the files first, nobody has them here.

    It knows nothing of the snapshot that answered: it reads the policy anew, and asks a fresh enforcer each time.
    """
    if files is not None:
        _read.clear()
        _read[revision] = read_policy(files)
    policy = _read.get(revision)
    if policy is None:
        return None
    wrong = []
    for number, (question, allowed) in enumerate(asked):
        sliced = replace(policy, access_rules=slice_of(policy, (question.subject, *question.groups)))
        if Oracle(sliced, question.when).allows(question) != allowed:
            wrong.append(number)
    return wrong


class SecondJudge:
    """What came of it. One thread judges; any may ask. `aside` runs a function in the other process, and `alarm` is
    told in one sentence of every disagreement."""

    def __init__(self, files: Files, aside: Callable[..., Any], counts: Counts, alarm: Callable[[str], None]) -> None:
        self._files: dict[str, Files] = {}
        self._aside = aside
        self._counts = counts.samples
        self._alarm = alarm
        self._last: tuple[int, str] | None = None
        self.went_live(files)

    def went_live(self, files: Files) -> None:
        """These are the files of the policy that answers from now on."""
        kept = {name: of for name, of in self._files.items() if name != revision_of(files)}
        self._files = dict([*kept.items(), (revision_of(files), files)][-MOST_REVISIONS:])

    def judge(self, answers: list[Live]) -> None:
        """Have these judged again. Raises nothing: what cannot be judged is counted."""
        by_revision: dict[str, list[Live]] = {}
        for live in answers:
            by_revision.setdefault(live.snapshot.revision, []).append(live)
        for revision, group in by_revision.items():
            asked = [(live.question, live.code is Code.GRANTED) for live in group]
            try:
                wrong = self._aside(rejudge, revision, None, asked)
                if wrong is None:
                    wrong = self._aside(rejudge, revision, self._files[revision], asked)
            except Exception:  # the other process died, is closing, or the files are gone: no answer depends on it
                self._count("failed", len(group))
                continue
            self._count("compared", len(group))
            for number in wrong:
                self._disagrees(revision, *asked[number])

    def report(self) -> Rejudged:
        """How often Casbin was asked, and what came of it."""
        said = [self._counts.get(("judge", what), 0) for what in ("compared", "disagreed", "dropped", "failed")]
        compared, disagreed, dropped, failed = said
        return Rejudged(compared, disagreed, dropped, failed, self._last)

    def _disagrees(self, revision: str, question: Question, allowed: bool) -> None:
        self._count("disagreed", 1)
        words = ("allow", "deny") if allowed else ("deny", "allow")
        sentence = f"revision {revision} answered {words[0]}, and Casbin says {words[1]}: {_told(question)}"
        self._last = (question.when, sentence)
        self._alarm(sentence)

    def _count(self, what: str, many: int) -> None:
        self._counts["judge", what] = self._counts.get(("judge", what), 0) + many


def _told(question: Question) -> str:
    """A question with its names, none of which reaches a log as anything but text."""
    named = {name: value for name, value in question._asdict().items() if value not in (None, ())}
    said = {name: ", ".join(value) if isinstance(value, tuple) else str(value) for name, value in named.items()}
    return " ".join(f"{name} {quoted(value)}" for name, value in said.items())
