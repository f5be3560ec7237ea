"""`asset`: the building blocks of a server's catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from remit.cli.house import House
from remit.cli.options import URL, Format, Formatted, Project, Token, Url
from remit.cli.remote import Remote, entries, harmless, loaded, read_object, remote
from remit.cli.render import columns, details
from remit.cli.screen import Screen
from remit.core.names import quoted
from remit.errors import CouldNotDecide, NotFound, RequestInvalid

PATHS = {
    "environment": "environment",
    "compute": "compute",
    "git": "datasource/git",
    "pvc": "datasource/pvc",
    "nfs": "datasource/nfs",
    "s3": "datasource/s3",
    "hostPath": "datasource/host-path",
    "config-map": "datasource/config-map",
    "secret-volume": "datasource/secrets",
    "accessKey": "credentials/access-key",
    "dockerRegistry": "credentials/docker-registry",
    "password": "credentials/password",
    "genericSecret": "credentials/generic-secret",
}
"""What a block's `meta.kind` says to where its like are kept: what `KIND/VARIANT` spells."""

_SAID_AGAIN = ("environment", "compute", "datasource/git", "datasource/nfs", "datasource/s3", "datasource/host-path")
"""Where a change says the spec whether it is another one or not; the rest keeps what is not said."""

KINDS = ("environment", "compute", "datasource", "credentials")
ALL_PROJECTS = "tenant"
"""The published word for the scope of all projects."""

Kind = Annotated[str, typer.Argument(metavar="KIND", help=f"{', '.join(KINDS)}; or KIND/VARIANT: `datasource/git`.")]
Sort = Annotated[str, typer.Argument(metavar="KIND[/VARIANT]", help="What it is: `environment`, `datasource/git`.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The block's id, as `remit asset list` shows it.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.")]
Department = Annotated[str | None, typer.Option("--department", metavar="NAME", help="The department it lives in.")]
Everywhere = Annotated[bool, typer.Option("--all-projects", help="It lives in all projects, also those to come.")]
SpecFile = Annotated[str, typer.Option("--spec", metavar="FILE", help="The JSON file of its spec; `-` is the input.")]
NewName = Annotated[str | None, typer.Option("--name", metavar="NAME", help="What it is to be called from now on.")]
NewSpec = Annotated[str | None, typer.Option("--spec", metavar="FILE", help="The JSON file of its new spec, whole.")]
NewDescription = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What it is good for; an empty one is taken away.")
]
Description = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is good for.")]


def add_blocks(app: typer.Typer, house: House) -> None:
    """The verbs of `asset`."""
    group = typer.Typer(no_args_is_help=True, help="Building blocks, on a server.")
    _add_looking(group, house)
    _add_changing(group, house)
    _add_update(group, house)
    app.add_typer(group, name="asset")


