"""Whatever a checked spec says, Kubernetes and KAI take what it becomes, and no secret value is in it."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kubernetes_checks import faults
from manifest_specs import ADA, CREDENTIALS, SECRETS, workspace
from remit.adapters.manifests import as_yaml, manifest, secret_data, secret_name, secret_names, unit_of
from remit.core.blocks import Phase, Spec, Variant, references_in

CANARIES = {
    "password": (Variant.PASSWORD, {"user": "canary-user", "password": "canary-password"}),
    "ssh": (Variant.GENERIC_SECRET, {"ssh": "canary-key"}),
    "registry": (
        Variant.DOCKER_REGISTRY,
        {"user": "canary-user", "password": "canary-password", "url": "r.example.com"},
    ),
    "keys": (Variant.ACCESS_KEY, {"accessKeyId": "canary-id", "secretAccessKey": "canary-access"}),
    "generic": (Variant.GENERIC_SECRET, {"token": "canary-token"}),
}
"""What the credentials of the specs hold: nowhere in a manifest."""

WORD = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
LINE = st.text(st.characters(codec="utf-8", exclude_characters="'\"\\\x00"), max_size=20)
QUANTITY = st.builds(lambda n, unit: f"{n}{unit}", st.integers(1, 9999), st.sampled_from(["", "M", "Mi", "G", "Gi"]))
PORT = st.integers(1, 65535)
FLAG = st.booleans()


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def credential(*sorts: str) -> st.SearchStrategy[str]:
    return st.sampled_from([CREDENTIALS[sort] for sort in sorts])


def placed(sort: str, key: str, entry: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to two data sources of a sort, each at a place of its own."""
    entries = st.lists(entry, max_size=2)
    return entries.map(lambda found: [{**each, key: f"/{sort}/{index}"} for index, each in enumerate(found)])


VARIABLE = st.builds(
    lambda name, source: {"name": name, **source},
    st.from_regex(r"[A-Z_][A-Z0-9_]{0,10}", fullmatch=True),
    st.one_of(
        st.fixed_dictionaries({"value": LINE}),
        st.builds(lambda a: {"credential": {"assetId": a, "key": "token"}}, credential("generic", "password")),
        st.just({"configMap": {"name": "settings", "key": "mode"}}),
        st.just({"podFieldRef": {"path": "metadata.name"}}),
    ),
)
CONNECTION = st.builds(
    lambda name, tool, by, port: {
        "name": name,
        "internalToolInfo": {"toolType": tool, "connectionType": by, "containerPort": port},
    },
    LINE,
    st.sampled_from(["jupyter-notebook", "tensorboard", "custom"]),
    st.sampled_from(["LoadBalancer", "NodePort", "ExternalUrl", "ServingPort"]),
    PORT,
)
COMPUTE = some(
    gpuDevicesRequest=st.integers(0, 8),
    gpuRequestType=st.sampled_from(["portion", "memory"]),
    gpuPortionRequest=st.floats(0, 1, allow_subnormal=False).filter(lambda portion: portion == 0 or portion > 1e-5),
    gpuMemoryRequest=QUANTITY,
    cpuCoreRequest=st.floats(0.01, 500) | st.integers(0, 64),
    cpuCoreLimit=st.integers(1, 64),
    cpuMemoryRequest=QUANTITY,
    cpuMemoryLimit=QUANTITY,
    largeShmRequest=FLAG,
    extendedResources=st.lists(
        st.builds(
            lambda name: {"resource": f"vendor.example/{name}", "quantity": "2"}, WORD.map(lambda w: w.strip("-"))
        ),
        max_size=2,
    ),
)
GIT = st.builds(
    lambda where, more: {**where, **more},
    st.one_of(
        st.fixed_dictionaries(
            {"repository": st.just("https://git.example.com/r.git")}, optional={"credentialId": credential("password")}
        ),
        st.fixed_dictionaries(
            {"repository": st.just("git@git.example.com:r.git")}, optional={"credentialId": credential("ssh")}
        ),
    ),
    some(branch=WORD, revision=st.from_regex(r"[0-9a-f]{40}", fullmatch=True)),
)
MODES = st.sampled_from(
    [{}, {"readWriteOnce": True}, {"readOnlyMany": True}, {"readWriteOnce": False, "readWriteMany": True}]
)
PVC = st.one_of(
    st.just({"existingPvc": True, "claimName": "models"}),
    st.builds(
        lambda info, more: {"existingPvc": False, "claimInfo": info, **more},
        st.fixed_dictionaries(
            {"size": QUANTITY, "accessModes": MODES},
            optional={
                "storageClass": WORD.map(lambda w: w.strip("-")),
                "volumeMode": st.sampled_from(["Block", "Filesystem"]),
            },
        ),
        some(ephemeral=FLAG, readOnly=FLAG),
    ),
)
NFS = st.fixed_dictionaries({"server": st.just("h"), "path": st.just("/e")}, optional={"readOnly": FLAG})
S3 = st.fixed_dictionaries(
    {"bucket": WORD}, optional={"url": st.just("https://s3.example.com"), "accessKeyAssetId": credential("keys")}
)
HOST_PATH = st.fixed_dictionaries(
    {"path": st.just("/mnt")}, optional={"mountPropagation": st.sampled_from(["None", "HostToContainer"])}
)
CONFIG_MAP = st.fixed_dictionaries({"configMap": st.just("settings")}, optional={"defaultMode": st.just("0644")})
STORAGE = some(
    git=placed("git", "path", GIT),
    pvc=placed("pvc", "path", PVC),
    nfs=placed("nfs", "mountPath", NFS),
    s3=placed("s3", "path", S3),
    hostPath=placed("host", "mountPath", HOST_PATH),
    configMapVolume=placed("map", "mountPath", CONFIG_MAP),
    secretVolume=placed(
        "secret", "mountPath", st.fixed_dictionaries({"credentialAssetId": credential("generic", "keys")})
    ),
)
SPEC = st.builds(
    lambda image, more: {"image": image, **more},
    WORD,
    some(
        imagePullPolicy=st.sampled_from(["Always", "Never", "IfNotPresent"]),
        command=LINE,
        args=LINE,
        workingDir=st.just("/work"),
        environmentVariables=st.lists(VARIABLE, max_size=4),
        connections=st.lists(CONNECTION, max_size=4, unique_by=lambda each: each["internalToolInfo"]["containerPort"]),
        imagePullCredentials=st.lists(credential("registry"), max_size=1),
        compute=COMPUTE,
        storage=STORAGE,
        uidGidSource=st.sampled_from(["fromTheImage", "custom"]),
        runAsUid=st.integers(0, 70_000),
        runAsGid=st.integers(0, 70_000),
        supplementalGroups=st.sampled_from(["", "2", "2,3,5,8"]),
        runAsNonRoot=FLAG,
        readOnlyRootFilesystem=FLAG,
        allowPrivilegeEscalation=FLAG,
        capabilities=st.lists(st.sampled_from(["NET_RAW", "CHOWN"])),
        seccompProfileType=st.sampled_from(["RuntimeDefault", "Unconfined"]),
        hostIpc=FLAG,
        hostNetwork=FLAG,
        tty=FLAG,
        stdin=FLAG,
        createHomeDir=FLAG,
        nodeType=WORD,
        nodePools=st.lists(WORD.map(lambda w: w.strip("-")), max_size=2),
        priorityClass=st.sampled_from(["build", "train"]),
        labels=st.dictionaries(WORD.map(lambda w: f"x{w}x"), WORD.map(lambda w: f"x{w}x"), max_size=2),
        annotations=st.lists(st.builds(lambda k, v: {"name": f"x{k}x", "value": v}, WORD, LINE), max_size=2),
    ),
)
NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=70)


