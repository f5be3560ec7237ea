"""`remit review …` and `remit unused`: who holds what looked at again, and what nobody needs."""

from __future__ import annotations

import typer

from remit.cli.certifying.applying import add_applying
from remit.cli.certifying.checking import add_checking
from remit.cli.certifying.opening import add_opening
from remit.cli.certifying.unneeded import add_unused
from remit.cli.house import House


def add_certifying(app: typer.Typer, house: House) -> None:
    """The verbs about access reviews, and about what nobody needs."""
    review = typer.Typer(no_args_is_help=True, help="Have every access rule looked at by somebody else.")
    app.add_typer(review, name="review")
    add_opening(review, house)
    add_checking(review, house)
    add_applying(review, house)
    add_unused(app, house)
