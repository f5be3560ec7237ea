"""What a workspace becomes in Kubernetes, each rendering with a golden file in tests/data/manifests.

`REMIT_GOLDEN=write pytest tests/test_manifests.py` writes them anew; read what has changed before you keep it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubernetes_checks import faults
from manifest_specs import ADA, CASES, CREDENTIALS, JUPYTER, PLAIN, SEED, tool, unit, workspace
from remit.adapters.manifests import as_yaml, manifest, secret_name, secret_names
from remit.core.blocks import Phase, Workspace
from remit.errors import RequestInvalid

GOLDEN = Path(__file__).parent / "data" / "manifests"
Json = dict[str, Any]


def rendered(each: Workspace, secrets: dict[str, str] | None = None) -> list[Json]:
    return manifest(each, unit(each), ADA, secret_names(each) if secrets is None else secrets)


def pod_of(objects: list[Json]) -> Json:
    return next(each for each in objects if each["kind"] == "StatefulSet")["spec"]["template"]


def main_of(spec: Json, **more: Any) -> Json:
    main: Json = pod_of(rendered(workspace(spec, **more)))["spec"]["containers"][0]
    return main


@pytest.mark.parametrize("name", CASES)
def test_a_rendering_is_as_its_golden_file_says(name: str) -> None:
    text = as_yaml(rendered(CASES[name]))
    path = GOLDEN / f"{name}.yaml"
    if os.environ.get("REMIT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_has_its_workspace() -> None:
    assert {path.stem for path in GOLDEN.glob("*")} == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_kubernetes_and_kai_would_take_every_golden_file(name: str) -> None:
    objects = list(yaml.safe_load_all((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")))
    assert objects == rendered(CASES[name]), "what a YAML reader sees is what was rendered"
    assert not faults(objects)


def test_the_same_workspace_gives_the_same_text() -> None:
    assert as_yaml(rendered(CASES["connections"])) == as_yaml(rendered(CASES["connections"]))


def test_the_seeds_example_is_all_there() -> None:
    pod = pod_of(rendered(CASES["seed_example"]))
    main = pod["spec"]["containers"][0]
    assert pod["metadata"]["annotations"]["gpu-fraction"] == "0.5"
    assert main["resources"] == {"requests": {"cpu": "8", "memory": "200M"}}
    assert main["image"] == SEED["image"]
    assert pod["spec"]["initContainers"][0]["args"][:2] == [
        "--repo=https://git.example.com/vision/frames.git",
        "--ref=main",
    ]


def test_objects_come_in_the_order_to_apply() -> None:
    kinds = [each["kind"] for each in rendered(workspace({**SEED, **CASES["pvc"].spec, "connections": [JUPYTER]}))]
    assert kinds == ["PersistentVolumeClaim", "PersistentVolumeClaim", "Service", "StatefulSet", "Ingress"]


def test_a_stopped_workspace_has_no_pod_and_no_ephemeral_claim() -> None:
    stopped = rendered(CASES["pvc"]._replace(wanted=Phase.STOPPED))
    assert [each["spec"]["replicas"] for each in stopped if each["kind"] == "StatefulSet"] == [0]
    assert [each["metadata"]["labels"]["remit/keep"] for each in stopped if "Claim" in each["kind"]] == ["for-good"]
    running = rendered(CASES["pvc"])
    assert {each["metadata"]["labels"]["remit/keep"] for each in running if "Claim" in each["kind"]} == {
        "for-good",
        "until-stop",
    }


def test_stopping_changes_nothing_in_the_pod() -> None:
    running, stopped = rendered(workspace(SEED)), rendered(workspace(SEED, wanted=Phase.STOPPED))
    assert pod_of(running) == pod_of(stopped)


@pytest.mark.parametrize(
    ("compute", "notes", "gpu"),
    [
        ({"gpuDevicesRequest": 0, "gpuPortionRequest": 0.5}, {}, None),
        ({"gpuPortionRequest": 0.25}, {"gpu-fraction": "0.25"}, None),
        (
            {"gpuDevicesRequest": 1, "gpuRequestType": "portion", "gpuPortionRequest": 0.000001},
            {"gpu-fraction": "0.000001"},
            None,
        ),
        ({"gpuDevicesRequest": 1, "gpuRequestType": "portion", "gpuPortionRequest": 1}, {}, "1"),
        ({"gpuDevicesRequest": 1}, {}, "1"),
        ({"gpuDevicesRequest": 4}, {}, "4"),
        ({"gpuDevicesRequest": 1, "gpuRequestType": "portion", "gpuPortionRequest": 0}, {}, None),
        ({"gpuRequestType": "memory", "gpuMemoryRequest": "2Gi"}, {"gpu-memory": "2048"}, None),
        ({"gpuRequestType": "memory", "gpuMemoryRequest": "1"}, {"gpu-memory": "1"}, None),
        ({"gpuRequestType": "memory", "gpuMemoryRequest": "2G"}, {"gpu-memory": "1908"}, None),
        (
            {"gpuDevicesRequest": 2, "gpuRequestType": "portion", "gpuPortionRequest": 0.5},
            {"gpu-fraction": "0.5", "gpu-fraction-num-devices": "2"},
            None,
        ),
    ],
)
def test_gpus_are_whole_or_shared_and_never_both(compute: Json, notes: Json, gpu: str | None) -> None:
    objects = rendered(workspace({**PLAIN, "compute": compute}))
    found = pod_of(objects)
    shared = {key: value for key, value in found["metadata"]["annotations"].items() if key.startswith("gpu-")}
    assert shared == ({**notes, "gpu-fraction-container-name": "main"} if notes else {})
    assert found["spec"]["containers"][0].get("resources", {}).get("limits", {}).get("nvidia.com/gpu") == gpu
    assert not faults(objects)


@pytest.mark.parametrize(
    ("given", "command", "args"),
    [
        ({}, ["start-notebook.sh"], ["--NotebookApp.base_url=/vision/first-steps"]),
        ({"command": "jupyter lab"}, ["jupyter", "lab"], ["--NotebookApp.base_url=/vision/first-steps"]),
        ({"args": "start.sh"}, None, ["start.sh", "--NotebookApp.base_url=/vision/first-steps"]),
        (
            {"args": "start.sh --NotebookApp.base_url=/${RUNAI_PROJECT}/${RUNAI_JOB_NAME} --NotebookApp.token=''"},
            None,
            ["start.sh", "--NotebookApp.base_url=/$(RUNAI_PROJECT)/$(RUNAI_JOB_NAME)", "--NotebookApp.token="],
        ),
    ],
)
def test_a_jupyter_with_an_address_learns_its_path(given: Json, command: list[str] | None, args: list[str]) -> None:
    main = main_of({**PLAIN, "connections": [JUPYTER], **given})
    assert (main.get("command"), main.get("args")) == (command, args)


def test_a_jupyter_without_an_address_is_left_alone() -> None:
    main = main_of({**PLAIN, "connections": [tool("j", "jupyter-notebook", "NodePort", 8888)]})
    assert "args" not in main and "command" not in main


def test_what_a_shell_would_do_is_not_done() -> None:
    main = main_of({**PLAIN, "command": "echo $HOME `id` $(id) ; rm", "args": "'a b' \"c\" $$ $(RUNAI_PROJECT)"})
    assert main["command"] == ["echo", "$$HOME", "`id`", "$$(id)", ";", "rm"]
    assert main["args"] == ["a b", "c", "$$$$", "$(RUNAI_PROJECT)"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"image": ""}, "no image"),
        ({"args": "'never ends"}, "no end"),
        ({"labels": {"kai.scheduler/queue": "nlp"}}, "set by remit alone"),
        ({"labels": {"project": "nlp"}}, "set by remit alone"),
        ({"annotations": {"a.kai.scheduler/b": "x"}}, "set by remit alone"),
        ({"annotations": {"pod-group-name": "x"}}, "set by remit alone"),
        ({"annotations": [{"name": "gpu-fraction", "value": "0.1"}]}, "set by remit alone"),
        ({"labels": {"team": "not a value"}}, "cannot be the value"),
        ({"labels": {"not a key": "x"}}, "cannot be the name"),
        ({"compute": {"cpuMemoryRequest": "many"}}, "no amount"),
        ({"compute": {"cpuMemoryRequest": "1e999999999"}}, "no amount"),
        ({"compute": {"cpuCoreRequest": -1}}, "no amount"),
        ({"compute": {"extendedResources": [{"resource": "nvidia.com/gpu", "quantity": "1"}]}}, "gpuDevicesRequest"),
        ({"compute": {"extendedResources": [{"resource": "cpu", "quantity": "1"}]}}, "no extended resource"),
        ({"compute": {"extendedResources": [{"resource": "a.example/b", "quantity": "0.5"}]}}, "not whole"),
        ({"environmentVariables": [{"name": "A=B", "value": ""}]}, "name of a variable"),
        (
            {"environmentVariables": [{"name": "A", "credential": {"assetId": "x", "key": "k"}}]},
            "none of the workspace",
        ),
        ({"imagePullCredentials": ["nowhere"]}, "none of the workspace"),
        (
            {"storage": {"secretVolume": [{"secret": secret_name(CREDENTIALS["keys"]), "mountPath": "/k"}]}},
            "as a credential",
        ),
        ({"storage": {"git": [{"repository": "https://u:hunter2@h/r", "path": "/r"}]}}, "without a password"),
        ({"storage": {"git": [{"repository": "https://ghp_hunter2@h/r", "path": "/r"}]}}, "without a password"),
        ({"storage": {"git": [{"repository": "ssh://u:hunter2@h/r", "path": "/r"}]}}, "without a password"),
        ({"storage": {"git": [{"repository": "https://h/r", "path": "relative"}]}}, "no place"),
        ({"storage": {"nfs": [{"server": "h", "path": "/", "mountPath": "/a/../b"}]}}, "no place"),
        ({"storage": {"nfs": [{"server": "h", "path": "/", "mountPath": path} for path in ("/a", "/a/")]}}, "two data"),
        ({"storage": {"pvc": [{"path": "/a", "existingPvc": False}]}}, "needs a size"),
        (
            {"storage": {"configMapVolume": [{"configMap": "c", "mountPath": "/c", "defaultMode": "0999"}]}},
            "file rights",
        ),
        ({"seccompProfileType": "Localhost"}, "seccompLocalhostProfile"),
        ({"supplementalGroups": "2,x"}, "no groups"),
        ({"uidGidSource": "fromIdpToken"}, "identity provider"),
        ({"allowPrivilegeEscalation": False, "capabilities": ["SYS_ADMIN"]}, "exclude each other"),
        ({"exposedUrls": [{"container": 1, "url": "https://host/a?b"}]}, "no address"),
        ({"exposedUrls": [{"container": 1, "url": "https://ho st/a"}]}, "no address"),
        ({"exposedUrls": [{"container": 1, "url": "https://10.0.0.1/a"}]}, "no address"),
        ({"exposedUrls": [{"container": 1, "url": "https://host:8443/a"}]}, "no address"),
        ({"exposedUrls": [{"container": 1, "url": "https://h/a/../b"}]}, "means another"),
        (
            {"exposedUrls": [{"container": 1, "url": "https://h/a"}, {"container": 2, "url": "https://h/a"}]},
            "one address",
        ),
    ],
)
def test_what_cannot_be_rendered_is_refused_without_a_secret(spec: Json, why: str) -> None:
    with pytest.raises(RequestInvalid, match=why) as refusal:
        rendered(workspace({**PLAIN, **spec}))
    assert "hunter2" not in str(refusal.value)


def test_the_image_s_user_wins_over_numbers_when_it_is_asked_for() -> None:
    assert "securityContext" not in main_of({**PLAIN, "uidGidSource": "fromTheImage", "runAsUid": 0})


def test_security_may_stand_apart() -> None:
    apart = {**PLAIN, "security": {"uidGidSource": "custom", "runAsUid": 1001, "hostIpc": True}}
    assert main_of(apart)["securityContext"] == {"runAsUser": 1001}
    assert pod_of(rendered(workspace(apart)))["spec"]["hostIPC"] is True


def test_any_effect_is_no_effect() -> None:
    pod = pod_of(rendered(workspace({**PLAIN, "tolerations": [{"operator": "Exists", "effect": "Any"}]})))
    assert pod["spec"]["tolerations"] == [{"operator": "Exists"}]


def test_two_connections_of_nearly_one_name_have_two_addresses() -> None:
    two = [
        tool("api", "custom", "ExternalUrl", 1),
        tool("API", "custom", "ExternalUrl", 2),
        tool("Api", "custom", "ExternalUrl", 3),
    ]
    objects = rendered(workspace({**PLAIN, "connections": two}))
    paths = [each["path"] for each in objects[-1]["spec"]["rules"][0]["http"]["paths"]]
    assert paths == ["/vision/first-steps", "/vision/first-steps/api", "/vision/first-steps/api-3"]
