"""Workspaces in a cluster, by the real Kubernetes client against a strict stand-in of the API server."""

from __future__ import annotations

import base64
import logging
import socket
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubernetes_api import KubernetesApi, Trouble, serving
from manifest_specs import ADA, CASES, CREDENTIALS, ID, SECRETS, SEED, unit, workspace
from remit.adapters.cluster import KubernetesCluster, cluster_of
from remit.adapters.cluster_calls import Calls, Timeouts, connected
from remit.adapters.cluster_phase import FAILING, phase_of
from remit.adapters.cluster_port import Cluster, NoCluster
from remit.adapters.cluster_workspaces import RenderedCluster, rendered_cluster
from remit.adapters.manifests import manifest, secret_name
from remit.core.blocks import Phase, Variant, Workspace
from remit.errors import Conflict, CouldNotDecide, Misconfigured, RemitError, RequestInvalid
from remit.service import ports

Json = dict[str, Any]
RUNNING = workspace(SEED)
STOPPED = workspace(SEED, wanted=Phase.STOPPED)
QUICK = Timeouts(0.5, 0.3, 0.6)
"""For answers that never come; where an answer is to be had, a busy machine may take longer."""


@pytest.fixture
def api() -> Iterator[KubernetesApi]:
    with serving(KubernetesApi()) as found:
        yield found
    assert not found.faults


@pytest.fixture
def cluster(api: KubernetesApi, tmp_path: Path) -> Iterator[KubernetesCluster]:
    found = KubernetesCluster(connected(api.kubeconfig(tmp_path / "config")))
    yield found
    found.close()


def objects(each: Workspace) -> list[Json]:
    return manifest(each, unit(each), ADA, SECRETS)


def applied(cluster: Cluster, each: Workspace) -> None:
    cluster.apply(each, objects(each))


