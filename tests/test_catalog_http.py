"""The catalog over HTTP, under the shipped policy: what is answered, what is refused, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_world import (
    ADA,
    ASSET,
    CANARY,
    COMPUTE,
    ENVIRONMENT,
    GIT,
    GRACE,
    HEARD,
    HEDY,
    JOAN,
    SPECS,
    WORKSPACES,
    World,
    world,
)
from remit.core.blocks import _REFERENCES
from remit.web.shapes.flat import FlatSpec
from test_shapes_refused import fields_of

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def it(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_is_told_of_secrets() -> Iterator[None]:
    """Whatever a test of this module asked: no body, no header and no line of a log held a secret."""
    HEARD.clear()
    yield
    assert HEARD, "nothing was heard, so nothing was looked at"
    assert not [text for text in HEARD if CANARY in text]


def git(name: str = "new", **more: Any) -> dict[str, Any]:
    return {"kind": "git", "meta": {"name": name}, "spec": {**GIT, **more}}


@pytest.mark.parametrize("sort", SPECS)
def test_a_block_is_made_read_changed_and_removed(it: World, sort: str) -> None:
    made = it.put_in(sort)
    assert (made.status_code, made.headers["etag"]) == (202, '"1"')
    id, body = made.json()["meta"]["id"], made.json()
    assert {"password", "secretAccessKey", "value"}.isdisjoint(body["spec"])
    one = it.ask("GET", f"{ASSET}/{sort}/{id}")
    assert (one.status_code, one.json(), one.headers["etag"]) == (200, body, '"1"')
    listed = it.ask("GET", f"{ASSET}/{sort}")
    assert (listed.status_code, listed.json()) == (200, {"entries": [body]})
    changed = it.ask("PUT", f"{ASSET}/{sort}/{id}", {"meta": {"name": "two"}, "spec": SPECS[sort]})
    assert (changed.status_code, changed.headers["etag"]) == (202, '"2"')
    assert (changed.json()["meta"]["name"], changed.json()["meta"]["updatedBy"]) == ("two", ADA)
    gone = it.ask("DELETE", f"{ASSET}/{sort}/{id}")
    assert (gone.status_code, gone.json()["code"]) == (202, 202)
    assert it.ask("GET", f"{ASSET}/{sort}/{id}").status_code == 404
    assert it.names(sort) == []


def test_errors_have_one_shape_and_name_what_is_wrong(it: World) -> None:
    body = {"meta": {"name": "x", "scope": "tenant", "colour": 1}, "spec": {**ENVIRONMENT, "sort": 2}}
    answer = it.ask("POST", f"{ASSET}/environment", body, GRACE)
    assert (answer.status_code, answer.json()["code"], set(answer.json())) == (400, 400, {"code", "message", "details"})
    assert "`meta.colour`" in answer.json()["details"] and "`spec.sort`" in answer.json()["details"]
    assert it.ask("GET", f"{ASSET}/environment/{NOBODY}?colour=red").status_code == 400
    answer = it.ask("GET", f"{ASSET}/environment?colour=red")
    assert (answer.status_code, answer.json()["message"]) == (
        400, "the query parameter `colour` is not supported here",
    )  # fmt: skip
    assert it.ask("POST", f"{ASSET}/environment").status_code == 400
    refused = it.put_in("environment", project="nlp", by=ADA)
    assert (refused.status_code, set(refused.json())) == (403, {"code", "message", "details"})
    assert "lacks `environment:create` in `project " in refused.json()["message"]
    assert it.running.client.get(f"{ASSET}/environment", headers={"authorization": ""}).status_code == 401


def test_a_change_may_say_which_version_it_is_for(it: World) -> None:
    path = f"{ASSET}/environment/{it.made('environment')}"
    body = {"meta": {"name": "two"}, "spec": ENVIRONMENT}
    assert it.ask("PUT", path, body, if_match='"2"').status_code == 412
    for nonsense in ("1", 'W/"1"', '"x"', '"-1"'):
        assert it.ask("PUT", path, body, if_match=nonsense).status_code == 400
    assert it.ask("PUT", path, body, if_match='"1"').status_code == 202
    assert it.ask("PUT", path, body, if_match="*").status_code == 202
    assert it.ask("DELETE", path, if_match='"1"').status_code == 412
    assert it.ask("DELETE", path, if_match='"3"').status_code == 202


def test_a_name_is_taken_once_for_a_kind_in_a_scope(it: World) -> None:
    it.made("datasource/git")
    assert it.put_in("datasource/git").status_code == 409
    taken = it.put_in("datasource/nfs")
    assert (taken.status_code, taken.json()["code"]) == (409, 409)
    it.made("environment")
    it.made("datasource/git", project="nlp")
    it.made("datasource/git", project=None)
    two = it.made("datasource/nfs", "two")
    body = {"meta": {"name": "one"}, "spec": SPECS["datasource/nfs"]}
    assert it.ask("PUT", f"{ASSET}/datasource/nfs/{two}", body).status_code == 409


def test_a_block_stays_where_it_is(it: World) -> None:
    id = it.made("environment")
    for field, value in (("scope", "tenant"), ("projectId", 2), ("departmentId", "1")):
        body = {"meta": {"name": "one", field: value}, "spec": ENVIRONMENT}
        answer = it.ask("PUT", f"{ASSET}/environment/{id}", body, GRACE)
        assert (answer.status_code, f"`meta.{field}`" in answer.json()["details"]) == (400, True)


@pytest.mark.parametrize("who", [JOAN, HEDY])
def test_who_may_use_but_not_view_picks_from_a_list(it: World, who: str) -> None:
    id, vision = it.made("environment", "here"), it.number("vision")
    it.made("environment", "elsewhere", "nlp")
    listed = it.ask("GET", f"{ASSET}/environment?projectId={vision}", by=who).json()["entries"]
    assert listed == [{"meta": {"id": id, "name": "here", "kind": "environment"}}]
    answer = it.ask("GET", f"{ASSET}/environment/{id}", by=who)
    missing = it.ask("GET", f"{ASSET}/environment/{NOBODY}", by=who)
    assert (answer.status_code, missing.status_code) == (404, 404)
    assert answer.text.replace(id, NOBODY) == missing.text


def test_credentials_out_of_reach_read_like_none(it: World) -> None:
    away, vision = it.made("credentials/password", project="nlp"), it.number("vision")
    said = []
    for id in (away, NOBODY):
        body = {
            "meta": {"name": "x", "scope": "project", "projectId": vision},
            "spec": {**GIT, "credentialId": id},
        }
        said.append(it.ask("POST", f"{ASSET}/datasource/git", body))
    assert [answer.status_code for answer in said] == [404, 404]
    assert said[0].text.replace(away, NOBODY) == said[1].text
    assert it.names("datasource") == []


def positions(id: str, environment: str) -> dict[str, tuple[Any, Any]]:
    """The blocks of a workspace and what is specific to it, with credentials at every position."""
    variables = [{"name": "A", "credential": {"assetId": id, "key": "password"}}]
    own = {"meta": {"name": "own"}, "spec": {**ENVIRONMENT, "environmentVariables": variables}}
    s3 = {"kind": "s3", "meta": {"name": "s3"}, "spec": {"bucket": "bucket", "path": "/s3", "accessKeyAssetId": id}}
    volume = {"kind": "secret-volume", "meta": {"name": "v"}, "spec": {"credentialAssetId": id, "mountPath": "/v"}}
    return {
        "listed": ({"environment": environment, "credentials": [id]}, None),
        "variable": ({"environment": environment}, {"environmentVariables": variables}),
        "environment on the fly": ({"environment": own}, None),
        "git on the fly": ({"environment": environment, "datasources": [git(credentialId=id)]}, None),
        "s3 on the fly": ({"environment": environment, "datasources": [s3]}, None),
        "secret on the fly": ({"environment": environment, "datasources": [volume]}, None),
    }


def test_credentials_of_another_project_are_refused_at_every_position(it: World) -> None:
    away, environment = it.made("credentials/password", project="nlp"), it.made("environment")
    for where in positions("", ""):
        said = [it.submit("w", *_split(positions(id, environment)[where])) for id in (away, NOBODY)]
        assert [answer.status_code for answer in said] == [404, 404], (where, said[0].text)
        assert said[0].text.replace(away, NOBODY) == said[1].text
    assert it.ask("GET", WORKSPACES).json()["total"] == 0
    assert (it.names("environment"), it.names("datasource")) == (["one"], [])


def _split(parts: tuple[Any, Any]) -> tuple[Any, str, Any]:
    return parts[0], ADA, parts[1]


def test_credentials_of_another_project_are_refused_at_every_position_of_a_flat_spec(it: World) -> None:
    away, number = it.made("credentials/password", project="nlp"), str(it.number("vision"))
    positions = {
        "environmentVariables.credential.assetId": lambda id: {
            "environmentVariables": [{"name": "A", "credential": {"assetId": id, "key": "password"}}]
        },
        "storage.git.credentialId": lambda id: {"storage": {"git": [{**GIT, "credentialId": id}]}},
        "storage.git.passwordAssetId": lambda id: {"storage": {"git": [{**GIT, "passwordAssetId": id}]}},
        "storage.s3.accessKeyAssetId": lambda id: {
            "storage": {"s3": [{"bucket": "bucket", "path": "/s3", "accessKeyAssetId": id}]}
        },
        "storage.secretVolume.credentialAssetId": lambda id: {
            "storage": {"secretVolume": [{"credentialAssetId": id, "mountPath": "/v"}]}
        },
    }
    named = {path for path in fields_of(FlatSpec) if path.rpartition(".")[2] in (*_REFERENCES, "assetId")}
    assert positions.keys() == named, "a field that names credentials and is not tried"
    for where, of in positions.items():
        said = []
        for id in (away, NOBODY):
            body = {"name": "w", "projectId": number, "spec": {"image": "ubuntu", **of(id)}}
            said.append(it.ask("POST", WORKSPACES, body))
        assert [answer.status_code for answer in said] == [404, 404], (where, said[0].text)
        assert said[0].text.replace(away, NOBODY) == said[1].text
    assert it.ask("GET", WORKSPACES).json()["total"] == 0


def test_blocks_of_another_project_are_refused_like_none(it: World) -> None:
    environment, away = it.made("environment"), it.made("environment", project="nlp")
    compute = it.made("compute", project="nlp")
    places = [(away, {"environment": away}), (compute, {"environment": environment, "compute": compute})]
    for sort in SPECS:
        if sort.startswith("datasource/"):
            found = it.put_in(sort, sort.rpartition("/")[2], "nlp", GRACE).json()["meta"]
            source = {"id": found["id"], "kind": found["kind"]}
            places.append((found["id"], {"environment": environment, "datasources": [source]}))
    assert len(places) == 5
    for id, assets in places:
        other = yaml.safe_load(yaml.safe_dump(assets).replace(id, NOBODY))
        said = it.submit("w", assets), it.submit("w", other)
        assert [answer.status_code for answer in said] == [404, 404], said[0].text
        assert said[0].text.replace(id, NOBODY) == said[1].text
    assert it.ask("GET", WORKSPACES).json()["total"] == 0


def test_a_workspace_in_a_project_that_nobody_knows_reads_like_one_in_a_foreign_one(it: World) -> None:
    said = []
    for number in (str(it.number("nlp")), "999"):
        body = {"name": "w", "projectId": number, "spec": {"assets": {"environment": NOBODY}}}
        said.append(it.ask("POST", WORKSPACES, body).text.replace(f"`project {number}`", "`project N`"))
    assert said[0] == said[1] and "N" in said[0]


def test_a_block_that_is_not_what_its_caller_says_reads_like_none(it: World) -> None:
    environment, data = it.made("environment"), it.made("datasource/git")
    said = [
        it.submit("w", {"environment": environment, "datasources": [{"id": id, "kind": "nfs"}]})
        for id in (data, NOBODY)
    ]
    assert [answer.status_code for answer in said] == [404, 404]
    assert said[0].json()["message"].replace(data, NOBODY) == said[1].json()["message"]
    assert said[0].text.replace(data, NOBODY) == said[1].text
    fine = it.submit("w", {"environment": environment, "datasources": [{"id": data, "kind": "git"}]})
    assert fine.status_code == 202, fine.text


def test_what_a_workspace_is_made_of_cannot_be_taken_away(it: World) -> None:
    ids = {sort: it.made(sort) for sort in ("environment", "compute", "credentials/password")}
    assets = {
        "environment": ids["environment"],
        "compute": ids["compute"],
        "credentials": [ids["credentials/password"]],
    }
    workspace = it.submit("w", assets).json()["workloadId"]
    answers = {sort: it.ask("DELETE", f"{ASSET}/{sort}/{id}").status_code for sort, id in ids.items()}
    assert answers == {"environment": 202, "compute": 409, "credentials/password": 409}
    assert it.ask("DELETE", f"{WORKSPACES}/{workspace}").status_code == 202
    for sort in ("compute", "credentials/password"):
        assert it.ask("DELETE", f"{ASSET}/{sort}/{ids[sort]}").status_code == 202


def test_later_edits_leave_a_workspace_as_it_is(it: World) -> None:
    id = it.made("environment", connections=[_connection("Jupyter", 8888)])
    before = it.submit("w", {"environment": id}).json()
    body = {"meta": {"name": "other"}, "spec": {"image": "registry.example.com/other:2"}}
    assert it.ask("PUT", f"{ASSET}/environment/{id}", body).status_code == 202
    assert it.ask("GET", f"{WORKSPACES}/{before['workloadId']}").json()["spec"] == before["spec"]


def _connection(name: str, port: int) -> dict[str, Any]:
    tool = {"toolType": "custom", "connectionType": "ExternalUrl", "containerPort": port}
    return {"name": name, "internalToolInfo": tool}


def test_a_workspace_adds_to_the_connections_of_its_environment(it: World) -> None:
    id = it.made("environment", connections=[_connection("Jupyter", 8888), _connection("Board", 6006)])
    own = {"connections": [{"name": "Board", "authorizedUsers": ["ada@example.com"]}]}
    made = it.submit("w", {"environment": id}, specific=own)
    assert made.status_code == 202, made.text
    jupyter, board = made.json()["spec"]["connections"]
    assert (jupyter["name"], board["name"], board["authorizedUsers"]) == ("Jupyter", "Board", ["ada@example.com"])
    assert board["internalToolInfo"]["containerPort"] == 6006
    wrong = it.submit("v", {"environment": id}, specific={"connections": [{"name": "None"}]})
    assert (wrong.status_code, wrong.json()["message"]) == (400, "the environment has no connection `None`")


def test_blocks_on_the_fly_are_made_with_their_workspace_or_not_at_all(it: World) -> None:
    own = {"meta": {"name": "own"}, "spec": ENVIRONMENT}
    compute = {"meta": {"name": "own"}, "spec": COMPUTE}
    it.made("datasource/git", "taken")
    assets = {"environment": own, "compute": compute, "datasources": [git("new"), git("taken", path="/b")]}
    assert it.submit("w", assets).status_code == 409
    assert (it.names("environment"), it.names("compute"), it.names("datasource")) == ([], [], ["taken"])
    assets["datasources"] = [git("new")]
    assert it.submit("w", assets).status_code == 202
    assert (it.names("environment"), it.names("compute"), it.names("datasource")) == (
        ["own"],
        ["own"],
        ["new", "taken"],
    )
    again = {"environment": {"meta": {"name": "another"}, "spec": ENVIRONMENT}}
    assert it.submit("w", again).status_code == 409  # the workspace's own name is taken
    assert it.names("environment") == ["own"]


def test_a_workspace_is_stopped_started_shown_and_removed(it: World) -> None:
    made = it.submit("w", {"environment": it.made("environment")}, by=JOAN)
    assert made.status_code == 202, made.text
    path = f"{WORKSPACES}/{made.json()['workloadId']}"
    stopped, resumed = it.ask("POST", f"{path}/suspend"), it.ask("POST", f"{path}/resume")
    assert (stopped.status_code, stopped.json()["desiredPhase"]) == (202, "Stopped")
    assert (resumed.status_code, resumed.json()["desiredPhase"]) == (202, "Running")
    manifest = it.ask("GET", f"{path}/manifest")
    assert (manifest.status_code, manifest.headers["content-type"].split(";")[0]) == (200, "application/yaml")
    assert "StatefulSet" in {each["kind"] for each in yaml.safe_load_all(manifest.text)}
    assert [each["name"] for each in it.ask("GET", "/api/v1/workloads").json()["workloads"]] == ["w"]
    assert it.ask("DELETE", path).status_code == 202
    assert it.ask("GET", path).status_code == 404


def test_a_secret_that_the_cluster_holds_already_is_named_as_it_was_when_the_workspace_was_made(it: World) -> None:
    path = f"{ASSET}/credentials/password"
    meta = {"name": "p", "scope": "project", "projectId": it.number("vision")}
    refused = it.ask("POST", path, {"meta": meta, "spec": {"existingSecretName": "remit-theirs"}})
    assert (refused.status_code, "`spec.existingSecretName`" in refused.json()["details"]) == (400, True)
    made = it.ask("POST", path, {"meta": meta, "spec": {"existingSecretName": "git-login"}})
    assert made.status_code == 202, made.text
    id = made.json()["meta"]["id"]
    built = it.submit("w", {"environment": it.made("environment"), "datasources": [git(credentialId=id)]})
    assert built.status_code == 202, built.text
    assert built.json()["spec"]["existingSecrets"] == {id: "git-login"}
    room = f"{WORKSPACES}/{built.json()['workloadId']}"
    manifest = it.ask("GET", f"{room}/manifest").text
    assert "secretName: git-login" in manifest and "name: git-login" in manifest and f"remit-{id}" not in manifest
    other = {"meta": {"name": "p"}, "spec": {"existingSecretName": "another"}}
    assert it.ask("PUT", f"{path}/{id}", other).status_code == 202
    assert it.ask("GET", f"{room}/manifest").text == manifest, "frozen"


def test_nobody_says_which_secret_holds_a_credential_of_others(it: World) -> None:
    sent, number = {"existingSecrets": {NOBODY: "theirs"}}, str(it.number("vision"))
    flat = {"name": "v", "projectId": number, "spec": {"image": "ubuntu", **sent}}
    chosen = it.submit("w", {"environment": it.made("environment")}, specific=sent)
    for answer in (chosen, it.ask("POST", WORKSPACES, flat)):
        assert (answer.status_code, "existingSecrets" in answer.text) == (400, True), answer.text


def test_the_path_of_a_volume_alone_is_changed(it: World) -> None:
    path = f"{ASSET}/datasource/pvc/{it.made('datasource/pvc')}"
    before = it.ask("GET", path).json()["spec"]
    changed = it.ask("PUT", path, {"meta": {"name": "one"}, "spec": {"path": "/elsewhere"}})
    assert (changed.status_code, changed.json()["spec"]) == (202, {**before, "path": "/elsewhere"})


def test_what_a_block_is_for_outlives_a_change_and_is_no_part_of_a_workspace(it: World) -> None:
    supported = {"workspace": True, "training": False}
    meta = {"name": "x", "scope": "tenant", "workloadSupportedTypes": supported}
    made = it.ask("POST", f"{ASSET}/environment", {"meta": meta, "spec": ENVIRONMENT}, GRACE)
    assert made.status_code == 202, made.text
    id, said = made.json()["meta"]["id"], made.json()["meta"]["workloadSupportedTypes"]
    changed = it.ask("PUT", f"{ASSET}/environment/{id}", {"meta": {"name": "y"}, "spec": ENVIRONMENT}, GRACE)
    assert changed.json()["meta"]["workloadSupportedTypes"] == said
    assert "workloadSupportedTypes" not in it.submit("w", {"environment": id}).json()["spec"]


def test_lists_are_sorted_searched_and_cut(it: World) -> None:
    for name in ("b", "a", "Cat"):
        it.made("environment", name)
    assert it.names("environment?sortBy=name&sortOrder=desc&limit=2")[1:] in (["a"], ["b"])
    assert it.names("environment?sortBy=createdAt") == ["b", "a", "Cat"]
    assert it.names("environment?sortBy=createdAt&limit=1&offset=1") == ["a"]
    assert it.names("environment?search=CA") == ["Cat"]
    assert it.names("environment?name=a") == ["a"]
    for wrong in ("limit=0", "limit=501", "offset=-1", "sortBy=x", "sortOrder=x", "limit=1&limit=2", "filterBy=x==y"):
        assert it.ask("GET", f"{ASSET}/environment?{wrong}").status_code == 400


def test_a_project_that_nobody_knows_reads_like_a_foreign_one(it: World) -> None:
    foreign = it.number("nlp")
    lists = [it.ask("GET", f"{ASSET}/environment?projectId={number}") for number in (foreign, 999)]
    assert [(one.status_code, one.json()) for one in lists] == [(200, {"entries": []})] * 2
    meta = {"name": "x", "scope": "project"}
    made = [
        it.ask("POST", f"{ASSET}/environment", {"meta": {**meta, "projectId": number}, "spec": ENVIRONMENT})
        for number in (foreign, 999)
    ]
    assert [one.status_code for one in made] == [403, 403]
    assert made[0].text.replace(f"project {foreign}", "project 999") == made[1].text


def test_a_request_takes_a_few_statements_however_much_there_is(it: World) -> None:
    environment, data, vision = it.made("environment"), [it.made("datasource/git", "d0")], it.number("vision")
    costs: dict[str, set[int]] = {}

    def cost(what: str, method: str, path: str, body: Any = None) -> None:
        answer = it.ask(method, path, body)
        assert answer.status_code < 300, answer.text
        costs.setdefault(what, set()).add(len(it.statements))

    for size in (1, 10):
        while len(data) < size:
            data.append(it.made("datasource/git", f"d{len(data)}"))
        cost("list", "GET", f"{ASSET}/datasource?projectId={vision}")
        cost("get", "GET", f"{ASSET}/environment/{environment}")
        meta = {"name": f"e{size}", "scope": "project", "projectId": vision}
        cost("create", "POST", f"{ASSET}/environment", {"meta": meta, "spec": ENVIRONMENT})
        sources = [{"id": id, "kind": "git", "overrides": {"containerPath": f"/{id}"}} for id in data]
        spec = {"assets": {"environment": environment, "datasources": sources}}
        cost("submit", "POST", WORKSPACES, {"name": f"w{size}", "projectId": vision, "spec": spec})
        cost("workspaces", "GET", WORKSPACES)
        new = [
            {"kind": "git", "meta": {"name": f"i{size}-{n}"}, "spec": {**GIT, "path": f"/i{n}"}} for n in range(size)
        ]
        spec = {"assets": {"environment": {"meta": {"name": f"i{size}"}, "spec": ENVIRONMENT}, "datasources": new}}
        cost("on the fly", "POST", WORKSPACES, {"name": f"i{size}", "projectId": vision, "spec": spec})
    assert costs == {
        "list": {3}, "get": {2}, "create": {3}, "submit": {5}, "workspaces": {3}, "on the fly": {5},
    }  # fmt: skip
