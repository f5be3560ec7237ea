"""The process that keeps the workers: it starts them, tells them what is live, and replaces who dies or is too late."""

from __future__ import annotations

import logging
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from remit.errors import Misconfigured
from remit.service.operations import Workers
from remit.service.ports import Counts
from remit.supervising.messages import Gather, Taken, Wake
from remit.supervising.standing import Handed, Stand
from remit.supervising.worker import Parcel, Work, Worker

TICK = 0.2

log = logging.getLogger("remit")


class Patience(NamedTuple):
    """Seconds: between two words to a worker; until it is told that one has not taken what is live, and until that
    one is replaced (and one more for each megabyte of the policy); in which all are to leave; that one should live,
    and the longest pause before one is replaced that does not; and to wait for what a worker has counted."""

    beat: float = 5.0
    late: float = 5.0
    most: float = 30.0
    leave: float = 8.0
    steady: float = 10.0
    pause: float = 30.0
    counting: float = 1.0


QUICK = 4
"""How often in a row a worker may live shortly until there is a pause before the next."""


class Place:
    """One of the workers there are to be: who has it now, or when it is taken again."""

    def __init__(self, number: int) -> None:
        self.name = f"worker {number}"
        self.worker: Worker | None = None
        self.due = 0.0
        self._short = 0

    def died(self, lived: float, patience: Patience) -> float:
        """Seconds until another may take it: none, unless they die again and again."""
        self._short = self._short + 1 if lived < patience.steady else 0
        again = self._short - QUICK
        return 0.0 if again < 0 else min(patience.pause, 0.25 * 2.0**again)


