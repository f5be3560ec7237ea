"""What a page about a code says, and the policy that its examples are added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from remit.core.modelconf import DEFINITIONS
from remit.core.times import parse_instant

NOW = parse_instant("2026-11-25")
"""The day of the examples."""


class Whole(NamedTuple):
    """The whole text of a file, not lines added to it. Bytes that are not UTF-8 are written as lone surrogates."""

    text: str


Example = Mapping[str, str | Whole | None]
"""Files by their short names (`roles`, `cases/some`, `model`): lines added to one, its whole text, or None if it is
left out."""


class Page(NamedTuple):
    """One code: what is found, why it matters, what to write instead and how to mend it; `bad` is found at `at`
    (`file:line:column`) and nowhere else, `good` is not. `repaired`: `remit lint --fix` mends it where it is safe."""

    code: str
    what: str
    why: str
    instead: str
    fix: str
    bad: Example
    at: str
    good: Example
    repaired: bool = False


def _model() -> str:
    """The model as a file."""
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
        "policy, publish, home, bring it into force\n"
    ),
    "roles": (
        "p, maker, *, environment, view\n"
        "p, maker, *, environment, use\n"
        "p, maker, *, environment, create\n"
        "p, maker, *, workload, create\n"
        "p, viewer, *, environment, view\n"
    ),
    "service_roles": "p, publisher, *, policy, publish\n",
    "scopes": "g2, department:r, *\ng2, project:a, department:r\ng2, project:b, department:r\n",
    "groups": "",
    "access_rules": (
        "g, user:ada, maker, project:a\n"
        "g, user:bob, viewer, project:b\n"
        "g, user:cleo, publisher, *, 2026-01-01, 2027-01-01, T-1, user:dora, publishes in spring\n"
        "g, user:dora, publisher, *, 2026-01-01, 2027-01-01, T-1, user:cleo, publishes in autumn\n"
    ),
    "resources": "",
}
"""The texts of a small policy without any finding."""


def path_of(name: str) -> str:
    """The name of a file within a policy."""
    return "model.conf" if name == "model" else f"policies/{name}.csv"


def files_of(example: Example) -> dict[str, bytes]:
    """The small policy with an example in it."""
    texts: dict[str, str] = dict(BASE)
    for name, lines in example.items():
        if lines is None:
            del texts[name]
        elif isinstance(lines, Whole):
            texts[name] = lines.text
        else:
            texts[name] = texts.get(name, "") + lines + "\n"
    return {path_of(name): text.encode("utf-8", "surrogateescape") for name, text in texts.items()}
