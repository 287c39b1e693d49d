"""How options and commands are typed, for the remedies of errors.

```text
OptionError("on_conflict", "there is no terminal", "ask")    --on-conflict ask: there is no terminal
AuthorizationError("Not signed in", Remedy.SIGN_IN)          Not signed in. Run `importer login trakt`.
```

Outside of `cli/` options have the names of their fields (`on_conflict`), and remedies are codes.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from errno import EDQUOT, EFBIG, ENOSPC
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import (
    AuthorizationError,
    ImporterError,
    OptionError,
    Remedy,
    StateFileError,
    StopRunError,
)
from importer.parts import MissingPartError, is_there
from importer.text import clean, count, docs_page

if TYPE_CHECKING:  # the help shows no inspection
    from importer.report.inspection import Inspection

ADVICE: Mapping[Remedy, str] = {
    Remedy.SIGN_IN: "Run `importer login trakt`.",
    Remedy.START_OVER: "To start over: `importer login trakt`.",
    Remedy.USE_HTTPS: "Use https, or accept it with --insecure-http",
    Remedy.UPLOAD_FILE: (
        "Without the API: `importer run FILE --to trakt-file` writes a file for the importer on "
        "Trakt's own site."
    ),
    Remedy.START_SANDBOX: "To try things out, start your own with `importer sandbox`.",
    Remedy.NAME_ENCODING: "Save it as UTF-8, or name its encoding, such as --encoding cp1251.",
    Remedy.NAME_SCALE: "Say it with --scale, for example --scale {error.example}",
    Remedy.CORRECT_RATINGS: (
        "Correct them in the file; only if all of its ratings are of another scale, name it with --scale."
    ),
    Remedy.NAME_FORMAT: "Name one with --format.",
    Remedy.MAP_COLUMNS: (
        "Say what a column is with --map COLUMN=FIELD (such as --map Score=rating), or name the format with "
        "--format; `importer formats` lists what is read."
    ),
    Remedy.SET_TIMES: "Add one of them, or use --every or --cron.",
    Remedy.STAY: "`importer sync --every` takes any other.",
    Remedy.MAP_OWN_TABLE: "say so with --format csv, and with --map what its columns are.",
    Remedy.MAP_MARKS: (
        "If a mark is a rating to you, say which: --format csv --map imdburl=imdb_id --map favorite=rating "
        "--scale yes=9."
    ),
    Remedy.MAP_RATING: "Say which is yours with --map, such as --map 'My Rating=rating'.",
    Remedy.TAKE_LIST: "or take the rated rows of this one with --lists",
    Remedy.MOVE_OUTPUT: "Make room or choose another place with --out, then type the same command.",
    Remedy.ALLOW: "Allow it: chmod u+rwX '{error.path}'",
    Remedy.FIND_TITLES: (
        "There are three ways, the nearest first: `importer titles update --download` makes an index of the "
        "lists that IMDb publishes (of files that you have: `importer titles build DIR`). Or set the client "
        "id of an app on Trakt, IMPORTER_TRAKT_CLIENT_ID. Or set a token of TMDB, "
        "IMPORTER_TMDB_READ_ACCESS_TOKEN. "
        f"{docs_page('titles')} tells more."
    ),
    Remedy.BUILD_INDEX: "Build it again with `importer titles build DIR`.",
    Remedy.LOOK_TITLES_UP: "`importer match FILE` writes one.",
    Remedy.LIST_RUNS: "`importer runs` lists those there are",
    Remedy.NEW_PLAN: (
        "Make a new plan: type the `importer plan FILE --to DESTINATION` again that made this one, with "
        "--overwrite if you edited it."
    ),
    Remedy.REPLACE: "Name another file, or add --overwrite.",
    Remedy.REPLACE_EDITED: (
        "`importer retry --all FILE` sends the rows you corrected in it. To replace it, add --overwrite; "
        "to keep it, name another file with --out."
    ),
    Remedy.REPLACE_EDITED_PLAN: (
        "`importer run --plan FILE` sends it as you edited it. To replace it, add --overwrite; to "
        "keep it, name another file with --out."
    ),
    Remedy.SEND_PLAN: "`importer run --plan FILE` sends it.",
    Remedy.RETRY: (
        "`importer retry {error.name}` sends what failed in it; with --all also the rows that you corrected."
    ),
    Remedy.REDO: "To redo what it did: `importer undo {error.undone_by}`.",
    Remedy.FORCE: "To undo anyway, add --force.",
    Remedy.ASK_NOTHING: "If that is what you want, type the same command with --yes.",
    Remedy.ASK_AGAIN: "The same command asks again, with --yes it does not.",
    Remedy.NAME_PLACE: "Type the same command with --to and one of {error.places}.",
    Remedy.SALVAGE: "Other runs can perhaps still be shown: `importer runs` lists them, and "
    "`importer report RUN --out FILE` writes their results. Then move the file aside to begin a new one.",
    Remedy.NAME_RUN: "Name a results file, or a run of `importer runs`.",
    Remedy.SHOW_SANDBOX: "`importer sandbox` shows why.",
    Remedy.DRY_RUN: "For a file, --dry-run shows what it gets.",
    Remedy.OVERWRITE: "To send without comparing, add --on-conflict overwrite.",
    Remedy.BEGIN_SETTINGS: "`importer init` writes a file to begin with.",
    Remedy.INSPECT: "Correct them, or take them out of the file (`importer inspect FILE` names them).",
}
"""How a remedy is typed; remedies that are not here need no command."""


def explain(error: BaseException) -> str:
    """Return an error's message and remedy as the command line shows them."""
    advice = dict(ADVICE)
    if isinstance(error, AuthorizationError) and (error.account or error.destination):
        account = f" --account {error.account}" if error.account else ""
        login = f"`importer login {error.destination or 'trakt'}{account}`"
        advice |= {Remedy.SIGN_IN: f"Run {login}.", Remedy.START_OVER: f"To start over: {login}."}
    if isinstance(error, StateFileError):
        command = f"sudo chown -R {error.user} '{_folder_of(error.path)}'"
        close = f"chmod o-w '{error.path}'"
        advice[Remedy.CLOSE] = f"{close} takes that right away; IMPORTER_STATE_DIR names another folder."
        advice[Remedy.OWN_FOLDER] = f"Make all of it yours again: {command}"
    if isinstance(error, MissingPartError):
        advice[Remedy.INSTALL_PART] = f"Install it: {type_install(error.part)}"
    if isinstance(error, OptionError):
        text = error.spell(f"--{error.option.replace('_', '-')}")
    else:
        text = error.explain(advice) if isinstance(error, ImporterError) else str(error)
    if isinstance(error, ImporterError) and error.place:
        text = f"{error.place}: {text}"
    return spell(text, advice)  # those of one problem among several


