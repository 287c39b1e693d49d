"""The account holds another rating than the row: who gives way, on every road."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importer.destinations.registry import choose
from importer.destinations.upload_files.trakt_csv import TRAKT_FILE
from importer.errors import StopRunError, UsageError
from importer.runs.conflicts import OnConflict
from importer.runs.open_destination import open_destination
from importer.runs.rules import DestinationOptions, RunRules, SendOptions
from importer.sandbox.catalogue import Kind
from tests.road import OPEN, WAYS, Road, Server, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

SHAWSHANK, GODFATHER, KNIGHT = "tt0111161", "tt0068646", "tt0468569"
SOPRANOS = "tt0141842"
IN_2014 = 1_409_562_611  # 2014-09-01T09:10:11Z
HEADER = "imdb_id,title,rating,rated_at"


@pytest.fixture(params=WAYS)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Road:
    return Road.by(request.param, tmp_path)


@pytest.fixture
def sandbox() -> Iterator[Server]:
    """An account whose three films are rated 5 in 2014."""
    with running_sandbox(**OPEN) as server:
        for title in (SHAWSHANK, GODFATHER, KNIGHT):
            server.rate(title, 5, IN_2014)
        yield server


@pytest.mark.parametrize(
    ("policy", "stored"),
    [
        (OnConflict.OVERWRITE, {SHAWSHANK: 9, GODFATHER: 3, KNIGHT: 8}),
        (OnConflict.KEEP, {SHAWSHANK: 5, GODFATHER: 5, KNIGHT: 5}),
        (OnConflict.NEWEST, {SHAWSHANK: 5, GODFATHER: 3, KNIGHT: 8}),
        (OnConflict.HIGHEST, {SHAWSHANK: 9, GODFATHER: 5, KNIGHT: 8}),
    ],
)
def test_policies(road: Road, sandbox: Server, policy: OnConflict, stored: dict[str, int]) -> None:
    road.write(f"{SHAWSHANK},,9,2013-01-01", f"{GODFATHER},,3,2020-01-01", f"{KNIGHT},,8,", header=HEADER)
    report = road.run(sandbox.url, on_conflict=policy)
    assert sandbox.stored_movies() == stored
    kept = [rating == 5 for rating in stored.values()]
    assert road.statuses == ["kept" if is_kept else "rated" for is_kept in kept]
    assert {row["reason"] for row in road.read_results() if row["status"] == "kept"} <= {f"policy_{policy}"}
    assert sandbox.count_sent_rows() == kept.count(False)
    assert report.stopped_by is None


def test_the_default_is_newest(road: Road, sandbox: Server) -> None:
    road.write(f"{SHAWSHANK},,9,2013-01-01", f"{GODFATHER},,3,", header=HEADER)
    road.run(sandbox.url)
    assert road.statuses == ["kept", "rated"]
    message = road.read_results()[0]["message"]
    assert message.startswith(
        "kept: the account's rating is newer; account: 5 (2014-09-01), row: 9 (2013-01-01)"
    )


def test_a_date_that_cannot_be_read_is_told_and_is_not_now(road: Road, sandbox: Server) -> None:
    """The row may be older than the account's rating; a row without a date says nothing of that."""
    road.write(f"{SHAWSHANK},,9,30.02.2013", f"{GODFATHER},,3,", f"{KNIGHT},,8,17. März 2021", header=HEADER)
    report = road.run(sandbox.url)
    assert road.statuses == ["kept", "rated", "kept"]
    assert sandbox.stored_movies() == {SHAWSHANK: 5, GODFATHER: 3, KNIGHT: 5}
    kept = road.read_results()[0]
    assert kept["reason"] == "policy_newest_unread_date"
    assert kept["message"].startswith(
        'the date, "30.02.2013", is none and left out; kept: the row\'s date cannot be read'
    )
    told = (
        '2 rows go without their dates, which cannot be read: line 2: "30.02.2013", line 4: "17. März 2021"'
    )
    assert told in report.notes
    assert road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE).stopped_by is None
    assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 3, KNIGHT: 8}


