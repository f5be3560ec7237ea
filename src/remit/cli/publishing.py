"""`publish`, `history`, `rollback`, `diff`: what is live on a server, what was, and how that is changed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from remit.cli.house import House
from remit.cli.options import MODEL, POLICY, URL, Format, Formatted, ModelFile, PolicyDir, Token, Url
from remit.cli.planning import PlanFormat, Written, show_plan
from remit.cli.remote import Remote, entries, harmless, loaded, read_object, remote
from remit.cli.render import columns, safe
from remit.cli.screen import Screen
from remit.core.difference.plan import plan, version_of
from remit.core.policy import revision_of
from remit.errors import CouldNotDecide, RequestInvalid

_POLICY = "/v1/policy"
LIVE = "live"
"""In the place of a revision: the one that is live on the server."""

Message = Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="Why, for whoever reads the history.")]
Planned = Annotated[
    str | None, typer.Option("--plan", metavar="FILE", help="Publish only what this plan says (`plan --format json`).")
]
Parent = Annotated[
    str | None, typer.Option(metavar="REVISION", help="What the change was made to; `live`: whatever is live now.")
]
Into = Annotated[Path | None, typer.Option(metavar="DIR", help="Write the files of REVISION into a new directory.")]
Before = Annotated[int | None, typer.Option(metavar="NUMBER", min=1, help="Only what came before this number.")]
Limit = Annotated[int, typer.Option(metavar="N", min=1, max=500, help="How many lines.")]
_Which = Annotated[
    str | None, typer.Argument(metavar="[REVISION]", help="One revision: its number, or 7 characters of it.")
]
Revision = Annotated[
    str, typer.Argument(metavar="REVISION", help="A revision that was live: its number, or 7 characters of it.")
]


def add_publishing(app: typer.Typer, house: House) -> None:
    """The verbs about what is live on a server."""
    _add_publish(app, house)
    _add_rollback(app, house)
    _add_history(app, house)
    _add_diff(app, house)


def _add_publish(app: typer.Typer, house: House) -> None:
    """`publish`."""

    @app.command()
    def publish(
        message: Message, planned: Planned = None, parent: Parent = None,
        policy: PolicyDir = POLICY, model: ModelFile = MODEL,
        url: Url = URL, token: Token = None, format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Put the policy here into force on a server, in the place of the revision that the change was made to."""
        server, document = remote(house, url, token), None
        if planned is not None:
            document = read_object(house, "--plan", planned)
            base = document.get("base")
            parent = parent or (str(base.get("revision")) if isinstance(base, dict) else None)
        if parent is None:
            raise RequestInvalid(
                "what was the change made to? give --plan FILE (`remit plan … --format json`) or --parent REVISION; "
                "`--parent live` takes the place of whatever is live, also of what you never saw"
            )
        files = house.read(policy, model)
        if parent == LIVE:
            parent = str(loaded(server.ask("GET", "status", base=_POLICY)).get("revision"))
        body: dict[str, Any] = {"files": _encoded(files), "parent": parent, "message": message}
        body |= {} if document is None else {"plan": document}
        _show_done(server.ask("POST", "publish", base=_POLICY, body=body), format)


def _add_rollback(app: typer.Typer, house: House) -> None:
    """`rollback`."""

    @app.command()
    def rollback(
        revision: Revision, message: Message, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT
    ) -> None:
        """Put a revision into force again that was live before. It is judged like any change."""
        body = {"revision": revision, "message": message}
        _show_done(remote(house, url, token).ask("POST", "rollback", base=_POLICY, body=body), format)


def _add_history(app: typer.Typer, house: House) -> None:
    """`history`."""

    @app.command()
    def history(
        revision: _Which = None, into: Into = None, before: Before = None, limit: Limit = 50,
        url: Url = URL, token: Token = None, format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """List what was live when, the latest first; or write the files of a revision into a new directory."""
        server = remote(house, url, token)
        if (revision is None) != (into is None):
            raise RequestInvalid("a revision and --into go together: which revision, and where to write its files")
        if revision is not None and into is not None:
            name, files = _fetched(server, revision)
            house.write_new(into, files)
            Screen().show([safe(f"revision {name[:12]} is in {into}: {len(files)} files, byte for byte")])
            return
        query = {"limit": str(limit)} | ({} if before is None else {"before": str(before)})
        text = server.ask("GET", "history", base=_POLICY, query=query)
        Screen().show([harmless(text)] if format is Format.JSON else _table(entries(loaded(text).get("entries"))))


def _add_diff(app: typer.Typer, house: House) -> None:
    """`diff`."""

    @app.command()
    def diff(
        base: Revision, head: Revision, url: Url = URL, token: Token = None, format: Written = PlanFormat.TEXT
    ) -> None:
        """Say who gained and who lost what from one revision that was live to another."""
        server, screen = remote(house, url, token), Screen()
        sides = [_fetched(server, each) for each in (base, head)]
        with screen.progress() as say:
            say("reading the policies")
            before, after = (version_of(files) for _, files in sides)
            found = plan(before, after, house.now(), None, say)
        show_plan(screen, found, (base, head), format)


def _fetched(server: Remote, revision: str) -> tuple[str, dict[str, bytes]]:
    """A revision's whole name and files, which are what its name says. Raises CouldNotDecide if they are not."""
    found = loaded(server.ask("GET", "revisions", revision, base=_POLICY))
    try:
        files = {str(one["name"]): base64.b64decode(one["content"], validate=True) for one in found["files"]}
    except (KeyError, TypeError, binascii.Error, ValueError):
        raise CouldNotDecide("the server's answer is no policy; does `--url` lead to remit?") from None
    name = revision_of(files)
    if name != found.get("revision") or not (revision.isdigit() or name.startswith(revision.lower())):
        raise CouldNotDecide("the files that the server sends are not those of the revision; nothing was done")
    if any(map(_leads_elsewhere, files)):
        raise CouldNotDecide("the server sends a file whose name leads elsewhere; nothing was done")
    return name, files


def _leads_elsewhere(name: str) -> bool:
    """Would this file be anywhere but below the directory that it is written to?"""
    parts = name.split("/")
    return not all(parts) or not {".", ".."}.isdisjoint(parts) or any(char in name for char in "\\:\0")


def _encoded(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    return [{"name": name, "content": base64.b64encode(data).decode()} for name, data in sorted(files.items())]


def _show_done(text: str, format: Format) -> None:
    if format is Format.JSON:
        Screen().show([harmless(text)])
        return
    line = loaded(text)
    revision = str(line.get("revision"))
    Screen().show([safe(f"revision {revision[:12]} is in force as number {line.get('number')}"), safe(f"  {revision}")])


def _table(lines: list[dict[str, Any]]) -> Iterator[str]:
    """The history in columns; an author whom only a commit names is in doubt."""
    names = ("number", "revision", "at", "how", "author", "message")
    rows = []
    for line in lines:
        shown = {**line, "revision": str(line.get("revision"))[:12], "message": _first(line.get("message"))}
        if line.get("author") and line.get("verified") is not True:
            shown["author"] = f"{line['author']} (unverified)"
        rows.append(tuple(map(shown.get, names)))
    return columns(("NUMBER", "REVISION", "SINCE", "HOW", "AUTHOR", "MESSAGE"), rows)


def _first(text: object) -> str:
    return str(text or "").partition("\n")[0]