def test_what_is_applied_is_there_in_order(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    applied(cluster, RUNNING)
    assert [kind for kind, _, _ in api.objects] == ["Service", "StatefulSet", "Ingress"]
    assert {room for _, room, _ in api.objects} == {"runai-vision"}
    patches = [target for method, target in api.requests if method == "PATCH"]
    assert patches[1] == "/apis/apps/v1/namespaces/runai-vision/statefulsets/first-steps?fieldManager=remit&force=true"


def test_applying_twice_changes_nothing(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    applied(cluster, RUNNING)
    before = {key: dict(each) for key, each in api.objects.items()}
    applied(cluster, RUNNING)
    assert api.objects == before


@pytest.mark.parametrize("name", CASES)
def test_every_rendering_is_applied_and_removed(name: str, api: KubernetesApi, cluster: KubernetesCluster) -> None:
    each = CASES[name]
    api.rooms.add(objects(each)[0]["metadata"]["namespace"])
    applied(cluster, each)
    assert len(api.objects) == len(objects(each))
    cluster.remove(each)
    kept = {labels.get("remit/keep") for labels in (found["metadata"]["labels"] for found in api.objects.values())}
    assert kept <= {"for-good"}, "claims that are not ephemeral outlive the workspace"
    cluster.remove(each)


def test_a_workspace_stops_and_resumes_by_applying(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    each = CASES["pvc"]
    applied(cluster, each)
    assert len(api.names("PersistentVolumeClaim")) == 2
    applied(cluster, each._replace(wanted=Phase.STOPPED))
    assert api.objects["StatefulSet", "runai-vision", "first-steps"]["spec"]["replicas"] == 0
    assert ["pvc-2" in name for name in api.names("PersistentVolumeClaim")] == [True], "the ephemeral one is gone"
    applied(cluster, each)
    assert api.objects["StatefulSet", "runai-vision", "first-steps"]["spec"]["replicas"] == 1
    assert len(api.names("PersistentVolumeClaim")) == 2


def test_removing_touches_nothing_of_anyone_else(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    other = RUNNING._replace(id="7" + ID[1:], name="second")
    applied(cluster, RUNNING)
    applied(cluster, other)
    api.put("Service", "by-hand", {"workload-id": ID})
    cluster.remove(RUNNING)
    assert {name.partition("-ingress")[0] for _, _, name in api.objects} == {"second", "by-hand"}


def test_removing_goes_once_where_it_lingers(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    applied(cluster, RUNNING)
    api.lingering = True
    cluster.remove(RUNNING)
    assert cluster.phase(RUNNING._replace(wanted=Phase.DELETED)) is Phase.DELETING
    deletes = [target for method, target in api.requests if method == "DELETE"]
    cluster.remove(RUNNING)
    assert [target for method, target in api.requests if method == "DELETE"] == deletes
    with pytest.raises(Conflict, match="still going"):
        applied(cluster, RUNNING)


@pytest.mark.parametrize("kind", ["Service", "StatefulSet"])
def test_nothing_is_taken_over(kind: str, api: KubernetesApi, cluster: KubernetesCluster) -> None:
    api.put(kind, "first-steps", {"workload-id": "another", "app.kubernetes.io/managed-by": "remit"})
    with pytest.raises(Conflict, match="not this workspace's"):
        applied(cluster, RUNNING)
    assert len(api.objects) == 1 and "PATCH" not in {method for method, _ in api.requests}


def test_a_phase_is_read_off_what_is_there(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    assert cluster.phase(RUNNING) is Phase.DELETED, "the cluster does not know it"
    applied(cluster, RUNNING)
    assert cluster.phase(RUNNING) is Phase.CREATING
    api.put("Pod", "first-steps-0", {"workload-id": ID}, status={"conditions": [{"type": "Ready", "status": "True"}]})
    assert cluster.phase(RUNNING) is Phase.RUNNING
    applied(cluster, STOPPED)
    assert cluster.phase(STOPPED) is Phase.STOPPING
    del api.objects["Pod", "runai-vision", "first-steps-0"]
    assert cluster.phase(STOPPED) is Phase.STOPPED


def seen(replicas: int = 1, **head: Any) -> Json:
    return {"metadata": {"labels": {"workload-id": ID}, **head}, "spec": {"replicas": replicas}}


def pod(phase: str, ready: bool = False, placed: bool = True, waiting: str | None = None, **head: Any) -> Json:
    said = {"Ready": ready, "PodScheduled": placed}
    conditions = [{"type": kind, "status": str(value)} for kind, value in said.items()]
    states = [{"state": {"waiting": {"reason": waiting}} if waiting else {"running": {}}}]
    status = {"phase": phase, "conditions": conditions, "containerStatuses": states}
    return {"metadata": {"labels": {"workload-id": ID}, **head}, "status": status}


@pytest.mark.parametrize(
    ("before", "stateful_set", "its_pod", "phase"),
    [
        (Phase.PENDING, seen(), pod("Pending", placed=False), Phase.PENDING),
        (Phase.PENDING, seen(), pod("Pending", waiting="ContainerCreating"), Phase.CREATING),
        (Phase.STOPPED, seen(), None, Phase.RESUMING),
        (Phase.RESUMING, seen(), pod("Running"), Phase.RESUMING),
        (Phase.CREATING, seen(), pod("Running"), Phase.CREATING),
        (Phase.RUNNING, seen(), pod("Running"), Phase.DEGRADED),
        (Phase.DEGRADED, seen(), pod("Running", ready=True), Phase.RUNNING),
        (Phase.RUNNING, seen(), pod("Failed"), Phase.FAILED),
        (Phase.RUNNING, seen(), pod("Unknown"), Phase.UNKNOWN),
        (Phase.RUNNING, seen(), pod("Running", ready=True, deletionTimestamp="now"), Phase.CREATING),
        (Phase.RUNNING, seen(0), pod("Running", ready=True), Phase.STOPPING),
        (Phase.STOPPING, seen(0), None, Phase.STOPPED),
        (Phase.RUNNING, seen(deletionTimestamp="now"), pod("Running", ready=True), Phase.DELETING),
        (Phase.PENDING, {"metadata": {"labels": {"workload-id": "x"}}, "spec": {}}, None, Phase.DELETED),
        *((Phase.RUNNING, seen(), pod("Pending", waiting=reason), Phase.FAILED) for reason in sorted(FAILING)),
    ],
)
def test_what_is_seen_gives_a_phase(before: Phase, stateful_set: Json, its_pod: Json | None, phase: Phase) -> None:
    assert phase_of(RUNNING._replace(actual=before), stateful_set, its_pod) is phase


def test_a_fetch_that_fails_is_a_failure() -> None:
    found = pod("Pending")
    found["status"]["initContainerStatuses"] = [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    assert phase_of(RUNNING, seen(), found) is Phase.FAILED


SECRET = {"password": "hunter2", "username": "ada"}
NAME = secret_name("5")


def test_a_secret_is_applied_apart_and_removed(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    cluster.apply_secret("project:vision", NAME, "kubernetes.io/basic-auth", SECRET)
    kept = api.objects["Secret", "runai-vision", NAME]
    assert {key: base64.b64decode(value).decode() for key, value in kept["data"].items()} == SECRET
    assert kept["type"] == "kubernetes.io/basic-auth" and "stringData" not in kept
    cluster.apply_secret("project:vision", NAME, "kubernetes.io/basic-auth", {"password": "new"})
    assert api.objects["Secret", "runai-vision", NAME]["data"] == {"password": "bmV3"}
    cluster.remove_secret("project:vision", NAME)
    cluster.remove_secret("project:vision", NAME)
    assert not api.objects


def test_a_secret_of_somebody_else_stays(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    api.put("Secret", NAME, {})
    for call in (
        lambda: cluster.apply_secret("project:vision", NAME, "Opaque", SECRET),
        lambda: cluster.remove_secret("project:vision", NAME),
    ):
        with pytest.raises(Conflict, match="not remit's"):
            call()


@pytest.mark.parametrize(
    ("trouble", "error", "says"),
    [
        (Trouble("PATCH", 401), CouldNotDecide, "does not let remit `patch` Service `first-steps` in `runai-vision`"),
        (Trouble("PATCH", 403), CouldNotDecide, "does not let remit `patch`"),
        (Trouble("GET", 403), CouldNotDecide, "does not let remit `get`"),
        (Trouble("PATCH", 404), CouldNotDecide, "the cluster has no `runai-vision`"),
        (Trouble("PATCH", 409), Conflict, "try again"),
        (Trouble("PATCH", 422, {"details": {"causes": [{"field": "spec.ports"}]}}), RequestInvalid, "see `spec.ports`"),
        (Trouble("PATCH", 400, b"not json"), CouldNotDecide, "out of reach"),
        (Trouble("PATCH", 429, {}), CouldNotDecide, "it answers 429"),
        (Trouble("PATCH", 500, {}), CouldNotDecide, "it answers 500"),
        (Trouble("GET", 503, {}), CouldNotDecide, "it answers 503"),
        (Trouble("PATCH", 307, {}), CouldNotDecide, "it answers 307"),
        (Trouble("GET", 200, b"not json"), CouldNotDecide, "out of reach"),
        (Trouble("GET", 200, []), CouldNotDecide, "an answer that is none"),
    ],
)
def test_what_goes_wrong_is_said(
    trouble: Trouble, error: type[RemitError], says: str, api: KubernetesApi, cluster: KubernetesCluster
) -> None:
    api.trouble.append(trouble)
    with pytest.raises(error) as failure:
        applied(cluster, RUNNING)
    assert says in str(failure.value)
    applied(cluster, RUNNING)  # and the next time it works


@pytest.mark.parametrize("late", [{"delay": 2.0}, {"trickle": True}])
def test_an_answer_that_does_not_come_is_not_waited_for(
    late: Json, api: KubernetesApi, cluster: KubernetesCluster, tmp_path: Path
) -> None:
    hasty = KubernetesCluster(connected(api.kubeconfig(tmp_path / "hasty")), QUICK)
    whole = b'{"items": []' + b" " * 1_000 + b"}"  # fifty seconds of it, if it trickles
    api.trouble.append(Trouble("GET", 200, whole, **late))
    began = time.monotonic()
    with pytest.raises(CouldNotDecide, match=r"the cluster is out of reach: .*Time"):
        applied(hasty, RUNNING)
    assert time.monotonic() - began < 25
    applied(cluster, RUNNING)  # and the next time it works
    hasty.close()


@pytest.mark.parametrize("status", [400, 409, 422, 500, 302])
def test_no_error_and_no_log_holds_a_secret(
    status: int, api: KubernetesApi, cluster: KubernetesCluster, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"message": "hunter2", "details": {"causes": [{"field": "data", "message": "hunter2"}]}}
    api.trouble.append(Trouble("PATCH", status, echo))
    with pytest.raises(RemitError) as failure:
        cluster.apply_secret("project:vision", NAME, "Opaque", SECRET)
    error = failure.value
    assert error.__cause__ is None and error.__context__ is None
    told = "".join(traceback.format_exception(error)) + caplog.text + repr(error)
    assert "hunter2" not in told and "aHVudGVyMg" not in told and "token-of-the-service" not in told


def test_an_answer_without_end_is_not_read_to_it(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    api.trouble.append(Trouble("GET", 200, b" " * (9 * 1024 * 1024)))
    with pytest.raises(CouldNotDecide, match="out of reach"):
        cluster.phase(RUNNING)


def test_a_cluster_that_is_not_there_is_out_of_reach(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        found = KubernetesCluster(connected(KubernetesApi().kubeconfig(tmp_path / "config", url)), QUICK)
        for call in (lambda: found.phase(RUNNING), lambda: applied(found, RUNNING), lambda: found.remove(RUNNING)):
            with pytest.raises(CouldNotDecide, match="the cluster is out of reach: NewConnectionError"):
                call()
        found.close()


def test_an_object_that_is_gone_or_another_by_now_is_not_removed(
    api: KubernetesApi, cluster: KubernetesCluster
) -> None:
    applied(cluster, RUNNING)
    api.trouble += [Trouble("DELETE", 404, {}), Trouble("DELETE", 409, {}), Trouble("DELETE", 500, {})]
    with pytest.raises(CouldNotDecide, match="it answers 500"):
        cluster.remove(RUNNING)
    assert len(api.objects) == 3


def test_a_list_of_everybody_s_is_never_asked_for(api: KubernetesApi, tmp_path: Path) -> None:
    calls = Calls(connected(api.kubeconfig(tmp_path / "config")), QUICK)
    for labels in ({}, {"workload-id": ""}):
        with pytest.raises(ValueError, match="everybody"):
            calls.listed("Service", "runai-vision", labels)
    calls.close()


def test_what_names_no_cluster_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("{")
    far = KubernetesApi().kubeconfig(tmp_path / "far", "http://cluster.example.com")
    for setting in (str(tmp_path / "none"), str(tmp_path / "broken"), str(tmp_path), "in-cluster", far):
        with pytest.raises(Misconfigured, match="REMIT_KUBERNETES"):
            cluster_of(setting)


def test_a_setting_names_a_cluster_or_none(api: KubernetesApi, tmp_path: Path) -> None:
    assert isinstance(cluster_of(None), NoCluster) and isinstance(cluster_of(" "), NoCluster)
    found = cluster_of(api.kubeconfig(tmp_path / "config"))
    assert isinstance(found, KubernetesCluster)
    assert found.phase(RUNNING) is Phase.DELETED
    found.close()


def test_the_builder_s_workspace_is_rendered_and_handed_over(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    port: ports.Cluster = RenderedCluster(cluster)
    each = CASES["git_password"]._replace(blocks=tuple(CREDENTIALS.values()))
    login = {CREDENTIALS["password"]: (Variant.PASSWORD, {"user": "ada", "password": "hunter2"})}
    assert port.real and "hunter2" not in port.manifest(each)
    port.apply(each, login)
    assert [kind for kind, _, _ in api.objects] == ["Secret", "Service", "StatefulSet"]
    assert api.objects["Secret", "runai-vision", secret_name(CREDENTIALS["password"])]["data"]["username"] == "YWRh"
    assert port.phase(each) is Phase.CREATING
    port.remove(each)
    assert port.phase(each) is Phase.DELETED


def test_of_a_secret_that_is_there_only_the_name_is_handed_over(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    RenderedCluster(cluster).apply(CASES["existing_secrets"], {})
    assert [kind for kind, _, _ in api.objects] == ["Service", "StatefulSet"]
    theirs = CASES["existing_secrets"]
    theirs = theirs._replace(
        spec={**theirs.spec, "existingSecrets": {CREDENTIALS["keys"]: SECRETS[CREDENTIALS["ssh"]]}}
    )
    with pytest.raises(RequestInvalid, match="as a credential"):
        RenderedCluster(cluster).manifest(theirs)


def test_nothing_is_handed_over_of_what_cannot_be_rendered(api: KubernetesApi, cluster: KubernetesCluster) -> None:
    port = RenderedCluster(cluster)
    for each, login in (
        (CASES["git_password"]._replace(blocks=()), {}),
        (RUNNING, {"x": (Variant.PASSWORD, {"password": "hunter2"})}),
    ):
        with pytest.raises(RequestInvalid) as refusal:
            port.apply(each, login)
        assert "hunter2" not in str(refusal.value)
    assert not api.requests


def test_the_builder_does_without_a_cluster() -> None:
    port: ports.Cluster = rendered_cluster(None)
    port.apply(RUNNING, {})
    assert not port.real and port.phase(RUNNING) is Phase.PENDING
    assert port.manifest(RUNNING).startswith("---\napiVersion: v1\nkind: Service\n")


def test_without_a_cluster_workspaces_stay_pending() -> None:
    none: Cluster = NoCluster()
    none.apply(RUNNING, objects(RUNNING))
    none.apply_secret("project:vision", NAME, "Opaque", SECRET)
    none.remove_secret("project:vision", NAME)
    none.remove(RUNNING)
    assert none.phase(RUNNING) is Phase.PENDING
    assert [none.phase(RUNNING._replace(wanted=each)) for each in (Phase.STOPPED, Phase.DELETED)] == [
        Phase.STOPPED,
        Phase.DELETED,
    ]
