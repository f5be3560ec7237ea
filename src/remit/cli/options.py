"""The options and arguments that several verbs share, so that each means the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How an answer is written: for people or for scripts."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """How findings are written: for people, for scripts, or for what reads such things in CI."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class TableFormat(StrEnum):
    """How a table is written: for people, for scripts, or for a spreadsheet."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


PolicyDir = Annotated[Path, typer.Option("--policy", envvar="REMIT_POLICY", help="The policy directory.")]
ModelFile = Annotated[Path, typer.Option("--model", envvar="REMIT_MODEL", help="The Casbin model.")]
Formatted = Annotated[Format, typer.Option("--format", help="How the answer is written.")]
Reported = Annotated[ReportFormat, typer.Option("--format", help="How the findings are written.")]
Tabled = Annotated[TableFormat, typer.Option("--format", help="How the table is written.")]
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="Who asks: `user:…`, `group:…` or `application:…`.")]
Action = Annotated[str, typer.Argument(metavar="ACTION", help="What they want to do.")]
Resource = Annotated[str, typer.Argument(metavar="KIND[:ID]", help="What they want to do it to.")]
Home = Annotated[str | None, typer.Option(metavar="SCOPE", help="Where the resource lives.")]
Place = Annotated[str | None, typer.Option("--in", metavar="SCOPE", help="Where the action happens.")]
Groups = Annotated[
    list[str] | None, typer.Option("--group", metavar="NAME", help="A group that comes with the request; repeatable.")
]
When = Annotated[str | None, typer.Option(metavar="TIME", help="Judge this instant (UTC), not now.")]
State = Annotated[
    Path, typer.Option("--state", envvar="REMIT_STATE", help="The directory of remit's own secrets and keys.")
]
Url = Annotated[str, typer.Option("--url", envvar="REMIT_URL", help="Where the server is.")]
Token = Annotated[
    str | None,
    typer.Option("--token", envvar="REMIT_TOKEN", help="Who asks; others see it here, so prefer REMIT_TOKEN."),
]
Project = Annotated[str | None, typer.Option("--project", metavar="NAME", help="The project.")]
POLICY, MODEL, STATE = Path("policies"), Path("model.conf"), Path(".remit")
URL = "http://127.0.0.1:8080"
