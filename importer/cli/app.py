"""The `importer` command: its subcommands, its exit codes, and how an error reaches the terminal.

Start-up is kept light: every command imports what it needs when it runs, so that `--help` answers at once.
"""

import os
import sys
from itertools import pairwise
from typing import Annotated, Any, Never

import typer
from typer.core import TyperGroup

from importer.cli import (
    again,
    inspect,
    listings,
    login,
    past,
    plan,
    prune,
    resolve,
    run,
    sandbox,
    schedule_files,
    sync,
)
from importer.cli.streams import flush, mend_streams
from importer.errors import ImporterError, SettingsError, StopRunError, UsageError
from importer.text import clean, ignore_closed_stream


def _print_version(as_stored: bool) -> None:
    if as_stored:
        from importlib.metadata import version  # noqa: PLC0415 - light start-up

        print(f"importer {version('rating-importer')}")
        raise typer.Exit


class _Commands(TyperGroup):
    """The commands, of which none ends by typer's own codes when it is interrupted, be it at a question."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, typer.Abort):
            raise StopRunError("interrupted") from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich's help would double the start-up time
    pretty_exceptions_enable=False,  # its tracebacks print local variables, secrets among them
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("inspect")(inspect.inspect)
app.command("sync")(sync.sync)
app.command("plan")(plan.plan)
app.command("resolve")(resolve.resolve)
app.command("retry")(again.retry)
app.command("undo")(again.undo)
app.command("runs")(past.runs)
app.command("show")(past.show)
app.command("report")(past.report)
app.command("prune")(prune.prune)
app.command("schedule")(schedule_files.schedule)
app.command("login")(login.login)
app.command("logout")(login.logout)
app.command("whoami")(login.whoami)
app.command("sandbox")(sandbox.sandbox)
app.command("formats")(listings.formats)
app.command("destinations")(listings.destinations)


@app.callback()
def importer(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Import a movie and TV ratings history into Trakt, and learn what became of every single row."""


def main() -> Never:
    """Run the command line and exit: 0 all rows succeeded, 1 some did not, 2 usage, 3 stopped early."""
    mend_streams()
    exit_code = _run()
    problem = flush(sys.stdout)
    if problem is not None and not exit_code:
        exit_code = 1
        if not isinstance(problem, BrokenPipeError):  # else whoever read it has enough
            _tell(f"cannot write to standard output ({problem.strerror})", exit_code)
    flush(sys.stderr)
    sys.exit(exit_code)


def _run() -> int:
    try:
        app(standalone_mode=True)
    except SystemExit as end:
        return int(end.code or 0)
    except ImporterError as error:
        return _report(error)
    except Exception as error:
        if os.environ.get("IMPORTER_TRACEBACK"):
            raise
        problem = (
            f"unexpected {type(error).__name__}; what was done is in the journal. "
            "Set IMPORTER_TRACEBACK=1 and type the same command to see where it happened."
        )
        return _tell(problem, 1)
    return 0


def _report(error: ImporterError) -> int:
    _tell("\n".join(error.problems) if isinstance(error, SettingsError) else str(error), error.exit_code)
    if isinstance(error, UsageError) and not _logs_json():
        command = next((word for word in sys.argv[1:2] if word.isalpha()), "")
        _say(f"see `{' '.join(filter(None, ['importer', command]))} --help`")
    return error.exit_code


def _tell(problem: str, exit_code: int) -> int:
    if _logs_json():
        from importer.monitoring.log import open_log  # noqa: PLC0415 - light start-up

        open_log(as_json=True).stopped(problem, exit_code)
    else:
        for line in problem.splitlines():
            _say(clean(line, 2000))
    return exit_code


def _say(line: str) -> None:
    with ignore_closed_stream(sys.stderr):
        print(f"importer: {line}", file=sys.stderr)


def _logs_json() -> bool:
    """Whether standard error is to be JSON: a command that could not even begin must know that, too."""
    words = sys.argv[1:]
    return "--log-format=json" in words or ("--log-format", "json") in pairwise(words)
