"""What a container is run as, and what it may do to its host: the same fields in an environment and in a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from remit.web.shapes.base import MANY, Conflict, Shape, Wrong, repeated
from remit.web.shapes.texts import matching

CAPABILITIES = frozenset(
    [
        "AUDIT_CONTROL",
        "AUDIT_READ",
        "AUDIT_WRITE",
        "BLOCK_SUSPEND",
        "CHOWN",
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH",
        "FOWNER",
        "FSETID",
        "IPC_LOCK",
        "IPC_OWNER",
        "KILL",
        "LEASE",
        "LINUX_IMMUTABLE",
        "MAC_ADMIN",
        "MAC_OVERRIDE",
        "MKNOD",
        "NET_ADMIN",
        "NET_BIND_SERVICE",
        "NET_BROADCAST",
        "NET_RAW",
        "SETGID",
        "SETFCAP",
        "SETPCAP",
        "SETUID",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_CHROOT",
        "SYS_MODULE",
        "SYS_NICE",
        "SYS_PACCT",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "SYS_RESOURCE",
        "SYS_TIME",
        "SYS_TTY_CONFIG",
        "SYSLOG",
        "WAKE_ALARM",
    ]
)
"""The Linux capabilities that the published interface knows."""

_MOST_ID = 2**31 - 1


def _capability(text: str) -> str:
    if text not in CAPABILITIES:
        raise Wrong("is not a Linux capability; write it like `NET_ADMIN`")
    return text


def _groups(text: str) -> str:
    if any(int(group) > _MOST_ID for group in text.split(",") if group):
        raise Wrong(f"holds a group above {_MOST_ID}")
    return text


UnixId = Annotated[int, Field(ge=0, le=_MOST_ID)]
"""The number of a user or a group within a container."""


class Security(Shape):
    """Whose rights a container runs with."""

    uid_gid_source: Literal["fromTheImage", "fromIdpToken", "custom"] | None = None
    run_as_uid: UnixId | None = None
    run_as_gid: UnixId | None = None
    supplemental_groups: (
        Annotated[
            str,
            Field(max_length=400),
            matching(r"([0-9]{1,10}(,[0-9]{1,10})*)?", "must be numbers of groups, such as `2,3,5`"),
            AfterValidator(_groups),
        ]
        | None
    ) = None
    run_as_non_root: bool | None = None
    read_only_root_filesystem: bool | None = None
    may_escalate: bool | None = Field(default=None, alias="allowPrivilegeEscalation")
    capabilities: Annotated[list[Annotated[str, AfterValidator(_capability)]], Field(max_length=MANY)] | None = None
    seccomp_profile_type: Literal["RuntimeDefault", "Unconfined", "Localhost"] | None = None
    host_ipc: bool | None = None
    host_network: bool | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """Numbers only where they are the source, and nothing that Kubernetes would refuse."""
        custom = self.uid_gid_source == "custom"
        for name, number in (("runAsUid", self.run_as_uid), ("runAsGid", self.run_as_gid)):
            if number is not None and not custom:
                yield (name,), "needs `uidGidSource` to be `custom`"
        if custom and self.run_as_uid is None:
            yield ("runAsUid",), "is required where `uidGidSource` is `custom`"
        if self.supplemental_groups and self.uid_gid_source in (None, "fromTheImage"):
            yield ("supplementalGroups",), "needs `uidGidSource` to be `custom` or `fromIdpToken`"
        if self.run_as_non_root and self.run_as_uid == 0:
            yield ("runAsUid",), "is root, and `runAsNonRoot` is `true`"
        if self.may_escalate is False and "SYS_ADMIN" in (self.capabilities or ()):
            yield ("allowPrivilegeEscalation",), "must not be `false` with the capability `SYS_ADMIN`"
        yield from repeated(self.capabilities, "capabilities")
