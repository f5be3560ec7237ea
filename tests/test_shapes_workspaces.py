"""Proves how workspaces are read: made of blocks by their ids and on the fly, and as one flat spec."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remit.core.blocks import Variant
from remit.web.shapes import ById, FieldsInvalid, Inline, WorkspaceBody, read_workspace
from remit.web.shapes.flat import FlatSpec
from remit.web.shapes.workspace import SpecificEnv
from shapes_corpus import (
    FLAT,
    FULL,
    FULL_FLAT,
    FULL_SPECIFIC,
    REFUSED,
    SEED_COMPUTE,
    SEED_ENVIRONMENT,
    SEED_GIT,
    SPECIFIC,
    UUID,
    Refused,
    by_field,
    changed,
)
from test_shapes_refused import SORTS, fields_of, places_in, sort_of

V = Variant
DATA_SOURCES = (V.GIT, V.PVC, V.NFS, V.S3, V.HOST_PATH, V.CONFIG_MAP, V.SECRET)


def body(spec: Any, **more: Any) -> dict[str, Any]:
    return {"name": "ws-1", "projectId": "7", "clusterId": UUID, "useGivenNameAsPrefix": False, "spec": spec, **more}


def of_blocks(specific: Any = None, **assets: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"assets": {"environment": "jupyter-1", **assets}}
    return body(spec if specific is None else spec | {"specificEnv": specific})


def faults(whole: Any) -> dict[str, str]:
    with pytest.raises(FieldsInvalid) as caught:
        read_workspace(whole)
    return dict(caught.value.faults)


def test_the_example_of_the_seed_by_ids_and_on_the_fly() -> None:
    by_id = of_blocks(
        compute=UUID, datasources=[{"id": "papers", "kind": "git", "overrides": {"containerPath": "/p/"}}]
    )
    assert read_workspace(by_id) == WorkspaceBody(
        name="ws-1",
        project="7",
        environment=ById("jupyter-1", V.ENVIRONMENT),
        compute=ById(UUID, V.COMPUTE),
        datasources=(ById("papers", V.GIT, "/p"),),
    )
    on_the_fly = of_blocks(
        environment={"kind": "environment", "meta": {"name": "Jupyter"}, "spec": SEED_ENVIRONMENT},
        compute={"meta": {"name": "half", "description": "half a GPU", "private": False}, "spec": SEED_COMPUTE},
        datasources=[{"kind": "git", "meta": {"name": "data"}, "spec": SEED_GIT}],
    )
    read = read_workspace(on_the_fly)
    assert isinstance(read.environment, Inline) and read.environment.variant is V.ENVIRONMENT
    assert read.compute == Inline(V.COMPUTE, "half", "half a GPU", SEED_COMPUTE | {"cpuMemoryRequest": "200M"})
    assert read.datasources == (Inline(V.GIT, "data", "", SEED_GIT),)
    assert (read.credentials, read.specific, read.flat) == ((), {}, None)


def test_only_the_environment_is_mandatory() -> None:
    for assets in ({}, {"compute": None}, {"datasources": [], "credentials": [], "workloadVolumes": []}):
        read = read_workspace(of_blocks(**assets))
        assert (read.environment, read.compute, read.datasources) == (ById("jupyter-1", V.ENVIRONMENT), None, ())
    assert faults(body({"assets": {}})).keys() == {"spec.assets.environment"}
    assert faults(body({})).keys() == {"spec.image"}
    assert faults(body({"specificEnv": {}})).keys() == {"spec.assets"}
    assert faults(body(None)).keys() == {"spec"}
    assert read_workspace(body({"image": "ubuntu"})).flat == {"image": "ubuntu"}


def test_a_data_source_may_come_twice_at_different_paths() -> None:
    twice = [{"id": "a", "kind": "git"}, {"id": "a", "overrides": {"containerPath": "/b"}}]
    assert read_workspace(of_blocks(datasources=twice)).datasources == (ById("a", V.GIT), ById("a", None, "/b"))
    assert faults(of_blocks(datasources=[{"id": "a"}, {"id": "a"}])).keys() == {"spec.assets.datasources[1]"}


def test_what_holds_for_one_workspace_alone_is_kept() -> None:
    kept = read_workspace(of_blocks(FULL_SPECIFIC, credentials=["c-1"]))
    assert kept.credentials == ("c-1",)
    assert read_workspace(of_blocks(kept.specific)).specific == kept.specific
    assert kept.specific.keys() == FULL_SPECIFIC.keys()


def test_a_flat_spec_is_kept_and_read_again_stays_the_same() -> None:
    kept = read_workspace(body(FULL_FLAT)).flat
    assert kept is not None
    assert kept.keys() == FULL_FLAT.keys()
    assert json.loads(json.dumps(kept)) == kept
    assert read_workspace(body(kept)).flat == kept
    assert read_workspace(body(FULL_FLAT)).environment is None
    older = changed(changed(FULL_FLAT, "storage.git[0].credentialId", None), "storage.git[0].passwordAssetId", UUID)
    assert read_workspace(body(older)).flat == kept


@pytest.mark.parametrize("field", by_field(FLAT))
def test_a_wrong_value_of_a_flat_spec_is_refused_at_its_field(field: str) -> None:
    for refused in by_field(FLAT)[field]:
        found = faults(body(changed(FULL_FLAT, field, refused.value)))
        assert f"spec.{refused.named or field}" in found, f"{refused}: {found}"


@pytest.mark.parametrize("field", by_field(SPECIFIC))
def test_a_wrong_value_of_what_is_specific_is_refused_at_its_field(field: str) -> None:
    for refused in by_field(SPECIFIC)[field]:
        found = faults(of_blocks(changed(FULL_SPECIFIC, field, refused.value)))
        assert f"spec.specificEnv.{refused.named or field}" in found, f"{refused}: {found}"


@pytest.mark.parametrize(("shape", "refused"), [(FlatSpec, FLAT), (SpecificEnv, SPECIFIC)])
def test_every_field_has_a_value_that_is_refused(shape: Any, refused: list[Refused]) -> None:
    tried = {"".join(c for c in each.field if c not in "[]0123456789") for each in refused}
    assert tried == {"".join(c for c in path if c not in "0123456789") for path in fields_of(shape)}


@pytest.mark.parametrize(("whole", "at"), [(FULL_FLAT, "spec"), (FULL_SPECIFIC, "spec.specificEnv")])
def test_a_value_of_any_other_sort_is_refused_at_its_place(whole: dict[str, Any], at: str) -> None:
    of = body if at == "spec" else of_blocks
    for path, value in places_in(whole):
        for sort, other in SORTS.items():
            if sort != sort_of(value) and not (sort == "object" and path in ("labels", "annotations")):
                found = faults(of(changed(whole, path, other)))
                assert any(each.startswith(f"{at}.{path}") for each in found), f"{path} as {sort}: {found}"


@pytest.mark.parametrize("variant", (V.ENVIRONMENT, V.COMPUTE, *DATA_SOURCES))
def test_a_block_on_the_fly_is_checked_like_any_other(variant: Variant) -> None:
    single = variant in (V.ENVIRONMENT, V.COMPUTE)
    path = f"spec.assets.{variant}" if single else "spec.assets.datasources[0]"
    for refused in REFUSED[variant]:
        spec = changed(FULL[variant], refused.field, refused.value)
        made = {"kind": variant.value, "meta": {"name": "a"}, "spec": spec}
        found = faults(of_blocks(**({variant.value: made} if single else {"datasources": [made]})))
        assert f"{path}.spec.{refused.named or refused.field}" in found
    made = {"kind": variant.value, "meta": {"name": ""}, "spec": None, "nonsense": 1}
    found = faults(of_blocks(**({variant.value: made} if single else {"datasources": [made]})))
    assert found.keys() == {f"{path}.meta.name", f"{path}.spec", f"{path}.nonsense"}


@pytest.mark.parametrize(
    ("assets", "path"),
    [
        ({"environment": None}, "environment"),
        ({"environment": 5}, "environment"),
        ({"environment": ""}, "environment"),
        ({"environment": "a_b"}, "environment"),
        ({"environment": []}, "environment"),
        ({"environment": {"kind": "compute", "meta": {"name": "a"}, "spec": SEED_ENVIRONMENT}}, "environment.kind"),
        ({"environment": {"meta": {"name": "a", "scope": "project"}, "spec": {}}}, "environment.meta.scope"),
        ({"environment": {"id": "a"}}, "environment.id"),
        ({"compute": False}, "compute"),
        ({"compute": "../a"}, "compute"),
        ({"compute": {"meta": {"name": "a"}, "spec": {}}}, "compute.spec"),
        ({"datasources": {}}, "datasources"),
        ({"datasources": ["a"]}, "datasources[0]"),
        ({"datasources": [None]}, "datasources[0]"),
        ({"datasources": [{}]}, "datasources[0].kind"),
        ({"datasources": [{"kind": "password", "id": "a"}]}, "datasources[0].kind"),
        ({"datasources": [{"kind": ["git"], "id": "a"}]}, "datasources[0].kind"),
        ({"datasources": [{"kind": "git", "id": 5}]}, "datasources[0].id"),
        ({"datasources": [{"kind": "git", "id": "a", "spec": SEED_GIT}]}, "datasources[0].spec"),
        ({"datasources": [{"id": "a", "overrides": {"containerPath": "b"}}]}, "datasources[0].overrides.containerPath"),
        ({"datasources": [{"id": "a", "overrides": []}]}, "datasources[0].overrides"),
        ({"datasources": [{"id": f"a{n}"} for n in range(101)]}, "datasources"),
        (
            {"datasources": [{"kind": "git", "meta": {"name": "a"}, "spec": SEED_GIT}] * 2},
            "datasources[1]",
        ),
        ({"credentials": ["a", "a"]}, "credentials[1]"),
        ({"credentials": ["a/b"]}, "credentials[0]"),
        ({"credentials": "a"}, "credentials"),
        ({"workloadVolumes": ["a"]}, "workloadVolumes"),
        ({"volumes": []}, "volumes"),
    ],
)
def test_a_wrong_choice_of_blocks_is_refused_at_its_field(assets: dict[str, Any], path: str) -> None:
    assert f"spec.assets.{path}" in faults(of_blocks(**assets))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("name", value) for value in (None, "", "Ws", "1a", "a-", "-a", "a.b", "a_b", "x" * 64, "a\n", "é", 5)],
        *[("projectId", value) for value in (None, "", "vision", -1, 1.5, True)],
        *[("clusterId", value) for value in ("", "x", 5)],
        *[("useGivenNameAsPrefix", value) for value in (True, "false")],
        *[("templateId", value) for value in (UUID, 5)],
        *[("spec", value) for value in (None, [], "x")],
        ("nonsense", 1),
    ],
)
def test_a_wrong_head_is_refused_at_its_field(field: str, value: Any) -> None:
    assert field in faults(changed(body({"image": "ubuntu"}), field, value))


def test_the_two_forms_do_not_mix() -> None:
    assert faults(of_blocks() | {"spec": {"assets": {"environment": "a"}, "image": "b"}}).keys() == {"spec.image"}


def test_a_long_name_and_a_number_of_a_project_are_accepted() -> None:
    read = read_workspace({"name": "a" * 63, "projectId": 7, "spec": {"image": "ubuntu"}})
    assert (read.name, read.project) == ("a" * 63, "7")
