"""`importer status`: how the accounts and the sync jobs stand."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from importer.cli import options
from importer.cli.advice import spell
from importer.cli.next_step import command_line
from importer.cli.progress_bar import show_progress
from importer.cli.streams import warn
from importer.cli.table import build_table
from importer.config.folders import config_file
from importer.config.starter import describe_first_job
from importer.monitoring.health import Health
from importer.progress import Phase, Progress
from importer.sync.jobs_file import load_jobs
from importer.sync.status import (
    AccountStatus,
    JobStatus,
    SignInState,
    ask_room,
    list_accounts,
    list_jobs,
)
from importer.text import clean, count, local_time


def status(
    *,
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Ask the services, too: who is signed in, and what room is left."),
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Show how accounts and sync jobs stand.

    It reads what earlier runs wrote down; without --ask no server is asked.
    """
    loaded = load_jobs()
    jobs, accounts = list_jobs(loaded), list_accounts(loaded, _warn)
    if ask:
        with show_progress(Progress(Phase.ASKING), quiet=as_json or not sys.stderr.isatty()):
            accounts = [ask_room(account, _warn) for account in accounts]
    if as_json:
        values = {"accounts": [*map(_account_as_json, accounts)], "jobs": [*map(_job_as_json, jobs)]}
        print(json.dumps(values, indent=2))
        return
    for line in (*_show_accounts(accounts), "", *show_jobs(jobs)):
        print(line)


def _show_accounts(accounts: list[AccountStatus]) -> list[str]:
    if not accounts:
        return [f"Nobody is signed in. Next: {command_line('login', 'trakt')}"]
    header = ["service", "account", "user", "sign-in", "token until", "ratings", "room left", "problem"]
    rows = [
        [
            each.to,
            each.account,
            each.info.username if each.info else "",
            _describe_sign_in(each),
            _show_time(each.token_until),
            "" if each.info is None or each.info.rating_count is None else f"{each.info.rating_count:,}",
            "" if each.room_left is None else f"{each.room_left:,}",
            each.problem,
        ]
        for each in accounts
    ]
    return list(build_table(header, rows))


def _describe_sign_in(account: AccountStatus) -> str:
    if account.state is SignInState.SIGNED_OUT:
        named = ("--account", account.account) if account.account else ()
        return f"{account.state}: {command_line('login', account.to, *named)}"
    return str(account.state)


def show_jobs(jobs: list[JobStatus]) -> list[str]:
    """Show the jobs as a table."""
    if not jobs:
        file = config_file()
        return [f"There are no sync jobs in {file}. {spell(describe_first_job(file))}"]
    header = ["job", "to", "last run", "result", "next run"]
    rows = [
        [
            each.name,
            " ".join(filter(None, (each.to, each.account))),
            _show_time(datetime.fromisoformat(each.last.ended_at)) if each.last else "never",
            _describe_result(each.last),
            "switched off" if each.is_off else _show_time(each.next_run_at) or "not scheduled here",
        ]
        for each in jobs
    ]
    lines = list(build_table(header, rows))
    for each in jobs:
        if each.last and each.last.reason:
            lines.append(f"{each.name}: {clean(each.last.reason, 1000)}")
        if each.titles_to_decide:
            titles = count(each.titles_to_decide, "title")
            lines.append(f"{each.name}: {titles} to decide in its match file; choose, and sync again")
    return [*lines, *_tell_what_would_run(jobs)]


def _tell_what_would_run(jobs: list[JobStatus]) -> Iterator[str]:
    """Say of jobs that no daemon runs what would run them."""
    daemon = command_line("sync", "--daemon")
    idle = [each for each in jobs if not (each.is_off or each.is_scheduled_here)]
    for each in idle:
        if not each.has_times:
            yield f"{each.name}: has neither every nor cron; {command_line('sync', each.name)} runs it once"
        else:
            at = f" at {_show_time(each.due)}" if each.due else ""
            yield f"{each.name}: {daemon} would run it{at}, and then again and again"
    if idle:
        yield "Whether a timer or a crontab of this machine runs them is not seen from here."


def _describe_result(last: Health | None) -> str:
    """Say in a few words how a job's last run ended."""
    if last is None:
        return ""
    if last.exit_code == 0:
        return "good"
    times = f", {last.consecutive_failures:,} times in a row" if last.consecutive_failures > 1 else ""
    return {1: "rows left", 2: "settings wrong"}.get(last.exit_code, "stopped") + times


def _show_time(moment: datetime | None) -> str:
    """Show a time as the clock on the wall does; empty for None."""
    return "" if moment is None else local_time(moment)


def _account_as_json(account: AccountStatus) -> dict[str, Any]:
    info = account.info
    return {
        "destination": account.to,
        "account": account.account,
        "user": info.username if info else None,
        "sign_in": str(account.state),
        "token_until": account.token_until.isoformat() if account.token_until else None,
        "ratings": info.rating_count if info else None,
        "limit": info.cap if info else None,
        "limit_stated": info.is_cap_stated if info else None,
        "room_left": account.room_left,
        "problem": account.problem or None,
    }


def _job_as_json(job: JobStatus) -> dict[str, Any]:
    last = job.last
    return {
        "job": job.name,
        "source": job.source,
        "destination": job.to,
        "account": job.account,
        "last_run": None
        if last is None
        else {
            "run": last.run_id or None,
            "ended_at": last.ended_at,
            "exit_code": last.exit_code,
            "is_good": last.exit_code == 0,
            "reason": last.reason or None,
            "counts": dict(last.counts),
            "consecutive_failures": last.consecutive_failures,
            "last_success_at": last.last_success_at,
        },
        "next_run_at": job.next_run_at.isoformat() if job.next_run_at else None,
        "would_run_at": job.due.isoformat(timespec="seconds") if job.due else None,
        "is_switched_off": job.is_off,
        "titles_to_decide": job.titles_to_decide,
    }


def _warn(warning: str) -> None:
    warn(clean(warning, 1000))
