"""The smallest policy that loads, as files, so that a test says only what differs from it.

    files(roles="p, maker, *, environment, view\\n")    these files, one of them with another text
    files(groups=None, model=None)                     these files without some
    plus(access_rules="g, user:bob, viewer, *")        these files, lines added at the end of one

Files are named without directory and ending: `roles` is policies/roles.csv, `cases/some` is policies/cases/some.csv
(write `**{"cases/some": "…"}`), `model` is model.conf. Texts may be bytes where UTF-8 is the point.
"""

from __future__ import annotations

from remit.core.findings import Finding
from remit.core.modelconf import DEFINITIONS
from remit.core.policy import read_policy
from remit.errors import PolicyInvalid


def _model() -> str:
    """The model that remit implements, as a model.conf says it."""
    sections: dict[str, str] = {}
    for (section, key), text in DEFINITIONS.items():
        sections[section] = sections.get(section, f"[{section}]\n") + f"{key} = {text}\n"
    return "".join(sections.values())


BASE: dict[str, str] = {
    "model": _model(),
    "vocabulary": (
        "environment, view, place, see it\n"
        "environment, use, place, run something in it\n"
        "environment, create, home, make one\n"
        "workload, create, home, run one\n"
    ),
    "roles": (
        "p, maker, *, environment, view\n"
        "p, maker, *, environment, use\n"
        "p, maker, *, environment, create\n"
        "p, maker, *, workload, create\n"
        "p, viewer, *, environment, view\n"
    ),
    "scopes": "g2, department:r, *\ng2, project:a, department:r\ng2, project:b, department:r\n",
    "access_rules": "g, user:ada, maker, project:a\n",
}
"""The texts of the smallest policy: Ada makes and uses environments in project a, and nobody else does anything."""


def path_of(name: str) -> str:
    """The name of a file within a policy."""
    return "model.conf" if name == "model" else f"policies/{name}.csv"


def files(**texts: str | bytes | None) -> dict[str, bytes]:
    """The files of the smallest policy, some with another text, or left out where it is None."""
    wanted = {path_of(name): text for name, text in {**BASE, **texts}.items()}
    return {name: _bytes(text) for name, text in wanted.items() if text is not None}


def plus(**lines: str | bytes) -> dict[str, bytes]:
    """The files of the smallest policy with lines added; the last one is ended."""
    return files(**{name: _bytes(BASE.get(name, "")) + _bytes(text) + b"\n" for name, text in lines.items()})


def findings_of(policy: dict[str, bytes]) -> tuple[Finding, ...]:
    """All findings: those that keep the policy from loading, or the warnings of one that loads."""
    try:
        return read_policy(policy).warnings
    except PolicyInvalid as refused:
        return refused.findings


def loads(policy: dict[str, bytes]) -> bool:
    """True if the policy loads; False if it is refused with findings. Anything else raised is a bug and passes on."""
    try:
        read_policy(policy)
    except PolicyInvalid as refused:
        assert refused.findings, "refused, and no word about why"
        return False
    return True


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
