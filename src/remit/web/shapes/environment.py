"""An environment: the image, how it is started, and the tools that it can be reached by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from remit.web.shapes.base import MANY, UNSAID, Conflict, Shape, off, repeated
from remit.web.shapes.probes import Probes
from remit.web.shapes.references import Image
from remit.web.shapes.security import Security
from remit.web.shapes.texts import AnyPath, Port, Script, Title, WebAddress
from remit.web.shapes.variables import Variables, repeated_names


class NodePort(Shape):
    """Whether the workspace chooses the port of the node."""

    is_custom_port: bool = False


class ExternalUrl(Shape):
    """Whether the workspace chooses the address, and the address if it does not."""

    is_custom_url: bool = False
    external_url: WebAddress | None = None


class ServingPort(Shape):
    """What is spoken at a port that serves a model."""

    protocol: Literal["http", "grpc"] | None = None


class InternalTool(Shape):
    """A tool that runs in the container, and how it is reached."""

    tool_type: Literal[
        "jupyter-notebook",
        "pycharm",
        "visual-studio-code",
        "tensorboard",
        "rstudio",
        "mlflow",
        "custom",
        "matlab",
        "chatbot-ui",
    ]
    connection_type: Literal["LoadBalancer", "NodePort", "ExternalUrl", "ServingPort"]
    container_port: Port
    node_port_info: NodePort | None = None
    external_url_info: ExternalUrl | None = None
    serving_port_info: ServingPort | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """Details only of the way that the tool is reached."""
        for name, way, details in (
            ("nodePortInfo", "NodePort", self.node_port_info),
            ("externalUrlInfo", "ExternalUrl", self.external_url_info),
            ("servingPortInfo", "ServingPort", self.serving_port_info),
        ):
            if details is not None and self.connection_type != way:
                yield (name,), f"needs `connectionType` to be `{way}`"


class ExternalTool(Shape):
    """A tool that runs elsewhere."""

    tool_type: Literal["wandb", "comet"]
    external_url: WebAddress


class Connection(Shape):
    """A tool of an environment, by a name that a workspace can refer to."""

    name: Title
    is_external: bool = False
    internal_tool_info: InternalTool | None = None
    external_tool_info: ExternalTool | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """The details of its side, and none of the other's."""
        details = {"internalToolInfo": self.internal_tool_info, "externalToolInfo": self.external_tool_info}
        needed = "externalToolInfo" if self.is_external else "internalToolInfo"
        for name, value in details.items():
            if name == needed and value is None:
                yield (name,), f"is required where `isExternal` is `{str(self.is_external).lower()}`"
            if name != needed and value is not None:
                yield (name,), f"is not for a tool whose `isExternal` is `{str(self.is_external).lower()}`"


class Start(Shape):
    """How a container is started: the same fields in an environment and in a workspace."""

    image: Image
    image_pull_policy: Literal["Always", "Never", "IfNotPresent"] | None = None
    command: Script | None = None
    args: Script | None = None
    working_dir: AnyPath | None = None
    environment_variables: Variables | None = None
    create_home_dir: bool | None = None
    tty: bool | None = None
    stdin: bool | None = None
    probes: Probes | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """Each variable once; a terminal only with an input."""
        if self.tty and not self.stdin:
            yield ("tty",), "needs `stdin` to be `true`"
        yield from repeated_names(self.environment_variables)


class EnvironmentSpec(Start, Security):
    """All that an environment says."""

    connections: Annotated[list[Connection], Field(max_length=MANY)] | None = None
    override_uid_gid_in_workspace: Annotated[
        bool | None, off("is not supported: the environment alone says what its containers run as")
    ] = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """Those of both parts, and each tool's name once."""
        yield from Start.conflicts(self)
        yield from Security.conflicts(self)
        yield from repeated([each.name for each in self.connections or ()], "connections", "name")
