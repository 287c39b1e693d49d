"""The `importer` command: its subcommands, its exit codes, and how an error reaches the terminal.

Commands are loaded lazily, and only here: `importer retry results.csv` imports `importer.cli.again` and calls
its function `retry`. `importer --help` imports no command, and so answers in 0.1 s instead of 0.5 s.
A command's module therefore imports at its top whatever it needs.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import pairwise
from typing import Annotated, Any, Never

import typer

from importer.cli.advice import as_known
from importer.cli.help import COMPLETE, WIDEST, HelpfulCommand, HelpfulGroup, path_of
from importer.cli.problems import tell_error, tell_problem, tell_where_to_look
from importer.cli.streams import flush, repair_streams
from importer.errors import ImporterError, StopRunError
from importer.monitoring.log import Log, open_log
from importer.text import ignore_closed_stream

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
    "web": ("web", "Show a page on which everything can be done, in the browser."),
    "prune": ("prune", "Remove old runs from the journals."),
    "status": ("status", "Show how accounts and sync jobs stand."),
    "fleet": ("fleet", "Import for many accounts, on one machine or many."),
    "schedule": ("schedule_files", "Print the files that make a scheduler run `importer sync`."),
    "login": ("login", "Sign in with a code on a web page, or with a key."),
    "logout": ("login", "Revoke the sign-in and delete its tokens."),
    "whoami": ("login", "Show who is signed in, and until when."),
    "doctor": ("doctor", "Print a report for those who help, without secrets."),
    "init": ("settings_file", "Write a settings file to begin with."),
    "config": ("settings_file", "Check the settings file, or print where it is."),
    "notify": ("notify", "Send a test notification to each address."),
    "completion": ("completion", "Print what makes a shell complete what you type."),
    "sandbox": ("sandbox", "Run a local look-alike of the APIs until Ctrl-C."),
    "formats": ("listings", "List the export formats that are read."),
    "destinations": ("listings", "List the destinations and what each can do."),
}
"""By command: its module in this package, and its line in `importer --help`. The function has its name."""


FLEET: Mapping[str, tuple[str, str]] = {
    "add": ("fleet.add", "Add accounts, or replace what is known of them."),
    "split": ("fleet.split", "Split a dump of many users into a file for each."),
    "remove": ("fleet.account", "Forget an account, its sign-in and its journal; ratings stay."),
    "run": ("fleet.run", "Import for all accounts that are due, once."),
    "serve": ("fleet.run", "Stay, and import for each account when it is due."),
    "scheduler": ("fleet.run", "Hand accounts from a driver to workers, until Ctrl-C."),
    "worker": ("fleet.run", "Import for the accounts that a scheduler hands out."),
    "status": ("fleet.status", "Show how the accounts of the fleet stand."),
    "show": ("fleet.account", "Show an account: its state, its keys, its last turn, its runs."),
    "results": ("fleet.account", "Write the results of an account: a line for each row."),
    "journal": ("fleet.account", "Write the journal of an account, an SQLite file."),
    "undo": ("fleet.undo", "Restore the ratings of an account from before a run."),
    "resume": ("fleet.account", "Make an account due now, also one that was set aside."),
}
"""The commands of `importer fleet`: as in `COMMANDS`."""

SUBCOMMANDS: Mapping[str, Mapping[str, tuple[str, str]]] = {"fleet": FLEET}
"""The commands that have commands of their own."""

HELP = "help"
"""A command that has no module: it is the `--help` of another one."""

GROUPS: Mapping[str, str] = {
    "Import": "run inspect plan match resolve titles web",
    "Afterwards": "runs show report retry undo prune",
    "Every night": "sync status schedule notify",
    "Many accounts": "fleet",
    "Accounts": "init config login logout whoami export",
    "To try, and to look up": "sandbox formats destinations completion doctor help",
}
"""The headlines of `importer --help`, and the commands below each."""

FLEET_GROUPS: Mapping[str, str] = {
    "Accounts": "add split remove",
    "Importing": "run serve scheduler worker",
    "Looking and mending": "status show results journal undo resume",
}
"""The same of `importer fleet --help`."""


def load_command(name: str, table: Mapping[str, tuple[str, str]] = COMMANDS) -> Callable[..., None]:
    """Import a command's module and give its function."""
    module, _ = table[name]
    command: Callable[..., None] = getattr(import_module(f"importer.cli.{module}"), name)
    return command


def _build_app(**options: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,  # rich's help would double the start-up time
        pretty_exceptions_enable=False,  # its tracebacks print local variables, secrets among them
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
        **options,
    )


