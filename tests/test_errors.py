"""The error tree is what its drawing says, and every error has its exit code."""

import re
from pathlib import Path

import pytest

from importer import errors
from importer.errors import (
    AccountLimitError,
    AuthorizationError,
    ConnectionLostError,
    DestinationError,
    ImporterError,
    JournalLockedError,
    Loss,
    ResultsNotWrittenError,
    SettingsError,
    StopRunError,
    UnknownFormatError,
    UnreadableFileError,
    UsageError,
)


def parents_as_drawn() -> dict[str, str]:
    """Each error of the docstring's tree with its parent, by the depth at which it is drawn."""
    drawing = (errors.__doc__ or "").split("```")[1]
    parents: dict[str, str] = {}
    above: list[str] = []
    for branch, name in re.findall(r"^([│├└─ ]*)(\w+Error)\b", drawing, re.MULTILINE):
        depth = len(branch) // 4
        del above[depth:]
        if above:
            parents[name] = above[-1]
        above.append(name)
    return parents


def own_errors() -> dict[str, type[ImporterError]]:
    return {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, ImporterError)
    }


def test_the_drawing_is_the_tree() -> None:
    classes = own_errors()
    assert parents_as_drawn() == {
        name: kind.__bases__[0].__name__ for name, kind in classes.items() if kind is not ImporterError
    }


def test_every_error_is_ours_and_says_so_by_its_name() -> None:
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, BaseException):
            assert name.endswith("Error")
            assert issubclass(kind, ImporterError)
            assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ImporterError, 1),
        (DestinationError, 1),
        (ConnectionLostError, 1),
        (UsageError, 2),
        (SettingsError, 2),
        (UnknownFormatError, 2),
        (UnreadableFileError, 2),
        (StopRunError, 3),
        (AuthorizationError, 3),
        (AccountLimitError, 3),
        (JournalLockedError, 3),
        (ResultsNotWrittenError, 3),
    ],
)
def test_exit_code(kind: type[ImporterError], code: int) -> None:
    assert kind.exit_code == code


def test_the_drawing_tells_the_exit_codes() -> None:
    drawn = re.findall(r"(\w+Error) +exit (\d)", errors.__doc__ or "")
    assert drawn
    assert {name: int(code) for name, code in drawn} == {
        name: own_errors()[name].exit_code for name, _ in drawn
    }


def test_settings_problems_are_told_all_at_once() -> None:
    error = SettingsError(["no base URL", "no key"])
    assert error.problems == ("no base URL", "no key")
    assert str(error) == "no base URL\nno key"


def test_an_unreadable_file_is_told_with_place_and_remedy() -> None:
    error = UnreadableFileError("ratings.csv", "a quote is never closed", remedy="Export it again.", line=7)
    assert str(error) == "ratings.csv, line 7: a quote is never closed. Export it again."
    assert str(UnreadableFileError("-", "empty", remedy="x")) == "-: empty. x"


def test_a_loss_tells_its_detail() -> None:
    assert (
        str(ConnectionLostError(Loss.REFUSED, "Connection refused"))
        == "could not connect: Connection refused"
    )
    assert str(ConnectionLostError(Loss.TIMEOUT)) == "no answer in time"


def test_unwritten_results_tell_why_and_what_next() -> None:
    error = ResultsNotWrittenError(Path("results.csv"), OSError(28, "No space left on device"))
    assert str(error).startswith("results.csv: cannot write the results (No space left on device).")
    assert "same command" in str(error)
