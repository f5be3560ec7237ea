"""A decision point elsewhere, as the gate asks it about the catalog; without an answer nothing is done.

The catalog's own credentials must let it evaluate, search, and vouch for the groups that its callers come with.
"""

from __future__ import annotations

from collections.abc import Sequence

from remit.client import Question, RemitClient
from remit.core.model import BLOCK_KINDS, ROOT, Actor
from remit.core.names import identifier_problem, scope_problem
from remit.core.search import Reach
from remit.errors import CouldNotDecide
from remit.service.ports import Need


class RemoteSitting:
    """One operation's questions to the decision point."""

    def __init__(self, client: RemitClient) -> None:
        self._client = client
        self._revision = ""

    @property
    def revision(self) -> str:
        """The policy that gave the last answer; empty before."""
        return self._revision

    @property
    def when(self) -> int:
        """The decision point's own clock says."""
        return 0

    def decide(self, actor: Actor, needs: Sequence[Need]) -> tuple[bool, ...]:
        """All needs in one batch. Raises CouldNotDecide if one of them was not decided.

        What is decided at home is asked for at `*` as well: who may there may everywhere, also where the home has left
        the tree. A scope that none can have is never asked for.
        """
        asked = [(need, need) for need in needs if _can_be(need.scope) and _can_be(need.place)]
        asked += [(need, need._replace(scope=ROOT)) for need, _ in asked if _at_home(need)]
        if not asked:
            return (False,) * len(needs)
        verdicts = self._client.evaluate_many([_question(actor, need) for _, need in asked])
        for verdict in verdicts:
            if not verdict.decided:
                raise CouldNotDecide(f"the decision point gave no answer: {verdict.why}")
            self._revision = verdict.revision or self._revision
        granted = {need for (need, _), verdict in zip(asked, verdicts, strict=True) if verdict.allowed}
        return tuple(need in granted for need in needs)

    def reach(self, actor: Actor, need: Need) -> Reach:
        """By permitted scopes. Raises CouldNotDecide if there is no answer."""
        if identifier_problem(need.kind) or not _can_be(need.place):
            return Reach((), False)
        found = self._client.permitted_scopes(
            actor.subject, need.action, need.kind, place=need.place, groups=_bare(actor.groups)
        )
        return Reach(tuple(sorted(found.scopes)), found.unplaced)


class RemoteJudge:
    """Asks a decision point through the client that every other service uses."""

    def __init__(self, client: RemitClient) -> None:
        self._client = client

    def sit(self) -> RemoteSitting:
        """The decision point, asked from now on."""
        return RemoteSitting(self._client)


def _can_be(scope: str | None) -> bool:
    """Can there be a scope of this name, or is none named?"""
    return scope is None or not scope_problem(scope)


def _at_home(need: Need) -> bool:
    """Is this about one thing of the catalog, and decided where it lives?"""
    return need.id is not None and not (need.kind in BLOCK_KINDS and need.action in ("view", "use"))


def _question(actor: Actor, need: Need) -> Question:
    resource = need.kind if need.id is None else f"{need.kind}:{need.id}"
    return Question(actor.subject, need.action, resource, home=need.scope, place=need.place, groups=_bare(actor.groups))


def _bare(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Groups as a request names them."""
    return tuple(group.removeprefix("group:") for group in groups)
