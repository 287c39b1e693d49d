"""`--mirror`: the account loses what the file has not, and nothing else."""

import io
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from importer.cli.prompts import find_prompts
from importer.destinations.titles import AccountRating, Identity, build_keys
from importer.errors import AccountUnreadableError, Purpose, Remedy, StateFileError, UsageError
from importer.journal import JournalRun
from importer.model import UNRATE, MediaKind, RatingJob
from importer.runs.again import ResultsFile
from importer.runs.conflicts import OnConflict
from importer.runs.mirror import Mirror
from importer.runs.rules import RunRules
from importer.sandbox.catalogue import Kind
from tests.builders import build_job
from tests.road import OPEN, WAYS, Road, Server, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

SHAWSHANK, GODFATHER, KNIGHT = "tt0111161", "tt0068646", "tt0468569"
SOPRANOS, WIRE = "tt0141842", "tt0306414"
IN_2014 = 1_409_562_611  # 2014-09-01T09:10:11Z


@pytest.fixture(params=WAYS)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Road:
    return Road.by(request.param, tmp_path)


@pytest.fixture
def sandbox() -> Iterator[Server]:
    """An account with three films and a show with an episode."""
    with running_sandbox(**OPEN) as server:
        for title in (SHAWSHANK, GODFATHER, KNIGHT):
            server.rate(title, 5, IN_2014)
        server.rate(find_title(SOPRANOS, Kind.SHOW), 6, IN_2014)
        server.rate(find_title(SOPRANOS, Kind.EPISODE, 1, 2), 7, IN_2014)
        yield server


def test_what_the_file_does_not_rate_is_removed(road: Road, sandbox: Server) -> None:
    road.write(f"{SHAWSHANK},5", f"{GODFATHER},9")
    report = road.run(sandbox.url, mirror=True)
    assert report.stopped_by is None
    assert sandbox.stored_movies() == {SHAWSHANK: 5, GODFATHER: 9}
    *_, removed = road.read_results()
    assert road.statuses == ["unchanged", "rated", "unrated"]
    assert (removed["row"], removed["line"], removed["imdb_id"]) == ("3", "0", KNIGHT)
    assert (removed["rating"], removed["previous_rating"]) == ("unrate", "5")
    assert removed["message"] == "the file does not rate it"
    assert removed["title"]


def test_without_it_nothing_is_removed(road: Road, sandbox: Server) -> None:
    before = sandbox.stored()
    road.write(f"{SHAWSHANK},5")
    road.run(sandbox.url)
    assert sandbox.stored() == before


def test_only_kinds_that_the_file_rates_are_touched(road: Road, sandbox: Server) -> None:
    road.write(f"{WIRE},show,,,9", header="imdb_id,type,season,episode,rating")
    road.run(sandbox.url, mirror=True)
    assert {(kind, rating) for (kind, _), (rating, _) in sandbox.stored().items()} == {
        (Kind.MOVIE, 5),
        (Kind.SHOW, 9),
        (Kind.EPISODE, 7),
    }
    assert road.statuses == ["rated", "unrated"]


def test_episodes_are_told_by_show_and_number(road: Road, sandbox: Server) -> None:
    sandbox.rate(find_title(SOPRANOS, Kind.EPISODE, 1, 3), 8, IN_2014)
    road.write(f"{SOPRANOS},episode,1,2,7", header="imdb_id,type,season,episode,rating")
    road.run(sandbox.url, mirror=True)
    assert road.statuses == ["unchanged", "unrated"]
    removed = road.read_results()[1]
    assert (removed["imdb_id"], removed["season"], removed["episode"]) == (SOPRANOS, "1", "3")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"{KNIGHT},unrate", id="a removal of its own"),
        pytest.param(f"{KNIGHT},3", id="a rating"),
    ],
)
def test_what_a_row_names_is_that_rows_business(road: Road, sandbox: Server, line: str) -> None:
    road.write(f"{SHAWSHANK},5", f"{GODFATHER},5", line)
    road.run(sandbox.url, mirror=True)
    assert len(road.statuses) == 3


def test_all_that_any_row_names_is_left_alone_be_it_a_duplicate(road: Road, sandbox: Server) -> None:
    road.write(
        f"{SHAWSHANK},,5", f"{GODFATHER},238,6", ",238,5", f"{KNIGHT},,5", header="imdb_id,tmdb_id,rating"
    )
    road.run(sandbox.url, mirror=True)
    assert set(sandbox.stored_movies()) == {SHAWSHANK, GODFATHER, KNIGHT}


