"""Every verb but `serve`, which waits for none of them."""

from __future__ import annotations

import typer

from remit.cli.asking import add_questions
from remit.cli.beginning import add_beginnings
from remit.cli.blaming import add_blame
from remit.cli.blocks import add_blocks
from remit.cli.bringing import add_bringing
from remit.cli.callers import add_callers
from remit.cli.certifying import add_certifying
from remit.cli.duties import add_duties
from remit.cli.forming import add_form
from remit.cli.hooks import add_hooks
from remit.cli.house import House
from remit.cli.journal import add_journal
from remit.cli.linting import add_lint_verbs
from remit.cli.matrices import add_matrix
from remit.cli.planning import add_plan
from remit.cli.policies import add_policy_verbs
from remit.cli.publishing import add_publishing
from remit.cli.reviewing import add_reviews
from remit.cli.shadowing import add_shadow
from remit.cli.testing import add_test
from remit.cli.workspaces import add_workspaces


def add_verbs(app: typer.Typer, house: House) -> None:
    """All of them, in the order in which help lists them."""
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
    add_blame(app, house)
    add_certifying(app, house)
