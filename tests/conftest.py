"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection, Engine, event

from asking import FILES
from server import Running, serving


@pytest.fixture(autouse=True)
def connections_end_with_their_test() -> Iterator[None]:
    """Many tests open a database and leave it; from Python 3.13 on a connection that nobody closes is a warning."""
    used: dict[Engine, None] = {}

    def seen(connection: Connection) -> None:
        used[connection.engine] = None

    event.listen(Engine, "engine_connect", seen)
    yield
    event.remove(Engine, "engine_connect", seen)
    for engine in used:
        engine.dispose()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Running]]:
    """Starts a real server over a policy, as often as asked; all of them end with the module."""
    with ExitStack() as running:
        yield lambda *policy, **options: running.enter_context(serving(*policy, **options))


@pytest.fixture(scope="module")
def pdp(serve: Callable[..., Running]) -> Running:
    """A real server over the small policy of `asking`."""
    return serve(FILES)
