"""The main container: what it runs, what it finds in its environment, and what it may do (facts §3c, §4).

`command` and `args` are texts; they are parted as a shell parts words, and no shell runs them. `${NAME}` and `$(NAME)`
stand for a variable that the workspace sets; every other `$` stays what it is. Values of variables are taken literally.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from remit.adapters.manifests.meta import Frame
from remit.adapters.manifests.shape import Json, literal, said, secret_of
from remit.core.blocks import Spec
from remit.core.names import quoted
from remit.errors import RequestInvalid

JUPYTER_COMMAND = "start-notebook.sh"
"""What starts a Jupyter image that is given arguments and no command (facts §4): they would replace its own."""

_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_DOLLAR = re.compile(r"\$\{([-._a-zA-Z0-9]+)\}|\$\(([-._a-zA-Z0-9]+)\)|\$")
_PROBE = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold")


def environment(frame: Frame, secrets: Mapping[str, str], home: str | None) -> list[Json]:
    """The variables, each once: the last of a name counts, and remit's own before any. Raises RequestInvalid."""
    found: dict[str, Json] = {"HOME": {"name": "HOME", "value": literal(home)}} if home else {}
    for each in frame.workspace.spec.get("environmentVariables") or ():
        if not _VARIABLE.fullmatch(each["name"]):
            raise RequestInvalid(f"{quoted(each['name'])} cannot be the name of a variable")
        if not each.get("exclude"):
            found[each["name"]] = {"name": each["name"], **_source(each, secrets)}
    ours = {"RUNAI_PROJECT": frame.unit, "RUNAI_JOB_NAME": frame.name}
    mine = [{"name": name, "value": value} for name, value in ours.items()]
    return mine + [each for name, each in found.items() if name not in ours]


def _source(variable: Spec, secrets: Mapping[str, str]) -> Json:
    """A variable's value, or whence it comes."""
    if credential := variable.get("credential"):
        ref = {"name": secret_of(secrets, credential["assetId"]), "key": credential["key"]}
        return {"valueFrom": {"secretKeyRef": ref}}
    if config_map := variable.get("configMap"):
        return {"valueFrom": {"configMapKeyRef": {"name": config_map["name"], "key": config_map["key"]}}}
    if field := variable.get("podFieldRef"):
        return {"valueFrom": {"fieldRef": {"fieldPath": field["path"]}}}
    return {"value": literal(str(variable.get("value") or ""))}


def words_of(text: str | None, known: frozenset[str]) -> list[str]:
    """A command line as its words. Raises RequestInvalid if a quotation in it has no end."""
    try:
        words = shlex.split(text or "")
    except ValueError:
        raise RequestInvalid(f"{quoted(text or '')} is no command line: a quotation in it has no end") from None

    def expanded(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return f"$({name})" if name in known else f"$${match[0][1:]}"

    return [_DOLLAR.sub(expanded, word) for word in words]


def command_line(spec: Spec, known: frozenset[str], base_path: str | None) -> Json:
    """`command` and `args`; a Jupyter that is found below `base_path` is told so, unless it was already."""
    command, args = words_of(spec.get("command"), known), words_of(spec.get("args"), known)
    if base_path and not any("base_url" in word for word in (*command, *args)):
        command = command or ([] if args else [JUPYTER_COMMAND])
        args = [*args, f"--NotebookApp.base_url={base_path}"]
    return said({"command": command, "args": args})


def run_as(spec: Spec) -> dict[str, int]:
    """As whom the container runs; empty for whom the image names. Raises RequestInvalid if it is not known.

    A user from the identity provider must have been resolved: the image's may be root.
    """
    source = spec.get("uidGidSource")
    if source == "fromTheImage":
        return {}
    if source == "fromIdpToken" and spec.get("runAsUid") is None:
        raise RequestInvalid("the user id is to come from the identity provider, and did not")
    return said({"runAsUser": spec.get("runAsUid"), "runAsGroup": spec.get("runAsGid")})


def container_security(spec: Spec) -> Json:
    """What the container may do. Raises RequestInvalid for what Kubernetes does not take together."""
    added = list(dict.fromkeys(spec.get("capabilities") or ()))
    escalation = spec.get("allowPrivilegeEscalation")
    if escalation is False and {"SYS_ADMIN", "CAP_SYS_ADMIN"} & set(added):
        raise RequestInvalid("`SYS_ADMIN` and `allowPrivilegeEscalation` of false exclude each other")
    return said(
        {
            **run_as(spec),
            "runAsNonRoot": spec.get("runAsNonRoot"),
            "readOnlyRootFilesystem": spec.get("readOnlyRootFilesystem"),
            "allowPrivilegeEscalation": escalation,
            "capabilities": {"add": added} if added else None,
        }
    )


def pod_security(spec: Spec) -> Json:
    """What holds for every container of the pod. Raises RequestInvalid for groups or a profile that are none."""
    groups = spec.get("supplementalGroups")
    if isinstance(groups, str):
        if not re.fullmatch(r"\s*([0-9]{1,10}(\s*,\s*[0-9]{1,10})*)?\s*", groups, re.ASCII):
            raise RequestInvalid(f"{quoted(groups)} are no groups; write `2,3,5,8`")
        groups = [int(group) for group in groups.split(",")] if groups.strip() else []
    found = said({"supplementalGroups": list(groups or ())}) if spec.get("uidGidSource") != "fromTheImage" else {}
    if profile := spec.get("seccompProfileType"):
        file = spec.get("seccompLocalhostProfile")
        if (profile == "Localhost") != bool(file):
            raise RequestInvalid("`Localhost` needs `seccompLocalhostProfile`, and nothing else takes it")
        found["seccompProfile"] = said({"type": profile, "localhostProfile": file})
    return found


def readiness(spec: Spec) -> Json | None:
    """When the container counts as ready."""
    probe = (spec.get("probes") or {}).get("readiness") or {}
    asked: dict[str, Any] = (probe.get("handler") or {}).get("httpGet") or {}
    if not asked:
        return None
    get = said({key: asked.get(key) for key in ("path", "port", "host", "scheme")})
    return {"httpGet": get, **said({key: probe.get(key) for key in _PROBE})}