def spell(text: str, advice: Mapping[Remedy, str] = ADVICE) -> str:
    """Say how the remedies in a text are typed."""
    for remedy, typed in advice.items():
        text = text.replace(remedy, typed)
    return text


def type_install(part: str) -> str:
    """Return the line that adds an optional part to this installation."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    # `uv tool` and `uv venv` make environments without pip; pipx shares one with all of its own.
    pip = f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
    return f'{pip} "rating-importer[{part}]"'


def advise_keyring() -> str:
    """Say how the system's keyring would be used, where its library is missing."""
    return "" if is_there("keyring") else f"The system's keyring would keep it: {type_install('keyring')}"


def as_known(error: Exception) -> ImporterError:
    """Return an unexpected error as one to show; an OSError names its file and cause."""
    if isinstance(error, MemoryError):
        return StopRunError("there is not enough memory. Free some, then type the same command.")
    if isinstance(error, OSError) and error.errno in {ENOSPC, EDQUOT, EFBIG}:
        named = f"{error.filename}: " if error.filename else ""
        return StopRunError(f"{named}{error.strerror}. Make room, then type the same command.")
    if isinstance(error, OSError) and error.filename and error.strerror:
        return StopRunError(f"{error.filename}: {error.strerror}. Correct that, then type the same command.")
    return ImporterError(
        f"unexpected {type(error).__name__}; what was done is in the journal. "
        "Set IMPORTER_TRACEBACK=1 and type the same command to see where it happened."
    )


def _folder_of(path: Path) -> Path:
    """The state folder if the file is in it: other files there may be root's, too. Else the file's folder."""
    from importer.config.folders import find_state_dir  # noqa: PLC0415 - the help needs no folders

    kept = find_state_dir()
    return kept if path.is_relative_to(kept) else path.parent


_COLUMN_HINTS = (
    (re.compile(r".*(?:date|_at|At|rated).*"), "rated_at"),
    (re.compile(r".*(?:imdb|IMDb).*"), "imdb_id"),
    (re.compile(r".*(?:tmdb|TMDb|TMDB).*"), "tmdb_id"),
    (re.compile(r".*(?:[Rr]ating|[Ss]core|[Ss]tars).*"), "rating"),
)
"""Names of columns that look like a field, and the field."""


def _suggest_mappings(inspection: "Inspection") -> Iterator[str]:
    for name in inspection.unread:
        field = next((field for pattern, field in _COLUMN_HINTS if pattern.fullmatch(name)), None)
        is_lacking = inspection.ids["none"] if field != "rated_at" else inspection.days[""]
        if field is not None and "." not in name and (is_lacking or field == "rating"):
            yield f"{clean(name, 40)}={field}"


def advise_inspection(inspection: "Inspection") -> Iterator[str]:
    """Yield advice about an inspected file."""
    if inspection.format_name == "csv" and (mapped := list(_suggest_mappings(inspection))):
        yield "If one of these is wanted: " + ", ".join(f"--map '{each}'" for each in mapped) + "."
    if without := inspection.ids["none"]:
        yield f"{count(without, 'row')} without any id: `importer match` looks titles up."
