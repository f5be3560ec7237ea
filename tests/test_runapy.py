"""The published Python client, unmodified, against a real `remit serve`: it logs in with an API key and goes through
all that a workspace takes. No request here is written by hand.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runai import models
from runai.api_client import ApiClient
from runai.configuration import Configuration
from runai.exceptions import ApiException, BadRequestException, ConflictException, ForbiddenException, NotFoundException
from runai.runai_client import RunaiClient

from catalog_world import HERE
from commands import really_ran
from test_serve import free_port, running

PORTAL, STRANGER, REVIEW = "application:workspace-portal", "application:stranger", "application:review"
NOBODY = "00000000-0000-4000-8000-000000000000"
CLUSTER = "00000000-0000-0000-0000-000000000000"
HELD = f"g, {PORTAL}, editor, project:vision\ng, {STRANGER}, l1-researcher, project:nlp\ng, {REVIEW}, auditor, *\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A server over the shipped policy and two more access rules: its directory, and where it is."""
    directory = tmp_path_factory.mktemp("runapy")
    shutil.copytree(HERE / "policies", directory / "policies")
    shutil.copy(HERE / "model.conf", directory)
    with (directory / "policies" / "access_rules.csv").open("a") as lines:
        lines.write(HELD)
    port = free_port()
    with running(directory, port, REMIT_AUTH="keys"):
        yield directory, f"http://127.0.0.1:{port}"


def logged_in(server: tuple[Path, str], name: str, secret: str | None = None) -> RunaiClient:
    """The client of a service, with a new API key unless another `secret` is given."""
    if secret is None:
        made = really_ran("keys", "create", name, directory=server[0])
        assert made.code == 0, made.err
        secret = made.out.split()[-1]
    return RunaiClient(ApiClient(Configuration(client_id=name, client_secret=secret, runai_base_url=server[1])))


@pytest.fixture(scope="module")
def portal(server: tuple[Path, str]) -> Iterator[RunaiClient]:
    with logged_in(server, PORTAL) as client:
        yield client


@pytest.fixture(scope="module")
def stranger(server: tuple[Path, str]) -> Iterator[RunaiClient]:
    with logged_in(server, STRANGER) as client:
        yield client


def project_of(client: RunaiClient, name: str = "vision") -> dict[str, Any]:
    (found,) = client.organizations.projects.get_projects(filter_by=[f"name=={name}"]).data["projects"]
    return dict(found)


def meta(client: RunaiClient, name: str) -> dict[str, Any]:
    return {"name": name, "scope": "project", "projectId": int(project_of(client)["id"])}


COMPUTE = {"cpuCoreRequest": 1, "cpuMemoryRequest": "1G"}
S3 = {"bucket": "data", "path": "/s3", "url": "https://s3.example.com"}
HOST = {"path": "/mnt", "mountPath": "/host"}
NFS = {"server": "nfs.example.com", "path": "/x", "mountPath": "/nfs"}
GIT = {"repository": "https://example.com/a.git", "path": "/a"}
PVC = {"path": "/pvc", "existingPvc": True, "claimName": "scratch"}
USER = {"user": "robot", "password": "hunter2"}
CONFIG = {"configMap": "settings", "mountPath": "/etc/app"}
KEYS = {"accessKeyId": "AKIA", "secretAccessKey": "hunter2"}
PAIRS = {"keyValuePairs": [{"key": "token", "value": "hunter2"}]}
REGISTRY = {**USER, "url": "https://registry.example.com"}

