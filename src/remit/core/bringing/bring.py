"""All the steps of bringing a Casbin policy in, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from remit.core.bringing.lines import read_original
from remit.core.bringing.models import shape_of
from remit.core.bringing.naming import Naming
from remit.core.bringing.notes import Note
from remit.core.bringing.proof import Proof, prove
from remit.core.bringing.written import Scribe, Written, tables_of
from remit.core.findings import Finding
from remit.core.oracle import Original as Judge
from remit.core.policy import read_policy
from remit.errors import PolicyInvalid

MOST_CASES = 200
"""Decisions of the original that become cases."""

CASES = "policies/cases/as_before.csv"


class Text(NamedTuple):
    """A file of the original: its name, for messages, and what it says."""

    file: str
    text: str


@dataclass(slots=True)
class Brought:
    """What came of it. `files` is empty unless all went well. `left` are lines that were not taken, `refused` what
    keeps the whole from being taken, `findings` what speaks against it as files of ours, `notes` what is written
    otherwise than it was, `roles` the names that could ask for themselves in the original and are roles only here."""

    files: dict[str, bytes] = field(default_factory=dict)
    left: tuple[Note, ...] = ()
    refused: tuple[Note, ...] = ()
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()
    proof: Proof | None = None
    roles: tuple[str, ...] = ()


def bring(
    policy: Text, model: Text, ours: bytes, naming: Naming, also: Iterable[str] = (), partly: bool = False
) -> Brought:
    """Somebody's Casbin policy in this layout, proven to decide the same. `ours` is the text of our own model.

    `partly`: take what can be taken if some lines cannot; the proof is then about what was taken. Raises RequestInvalid
    if Casbin itself does not read the original.
    """
    shape, refused = shape_of(model.file, model.text)
    if shape is None:
        return Brought(refused=refused)
    original = read_original(policy.file, policy.text, shape)
    also = tuple(also)
    while refused := Scribe(policy.file, original, naming, also).refused_names():
        original = original.without(refused)
    left = tuple(sorted(original.left, key=lambda note: note.line))
    if left and not partly:
        return Brought(left=left, notes=original.notes)
    scribe = Scribe(policy.file, original, naming, also)
    if refused := scribe.too_far():
        return Brought(left=left, refused=refused)
    written = scribe.write()
    notes = tuple(sorted((*original.notes, *written.notes), key=lambda note: note.line))
    files = {name: text.encode() for name, text in tables_of(written).items()} | {"model.conf": ours}
    try:
        read = read_policy(files)
        judge = Judge(model.text, original.text())
        proof = prove(written, shape.scoped, read, judge, len(original.grants))
        if proof.differences:
            return Brought(left=left, notes=notes, proof=proof)
        files[CASES] = _cases(proof, written).encode()
        read_policy(files)
    except PolicyInvalid as invalid:
        return Brought(left=left, notes=notes, findings=invalid.findings)
    return Brought(files, left, (), notes, (), proof, scribe.roles_only())


def _cases(proof: Proof, written: Written) -> str:
    """Decisions of the original, as cases: for all that can be done somewhere, one who may and one who may not."""
    lines: dict[tuple[object, ...], str] = {}
    known = {subject for subject, _, _ in written.access_rules}  # a case about anybody else would be an error
    for (_, question), allowed in proof.verdicts:
        if question.subject in known and (question.kind, question.action) in written.pairs:
            scope, word = question.declared, "allow" if allowed else "deny"
            line = f"{word}, {question.subject}, {question.action}, {question.kind}, {scope}, {scope}"
            lines.setdefault((scope, question.kind, question.action, allowed), line)
    chosen = list(lines.values())
    step = max(1, -(-len(chosen) // MOST_CASES))
    head = (
        "# What the policy decided before it was written here\n#\n# allow or deny, subject, action, kind, home, place\n"
    )
    return head + "".join(f"{line}\n" for line in chosen[::step])
