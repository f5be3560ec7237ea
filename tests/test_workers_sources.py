"""Several workers, and a policy that comes from a database or from git: what is published, or pushed, reaches each."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from asking import NO, YES
from commands import written
from publishing import CHIEF, NEW, OLD, encoded
from remit.core.policy import revision_of
from repositories import committed, git, repository
from test_serve import free_port, running, token
from test_watch import GOOD, PATIENCE, WITHOUT
from test_workers import N, Several


@contextmanager
def workers(directory: Path, **settings: str) -> Iterator[Several]:
    port = free_port()
    with running(directory, port, "--workers", str(N), **settings) as server:
        yield Several(directory, port, server)


def by_each(several: Several, ask: Callable[[], Any]) -> list[Any]:
    """What each worker answers: the others are stopped meanwhile."""
    answers, found = [], several.workers()
    assert len(found) == N
    for one in found:
        for other in found - {one}:
            os.kill(other, signal.SIGSTOP)
        try:
            answers.append(ask())
        finally:
            for other in found - {one}:
                os.kill(other, signal.SIGCONT)
    return answers


def call(several: Several, path: str, body: Any, **headers: str) -> httpx.Response:
    given = {"authorization": f"Bearer {several.token}", **headers}
    with httpx.Client(trust_env=False, timeout=PATIENCE, headers=given) as client:
        return client.post(f"http://127.0.0.1:{several.port}{path}", json=body)


def decided(several: Several, question: Any, **headers: str) -> tuple[bool, str]:
    """The answer on a connection of its own, and the revision that gave it."""
    answer = call(several, "/access/v1/evaluation", question, **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["decision"], answer.headers["remit-revision"]


def test_what_is_published_reaches_every_worker_before_who_asks_for_no_less(tmp_path: Path) -> None:
    policy = written(OLD, tmp_path)
    with workers(policy, REMIT_SOURCE="database") as several:
        chief = Several(policy, several.port, several.server)
        chief.token = token(policy, CHIEF)
        assert set(by_each(several, lambda: decided(several, YES))) == {(True, revision_of(OLD))}
        for files in (NEW, OLD, NEW):
            body = {"files": encoded(files), "parent": chief.status()["revision"], "message": "because"}
            published = call(chief, "/v1/policy/publish", body)
            assert published.status_code == 200, published.text
            revision = published.json()["revision"]
            assert revision == revision_of(files)
            least = {"remit-min-revision": revision}
            expected = {(files is OLD, revision)}
            assert set(by_each(several, lambda: decided(several, YES, **least))) == expected  # noqa: B023
            assert set(by_each(several, lambda: decided(several, NO, **least))) == {(False, revision)}  # noqa: B023
        chief.until(lambda: {each["number"] for each in by_each(several, chief.status)} == {4})


def test_what_is_pushed_reaches_every_worker(tmp_path: Path) -> None:
    tree, here = tmp_path / "tree", tmp_path / "here"
    repository(tree, GOOD)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "here/central.git")
    git(tree, "push", "-q", "../here/central.git", "main")
    settings = {"REMIT_GIT_REPOSITORY": "central.git", "REMIT_GIT_REF": "main", "REMIT_POLL": "0.1"}
    with workers(here, REMIT_SOURCE="git", **settings) as several:
        assert set(by_each(several, lambda: decided(several, YES))) == {(True, revision_of(GOOD))}
        committed(tree, WITHOUT)
        git(tree, "push", "-q", "../here/central.git", "main")
        several.until(lambda: several.revisions() == {revision_of(WITHOUT)})
        assert set(by_each(several, lambda: decided(several, YES))) == {(False, revision_of(WITHOUT))}
