"""The server as several processes: `remit serve --workers N`, put together."""

from __future__ import annotations

import os
import socket
import time
from typing import NamedTuple

from remit.adapters.settings import known_by
from remit.assembly import database_of
from remit.bootstrap import (
    Prepared,
    Read,
    application,
    prepared,
    settle,
    watch_of,
)  # fmt: skip
from remit.cli.house import ServeOptions
from remit.following import following, woken
from remit.observing import Watch
from remit.service.live import Files, compiled
from remit.service.publishing import Publishing
from remit.serving import serve
from remit.serving.listening import authority, listen_on
from remit.starting import (
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


class Task(NamedTuple):
    """What a worker is to be: made of the same as all others. `name` is where the policy is from, `shadow` the files of
    the one that is asked beside it."""

    what: Prepared
    listener: socket.socket
    url: str
    name: str
    shadow: Files | None


def run_workers(options: ServeOptions, read: Read) -> None:
    """Let as many processes answer over HTTP as the options say, until told to stop; as `bootstrap.run_server`."""
    what, now = prepared(options, os.environ), time.time_ns() // 1_000
    settings, database = what.settings, database_of(what.settings.catalog, options.state)
    begun = begin(Place(options.policy, options.model, options.state), options.watch, settings.policy, database, now)
    if settings.catalog.here and begun.last_good is None:
        database.prepare()
    shadow = shadow_files(options.shadow_policy, database, read, now)
    live, called = live_by(begun, settings.policy, now, handed_first), begun.first.called
    listener = listen_on(options.host, options.port)
    here = f"{'http' if settings.tls is None else 'https'}://" + authority(options.host, listener.getsockname()[1])
    # put together once to no end: what cannot be had is said before there are several who would say it
    policies = live_by(begun, settings.policy, now, compiled_first)
    application(what, policies, Watch(policies), here, database, Publishing(policies))
    del policies

    def say() -> None:
        print(f"remit answers at {here} by revision {called}", flush=True)  # noqa: T201
        print(f"callers are known by {known_by(settings.modes)}", flush=True)  # noqa: T201

    task, reloads = Task(what, listener, here, begun.name, shadow), Watch(live)
    with keeping(begun, live, database, now) as source:
        supervisor = Supervisor(options.workers, work, (task,), live, waker(begun.source), reloads.counts)
        del begun
        with told_by_signals(supervisor), woken(source), following(live, source, reloads.heard):
            supervisor.run(say)


def handed_first(first: First, source: str, max_age: int | None) -> Handed:
    """The first policy where others answer by it; see `starting.live_by`."""
    return Handed(first.snapshot.revision, first.files, source, first.seen, max_age)


def work(orders: Orders, task: Task) -> None:
    """Answer as one of several, as the supervisor tells, until told to stop."""
    what = task.what
    policies, files = orders.begun()
    beside = None if task.shadow is None else compiled(task.shadow)
    watch = watch_of(what, policies, files, beside, orders.total)
    del files
    database = database_of(what.settings.catalog, what.options.state)
    with publishing_by(policies, database, orders.wake, task.name) as publishing:
        app = application(what, policies, watch, task.url, database, publishing)
        settle()
        with orders.followed(policies, watch.counts), watch.running():
            serve(app, task.listener, what.settings.tls)
