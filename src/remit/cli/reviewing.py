"""`who` and `can`: what a policy adds up to, offline, with the lines that give it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from remit.cli.asking import read_groups, read_subject
from remit.cli.exits import Exit
from remit.cli.granted import WHO_SHEET, who_json, who_lines, who_rows
from remit.cli.house import House
from remit.cli.options import (
    MODEL,
    POLICY,
    STATE,
    Action,
    Groups,
    ModelFile,
    PolicyDir,
    Resource,
    State,
    Subject,
    Tabled,
    TableFormat,
    When,
)
from remit.cli.past import At, chosen
from remit.cli.rights import CAN_SHEET, About, can_json, can_lines, can_rows
from remit.cli.screen import Screen
from remit.cli.sinks import sheet
from remit.core.names import unknown
from remit.core.policy import read_policy
from remit.core.review import Sought, sought
from remit.core.review import can as what_can
from remit.core.review import who as who_may
from remit.core.snapshot import Snapshot
from remit.errors import RequestInvalid
from remit.service.operations import checked_name, checked_scope

Scope = Annotated[
    str | None, typer.Option("--scope", metavar="SCOPE", help="The home or place asked; without it, any.")
]


def add_reviews(app: typer.Typer, house: House) -> None:
    """`who` and `can`: what a policy adds up to."""

    @app.command()
    def who(
        action: Action, resource: Resource, scope: Scope = None, when: When = None, at: At = None,
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, state: State = STATE, format: Tabled = TableFormat.TEXT,
    ) -> None:  # fmt: skip
        """List who may do something, with the lines that say so: exit code 0 is somebody, 1 is nobody."""
        live = chosen(house, policy, model, state, at, when)
        snapshot = Snapshot(read_policy(live.files))
        asked = read_sought(snapshot, action, resource, scope, live.when)
        found = list(who_may(snapshot, asked))
        screen = Screen()
        match format:
            case TableFormat.TEXT:
                screen.show([*who_lines(snapshot, asked, found), *live.words()])
            case TableFormat.JSON:
                screen.show([json.dumps(who_json(snapshot, asked, found) | live.as_json(), indent=2)])
            case TableFormat.CSV:
                screen.hand_over(sheet(WHO_SHEET, who_rows(snapshot, asked, found)))
        raise typer.Exit(Exit.FINE if found else Exit.FOUND)

    @app.command()
    def can(
        subject: Subject, scope: Scope = None, group: Groups = None, when: When = None, at: At = None,
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, state: State = STATE, format: Tabled = TableFormat.TEXT,
    ) -> None:  # fmt: skip
        """List all that a subject may, with the lines that say so: exit code 0 is something, 1 is nothing."""
        live = chosen(house, policy, model, state, at, when)
        about = About(read_subject(subject), read_groups(group), scope, live.when)
        snapshot = Snapshot(read_policy(live.files))
        check_known_scope(snapshot, scope)
        found = list(what_can(snapshot, *about))
        screen = Screen()
        match format:
            case TableFormat.TEXT:
                screen.show([*can_lines(snapshot, about, found), *live.words()])
            case TableFormat.JSON:
                screen.show([json.dumps(can_json(snapshot, about, found) | live.as_json(), indent=2)])
            case TableFormat.CSV:
                screen.hand_over(sheet(CAN_SHEET, can_rows(snapshot, about, found)))
        raise typer.Exit(Exit.FINE if found else Exit.FOUND)


def read_sought(snapshot: Snapshot, action: str, resource: str, scope: str | None, when: int) -> Sought:
    """What `who` is asked. Raises RequestInvalid for a name that the policy does not know: an empty answer to a slip
    would read as if nobody could."""
    kind, colon, id = resource.partition(":")
    if checked_name("KIND", kind) not in snapshot.vocabulary:
        raise RequestInvalid(unknown("kind", kind, snapshot.vocabulary))
    verbs = snapshot.vocabulary[kind]
    if checked_name("ACTION", action) not in verbs:
        raise RequestInvalid(unknown(f"action of `{kind}`", action, verbs))
    check_known_scope(snapshot, scope)
    if colon:
        _check_thing(snapshot, action, kind, id, scope)
    return sought(snapshot, action, kind, id if colon else None, scope, when)


def check_known_scope(snapshot: Snapshot, scope: str | None) -> None:
    """Raises RequestInvalid if a scope is given that is not in the tree."""
    if scope is not None and checked_scope(f"--scope {scope}", scope) not in snapshot.chains:
        raise RequestInvalid(unknown("scope", scope, snapshot.chains))


def _check_thing(snapshot: Snapshot, action: str, kind: str, id: str, scope: str | None) -> None:
    """Raises RequestInvalid unless the policy knows where the thing lives and may be asked for it there."""
    if action == "create":
        raise RequestInvalid(f"what is to be created lives nowhere yet: ask for `{kind}` with `--scope SCOPE`")
    homes = snapshot.homes.get(kind, {})
    if checked_name("ID", id) not in homes:
        raise RequestInvalid(
            f"{unknown(f'{kind} of policies/resources.csv', id, homes)}\n"
            f"of one that a catalog knows, ask for `{kind}` with `--scope SCOPE`, the scope it lives in"
        )
    home = homes[id][0]
    if scope not in (None, home) and not snapshot.pairs[kind][action].at_place:
        raise RequestInvalid(f"`{kind}:{id}` lives in `{home}`, and there `{action}` is decided; leave out `--scope`")
