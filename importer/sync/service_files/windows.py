"""A task for the Task Scheduler of Windows, see its XML schema."""

import re
from xml.sax.saxutils import escape

from importer.sync.service_files.service import EXIT_CODES, Service, build_xml_comments

_PLAIN_WORD = re.compile(r"[\w.:=/-]+", re.ASCII)


def build_windows(service: Service) -> str:
    """Build the task, with comments above it."""
    schedule = service.schedule
    start = f"2026-01-01T{schedule.first_minute // 60:02}:{schedule.first_minute % 60:02}:00"
    # Some versions refuse a random delay with a repetition; the minute differs by machine anyway.
    delay = "\n      <RandomDelay>PT10M</RandomDelay>" if schedule.is_daily else ""
    repetition = (
        ""
        if schedule.is_daily
        else f"""
      <Repetition>
        <Interval>PT{schedule.period_minutes}M</Interval>
        <Duration>P1D</Duration>
      </Repetition>"""
    )
    sets = " && ".join(f'set "{key}={value}"' for key, value in service.environment.items())
    command = " ".join(map(_quote, service.command))
    comments = build_xml_comments(
        f"Save this as {service.name}.xml",
        f'Turn it on:  Register-ScheduledTask "{service.name}" -Xml (Get-Content -Raw {service.name}.xml)',
        f'Try it now:  Start-ScheduledTask "{service.name}"',
        f'Its exit code is LastTaskResult of: Get-ScheduledTaskInfo "{service.name}"',
        f"{EXIT_CODES}.",
    )
    # No <?xml ...?> line: it would name an encoding, and PowerShell's redirection chooses that.
    return f"""\
{comments}
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
      <UserId>{escape(service.user)}</UserId>
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
      <Arguments>{escape(f'/d /s /c "{sets} && {command} 2>>"{service.log}""')}</Arguments>
      <WorkingDirectory>{escape(str(service.state_folder))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _quote(word: str) -> str:
    return word if _PLAIN_WORD.fullmatch(word.replace("\\", "/")) else f'"{word}"'
