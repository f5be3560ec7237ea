"""Whole files to tables: each row through `lines`, known names resolved as they are met."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from remit.core import lines
from remit.core.access import AccessRules
from remit.core.findings import Report, Source
from remit.core.lines import Line
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Membership, Origin, Permission, Verb
from remit.core.names import FORMULA, MAX_BYTES, did_you_mean, quoted, subject_problem
from remit.core.pacing import Pause, paced
from remit.core.reader import rows
from remit.core.times import parse_instant

Vocabulary = dict[str, dict[str, Verb]]
Parents = dict[str, tuple[str, Origin]]
Homes = dict[str, dict[str, tuple[str, Origin]]]

# A subject that is plainly sound, judged in one step; all others go the long way through `subject_problem`.
_SOUND_SUBJECT = re.compile(r"(?!role:)[a-z][a-z0-9-]*:[A-Za-z0-9][A-Za-z0-9._@/+-]*", re.ASCII)
_EDGES = frozenset((*FORMULA, " "))
_MOST_INSTANTS = 10_000

MAX_ROLES = 1_000
"""Roles of one file: what a subject holds in a scope is a number of two bits for each of them."""

MAX_PERMISSIONS = 200_000
"""Lines of one file of permissions."""


def read_vocabulary(source: Source, report: Report) -> Vocabulary:
    """The closed list of what can be said: kind to action to verb."""
    vocabulary: Vocabulary = {}
    for number, fields in rows(source, report):
        line = Line(source, report, number, fields)
        if (found := lines.verb(line)) is None:
            continue
        kind, action, verb = found
        known = vocabulary.setdefault(kind, {}).setdefault(action, verb)
        if known.at_place != verb.at_place:
            decided = "place" if known.at_place else "home"
            message = f"`{action}` of `{kind}` is decided at `{decided}` by {known.origin}"
            line.fail(2, "R028", message, "keep one of the two lines")
    return vocabulary


def read_permissions(source: Source, report: Report, pause: Pause = None) -> tuple[list[Permission], list[str]]:
    """The permissions of one file, and the roles it declares (also by lines that are wrong elsewhere)."""
    permissions: list[Permission] = []
    roles: dict[str, None] = {}
    for number, fields in paced(rows(source, report, MAX_PERMISSIONS), pause):
        if (permission := lines.permission(Line(source, report, number, fields))) is not None:
            permissions.append(permission)
        if fields[0] == "p" and len(fields) > 1:
            roles[fields[1]] = None
    if len(roles) > MAX_ROLES:
        report.at_file(source.name, "R031", f"{len(roles):,} roles; {MAX_ROLES:,} are allowed", "merge some")
    return permissions, list(roles)[:MAX_ROLES]


def read_parents(source: Source, report: Report, pause: Pause = None) -> Parents:
    """The scope tree: child to parent."""
    parents: Parents = {}
    for number, fields in paced(rows(source, report), pause):
        add_parent(parents, Line(source, report, number, fields))
    return parents


def add_parent(parents: Parents, line: Line) -> None:
    """Add one `g2` row to the tree; a second parent is a finding."""
    if (edge := lines.scope_edge(line)) is None:
        return
    child, parent, origin = edge
    known, where = parents.setdefault(child, (parent, origin))
    if known != parent:
        line.fail(2, "R020", f"a second parent for `{child}`: `{known}` is its parent at {where}", "keep one line")


def read_memberships(source: Source, report: Report, pause: Pause = None) -> list[Membership]:
    """The memberships known to the policy."""
    some = paced(rows(source, report), pause)
    found = (lines.membership(Line(source, report, number, fields)) for number, fields in some)
    return [membership for membership in found if membership is not None]


def read_homes(
    source: Source, report: Report, vocabulary: Vocabulary, scopes: Mapping[str, object], pause: Pause = None
) -> Homes:
    """Where resources live: kind to id to scope."""
    homes: Homes = {}
    for number, fields in paced(rows(source, report), pause):
        line = Line(source, report, number, fields)
        if (found := lines.home(line)) is None:
            continue
        kind, id, scope, origin = found
        if kind not in vocabulary:
            unknown_name(line, 0, "R016", "kind", kind, vocabulary, "kinds are listed in policies/vocabulary.csv")
        if scope != ROOT and scope not in scopes:
            left_the_tree(line, 1, scope, scopes, "this resource is reachable by nobody")
        known, where = homes.setdefault(kind, {}).setdefault(id, (scope, origin))
        if known != scope:
            help = "a resource has one home; keep one line"
            line.fail(1, "R032", f"`{fields[0]}` lives in `{known}` by {where}", help)
    return homes


def read_access_rules(
    source: Source, report: Report, roles: Sequence[str], scopes: Mapping[str, object], pause: Pause = None
) -> AccessRules:
    """Who holds which role where. A row whose names have been met before takes the short way."""
    table = AccessRules(roles, (source.name,))
    role_ids = {role: index for index, role in enumerate(table.roles)}
    places = {scope: scope for scope in (ROOT, *scopes)}
    subjects: dict[str, str] = {}
    starts, ends = _Instants(ALWAYS), _Instants(FOREVER)
    add_subject, add_role, add_scope = table.subjects.append, table.role_ids.append, table.scopes.append
    add_since, add_until, add_origin = table.since.append, table.until.append, table.origins.append
    for number, fields in paced(rows(source, report), pause):
        try:
            kind, name, role, scope, *rest = fields
            role_id, place = role_ids[role], places[scope]
            subject = subjects.get(name) or _met(name, subjects) or ""
            since, until = (starts[rest[0]], ends[rest[1]]) if len(rest) > 1 else (ALWAYS, FOREVER)
            short = bool(subject) and kind == "g" and since < until and (not rest or _plain_texts(rest))
        except (KeyError, ValueError, IndexError):
            short = False
        if not short:
            rule = _resolved(Line(source, report, number, fields), role_ids, places)
            if rule is None:
                continue
            since, until, role_id = rule.since, rule.until, role_ids[rule.role]
            subject, place = subjects.setdefault(rule.subject, rule.subject), places.get(rule.scope, rule.scope)
        add_subject(subject)
        add_role(role_id)
        add_scope(place)
        add_since(since)
        add_until(until)
        add_origin(number)
    return table


class _Instants(dict[str, int]):
    """Texts of instants met so far, bounded; `empty` is what no text means."""

    def __init__(self, empty: int) -> None:
        super().__init__({"": empty})

    def __missing__(self, text: str) -> int:
        instant = parse_instant(text)
        if len(self) < _MOST_INSTANTS:
            self[text] = instant
        return instant


def _met(name: str, subjects: dict[str, str]) -> str | None:
    """Take a new subject in if it is sound; None sends its row the long way."""
    if (len(name) <= MAX_BYTES and _SOUND_SUBJECT.fullmatch(name)) or subject_problem(name) is None:
        subjects[name] = name
        return name
    return None


def _plain_texts(rest: list[str]) -> bool:
    """True if the columns from the fifth on are two instants and up to three harmless texts."""
    return 2 <= len(rest) <= 5 and not any(t and (t[0] in _EDGES or t[-1] == " ") for t in rest[2:])


def _resolved(line: Line, role_ids: Mapping[str, int], scopes: Mapping[str, str]) -> AccessRule | None:
    """One access rule the long way: every column judged, the role known, the scope in the tree or warned about."""
    rule = lines.access_rule(line)
    if rule is None:
        return None
    if rule.scope not in scopes:
        left_the_tree(line, 3, rule.scope, scopes, "nobody reaches anything by this line")
    if rule.role not in role_ids:
        unknown_name(line, 2, "R013", "role", rule.role, role_ids, "roles are declared in policies/roles.csv")
        return None
    return rule


def unknown_name(
    line: Line, index: int, code: str, what: str, name: str, known: Mapping[str, object], where: str
) -> None:
    """A finding about a name that nothing declares, with the likely one if there is any."""
    line.fail(index, code, f"unknown {what} {quoted(name)}", _guess(line, code, name, known) + where)


def left_the_tree(line: Line, index: int, scope: str, known: Mapping[str, object], effect: str) -> None:
    """A warning about a scope that is not in the tree: the line is kept and reaches nothing (design §4, rule 7)."""
    help = _guess(line, "R015", scope, known) + "scopes are declared in policies/scopes.csv"
    line.fail(index, "R015", f"the scope {quoted(scope)} is not in the tree: {effect}", help)


def _guess(line: Line, code: str, name: str, known: Iterable[str]) -> str:
    """The likely name as the beginning of a help, as long as such findings are listed one by one."""
    guess = None if line.report.is_full(line.source.name, code) else did_you_mean(name, known)
    return f"did you mean {quoted(guess)}? " if guess else ""
