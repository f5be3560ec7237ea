"""A git data source: git-sync v4 fetches it once, before the notebook starts (flags: git-sync's own manual, v4).

git-sync keeps its work under `--root` and puts a link, `--link`, to the files; the notebook mounts what the link points
to, so the files stand right at the asset's path. They are a snapshot: git itself does not work in it. Credentials come
by reference: a user name and a password file, or the SSH key and `known_hosts` of a generic secret. A server that
`known_hosts` does not list is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from remit.adapters.manifests.pieces import Piece
from remit.adapters.manifests.shape import LOCKED_DOWN, Json, container_path, literal, said, secret_of
from remit.core.blocks import Spec
from remit.core.names import quoted
from remit.errors import RequestInvalid

IMAGE = "registry.k8s.io/git-sync/git-sync:v4.3.0"
_SECRETS = "/etc/git-secret"
_SSH = re.compile(r"ssh://|git\+ssh://|[^/:@\s]+@[^/:\s]+:")
_NO_HISTORY = "--depth=1"
_WHOLE_HISTORY = "--depth=0"
_COMMIT = re.compile(r"[0-9a-fA-F]{4,64}")


def git(index: int, source: Spec, secrets: Mapping[str, str], user: int | None) -> Piece:
    """A git data source, fetched as `user` if that is known. Raises RequestInvalid for a repository with a password."""
    name = f"git-{index}"
    repository: str = source["repository"]
    _check(repository)
    asset_id = source.get("credentialId")
    ssh = bool(_SSH.match(repository))
    volumes: list[Json] = [{"name": name, "emptyDir": {}}]
    mounts: list[Json] = [{"name": name, "mountPath": "/git"}]
    if asset_id:
        volumes.append(_secret_volume(f"{name}-secret", secret_of(secrets, asset_id), ssh, user))
        mounts.append({"name": f"{name}-secret", "mountPath": _SECRETS, "readOnly": True})
    init = said(
        {
            "name": name,
            "image": IMAGE,
            "args": _arguments(source, ssh and user is not None),
            "env": _environment(ssh, secrets[asset_id]) if asset_id else [],
            "volumeMounts": mounts,
            "securityContext": said({"runAsUser": user}) | LOCKED_DOWN,
        }
    )
    path = container_path(source["path"])
    return Piece(tuple(volumes), ({"name": name, "mountPath": path, "subPath": "repo"},), first=(init,))


def _check(repository: str) -> None:
    """A password in an address would be a secret in plain sight."""
    try:
        parts = urlsplit(repository)
        hidden = parts.password or "" if _SSH.match(repository) else parts.netloc.rpartition("@")[0]
    except ValueError:
        hidden = "?"
    if hidden or not repository or repository != repository.strip():
        raise RequestInvalid(
            f"{quoted(repository.rpartition('@')[2])} is to be an address without a password; name a credential"
        )


def _arguments(source: Spec, add_user: bool) -> list[str]:
    """The flags of git-sync v4. A commit that is no branch's newest may lie behind a cut in the history."""
    ref = source.get("revision") or source.get("branch") or "HEAD"
    depth = _WHOLE_HISTORY if _COMMIT.fullmatch(ref) else _NO_HISTORY
    found = [f"--repo={literal(source['repository'])}", f"--ref={literal(ref)}", "--root=/git", "--link=repo"]
    return [*found, depth, "--one-time", *(["--add-user"] if add_user else [])]


def _environment(ssh: bool, secret: str) -> list[Json]:
    """Where git-sync finds what it needs; never what that is."""
    if ssh:
        return [
            {"name": "GITSYNC_SSH", "value": "true"},
            {"name": "GITSYNC_SSH_KEY_FILE", "value": f"{_SECRETS}/ssh"},
            {"name": "GITSYNC_SSH_KNOWN_HOSTS_FILE", "value": f"{_SECRETS}/known_hosts"},
        ]
    return [
        {"name": "GITSYNC_USERNAME", "valueFrom": {"secretKeyRef": {"name": secret, "key": "username"}}},
        {"name": "GITSYNC_PASSWORD_FILE", "value": f"{_SECRETS}/password"},
    ]


def _secret_volume(name: str, secret: str, ssh: bool, user: int | None) -> Json:
    """The Secret as files that only git-sync's container sees.

    They belong to root, and git-sync does not run as root, so others must be able to read them; ssh minds who else may
    read a key only where it owns the key, which is when it runs as root.
    """
    keys = ("ssh", "known_hosts") if ssh else ("password",)
    items = [{"key": key, "path": key} for key in keys]
    return {
        "name": name,
        "secret": {"secretName": secret, "items": items, "defaultMode": 0o400 if user == 0 else 0o444},
    }