def test_a_date_that_could_not_be_read_stays_unknown_in_a_retry(road: Road, sandbox: Server) -> None:
    road.write(f"{SHAWSHANK},,9,30.02.2013", header=HEADER)
    with running_sandbox("read:404@1-", **OPEN) as server:
        road.run(server.url)
    edit = road.results.read_text()
    road.results.write_text(edit.replace(",kept,", ",failed,").replace(",not_sent,", ",failed,"))
    road.retry(sandbox.url)
    assert sandbox.stored_movies()[SHAWSHANK] == 5


def test_a_row_that_removes_asks_for_just_that(road: Road, sandbox: Server) -> None:
    road.write(f"{SHAWSHANK},,unrate,2013-01-01", header=HEADER)
    road.run(sandbox.url, on_conflict=OnConflict.KEEP)
    assert road.statuses == ["unrated"]


def test_shows_and_episodes_have_conflicts_too(road: Road, sandbox: Server) -> None:
    sandbox.rate(find_title(SOPRANOS, Kind.SHOW), 5, IN_2014)
    sandbox.rate(find_title(SOPRANOS, Kind.EPISODE, 1, 2), 5, IN_2014)
    road.write(
        f"{SOPRANOS},show,,,9,2013-01-01", f"{SOPRANOS},episode,1,2,8,2013-01-01",
        header="imdb_id,type,season,episode,rating,rated_at",
    )  # fmt: skip
    road.run(sandbox.url)
    assert road.statuses == ["kept", "kept"]


@pytest.mark.parametrize("rated_at", ["2020-05-01", ""])
def test_what_an_earlier_run_brought_is_as_old_as_its_row(road: Road, rated_at: str) -> None:
    """The original API dates a rating when it arrives, today's does so where the row has no date."""
    with running_sandbox(**OPEN) as server:
        road.write(f"{SHAWSHANK},,9,{rated_at}", header=HEADER)
        road.run(server.url)
        road.write(f"{SHAWSHANK},,7,2020-05-01", header=HEADER)
        road.run(server.url)
        assert server.stored_movies() == {SHAWSHANK: 7}
    assert road.statuses == ["rated"]


@pytest.mark.parametrize("rated_at", ["2020-05-01", ""])
def test_what_an_undo_brought_back_is_as_old_as_it_was(road: Road, rated_at: str) -> None:
    """Also where the API dates what an undo sends when it arrives, however often it is done."""
    with running_sandbox(**OPEN) as server:
        road.write(f"{SHAWSHANK},,9,{rated_at}", header=HEADER)
        road.run(server.url)
        road.write(f"{SHAWSHANK},,7,2021-05-01", header=HEADER)
        for _ in range(3):
            report = road.run(server.url)
            assert road.statuses == ["rated"]
            road.undo(server.url, report.run.run_id)
            assert server.stored_movies() == {SHAWSHANK: 9}


@pytest.mark.parametrize("rated_at", ["2020-05-01", ""])
def test_what_the_undo_of_an_undo_sent_again_is_as_old_as_its_row(road: Road, rated_at: str) -> None:
    with running_sandbox(**OPEN) as server:
        server.rate(SHAWSHANK, 4, 1_400_000_000)  # in 2014
        road.write(f"{SHAWSHANK},,9,{rated_at}", header=HEADER)
        report = road.run(server.url)
        report = road.undo(server.url, report.run.run_id)
        road.undo(server.url, report.run.run_id)
        assert server.stored_movies() == {SHAWSHANK: 9}
        road.write(f"{SHAWSHANK},,7,2021-05-01", header=HEADER)
        road.run(server.url)
    assert road.statuses == ["rated"]


def test_what_somebody_rated_since_an_undo_is_newer(road: Road) -> None:
    with running_sandbox(**OPEN) as server:
        road.write(f"{SHAWSHANK},,9,2020-05-01", header=HEADER)
        road.run(server.url)
        road.write(f"{SHAWSHANK},,7,2021-05-01", header=HEADER)
        report = road.run(server.url)
        road.undo(server.url, report.run.run_id)
        server.rate(SHAWSHANK, 4)
        road.run(server.url)
        assert server.stored_movies() == {SHAWSHANK: 4}
    assert road.statuses == ["kept"]


