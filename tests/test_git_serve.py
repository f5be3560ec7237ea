"""`remit serve` that follows a git repository, as a process: what is pushed goes live, and a repository that is
rewritten, broken or gone changes no answer.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asking import YES
from commands import Ran, really_ran
from remit.core.policy import revision_of
from repositories import committed, git, repository
from test_serve import ask, free_port, running
from test_watch import BROKEN, GOOD, WITHOUT, Followed


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with nothing in it but a bare repository, beside the work tree that is pushed from."""
    repository(tmp_path / "tree", GOOD)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "here/central.git")
    git(tmp_path / "tree", "push", "-q", "../here/central.git", "main")
    return tmp_path / "here"


def pushed(here: Path, files: dict[str, bytes]) -> str:
    commit = committed(here.parent / "tree", files)
    git(here.parent / "tree", "push", "-q", "--force", "../here/central.git", "main")
    return commit


SETTINGS = {"REMIT_SOURCE": "git", "REMIT_GIT_REPOSITORY": "central.git", "REMIT_GIT_REF": "main", "REMIT_POLL": "0.1"}


@contextmanager
def following(here: Path, **more: str) -> Iterator[Followed]:
    port = free_port()
    with running(here, port, **{**SETTINGS, **more}):
        yield Followed(here, port)


def refused(server: Followed) -> str:
    found = server.status().get("refused")
    return " ".join(found["faults"]) if found else ""


def test_what_is_pushed_goes_live_and_what_is_wrong_does_not(here: Path) -> None:
    with following(here) as server:
        assert server.decides() and server.status()["source"] == f"git {here}/central.git refs/heads/main"
        pushed(here, WITHOUT)
        server.until(lambda: not server.decides())
        assert server.status()["revision"] == revision_of(WITHOUT)
        pushed(here, BROKEN)
        server.until(lambda: "refused" in server.status())
        assert server.status()["refused"]["revision"] == revision_of(BROKEN) and not server.decides()
        pushed(here, GOOD)
        server.until(server.decides)
        assert "refused" not in server.status()


def test_a_forced_push_is_told_and_goes_live_once_it_is_meant(here: Path) -> None:
    tree = here.parent / "tree"
    with following(here) as server:
        seen = pushed(here, WITHOUT)
        server.until(lambda: not server.decides())
        git(tree, "reset", "-q", "--hard", "HEAD~1")
        tip = pushed(here, GOOD)
        server.until(lambda: f"was rewritten to {tip}, which does not follow {seen}" in refused(server))
        assert not server.decides() and server.status()["revision"] == revision_of(WITHOUT)
        assert "refused" in server.get("/readyz").json() and "central" not in server.get("/readyz").text
    with following(here, REMIT_GIT_ACCEPT=tip) as server:
        assert server.decides() and server.status()["revision"] == revision_of(GOOD)


def test_a_repository_that_is_gone_too_long_decides_nothing(here: Path) -> None:
    with following(here, REMIT_MAX_POLICY_AGE="1") as server:
        shutil.move(here / "central.git", here / "away")
        server.until(lambda: ask(server.port, YES, server.token).status_code == 503)
        shutil.move(here / "away", here / "central.git")
        server.until(lambda: ask(server.port, YES, server.token).status_code == 200)


def test_with_the_repository_gone_or_rewritten_it_starts_by_the_last_good_policy(here: Path) -> None:
    with following(here) as server:
        pushed(here, WITHOUT)
        server.until(lambda: not server.decides())
    shutil.move(here / "central.git", here / "away")
    with following(here) as server:
        assert not server.decides() and server.status()["revision"] == revision_of(WITHOUT)
        assert "cannot be fetched" in refused(server)
        shutil.move(here / "away", here / "central.git")
        server.until(lambda: "refused" not in server.status())
    git(here.parent / "tree", "reset", "-q", "--hard", "HEAD~1")
    pushed(here, GOOD)
    with following(here) as server:
        assert "which does not follow" in refused(server) and not server.decides()


@pytest.mark.parametrize(
    ("flags", "more", "what"),
    [
        (["--watch"], {}, "`--watch` is for a policy directory"),
        (["--policy", "/srv/policies"], {}, "`--policy /srv/policies` is no path within the repository"),
        (["--model", "../model.conf"], {}, "`--model ../model.conf` is no path within the repository"),
        (["--policy", "elsewhere"], {}, "there is no policy in `elsewhere`"),
        (
            [],
            {"REMIT_GIT_REF": "no-such"},
            "cannot be fetched: git could not be asked: fatal: couldn't find remote ref",
        ),
        ([], {"REMIT_GIT_REPOSITORY": "ext::touch"}, "names a program to run"),
    ],
)
def test_what_cannot_be_followed_does_not_start(here: Path, flags: list[str], more: dict[str, str], what: str) -> None:
    found: Ran = really_ran("serve", "--port", str(free_port()), *flags, directory=here, **{**SETTINGS, **more})
    assert (found.code, found.out) == (2, "") and what in found.err
    assert found.err.startswith("remit: ")


def test_a_policy_that_is_broken_does_not_start(here: Path) -> None:
    pushed(here, BROKEN)
    found = really_ran("serve", "--port", str(free_port()), directory=here, **SETTINGS)
    assert found.code == 3 and "no-such-role" in found.err
