"""`review apply`: the policy without what was revoked, as a diff and as a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from remit.cli.certifying.checking import Partial, ReviewFile, came_back, summary, told
from remit.cli.diffs import diff_lines
from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.options import MODEL, POLICY, ModelFile, PolicyDir, When
from remit.cli.planning import PlanFormat, Written, show_plan
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.core.certifying.applying import new_faults, places
from remit.core.difference.plan import Version, plan, version_of
from remit.core.omitting import without
from remit.errors import PolicyInvalid

_Write = Annotated[bool, typer.Option("--write", help="Write the files; without it nothing is written.")]


def add_applying(app: typer.Typer, house: House) -> None:
    """`apply`."""

    @app.command("apply")
    def apply_review(
        file: ReviewFile, write: _Write = False, partial: Partial = False, when: When = None,
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, format: Written = PlanFormat.TEXT,
    ) -> None:  # fmt: skip
        """Take out what was revoked, and say what that does; exit code 1 if the review has findings."""
        screen, came = Screen(), came_back(house, file, policy, model, when, partial)
        if came.checked.faults:
            screen.complain(told(came.checked))
            screen.complain([f"remit: nothing is applied: {safe(summary(came))}"])
            raise typer.Exit(Exit.FOUND)
        now, before = came.now, Version(came.now.files, came.now.policy)
        changed = without(now.files, places(now.files, now.policy, came.checked.revoked))
        after = _read(screen, before, changed)
        with screen.progress() as say:
            found = plan(before, after, now.when, None, say)
            say("deciding the cases")
            failing = new_faults(before.policy, after.policy, now.when) if changed else []
        if format is PlanFormat.TEXT:
            for name, data in changed.items():
                screen.show(diff_lines(name, now.files[name], data))
        show_plan(screen, found, (f"the files in {policy}", f"what {file} leaves"), format)
        screen.complain(safe(f"{fault}: mend this case before it goes live") for fault in failing)
        if found.blocked:
            raise typer.Exit(Exit.BLOCKED)
        if write and changed:
            house.write(policy, model, now.files, changed)
        _last(screen, changed, write)


def _read(screen: Screen, before: Version, changed: dict[str, bytes]) -> Version:
    """The policy as it would be; says so if it does not load. Raises PolicyInvalid then."""
    if not changed:
        return before
    try:
        return version_of({**before.files, **changed})
    except PolicyInvalid:
        screen.complain(["without what was revoked the policy does not load:"])
        raise


def _last(screen: Screen, changed: dict[str, bytes], written: bool) -> None:
    """What became of it."""
    if not changed:
        screen.complain(["nothing is left to revoke"])
    elif written:
        screen.complain(safe(f"written: {name}") for name in changed)
    else:
        screen.complain(["nothing is written; --write does that"])
