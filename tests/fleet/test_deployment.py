"""The compose file and the manifests of a fleet start what there is, with settings that there are."""

import os
import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from importer.cli import app
from importer.fleet.sealing import VARIABLE
from importer.fleet.settings import FleetSettings
from tests.test_docs import read_table

ROOT = Path(__file__).parents[2]
COMPOSE: Any = yaml.safe_load((ROOT / "compose.fleet.yaml").read_text("utf-8"))
MANIFESTS: Any = yaml.safe_load((ROOT / "docs/fleet-kubernetes.yaml").read_text("utf-8"))["items"]
OWN = {name: service for name, service in COMPOSE["services"].items() if name != "db"}
PODS = {
    each["metadata"]["name"]: each["spec"]["template"]["spec"]
    for each in MANIFESTS
    if "spec" in each and "template" in each["spec"]
}
KNOWN = {f"IMPORTER_FLEET_{each.name.upper()}" for each in fields(FleetSettings)} | {
    VARIABLE,
    "IMPORTER_STATE_DIR",
    "TMPDIR",
}


def parse(words: list[str]) -> None:
    """Fail for a command or an option that does not exist."""
    command: Any = typer.main.get_command(app.app)
    for name in words[:2]:
        _, command, _ = command.resolve_command(typer.Context(command), [name])
    with typer.Context(command) as context:
        _, left, _ = command.make_parser(context).parse_args(args=words[2:])
    assert left == []


@pytest.mark.parametrize(
    "words",
    [*(each["command"] for each in OWN.values()), *(pod["containers"][0]["args"] for pod in PODS.values())],
    ids=" ".join,
)
def test_every_part_is_a_command_that_exists(words: list[str]) -> None:
    parse(words)


def test_the_lines_at_the_head_of_the_compose_file_can_be_typed() -> None:
    text = (ROOT / "compose.fleet.yaml").read_text("utf-8")
    typed = re.findall(r"(?:driver|importer) (fleet .*)$", text, re.MULTILINE)
    assert [line.split()[1] for line in typed] == ["add", "status"]
    for line in typed:
        parse(shlex.split(line))


def test_every_part_is_there_and_is_started_again() -> None:
    assert {each["command"][1] for each in OWN.values()} == {"scheduler", "serve", "worker"}
    assert all(each["restart"] == "always" for each in COMPOSE["services"].values())
    assert {pod["containers"][0]["args"][1] for pod in PODS.values()} == {"scheduler", "serve", "worker"}


def test_settings_are_those_that_are_read() -> None:
    [config] = [each["data"] for each in MANIFESTS if each["kind"] == "ConfigMap"]
    for environment in (*(each["environment"] for each in OWN.values()), config):
        assert environment.keys() <= KNOWN
        assert environment["IMPORTER_FLEET_SCHEDULER"].startswith("tls://")


def test_only_who_opens_sign_ins_has_the_key() -> None:
    assert {name for name, each in OWN.items() if VARIABLE in each["environment"]} == {"driver", "worker"}
    with_secrets = {
        name
        for name, pod in PODS.items()
        if any("secretRef" in each for each in pod["containers"][0]["envFrom"])
    }
    assert with_secrets == {"fleet-driver", "fleet-worker"}
    text = (ROOT / "compose.fleet.yaml").read_text("utf-8") + (ROOT / "docs/fleet-kubernetes.yaml").read_text(
        "utf-8"
    )
    assert f"{VARIABLE}=$(" in text, "no key is written into the file"
    assert os.environ.get(VARIABLE, "no key") not in text


def test_the_docs_name_every_command() -> None:
    named = {
        word
        for row in read_table("docs/fleet.md", "command")
        for word in re.findall(r"importer fleet ([a-z]+)", row[0])
    }
    assert named == set(app.FLEET)
