"""The `remit` command. Offline verbs read the policy files they are pointed at; `asset` and `workspace` ask a
server."""

from __future__ import annotations

import sys

import typer

from remit.cli.house import House
from remit.cli.serving import add_serving
from remit.errors import RemitError

_OFFLINE = "offline: it reads policy files that its user can read anyway"
_BEGIN = "offline: it writes new files where its user may write anyway, and overwrites none"
_MEND = "offline: it writes files that its user can write anyway, and only what says the same"
_HOOK = "offline: it works on the hooks of its user's own repository"
_STATE = "offline: it works on the state directory, which its user can read and write anyway"
_JOURNAL = "offline: it reads the journal's files, which only who runs remit can read"
_PAST = "offline: it reads the database of what was live, which only who runs remit can read"
_REMOTE = "asks a server over HTTP with the caller's own token, and the server judges it"
PUBLIC = {
    "serve": "starts the server, where every caller is judged",
    "check": _OFFLINE,
    "explain": _OFFLINE,
    "who": _OFFLINE,
    "can": _OFFLINE,
    "matrix": _OFFLINE,
    "fmt": _MEND,
    "load": _OFFLINE,
    "test": _OFFLINE,
    "init": _BEGIN,
    "import": _BEGIN,
    "hook install": _HOOK,
    "hook show": _HOOK,
    "hook uninstall": _HOOK,
    "sod": _OFFLINE,
    "plan": _OFFLINE,
    "lint": _OFFLINE,
    "unused": _OFFLINE + ", and the journal; with -o it writes new files",
    "review open": _OFFLINE + ", and the journal if that is there to be read",
    "review check": _OFFLINE,
    "review apply": _OFFLINE + "; with --write it writes those its user can write anyway",
    "rule": "prints a page that is part of remit",
    "token": _STATE,
    "keys create": _STATE,
    "keys list": _STATE,
    "keys revoke": _STATE,
    "publish": _REMOTE,
    "rollback": _REMOTE,
    "history": _REMOTE,
    "diff": _REMOTE,
    "shadow": _REMOTE,
    "blame": _PAST,
    "journal replay": _JOURNAL,
    "journal show": _JOURNAL,
    "journal stats": _JOURNAL,
    "journal verify": _JOURNAL,
    "journal prove": _JOURNAL,
    "journal check-proof": "offline: it computes on a file that its user has, and on keys that its user gives",
    "journal key": _STATE,
    "asset list": _REMOTE,
    "asset show": _REMOTE,
    "asset create": _REMOTE,
    "asset update": _REMOTE,
    "asset delete": _REMOTE,
    "workspace create": _REMOTE,
    "workspace list": _REMOTE,
    "workspace show": _REMOTE,
    "workspace manifest": _REMOTE,
    "workspace suspend": _REMOTE,
    "workspace resume": _REMOTE,
    "workspace delete": _REMOTE,
}
"""The verbs that perform no operation through the gate, each with the reason."""


def create_cli(house: House) -> typer.Typer:
    """The command, over a world."""
    from remit.cli.verbs import add_verbs

    app = _empty()
    add_verbs(app, house)
    add_serving(app, house)
    return app


def only_serving(house: House) -> typer.Typer:
    """The command as far as a server needs it, which is to answer soon: no other verb is made."""
    app = _empty()
    app.callback()(lambda: None)  # lest the one verb go without its name
    add_serving(app, house)
    return app


def _empty() -> typer.Typer:
    """The command without a verb."""
    return typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=__doc__
    )


def run(house: House, arguments: list[str] | None = None) -> None:
    """Run the command and exit; every error becomes findings or a sentence, and an exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    made = only_serving if given[:1] == ["serve"] else create_cli
    try:
        typer.main.get_command(made(house))(given, prog_name="remit")
    except RemitError as error:
        from remit.cli.leaving import leave

        leave(error)
