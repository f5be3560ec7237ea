"""`remit review …`: access reviews, from the list of who holds what to the policy without what was revoked."""

from __future__ import annotations

import typer

from remit.cli.certifying.applying import add_applying
from remit.cli.certifying.checking import add_checking
from remit.cli.certifying.opening import add_opening
from remit.cli.house import House


def add_certifying(app: typer.Typer, house: House) -> None:
    """The verbs about access reviews."""
    review = typer.Typer(no_args_is_help=True, help="Have every access rule looked at by somebody else.")
    app.add_typer(review, name="review")
    add_opening(review, house)
    add_checking(review, house)
    add_applying(review, house)
