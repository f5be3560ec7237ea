"""`lint` and `rule`: what a policy deserves to be told, and the page about each thing it may be told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any

import typer

from remit import __version__
from remit.cli.diffs import diff_lines
from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.instants import read_when
from remit.cli.options import MODEL, POLICY, Format, Formatted, ModelFile, PolicyDir, Reported, ReportFormat, When
from remit.cli.render import columns, finding_lines
from remit.cli.screen import Screen
from remit.cli.sinks import Level, Notice, github, junit, located, sarif
from remit.core.codes import RULES, Weight
from remit.core.findings import Finding
from remit.core.lint import Linted, lint
from remit.core.lint.pages import NOW, PAGES, Page, files_of, path_of
from remit.core.lint.pages.page import Example, Whole
from remit.core.lint.repair import repair, repairable
from remit.core.names import did_you_mean
from remit.core.times import format_instant
from remit.core.told import finding_json
from remit.errors import Conflict, RequestInvalid

Fix = Annotated[bool, typer.Option("--fix", help="Show and write what can be repaired safely; then say what is left.")]
Diff = Annotated[bool, typer.Option("--diff", "--dry-run", help="Show what --fix would write, and write nothing.")]
_CODE = typer.Argument(metavar="[CODE]", help="The code of a finding, such as R013.")


def add_lint_verbs(app: typer.Typer, house: House) -> None:
    """`lint` and `rule`."""

    @app.command("lint")
    def lint_policy(
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, when: When = None,
        format: Reported = ReportFormat.TEXT, fix: Fix = False, diff: Diff = False,
    ) -> None:  # fmt: skip
        """Say all there is to say of a policy: exit code 1 for warnings, 3 if it does not load."""
        now, screen = read_when(when, house.now()), Screen()
        files = house.read(policy, model)
        if fix or diff:
            mending = repair(files, now)
            show = screen.show if format is ReportFormat.TEXT else screen.complain
            for name, data in mending.files.items():
                show(diff_lines(name, files[name], data))
            if mending.refused and not diff:
                raise Conflict(f"nothing is written: after the repair {mending.refused}")
            if mending.files and not diff:
                house.write(policy, model, files, mending.files)
                files = {**files, **mending.files}
        with screen.progress() as say:
            linted = lint(files, now, say)
        _show(screen, linted, files, format, (policy, model), now)
        raise typer.Exit(_exit(linted))

    @app.command()
    def rule(code: Annotated[str | None, _CODE] = None, format: Formatted = Format.TEXT) -> None:
        """Print the page of a finding's code, or list all codes."""
        screen = Screen()
        if code is None:
            if format is Format.JSON:
                screen.show([json.dumps([page_json(page) for page in PAGES.values()], indent=2)])
            else:
                rows = [
                    (page.code, RULES[page.code].weight, RULES[page.code].name, page.what) for page in PAGES.values()
                ]
                screen.show(columns(("code", "weight", "name", "what"), rows))
            return
        page = PAGES.get(code.upper())
        if page is None:
            guess = did_you_mean(code.upper(), PAGES)
            help = f"did you mean {guess}? " if guess else ""
            raise RequestInvalid(f"there is no finding `{code}`; {help}`remit rule` lists all")
        screen.show([json.dumps(page_json(page), indent=2)] if format is Format.JSON else page_lines(page))


def notice(finding: Finding, policy: Path, model: Path) -> Notice:
    """A finding for a place other than a terminal; its file as it is found from here, not as the policy names it."""
    file = located(finding.file, policy, model)
    end = finding.column + finding.width if finding.line else 0
    code, level = finding.code, Level(str(finding.weight))
    name, may = RULES[code].name, PAGES[code].repaired
    return Notice(file, finding.line, finding.column, end, level, code, name, finding.message, finding.help, may)


