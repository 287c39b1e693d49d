"""The files for schedulers: each is read as its scheduler reads it, and must come out as it was meant."""

import json
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from importer.sync.service_files.compose import build_compose
from importer.sync.service_files.cron import build_cron
from importer.sync.service_files.launchd import build_launchd
from importer.sync.service_files.schedule import build_daily, build_periodic
from importer.sync.service_files.service import Service, build_service
from importer.sync.service_files.systemd import build_systemd
from importer.sync.service_files.windows import build_windows
from tests.sync.jobs import job_of

ODD = "odd 100% $HOME \"x\" 'y' \\ ä & <b>"
WORDS = ["sync", "nightly", "--log-format", "json"]
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def make_service(folder: Path, **fields: Any) -> Service:
    """A service whose paths all have whatever characters a path may have."""
    usual: dict[str, Any] = {
        "name": "rating-importer-nightly",
        "program": [str(folder / "bin/importer")],
        "arguments": WORDS,
        "user": "jo",
        "schedule": build_periodic(6 * 3600, 24),
        "environment": {"IMPORTER_STATE_DIR": str(folder / "state")},
        "state_folder": folder / "state",
        "readable": [folder / "conf", folder / "state"],
        "writable": [folder / "out"],
    }
    return Service(**usual | fields)


@pytest.fixture(params=["plain", ODD])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / str(request.param)
    (path / "bin").mkdir(parents=True)
    (path / "state").mkdir()
    return path


def split_units(text: str) -> dict[str, str]:
    """What stands below each `Save this as`, by file name."""
    parts = re.split(r"^# \d\. Save this as (\S+)\n", text, flags=re.MULTILINE)
    assert not parts[0]
    return {Path(name).name: unit for name, unit in zip(parts[1::2], parts[2::2], strict=True)}


def read_unit(text: str) -> dict[str, dict[str, list[str]]]:
    sections: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = sections.setdefault(heading[1], {})
            continue
        key, equals, value = line.partition("=")
        assert equals, line
        assert key.isalpha(), line
        section.setdefault(key, []).append(value)
    return sections


def words_of(value: str) -> list[str]:
    """The words of a unit file's line, as systemd.syntax(7) has them."""
    return [word.replace("%%", "%") for word in shlex.split(value)]


@pytest.mark.parametrize(
    ("root", "is_private"), [("/tmp/x", False), ("/var/tmp", False), ("/home/jo", True), ("/tmpfs", True)]
)
def test_systemd_hides_tmp_unless_the_job_has_files_there(root: str, is_private: bool) -> None:
    private = [Path("/home/jo")]
    for fields in ({"readable": [Path(root)]}, {"state_folder": Path(root)}, {"writable": [Path(root)]}):
        service = make_service(Path("/home/jo"), **{"readable": private, "writable": private, **fields})
        text = build_systemd(service)
        assert ("\nPrivateTmp=yes\n" in text) == is_private
        assert ("\n# No PrivateTmp=yes: it would hide files under /tmp.\n" in text) != is_private


def test_systemd_gets_a_service_that_runs_the_command_once(folder: Path) -> None:
    units = split_units(build_systemd(make_service(folder)))
    assert list(units) == ["rating-importer-nightly.service", "rating-importer-nightly.timer"]
    service = read_unit(units["rating-importer-nightly.service"])["Service"]
    assert (service["Type"], service["User"]) == (["oneshot"], ["jo"])
    command = [word.replace("$$", "$") for word in words_of(service["ExecStart"][0])]
    assert command == [str(folder / "bin/importer"), *WORDS]
    settings = [words_of(value)[0] for value in service["Environment"]]
    assert f"IMPORTER_STATE_DIR={folder / 'state'}" in settings
    assert words_of(service["ReadWritePaths"][0]) == [str(folder / "state"), str(folder / "out")]
    assert service["WorkingDirectory"][0].replace("%%", "%") == str(folder / "state")
    assert "SuccessExitStatus" not in service


