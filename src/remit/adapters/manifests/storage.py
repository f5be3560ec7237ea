"""The data sources of a workspace as volumes (facts §3c, §4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remit.adapters.manifests.git import git
from remit.adapters.manifests.meta import FOR_GOOD, KEEP_LABEL, UNTIL_STOP, Frame, metadata
from remit.adapters.manifests.names import OWN, part_name
from remit.adapters.manifests.pieces import Piece, joined
from remit.adapters.manifests.quantities import quantity
from remit.adapters.manifests.s3 import s3
from remit.adapters.manifests.shape import Json, file_mode, said, secret_of
from remit.core.blocks import Phase, Spec
from remit.core.names import quoted
from remit.errors import RequestInvalid

_ACCESS_MODES = ("readWriteOnce", "readOnlyMany", "readWriteMany")
_MEMORY: Json = {"medium": "Memory"}


def storage(frame: Frame, secrets: Mapping[str, str], user: int | None, home: str | None) -> Piece:
    """All volumes of a workspace, `/dev/shm` and a home directory included. Raises RequestInvalid."""
    return joined([Piece(), *_pieces(frame, secrets, user, home)])


def _pieces(frame: Frame, secrets: Mapping[str, str], user: int | None, home: str | None) -> Iterator[Piece]:
    spec = frame.workspace.spec
    stores: Spec = spec.get("storage") or {}
    yield from (git(index, each, secrets, user) for index, each in enumerate(stores.get("git") or ()))
    yield from (s3(index, each, secrets, user) for index, each in enumerate(stores.get("s3") or ()))
    yield from (_pvc(frame, index, each) for index, each in enumerate(stores.get("pvc") or ()))
    yield from (_nfs(index, each) for index, each in enumerate(stores.get("nfs") or ()))
    yield from (_host_path(index, each) for index, each in enumerate(stores.get("hostPath") or ()))
    yield from (_config_map(index, each) for index, each in enumerate(stores.get("configMapVolume") or ()))
    yield from (_secret(index, each, secrets) for index, each in enumerate(stores.get("secretVolume") or ()))
    if (spec.get("compute") or {}).get("largeShmRequest"):
        yield Piece(({"name": "shm", "emptyDir": _MEMORY},), ({"name": "shm", "mountPath": "/dev/shm"},))
    if home:
        yield Piece(({"name": "home", "emptyDir": {}},), ({"name": "home", "mountPath": home},))


def _mounted(name: str, volume: Json, mount: Json) -> Piece:
    return Piece(({"name": name, **volume},), (said({"name": name, **mount}),))


def _pvc(frame: Frame, index: int, source: Spec) -> Piece:
    """A claim: one that is there, by its name, or one made for this workspace.

    A claim that is made has a name of its own, whatever `claimName` says: else it could take over one that is there.
    """
    name, read_only = f"pvc-{index}", source.get("readOnly") or None
    made = not source.get("existingPvc")
    claim = part_name(frame.workspace.id, frame.name, name) if made else source["claimName"]
    ref = said({"claimName": claim, "readOnly": read_only})
    if (source.get("claimInfo") or {}).get("volumeMode") == "Block":
        places = Piece(devices=({"name": name, "devicePath": source["path"]},))
    else:
        places = Piece(mounts=(said({"name": name, "mountPath": source["path"], "readOnly": read_only}),))
    # A stopped workspace has no ephemeral claims: whoever applies this removes what is marked and not there.
    stopped = frame.workspace.wanted is not Phase.RUNNING
    claims = (_claim(frame, claim, source),) if made and not (source.get("ephemeral") and stopped) else ()
    return places._replace(volumes=({"name": name, "persistentVolumeClaim": ref},), claims=claims)


def _claim(frame: Frame, name: str, source: Spec) -> Json:
    info: Spec = source.get("claimInfo") or {}
    modes = info.get("accessModes") or {}
    wanted = [mode[0].upper() + mode[1:] for mode in _ACCESS_MODES if modes.get(mode, mode == "readWriteOnce")]
    if not wanted or not info.get("size"):
        raise RequestInvalid(f"the claim for {quoted(source['path'])} needs a size and an access mode")
    keep = UNTIL_STOP if source.get("ephemeral") else FOR_GOOD
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(frame, name, {KEEP_LABEL: keep}),
        "spec": said(
            {
                "accessModes": wanted,
                "resources": {"requests": {"storage": quantity(info["size"])}},
                "storageClassName": info.get("storageClass"),
                "volumeMode": info.get("volumeMode"),
            }
        ),
    }


def _nfs(index: int, source: Spec) -> Piece:
    """An export of an NFS server; read-only unless it says otherwise, as the published schema has it."""
    read_only = source.get("readOnly", True) or None
    volume = said({"server": source["server"], "path": source["path"], "readOnly": read_only})
    return _mounted(f"nfs-{index}", {"nfs": volume}, {"mountPath": source["mountPath"], "readOnly": read_only})


def _host_path(index: int, source: Spec) -> Piece:
    """A directory of the node, read-only unless it says otherwise. `path` is the node's (facts §3c)."""
    mount = {"mountPath": source["mountPath"], "readOnly": source.get("readOnly", True) or None}
    mount["mountPropagation"] = source.get("mountPropagation")
    return _mounted(f"host-path-{index}", {"hostPath": {"path": source["path"]}}, mount)


def _config_map(index: int, source: Spec) -> Piece:
    volume = said({"name": source["configMap"], "defaultMode": file_mode(source.get("defaultMode"))})
    mount = {"mountPath": source["mountPath"], "subPath": source.get("subPath")}
    return _mounted(f"config-map-{index}", {"configMap": volume}, mount)


def _secret(index: int, source: Spec, secrets: Mapping[str, str]) -> Piece:
    """A credential as files, or a Secret of the project by its name; but one of remit's only as a credential.

    Else a name that can be guessed would read a credential that its reader may not use.
    """
    if source.get("credentialAssetId"):
        name = secret_of(secrets, source["credentialAssetId"])
    else:
        name = source.get("secret") or source.get("secretName") or ""
        if not name or name.startswith(OWN):
            raise RequestInvalid(f"the secret {quoted(name)} is used as a credential, by `credentialAssetId`")
    volume = said({"secretName": name, "defaultMode": file_mode(source.get("defaultMode"))})
    return _mounted(f"secret-{index}", {"secret": volume}, {"mountPath": source["mountPath"], "readOnly": True})