def test_a_title_that_a_row_spells_otherwise_is_left_alone(road: Road, sandbox: Server) -> None:
    road.write(
        f"{SHAWSHANK},,,5", f"{GODFATHER},,,5", ",Batman: The Dark Knight,2008,5",
        header="imdb_id,title,year,rating",
    )  # fmt: skip
    road.run(sandbox.url, mirror=True)
    assert {SHAWSHANK, GODFATHER, KNIGHT} <= set(sandbox.stored_movies())


def test_undo_brings_it_back_with_its_date(tmp_path: Path, sandbox: Server) -> None:
    road = Road.by("v2", tmp_path)
    before = sandbox.stored()
    road.write(f"{SHAWSHANK},5")
    run = road.run(sandbox.url, mirror=True).run
    assert sandbox.stored() != before
    road.undo(sandbox.url, run.run_id)
    assert sandbox.stored() == before


def test_undo_brings_the_rating_back_in_the_original_api(tmp_path: Path, sandbox: Server) -> None:
    road = Road.by("bulk", tmp_path)
    before = sandbox.stored_movies()
    road.write(f"{SHAWSHANK},5")
    run = road.run(sandbox.url, mirror=True).run
    assert sandbox.stored_movies() == {SHAWSHANK: 5}
    road.undo(sandbox.url, run.run_id)
    assert sandbox.stored_movies() == before


def test_a_second_mirror_has_nothing_to_do(road: Road, sandbox: Server) -> None:
    road.write(f"{SHAWSHANK},5")
    road.run(sandbox.url, mirror=True)
    sent = sandbox.count_sent_rows()
    road.run(sandbox.url, mirror=True)
    assert sandbox.count_sent_rows() == sent
    assert road.statuses == ["unchanged"]


def test_what_is_rated_at_the_account_later_is_removed_though_the_journal_knows_the_file(
    road: Road, sandbox: Server
) -> None:
    """All rows are known from the journal: the account is asked all the same."""
    road.write(f"{SHAWSHANK},8")
    road.run(sandbox.url, mirror=True)
    sandbox.rate(KNIGHT, 3, IN_2014)
    road.run(sandbox.url, mirror=True)
    assert sandbox.stored_movies() == {SHAWSHANK: 8}


def test_a_run_that_is_killed_right_after_it_added_its_removals_goes_on(
    road: Road, sandbox: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journals, killed = tmp_path / "journals", tmp_path / "killed"

    def note_previous(run: JournalRun, *_: object) -> None:
        """What a kill would leave on the drive is set aside, before the program can put it in order."""
        shutil.copytree(journals, killed)
        raise StateFileError(run.journal, "cannot write the journal", Remedy.MOVE_ASIDE)

    road.write(f"{SHAWSHANK},5", f"{GODFATHER},9")
    with monkeypatch.context() as patched:
        patched.setattr(JournalRun, "note_previous", note_previous)
        road.run(sandbox.url, mirror=True)
    shutil.rmtree(journals)
    killed.rename(journals)
    (tmp_path / "results.csv").unlink()

    report = road.run(sandbox.url, mirror=True)

    assert report.stopped_by is None
    assert road.statuses == ["unchanged", "rated", "unrated"]
    assert sandbox.stored_movies() == {SHAWSHANK: 5, GODFATHER: 9}


def test_a_run_that_was_stopped_goes_on_with_the_removals_it_knows(road: Road, sandbox: Server) -> None:
    road.write(f"{SHAWSHANK},5")
    first = road.run(sandbox.url, mirror=True, limit=1)
    assert first.stopped_by is not None
    assert sorted(road.statuses) == ["not_sent", "unchanged", "unrated"]
    second = road.run(sandbox.url, mirror=True)
    assert second.run.continued
    assert road.statuses == ["unchanged", "unrated", "unrated"]
    assert sandbox.stored_movies() == {SHAWSHANK: 5}


def stop_before_removing(road: Road, sandbox: Server) -> None:
    """Mirror a file that changes a rating, and stop when that is sent: two removals are left."""
    road.write(f"{SHAWSHANK},9")
    road.run(sandbox.url, mirror=True, limit=1, on_conflict=OnConflict.OVERWRITE)
    assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 5, KNIGHT: 5}


def test_a_retry_of_a_stopped_mirror_removes_as_the_mirror_did(road: Road, sandbox: Server) -> None:
    stop_before_removing(road, sandbox)
    report = road.retry(sandbox.url)
    assert report.stopped_by is None
    assert sandbox.stored_movies() == {SHAWSHANK: 9}
    removed = road.read_results()[1:]
    assert [(row["line"], row["status"], row["rating"]) for row in removed] == [
        ("0", "unrated", "unrate")
    ] * 2
    assert {row["message"] for row in removed} == {"the file does not rate it"}


