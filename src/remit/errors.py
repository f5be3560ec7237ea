"""Every exception remit raises on purpose. No HTTP status and no exit code lives here; the faces map them.

RemitError
├── PolicyInvalid     the policy does not load: carries all findings
├── CasesFailed       the policy does not decide what its cases say, or Casbin disagrees
├── Blocked           a change of policy that must not go live as it is: says why, one by one
├── RequestInvalid    a question that cannot be asked: one sentence for the caller
├── NotAuthenticated  who calls is not known: no credentials, or none that hold
├── NotAllowed        the caller lacks a permission for the operation
├── NotFound          there is no such thing, or none that the caller may see: nobody can tell which
├── Conflict          what is there stands in the way: a name is taken, a thing is in use
├── Outdated          the thing has been changed since the caller saw it
├── CouldNotDecide    something needed for a decision is out of reach: never an allow
│   └── NotRecorded   the journal cannot be written, so nothing is allowed
├── JournalDamaged    what should be a journal is none, or not as it was written
│   └── SignedByOthers  signed, but by no key that is trusted
└── Misconfigured     remit refuses to start: says what to set
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.core.findings import Finding


class RemitError(Exception):
    """Anything remit raises on purpose; its text is one sentence a person can act on."""


class PolicyInvalid(RemitError):
    """A policy that does not load. `findings` holds every finding, sorted by place."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        errors = sum(finding.is_error for finding in findings)
        super().__init__(f"the policy does not load: {errors} finding{'s' if errors != 1 else ''}")
        self.findings = findings


class CasesFailed(RemitError):
    """A policy whose cases do not come out as written, or on which Casbin disagrees. `faults` lists each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(
            f"the policy does not decide what it must: {len(faults)} fault{'s' if len(faults) != 1 else ''}"
        )
        self.faults = faults


class Blocked(RemitError):
    """A change of policy that loads and must not go live as it is. `reasons` says why, one by one."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(
            f"the change must not go live as it is: {len(reasons)} reason{'s' if len(reasons) != 1 else ''}"
        )
        self.reasons = reasons


class RequestInvalid(RemitError):
    """A question that is malformed, so there is nothing to decide."""


class NotAuthenticated(RemitError):
    """Nobody knows who calls. `given` is true if there were credentials, and they do not hold (RFC 6750 §3.1)."""

    def __init__(self, why: str, given: bool = True) -> None:
        super().__init__(why)
        self.given = given


class NotAllowed(RemitError):
    """The caller may not perform the operation. `missing` names the first permission it lacks, as `kind:action`;
    `lines` say all that is missing, one by one."""

    def __init__(self, missing: str, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.missing = missing
        self.lines = lines


class NotFound(RemitError):
    """There is no such thing, or none that the caller may see; both read the same. `lines` say so one by one."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class Conflict(RemitError):
    """What is there stands in the way: a name is taken, or a thing is in use."""


class Outdated(RemitError):
    """The thing has been changed since the caller saw it; its version is another one now."""


class CouldNotDecide(RemitError):
    """Neither allow nor deny: a source that the decision needs cannot be reached."""


class NotRecorded(CouldNotDecide):
    """The journal cannot be written, and the configuration says that nothing is answered without it."""


class JournalDamaged(RemitError):
    """What should be a journal, a checkpoint or a proof is none, or it is not as it was written."""


class SignedByOthers(JournalDamaged):
    """What is signed may be sound, but no key that is trusted signed it."""


class Misconfigured(RemitError):
    """The configuration is incomplete or unsafe; remit does not start half-configured. Its text has a line for each
    thing that is wrong."""
