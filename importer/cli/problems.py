"""How the error that ends a command, or one of several sync jobs, is told.

```text
importer: Not signed in. Run `importer login trakt`.      lines on standard error
importer: see `importer sync --help`                      only if what was typed was wrong
{"event": "stopped", "reason": "Not signed in. ..."}      the last event of a JSON log instead
```
"""

from typing import TextIO

from importer.cli.advice import explain
from importer.errors import CommandError, ImporterError, OptionError
from importer.monitoring.log import Log
from importer.text import clean, ignore_closed_stream


def tell_error(error: ImporterError, command: str, err: TextIO, log: Log | None) -> int:
    """Tell the error of a command; `log` is a JSON log that `err` is for. Returns the exit code."""
    tell_problem(explain(error), error.exit_code, err, log, needs_yes=error.needs_yes)
    if isinstance(error, (OptionError, CommandError)) and log is None:
        tell_where_to_look(command, err)
    return error.exit_code


def tell_problem(
    problem: str, exit_code: int, err: TextIO, log: Log | None, *, needs_yes: bool = False
) -> None:
    """Tell it in lines, or as an event."""
    if log is not None:
        log.stopped(problem, exit_code, needs_yes=needs_yes)
        return
    for line in problem.splitlines():
        _print(clean(line, 2000), err)


def tell_where_to_look(command: str, err: TextIO) -> None:
    """Name the help of the command."""
    _print(f"see `{' '.join(filter(None, ['importer', command]))} --help`", err)


def _print(line: str, err: TextIO) -> None:
    with ignore_closed_stream(err):
        print(f"importer: {line}", file=err)
