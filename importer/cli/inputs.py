"""From command-line words to the things a run needs: the file, the destination, the journal."""

import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from importer.cli.run import To
from importer.cli.sandbox import embedded_sandbox
from importer.destinations.base import Destination
from importer.destinations.trakt_v1 import TraktV1
from importer.errors import UnreadableFileError, UsageError
from importer.journal import Journal
from importer.readers import open_reader
from importer.run import Source, fingerprint_file
from importer.settings import load_trakt_v1, state_dir

STANDARD_INPUT = "-"


def parse_mapping(words: Sequence[str]) -> dict[str, str]:
    """Parse the COLUMN=FIELD words of `--map`; a column's name may itself hold an equals sign."""
    mapping = {}
    for word in words:
        column, equals, field = word.rpartition("=")
        if not equals or not column or not field:
            raise UsageError(f"--map {word!r}: write it as COLUMN=FIELD, for example --map 'My score=rating'")
        mapping[column] = field
    return mapping


@contextmanager
def open_input(file: str) -> Iterator[Path]:
    """Give the path of the file to read. Standard input is kept in a private file, for it is read twice."""
    if file != STANDARD_INPUT:
        yield Path(file)
        return
    if sys.stdin.isatty():
        raise UsageError("standard input is a terminal: name a file, or pipe one in")
    with tempfile.NamedTemporaryFile(prefix="ratings-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield Path(copy.name)


def build_source(path: Path, file: str, format_name: str, mapping: Mapping[str, str]) -> Source:
    """Name and fingerprint the file, and prepare its reader. Raises UnreadableFileError."""
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        fingerprint = fingerprint_file(path, format_name, *map("=".join, sorted(mapping.items())))
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableFileError(name, problem, remedy="Name the export file itself.") from error
    return Source(
        name, fingerprint, partial(open_reader, path, format_name=format_name, mapping=mapping, name=name)
    )


def check_output(out: Path, path: Path) -> None:
    """Refuse to write the results over the input."""
    if out.exists() and path.exists() and out.samefile(path):
        raise UsageError(f"--out {out} is the input file itself: the results would replace it; name another")


@contextmanager
def open_destination(
    to: To, flags: Mapping[str, object], *, bulk: bool, rehearsal: bool
) -> Iterator[Destination]:
    """Build the destination, starting a sandbox for it when that is where the ratings go."""
    if to is To.TRAKT_V1:
        settings = load_trakt_v1(flags)
        for warning in settings.warnings:
            print(f"importer: {warning}", file=sys.stderr)
        yield TraktV1(
            settings.base_url,
            settings.username,
            settings.api_key.reveal(),
            settings.password_sha1.reveal(),
            bulk=bulk,
            account=f"{settings.username} at {settings.base_url}",
        )
        return
    build = partial(
        TraktV1,
        username="demo",
        api_key="sandbox-key",
        password_sha1=hashlib.sha1(b"demo").hexdigest(),  # noqa: S324 - the API asks for it
        bulk=bulk,
        name="sandbox",
        account="demo at the sandbox",
    )
    if rehearsal:
        yield build("http://sandbox.invalid")
        return
    with embedded_sandbox(state_dir() / "sandbox.sqlite3") as url:
        yield build(url)


def journal_for(destination: Destination) -> Journal:
    """Choose the journal of the destination's account; its name tells people whose it is."""
    readable = re.sub(r"[^a-z0-9]+", "-", f"{destination.name} {destination.account}".lower()).strip("-")
    digest = hashlib.sha256(destination.account.encode()).hexdigest()
    return Journal(state_dir() / "journals", f"{readable[:60]}-{digest[:8]}")
