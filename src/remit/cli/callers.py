"""`token` and `keys`: credentials for those who call remit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from remit.cli.house import House, ListedKey
from remit.cli.options import STATE, Format, Formatted, Groups, State, Subject
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.core.times import format_instant, parse_instant
from remit.errors import RequestInvalid

Minutes = Annotated[int, typer.Option(help="How long it holds.", min=1, max=1_440)]
Expires = Annotated[str | None, typer.Option(metavar="TIME", help="When the key ends (UTC); never, if not given.")]
Service = Annotated[str, typer.Argument(metavar="SUBJECT", help="The service: `application:…`.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `remit keys list` shows it.")]


def add_callers(app: typer.Typer, house: House) -> None:
    """`token`, and the verbs of `keys`."""

    @app.command()
    def token(
        subject: Subject, group: Groups = None, minutes: Minutes = 60, state: State = STATE,
        format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Print a short-lived token for a server in `dev`."""
        groups = tuple(name.removeprefix("group:") for name in group or ())
        text = house.mint(state, subject, groups, minutes * 60)
        Screen().show([text if format is Format.TEXT else json.dumps({"token": text, "subject": subject})])

    keys = typer.Typer(no_args_is_help=True, help="API keys for services, for a server with REMIT_AUTH=keys.")
    _add_keys(keys, house)
    app.add_typer(keys, name="keys")


def _add_keys(app: typer.Typer, house: House) -> None:
    """`keys create`, `keys list`, `keys revoke`."""

    @app.command()
    def create(
        subject: Service, expires: Expires = None, state: State = STATE, format: Formatted = Format.TEXT
    ) -> None:
        """Make a key and print it: this once, since only its hash is kept."""
        id, text = house.keys(state).create(subject, _instant(expires))
        if format is Format.JSON:
            Screen().show([json.dumps({"id": id, "subject": subject, "key": text})])
        else:
            Screen().show([text])
            Screen().complain([safe(f"key {id} for `{subject}`; it is not shown again")])

    @app.command("list")
    def list_(state: State = STATE, format: Formatted = Format.TEXT) -> None:
        """List the keys; their texts are known to nobody."""
        found = house.keys(state).listed()
        if format is Format.JSON:
            Screen().show([json.dumps([_json(key) for key in found], indent=2)])
        else:
            Screen().show(_table(found))

    @app.command()
    def revoke(id: Id, state: State = STATE, format: Formatted = Format.TEXT) -> None:
        """End a key; a running server stops taking it within a second."""
        house.keys(state).revoke(id)
        Screen().show([safe(f"key {id} is revoked") if format is Format.TEXT else json.dumps({"revoked": id})])


def _instant(text: str | None) -> int | None:
    """When a key ends. Raises RequestInvalid if that is no time."""
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise RequestInvalid(f"`--expires {text}` {error}") from None


def _json(key: ListedKey) -> dict[str, Any]:
    """One key for scripts."""
    ends = None if key.expires is None else format_instant(key.expires)
    return {"id": key.id, "subject": key.subject, "created": format_instant(key.created), "expires": ends}


def _table(keys: tuple[ListedKey, ...]) -> Iterator[str]:
    """Keys in columns."""
    widest = max((len(key.subject) for key in keys), default=0)
    for key in keys:
        ends = "never expires" if key.expires is None else f"expires {format_instant(key.expires)}"
        yield safe(f"{key.id}  {key.subject:<{widest}}  created {format_instant(key.created)}  {ends}")
