"""`workspace`: workspaces made of building blocks, on a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from remit.cli.house import House
from remit.cli.options import URL, Format, Formatted, Project, Token, Url
from remit.cli.remote import Remote, entries, harmless, loaded, read_object, remote
from remit.cli.render import columns, details
from remit.cli.screen import Screen
from remit.core.blocks import Phase
from remit.core.names import quoted
from remit.errors import Conflict, CouldNotDecide

PATH = ("workloads", "workspaces")
PAGE = 500
"""How many workspaces one answer brings at most."""

POLL = 1.0
"""Seconds from one look at a phase to the next."""

_ENDS = (Phase.FAILED, Phase.DELETED)

Id = Annotated[str, typer.Argument(metavar="ID", help="The workspace's id, as `remit workspace list` shows it.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.")]
Home = Annotated[str, typer.Option("--project", metavar="NAME", help="The project it is to be in.")]
Environment = Annotated[str, typer.Option(metavar="ID|@FILE", help="A block's id, or a file with `meta` and `spec`.")]
Compute = Annotated[str | None, typer.Option(metavar="ID|@FILE", help="The same, for what it may take of a machine.")]
Sources = Annotated[
    list[str] | None, typer.Option("--data-source", metavar="ID|@FILE", help="The same, with `kind`; repeatable.")
]
Wait = Annotated[
    Phase | None, typer.Option("--wait", metavar="PHASE", case_sensitive=False, help="Wait for this phase: `Running`.")
]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", min=0, max=86_400, help="How long to wait at most.")]


def add_workspaces(app: typer.Typer, house: House) -> None:
    """The verbs of `workspace`."""
    group = typer.Typer(no_args_is_help=True, help="Workspaces, on a server.")
    _add_create(group, house)
    _add_looking(group, house)
    _add_phases(group, house)
    _add_delete(group, house)
    app.add_typer(group, name="workspace")


def _add_create(app: typer.Typer, house: House) -> None:
    """`workspace create`."""

    @app.command()
    def create(
        name: Name, project: Home, environment: Environment, compute: Compute = None, data_source: Sources = None,
        wait: Wait = None, timeout: Timeout = 300, url: Url = URL, token: Token = None,
        format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Make a workspace of blocks: each by its id, or described in a file and made on the way."""
        server = remote(house, url, token)
        assets: dict[str, Any] = {"environment": _block(house, "--environment", environment)}
        if compute is not None:
            assets["compute"] = _block(house, "--compute", compute)
        assets["datasources"] = [_block(house, "--data-source", each) for each in data_source or ()]
        body = {"name": name, "projectId": server.number("project", project), "spec": {"assets": assets}}
        text = server.ask("POST", *PATH, body=body)
        screen = Screen()
        if wait is not None:
            text = _awaited(server, screen, text, wait, timeout)
        screen.show([harmless(text)] if format is Format.JSON else _table([loaded(text)]))
        if wait is not None:
            _check_phase(loaded(text), wait, timeout)


def _block(house: House, option: str, text: str) -> Any:
    """A block as a workspace names it: its id, or all that a file says of it."""
    return read_object(house, option, text[1:]) if text.startswith("@") else text


def _awaited(server: Remote, screen: Screen, text: str, wanted: Phase, timeout: float) -> str:
    """The workspace once it has the phase, or has come to an end, or the time is up."""
    id, until = str(loaded(text).get("workloadId")), server.house.now() + int(timeout * 1e6)
    screen.complain(details([("", f"workspace {id} is made; waiting for {wanted}")]))
    with screen.progress() as progress:
        while (phase := loaded(text).get("actualPhase")) not in (wanted, *_ENDS) and server.house.now() < until:
            progress(f"{phase}, waiting for {wanted}")
            server.house.pause(POLL)
            text = server.ask("GET", *PATH, id)
    return text


def _check_phase(body: dict[str, Any], wanted: Phase, timeout: float) -> None:
    """Raises Conflict if the phase will never be, and CouldNotDecide if it may still come."""
    phase = body.get("actualPhase")
    if phase == wanted:
        return
    if phase in _ENDS:
        raise Conflict(f"the workspace is {quoted(str(phase))}, not `{wanted}`")
    raise CouldNotDecide(f"the workspace is {quoted(str(phase))} after {timeout:g} seconds, not `{wanted}`")


def _add_looking(app: typer.Typer, house: House) -> None:
    """`workspace list`, `workspace show`, `workspace manifest`."""

    @app.command("list")
    def list_(project: Project = None, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """List the workspaces that you may see."""
        server = remote(house, url, token)
        query = {"limit": str(PAGE)}
        query |= {} if project is None else {"projectId": server.number("project", project)}
        text = server.ask("GET", *PATH, query=query)
        screen, body = Screen(), loaded(text)
        found = entries(body.get("workloads"))
        screen.show([harmless(text)] if format is Format.JSON else _table(found))
        if isinstance(total := body.get("total"), int) and total > len(found):
            screen.complain([f"{len(found)} of {total}; --project says of which"])

    @app.command()
    def show(id: Id, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """Show one workspace."""
        text = remote(house, url, token).ask("GET", *PATH, id)
        Screen().show([harmless(text)] if format is Format.JSON else _lines(loaded(text)))

    @app.command()
    def manifest(id: Id, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """Print a workspace as Kubernetes takes it: YAML, or a JSON text that holds it."""
        text = remote(house, url, token).ask("GET", *PATH, id, "manifest")
        Screen().hand_over(text, format is Format.JSON)


def _add_phases(app: typer.Typer, house: House) -> None:
    """`workspace suspend`, `workspace resume`."""

    @app.command()
    def suspend(id: Id, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """Stop a workspace; it stays, and so does what lasts of its storage."""
        _show_row(remote(house, url, token).ask("POST", *PATH, id, "suspend"), format)

    @app.command()
    def resume(id: Id, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """Start a workspace that was stopped."""
        _show_row(remote(house, url, token).ask("POST", *PATH, id, "resume"), format)


def _show_row(text: str, format: Format) -> None:
    Screen().show([harmless(text)] if format is Format.JSON else _table([loaded(text)]))


def _add_delete(app: typer.Typer, house: House) -> None:
    """`workspace delete`."""

    @app.command()
    def delete(id: Id, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """Remove a workspace; its blocks stay."""
        text = remote(house, url, token).ask("DELETE", *PATH, id)
        Screen().show([harmless(text)] if format is Format.JSON else details([("", loaded(text).get("message"))]))


def _table(found: list[dict[str, Any]]) -> Iterator[str]:
    """Workspaces in columns."""
    names = ("workloadId", "name", "projectName", "actualPhase", "createdBy")
    return columns(("ID", "NAME", "PROJECT", "PHASE", "CREATED BY"), [tuple(map(each.get, names)) for each in found])


def _lines(body: dict[str, Any]) -> Iterator[str]:
    """One workspace, its spec as JSON."""
    phase = f"{body.get('actualPhase')}, wanted {body.get('desiredPhase')}"
    blocks = body.get("assets")
    yield from details(
        [("name", body.get("name")), ("id", body.get("workloadId")), ("project", body.get("projectName")),
         ("phase", phase), ("created", f"{body.get('createdAt')} by {body.get('createdBy')}"),
         ("blocks", " ".join(map(str, blocks)) if isinstance(blocks, list) else None), ("spec", body.get("spec"))]
    )  # fmt: skip
