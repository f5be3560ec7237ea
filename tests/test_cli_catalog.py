"""`remit asset` and `remit workspace` against a real server: what they print, for people and for scripts, the exit code
that a script goes by, and that nothing which a server or a catalog says reaches the terminal as anything but text.
"""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from commands import REMIT, Desk, Ran, golden, ran, really_ran
from keeping import kept_over, no_exchange
from readable import FILES
from remit.bootstrap import build_app
from remit.core.blocks import Variant
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from server import CALLERS, SECRET, Running, bearer, serving
from shapes_corpus import FULL, SEED_COMPUTE, SEED_ENVIRONMENT, SEED_GIT
from test_cli_usage import NASTY, assert_plain
from test_serve import free_port, running
from test_shipped_policy import shipped

ROOT = Path(__file__).parents[1]
ADA, TIM = "user:ada@example.com", "user:tim@example.com"
ROOT_USER = "user:grace@example.com"
GIT = {"kind": "git", "meta": {"name": "dataset"}, "spec": SEED_GIT}

Asks = Callable[..., Ran]


@pytest.fixture
def server() -> Iterator[Running]:
    """A server over the shipped policy, its catalog empty."""
    snapshot = Snapshot(read_policy(shipped()))
    app = build_app(snapshot, "http://localhost", CALLERS, SECRET, kept=kept_over(snapshot), exchange=no_exchange)
    with serving(app=app) as one:
        yield one


@pytest.fixture
def asks(server: Running) -> Asks:
    """Runs a verb against the server, as Ada unless said otherwise."""

    def ask(*arguments: str, by: str = ADA, desk: Desk | None = None) -> Ran:
        token = bearer(by).removeprefix("Bearer ")
        return ran(*arguments, "--url", server.url, "--token", token, desk=desk)

    return ask


def file_of(directory: Path, name: str, value: object) -> str:
    path = directory / name
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


def made(asks: Asks, tmp_path: Path, kind: str, name: str, spec: object, *more: str, by: str = ADA) -> str:
    """The id of a block that was made."""
    where = more or ("--project", "vision")
    spec_file = file_of(tmp_path, "spec.json", spec)
    found = asks("asset", "create", kind, name, *where, "--spec", spec_file, "--format", "json", by=by)
    assert (found.code, found.err) == (0, "")
    return str(json.loads(found.out)["meta"]["id"])


