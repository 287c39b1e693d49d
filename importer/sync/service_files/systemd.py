"""A service and a timer for systemd, see systemd.service(5), systemd.timer(5) and systemd.syntax(7)."""

import re

from importer.sync.service_files.schedule import ServiceSchedule
from importer.sync.service_files.service import EXIT_CODES, NO_DESKTOP, Service, build_sign_in_comments

_TMP_FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 - only compared with
_PLAIN_WORD = re.compile(r"[\w.:=/-]+", re.ASCII)


def build_systemd(service: Service) -> str:
    """Build both units in one text, each below its `Save this as`."""
    environment = {**service.environment, **NO_DESKTOP}
    settings = "\n".join(f"Environment={_quote(f'{key}={value}')}" for key, value in environment.items())
    folders = " ".join(_quote(str(path)) for path in (service.state_folder, *service.writable))
    is_in_tmp = any(path.is_relative_to(tmp) for path in service.places for tmp in _TMP_FOLDERS)
    private_tmp = "# No PrivateTmp=yes: it would hide files under /tmp." if is_in_tmp else "PrivateTmp=yes"
    delay = min(600, service.schedule.period_minutes * 60 // 4)
    return f"""\
# 1. Save this as /etc/systemd/system/{service.name}.service
{build_sign_in_comments(service)}[Unit]
Description=Sync of ratings ({service.name})
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={service.user}
WorkingDirectory={_escape(str(service.state_folder))}
{settings}
ExecStart={" ".join(_quote(word, is_command=True) for word in service.command)}
# {EXIT_CODES}.
# Rows that did not succeed make the unit fail, so that somebody looks. If some are no failure to you, name
# them in the job: accept = ["unsupported", "not_found"]. If none is one:
# SuccessExitStatus=1
Nice=10
NoNewPrivileges=yes
CapabilityBoundingSet=
LockPersonality=yes
PrivateDevices=yes
{private_tmp}
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

# 2. Save this as /etc/systemd/system/{service.name}.timer
[Unit]
Description=Timer of {service.name}

[Timer]
OnCalendar={_build_calendar(service.schedule)}
Persistent=true
RandomizedDelaySec={delay}

[Install]
WantedBy=timers.target

# 3. Turn it on:  sudo systemctl daemon-reload && sudo systemctl enable --now {service.name}.timer
#    Try it now:  sudo systemctl start {service.name}.service
#    See its log: journalctl -u {service.name}.service
"""


def _build_calendar(schedule: ServiceSchedule) -> str:
    hours = "*" if schedule.hours is None else ",".join(f"{hour:02}" for hour in schedule.hours)
    return f"*-*-* {hours}:{','.join(f'{minute:02}' for minute in schedule.minutes)}:00"


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _quote(text: str, *, is_command: bool = False) -> str:
    """Quote a word of a unit file; `$` begins a variable only in a command."""
    if _PLAIN_WORD.fullmatch(text):
        return text
    quoted = _escape(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted.replace("$", "$$") if is_command else quoted}"'
