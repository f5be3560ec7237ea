"""Workspaces to render: one for everything that a spec can say, each with a golden file in tests/data/manifests."""

from __future__ import annotations

from typing import Any

from remit.adapters.manifests import secret_name, unit_of
from remit.core.blocks import Phase, Stamp, Workspace

Json = dict[str, Any]
ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
CREDENTIALS = {
    sort: f"{index}c1e7a52-0d5b-4e35-9d5c-5a1f6f1b2c3d"
    for index, sort in enumerate(("password", "ssh", "registry", "keys", "generic"), 1)
}
SECRETS = {asset_id: secret_name(asset_id) for asset_id in CREDENTIALS.values()}
ADA = "user:ada@example.com"
STAMP = Stamp(ADA, 1_700_000_000_000_000, "r1")


def workspace(spec: Json, name: str = "first-steps", scope: str = "project:vision", **more: Any) -> Workspace:
    """A running workspace of this spec."""
    whole = Workspace(
        ID, name, scope, spec, tuple(CREDENTIALS.values()), Phase.RUNNING, Phase.PENDING, 0, STAMP, STAMP, 1
    )
    return whole._replace(**more)


def tool(name: str, kind: str, by: str, port: int, **more: Any) -> Json:
    """A connection."""
    inner = {"toolType": kind, "connectionType": by, "containerPort": port, **more}
    return {"name": name, "isExternal": False, "internalToolInfo": inner}


JUPYTER = tool("Jupyter", "jupyter-notebook", "ExternalUrl", 8888)
BOARD = tool("TensorBoard", "tensorboard", "ExternalUrl", 6006)
PLAIN: Json = {"image": "jupyter/scipy-notebook", "compute": {"cpuCoreRequest": 1, "cpuMemoryRequest": "1Gi"}}

SEED = {
    "image": "tensorflow/tensorflow:2.8.0-gpu-jupyter",  # built with CUDA 11.2
    "command": "jupyter notebook --ip=0.0.0.0 --allow-root",
    "connections": [JUPYTER, BOARD],
    "compute": {
        "gpuDevicesRequest": 1,
        "gpuRequestType": "portion",
        "gpuPortionRequest": 0.5,
        "cpuCoreRequest": 8,
        "cpuMemoryRequest": "200M",
    },
    "storage": {
        "git": [
            {"repository": "https://git.example.com/vision/frames.git", "branch": "main", "path": "/workspace/frames"}
        ]
    },
}
"""The seed's own example: Jupyter, TensorBoard and CUDA 11.2; half a GPU, 8 cores, 200 Megabytes; a git branch."""


def _with(**parts: Any) -> Json:
    return {**PLAIN, **parts}


def _stored(**stores: Any) -> Json:
    return _with(storage=stores)