def masked(text: str) -> str:
    """The text with ids and instants, which are others each time, written in letters of the same length."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "I" * 36, text)
    return re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z", "TIME", text)


def test_blocks_are_made_listed_shown_and_removed(asks: Asks, tmp_path: Path) -> None:
    everywhere = ("--all-projects", "--description", "for all")
    environment = made(asks, tmp_path, "environment", "jupyter", SEED_ENVIRONMENT, *everywhere, by=ROOT_USER)
    made(asks, tmp_path, "environment", "日本", {"image": "ubuntu"})
    source = made(asks, tmp_path, "datasource/git", "frames", SEED_GIT)
    made(asks, tmp_path, "compute", "half", SEED_COMPUTE, "--department", "research", by="user:katherine@example.com")
    listed = [asks("asset", "list", kind).out for kind in ("environment", "compute", "datasource", "datasource/git")]
    assert masked("\n".join(listed)) == golden("asset_list.txt")
    assert masked(asks("asset", "show", "datasource", source).out) == golden("asset_show.txt")
    assert (
        asks("asset", "show", "datasource/git", source.upper()).out == asks("asset", "show", "datasource", source).out
    )
    assert asks("asset", "list", "environment", "--project", "nlp", by=ROOT_USER).out.count("\n") == 2
    for verb in ("show", "delete"):
        assert asks("asset", verb, "datasource", environment) == Ran(
            1, "", f"remit: there is no datasource `{environment}`, or none that you may see\n"
        )
    assert asks("asset", "delete", "datasource", source) == Ran(0, "the git is deleted\n", "")
    assert asks("asset", "list", "datasource").out == "ID  NAME  KIND  SCOPE  DESCRIPTION\n"
    assert asks("asset", "delete", "environment", environment).code == 1


def test_scripts_get_what_the_server_says(server: Running, asks: Asks, tmp_path: Path) -> None:
    id = made(asks, tmp_path, "environment", "größe", {"image": "ubuntu"})
    for path, verb in ((f"/{id}", ("show", "environment", id)), ("", ("list", "environment"))):
        answer = server.client.get(f"/api/v1/asset/environment{path}", headers={"authorization": bearer(ADA)})
        found = asks("asset", *verb, "--format", "json")
        assert (found.code, json.loads(found.out)) == (0, answer.json())
        assert list(json.loads(found.out)) == list(answer.json())
    assert json.loads(asks("asset", "delete", "environment", id, "--format", "json").out)["code"] == 202


def test_a_workspace_is_made_of_blocks(asks: Asks, tmp_path: Path) -> None:
    environment = made(asks, tmp_path, "environment", "jupyter", SEED_ENVIRONMENT)
    half = "@" + file_of(tmp_path, "half.json", {"meta": {"name": "half"}, "spec": SEED_COMPUTE})
    git = "@" + file_of(tmp_path, "git.json", GIT)
    blocks = ("--environment", environment, "--compute", half, "--data-source", git)
    found = asks("workspace", "create", "frames", "--project", "vision", *blocks)
    assert (found.code, found.err) == (0, "")
    id = found.out.splitlines()[1].split()[0]
    assert asks("workspace", "list").out == asks("workspace", "list", "--project", "vision").out == found.out
    text = found.out + "\n" + asks("workspace", "show", id).out
    assert masked(text) == golden("workspace.txt")
    manifest = asks("workspace", "manifest", id)
    assert manifest.code == 0 and "kind: StatefulSet" in manifest.out
    assert json.loads(asks("workspace", "manifest", id, "--format", "json").out) == manifest.out
    assert len(json.loads(asks("workspace", "show", id, "--format", "json").out)["assets"]) == 3
    assert asks("workspace", "create", "frames", "--project", "vision", "--environment", environment).code == 1
    assert asks("workspace", "delete", id) == Ran(0, "the workspace is deleted\n", "")
    assert asks("workspace", "show", id).code == 1
    assert json.loads(asks("workspace", "list", "--format", "json").out)["total"] == 0


def test_a_workspace_is_stopped_and_started(asks: Asks, tmp_path: Path) -> None:
    environment = made(asks, tmp_path, "environment", "jupyter", SEED_ENVIRONMENT)
    create = ("workspace", "create", "frames", "--project", "vision", "--environment", environment)
    id = asks(*create).out.splitlines()[1].split()[0]
    for verb, phase in (("suspend", "Stopped"), ("resume", "Running")):
        found = asks("workspace", verb, id)
        assert (found.code, found.err, found.out.splitlines()[1].split()[:2]) == (0, "", [id, "frames"])
        assert json.loads(asks("workspace", "show", id, "--format", "json").out)["desiredPhase"] == phase
        assert json.loads(asks("workspace", verb, id, "--format", "json").out)["desiredPhase"] == phase
        assert asks("workspace", verb, id, by=TIM).code == 1
        assert asks("workspace", verb, "0" * 8 + "-0000-4000-8000-" + "0" * 12).code == 1


UPDATED = {
    "environment": SEED_ENVIRONMENT, "compute": SEED_COMPUTE, "datasource/git": SEED_GIT,
    "datasource/nfs": FULL[Variant.NFS], "datasource/host-path": FULL[Variant.HOST_PATH],
    "datasource/pvc": FULL[Variant.PVC], "datasource/config-map": FULL[Variant.CONFIG_MAP],
    "datasource/s3": {"bucket": "frames", "path": "/frames"}, "credentials/password": FULL[Variant.PASSWORD],
    "credentials/access-key": FULL[Variant.ACCESS_KEY], "credentials/generic-secret": FULL[Variant.GENERIC_SECRET],
}  # fmt: skip


@pytest.mark.parametrize("kind", UPDATED)
def test_of_a_block_only_what_is_said_is_changed(asks: Asks, tmp_path: Path, kind: str) -> None:
    id = made(asks, tmp_path, kind, "one", UPDATED[kind], "--project", "vision", "--description", "first")
    show = ("asset", "show", kind, id, "--format", "json")
    before = json.loads(asks(*show).out)
    found = asks("asset", "update", kind.split("/")[0], id, "--name", "two")
    assert (found.code, found.err, found.out.splitlines()[1].split()[1]) == (0, "", "two")
    after = json.loads(asks(*show).out)
    assert (after["meta"]["name"], after["meta"]["updateCount"]) == ("two", 1)
    for name in ("name", "updateCount", "updatedAt", "updatedBy"):
        before["meta"].pop(name), after["meta"].pop(name)
    assert after == before
    told = json.loads(asks("asset", "update", kind, id, "--description", "", "--format", "json").out)
    assert "description" not in told["meta"] and told["meta"]["name"] == "two"
    assert asks("asset", "update", kind, id, "--name", "three", by=TIM).code == 1


def test_a_new_spec_is_whole_and_no_other_change_is_lost(asks: Asks, tmp_path: Path) -> None:
    id = made(asks, tmp_path, "environment", "one", SEED_ENVIRONMENT)
    spec = file_of(tmp_path, "new.json", {"image": "ubuntu:24.04"})
    update = ("asset", "update", "environment", id)
    assert json.loads(asks(*update, "--spec", spec, "--format", "json").out)["spec"] == {"image": "ubuntu:24.04"}
    assert asks(*update, "--spec", file_of(tmp_path, "bad.json", {"image": "UPPER CASE"})).code == 2

    class Slow(Desk):
        def ask(self, method: str, *given: Any) -> tuple[int, str]:
            if method == "PUT":
                assert asks(*update, "--name", "theirs").code == 0
            return super().ask(method, *given)

    late = asks(*update, "--spec", spec, "--name", "mine", desk=Slow(FILES))
    assert (late.code, late.out) == (1, "") and "version" in late.err
    assert json.loads(asks("asset", "show", "environment", id, "--format", "json").out)["meta"]["name"] == "theirs"
    assert asks(*update).code == 2


def test_waiting_for_a_phase(asks: Asks, tmp_path: Path) -> None:
    environment = made(asks, tmp_path, "environment", "jupyter", SEED_ENVIRONMENT)
    create = ("workspace", "create", "--project", "vision", "--environment", environment)
    there = asks(*create, "one", "--wait", "pending")
    assert there.code == 0 and there.err.endswith(" is made; waiting for Pending\n")
    desk = Desk(FILES)
    late = asks(*create, "two", "--wait", "Running", "--timeout", "3", "--format", "json", desk=desk)
    assert (late.code, desk.paused) == (7, 3)
    assert json.loads(late.out)["actualPhase"] == "Pending"
    assert late.err.endswith("remit: the workspace is `Pending` after 3 seconds, not `Running`\n")
    assert asks(*create, "three", "--wait", "soon").code == 2


def test_a_workspace_that_failed_is_not_waited_for() -> None:
    desk = Desk(FILES)
    said_so = {"workloadId": "w", "actualPhase": "Failed", "projects": [{"id": "1", "name": "vision"}]}
    desk.ask = lambda *_: (200, json.dumps(said_so))  # type: ignore[method-assign, assignment]
    create = ("workspace", "create", "w", "--project", "vision", "--environment", "e", "--wait", "Running")
    found = ran(*create, "--token", "t", desk=desk)
    assert (found.code, desk.paused) == (1, 0)
    assert found.err.endswith("remit: the workspace is `Failed`, not `Running`\n")


def test_progress_is_for_terminals_only(server: Running, asks: Asks, tmp_path: Path) -> None:
    environment = made(asks, tmp_path, "environment", "jupyter", SEED_ENVIRONMENT)
    create = [REMIT, "workspace", "create", "--project", "vision", "--environment", environment, "--url", server.url]
    wait, token = ["--wait", "Running", "--timeout", "1"], bearer(ADA).removeprefix("Bearer ")
    env = {**os.environ, "TERM": "xterm", "REMIT_TOKEN": token}
    ours, theirs = os.openpty()
    shown = subprocess.run([*create, *wait, "one"], env=env, stdout=-1, stderr=theirs, timeout=60, check=False)
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        assert b"Pending, waiting for Running" in terminal.read1(65_536)
    assert shown.returncode == 7 and b"\x1b" not in shown.stdout
    piped = subprocess.run([*create, *wait, "two"], env=env, capture_output=True, timeout=60, check=False)
    assert piped.returncode == 7 and len(piped.stderr.splitlines()) == 2 and b"\x1b" not in piped.stderr


def test_what_the_server_refuses(asks: Asks, tmp_path: Path) -> None:
    spec = file_of(tmp_path, "spec.json", {"image": "ubuntu"})
    bad = file_of(tmp_path, "bad.json", {"image": "UPPER CASE", "bogus": 1})
    create = ("asset", "create", "environment")
    denied = asks(*create, "x", "--all-projects", "--spec", spec)
    assert (denied.code, denied.out) == (1, "") and "environment:create" in denied.err
    assert asks(*create, "x", "--project", "vision", "--spec", spec).code == 0
    taken = asks(*create, "x", "--project", "vision", "--spec", spec)
    assert (taken.code, taken.out) == (1, "") and "already" in taken.err
    wrong = asks(*create, "y", "--project", "vision", "--spec", bad)
    assert (wrong.code, wrong.out, len(wrong.err.splitlines())) == (2, "", 3)
    assert "       `spec.bogus` " in wrong.err and "       `spec.image` " in wrong.err
    nowhere = asks(*create, "y", "--project", "nowhere", "--spec", spec)
    assert nowhere == Ran(1, "", "remit: there is no project `nowhere`, or none that you may see\n")
    blocks = ("--environment", "nothing", "--compute", "nothing-either")
    missing = asks("workspace", "create", "w", "--project", "vision", *blocks)
    assert (missing.code, missing.out, len(missing.err.splitlines())) == (1, "", 2)


def test_a_token_that_does_not_hold(server: Running) -> None:
    found = ran("workspace", "list", "--url", server.url, "--token", "not-a-token")
    assert (found.code, found.out) == (2, "")
    assert found.err.endswith("       `remit token user:ada@example.com` prints a new token for a server in `dev`\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("asset", "list", "gpu"), "remit: `gpu` is no kind of block; there are environment, compute, datasource"),
        (("asset", "show", "datasource"), "Missing argument 'ID'"),
        (("asset", "create", "datasource", "x", "--project", "p", "--spec", "-"), "say which: datasource/git,"),
        (("asset", "create", "compute", "x", "--spec", "-"), "one of --project, --department and --all-projects"),
        (("asset", "create", "compute", "x", "--project", "p", "--all-projects", "--spec", "-"), "one of --project"),
        (("asset", "create", "compute", "x", "--project", "p"), "Missing option '--spec'"),
        (("asset", "create", "compute", "x", "--all-projects", "--spec", "-"), "remit: `--spec -` is no JSON"),
        (("asset", "create", "compute", "x", "--all-projects", "--spec", "/nowhere"), "`/nowhere` cannot be read: No"),
        (("workspace", "create", "w", "--project", "p"), "Missing option '--environment'"),
        (("workspace", "create", "w", "--project", "p", "--environment", "@/nowhere"), "`/nowhere` cannot be read"),
        (("workspace", "create", "w", "--project", "p", "--environment", "e", "--wait", "x"), "'--wait'"),
        (("workspace", "list", "--url", "remit"), "remit: `remit` must begin with `https://` and name a host"),
        (("workspace", "list", "--url", "http://remit.example.com"), "`http://remit.example.com` is not encrypted"),
        (("workspace", "list", "--token", "a b"), "remit: the token must be a string of visible ASCII characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_without_a_server(arguments: tuple[str, ...], message: str) -> None:
    found = ran(*arguments, *(() if "--token" in arguments or "Missing" in message else ("--token", "t")))
    assert (found.code, found.out) == (2, "")
    assert message in found.err and "Traceback" not in found.err
    assert_plain(found)


def test_who_has_no_token_is_told_how_to_get_one() -> None:
    for verb in (("asset", "list", "compute"), ("workspace", "show", "x")):
        found = ran(*verb)
        assert (found.code, found.out) == (2, "")
        assert "REMIT_TOKEN" in found.err and "`remit token user:ada@example.com`" in found.err


def test_a_file_must_hold_an_object() -> None:
    desk = Desk(FILES)
    for desk.input in ("[]", '"x"', "1", "[" * 100_000):
        found = ran("asset", "create", "compute", "x", "--all-projects", "--spec", "-", "--token", "t", desk=desk)
        assert (found.code, found.out) == (2, "") and found.err.startswith("remit: `--spec -` ")


def test_nobody_listens() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    found = ran("workspace", "list", "--url", url, "--token", "t")
    due = f"remit: `{url}` is out of reach: nobody listens there; is `remit serve` running there?\n"
    assert found == Ran(7, "", due)


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Something that answers all requests alike, and whatever it is asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def said(status: int, message: str, details: str = "") -> bytes:
    return json.dumps({"code": status, "message": message, "details": details}, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 2), (401, 2), (403, 1), (404, 1), (409, 1), (412, 1), (413, 2), (422, 2), (429, 7), (500, 7), (503, 7)],
)
def test_every_status_has_its_exit_code(status: int, code: int) -> None:
    with answering(status, said(status, "so it is", "line one\nline two")) as (url, _):
        found = ran("workspace", "show", "x", "--url", url, "--token", "t")
    assert (found.code, found.out) == (code, "")
    assert found.err.startswith("remit: so it is\n       line one\n       line two\n")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000, b'{"message"'])
@pytest.mark.parametrize("status", [200, 302, 404, 502])
def test_what_is_not_remit_is_told_apart(status: int, body: bytes) -> None:
    with answering(status, body, location="/elsewhere") as (url, asked):
        for format in ("text", "json"):
            found = ran("workspace", "show", "x", "--url", url, "--token", "t", "--format", format)
            assert (found.code, found.out) == (7, "") and found.err.startswith("remit: ")
    assert asked == ["/api/v1/workloads/workspaces/x"] * 2, "and nobody is followed elsewhere"


def test_names_are_quoted_in_addresses() -> None:
    with answering(404, said(404, "no")) as (url, asked):
        ran("workspace", "show", "../a?b#c", "--url", url + "/remit/", "--token", "t")
        ran("asset", "list", "compute", "--project", "a&b=c", "--url", url, "--token", "t")
    assert asked == [
        "/remit/api/v1/workloads/workspaces/..%2Fa%3Fb%23c",
        "/api/v1/org-unit/projects?filterBy=name%3D%3Da%26b%3Dc",
    ]


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nothing_that_a_server_says_reaches_the_terminal_raw(text: str) -> None:
    meta = dict.fromkeys(("id", "name", "kind", "projectName", "description", "createdBy", "createdAt"), text)
    block = {"meta": meta, "spec": {text: [text]}}
    work = dict.fromkeys(("workloadId", "name", "projectName", "actualPhase", "desiredPhase", "createdBy"), text)
    work["assets"], work["spec"] = [text], {text: text}  # type: ignore[assignment]
    answer = {**block, **work, "entries": [block], "workloads": [work], "message": text, "total": 1}
    body = json.dumps(answer, ensure_ascii=False, indent=1).replace("\n", "\r\n\t").encode()
    verbs = [("asset", "list", "compute"), ("asset", "show", "compute", "x"), ("workspace", "list")]
    for status in (200, 404):
        with answering(status, body) as (url, _):
            for verb in (*verbs, ("workspace", "show", "x")):
                for format in ("text", "json"):
                    found = ran(*verb, "--url", url, "--token", "t", "--format", format)
                    assert found.code == (0 if status == 200 else 1)
                    assert_plain(found)
                    if status == 200 and format == "json":
                        assert json.loads(found.out) == answer


def test_a_manifest_is_handed_over_as_it_is_but_not_to_a_terminal() -> None:
    text = "a: \x1b[31mred\n---\nb: größe\n"
    with answering(200, text.encode()) as (url, _):
        arguments = ("workspace", "manifest", "x", "--url", url, "--token", "t")
        assert ran(*arguments) == Ran(0, text, "")
        ours, theirs = os.openpty()
        environment = {**os.environ, "TERM": "xterm"}
        subprocess.run([REMIT, *arguments], stdout=theirs, env=environment, timeout=60, check=True)
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        assert terminal.read1(4_096).decode() == "a: <U+001B>[31mred\r\n---\r\nb: größe\r\n"


def test_the_seed_as_a_shell_script(tmp_path: Path) -> None:
    assert golden("seed_workspace.sh").count("\n") < 10
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    shutil.copy(ROOT / "model.conf", tmp_path)
    port = free_port()
    with running(tmp_path, port):
        path = f"{REMIT.parent}:{os.environ['PATH']}"
        env = {"PATH": path, "REMIT_URL": f"http://127.0.0.1:{port}"}
        script = subprocess.run(
            ["bash", "-e", "-c", golden("seed_workspace.sh")],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (script.returncode, script.stderr) == (0, "")
        id = script.stdout.splitlines()[1].split()[0]
        token = really_ran("token", ADA, directory=tmp_path).out.strip()
        more = {"REMIT_URL": env["REMIT_URL"], "REMIT_TOKEN": token}
        manifest = really_ran("workspace", "manifest", id, directory=tmp_path, **more)
        assert manifest.code == 0
        for word in ("gpu-fraction", "200M", "tensorflow/tensorflow:2.8.0-gpu-jupyter", "frames.git"):
            assert word in manifest.out
