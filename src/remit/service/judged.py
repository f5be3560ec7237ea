"""A change of policy, judged before it may be published: by everything that a start would judge, by its plan, and by
whether somebody can publish the next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from remit.core.constraints import Right
from remit.core.difference.document import digest_of, document
from remit.core.difference.plan import Version, plan, version_of
from remit.core.difference.sentences import blocked, broken_sentence, summary
from remit.core.findings import Finding
from remit.core.model import ROOT, Actor, Code
from remit.core.names import subject_problem
from remit.core.pdp import walk
from remit.core.snapshot import Snapshot
from remit.core.succession import unheld_from
from remit.core.times import format_instant, parse_instant
from remit.errors import CasesFailed, PolicyInvalid
from remit.service.policies import admit

PUBLISH = Right("policy", "publish")


class Verdict(NamedTuple):
    """What keeps a change from being published: `findings` of the reader, or else `faults` (cases, Casbin), or else
    sentences of what `blocked` it; three empty ones if nothing does. `summary` says in a line what it does."""

    findings: tuple[Finding, ...] = ()
    faults: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    summary: str = ""


def judge_change(
    base: Mapping[str, bytes],
    head: Mapping[str, bytes],
    author: Actor,
    now: int,
    planned: Mapping[str, Any] | None,
) -> Verdict:
    """The change from one policy to another, judged at `now` for its author; `planned` is the document of the plan that
    it must be, if there is one. Raises PolicyInvalid if `base` is no policy."""
    before = version_of(base)
    try:
        policy, snapshot = admit(head, now)
    except PolicyInvalid as error:
        return Verdict(findings=error.findings)
    except CasesFailed as error:
        return Verdict(faults=error.faults)
    after = Version(head, policy)
    found = plan(before, after, now, author.subject, groups=author.groups)
    stopped = (
        *(broken_sentence(each, now) for each in found.broken),
        *blocked(found),
        *_lockout(snapshot, author, now),
    )
    if planned is not None and not stopped:
        stopped = tuple(_unplanned(before, after, planned))
    return Verdict(blocked=stopped, summary=summary(found))


def may_publish(files: Mapping[str, bytes], author: Actor, now: int) -> bool:
    """Does this policy let its author publish, as far as it can be read?"""
    try:
        snapshot = Snapshot(version_of(files).policy)
    except PolicyInvalid:
        return True
    return walk(snapshot, author.subject, PUBLISH.action, PUBLISH.kind, None, ROOT, None, author.groups, now)[0] is (
        Code.GRANTED
    )


def planned_change(base: Mapping[str, bytes], head: Mapping[str, bytes], names: tuple[str, str], now: int) -> Any:
    """The document of the plan from one policy to another."""
    return document(plan(version_of(base), version_of(head), now), names)


def _lockout(snapshot: Snapshot, author: Actor, now: int) -> Iterator[str]:
    """Would there be a time at which nobody can publish?"""
    unheld = unheld_from(snapshot, PUBLISH, author.groups, now)
    if unheld is not None:
        when = "from now on" if unheld <= now else f"from {format_instant(unheld)} on, when a line ends,"
        yield f"{when} nobody that the policy names may publish; let somebody hold `{PUBLISH}` in all projects for good"


def _unplanned(before: Version, after: Version, planned: Mapping[str, Any]) -> Iterator[str]:
    """Is this anything but what was planned? The plan is made again, for its own author and instant."""
    names = []
    for side, version in (("base", before), ("head", after)):
        said = planned.get(side)
        said = said if isinstance(said, dict) else {}
        names.append(said.get("name"))
        if said.get("revision") != version.policy.revision:
            what = "what is live" if side == "base" else "what is published"
            yield f"the plan's {side} is revision `{str(said.get('revision'))[:12]}`, {what} is another one; plan again"
            return
    at, author = _instant(planned.get("judged_at")), planned.get("author")
    known = author is None or (isinstance(author, str) and not subject_problem(author))
    base, head = names
    if at is None or not known or not isinstance(base, str) or not isinstance(head, str):
        yield "the plan is no document that `remit plan --format json` writes"
        return
    again = document(plan(before, after, at, author), (base, head))
    if planned.get("digest") != again["digest"] or digest_of(planned) != again["digest"]:
        yield "the plan is not what this change does: it was altered, or made by another version of remit; plan again"


def _instant(text: object) -> int | None:
    try:
        return parse_instant(text) if isinstance(text, str) else None
    except ValueError:
        return None