class _LazyCommands(HelpfulGroup):
    """Lists and suggests commands by the table; the one that is called is imported."""

    table = COMMANDS

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args[:1] == [HELP] and not ctx.resilient_parsing:
            args = [*args[1:2], "--help"]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        if args[0] == HELP:  # a shell completes what follows: the commands
            return None, None, []
        name, _, rest = super().resolve_command(ctx, args)
        assert name is not None
        command = load_command(name, self.table)
        if name in SUBCOMMANDS:
            loaded = _build_app(cls=_FleetCommands, no_args_is_help=True)
            _list_commands(loaded, FLEET, FLEET_GROUPS)
            loaded.callback()(command)
        else:
            loaded = _build_app()
            loaded.command(name, cls=HelpfulCommand)(command)
        return name, typer.main.get_command(loaded), rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, typer.Abort):  # typer would exit with codes of its own
            raise StopRunError("interrupted") from None


class _FleetCommands(_LazyCommands):
    """The commands of `importer fleet`."""

    table = FLEET


def _list_commands(
    listed: typer.Typer, table: Mapping[str, tuple[str, str]], groups: Mapping[str, str]
) -> None:
    """Put the commands below their headlines. They are only listed: `resolve_command` gives the real ones."""
    lines = {name: line for name, (_, line) in table.items()} | {HELP: "Show the help of a command."}
    for headline, names in groups.items():
        for name in names.split():
            listed.command(name, help=lines[name], rich_help_panel=headline)(lambda: None)


_PLAIN = (
    (r"Value error, ", ""),
    (r"Input should be greater than or equal to", "it must be at least"),
    (r"Input should be less than or equal to", "it must be at most"),
    (r"Input should be a valid integer, unable to parse string as an integer", "it must be a whole number"),
    (r"No such option: ", "there is no option "),
    (r"Possible options: ", "similar: "),
    (r"No such command ", "there is no command "),
    (r"\.? Did you mean", "; did you mean"),
    (r"Missing argument '(\w+)'\.?", r"name the \1"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", r"nothing more is expected: \1"),
)
"""What the library that parses options says of them, and how people say it."""

_WrongWords: Any = typer.BadParameter.__mro__[1]
"""The library's error about what was typed: every wrong option or argument."""


app = _build_app(cls=_LazyCommands, no_args_is_help=True)
_list_commands(app, COMMANDS, GROUPS)


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
    """Import a movie and TV ratings history into Trakt or another service; learn what became of each row."""


def main() -> Never:
    """Run the command line and exit: 0 all rows succeeded, 1 some did not, 2 usage, 3 stopped early."""
    repair_streams()
    exit_code = _run()
    problem = flush(sys.stdout)
    if problem is not None and not exit_code:
        exit_code = 1
        if not isinstance(problem, BrokenPipeError):  # else the reader has closed the pipe
            said = f"cannot write to standard output ({problem.strerror})"
            tell_problem(said, exit_code, sys.stderr, _json_log())
    flush(sys.stderr)
    sys.exit(exit_code)


def _run() -> int:
    if COMPLETE in os.environ:
        from importer.cli.completion import prepare  # noqa: PLC0415 - only a shell that asks needs it

        prepare()
    try:
        return int(app(standalone_mode=False) or 0)
    except SystemExit as end:
        return int(end.code or 0)
    except ImporterError as error:
        return _report(error)
    except typer.Abort:
        return _report(StopRunError("interrupted"))
    except Exception as error:
        if isinstance(error, _WrongWords):
            return _report_wrong_words(error)
        if os.environ.get("IMPORTER_TRACEBACK"):
            raise
        return _report(as_known(error))


def _report(error: ImporterError) -> int:
    return tell_error(error, _typed_command(), sys.stderr, _json_log())


def _typed_command() -> str:
    name, below = [*sys.argv[1:3], "", ""][:2]
    if below in SUBCOMMANDS.get(name, ()):
        return f"{name} {below}"
    return name if name in COMMANDS else ""


def _report_wrong_words(error: Any) -> int:
    """Report words that the library could not parse, as all other errors are."""
    if len(sys.argv) == 1:
        with ignore_closed_stream(sys.stderr):
            print(error.ctx.get_help(), file=sys.stderr)
        return int(error.exit_code)
    problem = error.format_message()
    parameter = getattr(error, "param", None)
    if isinstance(error, typer.BadParameter) and parameter is not None and error.message:
        name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.name.upper()
        problem = f"{name}: {error.message}"
    for said, plain in _PLAIN:
        problem = re.sub(said, plain, problem)
    log = _json_log()
    tell_problem(problem, error.exit_code, sys.stderr, log)
    # An option without its value is an error that does not know its command.
    known = error.ctx is not None and error.ctx.parent
    if log is None:
        tell_where_to_look(path_of(error.ctx) if known else _typed_command(), sys.stderr)
    return int(error.exit_code)


def _json_log() -> Log | None:
    """Open the log if standard error must be JSON, also if the command failed to start."""
    words = sys.argv[1:]
    is_json = "--log-format=json" in words or ("--log-format", "json") in pairwise(words)
    return open_log(as_json=True) if is_json else None
