"""docs/operations.md says what the code does."""

import io
import json
import re
import shlex
from pathlib import Path

import pytest
import typer.main
import yaml

from importer import errors
from importer.cli.app import load_command
from importer.cli.progress_view import Watch
from importer.journal.prune import NEWEST_KEPT
from importer.monitoring.health import note_next_run, write_health
from importer.monitoring.log import open_log
from importer.monitoring.metrics import write_metrics
from importer.monitoring.notify import NotifyOn
from importer.plans.report import Plan, build_head
from importer.progress import Progress
from importer.runs.prompts import StartedRun
from tests.monitoring.builders import BEGAN_AT, build_end
from tests.test_docs import ROOT, read_table

PAPER = "docs/operations.md"
TEXT = (ROOT / PAPER).read_text("utf-8")


def test_every_exit_code_is_explained() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in classes if issubclass(kind, errors.ImporterError)}
    assert {int(row[0]) for row in read_table(PAPER, "exit code")} == codes | {0}


def test_every_metric_is_explained_with_its_labels(tmp_path: Path) -> None:
    write_health(tmp_path / "health", build_end())
    write_metrics(tmp_path / "x.prom", tmp_path / "health")
    samples = re.findall(r"^(\w+)\{(.*?)\}", (tmp_path / "x.prom").read_text(), re.MULTILINE)
    found = {name: re.findall(r'(\w+)="', labels) for name, labels in samples}
    told = {row[0]: re.findall(r"\w+", row[1]) for row in read_table(PAPER, "metric")}
    assert told == found


def test_every_event_is_explained_with_its_facts() -> None:
    stream = io.StringIO()
    log = open_log(as_json=True, stream=stream)
    log.run_started(StartedRun("r1", "", "", 0, is_continued=False))
    log.waiting("", 1)
    log.progress(**Watch(Progress(), lambda: 0.0).look().as_facts())
    log.planned(build_head(Plan("", "", ""), Path("plan.csv")))
    log.run_ended(build_end())
    log.stopped("", 1)
    log.warn_once("")
    log.note("")
    found = {}
    for line in map(json.loads, stream.getvalue().splitlines()):
        found[line["event"]] = line.keys() - {"timestamp", "level", "job", "event"}
    told = {row[0]: set(re.findall(r"`(\w+)`", f"`{row[2]}`")) for row in read_table(PAPER, "event")}
    assert told == found


def test_every_fact_of_the_health_file_is_named(tmp_path: Path) -> None:
    write_health(tmp_path, build_end())
    note_next_run(tmp_path, "nightly", BEGAN_AT)
    (part,) = re.findall(r"## Health\n(.*?)\n## ", TEXT, re.DOTALL)
    assert set(json.loads((tmp_path / "nightly.json").read_text())) <= set(re.findall(r"`(\w+)`", part))


def test_every_choice_of_notify_on_is_explained() -> None:
    assert [row[0] for row in read_table(PAPER, "`notify_on`")] == list(NotifyOn)


def test_the_least_that_prune_keeps_is_told() -> None:
    assert f"at least {NEWEST_KEPT})" in TEXT


def test_the_service_of_the_compose_file_has_the_name_that_is_typed() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    for name in re.findall(r"docker compose (?:run --rm|exec) (\S+)", TEXT):
        assert name in services


def commands_of(text: str) -> list[list[str]]:
    """The words of every `importer ...` that the page shows, in blocks and in sentences."""
    blocks = re.findall(r"^\$ importer (.+?)(?: +#.*)?$", text, re.MULTILINE)
    sentences = re.findall(r"`importer ([a-z][^`]*)`", text)
    return [shlex.split(words) for words in (*blocks, *sentences) if "..." not in words]


@pytest.mark.parametrize("words", commands_of(TEXT), ids=" ".join)
def test_every_command_of_the_page_is_understood(words: list[str]) -> None:
    name, *rest = words
    command = typer.main.get_command(app_of(name))
    known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in rest if word.startswith("--")} <= known


def app_of(name: str) -> typer.Typer:
    found = typer.Typer(add_completion=False)
    found.command(name)(load_command(name))
    return found
