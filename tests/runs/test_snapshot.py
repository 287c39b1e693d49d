"""Looking before sending, after a crash and afterwards: what is there is left alone, what is told is so."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from importer.errors import AuthorizationError, StopRunError
from importer.runs.conflicts import OnConflict
from importer.sandbox.catalogue import Kind
from importer.sandbox.store import StoredRating
from importer.sandbox.titles import Title
from tests.road import OPEN, WAYS, Road, Server, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

SHAWSHANK, GODFATHER, KNIGHT = "tt0111161", "tt0068646", "tt0468569"
SOPRANOS = "tt0141842"
DOCTOR_WHO, BLINK = "tt0436992", "tt1000252"
LONG_AGO = 1_409_562_611  # 2014-09-01T09:10:11Z


@pytest.fixture(params=WAYS)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Road:
    return Road.by(request.param, tmp_path)


def read_previous(road: Road) -> list[tuple[bool, object, object]]:
    """What the journal says of every row: is it known what stood there, which rating, which date."""
    with road.open_journal() as journal:
        found = journal.connection.execute(
            "SELECT previous_known, previous_rating, previous_rated_at FROM row_state"
            " WHERE run = (SELECT max(number) FROM run) ORDER BY row"
        )
        return [(bool(known), rating, rated_at) for known, rating, rated_at in found]


class TestBefore:
    def test_what_the_account_holds_already_is_not_sent_and_keeps_its_date(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9,2020-05-01", f"{GODFATHER},8,2020-05-01", header="imdb_id,rating,rated_at")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 9, LONG_AGO)
            report = road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 1
            assert sandbox.stored()[Kind.MOVIE, f"imdb_id:{SHAWSHANK}"] == (9, LONG_AGO)
        first, second = road.read_results()
        assert (first["status"], first["reason"]) == ("unchanged", "already_rated")
        assert first["previous_rating"] == "9"
        assert (first["attempts"], first["sent_at"]) == ("", "")
        assert second["status"] == "rated"
        assert report.sent == 1

    @pytest.mark.parametrize(
        "line", [f"{GODFATHER},,movie,8", ",238,movie,8", f"{GODFATHER},238,movie,8", "tt0000001,238,movie,8"]
    )
    def test_the_account_is_searched_by_every_id_that_the_row_has(self, road: Road, line: str) -> None:
        road.write(line, header="imdb_id,tmdb_id,type,rating")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(GODFATHER, 8, LONG_AGO)
            road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 0
        assert [(row["status"], row["reason"]) for row in road.read_results()] == [
            ("unchanged", "already_rated")
        ]

    def test_ids_of_different_kinds_that_the_account_has_together_are_one_title(self, road: Road) -> None:
        road.write(
            f"{GODFATHER},,5,2024-01-01",
            ",238,8,2020-01-01",
            f"{SHAWSHANK},,9,",
            header="imdb_id,tmdb_id,rating,rated_at",
        )
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(GODFATHER, 8, LONG_AGO)
            road.run(sandbox.url)
            assert sandbox.stored_movies() == {GODFATHER: 5, SHAWSHANK: 9}
        assert road.statuses == ["rated", "duplicate", "rated"]
        assert "row 1 (line 2)" in road.read_results()[1]["message"]

    @pytest.mark.parametrize("dates", [("2024-01-01", "2020-01-01"), ("2020-01-01", "2024-01-01")])
    def test_which_of_the_two_counts_stays_so_from_run_to_run(
        self, road: Road, dates: tuple[str, str]
    ) -> None:
        road.write(
            *(f"{GODFATHER},,5,{dates[0]}", f",238,8,{dates[1]}", f"{SHAWSHANK},,9,"),
            header="imdb_id,tmdb_id,rating,rated_at",
        )
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(GODFATHER, 3, LONG_AGO)
            road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
            stored = sandbox.stored_movies()
            assert stored == {GODFATHER: 5 if dates[0] > dates[1] else 8, SHAWSHANK: 9}
            sent = sandbox.count_sent_rows()
            for _ in range(3):
                road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
                assert sorted(road.statuses) == ["duplicate", "unchanged", "unchanged"]
            assert (sandbox.count_sent_rows(), sandbox.stored_movies()) == (sent, stored)

    def test_an_episode_that_files_name_in_two_ways_is_one_title(self, tmp_path: Path) -> None:
        """Its own id and its place in the show are two keys of the journal: only the account can tell."""
        road = Road.by("v2", tmp_path)
        header = "imdb_id,type,season,episode,rating"
        with running_sandbox(**OPEN | {"any_title": False}) as sandbox:
            for line, status in (
                (f"{BLINK},episode,,,8", "rated"),
                (f"{DOCTOR_WHO},episode,3,10,5", "rated"),
                (f"{BLINK},episode,,,8", "rated"),
                (f"{BLINK},episode,,,8", "unchanged"),
            ):
                road.write(line, header=header)
                road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
                assert road.statuses == [status]

    @pytest.mark.parametrize("way", ["single", "bulk"])
    def test_a_number_is_compared_with_the_number_never_with_the_love_it_shows_as(
        self, way: str, tmp_path: Path
    ) -> None:
        road = Road.by(way, tmp_path)
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 8)  # love, too
            sandbox.rate(GODFATHER, 8)
            road.run(sandbox.url)
            assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
        assert road.statuses == ["rated", "unchanged"]

    def test_when_all_is_there_nothing_is_sent(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 9)
            sandbox.rate(GODFATHER, 8)
            report = road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 0
        assert road.statuses == ["unchanged"] * 2
        assert report.stopped_by is None

    def test_an_unrate_of_nothing_is_unchanged(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},unrate", f"{GODFATHER},unrate")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(GODFATHER, 4)
            road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 1
            assert sandbox.stored() == {}
        first, second = road.read_results()
        assert (first["status"], first["reason"], first["previous_rating"]) == (
            "unchanged",
            "nothing_to_remove",
            "",
        )
        assert (second["status"], second["previous_rating"]) == ("unrated", "4")

    def test_what_stood_there_is_written_down_with_its_date(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},7")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 3, LONG_AGO)
            sandbox.rate(KNIGHT, 7, LONG_AGO)
            road.run(sandbox.url)
        date = "2014-09-01T09:10:11.000Z" if road.is_v2 else "2014-09-01T09:10:11Z"
        assert [row["previous_rating"] for row in road.read_results()] == ["3", "", "7"]
        assert read_previous(road) == [(True, 3, date), (True, None, None), (True, 7, date)]

    def test_shows_and_episodes_are_looked_up_too(self, road: Road) -> None:
        road.write(
            f"{SOPRANOS},show,,,9", f"{SOPRANOS},episode,1,2,8", f"{SOPRANOS},episode,1,3,7",
            header="imdb_id,type,season,episode,rating",
        )  # fmt: skip
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(find_title(SOPRANOS, Kind.SHOW), 9, LONG_AGO)
            sandbox.rate(find_title(SOPRANOS, Kind.EPISODE, 1, 2), 8, LONG_AGO)
            sandbox.rate(find_title(SOPRANOS, Kind.EPISODE, 1, 3), 2, LONG_AGO)
            road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 1
        assert road.statuses == ["unchanged", "unchanged", "rated"]
        assert [row["previous_rating"] for row in road.read_results()] == ["9", "8", "2"]

    def test_an_account_of_several_pages_is_read_to_its_end(self, tmp_path: Path) -> None:
        road = Road.by("v2", tmp_path)
        ids = [f"tt{90_000_000 + number}" for number in range(520)]
        road.write(*(f"{imdb_id},5" for imdb_id in ids), f"{SHAWSHANK},9")
        with running_sandbox(**OPEN) as sandbox:
            for number, imdb_id in enumerate(ids):
                sandbox.rate(imdb_id, 5, LONG_AGO + number)
            road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 1
        assert road.statuses == ["unchanged"] * 520 + ["rated"]

    @pytest.mark.parametrize("fault", ["read:404@1-", "read:html502@1-", "read:html200@1-", "read:reset@1-"])
    def test_an_account_that_cannot_be_read_gets_its_ratings_all_the_same(
        self, road: Road, fault: str
    ) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},unrate")
        with running_sandbox(fault, **OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 3, LONG_AGO)
            sandbox.rate(KNIGHT, 6, LONG_AGO)
            report = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
            assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
        assert road.statuses == ["rated", "rated", "unrated"]
        assert [row["previous_rating"] for row in road.read_results()] == ["", "", ""]
        assert read_previous(road) == [(False, None, None)] * 3
        assert report.stopped_by is None

    def test_what_an_earlier_session_has_read_is_not_forgotten(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},7")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(GODFATHER, 3, LONG_AGO)
            road.run(sandbox.url, limit=1, on_conflict=OnConflict.OVERWRITE)
        before = read_previous(road)
        assert [(known, rating) for known, rating, _ in before] == [(True, None), (True, 3), (True, None)]
        with running_sandbox("read:404@1-", **OPEN) as sandbox:
            road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
        assert road.statuses == ["rated"] * 3
        assert read_previous(road) == before

    def test_a_refused_sign_in_while_reading_stops_the_run(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9")
        with running_sandbox("read:401@1-", **OPEN) as sandbox:
            report = road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 0
        assert isinstance(report.stopped_by, StopRunError)
        assert road.statuses == ["not_sent"]

    def test_a_look_that_fails_once_is_taken_again(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9")
        with running_sandbox("read:502@1", **OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 9, LONG_AGO)
            road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 0
        assert road.statuses == ["unchanged"]

    def test_a_dry_run_does_not_even_look(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9")
        with running_sandbox(**OPEN) as sandbox:
            road.run(sandbox.url, dry_run=True)
            assert sandbox.requests() == []

    def test_love_and_hate_are_held_as_their_numbers(self, tmp_path: Path) -> None:
        road = Road(tmp_path, is_v2=True, love=10, hate=2)
        road.write(f"{SHAWSHANK},love", f"{GODFATHER},hate", f"{KNIGHT},love")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 10, LONG_AGO)
            sandbox.rate(GODFATHER, 2, LONG_AGO)
            sandbox.rate(KNIGHT, 9, LONG_AGO)
            road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 1
            assert sandbox.stored_movies() == {SHAWSHANK: 10, GODFATHER: 2, KNIGHT: 10}
        assert road.statuses == ["unchanged", "unchanged", "rated"]

    @pytest.mark.parametrize("way", ["single", "bulk"])
    def test_the_original_api_holds_love_and_hate_as_words(self, way: str, tmp_path: Path) -> None:
        road = Road.by(way, tmp_path)
        road.write(f"{SHAWSHANK},love", f"{GODFATHER},hate", f"{KNIGHT},hate")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 8, LONG_AGO)
            sandbox.rate(GODFATHER, 3, LONG_AGO)
            sandbox.rate(KNIGHT, 9, LONG_AGO)
            road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 1
        assert road.statuses == ["unchanged", "unchanged", "rated"]


class TestAfterACrash:
    def test_rows_that_arrived_are_not_sent_again(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},unrate")
        with running_sandbox(**OPEN) as sandbox:
            road.crash_after_marking_rows()
            sandbox.rate(SHAWSHANK, 9)
            report = road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 1
            assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
        assert report.run.continued
        assert road.statuses == ["rated", "rated", "unrated"]
        assert [row["reason"] for row in road.read_results()] == ["verified", "", "verified"]

    def test_what_nobody_can_look_up_is_unconfirmed_and_not_sent(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox("read:404@1-", **OPEN) as sandbox:
            road.crash_after_marking_rows(on_conflict=OnConflict.OVERWRITE)
            report = road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
            assert sandbox.count_sent_rows() == 0
        assert road.statuses == ["unconfirmed", "unconfirmed"]
        assert {row["reason"] for row in road.read_results()} == {"no_answer"}
        assert report.stopped_by is None

    def test_what_nobody_can_look_up_is_sent_again_when_asked_for(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox("read:404@1-", **OPEN) as sandbox:
            road.crash_after_marking_rows(on_conflict=OnConflict.OVERWRITE)
            road.run(sandbox.url, resend_unconfirmed=True, on_conflict=OnConflict.OVERWRITE)
            assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
        assert road.statuses == ["rated", "rated"]

    def test_where_it_can_be_looked_up_later_the_rows_wait_for_that(self, tmp_path: Path) -> None:
        road = Road.by("v2", tmp_path)
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox("read:404@1-2", **OPEN) as sandbox:
            road.crash_after_marking_rows()
            sandbox.rate(SHAWSHANK, 9)
            assert road.run(sandbox.url).stopped_by is not None
            assert road.statuses == ["unconfirmed", "unconfirmed"]
            road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 1
        assert [(row["status"], row["reason"]) for row in road.read_results()] == [
            ("rated", "verified"),
            ("rated", ""),
        ]

    @pytest.mark.parametrize("again", ["run", "retry"])
    def test_a_single_rating_is_not_repeated_by_a_later_run_either(self, tmp_path: Path, again: str) -> None:
        """It may have been posted to a social network; `--resend-unconfirmed` is the user's word for it."""
        road = Road.by("single", tmp_path)
        road.write(f"{SHAWSHANK},9")
        with running_sandbox("read:404@1-", **OPEN) as sandbox:
            road.crash_after_marking_rows()
            road.run(sandbox.url)
            bring_again = road.run if again == "run" else road.retry
            bring_again(sandbox.url)
            assert sandbox.count_sent_rows() == 0
            assert road.statuses == ["unconfirmed"]
            bring_again(sandbox.url, resend_unconfirmed=True)
            assert sandbox.stored_movies() == {SHAWSHANK: 9}
        assert road.statuses == ["rated"]

    def test_rows_that_never_left_are_sent_beside_the_unconfirmed_ones(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},7")
        with running_sandbox("read:404@1-", **OPEN) as sandbox:
            road.crash_after_marking_rows(2, OnConflict.OVERWRITE)
            road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
            assert sandbox.stored_movies() == {KNIGHT: 7}
        assert road.statuses == ["unconfirmed", "unconfirmed", "rated"]


