"""Every error there is, pushed to a server that follows a directory: refused, told with its place, and no answer is
another one (the fault row "bad policy pushed").
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from asking import NO, YES
from commands import written
from remit.core.codes import RULES
from remit.core.lint.pages import PAGES, files_of
from remit.core.policy import revision_of
from test_serve import free_port, running
from test_watch import GOOD, Followed

ERRORS = sorted(code for code, each in RULES.items() if each.error)
FAILING = {**GOOD, "policies/cases/all.csv": b"allow, user:bob, create, environment, project:vision,\n"}


def checked_out(directory: Path, files: Mapping[str, bytes]) -> None:
    """Put these files in the place of those that are there, as git does it: while its lock is there, nobody reads."""
    lock = directory / ".git" / "index.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    for path in (directory / "policies").rglob("*.csv"):
        if str(path.relative_to(directory)) not in files:
            path.unlink()
    if "model.conf" not in files:
        (directory / "model.conf").unlink(missing_ok=True)
    written(files, directory)
    lock.unlink()


def refused(server: Followed, files: Mapping[str, bytes]) -> None:
    """Wait until the server says that it refused these files."""
    server.until(lambda: server.status().get("refused", {}).get("revision") == revision_of(files))


@pytest.fixture
def server(tmp_path: Path) -> Followed:
    return Followed(written(GOOD, tmp_path), free_port())


def test_every_error_is_refused_where_it_stands_and_changes_no_answer(server: Followed) -> None:
    with running(server.directory, server.port, "--watch"):
        assert server.decides(YES) and not server.decides(NO)
        for code in ERRORS:
            page, live = PAGES[code], revision_of(GOOD)
            bad = files_of(page.bad)
            checked_out(server.directory, bad)
            refused(server, bad)
            status = server.status()
            assert status["revision"] == live, code
            found = [each for each in status["refused"]["findings"] if each["error"]]
            places = {":".join(map(str, (f["file"], *(n for n in (f["line"], f["column"]) if n)))) for f in found}
            assert {each["code"] for each in found} == {code} and page.at in places, (code, found)
            assert server.decides(YES) and not server.decides(NO), code
        checked_out(server.directory, FAILING)
        refused(server, FAILING)
        assert "policies/cases/all.csv:1" in server.status()["refused"]["faults"][0]
        checked_out(server.directory, GOOD)
        server.until(lambda: "refused" not in server.status())
