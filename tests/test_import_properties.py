"""Random Casbin policies are taken over and decide the same, or nothing is written and it says why: no wrong allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from foreign import ACTS, NAMES, OBJECTS, PLACES, PLAIN, SCOPED, random_policy
from house import ROOT
from remit.core.bringing import bring as bringing
from remit.core.bringing import written
from remit.core.bringing.bring import Brought, Text, bring
from remit.core.bringing.naming import Naming
from remit.core.bringing.reach import Reach
from remit.core.model import Question
from remit.core.oracle import Oracle, Original
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.trial import try_policy

OURS = (ROOT / "model.conf").read_bytes()
SUBJECTS = (*NAMES, *(f"c{index}" for index in range(13)), "stranger")
SEEDS = range(120)


def brought(seed: int) -> tuple[Brought, str, bool]:
    lines, scoped, also = random_policy(seed)
    return (
        bring(Text("p.csv", lines), Text("m.conf", SCOPED if scoped else PLAIN), OURS, Naming(), also),
        lines,
        scoped,
    )


def wrong(found: Brought, lines: str, scoped: bool) -> Iterator[tuple[str, ...]]:
    """The requests that are decided otherwise than Casbin decided them, but for those of roles, who may not ask now."""
    policy = read_policy(found.files)
    snapshot, judge, oracle = Snapshot(policy), Original(SCOPED if scoped else PLAIN, lines), Oracle(policy)
    for name, at, kind, action in product(SUBJECTS, PLACES if scoped else ("*",), OBJECTS, ACTS):
        request = (name, at, kind, action) if scoped else (name, kind, action)
        subject = name if ":" in name and not name.startswith("role:") else f"user:{name}"
        question = Question(subject, action, kind, None, at if at == "*" else f"project:{at}")
        allowed = decide(snapshot, *question).allowed
        assert oracle.allows(question) == allowed
        was = judge.allows(*request)
        if allowed != was and not (was and name in found.roles):
            yield request


def test_what_is_written_decides_as_casbin_did() -> None:
    ends: Counter[str] = Counter()
    for seed in SEEDS:
        found, lines, scoped = brought(seed)
        if found.files:
            assert not list(wrong(found, lines, scoped)), f"random_policy({seed})"
            assert all(outcome.passed for outcome in try_policy(read_policy(found.files), 0))
            assert found.proof is not None and found.proof.exhaustive
            ends["written"] += 1
        else:
            differ = bool(found.proof and found.proof.differences)
            assert found.refused or found.left or found.findings or differ, (
                f"random_policy({seed}) is refused, and no why"
            )
            ends["too far" if found.refused else "not taken" if found.left else "differs"] += 1
    assert ends["written"] > 60 and ends["too far"] > 2, ends


def everywhere(scribe: written.Scribe, name: str, through: object) -> dict[tuple[str, str, str], None]:
    """Permissions of a role by way of others, wherever those have them."""
    every = (name, *scribe._all_heads(name))
    return {
        (scribe._naming.scope(at)[0], grant.obj, grant.act): None
        for other in every
        for at in scribe._places
        for grant in scribe._grants.get((other, at), ())
    }


MUTANTS: dict[str, tuple[object, str, Callable[..., object]]] = {
    "a role gets what others have in other scopes": (written.Scribe, "_rows", everywhere),
    "only the nearest roles count": (
        Reach,
        "heads",
        lambda self, name: tuple(h for h in self._heads.get(name, ()) if h != name),
    ),
    "all of a subject's links are forgotten": (written.Scribe, "_link", lambda *_: None),
    "chains are followed for ever": (written.Scribe, "too_far", lambda _: ()),
    "a subject's own lines are forgotten": (written.Scribe, "_own", lambda *_: None),
    "a subject holds its roles everywhere": (
        written.Written,
        "holds",
        lambda self, subject, role, _: self.access_rules.update(
            {(subject, role, scope): None for scope in (*self.scopes.values(),)}
        ),
    ),
}
"""Faults of the writer: whose method, which, and what it does instead."""


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_fault_of_the_writer_is_caught_before_anything_is_written(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*MUTANTS[fault])
    for seed in SEEDS:
        found, lines, scoped = brought(seed)
        assert not found.files or not list(wrong(found, lines, scoped))
        if found.proof and found.proof.differences and "*" not in lines:
            return
    pytest.fail("no difference was found")


@pytest.mark.parametrize("fault", MUTANTS)
def test_and_without_the_proof_the_property_would_be_broken(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*MUTANTS[fault])
    real = bringing.prove

    def blind(*arguments: object) -> object:
        proof = real(*arguments)  # type: ignore[arg-type]
        return type(proof)(proof.size, proof.sizes, (), ())

    monkeypatch.setattr(bringing, "prove", blind)
    assert any(list(wrong(*found)) for found in map(brought, SEEDS) if found[0].files)