def _add_looking(app: typer.Typer, house: House) -> None:
    """`asset list`, `asset show`."""

    @app.command("list")
    def list_(
        kind: Kind, project: Project = None, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT
    ) -> None:
        """List the blocks of a kind that you may see."""
        path = _path(kind)
        server = remote(house, url, token)
        query = None if project is None else {"projectId": server.number("project", project)}
        text = server.ask("GET", "asset", *path.split("/"), query=query)
        Screen().show([harmless(text)] if format is Format.JSON else _table(loaded(text)))

    @app.command()
    def show(kind: Kind, id: Id, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """Show one block."""
        path = _path(kind)
        server = remote(house, url, token)
        text = server.ask("GET", "asset", *_path_of(server, path, id).split("/"), id)
        Screen().show([harmless(text)] if format is Format.JSON else _lines(loaded(text)))


def _add_changing(app: typer.Typer, house: House) -> None:
    """`asset create`, `asset delete`."""

    @app.command()
    def create(
        kind: Sort, name: Name, spec: SpecFile, project: Project = None, department: Department = None,
        all_projects: Everywhere = False, description: Description = None, url: Url = URL, token: Token = None,
        format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Make a block, in one project, one department or all projects."""
        path = _path(kind)
        if path not in PATHS.values():
            raise RequestInvalid(f"`{kind}` has variants; say which: {', '.join(_variants(path))}")
        if (project is not None) + (department is not None) + all_projects != 1:
            raise RequestInvalid("say where it lives: one of --project, --department and --all-projects")
        server = remote(house, url, token)
        body = {"meta": {"name": name}, "spec": read_object(house, "--spec", spec)}
        body["meta"] |= {} if description is None else {"description": description}
        body["meta"] |= _home(server, project, department)
        text = server.ask("POST", "asset", *path.split("/"), body=body)
        Screen().show([harmless(text)] if format is Format.JSON else _table({"entries": [loaded(text)]}))

    @app.command()
    def delete(kind: Kind, id: Id, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """Remove a block that nothing needs any more."""
        path = _path(kind)
        server = remote(house, url, token)
        text = server.ask("DELETE", "asset", *_path_of(server, path, id).split("/"), id)
        Screen().show([harmless(text)] if format is Format.JSON else details([("", loaded(text).get("message"))]))


def _add_update(app: typer.Typer, house: House) -> None:
    """`asset update`."""

    @app.command()
    def update(
        kind: Kind, id: Id, name: NewName = None, description: NewDescription = None, spec: NewSpec = None,
        url: Url = URL, token: Token = None, format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Change a block, unless somebody else does meanwhile; what is not said stays, workspaces too."""
        path = _path(kind)
        if name is None and description is None and spec is None:
            raise RequestInvalid("say what is to change: --name, --description or --spec")
        new = None if spec is None else read_object(house, "--spec", spec)
        server = remote(house, url, token)
        path = _path_of(server, path, id)
        where = ("asset", *path.split("/"), id)
        there = loaded(server.ask("GET", *where))
        meta = _meta(there)
        body: dict[str, Any] = {"meta": {"name": meta.get("name") if name is None else name}}
        body["meta"] |= {} if description is None else {"description": description or None}
        if new is not None or path in _SAID_AGAIN:
            body["spec"] = there.get("spec") if new is None else new
        text = server.ask("PUT", *where, body=body, version=_version(meta))
        Screen().show([harmless(text)] if format is Format.JSON else _table({"entries": [loaded(text)]}))


def _version(meta: dict[str, Any]) -> int:
    """The version of a block that was looked at: a change is for that one only. Raises CouldNotDecide without it."""
    count = meta.get("updateCount")
    if type(count) is not int or not 0 <= count < 10**8:
        raise CouldNotDecide("the server does not say how often the block was changed; does `--url` lead to remit?")
    return count + 1


def _path(kind: str) -> str:
    """Where blocks of a kind are kept. Raises RequestInvalid if there is no such kind."""
    if kind in PATHS.values() or kind in KINDS:
        return kind
    raise RequestInvalid(f"{quoted(kind)} is no kind of block; there are {', '.join((*KINDS, *_variants('')))}")


def _variants(kind: str) -> list[str]:
    """The kinds that are written with their variant."""
    return [path for path in PATHS.values() if "/" in path and path.startswith(kind)]


def _path_of(server: Remote, path: str, id: str) -> str:
    """Where a block is kept: a kind that has variants keeps each by its own. Raises NotFound."""
    if path in PATHS.values():
        return path
    for entry in entries(loaded(server.ask("GET", "asset", path)).get("entries")):
        meta = _meta(entry)
        if meta.get("id") == id.lower() and meta.get("kind") in PATHS:
            return PATHS[meta["kind"]]
    raise NotFound(f"there is no {path} {quoted(id)}, or none that you may see")


def _home(server: Remote, project: str | None, department: str | None) -> dict[str, Any]:
    """Where a block is to live, as the head of a block says it."""
    if project is not None:
        return {"scope": "project", "projectId": server.number("project", project)}
    if department is not None:
        return {"scope": "department", "departmentId": server.number("department", department)}
    return {"scope": ALL_PROJECTS}


def _meta(entry: dict[str, Any]) -> dict[str, Any]:
    meta = entry.get("meta")
    return meta if isinstance(meta, dict) else {}


def _scope(meta: dict[str, Any]) -> str:
    """Where a block lives; of one that the caller may only use, nobody said."""
    for level in ("project", "department"):
        if f"{level}Name" in meta:
            return f"{level}:{meta[f'{level}Name']}"
    return "all projects" if "scope" in meta else "-"


def _table(body: dict[str, Any]) -> Iterator[str]:
    """Blocks in columns."""
    metas = [_meta(entry) for entry in entries(body.get("entries"))]
    rows = [(m.get("id"), m.get("name"), m.get("kind"), _scope(m), m.get("description", "")) for m in metas]
    return columns(("ID", "NAME", "KIND", "SCOPE", "DESCRIPTION"), rows)


def _lines(body: dict[str, Any]) -> Iterator[str]:
    """One block, its spec as JSON."""
    meta = _meta(body)
    yield from details(
        [("name", meta.get("name")), ("id", meta.get("id")), ("kind", meta.get("kind")), ("scope", _scope(meta)),
         ("description", meta.get("description")), ("created", _stamp(meta, "created")),
         ("updated", _stamp(meta, "updated")), ("spec", body.get("spec"))]
    )  # fmt: skip


def _stamp(meta: dict[str, Any], what: str) -> str | None:
    at, by = meta.get(f"{what}At"), meta.get(f"{what}By")
    return None if at is None else f"{at} by {by}"
