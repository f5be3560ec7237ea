"""The FastAPI dependency: a route that requires a decision runs only when remit said yes.

    requires = requirements(client, subject=current_subject)
    may_view = requires("view", "workload", home="project:{project}")

    @app.get("/projects/{project}/workloads", dependencies=[Depends(may_view)])

`{project}` is filled from the path of the request.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from fastapi import Depends, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.requests import HTTPConnection

from remit.client.answers import Verdict
from remit.client.asynchronous import AsyncRemitClient
from remit.client.synchronous import RemitClient
from remit.errors import Misconfigured

_parameter = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

Dependency = Callable[..., Any]
"""What FastAPI's `Depends` takes."""


class Requires(Protocol):
    """Makes the dependency for one route."""

    def __call__(
        self, action: str, kind: str, *, id: str | None = None, home: str | None = None, place: str | None = None
    ) -> Callable[..., Awaitable[None]]:
        """A dependency that lets the route run if its subject may do `action` on the resource `kind:id` (without `id`:
        on one yet to be made), which lives in `home`, at `place`.

        In `id`, `home` and `place`, `{name}` stands for the path parameter of that name. Raises ValueError for a
        template with any other brace.
        """


def requirements(
    client: AsyncRemitClient | RemitClient, *, subject: Dependency, groups: Dependency | None = None
) -> Requires:
    """What the routes of an application require, asked of `client`.

    `subject` is a FastAPI dependency that returns the typed subject of the request (`user:…`), and refuses a request
    that has none; `groups` one that returns the bare names of the groups that the service vouches for.

    The dependencies raise HTTPException 403 if remit says no, and 503 if it does not say; whatever else goes wrong, the
    route does not run.
    """

    groups_of = groups or _no_groups

    def requires(
        action: str, kind: str, *, id: str | None = None, home: str | None = None, place: str | None = None
    ) -> Callable[..., Awaitable[None]]:
        for template in (id, home, place):
            _check(template)

        async def required(
            connection: HTTPConnection,
            who: str = Depends(subject),
            among: Iterable[str] = Depends(groups_of),
        ) -> None:
            one, lives, at = [_filled(template, connection.path_params) for template in (id, home, place)]
            what = kind if one is None else f"{kind}:{one}"
            if isinstance(client, AsyncRemitClient):
                verdict = await client.evaluate(who, action, what, home=lives, place=at, groups=among)
            else:
                verdict = await run_in_threadpool(
                    client.evaluate, who, action, what, home=lives, place=at, groups=among
                )
            _let_pass(verdict, f"`{who}` may not {action} `{what}`")

        return required

    return requires


def _let_pass(verdict: Verdict, sentence: str) -> None:
    """Nothing, if it is allowed. Raises HTTPException."""
    if not verdict.decided:
        raise HTTPException(503, "nobody could decide whether this is allowed, so it was not done")
    if not verdict.allowed:
        raise HTTPException(403, sentence)


def _no_groups() -> tuple[str, ...]:
    return ()


def _check(template: str | None) -> None:
    """Raises ValueError if a brace in the template is not part of a `{name}`."""
    if template is not None and re.search(r"[{}]", _parameter.sub("", template)):
        raise ValueError(f"`{template}` may hold path parameters as `{{name}}`, and no other brace")


def _filled(template: str | None, values: dict[str, Any]) -> str | None:
    """The template with the values of the route's path parameters. Raises Misconfigured if the route lacks one."""
    if template is None:
        return None
    try:
        return _parameter.sub(lambda found: str(values[found[1]]), template)
    except KeyError as error:
        raise Misconfigured(f"`{template}` names the path parameter {error}, which the route lacks") from None
