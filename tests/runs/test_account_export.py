"""An account as the source of a run: whole or not at all, and the same rows as any other source gives."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from importer.destinations.dates import Dates
from importer.destinations.registry import find_source
from importer.destinations.titles import AccountRating, Identity, PageQuery, RatingsPage
from importer.destinations.trakt import api as trakt_api
from importer.destinations.trakt import ratings as trakt_ratings
from importer.destinations.trakt.api import TraktV2
from importer.destinations.upload_files.imdb_csv import ImdbFile
from importer.destinations.upload_files.plain_csv import CSV_FILE, PlainFile
from importer.errors import StopRunError, UsageError
from importer.http import Response
from importer.model import InvalidRow, MediaKind, RatingJob, SourceRow, Status
from importer.progress import Phase, Progress
from importer.readers import open_reader
from importer.runs import account_export
from importer.runs.account_export import AccountExport, build_rows, build_source
from importer.runs.destination import OpenDestination
from importer.runs.import_run import ImportRun
from importer.runs.load import Source
from importer.runs.outputs import name_what_was_read
from importer.runs.rules import RunRules
from importer.runs.run_report import RunReport
from importer.runs.sources import Opening
from importer.sandbox.catalogue import Kind
from tests.builders import build_job
from tests.hurried_time import HurriedLoop
from tests.road import OPEN, Road, Server, find_title, running_sandbox
from tests.runs.test_misread_account import NOT_BELIEVED, READ_TO_THE_END, fill, name_situation

pytestmark = pytest.mark.usefixtures("time_enough")

BREAKING_BAD = "tt0903747"
TITLES = (
    (find_title("tt0111161"), 9),
    (find_title("tt0068646"), 5),
    (find_title(BREAKING_BAD, Kind.SHOW), 10),
    (find_title(BREAKING_BAD, Kind.SEASON, 1), 7),
    (find_title(BREAKING_BAD, Kind.EPISODE, 1, 2), 8),
)
DAY = 1_717_232_400
TRAKT = TraktV2("http://127.0.0.1:1", "client", "somebody", Dates(datetime(2026, 9, 1, tzinfo=UTC)))
FILE = OpenDestination(CSV_FILE, "file ratings.csv", file=PlainFile(), path=Path("ratings.csv"))


@pytest.fixture(autouse=True)
def _hurried() -> Iterator[None]:
    with patch.object(account_export, "new_event_loop", HurriedLoop):
        yield


@pytest.fixture
def account(tmp_path: Path) -> Road:
    """Whose account is read."""
    (tmp_path / "account").mkdir()
    return Road.by("v2", tmp_path / "account")


def rate_all(server: Server) -> None:
    for number, (title, rating) in enumerate(TITLES):
        server.rate(title, rating, DAY + number)


def read(account: Road, url: str, to: Any = TRAKT) -> list[SourceRow]:
    source = build_source(account.open_destination(url), to)
    return [row for chunk in source.open_reader().chunks() for row in chunk]


class Account:
    """An account of a sandbox, as the source of a run."""

    name = "the ratings at trakt"

    def __init__(self, account: Road, url: str) -> None:
        self._account = account
        self._url = url

    @contextmanager
    def open(self, opening: Opening) -> Iterator[Source]:
        yield build_source(self._account.open_destination(self._url), opening.destination.destination)


def bring(to: Road, url: str, account: Road, source: str, **rules: Any) -> RunReport:
    with to.open_run(url, Account(account, source), RunRules.for_import(**rules)) as run:
        return run.execute()


def test_each_rating_is_a_row_with_its_ids_title_and_date(account: Road) -> None:
    with running_sandbox(**OPEN) as sandbox:
        rate_all(sandbox)
        rows = read(account, sandbox.url)
    jobs = [row for row in rows if isinstance(row, RatingJob)]
    assert [job.row for job in jobs] == [1, 2, 3, 4, 5] == [job.line for job in jobs]
    found = {(job.kind, job.imdb_id, job.season, job.episode): (job.rating, job.rated_at) for job in jobs}
    assert found == {
        ("movie", "tt0111161", None, None): (9, "2024-06-01T09:00:00Z"),
        ("movie", "tt0068646", None, None): (5, "2024-06-01T09:00:01Z"),
        ("show", BREAKING_BAD, None, None): (10, "2024-06-01T09:00:02Z"),
        ("season", BREAKING_BAD, 1, None): (7, "2024-06-01T09:00:03Z"),
        ("episode", BREAKING_BAD, 1, 2): (8, "2024-06-01T09:00:04Z"),
    }
    assert all(job.title and job.year for job in jobs)


@pytest.mark.parametrize("options", READ_TO_THE_END, ids=name_situation)
def test_no_rating_is_left_out(account: Road, options: dict[str, Any]) -> None:
    with running_sandbox(**OPEN, **options) as sandbox:
        fill(sandbox)
        rows = read(account, sandbox.url)
        assert len(rows) == len(sandbox.stored()) == len(set(rows))


@pytest.mark.parametrize(("fault", "options"), [*NOT_BELIEVED[:4], ("read:403@2-", {})], ids=name_situation)
def test_an_account_that_cannot_be_read_whole_is_an_error(
    account: Road, fault: str, options: dict[str, Any]
) -> None:
    with running_sandbox(fault, **OPEN, **options) as sandbox:
        fill(sandbox)
        with pytest.raises(StopRunError):
            read(account, sandbox.url)


def test_an_entry_that_nobody_understands_is_an_error(account: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_page(query: PageQuery, answer: Response) -> RatingsPage | None:
        rated_eleven = answer.body.replace(b'"rating": 9', b'"rating": 11')
        return trakt_ratings.read_page(query, answer._replace(body=rated_eleven))

    monkeypatch.setattr(trakt_api, "read_page", read_page)
    with running_sandbox(**OPEN) as sandbox:
        rate_all(sandbox)
        with pytest.raises(StopRunError, match="cannot be read whole: the list of movies has 1 entries"):
            read(account, sandbox.url)


def test_how_far_the_reading_is_can_be_watched(account: Road) -> None:
    progress = Progress(Phase.COMPARING)
    with running_sandbox(**OPEN) as sandbox:
        rate_all(sandbox)
        build_source(account.open_destination(sandbox.url), TRAKT, progress)
    assert progress.rows_read == len(TITLES)


def test_ratings_go_from_one_account_to_another(account: Road, tmp_path: Path) -> None:
    mine = Road.by("v2", tmp_path)
    with running_sandbox(**OPEN) as source, running_sandbox(**OPEN) as sandbox:
        rate_all(source)
        sandbox.rate("tt0468569", 4)
        before = sandbox.stored()
        report = bring(mine, sandbox.url, account, source.url)
        assert mine.statuses == ["rated"] * len(TITLES)
        assert sandbox.stored().items() == before.items() | source.stored().items()
        assert report.source.startswith("the ratings at trakt (demo")
        bring(mine, sandbox.url, account, source.url)
        assert mine.statuses == ["unchanged"] * len(TITLES)
        mine.undo(sandbox.url, report.run.run_id)
        assert sandbox.stored() == before


def test_a_run_that_was_stopped_is_continued_and_what_failed_is_retried(
    account: Road, tmp_path: Path
) -> None:
    mine = Road.by("v2", tmp_path)
    with running_sandbox(**OPEN) as source:
        rate_all(source)
        with running_sandbox("rate:401@1-", **OPEN) as refusing:
            stopped = bring(mine, refusing.url, account, source.url)
            assert stopped.stopped_by is not None
        with running_sandbox(**OPEN) as sandbox:
            report = bring(mine, sandbox.url, account, source.url)
            assert report.run.run_id == stopped.run.run_id
            assert sandbox.stored() == source.stored()


def test_a_mirror_removes_what_the_other_account_has_not(account: Road, tmp_path: Path) -> None:
    mine = Road.by("v2", tmp_path)
    with running_sandbox(**OPEN) as source, running_sandbox(**OPEN) as sandbox:
        rate_all(source)
        rate_all(sandbox)
        sandbox.rate("tt0468569", 4)
        bring(mine, sandbox.url, account, source.url, mirror=True)
        assert sandbox.stored() == source.stored()


def test_a_backup_is_read_as_it_was_written(account: Road, tmp_path: Path) -> None:
    path = tmp_path / "backup.csv"
    with running_sandbox(**OPEN) as sandbox, account.open_journal() as journal:
        rate_all(sandbox)
        source = build_source(account.open_destination(sandbox.url), PlainFile())
        opened = OpenDestination(CSV_FILE, f"file {path}", file=PlainFile(), path=path)
        report = ImportRun(source, opened, journal, results=None).execute()
        with closing(report.run.results()) as lines:
            assert {line[2] for line in lines} == {"rated"}
    written = [row for chunk in source.open_reader().chunks() for row in chunk]
    found = [row for chunk in open_reader(path).chunks() for row in chunk]
    assert [row._replace(line=0) for row in found] == [row._replace(line=0) for row in written]


def test_an_episode_goes_by_its_own_id_where_its_show_is_no_use() -> None:
    by_number = build_job(0, kind=MediaKind.EPISODE, imdb_id=BREAKING_BAD, season=1, episode=2, title="Show")
    own = build_job(0, kind=MediaKind.EPISODE, imdb_id="tt1054724", title="Cat's in the Bag...")
    identity = Identity(MediaKind.EPISODE, {"imdb": BREAKING_BAD}, ("Show", None), (1, 2))
    own_identity = Identity(MediaKind.EPISODE, {"imdb": "tt1054724"}, ("Cat's in the Bag...", None))
    rating = AccountRating(8, None, "2024-06-01T11:00:00.000+02:00", identity, own_identity)
    (for_trakt,) = build_rows([rating], TRAKT)
    assert for_trakt == by_number._replace(row=1, line=1, rating=8, rated_at="2024-06-01T09:00:00Z")
    (for_imdb,) = build_rows([rating], ImdbFile())
    note = "season 1, episode 2 of Show"
    assert for_imdb == own._replace(row=1, line=1, rating=8, rated_at="2024-06-01T09:00:00Z", note=note)
    (unknown,) = build_rows(
        [rating._replace(own_identity=own_identity._replace(ids={"tmdb": 62086}))], ImdbFile()
    )
    assert isinstance(unknown, RatingJob)
    assert unknown.season == 1, "neither is taken: the row that says more is reported"


def test_a_rating_of_no_title_that_is_known_is_a_row_all_the_same() -> None:
    (row,) = build_rows([AccountRating(8, None, "2024-06-01T09:00:00Z")], TRAKT)
    assert isinstance(row, InvalidRow)
    assert (row.status, row.reason, row.rating) == (Status.INVALID, "no_id", "8")


def test_a_half_step_is_not_rounded() -> None:
    (row,) = build_rows([AccountRating("7.5", identity=Identity(MediaKind.MOVIE, {}, ("Heat", 1995)))], TRAKT)
    assert isinstance(row, InvalidRow)
    assert (row.title, row.year, row.rating, row.reason) == ("Heat", "1995", "7.5", "bad_rating")


def test_an_account_is_not_brought_to_itself() -> None:
    opened = OpenDestination(find_source("sandbox"), "demo at the sandbox", TRAKT)
    opening: Any = type("Opening", (), {"destination": opened})
    with (
        pytest.raises(UsageError, match="only one on this machine"),
        AccountExport(opened.spec).open(opening),
    ):
        pass


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("the ratings at trakt (ada at https://api.trakt.tv)", "trakt"),
        ("/home/ada/ratings.csv", "/home/ada/ratings.csv"),
        ("the ratings at trakt", "trakt"),
        ("standard input", "standard input"),
    ],
)
def test_files_are_named_after_the_service_and_not_after_its_address(source: str, name: str) -> None:
    assert name_what_was_read(source) == name
