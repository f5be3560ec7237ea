"""The lines of a Casbin policy, as Casbin reads them, and those that cannot be taken.

Casbin takes a bracket for the beginning of a longer name, ignores lines of a type that it does not know, and has no
comments but whole lines. What it reads otherwise than anybody would is not taken.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from remit.core.bringing.models import Shape
from remit.core.bringing.notes import Note
from remit.core.model import ROOT
from remit.core.names import quoted

_UNSURE = re.compile(r'[()\[\]"<>&|]|==')


class Grant(NamedTuple):
    """`name`, a role or a subject, may do `act` to `obj` in a scope (`*` where lines have none)."""

    name: str
    scope: str
    obj: str
    act: str
    line: int
    text: str


class Link(NamedTuple):
    """`member`, a role or a subject, has in a scope all that `head` has."""

    member: str
    head: str
    scope: str
    line: int
    text: str


class Original(NamedTuple):
    """A policy as its lines say it. `left` are lines that are not taken, `notes` those that say nothing,
    `heads` the names that are given to others, also by lines that are not taken: no such name is a subject."""

    grants: tuple[Grant, ...]
    links: tuple[Link, ...]
    left: tuple[Note, ...]
    notes: tuple[Note, ...]
    heads: tuple[str, ...]

    def without(self, left: tuple[Note, ...]) -> Original:
        """This policy without some more of its lines."""
        gone = {note.line for note in left}
        return Original(
            tuple(grant for grant in self.grants if grant.line not in gone),
            tuple(link for link in self.links if link.line not in gone),
            (*self.left, *left),
            self.notes,
            self.heads,
        )

    def text(self) -> str:
        """The lines that are taken, as they were written."""
        taken = {each.line: each.text for each in self.grants} | {each.line: each.text for each in self.links}
        return "\n".join(taken[line] for line in sorted(taken))


def read_original(file: str, text: str, shape: Shape) -> Original:
    """The lines of a policy of this shape."""
    grants: list[Grant] = []
    links: list[Link] = []
    left: list[Note] = []
    notes: list[Note] = []
    heads: dict[str, None] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        kind, *fields = [field.strip() for field in line.split(",")]
        if kind.startswith("g") and len(fields) > 1 and fields[0] != fields[1]:
            heads[fields[1]] = None
        if why := _fault(line, kind, fields, shape):
            left.append(Note(file, number, line, why))
        elif kind == "g":
            links.append(Link(fields[0], fields[1], fields[2] if shape.scoped else ROOT, number, line))
        elif shape.effects and fields[-1] == "deny":
            notes.append(Note(file, number, line, "denies nothing in this model, which asks for one line that allows"))
        else:
            name, *scope, obj, act = fields[: 3 + shape.scoped]
            grants.append(Grant(name, scope[0] if scope else ROOT, obj, act, number, line))
    return Original(tuple(grants), tuple(links), tuple(left), tuple(notes), tuple(heads))


def _fault(line: str, kind: str, fields: list[str], shape: Shape) -> str | None:
    """Why a line cannot be taken, or None."""
    if match := _UNSURE.search(line):
        return f"holds `{match.group()}`, as longer names and expressions do: no plain name has it"
    if kind not in ("p", "g"):
        return f"the model defines no {quoted(kind)}"
    wanted = shape.permission_columns if kind == "p" else shape.link_columns
    if len(fields) != wanted:
        more = "; conditions, priorities and effects that the model does not define mean nothing" * (
            len(fields) > wanted
        )
        return f"{len(fields)} columns behind `{kind}`, where the model has {wanted}{more}"
    if "" in fields:
        return "a blank name"
    if kind == "p" and shape.effects and fields[-1] not in ("allow", "deny"):
        return f"the effect {quoted(fields[-1])} is neither `allow` nor `deny`"
    return None