class Supervisor:
    """Keeps as many workers as there are to be, all standing as `live` does."""

    def __init__(
        self, number: int, work: Work, given: tuple[Any, ...], live: Handed,
        wake: Callable[[], None] = lambda: None, counts: Counts | None = None, patience: Patience = Patience(),  # noqa: B008
    ) -> None:  # fmt: skip
        """Each worker does `work` with its orders and what is `given`; `wake` is done when one asks for it, and
        `counts` are the supervisor's own."""
        self._work, self._given, self._wake, self._patience = work, given, wake, patience
        self._places = [Place(at + 1) for at in range(number)]
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._telling = threading.Lock()
        self._number, self._behind, self._told, self._pickled = 0, 0, 0.0, ("", b"")
        self._own, self._past = counts or Counts(), Counts()
        self._asked: list[tuple[Worker, int, float]] = []
        self._stops, self._at_once, self._answered = 0, False, False
        live.heard_by(self._tell)

    _stand: Stand

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Keep them until told to stop; `ready` is done once all answer. Raises Misconfigured if one cannot begin."""
        try:
            while not self._stops:
                self._look(time.monotonic())
                if not self._answered and all(worker.answers() for worker in self._workers(whole=True)):
                    self._answered = True
                    ready()
                self._next(TICK)
            self._leave()
        finally:
            for worker in self._workers():
                worker.end(signal.SIGKILL)
                worker.buried()

    def stop(self, at_once: bool = False) -> None:
        """Let all answer what they have begun to, and leave; or leave `at_once`."""
        self._stops += 1
        self._at_once |= at_once
        self._events.put(lambda: None)

    @property
    def stopping(self) -> bool:
        """Was it told to stop?"""
        return self._stops > 0

    def _next(self, seconds: float) -> None:
        """Do what is due, or wait for it."""
        try:
            self._events.get(timeout=seconds)()
        except Empty:
            return

    def _workers(self, whole: bool = False) -> list[Worker]:
        """Those there are; `whole`: none unless all are there."""
        found = [place.worker for place in self._places if place.worker is not None]
        return found if not whole or len(found) == len(self._places) else []

    def _tell(self, stand: Stand | None = None) -> None:
        """Tell all how it stands: now, or still."""
        with self._telling:
            self._stand = stand = stand or self._stand
            if self._pickled[0] != stand.standing.revision:
                self._pickled = (stand.standing.revision, pickle.dumps(dict(stand.files)))
            self._number += 1
            self._told = time.monotonic()
            standing = stand.standing._replace(workers=Workers(len(self._places), self._behind))
            self._parcel = Parcel(self._number, standing, stand.too_old, self._pickled[1])
            for worker in self._workers():
                worker.tell(self._parcel)

    def _look(self, now: float) -> None:
        """Begin who is missing, end who is too late, and see that all hear something now and then."""
        for place in self._places:
            if place.worker is None and place.due <= now:
                self._begin(place)
        most = self._patience.most + len(self._pickled[1]) / 1e6
        bound = self._patience.late
        late = [worker for worker in self._workers() if worker.overdue(now) > (bound if worker.answers() else most)]
        for worker in late:
            if not worker.told_late:
                worker.told_late = True
                log.warning("%s has not taken revision %s yet", worker.name, self._stand.standing.revision[:12])
            if worker.overdue(now) > most:
                log.warning("%s does not take what is live, and is ended", worker.name)
                worker.end(signal.SIGKILL)
        behind = len(self._places) - sum(worker.answers() and worker not in late for worker in self._workers())
        if behind != self._behind or now - self._told > self._patience.beat:
            self._behind = behind
            self._tell()
        self._answer_asked(now)

    def _begin(self, place: Place) -> None:
        """Start a worker; it is told what is live before it takes its first connection."""
        try:
            worker = Worker(place.name, self._work, self._given, self._heard, lambda one: self._events.put(
                lambda: self._gone(place, one)))  # fmt: skip
        except (OSError, EOFError) as error:
            why = f"{place.name} cannot be started ({type(error).__name__})"
            if not self._answered:
                raise Misconfigured(f"{why}; the log says why") from None
            place.due = time.monotonic() + max(TICK, place.died(0.0, self._patience))
            log.warning("%s; it is tried again", why)
            return
        with self._telling:
            place.worker = worker
            worker.tell(self._parcel)

    def _gone(self, place: Place, worker: Worker) -> None:
        """A worker is dead: another takes its place, unless all are to leave."""
        code = worker.buried()
        with self._telling:
            place.worker = None
            self._past.merge(worker.counts)
        if self._stops:
            return
        if not self._answered and code > 0:
            raise Misconfigured(f"{worker.name} ended before it answered, with exit code {code}; the log says why")
        now = time.monotonic()
        pause = place.died(now - worker.since, self._patience)
        place.due = now + pause
        how = f"of signal {-code}" if code < 0 else f"with exit code {code}"
        log.warning("%s died %s; another takes its place%s", worker.name, how, f" in {pause:g} s" if pause else "")

    def _heard(self, worker: Worker, message: Wake | Gather | Taken) -> None:
        """What a worker says, told by a thread of its own."""
        if isinstance(message, Wake):
            self._wake()
        elif isinstance(message, Gather):
            self._events.put(lambda: self._ask(worker))
        else:
            self._events.put(lambda: None)

    def _ask(self, worker: Worker) -> None:
        """Let all tell what they have counted, which they do with what they take."""
        self._tell()
        self._asked.append((worker, self._number, time.monotonic()))

    def _answer_asked(self, now: float) -> None:
        """Tell those who asked for it what all have counted, once all have told it, or some have had time enough."""
        taken = min((worker.taken for worker in self._workers()), default=0)
        due = [each for each in self._asked if taken >= each[1] or now - each[2] > self._patience.counting]
        self._asked = [each for each in self._asked if each not in due]
        for worker, *_ in due:
            total = self._own.copy()
            for counts in (self._past, *(each.counts for each in self._workers())):
                total.merge(counts)
            worker.tell_total(total)

    def _leave(self) -> None:
        """All answer what they have begun to, and leave; who does not in time is ended."""
        for worker in self._workers():
            worker.end(signal.SIGTERM)
        until = time.monotonic() + self._patience.leave
        while self._workers() and not self._at_once and time.monotonic() < until:
            self._next(TICK)
        if self._workers() and not self._at_once:
            log.warning("%s did not leave in time, and is ended", ", ".join(one.name for one in self._workers()))


@contextmanager
def told_by_signals(supervisor: Supervisor) -> Iterator[None]:
    """While this lasts, SIGTERM and SIGINT let all leave, and a second SIGINT at once."""

    def stop(number: int, _: object) -> None:
        supervisor.stop(at_once=supervisor.stopping and number == signal.SIGINT)

    before = [(each, signal.signal(each, stop)) for each in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)
