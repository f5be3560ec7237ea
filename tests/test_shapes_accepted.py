"""Proves what is accepted and what is kept of it: the seed's example, full blocks, heads and updates."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remit.core.blocks import Variant
from remit.web.shapes import FieldsInvalid, Home, Level, read_asset, read_update
from shapes_corpus import FULL, META, MORE, SECRETS, SEED_COMPUTE, SEED_ENVIRONMENT, SEED_GIT, UUID

V = Variant
HAVE_SECRETS = (V.ACCESS_KEY, V.DOCKER_REGISTRY, V.PASSWORD, V.GENERIC_SECRET)
SORTS = ("workspace", "training", "inference", "distributed")
PLAIN = sorted(set(V) - set(HAVE_SECRETS))


def told(variant: Variant, spec: Any) -> Any:
    return read_asset(variant, {"meta": META, "spec": spec}).spec


def meta_faults(meta: Any) -> dict[str, str]:
    with pytest.raises(FieldsInvalid) as caught:
        read_asset(V.GIT, {"meta": meta, "spec": SEED_GIT})
    return dict(caught.value.faults)


def without_client_fields(value: Any) -> Any:
    if isinstance(value, list):
        return [without_client_fields(item) for item in value]
    if isinstance(value, dict):
        return {name: without_client_fields(item) for name, item in value.items() if name != "exclude"}
    return value


def test_the_example_of_the_seed_is_accepted() -> None:
    environment, compute, git = (
        told(variant, spec)
        for variant, spec in ((V.ENVIRONMENT, SEED_ENVIRONMENT), (V.COMPUTE, SEED_COMPUTE), (V.GIT, SEED_GIT))
    )
    assert [each["name"] for each in environment["connections"]] == ["Jupyter", "TensorBoard"]
    assert compute == SEED_COMPUTE | {"cpuMemoryRequest": "200M"}
    assert git == SEED_GIT


@pytest.mark.parametrize("variant", PLAIN)
def test_a_full_spec_is_kept_as_it_is_with_the_published_defaults(variant: Variant) -> None:
    kept = told(variant, FULL[variant])
    for connection in kept.get("connections", ()):
        if "isExternal" not in FULL[variant]["connections"][kept["connections"].index(connection)]:
            assert connection.pop("isExternal") is False
    assert kept == without_client_fields(FULL[variant])


@pytest.mark.parametrize(("variant", "spec"), [*MORE, *FULL.items()])
def test_a_kept_spec_is_json_and_read_again_stays_the_same(variant: Variant, spec: dict[str, Any]) -> None:
    body = read_asset(variant, {"meta": META, "spec": spec})
    assert json.loads(json.dumps(body.spec)) == body.spec
    if variant not in HAVE_SECRETS:
        assert told(variant, body.spec) == body.spec
        assert not body.secret


def test_defaults_are_the_published_ones() -> None:
    assert told(V.NFS, {"server": "a", "path": "/a", "mountPath": "/b"})["readOnly"] is True
    assert told(V.HOST_PATH, {"path": "/a", "mountPath": "/b"})["readOnly"] is True
    claim = told(V.PVC, {"path": "/a", "claimInfo": {"size": "1G", "accessModes": {"readOnlyMany": True}}})
    assert claim == {
        "path": "/a",
        "existingPvc": False,
        "readOnly": False,
        "ephemeral": False,
        "claimInfo": {
            "size": "1G",
            "accessModes": {"readWriteOnce": True, "readOnlyMany": True, "readWriteMany": False},
        },
    }


def test_what_can_be_written_in_several_ways_is_kept_in_one() -> None:
    git = {"repository": "git@a.b:c", "path": "//a/./b//", "passwordAssetId": UUID.upper()}
    assert told(V.GIT, git) == {"repository": "git@a.b:c", "path": "/a/b", "credentialId": UUID}
    compute = {"gpuDevicesRequest": 1, "gpuRequestType": "portion", "gpuPortionRequest": 1.0, "cpuCoreRequest": 2.50}
    kept = told(V.COMPUTE, compute)
    assert kept == {"gpuDevicesRequest": 1, "gpuRequestType": "portion", "gpuPortionRequest": 1, "cpuCoreRequest": 2.5}
    assert type(kept["gpuPortionRequest"]) is int


def test_null_says_that_something_is_left_out() -> None:
    body = {"meta": META | {"description": None, "clusterId": None}, "spec": SEED_GIT | {"revision": None}}
    assert read_asset(V.GIT, body) == read_asset(V.GIT, {"meta": META, "spec": SEED_GIT})
    assert told(V.NFS, {"server": "a", "path": "/a", "mountPath": "/b", "readOnly": None})["readOnly"] is True


@pytest.mark.parametrize("variant", HAVE_SECRETS)
def test_a_secret_is_kept_apart(variant: Variant) -> None:
    body = read_asset(variant, {"meta": META, "spec": FULL[variant]})
    assert set(body.secret.values()) <= set(SECRETS)
    assert body.secret
    assert not any(secret[:8] in repr(body) + json.dumps(body.spec) for secret in SECRETS)
    assert not any(secret[:8] in repr(read_update(variant, {"spec": FULL[variant]})) for secret in SECRETS)


def test_the_parts_of_a_secret_have_names() -> None:
    def parts(variant: Variant) -> tuple[Any, Any]:
        body = read_asset(variant, {"meta": META, "spec": FULL[variant]})
        return body.spec, body.secret

    assert parts(V.ACCESS_KEY) == ({"accessKeyId": "AKIAIOSFODNN7"}, {"secretAccessKey": SECRETS[0]})
    assert parts(V.PASSWORD) == ({"user": "ada@example.com"}, {"password": SECRETS[0]})
    registry = {"user": "robot$ci", "url": "https://index.docker.io/v1/"}
    assert parts(V.DOCKER_REGISTRY) == (registry, {"password": SECRETS[2]})
    keys = {"keyValuePairs": [{"key": "ssh"}, {"key": "api.key"}]}
    assert parts(V.GENERIC_SECRET) == (keys, {"ssh": SECRETS[1], "api.key": SECRETS[0]})


@pytest.mark.parametrize("variant", HAVE_SECRETS)
def test_an_existing_secret_is_named_and_holds_nothing(variant: Variant) -> None:
    body = read_asset(variant, {"meta": META, "spec": {"existingSecretName": "there"}})
    assert (body.spec, body.secret) == ({"existingSecretName": "there"}, {})


@pytest.mark.parametrize(
    ("scope", "home"),
    [
        ({"scope": "project", "projectId": 7}, Home(Level.PROJECT, "7")),
        ({"scope": "project", "projectId": "4500001", "clusterId": UUID}, Home(Level.PROJECT, "4500001")),
        ({"scope": "project", "projectId": 0, "departmentId": None}, Home(Level.PROJECT, "0")),
        ({"scope": "department", "departmentId": "0"}, Home(Level.DEPARTMENT, "0")),
        ({"scope": "department", "departmentId": 12}, Home(Level.DEPARTMENT, "12")),
        ({"scope": "department", "departmentId": "research"}, Home(Level.DEPARTMENT, "research")),
        ({"scope": "tenant"}, Home(Level.ALL, "")),
    ],
)
def test_where_a_block_is_to_live(scope: dict[str, Any], home: Home) -> None:
    meta = {"name": "a", "autoDelete": False, "private": False, **scope}
    assert read_asset(V.GIT, {"meta": meta, "spec": SEED_GIT}).home == home


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("name", value) for value in (None, "", " a", "a ", "a\nb", "a\u200b", "e\u0301", "x" * 251, 5)],
        *[("description", value) for value in ("", "x" * 251, "a\x07", 5)],
        *[("scope", value) for value in (None, "cluster", "system", "Project", "", 5)],
        *[("projectId", value) for value in (None, "", "7a", "07", -1, 2**63, 1.0, True, "٧", "9" * 30, [7])],
        *[("departmentId", value) for value in ("1", 1)],
        *[("clusterId", value) for value in ("", "c1", 5, UUID + "0")],
        *[("autoDelete", value) for value in (True, "false")],
        *[("private", value) for value in (True, 0)],
        *[("workloadSupportedTypes", value) for value in ([], dict.fromkeys(SORTS, False))],
        ("tenantId", 1),
    ],
)
def test_a_wrong_head_is_refused_at_its_field(field: str, value: Any) -> None:
    meta = {**META, field: value}
    assert f"meta.{field}" in meta_faults({name: each for name, each in meta.items() if each is not None})


def test_a_department_needs_its_id_and_all_projects_none() -> None:
    assert meta_faults({"name": "a", "scope": "department"}).keys() == {"meta.departmentId"}
    assert meta_faults({"name": "a", "scope": "department", "departmentId": "*"}).keys() == {"meta.departmentId"}
    every = {"name": "a", "scope": "tenant", "projectId": 7, "departmentId": "1"}
    assert meta_faults(every).keys() == {"meta.projectId", "meta.departmentId"}
    assert "remit does not scope by cluster" in meta_faults(META | {"scope": "cluster"})["meta.scope"]


def test_supported_workloads_are_checked_and_told() -> None:
    types = {"workspace": True, "distributed": True, "distFramework": "PyTorch"}
    body = {"meta": META | {"workloadSupportedTypes": types}, "spec": SEED_GIT}
    assert read_asset(V.GIT, body).supported == types
    assert read_asset(V.GIT, {"meta": META, "spec": SEED_GIT}).supported is None
    for field, value in (("workspace", "yes"), ("training", 1), ("inference", 1), ("distributed", 1)):
        wrong = META | {"workloadSupportedTypes": {field: value}}
        assert meta_faults(wrong).keys() == {f"meta.workloadSupportedTypes.{field}"}
    for framework in ("Horovod", "MPI"):
        wrong = META | {"workloadSupportedTypes": {"distFramework": framework}}
        assert meta_faults(wrong).keys() == {"meta.workloadSupportedTypes.distFramework"}


@pytest.mark.parametrize("variant", (V.CONFIG_MAP, V.SECRET))
def test_what_lies_in_a_project_lives_in_a_project(variant: Variant) -> None:
    with pytest.raises(FieldsInvalid, match=r"^`meta.scope` must be `project`"):
        read_asset(variant, {"meta": {"name": "a", "scope": "tenant"}, "spec": FULL[variant]})
    with pytest.raises(FieldsInvalid, match="2 more faults"):
        read_update(variant, {"meta": {"name": "", "scope": "project"}, "spec": FULL[variant]})
    update = read_update(variant, {"meta": {"name": "new"}})
    assert (update.name, update.description, update.spec) == ("new", None, None)


def test_an_update_says_what_changes() -> None:
    update = read_update(V.GIT, {"meta": {"name": "new", "description": "why"}, "spec": SEED_GIT})
    assert (update.name, update.description, update.spec, update.secret) == ("new", "why", SEED_GIT, None)
    assert read_update(V.GIT, {"meta": {"name": "a", "description": None}, "spec": SEED_GIT}).description == ""
    assert read_update(V.GIT, {"meta": {"name": "a"}, "spec": SEED_GIT}).description is None


def test_an_update_of_a_volume_says_its_path_or_everything() -> None:
    path = read_update(V.PVC, {"meta": {"name": "a"}, "spec": {"path": "/new/"}})
    assert (path.spec, path.partial) == ({"path": "/new"}, True)
    whole = read_update(V.PVC, {"meta": {"name": "a"}, "spec": FULL[V.PVC]})
    assert (whole.spec, whole.partial) == (FULL[V.PVC], False)
    assert read_update(V.PVC, {"meta": {"name": "a"}, "spec": None}).spec is None
    with pytest.raises(FieldsInvalid, match=r"^`spec.path` must be an absolute path"):
        read_update(V.PVC, {"meta": {"name": "a"}, "spec": {"path": "new"}})


def test_an_update_of_credentials_says_any_part() -> None:
    nothing = read_update(V.PASSWORD, {})
    assert (nothing.name, nothing.description, nothing.spec, nothing.secret) == (None, None, None, None)
    assert read_update(V.PASSWORD, {"meta": {"description": "d"}}).description == "d"
    anew = read_update(V.PASSWORD, {"spec": FULL[V.PASSWORD]})
    assert (anew.spec, anew.secret) == ({"user": "ada@example.com"}, {"password": SECRETS[0]})


@pytest.mark.parametrize("variant", V)
def test_an_update_moves_nothing(variant: Variant) -> None:
    for field, value in (("scope", "project"), ("projectId", 7), ("departmentId", "1"), ("clusterId", UUID)):
        with pytest.raises(FieldsInvalid) as caught:
            read_update(variant, {"meta": {"name": "a", field: value}, "spec": FULL[variant]})
        assert f"meta.{field}" in dict(caught.value.faults)
    with pytest.raises(FieldsInvalid) as caught:
        read_update(variant, {"meta": {"name": ""}, "nonsense": 1})
    assert {"meta.name", "nonsense"} <= dict(caught.value.faults).keys()
