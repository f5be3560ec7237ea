"""What a credential is as a Kubernetes Secret: its type and its keys (facts §3c, §4).

The keys are what a variable's `credential.key` names: `username` and `password`; `AccessKeyId` and `SecretKey`; those
of a generic secret are its own. An SSH key for git is a generic secret with the keys `ssh` and `known_hosts`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from remit.adapters.manifests.names import OWN, secret_name
from remit.core.blocks import EXISTING, Spec, Variant, Workspace
from remit.core.names import quoted
from remit.errors import RequestInvalid

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def secret_names(workspace: Workspace) -> dict[str, str]:
    """The Secret of every credential that a workspace's spec may name, by asset id: remit's own, or one of the project
    that holds it already, which needs the same keys.

    Raises RequestInvalid for one of remit's as such: a name that can be guessed would read a credential that its reader
    may not use.
    """
    there: Mapping[str, str] = workspace.spec.get(EXISTING) or {}
    for name in there.values():
        if name.startswith(OWN):
            raise RequestInvalid(f"the secret {quoted(name)} is used as a credential, not as one that exists already")
    return {id: there.get(id) or secret_name(id) for id in workspace.blocks}


def secret_data(variant: Variant, spec: Spec, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Type and values of the Secret of a credential of this variant.

    `spec` has what is not secret of it, `values` what is, in published names; those of a generic secret are its own.

    Raises RequestInvalid for a variant that is no credential, for one that lacks a part, and for a key that Kubernetes
    does not take; the message never holds a value.
    """
    fields = {**spec, **values}
    try:
        match variant:
            case Variant.PASSWORD:
                return "kubernetes.io/basic-auth", {"username": fields["user"], "password": fields["password"]}
            case Variant.ACCESS_KEY:
                return "Opaque", {"AccessKeyId": fields["accessKeyId"], "SecretKey": fields["secretAccessKey"]}
            case Variant.DOCKER_REGISTRY:
                return "kubernetes.io/dockerconfigjson", {".dockerconfigjson": _registry(fields)}
            case Variant.GENERIC_SECRET:
                return "Opaque", {_key(key): value for key, value in values.items()}
    except KeyError as missing:
        lacking = str(missing.args[0])
    else:
        raise RequestInvalid(f"{quoted(variant)} is no credential")
    raise RequestInvalid(f"the credential lacks {quoted(lacking)}")


def _key(key: str) -> str:
    if not _KEY.fullmatch(key) or key in (".", "..") or key.startswith(".."):
        raise RequestInvalid(f"{quoted(key)} cannot be a key of a secret")
    return key


def _registry(fields: Mapping[str, Any]) -> str:
    """The one text in which container runtimes look for the user and password of a registry."""
    user, password = fields["user"], fields["password"]
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return json.dumps({"auths": {fields["url"]: {"username": user, "password": password, "auth": auth}}})
