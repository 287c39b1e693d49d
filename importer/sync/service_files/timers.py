"""The files that make a scheduler of this machine run a sync job. Pure: where things are is told by `Timer`.

Every file says in comments where it goes and which command turns it on, and none holds a secret: those stay
in the settings file and in the state folder.
"""

import plistlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from importer.sync.service_files.timetable import ServiceSchedule

_EXIT_CODES = "0 every row succeeded, 1 some did not, 2 settings or file must change, 3 stopped early"
NO_DESKTOP = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
"""A service has no desktop session, and so no keyring: the tokens are those in the state folder."""
_SIGN_IN = "Sign in once with PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring importer login trakt"


_PLAIN_WORD = re.compile(r"[\w.:=/-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timer:
    """What runs, as whom, when, and what it needs around it. All paths are absolute."""

    name: str
    program: Sequence[str]
    words: Sequence[str]
    """What the program is told."""
    user: str
    timetable: ServiceSchedule
    environment: Mapping[str, str]
    state_folder: Path
    readable: Sequence[Path] = ()
    """Folders that it reads: of the settings file and of the sources."""
    writable: Sequence[Path] = ()
    """Folders that it writes beside the state: of the results."""

    @property
    def command(self) -> list[str]:
        """The program and its words."""
        return [*self.program, *self.words]

    @property
    def log(self) -> Path:
        """Where the output goes where no journal of the system takes it."""
        return self.state_folder / f"{self.name}.log"


def build_systemd(timer: Timer) -> str:
    """Build a service and a timer, see systemd.service(5) and systemd.timer(5)."""
    environment = {**timer.environment, **NO_DESKTOP}
    settings = "\n".join(f"Environment={_quote_unit(f'{key}={value}')}" for key, value in environment.items())
    folders = " ".join(_quote_unit(str(path)) for path in (timer.state_folder, *timer.writable))
    delay = min(600, timer.timetable.period_minutes * 60 // 4)
    return f"""\
# 1. Save this as /etc/systemd/system/{timer.name}.service
#    {_SIGN_IN}
[Unit]
Description=Sync of ratings ({timer.name})
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={timer.user}
WorkingDirectory={_escape_unit(str(timer.state_folder))}
{settings}
ExecStart={" ".join(_quote_unit(word, is_command=True) for word in timer.command)}
# {_EXIT_CODES}.
# Rows that did not succeed make the unit fail, so that somebody looks. If that is no failure to you:
# SuccessExitStatus=1
Nice=10
NoNewPrivileges=yes
CapabilityBoundingSet=
LockPersonality=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
# What it may write; a job or --metrics file elsewhere needs its folder here, too.
ReadWritePaths={folders}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native

# 2. Save this as /etc/systemd/system/{timer.name}.timer
[Unit]
Description=Timer of {timer.name}

[Timer]
OnCalendar={_build_calendar(timer.timetable)}
Persistent=true
RandomizedDelaySec={delay}

[Install]
WantedBy=timers.target

# 3. Turn it on:  sudo systemctl daemon-reload && sudo systemctl enable --now {timer.name}.timer
#    Try it now:  sudo systemctl start {timer.name}.service
#    See its log: journalctl -u {timer.name}.service
"""


def _build_calendar(timetable: ServiceSchedule) -> str:
    hours = "*" if timetable.hours is None else ",".join(f"{hour:02}" for hour in timetable.hours)
    return f"*-*-* {hours}:{','.join(f'{minute:02}' for minute in timetable.minutes)}:00"


def _escape_unit(text: str) -> str:
    return text.replace("%", "%%")


def _quote_unit(text: str, *, is_command: bool = False) -> str:
    """Quote a word of a unit file; only in a command `$` stands for a variable."""
    if _PLAIN_WORD.fullmatch(text):
        return text
    quoted = _escape_unit(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted.replace("$", "$$") if is_command else quoted}"'


def build_cron(timer: Timer) -> str:
    """Build a line of a crontab, see crontab(5)."""
    environment = {**timer.environment, **NO_DESKTOP}
    settings = " ".join(f"{key}={shlex.quote(value)}" for key, value in environment.items())
    command = f"{settings} {shlex.join(timer.command)} >>{shlex.quote(str(timer.log))} 2>&1"
    return f"""\
# Add this to the crontab of {timer.user} with: crontab -e
# {_SIGN_IN}
# {_EXIT_CODES}.
# cron does not tell of these, so let `notify` in the settings do it.
{timer.timetable.as_cron()} {command.replace("%", chr(92) + "%")}
"""


def build_launchd(timer: Timer) -> str:
    """Build a launch agent for macOS, see launchd.plist(5)."""
    minutes, hours = timer.timetable.minutes, timer.timetable.hours
    times = (
        [{"Minute": minute} for minute in minutes]
        if hours is None
        else [{"Hour": hour, "Minute": minute} for hour in hours for minute in minutes]
    )
    agent = {
        "Label": timer.name,
        "ProgramArguments": list(timer.command),
        "EnvironmentVariables": dict(timer.environment),
        "WorkingDirectory": str(timer.state_folder),
        "StartCalendarInterval": times,  # unlike StartInterval it makes up for a run that sleep has missed
        "StandardOutPath": str(timer.log),
        "StandardErrorPath": str(timer.log),
        "ProcessType": "Background",
    }
    place = f"~/Library/LaunchAgents/{timer.name}.plist"
    notes = _build_xml_notes(
        f"Save this as {place}",
        f"Turn it on:  launchctl bootstrap gui/$(id -u) {place}",
        f"Try it now:  launchctl kickstart gui/$(id -u)/{timer.name}",
        f"Its exit code is in: launchctl print gui/$(id -u)/{timer.name}",
        f"{_EXIT_CODES}.",
    )
    first, second, rest = plistlib.dumps(agent, sort_keys=False).decode().split("\n", 2)
    return f"{first}\n{second}\n{notes}\n{rest}"


def build_windows(timer: Timer) -> str:
    """Build a task for the Task Scheduler of Windows, see its XML schema."""
    timetable = timer.timetable
    start = f"2026-01-01T{timetable.first_minute // 60:02}:{timetable.first_minute % 60:02}:00"
    # A random delay beside a repetition is refused by some versions; the minute is the machine's own anyway.
    delay = "\n      <RandomDelay>PT10M</RandomDelay>" if timetable.is_daily else ""
    repetition = (
        ""
        if timetable.is_daily
        else f"""
      <Repetition>
        <Interval>PT{timetable.period_minutes}M</Interval>
        <Duration>P1D</Duration>
      </Repetition>"""
    )
    sets = " && ".join(f'set "{key}={value}"' for key, value in timer.environment.items())
    words = " ".join(map(_quote_for_windows, timer.command))
    notes = _build_xml_notes(
        f"Save this as {timer.name}.xml",
        f'Turn it on:  Register-ScheduledTask "{timer.name}" -Xml (Get-Content -Raw {timer.name}.xml)',
        f'Try it now:  Start-ScheduledTask "{timer.name}"',
        f'Its exit code is LastTaskResult of: Get-ScheduledTaskInfo "{timer.name}"',
        f"{_EXIT_CODES}.",
    )
    # No <?xml ...?> line: it would name an encoding, and PowerShell's redirection chooses that.
    return f"""\
{notes}
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers>
    <CalendarTrigger>{repetition}
      <StartBoundary>{start}</StartBoundary>{delay}
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{escape(timer.user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>
    <ExecutionTimeLimit>P1D</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>cmd.exe</Command>
      <Arguments>{escape(f'/d /s /c "{sets} && {words} 2>>"{timer.log}""')}</Arguments>
      <WorkingDirectory>{escape(str(timer.state_folder))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _quote_for_windows(word: str) -> str:
    return word if _PLAIN_WORD.fullmatch(word.replace("\\", "/")) else f'"{word}"'


def _build_xml_notes(*notes: str) -> str:
    # Two hyphens may not stand in a comment.
    return "\n".join(f"<!-- {note.replace('--', '- -')} -->" for note in notes)
