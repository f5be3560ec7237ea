"""An S3 data source: rclone copies the bucket once, before the notebook starts.

Run:ai mounts buckets with a FUSE image (facts §4), whose container must be let at its node; a copy needs nothing but
space. It is a snapshot: what the notebook writes there is not written back. Without a credential the bucket is read
with whatever the node may read.
"""

from __future__ import annotations

from collections.abc import Mapping

from remit.adapters.manifests.pieces import Piece
from remit.adapters.manifests.shape import LOCKED_DOWN, Json, container_path, literal, said, secret_of
from remit.core.blocks import Spec

IMAGE = "docker.io/rclone/rclone:1.69.1"
NOBODY = 65534
"""As whom rclone runs where the workspace names no user: its image would run it as root."""

_KEYS = {"ACCESS_KEY_ID": "AccessKeyId", "SECRET_ACCESS_KEY": "SecretKey"}


def s3(index: int, source: Spec, secrets: Mapping[str, str], user: int | None) -> Piece:
    """An S3 data source, copied as `user` if that is known."""
    name = f"s3-{index}"
    init = {
        "name": name,
        "image": IMAGE,
        "args": ["copy", f"S3:{literal(source['bucket'])}", "/s3"],
        "env": _environment(source, secrets),
        "volumeMounts": [{"name": name, "mountPath": "/s3"}],
        "securityContext": {"runAsUser": NOBODY if user is None else user, **LOCKED_DOWN},
    }
    mount = {"name": name, "mountPath": container_path(source["path"])}
    return Piece(({"name": name, "emptyDir": {}},), (mount,), first=(init,))


def _environment(source: Spec, secrets: Mapping[str, str]) -> list[Json]:
    """rclone's remote `S3`, told by its environment; the keys come by reference."""
    url, asset_id = source.get("url"), source.get("accessKeyAssetId")
    said_of_it = {
        "TYPE": "s3",
        "PROVIDER": "Other" if url else "AWS",
        "ENDPOINT": literal(url) if url else None,
        "ENV_AUTH": None if asset_id else "true",
    }
    found: list[Json] = [{"name": f"RCLONE_CONFIG_S3_{key}", "value": value} for key, value in said(said_of_it).items()]
    if not asset_id:
        return found
    for key, inside in _KEYS.items():
        ref = {"name": secret_of(secrets, asset_id), "key": inside}
        found.append({"name": f"RCLONE_CONFIG_S3_{key}", "valueFrom": {"secretKeyRef": ref}})
    return found