# property, model, spec; then the names of its methods: create, list, and get, update and delete one
BLOCKS: list[tuple[str, str, dict[str, Any], str, str, str]] = [
    ("environment", "Environment", {"image": "a/b:1"}, "environment_asset", "environment_assets", "_by_id"),
    (
        "compute",
        "Compute",
        {"cpuCoreRequest": 1, "cpuMemoryRequest": "1G"},
        "compute_asset",
        "compute_assets",
        "_by_id",
    ),
    ("git", "Git", GIT, "git_asset", "git_assets", "_by_id"),
    ("pvc", "PVC", PVC, "pvc_asset", "pvc_assets", "_by_id"),
    ("nfs", "NFS", NFS, "nfs_asset", "nfs_assets", "_by_id"),
    ("s3", "S3", S3, "s3_asset", "s3_assets", "_by_id"),
    ("host_path", "HostPath", HOST, "host_path", "host_path_assets", "_by_id"),
    ("config_map", "ConfigMap", CONFIG, "config_map_asset", "config_map_assets", "_by_id"),
    ("credentials", "Password", USER, "password", "passwords", ""),
    ("credentials", "AccessKey", KEYS, "access_key", "access_keys", ""),
    ("credentials", "DockerRegistry", REGISTRY, "docker_registry", "docker_registries", ""),
    ("credentials", "GenericSecret", PAIRS, "generic_secret", "generic_secret", ""),
]


@pytest.mark.parametrize(("group", "model", "spec", "one", "many", "end"), BLOCKS, ids=[each[1] for each in BLOCKS])
def test_the_life_of_a_block(
    portal: RunaiClient, stranger: RunaiClient, group: str, model: str, spec: Any, one: str, many: str, end: str
) -> None:
    assets, others = (getattr(client.workload_assets, group) for client in (portal, stranger))
    request = getattr(models, f"{model}CreationRequest").from_dict({"meta": meta(portal, f"a-{one}"), "spec": spec})
    create = getattr(assets, f"create_{one}")
    made = create(request)
    assert made.status_code == 202
    id = made.data["meta"]["id"]
    assert "hunter2" not in str(made.data)
    with pytest.raises(ConflictException):
        create(request)
    with pytest.raises(ForbiddenException):
        getattr(others, f"create_{one}")(request)
    assert getattr(assets, f"get_{one}_by_id")(id).data == made.data
    for missing in (
        lambda: getattr(assets, f"get_{one}_by_id")(NOBODY),
        lambda: getattr(others, f"get_{one}_by_id")(id),
    ):
        with pytest.raises(NotFoundException):
            missing()
    listed = getattr(assets, f"list_{many}")(project_id=meta(portal, "")["projectId"], name=f"a-{one}").data
    assert listed == {"entries": [made.data]}
    changed = {"meta": {"name": f"b-{one}", "description": "new"}, "spec": spec}
    update = getattr(models, f"{model}UpdateRequest").from_dict(changed)
    answer = getattr(assets, f"update_{one}{end}")(id, update)
    assert (answer.status_code, answer.data["meta"]["description"]) == (202, "new")
    with pytest.raises(NotFoundException):
        getattr(others, f"update_{one}{end}")(id, update)
    assert getattr(assets, f"delete_{one}{end}")(id).status_code == 202
    with pytest.raises(NotFoundException):
        getattr(assets, f"get_{one}_by_id")(id)


def test_a_secret_as_a_volume_and_the_lists_of_a_kind(portal: RunaiClient) -> None:
    assets, here = portal.workload_assets, meta(portal, "for-volume")
    secret = models.GenericSecretCreationRequest.from_dict({"meta": here, "spec": PAIRS})
    credentials = assets.credentials.create_generic_secret(secret).data["meta"]["id"]
    spec = {"credentialAssetId": credentials, "mountPath": "/keys"}
    request = models.SecretAssetCreationRequest.from_dict({"meta": meta(portal, "volume"), "spec": spec})
    id = assets.secret.create_secret_asset(request).data["meta"]["id"]
    assert assets.secret.get_secret_asset_by_id(id).data["spec"]["credentialAssetId"] == credentials
    assert [entry["meta"]["id"] for entry in assets.datasources.list_datasource_assets().data["entries"]] == [id]
    assert credentials in [
        entry["meta"]["id"] for entry in assets.credentials.list_credentials_assets().data["entries"]
    ]
    assert assets.secret.delete_secret_asset_by_id(id).status_code == 202


