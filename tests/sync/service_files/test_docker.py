"""The image and its compose file, as far as they can be read without Docker."""

import fnmatch
import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from importer.cli import app

ROOT = Path(__file__).parents[3]
WORDS = {"FROM", "ARG", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "ENTRYPOINT", "CMD", "HEALTHCHECK"}


def read_lines(file: str) -> list[str]:
    """The lines that are no comments."""
    return [line for line in (ROOT / file).read_text("utf-8").splitlines() if not line.startswith("#")]


def read_stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage, as the Dockerfile reference has them: one a line, `\\` goes on."""
    lines = [
        line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")
    ]
    stages: list[list[tuple[str, str]]] = []
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        word, _, rest = line.partition(" ")
        assert word in WORDS, line
        assert rest.strip(), line
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, " ".join(rest.split())))
    return stages


def last(word: str) -> str:
    return [rest for other, rest in read_stages()[-1] if other == word][-1]


def test_what_is_copied_is_there_and_gets_through_to_docker() -> None:
    patterns = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")
    ]
    assert patterns[0] == "*"
    allowed = {pattern[1:] for pattern in patterns if pattern.startswith("!")}
    copied = {path for word, rest in read_stages()[0] if word == "COPY" for path in rest.split()[:-1]}
    assert copied == allowed
    assert all((ROOT / path).exists() for path in copied)


def test_all_that_the_package_is_built_from_is_copied() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    copied = " ".join(rest for word, rest in read_stages()[0] if word == "COPY")
    assert re.search(r'readme = "(.+)"', project)[1] in copied  # type: ignore[index]
    assert {"requirements.lock", "locks"} <= set(copied.split())
    assert "COPY --from=build /opt/importer /opt/importer" in (ROOT / "Dockerfile").read_text()


def test_the_last_stage_takes_the_result_of_the_first_and_installs_nothing() -> None:
    build, final = read_stages()
    assert build[0] == ("FROM", "python:3.13-slim AS build")
    assert final[0] == ("FROM", "python:3.13-slim")
    assert [rest for word, rest in final if word == "COPY"] == ["--from=build /opt/importer /opt/importer"]
    assert not [rest for word, rest in final if word == "RUN" and re.search(r"\binstall (?!-d)|apt", rest)]


def test_it_runs_without_root_and_keeps_its_state_in_a_volume() -> None:
    final = read_stages()[-1]
    words = [word for word, _ in final]
    assert last("USER") == "importer"
    assert words.index("USER") > max(number for number, word in enumerate(words) if word in {"RUN", "COPY"})
    assert last("VOLUME") == "/state"
    assert "IMPORTER_STATE_DIR=/state" in last("ENV")
    assert "-o importer -g importer -m 0700 /state" in last("RUN")


def test_the_program_gets_signals_itself() -> None:
    assert json.loads(last("ENTRYPOINT")) == ["importer"]  # a shell in between would keep SIGTERM
    assert json.loads(last("CMD")) == ["--help"]


def test_no_secret_is_baked_in() -> None:
    text = (ROOT / "Dockerfile").read_text() + (ROOT / "compose.yaml").read_text()
    assert not re.search(r"(token|secret|password|api_key)\w*\s*[=:]\s*\S", text, re.IGNORECASE)


@pytest.mark.parametrize("stage", [0, 1])
def test_the_shell_understands_what_it_is_told(stage: int) -> None:
    for word, rest in read_stages()[stage]:
        if word == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)


@pytest.fixture
def compose() -> dict[str, Any]:
    file: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return file


@pytest.mark.parametrize("name", ["sync", "web"])
def test_the_compose_file_mounts_what_the_image_expects(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    places = {volume.split(":")[1]: volume.split(":") for volume in service["volumes"]}
    assert places["/state"][0] in compose["volumes"]
    assert places["/config/rating-importer"][2] == "ro"
    assert "XDG_CONFIG_HOME=/config" in last("ENV")
    assert places["/exports"][2] == "ro"


@pytest.mark.parametrize("name", ["sync", "web"])
def test_the_compose_file_gives_the_container_no_more_than_it_needs(
    compose: dict[str, Any], name: str
) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "user", "network_mode"}
    assert not fnmatch.filter(service["volumes"], "*docker.sock*")


def test_the_compose_file_serves_the_page_to_this_machine_only(compose: dict[str, Any]) -> None:
    service = compose["services"]["web"]
    command, *words = service["command"]
    _, parsed, rest = typer.main.get_command(app.app).resolve_command(  # type: ignore[attr-defined]
        typer.Context(typer.main.get_command(app.app)), [command, *words]
    )
    assert parsed.make_context("web", list(rest)).params["listen"] == "0.0.0.0"
    assert service["ports"] == ["127.0.0.1:8765:8765"]
    assert "8765" in words
    assert "IMPORTER_WEB_PASSWORD" in service["environment"]


def test_the_containers_are_asked_how_they_are(compose: dict[str, Any]) -> None:
    assert 'CMD ["importer", "doctor", "--check"]' in last("HEALTHCHECK")
    test = compose["services"]["web"]["healthcheck"]["test"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = test[3].replace("8765", str(server.getsockname()[1]))
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL).returncode == 1
    )
