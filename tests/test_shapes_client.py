"""Proves that what the published Python client sends is accepted: its models with their defaults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from runai import models

from remit.core.blocks import Variant
from remit.web.shapes import Home, Level, read_asset, read_update, read_workspace
from shapes_corpus import FULL, FULL_FLAT, META, SEED_COMPUTE, SEED_GIT, UUID

V = Variant
CLIENT = {
    V.ENVIRONMENT: "Environment",
    V.COMPUTE: "Compute",
    V.GIT: "Git",
    V.PVC: "PVC",
    V.NFS: "NFS",
    V.S3: "S3",
    V.HOST_PATH: "HostPath",
    V.CONFIG_MAP: "ConfigMap",
    V.SECRET: "SecretAsset",
    V.ACCESS_KEY: "AccessKey",
    V.DOCKER_REGISTRY: "DockerRegistry",
    V.PASSWORD: "Password",
    V.GENERIC_SECRET: "GenericSecret",
}
SENT_BY_DEFAULT = {"autoDelete": False, "private": False}


def sent(model: str, body: Any) -> dict[str, Any]:
    """What the client puts on the wire for a body, all that its model adds included."""
    made = getattr(models, model).from_dict(body)
    result: dict[str, Any] = json.loads(made.to_json())
    return result


@pytest.mark.parametrize("variant", Variant)
def test_what_the_client_sends_for_a_new_block_is_accepted(variant: Variant) -> None:
    wire = sent(f"{CLIENT[variant]}CreationRequest", {"meta": META, "spec": FULL[variant]})
    assert SENT_BY_DEFAULT.items() <= wire["meta"].items()
    accepted = read_asset(variant, wire)
    plain = read_asset(variant, {"meta": META, "spec": FULL[variant]})
    assert (accepted.spec, accepted.secret, accepted.home) == (plain.spec, plain.secret, Home(Level.PROJECT, "7"))


@pytest.mark.parametrize("variant", Variant)
def test_what_the_client_sends_for_a_change_is_accepted(variant: Variant) -> None:
    credentials = variant in (V.ACCESS_KEY, V.DOCKER_REGISTRY, V.PASSWORD, V.GENERIC_SECRET)
    meta = {"description": "new"} if credentials else {"name": "new", "description": None}
    wire = sent(f"{CLIENT[variant]}UpdateRequest", {"meta": meta, "spec": FULL[variant]})
    changed = read_update(variant, wire)
    assert (changed.name, changed.description) == ((None, "new") if credentials else ("new", ""))
    assert changed.partial == (variant is V.PVC)
    assert (changed.spec is None) == (credentials or variant in (V.CONFIG_MAP, V.SECRET))


@pytest.mark.parametrize(
    "scope", [{"scope": "tenant"}, {"scope": "department", "departmentId": "0"}, {"scope": "project", "projectId": 56}]
)
def test_every_scope_as_the_client_writes_it_is_accepted(scope: dict[str, Any]) -> None:
    meta = {"name": "a", "description": None, "clusterId": UUID, **scope}
    types = {"workspace": True, "training": False, "inference": None}
    wire = sent("GitCreationRequest", {"meta": meta | {"workloadSupportedTypes": types}, "spec": SEED_GIT})
    assert read_asset(V.GIT, wire).spec == SEED_GIT


def test_what_the_client_sends_for_a_workspace_is_accepted() -> None:
    flat = {name: value for name, value in FULL_FLAT.items() if name not in ("storage", "environmentVariables")}
    flat["storage"] = {name: FULL_FLAT["storage"][name] for name in ("git", "pvc", "nfs", "s3", "hostPath")}
    flat["storage"]["configMapVolume"] = FULL_FLAT["storage"]["configMapVolume"]
    flat["environmentVariables"] = [{"name": "A", "value": "b"}, {"name": "B", "podFieldRef": {"path": "status.podIP"}}]
    wire = sent("WorkspaceCreationRequest", {"name": "ws", "projectId": "7", "clusterId": UUID, "spec": flat})
    assert wire["useGivenNameAsPrefix"] is False
    assert wire["spec"]["storage"]["git"][0]["exclude"] is False
    kept = read_workspace(wire)
    assert kept.flat is not None
    assert kept.flat["compute"] == FULL_FLAT["compute"]
    assert kept.flat["storage"]["nfs"] == FULL_FLAT["storage"]["nfs"]


def test_the_ids_of_blocks_as_the_client_writes_them_are_accepted() -> None:
    source = {"id": UUID, "kind": "git", "overrides": {"containerPath": "/a"}}
    assets = sent("AssetsIds", {"environment": UUID, "compute": None, "datasources": [source], "workloadVolumes": []})
    specific = sent(
        "WorkspaceSpecificRunParams",
        {
            "command": "bash",
            "connections": [{"name": "Jupyter", "externalUrl": "https://a.b"}],
            "environmentVariables": [{"name": "A", "value": "b"}],
            "labels": [{"name": "team", "value": "a"}],
        },
    )
    wire = {"name": "ws", "projectId": "7", "clusterId": UUID, "spec": {"assets": assets, "specificEnv": specific}}
    assert read_workspace(wire).specific.keys() == {"command", "connections", "environmentVariables", "labels"}


def test_the_seeds_words_for_memory_are_more_than_the_client_allows() -> None:
    with pytest.raises(ValueError, match="cpuMemoryRequest"):
        sent("ComputeCreationRequest", {"meta": META, "spec": SEED_COMPUTE})
    wire = sent("ComputeCreationRequest", {"meta": META, "spec": SEED_COMPUTE | {"cpuMemoryRequest": "200M"}})
    assert read_asset(V.COMPUTE, wire) == read_asset(V.COMPUTE, {"meta": META, "spec": SEED_COMPUTE})
