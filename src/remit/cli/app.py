"""The `remit` command. Offline verbs read the policy files they are pointed at; `asset` and `workspace` ask a
server."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from remit.cli.asking import add_questions
from remit.cli.beginning import add_beginnings
from remit.cli.blocks import add_blocks
from remit.cli.bringing import add_bringing
from remit.cli.callers import add_callers
from remit.cli.duties import add_duties
from remit.cli.exits import Exit
from remit.cli.forming import add_form
from remit.cli.hooks import add_hooks
from remit.cli.house import House, ServeOptions
from remit.cli.journal import add_journal
from remit.cli.linting import add_lint_verbs
from remit.cli.matrices import add_matrix
from remit.cli.options import MODEL, POLICY, STATE, ModelFile, PolicyDir, State
from remit.cli.planning import add_plan
from remit.cli.policies import add_policy_verbs
from remit.cli.publishing import add_publishing
from remit.cli.render import finding_lines, safe
from remit.cli.reviewing import add_reviews
from remit.cli.screen import Screen
from remit.cli.shadowing import add_shadow
from remit.cli.testing import add_test
from remit.cli.workspaces import add_workspaces
from remit.errors import Blocked, CasesFailed, Conflict, CouldNotDecide, NotAllowed, NotFound, PolicyInvalid, RemitError

_OFFLINE = "offline: it reads policy files that its user can read anyway"
_BEGIN = "offline: it writes new files where its user may write anyway, and overwrites none"
_MEND = "offline: it writes files that its user can write anyway, and only what says the same"
_HOOK = "offline: it works on the hooks of its user's own repository"
_STATE = "offline: it works on the state directory, which its user can read and write anyway"
_JOURNAL = "offline: it reads the journal's files, which only who runs remit can read"
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
    "journal show": _JOURNAL,
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
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=__doc__
    )
    add_questions(app, house)
    add_reviews(app, house)
    add_matrix(app, house)
    add_policy_verbs(app, house)
    add_form(app, house)
    add_test(app, house)
    add_duties(app, house)
    add_plan(app, house)
    add_publishing(app, house)
    add_beginnings(app, house)
    add_lint_verbs(app, house)
    add_bringing(app, house)
    add_hooks(app, house)
    add_callers(app, house)
    add_blocks(app, house)
    add_workspaces(app, house)
    add_shadow(app, house)
    add_journal(app, house)

    @app.command()
    def serve(
        policy: PolicyDir = POLICY,
        model: ModelFile = MODEL,
        state: State = STATE,
        host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65_535)] = 8080,
        base_url: Annotated[
            str | None, typer.Option(envvar="REMIT_BASE_URL", help="How callers reach this server.")
        ] = None,
        tls_cert: Annotated[Path | None, typer.Option(envvar="REMIT_TLS_CERT", help="The certificate, PEM.")] = None,
        tls_key: Annotated[Path | None, typer.Option(envvar="REMIT_TLS_KEY", help="Its private key, PEM.")] = None,
        behind_tls_proxy: Annotated[
            bool, typer.Option("--behind-tls-proxy", help="A proxy in front of this server speaks TLS.")
        ] = False,
        watch: Annotated[bool, typer.Option("--watch", help="Let changes of the policy directory go live.")] = False,
        shadow_policy: Annotated[
            str | None, typer.Option(metavar="DIR|REVISION", help="A policy that is asked too, and never heard.")
        ] = None,
        workers: Annotated[int, typer.Option(help="The processes that answer.", min=1, max=64)] = 1,
    ) -> None:
        """Answer decisions over HTTP. REMIT_AUTH says how callers are known; docs/callers.md lists all settings."""
        tls = (tls_cert, tls_key)
        with _told_to_stop():
            way = (host, port, base_url, tls, behind_tls_proxy)
            house.serve(ServeOptions(policy, model, state, *way, watch, shadow_policy, workers))

    return app


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """While this lasts, being told to stop (by a supervisor or from the keyboard) is no failure."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(each, lambda *_: sys.exit(Exit.FINE)) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def run(house: House, arguments: list[str] | None = None) -> None:
    """Run the command and exit; every error becomes findings or a sentence, and an exit code."""
    screen = Screen()
    try:
        typer.main.get_command(create_cli(house))(arguments, prog_name="remit")
    except PolicyInvalid as error:
        for finding in error.findings:
            screen.complain(finding_lines(finding))
        _leave(screen, error, Exit.POLICY_INVALID)
    except CasesFailed as error:
        screen.complain(safe(fault) for fault in error.faults)
        _leave(screen, error, Exit.POLICY_INVALID)
    except Blocked as error:
        screen.complain(safe(reason) for reason in error.reasons)
        _leave(screen, error, Exit.BLOCKED)
    except CouldNotDecide as error:
        _leave(screen, error, Exit.UNDECIDED)
    except (NotAllowed, NotFound, Conflict) as error:
        _leave(screen, error, Exit.FOUND)
    except RemitError as error:
        _leave(screen, error, Exit.USAGE)


def _leave(screen: Screen, error: RemitError, code: Exit) -> NoReturn:
    """Say what is wrong on the error stream and exit; what there is more than one of stands line by line."""
    first, *more = str(error).split("\n")
    screen.complain([f"remit: {safe(first)}", *(f"       {safe(line)}" for line in more)])
    raise SystemExit(code)
