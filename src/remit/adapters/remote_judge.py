"""A decision point elsewhere, as the gate asks it about the catalog; without an answer nothing is done.

The catalog's own credentials must let it evaluate, search, and vouch for the groups that its callers come with.
"""

from __future__ import annotations

from collections.abc import Sequence

from remit.client import Question, RemitClient
from remit.core.model import Actor
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

    def decide(self, actor: Actor, needs: Sequence[Need]) -> tuple[bool, ...]:
        """All needs in one batch. Raises CouldNotDecide if one of them was not decided."""
        if not needs:
            return ()
        verdicts = self._client.evaluate_many([_question(actor, need) for need in needs])
        for verdict in verdicts:
            if not verdict.decided:
                raise CouldNotDecide(f"the decision point gave no answer: {verdict.why}")
            self._revision = verdict.revision or self._revision
        return tuple(verdict.allowed for verdict in verdicts)

    def reach(self, actor: Actor, need: Need) -> Reach:
        """By permitted scopes. Raises CouldNotDecide if there is no answer."""
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


def _question(actor: Actor, need: Need) -> Question:
    resource = need.kind if need.id is None else f"{need.kind}:{need.id}"
    return Question(actor.subject, need.action, resource, home=need.scope, place=need.place, groups=_bare(actor.groups))


def _bare(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Groups as a request names them."""
    return tuple(group.removeprefix("group:") for group in groups)