def test_a_row_that_gave_way_leaves_the_age_of_the_rating_known(road: Road) -> None:
    with running_sandbox(**OPEN) as server:
        for rating, rated_at in ((7, "2016-02-14"), (6, "2014-02-14"), (2, "2020-02-14")):
            road.write(f"{SHAWSHANK},,{rating},{rated_at}", header=HEADER)
            road.run(server.url)
            assert road.statuses == ["kept" if rating == 6 else "rated"]
        assert server.stored_movies() == {SHAWSHANK: 2}


def test_what_somebody_rated_since_is_newer(road: Road) -> None:
    with running_sandbox(**OPEN) as server:
        road.write(f"{SHAWSHANK},,9,2020-05-01", header=HEADER)
        road.run(server.url)
        server.rate(SHAWSHANK, 4)
        road.write(f"{SHAWSHANK},,7,2020-05-01", header=HEADER)
        road.run(server.url)
        assert server.stored_movies() == {SHAWSHANK: 4}
    assert road.statuses == ["kept"]


def test_the_very_rating_given_again_later_is_newer_where_dates_are_kept(tmp_path: Path) -> None:
    road = Road.by("v2", tmp_path)
    with running_sandbox(**OPEN) as server:
        road.write(f"{SHAWSHANK},,9,2020-05-01", header=HEADER)
        road.run(server.url)
        server.rate(SHAWSHANK, 9, 1_700_000_000)  # in 2023
        road.write(f"{SHAWSHANK},,7,2021-05-01", header=HEADER)
        road.run(server.url)
    assert road.statuses == ["kept"]


def test_what_was_kept_is_not_taken_for_known(road: Road) -> None:
    """An earlier run brought 9, the owner made it 4, which was kept: a later 9 is a conflict, not known."""
    with running_sandbox(**OPEN) as server:
        road.write(f"{SHAWSHANK},,9,", header=HEADER)
        road.run(server.url)
        server.rate(SHAWSHANK, 4)
        road.write(f"{SHAWSHANK},,8,", header=HEADER)
        road.run(server.url, on_conflict=OnConflict.KEEP)
        assert road.statuses == ["kept"]
        road.write(f"{SHAWSHANK},,9,", header=HEADER)
        road.run(server.url, on_conflict=OnConflict.OVERWRITE)
        assert server.stored_movies() == {SHAWSHANK: 9}
    assert road.statuses == ["rated"]


@pytest.mark.parametrize(
    ("policy", "is_sent"),
    [("overwrite", True), ("newest", None), ("keep", False), ("highest", False), ("ask", False)],
)
def test_an_account_that_cannot_be_read(road: Road, policy: str, is_sent: bool | None) -> None:
    """What is newer can be told only where the API keeps dates, and then it must be."""
    is_sent = not road.is_v2 if is_sent is None else is_sent
    road.write(f"{SHAWSHANK},,9,2013-01-01", header=HEADER)
    with running_sandbox("read:404@1-", **OPEN) as server:
        report = road.run(server.url, on_conflict=OnConflict(policy))
        assert server.count_sent_rows() == is_sent
    assert road.statuses == ["rated" if is_sent else "not_sent"]
    assert (report.stopped_by is None) == is_sent


def test_another_policy_is_another_run_of_the_same_file(tmp_path: Path) -> None:
    one, other = (RunRules.for_import(policy).shaping for policy in (OnConflict.KEEP, OnConflict.NEWEST))
    assert one != other
    assert RunRules.for_import().shaping != RunRules.for_import(recheck=True).shaping


@pytest.mark.parametrize("to", ["trakt", "trakt-v1", "sandbox"])
def test_an_account_is_no_file_to_write_to(to: str, tmp_path: Path) -> None:
    at = DestinationOptions(write_to=tmp_path / "ratings.csv")
    with (
        pytest.raises(UsageError, match=r"^write_to .*writes no file; trakt-file "),
        open_destination(choose(to), at),
    ):
        pass


