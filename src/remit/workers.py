"""The server put together, as one process or as several (`remit serve --workers N`)."""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from remit.adapters.db.database import Database
from remit.adapters.settings import known_by
from remit.assembly import database_of
from remit.bootstrap import Prepared, application, prepared, watch_of
from remit.cli.house import ServeOptions
from remit.following import following, woken
from remit.journaling import Journaled, journaling
from remit.observing import Watch
from remit.service.live import Files, compiled
from remit.service.operations import Standing
from remit.service.publishing import Publishing
from remit.serving import serve
from remit.serving.listening import authority, listen_on
from remit.starting import (
    Begun,
    First,
    Place,
    begin,
    compiled_first,
    keeping,
    live_by,
    publishing_by,
    shadow_files,
    waker,
)
from remit.supervising import Handed, Orders, Supervisor, told_by_signals

Read = Callable[[str], dict[str, bytes]]
"""The files of a policy in a directory, or at a git revision."""


class Opened(NamedTuple):
    """A server before anybody answers: what it is made of, its database, what its first policy is called, the one that
    is asked beside it, where it listens, how that is reached, and when it began (microseconds since 1970, UTC)."""

    what: Prepared
    database: Database
    called: str
    shadow: Files | None
    listener: socket.socket
    url: str
    now: int

    def says(self) -> None:
        """Tell that it answers."""
        print(f"remit answers at {self.url} by revision {self.called}", flush=True)  # noqa: T201
        print(f"callers are known by {known_by(self.what.settings.modes)}", flush=True)  # noqa: T201


def opened(options: ServeOptions, read: Read) -> tuple[Opened, Begun]:
    """All that one server takes, of one process or of several, and its first policy; `read` gives a policy to ask
    beside the live one.

    Raises Misconfigured rather than run half-configured.
    """
    what, now = prepared(options, os.environ), time.time_ns() // 1_000
    settings, database = what.settings, database_of(what.settings.catalog, options.state)
    begun = begin(Place(options.policy, options.model, options.state), options.watch, settings.policy, database, now)
    if settings.catalog.here and begun.last_good is None:
        database.prepare()
    shadow = shadow_files(options.shadow_policy, database, read, now)
    listener = listen_on(options.host, options.port)
    url = f"{'http' if settings.tls is None else 'https'}://" + authority(options.host, listener.getsockname()[1])
    return Opened(what, database, begun.first.called, shadow, listener, url, now), begun


def run_server(options: ServeOptions, read: Read) -> None:
    """Answer over HTTP until told to stop. Raises as `opened`."""
    server, begun = opened(options, read)
    what, database, now = server.what, server.database, server.now
    policies = live_by(begun, what.settings.policy, now, compiled_first)
    shadow = None if server.shadow is None else compiled(server.shadow)
    watch = watch_of(what, policies, begun.first.files, shadow)
    publishing_too = publishing_by(policies, database, waker(begun.source), begun.name)
    written = journaling(what.settings.journal, what.options.state, database)
    with written as record, publishing_too as publishing, keeping(begun, policies, database, now) as source:
        del begun  # the files of the first policy are not needed any more
        record.follows(policies)
        app = application(what, policies, watch, server.url, database, publishing, record)
        settle()
        server.says()
        with woken(source), following(policies, source, told(watch, record)), watch.running():
            serve(app, server.listener, what.settings.tls)


def told(watch: Watch, record: Journaled) -> Callable[[Standing, Standing], None]:
    """What is told of each look at the source."""

    def heard(before: Standing, after: Standing) -> None:
        watch.heard(before, after)
        record.heard(before, after)

    return heard


def settle() -> None:
    """What there is now lives as long as the process: no collection need ever look at it again."""
    gc.collect()
    gc.freeze()
    gc.enable()


class Task(NamedTuple):
    """What a worker is to be: made of the same as all others. `name` is where the policy is from, `shadow` the files of
    the one that is asked beside it."""

    what: Prepared
    listener: socket.socket
    url: str
    name: str
    shadow: Files | None


def run_workers(options: ServeOptions, read: Read) -> None:
    """Let as many processes answer over HTTP as the options say, until told to stop; as `run_server`."""
    server, begun = opened(options, read)
    what, database, now = server.what, server.database, server.now
    live = live_by(begun, what.settings.policy, now, handed_first)
    # put together once to no end: what cannot be had is said before there are several who would say it
    policies = live_by(begun, what.settings.policy, now, compiled_first)
    application(what, policies, Watch(policies), server.url, database, Publishing(policies))
    del policies
    task, reloads = Task(what, server.listener, server.url, begun.name, server.shadow), Watch(live)
    written = journaling(what.settings.journal, what.options.state, database)
    with written as record, keeping(begun, live, database, now) as source:
        record.follows(live)
        supervisor = Supervisor(options.workers, work, (task,), live, waker(begun.source), reloads.counts)
        del begun
        settle()
        with told_by_signals(supervisor), woken(source), following(live, source, told(reloads, record)):
            supervisor.run(server.says)


def handed_first(first: First, source: str, max_age: int | None) -> Handed:
    """The first policy where others answer by it; see `starting.live_by`."""
    return Handed(first.snapshot.revision, first.files, source, first.seen, max_age)


def work(orders: Orders, task: Task) -> None:
    """Answer as one of several, as the supervisor tells, until told to stop."""
    gc.disable()  # as `entry` does
    what = task.what
    policies, files = orders.begun()
    beside = None if task.shadow is None else compiled(task.shadow)
    watch = watch_of(what, policies, files, beside, orders.total)
    del files
    database = database_of(what.settings.catalog, what.options.state)
    written = journaling(what.settings.journal, what.options.state, database)
    with written as record, publishing_by(policies, database, orders.wake, task.name) as publishing:
        record.is_told(policies)
        app = application(what, policies, watch, task.url, database, publishing, record)
        settle()
        with orders.followed(policies, watch.counts), watch.running():
            serve(app, task.listener, what.settings.tls)