def page_lines(page: Page) -> Iterator[str]:
    """A page as a person reads it; its bad example with what is found there."""
    weight = RULES[page.code].weight
    yield f"{page.code} {RULES[page.code].name} ({weight})"
    for head, text in (("what", page.what), ("why", page.why), ("instead", page.instead), ("fix", page.fix)):
        yield from wrap(text, 110, initial_indent=f"  {head:<8} ", subsequent_indent=" " * 11, break_long_words=False)
    yield ""
    yield "  bad"
    (found,) = lint(files_of(page.bad), NOW).findings
    yield from (f"    {line}"[:240] for line in finding_lines(found))
    yield ""
    yield "  good"
    for file, lines in example_lines(page.good):
        yield f"    {file}"
        yield from (f"      {line}"[:240] for line in lines)


def example_lines(example: Example) -> Iterator[tuple[str, list[str]]]:
    """The files of an example with the lines that matter."""
    for name, text in example.items():
        if text is not None:
            lines = (text.text if isinstance(text, Whole) else text).splitlines()
            yield path_of(name), lines


def page_json(page: Page) -> dict[str, Any]:
    """A page for scripts."""
    rule = RULES[page.code]
    texts = {"what": page.what, "why": page.why, "instead": page.instead, "fix": page.fix}
    return {"code": page.code, "name": rule.name, "weight": str(rule.weight), "repaired": page.repaired, **texts}


def _exit(linted: Linted) -> Exit:
    """Notes are worth knowing and no reason to stop."""
    if linted.policy is None:
        return Exit.POLICY_INVALID
    return Exit.FOUND if any(finding.weight is not Weight.NOTE for finding in linted.findings) else Exit.FINE


def _show(
    screen: Screen, linted: Linted, files: Mapping[str, bytes], format: ReportFormat, paths: tuple[Path, Path], now: int
) -> None:
    """The findings in the format asked for."""
    notices = [notice(finding, *paths) for finding in linted.findings]
    match format:
        case ReportFormat.TEXT:
            for finding in linted.findings:
                screen.show(finding_lines(finding))
            may = any(PAGES[finding.code].repaired for finding in linted.findings)
            hint = "; `remit lint --diff` shows what can be repaired" if may else ""
            screen.show([f"{', '.join(_counted(linted.findings))} in {len(files):,} files{hint}"])
        case ReportFormat.JSON:
            screen.hand_over(json.dumps(_json(linted, now, repairable(files, linted.findings, now)), indent=2) + "\n")
        case ReportFormat.GITHUB:
            screen.show(github(notices))
        case ReportFormat.SARIF:
            helps = {code: f"{page.what} {page.fix}" for code, page in PAGES.items()}
            screen.hand_over(json.dumps(sarif(notices, helps, __version__), indent=2) + "\n")
        case ReportFormat.JUNIT:
            failures = [each for each in notices if each.level is not Level.NOTE]
            failed = {finding.file for finding in linted.findings if finding.weight is not Weight.NOTE}
            passed = [(name, "lint") for name in sorted(files) if name not in failed]
            screen.hand_over(junit("lint", passed, failures))


def _counted(findings: Sequence[Finding]) -> Iterator[str]:
    """How many there are of each weight."""
    counts = Counter(finding.weight for finding in findings)
    return (f"{counts[weight]:,} {weight}{'' if counts[weight] == 1 else 's'}" for weight in Weight)


def _json(linted: Linted, now: int, mends: set[tuple[str, str]]) -> dict[str, Any]:
    """The findings for scripts. A minor version adds, a major one changes."""
    counts = Counter(finding.weight for finding in linted.findings)
    return {
        "format_version": "1.0",
        "loads": linted.policy is not None,
        "revision": linted.policy.revision if linted.policy else None,
        "judged_at": format_instant(now),
        **{f"{weight}s": counts[weight] for weight in Weight},
        "findings": [
            {"name": RULES[finding.code].name, "fixable": (finding.file, finding.code) in mends} | finding_json(finding)
            for finding in linted.findings
        ],
    }