@given(SPEC, NAME, NAME, NAME, st.sampled_from([Phase.RUNNING, Phase.STOPPED]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_spec_becomes_objects_that_are_taken(spec: Spec, name: str, unit: str, user: str, wanted: Phase) -> None:
    each = workspace(dict(spec), name, f"project:{unit}", wanted=wanted)
    objects = manifest(each, unit_of(each.scope), user, SECRETS)
    assert not faults(objects)
    assert objects == manifest(each, unit_of(each.scope), user, SECRETS)


def names_in(value: Any) -> set[str]:
    """The names of all Secrets that objects refer to, wherever Kubernetes lets one be named."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "secretName":
                found.add(inner)
            elif key in ("secretKeyRef", "secretRef"):
                found.add(inner["name"])
            elif key == "imagePullSecrets":
                found |= {each["name"] for each in inner}
            else:
                found |= names_in(inner)
    elif isinstance(value, list):
        found = {name for inner in value for name in names_in(inner)}
    return found


@given(SPEC, st.sets(st.sampled_from(list(CREDENTIALS.values()))))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_credential_is_read_where_it_is(spec: Spec, there: set[str]) -> None:
    """remit's own Secret, or the one of the project that is said to hold it: each where the spec names it, no other."""
    variables = [each["name"] for each in spec.get("environmentVariables", ())]
    assume(len(set(variables)) == len(variables))  # of two of a name the last one counts
    whole = {**spec, "existingSecrets": {id: f"there-{id}" for id in there}}
    each = workspace(whole)
    used = {*references_in(spec), *spec.get("imagePullCredentials", ())}
    wanted = {f"there-{id}" if id in there else secret_name(id) for id in used}
    assert names_in(manifest(each, "vision", ADA, secret_names(each))) == wanted


@given(SPEC)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_value_of_a_secret_is_in_a_manifest(spec: Spec) -> None:
    text = as_yaml(manifest(workspace(dict(spec)), "vision", ADA, SECRETS))
    for variant, fields in CANARIES.values():
        for value in secret_data(variant, {}, fields)[1].values():
            assert value not in text
            assert base64.b64encode(value.encode()).decode() not in text
    assert "canary" not in text and "Secret\n" not in text
