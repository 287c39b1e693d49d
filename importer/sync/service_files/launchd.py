"""A launch agent for macOS, see launchd.plist(5)."""

import plistlib

from importer.sync.service_files.service import EXIT_CODES, Service, build_xml_comments


def build_launchd(service: Service) -> str:
    """Build the property list, with comments above it."""
    minutes, hours = service.schedule.minutes, service.schedule.hours
    times = (
        [{"Minute": minute} for minute in minutes]
        if hours is None
        else [{"Hour": hour, "Minute": minute} for hour in hours for minute in minutes]
    )
    agent = {
        "Label": service.name,
        "ProgramArguments": list(service.command),
        "EnvironmentVariables": dict(service.environment),
        "WorkingDirectory": str(service.state_folder),
        "StartCalendarInterval": times,  # unlike StartInterval it makes up for a run missed during sleep
        "StandardOutPath": str(service.log),
        "StandardErrorPath": str(service.log),
        "ProcessType": "Background",
    }
    place = f"~/Library/LaunchAgents/{service.name}.plist"
    comments = build_xml_comments(
        f"Save this as {place}",
        f"Turn it on:  launchctl bootstrap gui/$(id -u) {place}",
        f"Try it now:  launchctl kickstart gui/$(id -u)/{service.name}",
        f"Its exit code is in: launchctl print gui/$(id -u)/{service.name}",
        f"{EXIT_CODES}.",
    )
    first, second, rest = plistlib.dumps(agent, sort_keys=False).decode().split("\n", 2)
    return f"{first}\n{second}\n{comments}\n{rest}"