def test_a_retry_of_a_stopped_mirror_asks_the_account_again(road: Road, sandbox: Server) -> None:
    """What is gone by now is not removed, and what cannot be seen is not either."""
    stop_before_removing(road, sandbox)
    left = [row["imdb_id"] for row in road.read_results() if row["status"] == "not_sent"]
    sandbox.unrate(left[0])
    sent = sandbox.count_sent_rows()
    road.retry(sandbox.url)
    assert sandbox.count_sent_rows() - sent == len(left) - 1
    assert sandbox.stored_movies() == {SHAWSHANK: 9}
    assert "nothing_to_remove" in [row["reason"] for row in road.read_results()]


def test_where_the_account_cannot_be_read_a_retry_removes_nothing(road: Road) -> None:
    with running_sandbox(**OPEN) as server:
        for title in (SHAWSHANK, GODFATHER, KNIGHT):
            server.rate(title, 5, IN_2014)
        stop_before_removing(road, server)
    with running_sandbox("read:500x1000", **OPEN) as blind:
        report = road.retry(blind.url, on_conflict=OnConflict.OVERWRITE)
        assert isinstance(report.stopped_by, AccountUnreadableError)
        assert report.stopped_by.purpose is Purpose.MIRROR
        assert blind.count_sent_rows() == 0


def test_a_corrected_row_of_a_stopped_mirror_comes_before_its_removal(road: Road, sandbox: Server) -> None:
    road.write(f"{SHAWSHANK},5", f"{GODFATHER},5", "tt9999999,8")
    road.run(sandbox.url, mirror=True, limit=1)
    lines = road.read_results()
    assert [line["line"] for line in lines] == ["2", "3", "4", "0"]
    lines[2] |= {"imdb_id": KNIGHT, "status": "failed", "rating": "8"}
    lines[3] |= {"status": "not_sent", "message": "the file does not rate it; stopped"}
    road.write_results(*lines)
    sandbox.rate(KNIGHT, 5, IN_2014)
    road.retry(sandbox.url, every=True)
    assert road.statuses == ["unchanged", "unchanged", "rated", "duplicate"]
    assert sandbox.stored_movies()[KNIGHT] == 8


def test_a_retry_of_a_mirror_trusts_no_journal_over_the_account(road: Road, sandbox: Server) -> None:
    """What an earlier run removed may have been rated again since."""
    road.write(f"{SHAWSHANK},5")
    road.run(sandbox.url, mirror=True)
    sandbox.rate(KNIGHT, 3, IN_2014)
    sandbox.rate(GODFATHER, 3, IN_2014)
    road.run(sandbox.url, mirror=True, limit=1)
    road.retry(sandbox.url)
    assert sandbox.stored_movies() == {SHAWSHANK: 5}


@pytest.mark.parametrize(
    ("lines", "told"), [([f"{KNIGHT},11"], "1 row is"), ([f"{KNIGHT},11", "tt1,8"], "2 rows are")]
)
def test_a_row_that_nobody_understands_forbids_it(
    road: Road, sandbox: Server, lines: Sequence[str], told: str
) -> None:
    road.write(f"{SHAWSHANK},5", *lines)
    before = sandbox.stored()
    with pytest.raises(UsageError, match=f"{told} invalid"):
        road.run(sandbox.url, mirror=True)
    assert sandbox.stored() == before
    with road.open_journal() as journal:
        assert journal.connection.execute("SELECT count(*) FROM run").fetchone() == (0,)


def test_a_title_that_the_destination_cannot_rate_is_named_all_the_same(
    sandbox: Server, tmp_path: Path
) -> None:
    road = Road.by("v2", tmp_path)
    road.write(f"{SHAWSHANK},movie,5", f"{KNIGHT},videoGame,5", header="imdb_id,type,rating")
    road.run(sandbox.url, mirror=True)
    assert sandbox.stored_movies() == {SHAWSHANK: 5, KNIGHT: 5}


def test_a_file_that_rates_nothing_removes_nothing(road: Road, sandbox: Server) -> None:
    before = sandbox.stored()
    road.write()
    road.run(sandbox.url, mirror=True)
    road.write(f"{WIRE},unrate")
    road.run(sandbox.url, mirror=True)
    assert sandbox.stored() == before


def test_an_account_that_cannot_be_read_is_not_mirrored(road: Road) -> None:
    road.write(f"{SHAWSHANK},5")
    with running_sandbox("read:404@1-", **OPEN) as server:
        report = road.run(server.url, mirror=True)
        assert isinstance(report.stopped_by, AccountUnreadableError)
        assert report.stopped_by.purpose is Purpose.MIRROR
        assert re.search(r"cannot be read \(.*HTTP 404.*\), so", str(report.stopped_by))
        assert server.count_sent_rows() == 0