GIT_PATH = "ssh://git@git.example.com/vision/private.git"
CASES: dict[str, Workspace] = {
    "seed_example": workspace(SEED),
    "stopped": workspace(SEED, wanted=Phase.STOPPED),
    "plain": workspace(PLAIN),
    "gpu_whole_portion": workspace(
        _with(compute={"gpuDevicesRequest": 1, "gpuRequestType": "portion", "gpuPortionRequest": 1.0})
    ),
    "gpu_devices": workspace(_with(compute={"gpuDevicesRequest": 2, "cpuCoreLimit": 1.5, "cpuMemoryLimit": "2Gi"})),
    "gpu_memory": workspace(
        _with(compute={"gpuDevicesRequest": 1, "gpuRequestType": "memory", "gpuMemoryRequest": "4000M"})
    ),
    "compute_more": workspace(
        _with(
            compute={
                "largeShmRequest": True,
                "extendedResources": [{"resource": "rdma.example.com/hca", "quantity": "1"}],
                "cpuCoreRequest": 0.5,
            }
        )
    ),
    "git_password": workspace(
        _stored(
            git=[
                {
                    "repository": "https://git.example.com/vision/private.git",
                    "revision": "3f786850e387550fdab836ed7e6dc881de23001b",
                    "path": "/data/private",
                    "credentialId": CREDENTIALS["password"],
                }
            ]
        )
    ),
    "git_ssh": workspace(
        _with(
            storage={"git": [{"repository": GIT_PATH, "path": "/data", "credentialId": CREDENTIALS["ssh"]}]},
            uidGidSource="custom",
            runAsUid=1000,
            runAsGid=100,
        )
    ),
    "pvc": workspace(
        _stored(
            pvc=[
                {"path": "/models", "existingPvc": True, "claimName": "models", "readOnly": True},
                {
                    "path": "/scratch",
                    "existingPvc": False,
                    "claimName": "models",
                    "ephemeral": True,
                    "claimInfo": {"size": "10Gi", "accessModes": {"readWriteOnce": True}},
                },
                {
                    "path": "/dev/raw",
                    "existingPvc": False,
                    "claimInfo": {
                        "size": "1Ti",
                        "storageClass": "fast",
                        "accessModes": {"readWriteOnce": False, "readWriteMany": True},
                        "volumeMode": "Block",
                    },
                },
            ]
        )
    ),
    "volumes": workspace(
        _stored(
            nfs=[
                {"server": "nfs.example.com", "path": "/export/frames", "mountPath": "/frames"},
                {"server": "nfs.example.com", "path": "/export/out", "mountPath": "/out", "readOnly": False},
            ],
            hostPath=[
                {"path": "/mnt/ssd", "mountPath": "/ssd", "readOnly": True, "mountPropagation": "HostToContainer"}
            ],
            configMapVolume=[
                {"configMap": "settings", "mountPath": "/etc/app.ini", "subPath": "app.ini", "defaultMode": "0644"}
            ],
            secretVolume=[
                {"credentialAssetId": CREDENTIALS["generic"], "mountPath": "/keys", "defaultMode": "0400"},
                {"secret": "licence", "mountPath": "/licence"},
            ],
        )
    ),
    "s3": workspace(
        _stored(
            s3=[
                {"bucket": "frames", "path": "/frames", "accessKeyAssetId": CREDENTIALS["keys"]},
                {"bucket": "open", "path": "/open", "url": "https://s3.example.com"},
            ]
        )
    ),
    "existing_secrets": workspace(
        _with(
            storage={
                "git": [
                    {
                        "repository": "https://git.example.com/vision/private.git",
                        "path": "/data/private",
                        "credentialId": CREDENTIALS["password"],
                    }
                ],
                "s3": [{"bucket": "frames", "path": "/frames", "accessKeyAssetId": CREDENTIALS["keys"]}],
                "secretVolume": [{"credentialAssetId": CREDENTIALS["ssh"], "mountPath": "/keys"}],
            },
            imagePullCredentials=[CREDENTIALS["registry"]],
            environmentVariables=[
                {"name": "TOKEN", "credential": {"assetId": CREDENTIALS["generic"], "key": "token"}},
            ],
            existingSecrets={
                CREDENTIALS[sort]: f"{sort}-of-the-project" for sort in ("password", "keys", "registry", "generic")
            },
        )
    ),
    "environment": workspace(
        _with(
            args="--dir '/my data' --name ${RUNAI_JOB_NAME} --price $5 ${ELSEWHERE}",
            workingDir="/work",
            imagePullPolicy="IfNotPresent",
            imagePullCredentials=[CREDENTIALS["registry"]],
            environmentVariables=[
                {"name": "PLAIN", "value": "pa$$word $(PLAIN)"},
                {"name": "TOKEN", "credential": {"assetId": CREDENTIALS["generic"], "key": "token"}},
                {"name": "MODE", "configMap": {"name": "settings", "key": "mode"}},
                {"name": "NODE", "podFieldRef": {"path": "spec.nodeName"}},
                {"name": "LEFT_OUT", "value": "1", "exclude": True},
                {"name": "RUNAI_PROJECT", "value": "another"},
            ],
        )
    ),
    "security": workspace(
        _with(
            uidGidSource="custom",
            runAsUid=1001,
            runAsGid=1001,
            supplementalGroups="2,3,5,8",
            runAsNonRoot=True,
            readOnlyRootFilesystem=True,
            allowPrivilegeEscalation=False,
            capabilities=["NET_BIND_SERVICE"],
            seccompProfileType="RuntimeDefault",
            hostIpc=True,
            hostNetwork=True,
            tty=True,
            stdin=True,
            createHomeDir=True,
        )
    ),
    "connections": workspace(
        _with(
            connections=[
                JUPYTER,
                BOARD,
                tool(
                    "Code",
                    "visual-studio-code",
                    "NodePort",
                    8080,
                    nodePortInfo={"isCustomPort": True, "nodePort": 30080},
                ),
                tool("R Studio", "rstudio", "LoadBalancer", 8787),
                tool("Model", "custom", "ServingPort", 9000),
                tool(
                    "Own address",
                    "custom",
                    "ExternalUrl",
                    9001,
                    externalUrlInfo={"isCustomUrl": True, "externalUrl": "https://demo.example.com/frames"},
                ),
                {
                    "name": "W&B",
                    "isExternal": True,
                    "externalToolInfo": {"toolType": "wandb", "externalUrl": "https://wandb.example.com"},
                },
            ],
            ports=[{"container": 5000, "serviceType": "NodePort"}],
            exposedUrls=[{"container": 7000, "name": "api"}],
            probes={"readiness": {"periodSeconds": 5, "handler": {"httpGet": {"path": "/api", "port": 8888}}}},
        )
    ),
    "placement": workspace(
        _with(
            nodeType="dgx",
            nodePools=["a100"],
            priorityClass="train",
            preemptibility="preemptible",
            tolerations=[{"name": "t", "key": "gpu", "operator": "Exists", "effect": "NoExecute", "seconds": 60}],
            labels=[{"name": "team", "value": "frames"}],
            annotations={"example.com/note": "für Ada: 1e3, yes"},
        )
    ),
    "odd_names": workspace(PLAIN, "My Notebook, v2!", "project:Vision & Sprache"),
}


def unit(each: Workspace) -> str:
    return unit_of(each.scope)
