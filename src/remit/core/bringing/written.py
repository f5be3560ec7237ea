"""A Casbin policy written in this layout: roles with all that they may, and who holds them where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from remit.core.bringing.lines import Grant, Link, Original
from remit.core.bringing.naming import Naming
from remit.core.bringing.notes import Note
from remit.core.bringing.reach import MOST_LINKS, Reach
from remit.core.model import ROOT
from remit.core.names import quoted


@dataclass(slots=True)
class Written:
    """What is written: the new names of the original's subjects and scopes, the rows of the files, and what there is to
    say line by line. `roles` maps a role to its permissions (scope, kind, action)."""

    subjects: dict[str, str]
    scopes: dict[str, str]
    pairs: tuple[tuple[str, str], ...]
    roles: dict[str, dict[tuple[str, str, str], None]] = field(default_factory=dict)
    access_rules: dict[tuple[str, str, str], None] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def holds(self, subject: str, role: str, scope: str) -> None:
        """Add an access rule, once."""
        self.access_rules[subject, role, scope] = None


class Scribe:
    """Writes one policy down. `also` are names that are subjects besides being roles."""

    def __init__(self, file: str, original: Original, naming: Naming, also: Iterable[str] = ()) -> None:
        self._file, self._original, self._naming = file, original, naming
        self._heads = dict.fromkeys(original.heads)
        members = [link.member for link in original.links] + [grant.name for grant in original.grants]
        self._also = tuple(name for name in dict.fromkeys(also) if name in self._heads)
        self._subjects = (*(name for name in dict.fromkeys(members) if name not in self._heads), *self._also)
        self._places = tuple(
            dict.fromkeys([g.scope for g in original.grants] + [link.scope for link in original.links])
        )
        self._reach = {at: Reach(link for link in original.links if link.scope == at) for at in self._places}
        self._grants: dict[tuple[str, str], list[Grant]] = {}
        for grant in original.grants:
            self._grants.setdefault((grant.name, grant.scope), []).append(grant)

    def roles_only(self) -> tuple[str, ...]:
        """The names that are roles here, and so no subjects."""
        return tuple(name for name in self._heads if name not in self._also)

    def refused_names(self) -> tuple[Note, ...]:
        """The lines with a name that cannot be had here, each with the reason."""
        notes = []
        lines: tuple[Grant | Link, ...] = (*self._original.grants, *self._original.links)
        for line in lines:
            if why := next((why for _, why in self._named(line) if why), None):
                notes.append(Note(self._file, line.line, line.text, why))
        return tuple(notes)

    def too_far(self) -> tuple[Note, ...]:
        """The chains that are longer than Casbin follows; where they end is not for us to decide."""
        notes = []
        for link in self._original.links:
            if link.member in self._subjects and (far := self._reach[link.scope].too_far(link.member)):
                said = (
                    f"from {quoted(link.member)} to {quoted(far)} is more than {MOST_LINKS} links: Casbin stops there"
                )
                notes.append(
                    Note(self._file, link.line, link.text, f"{said}; shorten the chain, or end it where it ends")
                )
        return tuple(notes)

    def write(self) -> Written:
        """The policy here. Call it only if no name is refused and nothing is too far."""
        role, plain = self._naming.role, self._naming.plain
        pairs = dict.fromkeys((plain("kind", g.obj)[0], plain("action", g.act)[0]) for g in self._original.grants)
        out = Written(
            {name: self._naming.subject(name)[0] for name in self._subjects},
            {name: self._naming.scope(name)[0] for name in self._places},
            tuple(pairs),
        )
        for head in self._heads:
            if rows := self._rows(head, (head, *self._all_heads(head))):
                out.roles[role(head)[0]] = rows
        for link in self._original.links:
            self._link(link, out)
        for name in self._subjects:
            self._own(name, out)
        return out

    def _named(self, line: Grant | Link) -> Iterable[tuple[str, str | None]]:
        """The new names of one line."""
        names = (line.name,) if isinstance(line, Grant) else (line.member, line.head)
        for name in names:
            if name in self._heads:
                yield self._naming.role(name)
            if name in self._subjects:
                yield self._naming.subject(name)
        yield self._naming.scope(line.scope)
        if isinstance(line, Grant):
            yield self._naming.plain("kind", line.obj)
            yield self._naming.plain("action", line.act)

    def _all_heads(self, name: str) -> tuple[str, ...]:
        """The names that a name has the rights of, in any scope."""
        return tuple(dict.fromkeys(head for reach in self._reach.values() for head in reach.heads(name)))

    def _rows(self, name: str, through: Iterable[str]) -> dict[tuple[str, str, str], None]:
        """The permissions of a name by these names, where it has what they have."""
        rows: dict[tuple[str, str, str], None] = {}
        for other in through:
            for at in self._places:
                if other == name or other in self._reach[at].heads(name):
                    for grant in self._grants.get((other, at), ()):
                        kind, action = (
                            self._naming.plain("kind", grant.obj)[0],
                            self._naming.plain("action", grant.act)[0],
                        )
                        rows.setdefault((self._naming.scope(at)[0], kind, action))
        return rows

    def _link(self, link: Link, out: Written) -> None:
        """A subject's link is an access rule; a role's is written out, since roles do not inherit."""
        role, scope = self._naming.role(link.head)[0], out.scopes[link.scope]
        if link.member == link.head:
            said = "says nothing: everybody has their own rights"
        elif link.member not in self._heads:
            if role in out.roles:
                out.holds(out.subjects[link.member], role, scope)
                return
            said = f"gives nothing: no line says what {quoted(link.head)} may do"
        else:
            count = len(self._rows(link.head, (link.head, *self._all_heads(link.head))))
            named = f"the {count} permissions" if count != 1 else "the one permission"
            said = f"roles do not inherit here: {quoted(link.member)} is given {named} of {quoted(link.head)}"
        out.notes.append(Note(self._file, link.line, link.text, said))

    def _own(self, name: str, out: Written) -> None:
        """What a subject may do by lines of its own becomes a role that it holds."""
        lines = [grant for at in self._places for grant in self._grants.get((name, at), ())]
        if name in self._also:
            role = self._naming.role(name)[0]
            for scope in dict.fromkeys(scope for scope, _, _ in out.roles.get(role, ())):
                out.holds(out.subjects[name], role, scope)
            return
        if not lines:
            return
        role = self._naming.own_role(name)
        out.roles[role] = self._rows(name, (name,))
        for grant in lines:
            out.holds(out.subjects[name], role, out.scopes[grant.scope])
            said = f"{quoted(name)} is given to nobody: it is {quoted(out.subjects[name])}, with a role of its own"
            out.notes.append(Note(self._file, grant.line, grant.text, said))


def tables_of(written: Written) -> Mapping[str, str]:
    """The files of the policy, but for its cases: name to text."""
    vocabulary = [f"{kind}, {action}, home, as it was brought in" for kind, action in written.pairs]
    scopes = [f"g2, {scope}, {ROOT}" for scope in written.scopes.values() if scope != ROOT]
    rules = [f"g, {subject}, {role}, {scope}" for subject, role, scope in written.access_rules]
    roles: list[str] = []
    for role, rows in written.roles.items():
        roles += ["", f"# {role}"]
        roles += [f"p, {role}, {scope}, {kind}, {action}" for scope, kind, action in rows]
    return {
        "policies/vocabulary.csv": _page("All that can be said: kind, action, decided, meaning", vocabulary),
        "policies/roles.csv": _page("What each role may do: p, role, scope, kind, action", roles),
        "policies/scopes.csv": _page("The tree of scopes: g2, child, parent", scopes),
        "policies/access_rules.csv": _page("Who holds which role where: g, subject, role, scope", rules),
    }


def _page(head: str, lines: Iterable[str]) -> str:
    return "\n".join((f"# {head}", *lines)) + "\n"
