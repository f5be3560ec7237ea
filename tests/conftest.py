"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from asking import FILES
from server import Running, serving


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Running]]:
    """Starts a real server over a policy, as often as asked; all of them end with the module."""
    with ExitStack() as running:
        yield lambda *policy, **options: running.enter_context(serving(*policy, **options))


@pytest.fixture(scope="module")
def pdp(serve: Callable[..., Running]) -> Running:
    """A real server over the small policy of `asking`."""
    return serve(FILES)
