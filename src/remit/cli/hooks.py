"""`hook`: judge a policy before it is committed or pushed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated

import typer

from remit.cli.house import House
from remit.cli.options import MODEL, POLICY, Format, Formatted, ModelFile, PolicyDir
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.errors import RequestInvalid

HOOKS = ("pre-commit", "pre-push")


def add_hooks(app: typer.Typer, house: House) -> None:
    """`hook install`, `hook show` and `hook uninstall`."""
    hook = typer.Typer(no_args_is_help=True, help="Judge a policy before git takes it.")
    app.add_typer(hook, name="hook")

    @hook.command()
    def install(
        policy: PolicyDir = POLICY,
        model: ModelFile = MODEL,
        pre_commit: Annotated[bool, typer.Option("--pre-commit", help="Judge what is staged.")] = False,
        pre_push: Annotated[bool, typer.Option("--pre-push", help="Judge each commit that is pushed.")] = False,
        format: Formatted = Format.TEXT,
    ) -> None:
        """Write git hooks that lint a policy, look at its form and try its cases; both of them, unless one is named."""
        names = [name for name, wanted in zip(HOOKS, (pre_commit, pre_push), strict=True) if wanted]
        wrote = house.install_hooks(names or HOOKS, policy, model)
        _show({"wrote": wrote}, (f"wrote {path}" for path in wrote), format)

    @hook.command()
    def show(
        name: Annotated[str, typer.Argument(metavar="HOOK", help="pre-commit or pre-push.")],
        policy: PolicyDir = POLICY,
        model: ModelFile = MODEL,
        format: Formatted = Format.TEXT,
    ) -> None:
        """Print a hook, to call it from one of your own."""
        if name not in HOOKS:
            raise RequestInvalid("the hooks are `pre-commit` and `pre-push`")
        Screen().hand_over(house.hook_text(name, policy, model), format is Format.JSON)

    @hook.command()
    def uninstall(policy: PolicyDir = POLICY, format: Formatted = Format.TEXT) -> None:
        """Take away the hooks that remit wrote, and no others."""
        gone = house.uninstall_hooks(policy)
        said = [f"took away {path}" for path in gone] or ["there are no hooks of remit's"]
        _show({"took_away": gone}, said, format)


def _show(document: dict[str, list[str]], lines: Iterable[str], format: Format) -> None:
    """What was done, for scripts or for people."""
    Screen().show([json.dumps(document)] if format is Format.JSON else map(safe, lines))
