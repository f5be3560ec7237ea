"""Which Casbin models can be brought in: those whose meaning is known to the letter.

A model is compared after parsing, spacing and the order of what is joined by `&&` aside. Everything else is refused:
a matcher that is nearly known may mean anything.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from remit.core.bringing.notes import Note
from remit.core.names import quoted

_SPACED = re.compile(r"\s*(\W)\s*")
_REQUESTS = {"sub,obj,act": False, "sub,dom,obj,act": True}
_EFFECT = "some(where(p.eft==allow))"
_JOINED = {
    False: frozenset(("g(r.sub,p.sub)", "p.obj==r.obj", "p.act==r.act")),
    True: frozenset(("g(r.sub,p.sub,r.dom)", "p.dom==r.dom", "p.obj==r.obj", "p.act==r.act")),
}
_WANTED = {
    ("request_definition", "r"): "r = sub, obj, act` or `r = sub, dom, obj, act",
    ("policy_definition", "p"): "p = sub, obj, act` or `p = sub, dom, obj, act",
    ("role_definition", "g"): "g = _, _` or `g = _, _, _",
    ("policy_effect", "e"): "e = some(where (p.eft == allow))",
    ("matchers", "m"): "m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act` and, with domains, `… g(r.sub, p.sub, "
    "r.dom) && r.dom == p.dom …",
}
"""All that a model defines, and how to write it."""


class Shape(NamedTuple):
    """What the lines of a policy look like: is there a scope in each, is there a column for the effect?"""

    scoped: bool
    effects: bool

    @property
    def permission_columns(self) -> int:
        """Columns of a `p` line behind the `p`."""
        return 3 + self.scoped + self.effects

    @property
    def link_columns(self) -> int:
        """Columns of a `g` line behind the `g`."""
        return 2 + self.scoped


def shape_of(file: str, text: str) -> tuple[Shape | None, tuple[Note, ...]]:
    """What the lines of this model's policies look like; or None, and each definition that is not taken."""
    found, notes = _definitions(file, text)
    for name, wanted in _WANTED.items():
        if name not in found:
            notes.append(Note(file, 0, "", f"[{name[0]}] lacks `{name[1]}`; write `{wanted}`"))
    if notes:
        return None, tuple(notes)
    scoped = _REQUESTS.get(found["request_definition", "r"][0])
    if scoped is None:
        return None, (_unknown(file, found, ("request_definition", "r")),)
    fields, mark, _ = found["policy_definition", "p"][0].partition(",eft")
    right = {
        ("policy_definition", "p"): _REQUESTS.get(fields) is scoped and _ == "",
        ("role_definition", "g"): found["role_definition", "g"][0] == ",".join("_" * (2 + scoped)),
        ("policy_effect", "e"): found["policy_effect", "e"][0] == _EFFECT,
        ("matchers", "m"): _joined(found["matchers", "m"][0]) == _JOINED[scoped],
    }
    wrong = tuple(_unknown(file, found, name) for name, good in right.items() if not good)
    return (None, wrong) if wrong else (Shape(scoped, bool(mark)), ())


_Found = dict[tuple[str, str], tuple[str, int, str]]


def _definitions(file: str, text: str) -> tuple[_Found, list[Note]]:
    """Section and key to what is defined (without spaces), its line and the line's text; and what is not understood."""
    found: _Found = {}
    notes: list[Note] = []
    section = ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            section = line[1:-1].strip()
            continue
        key, _, value = (part.strip() for part in line.partition("="))
        name = (section, key)
        if name in found or name not in _WANTED or line.endswith("\\") or "#" in line:
            what = "is defined twice" if name in found else "is no part of a model that can be brought in"
            notes.append(Note(file, number, line, f"{quoted(key)} of [{quoted(section)[1:-1]}] {what}"))
        found[name] = (_SPACED.sub(r"\1", value), number, line)
    return found, notes


def _joined(matcher: str) -> frozenset[str]:
    """What a matcher joins by `&&`, the two sides of each comparison in one order."""
    return frozenset("==".join(sorted(part.split("=="))) for part in matcher.split("&&"))


def _unknown(file: str, found: _Found, name: tuple[str, str]) -> Note:
    _, number, line = found[name]
    said = f"the meaning of this {name[0].replace('_', ' ')} is not known here"
    return Note(file, number, line, f"{said}; what can be brought in is `{_WANTED[name]}`")
