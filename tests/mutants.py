"""Faults put into the walk by hand, each one a change to the text of `pdp.py` or `snapshot.py`.

A mutant is compiled into a module of its own and thrown away; the real modules are never touched. `within` says
in how many random worlds, counted from the first, the comparison must notice it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from remit.core import pdp, snapshot

SOURCES = {"pdp": Path(pdp.__file__), "snapshot": Path(snapshot.__file__)}


class Mutant(NamedTuple):
    """One fault: in which module, what is written there, what stands there instead, and how soon it must show."""

    fault: str
    module: str
    old: str
    new: str
    within: int


class Walk(NamedTuple):
    """The two halves of a decision: how a snapshot is built and how it is asked."""

    build: Callable[..., Any]
    decide: Callable[..., Any]


def text_of(mutant: Mutant) -> str:
    """The mutated source. What is replaced must stand there exactly once, or the mutant proves nothing."""
    source = SOURCES[mutant.module].read_text(encoding="utf-8")
    if source.count(mutant.old) != 1:
        raise ValueError(f"`{mutant.fault}` applies {source.count(mutant.old)} times; rewrite it for today's source")
    return source.replace(mutant.old, mutant.new)


def compiled(module: str, text: str) -> Walk:
    """The walk with this text in place of one of its modules, the other as it is."""
    throwaway = ModuleType(f"throwaway_{module}")
    exec(compile(text, f"<{module}>", "exec"), throwaway.__dict__)
    if module == "snapshot":
        return Walk(throwaway.Snapshot, pdp.decide)
    return Walk(snapshot.Snapshot, throwaway.decide)


_RECORDED = """\
        if lives is None and id is not None and kind in snapshot.homes:
            entry = snapshot.homes[kind].get(id)
            lives = None if entry is None else entry[0]
