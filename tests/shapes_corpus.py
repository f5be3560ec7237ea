"""What callers send: full examples of every shape, and for every field values that must be refused."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any, NamedTuple

from remit.core.blocks import Variant

V = Variant
UUID = "71f69d83-ba66-4822-adf5-55ce55efd210"
META: dict[str, Any] = {"name": "a block", "scope": "project", "projectId": 7}
SECRETS = ("hunter2-wJalrXUtnFEMI", "-----BEGIN KEY-----\nMIIEow\n", "s3cr3t-pässwörd")


class Refused(NamedTuple):
    """A field, a value that it must not have, and the path that the fault names (the field itself if None)."""

    field: str
    value: Any
    named: str | None = None


SEED_ENVIRONMENT = {
    "image": "registry.example.com/tools/jupyter-tensorboard:cuda-11.2",
    "connections": [
        {
            "name": "Jupyter",
            "internalToolInfo": {
                "toolType": "jupyter-notebook",
                "connectionType": "ExternalUrl",
                "containerPort": 8888,
            },
        },
        {
            "name": "TensorBoard",
            "internalToolInfo": {"toolType": "tensorboard", "connectionType": "ExternalUrl", "containerPort": 6006},
        },
    ],
}
SEED_COMPUTE = {
    "gpuDevicesRequest": 1,
    "gpuRequestType": "portion",
    "gpuPortionRequest": 0.5,
    "cpuCoreRequest": 8,
    "cpuMemoryRequest": "200 Megabytes",
}
SEED_GIT = {"repository": "https://github.com/example/dataset.git", "branch": "main", "path": "/workspace/dataset"}

FULL: dict[Variant, dict[str, Any]] = {
    V.ENVIRONMENT: {
        "image": f"registry.example.com:5000/team/image:1.0@sha256:{'a' * 64}",
        "imagePullPolicy": "IfNotPresent",
        "command": "start-notebook.sh",
        "args": "--ip 0.0.0.0\n--port 8888",
        "workingDir": "/srv/notebooks",
        "createHomeDir": True,
        "tty": True,
        "stdin": True,
        "environmentVariables": [
            {"name": "MODE", "value": "", "description": "how", "exclude": False},
            {"name": "TOKEN", "credential": {"assetId": UUID, "key": "token"}},
            {"name": "LIMIT", "configMap": {"name": "limits", "key": "most.items"}},
            {"name": "ADDRESS", "podFieldRef": {"path": "status.podIP"}},
        ],
        "probes": {
            "readiness": {
                "initialDelaySeconds": 0,
                "periodSeconds": 5,
                "timeoutSeconds": 1,
                "successThreshold": 1,
                "failureThreshold": 3,
                "handler": {"httpGet": {"path": "/ready", "port": 8888, "host": "10.0.0.1", "scheme": "HTTP"}},
            }
        },
        "connections": [
            {
                "name": "Jupyter",
                "isExternal": False,
                "internalToolInfo": {
                    "toolType": "jupyter-notebook",
                    "connectionType": "ExternalUrl",
                    "containerPort": 8888,
                    "externalUrlInfo": {"isCustomUrl": True, "externalUrl": "https://jupyter.example.com/a"},
                },
            },
            {
                "name": "TensorBoard",
                "internalToolInfo": {
                    "toolType": "tensorboard",
                    "connectionType": "NodePort",
                    "containerPort": 6006,
                    "nodePortInfo": {"isCustomPort": True},
                },
            },
            {
                "name": "Model",
                "internalToolInfo": {
                    "toolType": "custom",
                    "connectionType": "ServingPort",
                    "containerPort": 8000,
                    "servingPortInfo": {"protocol": "grpc"},
                },
            },
            {
                "name": "Runs",
                "isExternal": True,
                "externalToolInfo": {"toolType": "wandb", "externalUrl": "https://wandb.ai/team"},
            },
        ],
        "uidGidSource": "custom",
        "runAsUid": 1000,
        "runAsGid": 100,
        "supplementalGroups": "2,3,5,8",
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": False,
        "allowPrivilegeEscalation": False,
        "capabilities": ["NET_ADMIN", "SYS_PTRACE"],
        "seccompProfileType": "RuntimeDefault",
        "hostIpc": False,
        "hostNetwork": False,
    },
    V.COMPUTE: {
        "gpuDevicesRequest": 1,
        "gpuRequestType": "portion",
        "gpuPortionRequest": 0.5,
        "gpuPortionLimit": 1,
        "cpuCoreRequest": 0.125,
        "cpuCoreLimit": 8,
        "cpuMemoryRequest": "200M",
        "cpuMemoryLimit": "1.5Gi",
        "largeShmRequest": True,
        "extendedResources": [{"resource": "example.com/fpga", "quantity": "2"}],
    },
    V.GIT: {**SEED_GIT, "revision": "v1.2", "credentialId": UUID},
    V.PVC: {
        "path": "/data",
        "existingPvc": False,
        "claimName": "scratch",
        "readOnly": False,
        "ephemeral": True,
        "claimInfo": {
            "size": "10Gi",
            "storageClass": "fast-nvme",
            "accessModes": {"readWriteOnce": True, "readOnlyMany": False, "readWriteMany": False},
            "volumeMode": "Filesystem",
        },
    },
    V.NFS: {"server": "nfs.example.com", "path": "/exports/papers", "mountPath": "/papers", "readOnly": True},
    V.S3: {
        "bucket": "team-data.v2",
        "path": "/bucket",
        "url": "https://s3.example.com:9000",
        "accessKeyAssetId": UUID,
    },
    V.HOST_PATH: {
        "path": "/mnt/scratch",
        "mountPath": "/scratch",
        "readOnly": False,
        "mountPropagation": "HostToContainer",
    },
    V.CONFIG_MAP: {"configMap": "settings", "mountPath": "/etc/app", "subPath": "app/main.cfg", "defaultMode": "0644"},
    V.SECRET: {"credentialAssetId": UUID, "mountPath": "/etc/keys", "defaultMode": "0400"},
    V.ACCESS_KEY: {"accessKeyId": "AKIAIOSFODNN7", "secretAccessKey": SECRETS[0]},
    V.DOCKER_REGISTRY: {"user": "robot$ci", "password": SECRETS[2], "url": "https://index.docker.io/v1/"},
    V.PASSWORD: {"user": "ada@example.com", "password": SECRETS[0]},
    V.GENERIC_SECRET: {"keyValuePairs": [{"key": "ssh", "value": SECRETS[1]}, {"key": "api.key", "value": SECRETS[0]}]},
}
"""One spec of each variant with as many of its fields as go together, each in its normal form."""

MORE: list[tuple[Variant, dict[str, Any]]] = [
    (V.ENVIRONMENT, SEED_ENVIRONMENT),
    (V.ENVIRONMENT, {"image": "ubuntu"}),
    (V.ENVIRONMENT, {"image": "localhost/a"}),
    (V.ENVIRONMENT, {"image": "[::1]:5000/a__b/c-d:_x", "uidGidSource": "fromIdpToken", "supplementalGroups": "1"}),
    (V.ENVIRONMENT, {"image": "a.b/c", "overrideUidGidInWorkspace": False, "connections": [], "command": None}),
    (V.COMPUTE, SEED_COMPUTE),
    (V.COMPUTE, {"gpuDevicesRequest": 2}),
    (V.COMPUTE, {"gpuDevicesRequest": 2, "gpuRequestType": "portion"}),
    (V.COMPUTE, {"gpuDevicesRequest": 4, "gpuRequestType": "portion", "gpuPortionRequest": 1.0}),
    (
        V.COMPUTE,
        {"gpuDevicesRequest": 1, "gpuRequestType": "memory", "gpuMemoryRequest": "2G", "gpuMemoryLimit": "2Gi"},
    ),
    (V.COMPUTE, {"gpuDevicesRequest": 0, "cpuMemoryRequest": "1.50 gibibytes", "cpuMemoryLimit": "+2e9"}),
    (V.GIT, {"repository": "git@github.com:example/data.git", "path": "/a", "passwordAssetId": UUID.upper()}),
    (V.GIT, {"repository": "ssh://git@[::1]/x", "path": "/a"} | {"repository": "ssh://git@host.local:22/x"}),
    (V.GIT, SEED_GIT | {"credentialId": UUID, "passwordAssetId": UUID, "branch": "feature/#12"}),
    (V.PVC, {"path": "/data", "existingPvc": True, "claimName": "shared", "dataSharing": False}),
    (V.PVC, {"path": "/data/./x//", "claimInfo": {"size": "1 TB", "accessModes": {}, "addedAttrValues": []}}),
    (V.PVC, {"path": "/data", "claimInfo": {"size": "1T", "storageClass": "fast.nvme", "volumeMode": "Block"}}),
    (V.CONFIG_MAP, {"configMap": "a.b-c", "mountPath": "/a", "subPath": "./b//c/"}),
    (V.NFS, {"server": "fe80::1", "path": "/", "mountPath": "/papers"}),
    (V.S3, {"bucket": "abc", "path": "/bucket"}),
    (V.HOST_PATH, {"path": "/mnt", "mountPath": "/mnt"}),
    *[(variant, {"existingSecretName": "in-the-cluster"}) for variant in (V.ACCESS_KEY, V.PASSWORD, V.GENERIC_SECRET)],
    (V.DOCKER_REGISTRY, {"user": "u", "password": " ", "url": "registry.example.com:5000/team"}),
]
"""More that is accepted, not all of it in normal form."""


def _all(field: str, *values: Any, named: str | None = None) -> list[Refused]:
    return [Refused(field, value, named) for value in values]


def top_of(field: str) -> str:
    """The member of the whole that a path begins with."""
    return field.split("[")[0].split(".")[0]


MOUNTS = ("", "data", "/", "/..", "/a/../b", "/a:b", "/a\x00", "/a\n", "/\u200b", "/" + "a" * 1_024, None)
BOOLS = ("true", 0, 1, [])
START: list[Refused] = [
    *_all("image", None, "", "Team/Image", "a b", "a:", "a:b c", "a@sha256:12", "a/", "/a", "a//b", "-a/b", "a" * 64),
    *_all("image", "x.y:0/a", "x.y:70000/a", "a/b:" + "t" * 129, "a" * 257, "https://a.b/c", "é", "a\n", "a.b_c.d:1/x"),
    *_all("imagePullPolicy", "always", "", 1),
    *_all("command", "", "a\x00", "a\u202eb", "x" * 40_000, ["a"]),
    *_all("args", "", "\x1b[0m", ["--a"]),
    *_all("workingDir", "home", "/a/../b", "", "/a\tb"),
    *_all("createHomeDir", *BOOLS),
    *_all("tty", *BOOLS),
    *_all("stdin", *BOOLS),
    Refused("stdin", False, "tty"),
    *_all("environmentVariables", {}, "A=B"),
    Refused("environmentVariables", [None], "environmentVariables[0]"),
    Refused("environmentVariables", [{"name": f"A{n}", "value": ""} for n in range(101)]),
    *_all("environmentVariables[0].name", None, "", "1A", "A=B", "A B", "é", "A" * 256),
    Refused("environmentVariables[1].name", "MODE"),
    *_all("environmentVariables[0].value", 5, True, "a\x00b", "\ud800", "x" * 70_000),
    *_all("environmentVariables[0].value", None, named="environmentVariables[0]"),
    *_all("environmentVariables[1].value", "both", named="environmentVariables[1]"),
    *_all("environmentVariables[0].description", "", "x" * 251, 5),
    *_all("environmentVariables[0].exclude", True, "false"),
    *_all("environmentVariables[0].secret", {"name": "a", "key": "b"}),
    *_all("environmentVariables[0].userCredential", {"name": "a", "key": "b"}),
    *_all("environmentVariables[1].credential", "token"),
    *_all("environmentVariables[1].credential.assetId", None, "", "../x", "a_b", 5),
    *_all("environmentVariables[1].credential.key", None, "", "..", "a/b", "k" * 254),
    *_all("environmentVariables[2].configMap", []),
    *_all("environmentVariables[2].configMap.name", None, "Limits", "a..b", "-a"),
    *_all("environmentVariables[2].configMap.key", None, "a b"),
    *_all("environmentVariables[3].podFieldRef", "status.podIP"),
    *_all("environmentVariables[3].podFieldRef.path", None, "", "spec.containers", "metadata.labels", "status.podIP\n"),
    *_all("probes", []),
    *_all("probes.readiness", []),
    *_all("probes.readiness.initialDelaySeconds", -1, 1.5, "1", True, 10**9),
    *_all("probes.readiness.periodSeconds", 0, "1"),
    *_all("probes.readiness.timeoutSeconds", 0),
    *_all("probes.readiness.successThreshold", 0),
    *_all("probes.readiness.failureThreshold", 0),
    *_all("probes.readiness.handler", None, []),
    *_all("probes.readiness.handler.httpGet", None, []),
    *_all("probes.readiness.handler.httpGet.path", "ready", "/a b", "/a?b"),
    *_all("probes.readiness.handler.httpGet.port", None, 0, 65_536, "80", 80.5),
    *_all("probes.readiness.handler.httpGet.host", "a b", "", "fe80::1%eth0"),
    *_all("probes.readiness.handler.httpGet.scheme", "http"),
]
SECURITY: list[Refused] = [
    *_all("uidGidSource", "image", ""),
    Refused("uidGidSource", "fromTheImage", "runAsUid"),
    Refused("uidGidSource", "fromTheImage", "supplementalGroups"),
    Refused("uidGidSource", None, "runAsGid"),
    *_all("runAsUid", None, -1, "0", 2**31, 0, True),
    *_all("runAsGid", -1, 1.0),
    *_all("supplementalGroups", "a", "1,,2", "1;2", ",", str(2**31), "1," * 300, [1]),
    *_all("runAsNonRoot", *BOOLS),
    *_all("readOnlyRootFilesystem", *BOOLS),
    *_all("allowPrivilegeEscalation", *BOOLS),
    Refused("capabilities", ["SYS_ADMIN"], "allowPrivilegeEscalation"),
    *_all("capabilities", "NET_ADMIN", {}),
    *[Refused("capabilities", [text], "capabilities[0]") for text in ("CAP_NET_ADMIN", "net_admin", "", "ALL", 5)],
    Refused("capabilities", ["CHOWN", "KILL", "CHOWN"], "capabilities[2]"),
    *_all("seccompProfileType", "runtimeDefault", ""),
    *_all("hostIpc", *BOOLS),
    *_all("hostNetwork", *BOOLS),
]
_TOOL = "connections[0].internalToolInfo"
REFUSED: dict[Variant, list[Refused]] = {
    V.ENVIRONMENT: [
        *START,
        *SECURITY,
        *_all("overrideUidGidInWorkspace", True, "false"),
        *_all("connections", {}),
        *_all("connections[0].name", None, "", " Jupyter", "Jup\u200byter", "a\u0301", "x" * 251),
        Refused("connections[1].name", "Jupyter"),
        *_all("connections[0].isExternal", "false"),
        Refused("connections[0].isExternal", True, "connections[0].internalToolInfo"),
        Refused("connections[0].isExternal", True, "connections[0].externalToolInfo"),
        *_all(_TOOL, None, []),
        *_all(f"{_TOOL}.toolType", None, "Jupyter", ""),
        *_all(f"{_TOOL}.connectionType", None, "externalUrl"),
        Refused(f"{_TOOL}.connectionType", "NodePort", f"{_TOOL}.externalUrlInfo"),
        *_all(f"{_TOOL}.containerPort", None, 0, 65_536, "8888", 8888.0, True, -1),
        *_all(f"{_TOOL}.externalUrlInfo", []),
        *_all(f"{_TOOL}.externalUrlInfo.isCustomUrl", "true"),
        *_all(f"{_TOOL}.externalUrlInfo.externalUrl", "", "javascript:x", "http:///a", "//a", "https://a b", "ftp://a"),
        *_all(f"{_TOOL}.externalUrlInfo.externalUrl", "https://u:p@a.b", "https://a:99999", "https://[x", "https://-a"),
        *_all(f"{_TOOL}.externalUrlInfo.externalUrl", "https://a.b/\u200b", "https://a.b\\c", "https://a/\n"),
        *_all("connections[1].internalToolInfo.nodePortInfo", []),
        *_all("connections[1].internalToolInfo.nodePortInfo.isCustomPort", 1),
        *_all("connections[2].internalToolInfo.servingPortInfo", []),
        *_all("connections[2].internalToolInfo.servingPortInfo.protocol", "tcp"),
        *_all("connections[3].externalToolInfo", None, []),
        *_all("connections[3].externalToolInfo.toolType", None, "mlflow"),
        *_all("connections[3].externalToolInfo.externalUrl", None, "wandb.ai"),
    ],
    V.COMPUTE: [
        *_all("gpuDevicesRequest", None, -1, "1", 1.0, True, 10**6),
        Refused("gpuDevicesRequest", 0, "gpuRequestType"),
        Refused("gpuDevicesRequest", 2, "gpuPortionRequest"),
        *_all("gpuRequestType", "migProfile", "", 1),
        Refused("gpuRequestType", None, "gpuPortionRequest"),
        Refused("gpuRequestType", "memory", "gpuPortionLimit"),
        Refused("gpuRequestType", "memory", "gpuMemoryRequest"),
        *_all("gpuPortionRequest", None, 0, 0.0, -0.5, 1.01, 2, "0.5", True, float("nan"), float("inf"), 10**400),
        *_all("gpuPortionLimit", 0, 0.4, 1.5, "1"),
        *_all("gpuMemoryRequest", "1G", 5, "0"),
        *_all("gpuMemoryLimit", "1G", "x"),
        *_all("cpuCoreRequest", 0, -1, 0.0001, "8", True, 10**5, 1e300),
        *_all("cpuCoreLimit", 0.1, 0, "8"),
        *_all("cpuMemoryRequest", "", 200, "200m", "0M", "-1M", "200 Mb", "1 parsec", "1,5G", "²M", "1Gi ", "9e99"),
        *_all("cpuMemoryRequest", "1.5", "0.1", "1e-3", "9999999E", "9" * 50, "MB", ".", "1_0M", "0x1M", "1 GiB/s"),
        *_all("cpuMemoryLimit", "199M", "1x"),
        *_all("largeShmRequest", *BOOLS),
        *_all("extendedResources", {}),
        *_all(
            "extendedResources[0].resource", None, "", "fpga", "a/b/c", "cpu", "kubernetes.io/x", "a.kubernetes.io/x"
        ),
        *_all("extendedResources[0].resource", "nvidia.com/gpu", "Example.com/x", "a.b/" + "c" * 64),
        *_all("extendedResources[0].quantity", None, "", "0", "1.5", "-1", 2, "x"),
        *_all("extendedResources[0].exclude", True),
        Refused("extendedResources", [{"resource": "a.b/c", "quantity": "1"}] * 2, "extendedResources[1].resource"),
    ],
    V.GIT: [
        *_all("repository", None, "", "github.com/a/b", "http://a.b/c", "file:///etc", "git://a.b/c", "-u", "ext::sh"),
        *_all(
            "repository", "https://u:p@a.b/c", "https://token@a.b/c", "ssh://-oProxyCommand=x/y", "git@-x:y", "a@b:-c"
        ),
        *_all(
            "repository", "https://a.b", "https://a.b/", "ssh://u:p@a.b/c", "git@host:", "ssh://a.b:0/c", "https://a/ b"
        ),
        *_all("branch", "", "-b", "a..b", "a b", "a~1", "a^", "x.lock", "a/", "/a", "a//b", "@", "a@{1}", "a\x7f", "."),
        *_all("branch", "a/.b", "b?", "b*", "b[", "b\\c", "\u200b", "x" * 251, "a.lock/b", "b."),
        *_all("revision", "", "--upload-pack=x", "HEAD:x", 5),
        *_all("path", *MOUNTS),
        *_all("credentialId", "", "a b", "a/b", "x" * 254, 5),
        *_all("passwordAssetId", "", "other", 5),
    ],
    V.PVC: [
        *_all("path", *MOUNTS),
        *_all("existingPvc", *BOOLS),
        Refused("existingPvc", True, "claimInfo"),
        Refused("existingPvc", True, "ephemeral"),
        *_all("claimName", "", "Scratch", "a.b", "-a", "a" * 64),
        *_all("readOnly", *BOOLS),
        *_all("ephemeral", *BOOLS),
        *_all("dataSharing", True, "false"),
        *_all("claimInfo", None, []),
        *_all("claimInfo.size", None, "", "0", "10m", "ten"),
        *_all("claimInfo.storageClass", "", "Fast", "a..b", "x" * 254),
        *_all("claimInfo.accessModes", [], "ReadWriteOnce"),
        *_all("claimInfo.accessModes.readWriteOnce", "true"),
        Refused("claimInfo.accessModes.readWriteOnce", False, "claimInfo.accessModes"),
        *_all("claimInfo.accessModes.readOnlyMany", 1),
        *_all("claimInfo.accessModes.readWriteMany", 1),
        *_all("claimInfo.volumeMode", "block"),
        *_all("claimInfo.addedAttrValues", [{"key": "a", "value": "b"}]),
    ],
    V.NFS: [
        *_all("server", None, "", "a b", "http://a", "-a", "a..b", "fe80::1%1", "x" * 254, "host:/path"),
        *_all("path", None, "", "exports", "/a/../b"),
        *_all("mountPath", *MOUNTS),
        *_all("readOnly", *BOOLS),
    ],
    V.S3: [
        *_all(
            "bucket", None, "", "ab", "x" * 64, "Data", "a_b", "a..b", "-ab", "192.168.0.1", "xn--abc", "a.-b", "abc\n"
        ),
        *_all("path", *MOUNTS),
        *_all("url", "", "s3://bucket", "s3.example.com", "https://key:secret@s3.example.com"),
        *_all("accessKeyAssetId", "", "a/b"),
    ],
    V.HOST_PATH: [
        *_all("path", None, "", "mnt", "/mnt/../etc", "/a\x00"),
        *_all("mountPath", *MOUNTS),
        *_all("readOnly", *BOOLS),
        *_all("mountPropagation", "Bidirectional", "none"),
    ],
    V.CONFIG_MAP: [
        *_all("configMap", None, "", "Settings", "a/b"),
        *_all("mountPath", *MOUNTS),
        *_all("subPath", "", "/a", "../a", "a/../../b"),
        *_all("defaultMode", "644", "0888", "06444", "", 420),
    ],
    V.SECRET: [
        *_all("credentialAssetId", None, "", "a/b"),
        *_all("mountPath", *MOUNTS),
        *_all("defaultMode", "0x44", "1777"),
    ],
    V.ACCESS_KEY: [
        *_all("accessKeyId", None, "", " a", "a\x00", "x" * 251, 5),
        *_all("secretAccessKey", None, "", "a\x00", "x" * 70_000, 5),
        *_all("existingSecretName", "", "Secret", "remit-other", 5),
        Refused("existingSecretName", "in-the-cluster", "accessKeyId"),
        Refused("existingSecretName", "in-the-cluster", "secretAccessKey"),
    ],
    V.DOCKER_REGISTRY: [
        *_all("user", None, ""),
        *_all("password", None, "", "\ud800", 5),
        *_all("url", None, "", "ftp://a", "https://u:p@a.b", "a b", "https://"),
        *_all("existingSecretName", "a_b", "remit-other"),
        Refused("existingSecretName", "in-the-cluster", "url"),
    ],
    V.PASSWORD: [
        *_all("user", None, "", "a\n"),
        *_all("password", None, "", "\x00", ["a"]),
        *_all("existingSecretName", "A", "remit-other"),
        Refused("existingSecretName", "in-the-cluster", "password"),
    ],
    V.GENERIC_SECRET: [
        *_all("keyValuePairs", None, [], {}, "a"),
        Refused("keyValuePairs", [None], "keyValuePairs[0]"),
        *_all("keyValuePairs[0].key", None, "", "a b", "..", "a/b", 5),
        Refused("keyValuePairs[1].key", "ssh"),
        *_all("keyValuePairs[0].value", None, "", "\x00", 5, {}),
        *_all("existingSecretName", "A", "remit-other"),
        Refused("existingSecretName", "in-the-cluster", "keyValuePairs"),
    ],
}
"""Values that each field of a full example must not be given."""

FULL_RUNNING: dict[str, Any] = {
    "labels": [{"name": "team", "value": "vision", "exclude": False}, {"name": "example.com/team", "value": ""}],
    "annotations": [{"name": "example.com/note", "value": "as it is: {1}\n"}],
    "nodeType": "dgx.a100",
    "nodePools": ["fast", "default"],
    "tolerations": [
        {"name": "gpu", "operator": "Equal", "key": "example.com/gpu", "value": "yes", "effect": "NoSchedule"},
        {"operator": "Exists", "effect": "NoExecute", "seconds": 60},
    ],
    "priorityClass": "medium-high",
    "preemptibility": "non-preemptible",
    "restartPolicy": "Always",
    "backoffLimit": 6,
    "terminateAfterPreemption": False,
    "terminationGracePeriodSeconds": 0,
    "autoDeletionTimeAfterCompletionSeconds": 86_400,
    "category": "Build",
}
RUNNING: list[Refused] = [
    *_all("labels", {}, "team"),
    *_all("labels[0].name", "", "a b", "/a", "a/b/c", "-a", "x" * 64, "é"),
    *_all(
        "labels[0].name", "kai.scheduler/queue", "run.ai/x", "app.kubernetes.io/name", "project", "priorityClassName"
    ),
    Refused("labels[1].name", "team"),
    *_all("labels[0].value", "a b", "-a", "x" * 64, 5),
    *_all("labels[0].exclude", True),
    *_all("annotations", {}),
    *_all("annotations[0].name", "gpu-fraction", "gpu-fraction-num-devices", "gpu-memory", "mps", "a b"),
    *_all("annotations[0].value", 5, "a\x00"),
    *_all("annotations[0].exclude", True),
    *_all("nodeType", "a b", 5),
    *_all("nodePools", "fast", {}),
    Refused("nodePools", ["Fast"], "nodePools[0]"),
    Refused("nodePools", ["fast", "fast"], "nodePools[1]"),
    *_all("tolerations", {}),
    *_all("tolerations[0].name", "", 5),
    *_all("tolerations[0].operator", "equal"),
    Refused("tolerations[0].operator", "Exists", "tolerations[0].value"),
    *_all("tolerations[0].key", None, "", "a b"),
    *_all("tolerations[0].value", "a b"),
    *_all("tolerations[0].effect", "Never"),
    *_all("tolerations[1].seconds", 0, "60", 1.5),
    Refused("tolerations[1].effect", "NoSchedule", "tolerations[1].seconds"),
    *_all("tolerations[0].exclude", True),
    *_all("priorityClass", "urgent", "", 100),
    *_all("preemptibility", "never", True),
    *_all("restartPolicy", "always"),
    *_all("backoffLimit", -1, "6", 10**9),
    *_all("terminateAfterPreemption", *BOOLS),
    *_all("terminationGracePeriodSeconds", -1, 1.5),
    *_all("autoDeletionTimeAfterCompletionSeconds", -1, 10**12),
    *_all("category", "", "a\n"),
    *_all("imagePullSecrets", [{"name": "regcred"}]),
    *_all("nodeAffinityRequired", {"nodeSelectorTerms": []}),
    *_all("podAffinity", {"type": "Required", "key": "a"}),
    *_all("allowOverQuota", True),
]
"""The same for what blocks and flat specs share."""

FULL_FLAT: dict[str, Any] = {
    **{name: value for name, value in FULL[V.ENVIRONMENT].items() if name in {top_of(each.field) for each in START}},
    **FULL_RUNNING,
    "compute": FULL[V.COMPUTE],
    "storage": {
        "git": [FULL[V.GIT] | {"name": "dataset", "exclude": False}],
        "pvc": [FULL[V.PVC]],
        "nfs": [FULL[V.NFS]],
        "s3": [FULL[V.S3]],
        "hostPath": [FULL[V.HOST_PATH]],
        "configMapVolume": [FULL[V.CONFIG_MAP]],
        "secretVolume": [FULL[V.SECRET]],
    },
    "security": {name: FULL[V.ENVIRONMENT][name] for name in dict.fromkeys(top_of(each.field) for each in SECURITY)},
    "exposedUrls": [
        {
            "container": 8888,
            "url": "https://a.example.com/ws",
            "authorizationType": "authorizedUsers",
            "authorizedUsers": ["ada@example.com"],
            "toolType": "jupyter-notebook",
            "toolName": "Jupyter",
            "name": "jupyter",
        },
        {"container": 6006, "authorizationType": "authorizedGroups", "authorizedGroups": ["vision"]},
    ],
    "ports": [{"container": 22, "serviceType": "NodePort", "external": 30_022, "toolType": "ssh", "toolName": "SSH"}],
    "relatedUrls": [{"url": "https://wandb.ai/team", "type": "wandb", "name": "runs"}],
}
STORED = {
    "git": V.GIT,
    "pvc": V.PVC,
    "nfs": V.NFS,
    "s3": V.S3,
    "hostPath": V.HOST_PATH,
    "configMapVolume": V.CONFIG_MAP,
    "secretVolume": V.SECRET,
}
"""What a flat spec calls the variants of data sources."""


def _within(path: str, refused: list[Refused]) -> list[Refused]:
    return [Refused(path + each.field, each.value, path + (each.named or each.field)) for each in refused]


FLAT: list[Refused] = [
    *START,
    *RUNNING,
    *_all("compute", [], {}),
    *_within("compute.", REFUSED[V.COMPUTE]),
    *_all("security", []),
    *_within("security.", SECURITY),
    *_all("storage", []),
    *[
        each
        for name, variant in STORED.items()
        for each in (
            *_all(f"storage.{name}", {}, "a"),
            *_all(f"storage.{name}[0].name", "", "A", 5),
            *_all(f"storage.{name}[0].exclude", True),
            *_within(f"storage.{name}[0].", REFUSED[variant]),
        )
    ],
    *_all("storage.git[0].passwordSecret", "a"),
    *_all("storage.git[0].secretRef", {"name": "a"}),
    *_all("storage.git[0].secretKeyOfUser", "a"),
    *_all("storage.git[0].secretKeyOfPassword", "a"),
    *_all("storage.s3[0].accessKeySecret", "a"),
    *_all("storage.s3[0].secretKeyOfAccessKeyId", "a"),
    *_all("storage.s3[0].secretKeyOfSecretKey", "a"),
    *_all("storage.secretVolume[0].secret", "a"),
    *_all("storage.nfs[0].mountPath", "/data", "//data/"),
    *_all("storage.dataVolume", [{"id": UUID}]),
    *_all("storage.emptyDirVolume", [{"path": "/a"}]),
    *_all("exposedUrls", {}),
    *_all("exposedUrls[0].container", None, 0, "8888"),
    Refused("exposedUrls[1].container", 8888),
    *_all("exposedUrls[0].url", "", "ftp://a", "https://u@a"),
    *_all("exposedUrls[0].authorizationType", "everyone"),
    Refused("exposedUrls[0].authorizationType", "authenticatedUsers", "exposedUrls[0].authorizedUsers"),
    Refused("exposedUrls[0].authorizationType", "authorizedGroups", "exposedUrls[0].authorizedGroups"),
    *_all("exposedUrls[0].authorizedUsers", None, [], "ada"),
    Refused("exposedUrls[0].authorizedUsers", ["a", " b"], "exposedUrls[0].authorizedUsers[1]"),
    *_all("exposedUrls[0].authorizedGroups", ["vision"]),
    *_all("exposedUrls[0].toolType", "", 5),
    *_all("exposedUrls[0].toolName", "", 5),
    *_all("exposedUrls[0].name", "", 5),
    *_all("exposedUrls[0].exclude", True),
    *_all("ports", {}),
    *_all("ports[0].container", None, 0, 65_536),
    *_all("ports[0].serviceType", "nodePort"),
    *_all("ports[0].external", 0, "30022"),
    *_all("ports[0].toolType", ""),
    *_all("ports[0].toolName", ""),
    *_all("ports[0].name", ""),
    *_all("ports[0].exclude", True),
    Refused("ports", [{"container": 22}, {"container": 22}], "ports[1].container"),
    *_all("relatedUrls", {}),
    *_all("relatedUrls[0].url", None, "wandb"),
    *_all("relatedUrls[0].type", None, ""),
    *_all("relatedUrls[0].name", ""),
    *_all("relatedUrls[0].exclude", True),
]
"""Values that fields of a flat spec must not be given."""

FULL_SPECIFIC: dict[str, Any] = {
    **FULL_RUNNING,
    "command": "bash",
    "args": "-c true",
    "environmentVariables": FULL[V.ENVIRONMENT]["environmentVariables"],
    "connections": [
        {"name": "TensorBoard", "nodePort": 30_006, "authorizedUsers": ["ada@example.com"]},
        {"name": "Jupyter", "externalUrl": "https://a.example.com", "authorizedGroups": ["vision"]},
    ],
}
SPECIFIC: list[Refused] = [
    *RUNNING,
    *[each for each in START if each.field.startswith(("command", "args", "environmentVariables"))],
    *_all("connections", {}),
    *_all("connections[0].name", None, ""),
    Refused("connections[1].name", "TensorBoard"),
    *_all("connections[0].nodePort", -1, 0, 65_536, "1"),
    *_all("connections[1].externalUrl", "", "a"),
    *_all("connections[0].authorizedUsers", [], "ada"),
    *_all("connections[0].authorizedGroups", [], ["vision"]),
    *_all("runAsUid", 5),
    *_all("runAsGid", 5),
    *_all("supplementalGroups", "5"),
]
"""The same for what a workspace made of blocks says for itself."""

_STEP = re.compile(r"([A-Za-z0-9]+)|\[(\d+)\]")


def by_field(refused: list[Refused]) -> dict[str, list[Refused]]:
    """The values by the field that they are for."""
    fields: dict[str, list[Refused]] = {}
    for each in refused:
        fields.setdefault(each.field, []).append(each)
    return fields


def changed(example: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    """The example with one field set to a value, or left out if the value is None."""
    result = deepcopy(example)
    steps: list[Any] = [int(index) if index else name for name, index in _STEP.findall(field)]
    inner: Any = result
    for step in steps[:-1]:
        inner = inner[step]
    if value is None and isinstance(inner, dict):
        inner.pop(steps[-1], None)
    else:
        inner[steps[-1]] = value
    return result