def test_the_life_of_a_workspace(portal: RunaiClient, stranger: RunaiClient) -> None:
    workspaces = portal.workloads.workspaces
    body = {
        "name": "ws1",
        "projectId": project_of(portal)["id"],
        "clusterId": CLUSTER,
        "spec": {"image": "registry.example.com/a:1", "compute": {"cpuCoreRequest": 1, "cpuMemoryRequest": "1G"}},
    }
    request = models.WorkspaceCreationRequest.from_dict(body)
    made = workspaces.create_workspace1(request)
    assert (made.status_code, made.data["name"], made.data["desiredPhase"]) == (202, "ws1", "Running")
    with pytest.raises(ConflictException):
        workspaces.create_workspace1(request)
    with pytest.raises(ForbiddenException):
        stranger.workloads.workspaces.create_workspace1(request)
    id = made.data["workloadId"]
    assert workspaces.get_workspace(id).data["spec"] == made.data["spec"]
    assert [one["workloadId"] for one in portal.workloads.workloads.get_workloads().data["workloads"]] == [id]
    assert stranger.workloads.workloads.get_workloads().data["workloads"] == []
    assert workspaces.suspend_workspace(id).data["desiredPhase"] == "Stopped"
    assert workspaces.resume_workspace(id).data["desiredPhase"] == "Running"
    with pytest.raises(NotFoundException):
        stranger.workloads.workspaces.suspend_workspace(id)
    assert workspaces.delete_workspace(id).status_code == 202
    with pytest.raises(NotFoundException):
        workspaces.get_workspace(id)


def test_a_workspace_of_blocks(portal: RunaiClient) -> None:
    """The client has no model for it, and passes a plain object on as it is."""
    spec = {"assets": {"environment": {"meta": {"name": "on-the-fly"}, "spec": {"image": "a/b:1"}}}}
    body = {"name": "ws2", "projectId": project_of(portal)["id"], "clusterId": CLUSTER, "spec": spec}
    made = portal.workloads.workspaces.create_workspace1(body)
    assert (made.status_code, made.data["spec"]["image"]) == (202, "a/b:1")


def test_where_the_caller_itself_reaches(portal: RunaiClient) -> None:
    authorization, vision = portal.authentication_and_authorization, project_of(portal)["id"]
    mine = authorization.me.get_me_access_rules().data["accessRules"]
    held = [(each["subjectId"], each["subjectType"], each["roleName"], each["scopeId"]) for each in mine]
    assert held == [("workspace-portal", "app", "editor", vision)]
    for kind in ("environments", "git-assets", "compute-resources", "credentials", "workspaces", "inferences"):
        request = models.GetPermittedScopesRequest.from_dict({"resourceType": kind, "action": "create"})
        found = authorization.permissions.get_permitted_scopes(request).data
        assert found["create"]["projects"] == [vision], kind


def test_the_policy_is_shown_to_who_may_read_it(server: tuple[Path, str], portal: RunaiClient) -> None:
    with logged_in(server, REVIEW) as review:
        authorization = review.authentication_and_authorization
        assert "editor" in [role["name"] for role in authorization.roles.get_roles_v1().data]
        kinds = [entry["resourceType"] for entry in authorization.permissions.get_permissions().data]
        assert {"environment", "credentials", "workload"} <= set(kinds)
        held = authorization.access_rules.get_access_rules(limit=500).data["accessRules"]
        assert ("workspace-portal", "editor") in [(each["subjectId"], each["roleName"]) for each in held]
    refused = portal.authentication_and_authorization
    for ask in (refused.roles.get_roles_v1, refused.permissions.get_permissions, refused.access_rules.get_access_rules):
        with pytest.raises(ForbiddenException):
            ask()


def test_a_request_that_makes_no_sense_is_told_so(portal: RunaiClient) -> None:
    with pytest.raises(BadRequestException):
        portal.workload_assets.environment.list_environment_assets(include_descendants=True)
    with pytest.raises(ApiException):
        portal.workload_assets.environment.create_environment_asset({"meta": {}, "spec": {}})


def test_a_key_that_does_not_hold_opens_nothing(server: tuple[Path, str]) -> None:
    with pytest.raises(ValueError), logged_in(server, PORTAL, "nonsense") as client:
        project_of(client)
