"""What is shipped to run remit elsewhere says what is so: the compose file, the image, the example for nginx."""

from __future__ import annotations

import csv
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands import really_ran
from house import ROOT, modules
from remit.adapters.settings import KNOWN
from remit.web.forward_table import ForwardTable, read_table
from test_nginx import CONFIG, adapted, nginx_command

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = {name: COMPOSE["services"][name] for name in ("remit", "catalog")}
"""The services that are remit: one decides, the other keeps the catalog and asks it."""

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def instructions(name: str) -> list[list[str]]:
    """The arguments of every instruction of this name in the Dockerfile."""
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.split(" ")[0] == name]


def mounts(service: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What is mounted: the path within, and from where and how."""
    found = {}
    for volume in service["volumes"]:
        source, within, *mode = volume.split(":")
        found[within] = (source, mode[0] if mode else "rw")
    return found


def mount_of(service: dict[str, Any], path: str) -> tuple[str, str]:
    """The mount that a path within lies in. Raises KeyError if it lies in none."""
    way = [path, *map(str, Path(path).parents)]
    return next(mounts(service)[each] for each in way if each in mounts(service))


def test_there_are_a_decision_point_a_catalog_and_its_database() -> None:
    assert set(COMPOSE) == {"x-remit", "services", "volumes"}
    assert list(COMPOSE["services"]) == ["remit", "catalog", "postgres"]
    for service in SERVICES.values():
        assert service["build"] == {"context": ".", "dockerfile": "deploy/Dockerfile"}
    remit, catalog = (SERVICES[name]["environment"] for name in SERVICES)
    assert remit["REMIT_CATALOG"] == "off" and "REMIT_DATABASE_URL" not in remit, "deciding needs no database"
    assert catalog["REMIT_PDP_URL"] == "http://remit:8080", "the catalog asks the decision point"
    postgres = COMPOSE["services"]["postgres"]["environment"]
    url = catalog["REMIT_DATABASE_URL"]
    assert (
        url == f"postgresql://{postgres['POSTGRES_USER']}:${{POSTGRES_PASSWORD:?}}@postgres/{postgres['POSTGRES_DB']}"
    )
    assert "ports" not in COMPOSE["services"]["postgres"], "nobody else reaches the database"
    assert set(SERVICES["catalog"]["depends_on"]) == {"remit", "postgres"}


def test_secrets_are_given_and_not_written_down() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service["environment"].items():
            if name.endswith(("PASSWORD", "TOKEN", "KEY")):
                assert value == f"${{{name}:?}}", "without it nothing starts"


@each_service
def test_it_is_reached_from_this_machine_only(service: dict[str, Any]) -> None:
    assert [port.rpartition(":")[0].partition(":")[0] for port in service["ports"]] == ["127.0.0.1"]
    assert service.get("network_mode") is None and not service.get("expose")


@each_service
def test_it_may_do_nothing_that_it_need_not(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service and "user" not in service
    (user,) = instructions("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user[0]), "a number, and never that of root"


@each_service
def test_what_is_mounted_is_there(service: dict[str, Any]) -> None:
    for within, (source, mode) in mounts(service).items():
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert mode == "ro", f"{within} is read and never written"
        else:
            assert source in COMPOSE["volumes"]
    environment = service["environment"]
    assert mount_of(service, environment["REMIT_POLICY"]) == ("./policies", "ro")
    if "REMIT_FORWARD_AUTH" in environment:
        assert mount_of(service, environment["REMIT_FORWARD_AUTH"]) == ("./deploy/forward_auth.csv", "ro")
    state, mode = mount_of(service, environment["REMIT_STATE"])
    assert (
        mode == "rw" and sum(volume.startswith(f"{state}:") for s in SERVICES.values() for volume in s["volumes"]) == 1
    )


@each_service
def test_its_command_is_one_that_remit_takes(service: dict[str, Any]) -> None:
    verb, *arguments = service["command"]
    told = really_ran(verb, "--help", directory=ROOT)
    assert told.code == 0
    options = [argument for argument in arguments if argument.startswith("-")]
    assert options and not [option for option in options if not re.search(rf"(?<!\S){option}\b", told.out)]
    assert arguments[arguments.index("--host") + 1] == "0.0.0.0"
    assert service["ports"][0].endswith(f":{arguments[arguments.index('--port') + 1]}")
    assert "--behind-tls-proxy" in arguments, "beyond loopback remit asks for TLS, here or before it"
    assert instructions("ENTRYPOINT") == [["[remit]"]]


@each_service
def test_its_environment_is_one_that_remit_reads(service: dict[str, Any]) -> None:
    text = "".join(module.text for module in modules())
    unread = [name for name in service["environment"] if name not in KNOWN and not re.search(rf'"{name}"', text)]
    assert not unread, "nobody reads them"
    assert service["environment"]["REMIT_AUTH"] == "keys"
    for name in (setting.partition("=")[0] for line in instructions("ENV") for setting in line):
        assert name in ("PATH", "PYTHONDONTWRITEBYTECODE") or re.search(rf'"{name}"', text), name


@each_service
def test_its_health_is_asked_with_what_is_in_the_image(service: dict[str, Any]) -> None:
    asked, python, flag, code = service["healthcheck"]["test"]
    assert (asked, python, flag) == ("CMD", "python", "-c")
    compile(code, "healthcheck", "exec")
    assert "http://127.0.0.1:8080/healthz" in code and "timeout=" in code


def test_the_image_copies_what_is_there_and_installs_what_is_locked() -> None:
    copied = [name for line in instructions("COPY") if not line[0].startswith("--") for name in line[:-1]]
    assert {"requirements.lock", "pyproject.toml", "README.md", "src", "model.conf"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    installs = [line for line in instructions("RUN") if "/opt/remit/bin/pip" in line]
    assert len(installs) == 2
    for install in installs:
        assert {"--require-hashes", "requirements.lock"} <= set(install) or {
            "--no-deps",
            "--no-build-isolation",
        } <= set(install)
    assert all(":latest" not in line[0] and ":" in line[0] for line in instructions("FROM"))


def test_the_image_has_what_follows_a_repository() -> None:
    (system,) = (line for line in instructions("RUN") if "apt-get" in line)
    assert {"--no-install-recommends", "git", "openssh-client"} <= set(system)
    user, home = (system[system.index(option) + 1] for option in ("--uid", "--home-dir"))
    assert instructions("USER") == [[f"{user}:{user}"]]
    assert f"HOME={home}" in instructions("ENV")[0], "where git looks for credentials and ssh for keys"


def test_the_example_for_nginx_is_sound(tmp_path: Path) -> None:
    command = nginx_command(tmp_path, adapted(tmp_path, 8000, 8080, 3000), "-t")
    found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert found.returncode == 0, found.stderr
    assert "[warn]" not in found.stderr and "[emerg]" not in found.stderr


def test_the_example_for_nginx_asks_remit_about_everything() -> None:
    assert CONFIG.count("location ") == 2, "a location more needs its auth_request"
    assert re.search(r"location / \{\s+auth_request /_remit;", CONFIG)
    assert re.search(r"location = /_remit \{\s+internal;", CONFIG)
    assert "auth_request off" not in CONFIG and "satisfy" not in CONFIG


@pytest.fixture(scope="module")
def example() -> ForwardTable:
    path = ROOT / "deploy" / "forward_auth.csv"
    return read_table("deploy/forward_auth.csv", path.read_bytes())


def test_the_example_table_speaks_of_what_the_policy_knows(example: ForwardTable) -> None:
    with (ROOT / "policies" / "vocabulary.csv").open(encoding="utf-8") as file:
        rows = csv.reader((line for line in file if line.strip() and line[0] != "#"), skipinitialspace=True)
        decided = {(kind, action): where for kind, action, where, _ in rows}
    assert len(example.lines) >= 8
    for line in example.lines:
        where = decided[line.kind, line.action]
        assert line.home or where == "place", f"{line}: decided at home, so the table says where that is"
        assert line.place or where == "home", f"{line}: decided at a place, so the table says which"
