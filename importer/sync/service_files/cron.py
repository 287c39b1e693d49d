"""A line of a crontab, see crontab(5)."""

import shlex

from importer.sync.service_files.service import EXIT_CODES, NO_DESKTOP, Service, build_sign_in_comments


def build_cron(service: Service) -> str:
    """Build the line, with comments above it."""
    environment = {**service.environment, **NO_DESKTOP}
    settings = " ".join(f"{key}={shlex.quote(value)}" for key, value in environment.items())
    command = f"{settings} {shlex.join(service.command)} >>{shlex.quote(str(service.log))} 2>&1"
    return f"""\
# Add this to the crontab of {service.user} with: crontab -e
{build_sign_in_comments(service)}# {EXIT_CODES}.
# cron reports none of these; set `notify` in the settings.
{service.schedule.as_cron()} {command.replace("%", chr(92) + "%")}
"""
