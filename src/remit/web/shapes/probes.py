"""When a container counts as ready."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from remit.web.shapes.base import Shape
from remit.web.shapes.texts import Host, Port, matching

Seconds = Annotated[int, Field(ge=1, le=86_400)]
"""A time, at most a day."""


class HttpGet(Shape):
    """The page that is asked for."""

    port: Port
    path: (
        Annotated[str, Field(max_length=1_024), matching(r"(/[A-Za-z0-9_./-]*)?", "must be a path: `/healthz`")] | None
    ) = None
    host: Host | None = None
    scheme: Literal["HTTP", "HTTPS"] | None = None


class Handler(Shape):
    """How the container is asked."""

    http_get: HttpGet


class Probe(Shape):
    """How often the container is asked, and what counts as an answer."""

    handler: Handler
    initial_delay_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    period_seconds: Seconds | None = None
    timeout_seconds: Seconds | None = None
    success_threshold: Annotated[int, Field(ge=1, le=1_000)] | None = None
    failure_threshold: Annotated[int, Field(ge=1, le=1_000)] | None = None


class Probes(Shape):
    """The probes of a container."""

    readiness: Probe | None = None
