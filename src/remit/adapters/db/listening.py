"""Hearing of a new activation at once, where the database tells: a connection of its own to PostgreSQL."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy import make_url

from remit.adapters.db.revisions import CHANNEL

_SLICE = 1.0
"""Seconds until it is looked whether to stop."""

_PAUSES = (0.1, 0.5, 1.0, 5.0)
"""Seconds to wait before connecting again, the first time, the second …; whoever polls meanwhile misses nothing."""

log = logging.getLogger("remit.adapters")


def listens(url: str) -> bool:
    """Does the database at this address tell by itself?"""
    return make_url(url).get_backend_name() in ("postgresql", "postgres")


def listen(url: str, stop: threading.Event, heard: Callable[[], None]) -> None:
    """Until told to stop: call `heard` at every new activation, and once after each new connection, since nobody told
    of what happened before it. A connection that breaks is made again."""
    import psycopg  # not above: SQLite does without, and it takes its time

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    broken = 0
    while not stop.is_set():
        try:
            with psycopg.connect(
                address, autocommit=True, connect_timeout=5, application_name="remit",
                keepalives_idle=10, keepalives_interval=5, keepalives_count=3,
            ) as link:  # fmt: skip
                link.execute(f"LISTEN {CHANNEL}".encode())
                broken = 0
                heard()
                while not stop.is_set():
                    for _ in link.notifies(timeout=_SLICE, stop_after=1):
                        heard()
        except psycopg.Error as error:
            if broken == 0:
                log.warning("the database cannot be listened to (%s); it is asked instead", type(error).__name__)
            stop.wait(_PAUSES[min(broken, len(_PAUSES) - 1)])
            broken += 1