class TestAfterwards:
    """`--verify`."""

    def test_a_server_that_stores_something_else_is_found_out(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox(**OPEN) as sandbox, storing_something_else(sandbox, SHAWSHANK, 4):
            report = road.run(sandbox.url)
            assert sandbox.count_sent_rows() == 2
        wrong, right = road.read_results()
        assert (wrong["status"], wrong["reason"]) == ("failed", "not_stored")
        assert "a rating of 4" in wrong["message"]
        assert wrong["attempts"] == "1"
        assert right["status"] == "rated"
        assert {tally.status for tally in report.tallies} == {"failed", "rated"}

    def test_a_server_that_stores_nothing_is_found_out(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9")
        with running_sandbox(**OPEN) as sandbox, patch.object(sandbox.store, "put_rating"):
            road.run(sandbox.url)
        (wrong,) = road.read_results()
        assert (wrong["status"], wrong["reason"]) == ("rated", "not_listed")
        assert "not in the account's list" in wrong["message"]

    def test_a_server_that_removes_nothing_is_found_out(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},unrate")
        with running_sandbox(**OPEN) as sandbox:
            sandbox.rate(SHAWSHANK, 4)
            with patch.object(sandbox.store, "remove_rating", return_value=True):
                road.run(sandbox.url)
        (wrong,) = road.read_results()
        assert (wrong["status"], wrong["reason"]) == ("unrated", "not_listed")
        assert "still has it" in wrong["message"]

    def test_what_was_not_stored_is_sent_again_by_the_next_run(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9")
        with running_sandbox(**OPEN) as sandbox:
            with storing_something_else(sandbox, SHAWSHANK, 4):
                road.run(sandbox.url)
                assert road.statuses == ["failed"]
            road.run(sandbox.url)
            assert sandbox.stored_movies() == {SHAWSHANK: 9}
        assert road.statuses == ["rated"]

    @pytest.mark.parametrize("looks", [1, 2])
    def test_what_is_shown_late_is_no_failure(self, road: Road, looks: int) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox(**OPEN) as sandbox, showing_nothing(sandbox, 1 + looks):
            road.run(sandbox.url)
        assert road.statuses == ["rated", "rated"]

    def test_a_server_that_cannot_be_read_any_more_makes_no_failures(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9")
        with running_sandbox("read:404@2-", **OPEN) as sandbox:
            road.run(sandbox.url)
        assert road.statuses == ["rated"]

    def test_what_an_earlier_session_sent_is_compared_too(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox(**OPEN) as sandbox:
            with storing_something_else(sandbox, SHAWSHANK, 4):
                road.run(sandbox.url, limit=1)  # stopped before it could look back
            sandbox.rate(GODFATHER, 8)
            road.run(sandbox.url)
        assert road.statuses == ["failed", "unchanged"]

    def test_a_run_that_could_not_compare_is_not_finished(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9")
        with running_sandbox("read:401@2-9", **OPEN) as sandbox:
            first = road.run(sandbox.url)
            assert isinstance(first.stopped_by, AuthorizationError)
            assert road.find_run(first.run.run_id).ended_at is None
        assert road.statuses == ["rated"]

    def test_no_verify_does_not_look_back(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9")
        with running_sandbox(**OPEN) as sandbox, storing_something_else(sandbox, SHAWSHANK, 4):
            road.run(sandbox.url, verify=False)
            last = sandbox.requests()[-1]
            assert (last.method, last.rows) == ("POST", 1)
            assert last.path.startswith(("rate/", "sync/ratings"))
        assert road.statuses == ["rated"]

    def test_love_and_hate_are_compared_as_their_numbers(self, tmp_path: Path) -> None:
        road = Road(tmp_path, is_v2=True, love=10, hate=2)
        road.write(f"{SHAWSHANK},love", f"{GODFATHER},hate")
        with running_sandbox(**OPEN) as sandbox:
            road.run(sandbox.url)
            assert sandbox.stored_movies() == {SHAWSHANK: 10, GODFATHER: 2}
        assert road.statuses == ["rated", "rated"]


@contextmanager
def storing_something_else(server: Server, imdb_id: str, instead: int) -> Iterator[None]:
    """Let the server say that it took the rating, and store another."""
    put = server.store.put_rating

    def put_something_else(username: str, title: Title, rating: int, rated_at: int | None = None) -> None:
        put(username, title, instead if title.imdb_id == imdb_id else rating, rated_at)

    with patch.object(server.store, "put_rating", put_something_else):
        yield


@contextmanager
def showing_nothing(server: Server, looks: int) -> Iterator[None]:
    """Let the first so many looks at the account find nothing there."""
    left = looks
    read_v1, read_v2 = server.store.ratings, server.store.newest_ratings

    def is_blind() -> bool:
        nonlocal left
        left -= 1
        return left >= 0

    def show_v1(*args: Any) -> list[StoredRating]:
        return [] if is_blind() else read_v1(*args)

    def show_v2(*args: Any) -> list[StoredRating]:
        return [] if is_blind() else read_v2(*args)

    with (
        patch.object(server.store, "ratings", show_v1),
        patch.object(server.store, "newest_ratings", show_v2),
    ):
        yield
