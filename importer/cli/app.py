"""The `importer` command: its subcommands, its exit codes, and how an error reaches the terminal.

Commands are loaded lazily, and only here: `importer retry results.csv` imports `importer.cli.again` and calls
its function `retry`. `importer --help` imports no command, and so answers in 0.1 s instead of 0.5 s.
A command's module therefore imports at its top whatever it needs.
"""

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import pairwise
from typing import Annotated, Any, Never

import typer
from typer.core import TyperGroup

from importer.cli.advice import as_known, explain
from importer.cli.streams import flush, repair_streams
from importer.errors import ImporterError, StopRunError, UsageError
from importer.monitoring.log import open_log
from importer.text import clean, ignore_closed_stream

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("run", "Import FILE and report what became of every row."),
    "inspect": ("inspect", "Show what FILE has and which rows would be sent."),
    "sync": ("sync", "Run the jobs of the settings file: import what is new."),
    "export": ("export", "Write all ratings of an account into FILE, or none of them."),
    "plan": ("plan", "Write down what a run would do with each row of FILE."),
    "match": ("match", "Look up the titles of rows without ids."),
    "resolve": ("match", "Look up the titles of rows without ids, as `match` does."),
    "titles": ("titles", "Build, show or update the index of titles; forget answers."),
    "retry": ("again", "Send again the rows that failed or were not sent."),
    "undo": ("again", "Restore the ratings from before a run."),
    "runs": ("past", "List the runs, the newest last."),
    "show": ("past", "Print the outcome of each row of a run."),
    "report": ("past", "Print the summary of a run again."),
    "prune": ("prune", "Remove old runs from the journals."),
    "schedule": ("schedule_files", "Print the files that make a scheduler run `importer sync`."),
    "login": ("login", "Sign in with a code on a web page, or with a key."),
    "logout": ("login", "Revoke the sign-in and delete its tokens."),
    "whoami": ("login", "Show who is signed in, and until when."),
    "sandbox": ("sandbox", "Run a local look-alike of the APIs until Ctrl-C."),
    "formats": ("listings", "List the export formats that are read."),
    "destinations": ("listings", "List the destinations and what each can do."),
}
"""By command: its module in this package, and its line in `importer --help`. The function has its name."""


def load_command(name: str) -> Callable[..., None]:
    """Import a command's module and give its function."""
    module, _ = COMMANDS[name]
    command: Callable[..., None] = getattr(import_module(f"importer.cli.{module}"), name)
    return command


def _build_app(**options: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,  # rich's help would double the start-up time
        pretty_exceptions_enable=False,  # its tracebacks print local variables, secrets among them
        context_settings={"help_option_names": ["-h", "--help"]},
        **options,
    )


class _LazyCommands(TyperGroup):
    """Lists and suggests commands by the table; the one that is called is imported."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        assert name is not None
        loaded = _build_app()
        loaded.command(name)(load_command(name))
        return name, typer.main.get_command(loaded), rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, typer.Abort):  # typer would exit with codes of its own
            raise StopRunError("interrupted") from None
        except typer.BadParameter as error:
            for said, plain in _PLAIN.items():
                error.message = error.message.replace(said, plain)
            raise


_PLAIN = {
    "Value error, ": "",
    "Input should be greater than or equal to": "It must be at least",
    "Input should be less than or equal to": "It must be at most",
    "Input should be a valid integer, unable to parse string as an integer": "It must be a whole number",
}
"""What the library that checks options says of a value, and how people say it."""


app = _build_app(cls=_LazyCommands, no_args_is_help=True)
for _name, (_, _help) in COMMANDS.items():
    app.command(_name, help=_help)(lambda: None)  # listed only: resolve_command gives the real one


def _print_version(is_asked_for: bool) -> None:
    if is_asked_for:
        from importlib.metadata import version as version_of  # noqa: PLC0415 - it imports all of `email`

        print(f"importer {version_of('rating-importer')}")
        raise typer.Exit


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
    repair_streams()
    exit_code = _run()
    problem = flush(sys.stdout)
    if problem is not None and not exit_code:
        exit_code = 1
        if not isinstance(problem, BrokenPipeError):  # else the reader has closed the pipe
            _print_problem(f"cannot write to standard output ({problem.strerror})", exit_code)
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
        return _report(as_known(error))
    return 0


def _report(error: ImporterError) -> int:
    _print_problem(explain(error), error.exit_code)
    if isinstance(error, UsageError) and not _logs_json():
        command = next((word for word in sys.argv[1:2] if word.isalpha()), "")
        _print_line(f"see `{' '.join(filter(None, ['importer', command]))} --help`")
    return error.exit_code


def _print_problem(problem: str, exit_code: int) -> int:
    if _logs_json():
        open_log(as_json=True).stopped(problem, exit_code)
    else:
        for line in problem.splitlines():
            _print_line(clean(line, 2000))
    return exit_code


def _print_line(line: str) -> None:
    with ignore_closed_stream(sys.stderr):
        print(f"importer: {line}", file=sys.stderr)


def _logs_json() -> bool:
    """Whether standard error must be JSON, also if the command failed to start."""
    words = sys.argv[1:]
    return "--log-format=json" in words or ("--log-format", "json") in pairwise(words)
