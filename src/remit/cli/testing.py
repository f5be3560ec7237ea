"""`test`: does a policy decide what its cases say, and would they notice if it did not?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from remit import __version__
from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.instants import read_when
from remit.cli.options import MODEL, POLICY, ModelFile, PolicyDir, Reported, ReportFormat, When
from remit.cli.screen import Screen
from remit.cli.sinks import Level, Notice, github, junit, located, sarif
from remit.cli.tested import HELPS, Tested, notices, tested_json, tested_lines
from remit.core.cases import Given
from remit.core.coverage import coverage
from remit.core.model import Origin
from remit.core.mutation import MOST, mutate
from remit.core.policy import Policy, read_policy
from remit.core.trial import Outcome, try_policy
from remit.errors import RequestInvalid

Coverage = Annotated[bool, typer.Option("--coverage", help="Say which lines of the policy no case rests on.")]
Mutate = Annotated[bool, typer.Option("--mutate", help="Say which changes of single lines no case would notice.")]
Most = Annotated[int, typer.Option("--most", metavar="N", min=1, help="Try so many changes; of more, a sample.")]
FailUnder = Annotated[
    float | None,
    typer.Option("--fail-under", metavar="PERCENT", min=0, max=100, help="Fail if coverage or score is lower."),
]


def add_test(app: typer.Typer, house: House) -> None:
    """`test`."""

    @app.command()
    def test(
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, when: When = None,
        format: Reported = ReportFormat.TEXT, coverage: Coverage = False, mutate: Mutate = False, most: Most = MOST,
        fail_under: FailUnder = None,
    ) -> None:  # fmt: skip
        """Decide every case of a policy, by both judges: exit code 1 if one does not come out as written."""
        if fail_under is not None and not (coverage or mutate):
            raise RequestInvalid("`--fail-under` says how much is due of what: add `--coverage` or `--mutate`")
        now, screen = read_when(when, house.now()), Screen()
        found = read_policy(house.read(policy, model))
        tested = _tried(found, now, screen, (coverage, mutate), most)._replace(due=fail_under)
        _show(screen, tested, format, policy, model)
        raise typer.Exit(Exit.FOUND if tested.failed or tested.lacking else Exit.FINE)


def _tried(policy: Policy, now: int, screen: Screen, more: tuple[bool, bool], most: int) -> Tested:
    """The cases tried; where all pass, what they cover and what they would notice, as far as it is asked for."""
    outcomes = [*try_policy(policy, now), *_empty(policy)]
    if not any(outcome.origin.line for outcome in outcomes):
        raise RequestInvalid("there are no cases to try; write some in policies/cases/")
    tested = Tested(policy.revision, now, tuple(outcomes))
    if tested.failed:
        return tested._replace(skipped=any(more))
    covers, mutates = more
    with screen.progress() as say:
        if covers:
            say("seeing what the cases rest on")
            tested = tested._replace(covered=coverage(policy, now))
        if mutates:
            changes = mutate(policy, now, most, lambda share: say("bending lines", share))
            tested = tested._replace(tried=tuple(changes))
    return tested


def _empty(policy: Policy) -> Iterator[Outcome]:
    """Files of cases without any: whoever wrote one believes that something is tried."""
    for suite in policy.suites:
        if all(isinstance(entry, Given) for entry in suite.entries):
            yield Outcome(Origin(suite.name, 0), "no case stands in this file; write one, or take the file out")


def _show(screen: Screen, tested: Tested, format: ReportFormat, policy: Path, model: Path) -> None:
    """What came out, in the format asked for."""
    found = [_found_here(each, policy, model) for each in notices(tested)]
    match format:
        case ReportFormat.TEXT:
            screen.show(tested_lines(tested))
        case ReportFormat.JSON:
            screen.hand_over(json.dumps(tested_json(tested), indent=2) + "\n")
        case ReportFormat.GITHUB:
            screen.show(github(found))
        case ReportFormat.SARIF:
            screen.hand_over(json.dumps(sarif(found, HELPS, __version__), indent=2) + "\n")
        case ReportFormat.JUNIT:
            passed = [(each.origin.file, f"line {each.origin.line}") for each in tested.outcomes if each.passed]
            screen.hand_over(junit("test", passed, [each for each in found if each.level is Level.ERROR]))


def _found_here(notice: Notice, policy: Path, model: Path) -> Notice:
    return notice._replace(file=located(notice.file, policy, model))