"""

WHERE = [
    Mutant("availability is not checked", "pdp", "if at != home and home not in chains[at]:", "if False:", 5),
    Mutant("only what lives right there is available", "pdp", "and home not in chains[at]:", "and True:", 5),
    Mutant("`view` without a place is decided at home, as `use` is", "pdp", 'elif action == "view":', "elif False:", 5),
    Mutant("`use` without a place is decided anywhere, as `view` is", "pdp", 'elif action == "view":', "else:", 5),
    Mutant("the place given is not read", "pdp", "at = place\n", "at = home\n", 5),
    Mutant("the place is read where home decides", "pdp", "            if at_place:\n",
           "            if at_place or place in chains:\n", 20),
    Mutant("an unplaced resource is decided at the place", "pdp",
           "home = at = ROOT  # un", "home, at = ROOT, place if place in chains else ROOT  # un", 5),
    Mutant("a stranded home counts as `*` for `view`", "pdp",
           "elif at_place and lives not in chains:", 'elif at_place and action != "view" and lives not in chains:', 20),
    Mutant("the declared scope wins over the catalog", "pdp", "lives = known\n", "lives = declared or known\n", 5),
    Mutant("resources.csv wins over the catalog", "pdp",
           _RECORDED, _RECORDED.replace("lives is None and ", "").replace("None if", "lives if"), 5),
    Mutant("resources.csv is not read", "pdp", "lives = None if entry is None else entry[0]", "lives = None", 5),
    Mutant("a declared scope may differ from the home known", "pdp",
           "elif declared is not None and declared != lives:", "elif False:", 5),
    Mutant("`create` asks the catalog", "pdp",
           "home = at = declared or place", "home = at = known or declared or place", 5),
    Mutant("`create` reads the place before the declared scope", "pdp",
           "at = declared or place or", "at = place or declared or", 5),
]  # fmt: skip

WHO = [
    Mutant("groups of the request are not followed", "pdp",
           "(group, *snapshot.groups_at(group, when))", "(group,)", 5),
    Mutant("groups of the request do not count", "pdp", "for group in groups:", "for group in ():", 5),
    Mutant("only direct groups count", "snapshot", "dict.fromkeys((group, *close(group)))", "{group: None}", 5),
    Mutant("windows of memberships are ignored", "snapshot",
           "since != ALWAYS or until != FOREVER or group in timed:", "False:", 5),
    Mutant("windows further up a chain are ignored", "snapshot", " or group in timed:", ":", 80),
    Mutant("a membership counts at its `until`", "snapshot",
           "membership.since <= when < membership.until", "membership.since <= when <= membership.until", 80),
    Mutant("a membership does not count at its `since`", "snapshot",
           "membership.since <= when < membership.until", "membership.since < when < membership.until", 5),
    Mutant("the first group found is the only way up", "snapshot",
           "            ring = following\n", "            ring = following[:1]\n", 80),
]  # fmt: skip

WHAT = [
    Mutant("an access rule counts at its `until`", "pdp",
           "rows.since[row] <= when < rows.until[row]", "rows.since[row] <= when <= rows.until[row]", 20),
    Mutant("an access rule does not count at its `since`", "pdp",
           "rows.since[row] <= when < rows.until[row]", "rows.since[row] < when < rows.until[row]", 5),
    Mutant("roles held for a time are held for ever", "snapshot",
           "            bit <<= width\n", "            pass\n", 5),
    Mutant("only the last line of a subject in a scope counts", "snapshot", "bit |= value & low", "pass", 80),
    Mutant("earlier lines with a window are lost", "snapshot", "rows.following[row] = value >> shift", "pass", 5),
    Mutant("the table's own numbers of roles are taken for the policy's", "snapshot",
           "table.role_ids if same else", "table.role_ids if True else", 5),
    Mutant("a permission narrowed to a scope counts everywhere", "snapshot",
           "        if scope == ROOT:\n", "        if True:\n", 5),
    Mutant("a permission narrowed to a scope counts in that scope alone", "pdp",
           "need |= narrowed.get(scope, 0)", "need |= narrowed.get(scope, 0) if scope == at else 0", 40),
    Mutant("narrowed permissions are forgotten for roles with a window", "pdp",
           "        either = need | need << snapshot.width\n", "", 5),
    Mutant("roles held above the department do not reach down", "pdp",
           "for scope in chain:\n            if scope in held:",
           "for scope in chain[:2]:\n            if scope in held:", 20),
    Mutant("roles a group holds above the department do not reach down", "pdp",
           "for scope in chain:\n            if value := held",
           "for scope in chain[:2]:\n            if value := held", 20),
    Mutant("held scopes are looked for above home, not above the place", "pdp",
           "chain = chains[at]", "chain = chains[home]", 5),
]  # fmt: skip

SOMEWHERE = [
    Mutant("roles held below home do not count for `view` somewhere", "pdp",
           "deeper = deeper_of(snapshot, home, scope)\n",
           "deeper = home if scope in snapshot.chains[home] else None\n", 5),
    Mutant("roles held anywhere count for `view` somewhere", "pdp",
           "            if deeper is None:\n                continue\n", "            deeper = deeper or home\n", 5),
    Mutant("permissions narrowed below do not count for `view` somewhere", "pdp",
           "if deeper_of(snapshot, scope, narrow) is not None:", "if narrow in snapshot.chains[scope]:", 40),
    Mutant("permissions narrowed elsewhere count for `view` somewhere", "pdp",
           "if deeper_of(snapshot, scope, narrow) is not None:", "if True:", 5),
    Mutant("permission and held scope each meet home but not each other", "pdp",
           "need_around(snapshot, pair, deeper)", "need_around(snapshot, pair, home)", 40),
    Mutant("roles with a window do not count for `view` somewhere", "pdp",
           "value & snapshot.all_roles | timed_bits(snapshot, value, when)\n            if",
           "value & snapshot.all_roles\n            if", 5),
]  # fmt: skip

VERDICTS = [*WHERE, *WHO, *WHAT, *SOMEWHERE]
"""Faults that make some answer wrong."""

CODES = [
    Mutant("a stranger is told that the resource is not available", "pdp",
           "Code.NOT_AVAILABLE if known_here else _UNKNOWN_SUBJECT", "Code.NOT_AVAILABLE", 5),
    Mutant("a group that only comes up in a membership is unknown", "snapshot",
           " or subject in self.group_names", "", 20),
    Mutant("a role whose window is over still counts as a role here", "pdp",
           "if any(roles_at(snapshot, holder, scope, when) for scope in chain):", "if seen:", 5),
    Mutant("a role held without a permission is no role", "pdp",
           "                seen |= value\n    if groups", "                pass\n    if groups", 5),
    Mutant("a role a group holds without a permission is no role", "pdp",
           "                seen |= value\n    code", "                pass\n    code", 5),
    Mutant("a stranded home is a mismatch", "pdp",
           "elif at_place and lives not in chains:", "elif at_place and lives not in chains and declared is None:", 5),
    Mutant("nobody has a role somewhere", "pdp", "has_role = has_role or roles != 0", "pass", 5),
]  # fmt: skip
"""Faults that leave every answer right and give a wrong reason."""
