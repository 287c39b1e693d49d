"""What is fuzzed. Each target takes a random generator and a folder, and raises where a promise is broken."""

import contextlib
import gzip
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from unittest.mock import patch

from importer.cli import app
from importer.destinations.dates import Dates
from importer.destinations.registry import list_specs
from importer.destinations.titles import PageQuery
from importer.destinations.trakt.account import read_account, read_count
from importer.destinations.trakt.api import TraktV2
from importer.destinations.trakt.sign_in import read_device_code
from importer.destinations.trakt_v1.api import TraktV1
from importer.errors import ImporterError, UsageError
from importer.http import Response
from importer.model import Batch, InvalidRow, MediaKind
from importer.readers import open_reader
from importer.runs.settings import load_spec_settings
from importer.sync.jobs_file import load_jobs
from tests.builders import build_job
from tests.fuzz.damage import damage
from tests.readers.golden import READINGS, SAMPLES

FILES = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".md")


def fuzz_readers(random: Random, folder: Path) -> None:
    """A damaged export gives every row once and in order, or an error that says what to do."""
    sample = random.choice(FILES)
    content = damage(random, sample.read_bytes())
    path = folder / sample.name
    path.write_bytes(gzip.compress(content) if random.random() < 0.05 else content)
    rows = []
    with contextlib.suppress(UsageError):
        for chunk in open_reader(path, READINGS.get(sample.name), name=sample.name).chunks():
            rows += chunk
    assert [row.row for row in rows] == list(range(1, len(rows) + 1)), "rows are lost or out of order"
    for row in rows:
        assert not isinstance(row, InvalidRow) or row.message, "an invalid row does not say why"


V1 = TraktV1("http://127.0.0.1:1", "ada", "k3y", "5" * 40)
V2 = TraktV2("http://127.0.0.1:1", "cl1ent", "ada", Dates(datetime(2026, 1, 1, tzinfo=UTC)))
ANSWERS = (
    b'{"status":"success","message":"rated Heat","type":"movie","rating":"8","ratings":{"votes":1}}',
    b'{"added":{"movies":1,"shows":0},"not_found":{"movies":[{"ids":{"imdb":"tt0113277"},"rating":8}]}}',
    (
        b'[{"rated_at":"2024-05-01T12:00:00.000Z","rating":8,"type":"movie","movie":{"title":"Heat",'
        b'"year":1995,"ids":{"trakt":1,"imdb":"tt0113277","tmdb":949}}}]'
    ),
    b'[{"title":"Heat","year":1995,"imdb_id":"tt0113277","rating":"love","rating_advanced":8}]',
    b'{"device_code":"d","user_code":"5055CC52","verification_url":"https://trakt.tv/activate","expires_in":600}',
    b'{"user":{"username":"ada","ids":{"slug":"ada"},"vip":true},"limits":{"ratings":{"item_count":9}}}',
)


def fuzz_answers(random: Random, _: Path) -> None:
    """Whatever a server answers, there is a decision."""
    status = random.choice((200, 201, 204, 400, 401, 403, 404, 409, 420, 429, 500, 503))
    header = damage(random, b"12").decode("latin-1")
    names = ("Retry-After", "X-Ratelimit", "X-Pagination-Page-Count", "X-Pagination-Item-Count")
    answer = Response(status, dict.fromkeys(names, header), damage(random, random.choice(ANSWERS)))
    kind = random.choice((MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE))
    jobs = [build_job(row, kind=kind) for row in (1, 2)]
    assert V2.interpret_response(Batch("movies", jobs), answer)
    assert V1.interpret_response(Batch("rate/movies", jobs), answer)
    assert V1.interpret_response(Batch("rate/movie", jobs[:1]), answer)
    assert V2.read_ratings(PageQuery(kind), answer)
    assert V1.read_ratings(PageQuery(kind), answer)
    assert V1.interpret_credentials_check(answer)
    assert read_account(answer)
    assert read_count(answer)
    assert read_device_code(answer, "https://trakt.tv")


SETTINGS = b"""\
[trakt]
client_id = "abc"
client_secret = "def"
base_url = "https://api.trakt.tv"
redirect_uri = "urn:ietf:wg:oauth:2.0:oob"

[trakt-v1]
base_url = "http://127.0.0.1:1"
insecure_http = true

[accounts.ada]
client_id = "xyz"

[jobs.nightly]
source = "~/exports/*.csv"
to = "trakt"
account = "ada"
every = "1d"
mirror = true
guard = 20
on_conflict = "newest"

[jobs.web]
source = "https://example.org/r.csv?k=1"
to = "trakt-v1"
cron = "0 3 * * *"
timezone = "Europe/Berlin"
"""


def fuzz_settings(random: Random, folder: Path) -> None:
    """Damaged settings are used as they stand, or each problem is told."""
    path = folder / "config.toml"
    path.write_bytes(damage(random, SETTINGS))
    with contextlib.suppress(ImporterError):
        load_jobs({}, path)
    for spec in list_specs():
        if spec.settings is not None:
            with contextlib.suppress(ImporterError):
                load_spec_settings(spec, {}, environ={}, file=path)


@cache
def _state() -> bytes:
    """The journal of a run that wrote a file."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "r.csv").write_text("imdb_id,rating,title\ntt0111161,9,A\ntt0068646,8,B\n,7,C\n" * 3)
        _command(folder, "run", "r.csv", "--to", "trakt-file", "--write-to", str(folder / "u.csv"))
        (journal,) = (folder / "state/journals").glob("*.sqlite3")
        return journal.read_bytes()


def _command(folder: Path, *words: str) -> str:
    """Type a command in this process; give what it said on standard error."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in "oe")
    environ = {"IMPORTER_STATE_DIR": str(folder / "state"), "HOME": str(folder)}
    before = Path.cwd()
    os.chdir(folder)
    try:
        with (
            patch.dict(os.environ, environ),
            patch.object(sys, "argv", ["importer", *words]),
            patch.object(sys, "stdout", out),
            patch.object(sys, "stderr", err),
            contextlib.suppress(SystemExit),
        ):
            app.main()
    finally:
        os.chdir(before)
    err.seek(0)
    return err.read()


def fuzz_journals(random: Random, folder: Path) -> None:
    """A damaged journal is read, or the error names it; nothing ends in "unexpected ..."."""
    state = _state()
    shutil.rmtree(folder / "state", ignore_errors=True)
    journals = folder / "state/journals"
    journals.mkdir(parents=True, mode=0o700)
    content = bytearray(state)
    if random.random() < 0.5:
        for _ in range(random.randint(1, 20)):
            content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    else:
        content = bytearray(damage(random, state))
    (journals / "file-0.sqlite3").write_bytes(content)
    for words in (("runs",), ("show", "last"), ("report", "last")):
        said = _command(folder, *words)
        assert "unexpected" not in said, f"{' '.join(words)}: {said}"
        assert "Traceback" not in said, said


def read_good_journal(folder: Path) -> str:
    """The errors about the journal before it is damaged: none."""
    (folder / "state/journals").mkdir(parents=True, mode=0o700)
    (folder / "state/journals/file-0.sqlite3").write_bytes(_state())
    said = [_command(folder, *words) for words in (("runs",), ("show", "last"), ("report", "last"))]
    return "".join(line for each in said for line in each.splitlines(True) if line.startswith("importer:"))


TARGETS: Mapping[str, Callable[[Random, Path], None]] = {
    "readers": fuzz_readers,
    "answers": fuzz_answers,
    "settings": fuzz_settings,
    "journals": fuzz_journals,
}