def test_systemd_gets_a_timer_that_catches_up(folder: Path) -> None:
    units = split_units(build_systemd(make_service(folder)))
    timer = read_unit(units["rating-importer-nightly.timer"])
    assert timer["Timer"]["OnCalendar"] == ["*-*-* 00,06,12,18:24:00"]
    assert timer["Timer"]["Persistent"] == ["true"]
    assert timer["Timer"]["RandomizedDelaySec"] == ["600"]
    assert timer["Install"]["WantedBy"] == ["timers.target"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("seconds", [900, 21600, 86400])
def test_systemd_itself_has_nothing_to_say_against_them(tmp_path: Path, seconds: int) -> None:
    # A program that is there, or it has.
    service = make_service(
        tmp_path, program=[sys.executable], schedule=build_periodic(seconds, 7), user="root"
    )
    units = split_units(build_systemd(service))
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in units)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "rating-importer" not in done.stderr
    (calendar,) = read_unit(units["rating-importer-nightly.timer"])["Timer"]["OnCalendar"]
    subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, check=True)


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell here")
def test_cron_runs_the_command_with_its_settings_and_keeps_its_output(folder: Path) -> None:
    program = folder / "bin/importer"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\nprint('err', file=sys.stderr, flush=True)\n"
        "print(json.dumps([sys.argv[1:], os.environ['IMPORTER_STATE_DIR']]))\n"
    )
    program.chmod(0o700)
    service = make_service(folder)
    (line,) = [line for line in build_cron(service).splitlines() if not line.startswith("#")]
    *times, command = line.split(" ", 5)
    assert " ".join(times) == "24 0,6,12,18 * * *"
    assert not re.search(r"(?<!\\)%", command)  # crontab(5): it would be a line end
    subprocess.run(["sh", "-c", command.replace("\\%", "%")], check=True, env={})
    err, out = service.log.read_text().splitlines()
    assert json.loads(out) == [WORDS, str(folder / "state")]
    assert err == "err"


def test_launchd_gets_a_property_list(folder: Path) -> None:
    text = build_launchd(make_service(folder))
    agent = plistlib.loads(text.encode())
    assert agent["Label"] == "rating-importer-nightly"
    assert agent["ProgramArguments"] == [str(folder / "bin/importer"), *WORDS]
    assert agent["EnvironmentVariables"] == {"IMPORTER_STATE_DIR": str(folder / "state")}
    assert agent["StartCalendarInterval"] == [{"Hour": hour, "Minute": 24} for hour in (0, 6, 12, 18)]
    assert "Save this as ~/Library/LaunchAgents/rating-importer-nightly.plist" in text


def test_launchd_can_be_told_of_minutes_alone(folder: Path) -> None:
    agent = plistlib.loads(build_launchd(make_service(folder, schedule=build_periodic(1800, 5))).encode())
    assert agent["StartCalendarInterval"] == [{"Minute": 5}, {"Minute": 35}]


def test_windows_gets_a_task(folder: Path) -> None:
    task = ET.fromstring(build_windows(make_service(folder)))
    trigger = task.find(f"{TASK}Triggers/{TASK}CalendarTrigger")
    assert trigger is not None
    assert trigger.findtext(f"{TASK}StartBoundary", "").endswith("T00:24:00")
    assert trigger.findtext(f"{TASK}Repetition/{TASK}Interval") == "PT360M"
    assert task.findtext(f"{TASK}Settings/{TASK}StartWhenAvailable") == "true"
    assert task.findtext(f"{TASK}Principals/{TASK}Principal/{TASK}UserId") == "jo"
    action = task.find(f"{TASK}Actions/{TASK}Exec")
    assert action is not None
    words = action.findtext(f"{TASK}Arguments", "")
    assert f'set "IMPORTER_STATE_DIR={folder / "state"}" && ' in words
    assert words.startswith('/d /s /c "')
    assert f'sync nightly --log-format json 2>>"{folder / "state/rating-importer-nightly.log"}""' in words
    assert action.findtext(f"{TASK}WorkingDirectory") == str(folder / "state")


def test_a_daily_task_repeats_nothing(folder: Path) -> None:
    text = build_windows(make_service(folder, schedule=build_daily(time(3))))
    assert "Repetition" not in text
    assert ET.fromstring(text).findtext(f".//{TASK}RandomDelay") == "PT10M"


def test_docker_gets_a_service_that_stays(folder: Path) -> None:
    file = yaml.safe_load(build_compose(make_service(folder), "1000:1001").replace("$$", "$"))
    service = file["services"]["rating-importer-nightly"]
    assert service["command"] == [*WORDS, "--cron", "24 0,6,12,18 * * *"]
    assert service["user"] == "1000:1001"
    assert service["environment"]["IMPORTER_STATE_DIR"] == str(folder / "state")
    state, out, conf = folder / "state", folder / "out", folder / "conf"
    assert service["volumes"] == [f"{state}:{state}", f"{out}:{out}", f"{conf}:{conf}:ro"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_compose_takes_no_dollar_of_ours_for_a_variable(tmp_path: Path) -> None:
    text = build_compose(make_service(tmp_path / "$HOME"), "1000:1001")
    assert set(re.findall(r"(?<!\$)(?:\$\$)*\$(?!\$)\S+", text)) == {"${TZ:-UTC}"}


def test_a_service_may_read_the_folder_of_the_match_file(tmp_path: Path) -> None:
    source, resolved = tmp_path / "in" / "ratings.csv", tmp_path / "chosen" / "ratings.match.csv"
    job = job_of(source=str(source), to="sandbox", resolved=str(resolved))
    service = build_service("nightly", {"nightly": job}, build_daily(time(3)))
    assert {source.parent, resolved.parent} <= set(service.readable)
    assert str(resolved.parent) in build_compose(service, "1000:1001")