class TestTheGuard:
    """The removals count like any others."""

    @pytest.fixture
    def sandbox(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        with running_sandbox(**OPEN) as server:
            for number in range(100):
                server.rate(f"tt{90_000_000 + number}", 5, IN_2014)
            yield server

    def test_it_refuses_when_nobody_can_answer(self, road: Road, sandbox: Server) -> None:
        road.write("tt90000000,5")
        before = sandbox.stored()
        with pytest.raises(UsageError, match="remove 99 of the 100"):
            road.run_as_typed(sandbox.url, mirror=True)
        assert sandbox.stored() == before

    def test_yes_does_it(self, road: Road, sandbox: Server) -> None:
        road.write("tt90000000,5")
        road.run_as_typed(sandbox.url, mirror=True, asks=False)
        assert sandbox.stored_movies() == {"tt90000000": 5}

    def test_it_holds_for_a_retry_of_a_stopped_mirror(self, road: Road, sandbox: Server) -> None:
        road.write("tt90000000,5")
        road.run(sandbox.url, mirror=True, limit=1)
        given = ResultsFile(str(road.results), every=False)
        prompts = find_prompts(assume_yes=False)
        with (
            road.open_run(sandbox.url, given, RunRules.for_retry(), prompts=prompts) as run,
            pytest.raises(UsageError, match="remove 98 of the 99"),
        ):
            run.execute()
        assert len(sandbox.stored_movies()) == 99

    def test_few_removals_need_no_answer(self, road: Road, sandbox: Server) -> None:
        road.write(*(f"tt{90_000_000 + number},5" for number in range(91)))
        road.run_as_typed(sandbox.url, mirror=True, guard_percent=1)
        assert len(sandbox.stored_movies()) == 91

    def test_ten_removals_are_many_in_a_small_account(self, road: Road, sandbox: Server) -> None:
        road.write(*(f"tt{90_000_000 + number},5" for number in range(60)))
        with pytest.raises(UsageError, match="remove 40 of the 100"):
            road.run_as_typed(sandbox.url, mirror=True)
        assert len(sandbox.stored_movies()) == 100


# What can be told from what


def hold(kind: MediaKind, *, title: str = "Heat", year: int = 1995, **ids: Any) -> dict[str, AccountRating]:
    identity = Identity(kind, ids, (title, year))
    return dict.fromkeys(build_keys(*identity), AccountRating(5, identity=identity))


def removals(ratings: dict[str, AccountRating], *rows: RatingJob) -> list[RatingJob]:
    found = Mirror(ratings)
    for row in rows:
        found.name(row, is_rated=True)
    return list(found.removals())


OTHER = build_job(imdb_id="tt0000009", title="Else", year=2001)


def test_a_removal_is_a_job_like_any_other() -> None:
    (job,) = removals(hold(MediaKind.MOVIE, imdb="tt0113277", tmdb="949"), OTHER)
    assert (job.imdb_id, job.tmdb_id, job.title, job.year) == ("tt0113277", 949, "Heat", 1995)
    assert (job.rating, job.row, job.line) == (UNRATE, 0, 0)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(build_job(imdb_id="tt0113277"), id="one id"),
        pytest.param(build_job(tmdb_id=949), id="another id"),
        pytest.param(build_job(imdb_id="tt0113277", kind=MediaKind.SHOW), id="the IMDb id of another kind"),
        pytest.param(build_job(imdb_id="tt0113277", kind=MediaKind.UNKNOWN), id="the IMDb id of no kind"),
        pytest.param(build_job(title="Heat", year=1995), id="title and year"),
        pytest.param(
            build_job(imdb_id="tt0000001", title="HEAT", year=1995), id="title and year beside an id"
        ),
    ],
)
def test_named(row: RatingJob) -> None:
    assert not removals(hold(MediaKind.MOVIE, imdb="tt0113277", tmdb=949), OTHER, row)


@pytest.mark.parametrize(
    ("ids", "row"),
    [
        pytest.param({"trakt": 1}, OTHER, id="no id in common"),
        pytest.param(
            {"imdb": "https://www.imdb.com/titl", "trakt": 1}, OTHER, id="an id that makes no sense"
        ),
        pytest.param({"imdb": None, "tmdb": 0}, OTHER, id="empty ids"),
        pytest.param({"imdb": "tt0113277"}, build_job(tmdb_id=4), id="one row that goes by another id"),
    ],
)
def test_what_cannot_be_told_from_a_row_is_left_alone(ids: dict[str, Any], row: RatingJob) -> None:
    assert not removals(hold(MediaKind.MOVIE, **ids), OTHER, row)


def test_a_row_without_ids_keeps_all_of_its_kind_in_place() -> None:
    row = build_job(title="Else", year=2001)
    assert not removals(hold(MediaKind.MOVIE, imdb="tt0113277"), OTHER, row)
    assert removals(hold(MediaKind.SHOW, imdb="tt0113277"), OTHER._replace(kind=MediaKind.SHOW), row)