def test_a_file_has_no_conflicts_to_decide(tmp_path: Path) -> None:
    at = DestinationOptions(write_to=tmp_path / "ratings.csv")
    with open_destination(TRAKT_FILE, at) as target:
        assert target.file is not None
        target.check(RunRules.for_import(OnConflict.NEWEST), SendOptions())
        with pytest.raises(UsageError, match="does not go with a file"):
            target.check(RunRules.for_import(OnConflict.KEEP), SendOptions())


class Terminal(io.StringIO):
    """Standard input as a person types it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda text: monkeypatch.setattr(sys, "stdin", Terminal(text))


class TestAsking:
    @pytest.mark.parametrize(
        ("answers", "stored"),
        [
            ("y\nn\ny\n", [9, 5, 9]),
            ("all\n", [9, 9, 9]),
            ("none\n", [5, 5, 5]),
            ("n\nall\n", [5, 9, 9]),
            ("y\nperhaps\nnone\n", [9, 5, 5]),
        ],
    )
    def test_answers(
        self, road: Road, sandbox: Server, type_in: Callable[[str], None], answers: str, stored: list[int]
    ) -> None:
        road.write(*(f"{title},,9," for title in (SHAWSHANK, GODFATHER, KNIGHT)), header=HEADER)
        type_in(answers)
        road.run_as_typed(sandbox.url, on_conflict=OnConflict.ASK)
        assert sandbox.stored_movies() == dict(zip((SHAWSHANK, GODFATHER, KNIGHT), stored, strict=True))
        assert [row["reason"] for row in road.read_results()] == [
            "policy_ask" if rating == 5 else "" for rating in stored
        ]

    def test_the_question_says_what_stands_against_what(
        self, road: Road, sandbox: Server, type_in: Callable[[str], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        road.write(f"{SHAWSHANK},Shaw\x1b[31mshank,9,2020-01-02", f"{GODFATHER},,9,", header=HEADER)
        type_in("y\ny\n")
        road.run_as_typed(sandbox.url, on_conflict=OnConflict.ASK)
        asked = capsys.readouterr().err
        assert "Shawshank: the account has 5 (2014-09-01), the row has 9 (2020-01-02). Overwrite it?" in asked
        assert f"IMDb {GODFATHER}: the account has" in asked

    def test_nothing_is_sent_when_no_answer_comes(
        self, road: Road, sandbox: Server, type_in: Callable[[str], None]
    ) -> None:
        road.write(f"{SHAWSHANK},,9,", f"{GODFATHER},,9,", header=HEADER)
        type_in("y\n")
        with pytest.raises(StopRunError, match="nothing was sent"):
            road.run_as_typed(sandbox.url, on_conflict=OnConflict.ASK)
        assert sandbox.count_sent_rows() == 0

    def test_nobody_is_asked_about_an_account_that_cannot_be_read(
        self, road: Road, type_in: Callable[[str], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What the journal believes to stand there is no ground for a question."""
        with running_sandbox(**OPEN) as server:
            road.write(f"{SHAWSHANK},,9,", header=HEADER)
            road.run(server.url)
        with running_sandbox("read:404@1-", **OPEN) as server:
            road.write(f"{SHAWSHANK},,7,", header=HEADER)
            type_in("none\n")
            road.run_as_typed(server.url, on_conflict=OnConflict.ASK)
        assert "Overwrite it?" not in capsys.readouterr().err
        assert road.statuses == ["not_sent"]

    def test_without_a_terminal_it_is_the_wrong_policy(
        self, road: Road, sandbox: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        road.write(f"{SHAWSHANK},,9,", header=HEADER)
        monkeypatch.setattr(sys, "stdin", io.StringIO("all\n"))
        with pytest.raises(UsageError, match="no terminal"):
            road.run_as_typed(sandbox.url, on_conflict=OnConflict.ASK)
        assert sandbox.requests() == []
