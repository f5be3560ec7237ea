"""What all logs of activations agree on, whatever keeps them: the next line, and what is said if there can be none."""

from __future__ import annotations

from remit.adapters.values import storable
from remit.core.history import Activation, Provenance
from remit.core.names import quoted
from remit.errors import CouldNotDecide, Outdated, RequestInvalid


def activation(last: Activation | None, revision: str, came: Provenance, source: str, at: int) -> Activation:
    """The line after the last one. Raises RequestInvalid for text that cannot be kept."""
    for text in (source, came.author, came.message, came.plan or "", came.commit or ""):
        if not storable(text):
            raise RequestInvalid(f"{quoted(text)} holds a character that cannot be kept")
    number, parent = (last.number + 1, last.revision) if last else (1, None)
    return Activation(
        number, revision, parent, at, source, came.how, came.author, came.verified, came.message, came.plan, came.commit
    )


def outdated(last: Activation | None) -> Outdated:
    """Another policy went live meanwhile."""
    if last is None:
        return Outdated("nothing is kept yet, so nothing can be changed; look again")
    return Outdated(f"revision {last.revision[:12]} has gone live meanwhile, as number {last.number}; begin with that")


def unfit(revision: str) -> CouldNotDecide:
    """What is kept is not what it says it is."""
    return CouldNotDecide(
        f"the database keeps revision {revision[:12]} damaged; restore it, nothing that is damaged goes live"
    )


def unknown(revision: str) -> str:
    """There is no such revision."""
    return f"no revision {quoted(revision[:64])} was ever live"
