"""The guard: a run that would turn over much of an account asks first."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importer.errors import StopRunError, UsageError
from importer.runs.conflicts import OnConflict
from importer.sandbox.catalogue import Kind
from tests.road import OPEN, WAYS, Road, Server, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

HELD = 200
LONG_AGO = 1_409_562_611


def movie(number: int) -> str:
    return f"tt{90_000_000 + number}"


@pytest.fixture(params=WAYS)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Road:
    return Road.by(request.param, tmp_path)


@pytest.fixture
def sandbox() -> Iterator[Server]:
    """An account of 200 ratings, all of them 5."""
    with running_sandbox(**OPEN) as server:
        for number in range(HELD):
            server.rate(movie(number), 5, LONG_AGO)
        yield server


class Terminal(io.StringIO):
    """Standard input as a person types it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def type_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Standard input: nobody's, until something is typed."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return lambda text: monkeypatch.setattr(sys, "stdin", Terminal(text))


def change(road: Road, changes: int, removals: int = 0, new: int = 0) -> None:
    """Write a file of so many other ratings, removals and titles that the account does not hold."""
    rows = [f"{movie(number)},8" for number in range(changes)]
    rows += [f"{movie(number)},unrate" for number in range(changes, changes + removals)]
    rows += [f"{movie(HELD + number)},8" for number in range(new)]
    road.write(*rows)


def test_fewer_than_fifty_changes_are_made_without_a_question(road: Road) -> None:
    change(road, 49)
    with running_sandbox(**OPEN) as server:
        for number in range(49):
            server.rate(movie(number), 5, LONG_AGO)
        road.run_as_typed(server.url)
    assert road.statuses == ["rated"] * 49


def test_a_larger_share_is_refused_when_nobody_can_answer(road: Road, sandbox: Server) -> None:
    change(road, 150, removals=50)
    before = sandbox.stored()
    with pytest.raises(UsageError, match="nobody can be asked; nothing was sent") as told:
        road.run_as_typed(sandbox.url)
    assert "change 150 ratings and remove 50 of the 200 movies that the account has rated" in str(told.value)
    assert told.value.exit_code == 2
    assert sandbox.stored() == before
    assert sandbox.count_sent_rows() == 0


def test_the_kinds_that_were_counted_are_named(road: Road, sandbox: Server) -> None:
    """Shows that the account has rated are not read for a file of movies, and not counted."""
    sandbox.rate(find_title("tt0141842", Kind.SHOW), 5, LONG_AGO)
    change(road, 150)
    with pytest.raises(UsageError, match="of the 200 movies that"):
        road.run_as_typed(sandbox.url)
    rows = [f"{movie(number)},movie,8" for number in range(150)]
    road.write(*rows, "tt0141842,show,8", header="imdb_id,type,rating")
    with pytest.raises(UsageError, match="of the 201 movies and shows that"):
        road.run_as_typed(sandbox.url)


def test_new_ratings_are_no_changes(road: Road, sandbox: Server) -> None:
    change(road, 0, new=300)
    road.run_as_typed(sandbox.url)
    assert road.statuses == ["rated"] * 300


def test_rows_that_are_so_already_are_no_changes(road: Road, sandbox: Server) -> None:
    road.write(*(f"{movie(number)},5" for number in range(HELD)), f"{movie(HELD)},unrate")
    road.run_as_typed(sandbox.url)
    assert road.statuses == ["unchanged"] * (HELD + 1)


def test_yes_does_it(road: Road, sandbox: Server) -> None:
    change(road, 150, removals=50)
    road.run_as_typed(sandbox.url, asks=False)
    assert set(sandbox.stored_movies().values()) == {8}
    assert road.statuses == ["rated"] * 150 + ["unrated"] * 50


def test_yes_after_a_refusal_goes_on_with_the_same_run(road: Road, sandbox: Server) -> None:
    change(road, 200)
    with pytest.raises(UsageError):
        road.run_as_typed(sandbox.url)
    assert road.run_as_typed(sandbox.url, asks=False).run.continued
    assert road.statuses == ["rated"] * 200


# A mirror in slices


def list_movies(road: Road, number: int) -> None:
    road.write(*(f"{movie(each)},5" for each in range(number)))


def test_a_source_that_loses_some_each_night_does_not_empty_the_account(road: Road, sandbox: Server) -> None:
    list_movies(road, HELD)
    road.run_as_typed(sandbox.url, mirror=True)
    for left in (188, 176, 165):  # less than what a half-written file would lack
        list_movies(road, left)
        road.run_as_typed(sandbox.url, mirror=True)
    list_movies(road, 155)
    with pytest.raises(
        UsageError, match=r"remove 10 of the 165 movies .* \(it had 200 in the last 30 days\)"
    ):
        road.run_as_typed(sandbox.url, mirror=True)
    assert len(sandbox.stored_movies()) == 165


def test_what_was_allowed_once_is_not_asked_about_again(road: Road, sandbox: Server) -> None:
    list_movies(road, HELD)
    road.run_as_typed(sandbox.url, mirror=True)
    list_movies(road, 100)
    road.run_as_typed(sandbox.url, mirror=True, asks=False)
    list_movies(road, 95)
    road.run_as_typed(sandbox.url, mirror=True)
    assert len(sandbox.stored_movies()) == 95


def test_what_the_account_held_long_ago_does_not_count(road: Road, sandbox: Server) -> None:
    list_movies(road, HELD)
    road.run_as_typed(sandbox.url, mirror=True)
    with road.open_journal() as journal, journal.transaction():
        journal.connection.execute(
            "UPDATE run SET started_at = '2020-01-01T00:00:00+00:00', rated_titles = 999"
        )
    list_movies(road, HELD - 15)
    road.run_as_typed(sandbox.url, mirror=True)
    assert len(sandbox.stored_movies()) == HELD - 15


def test_a_half_written_source_is_asked_about(road: Road, sandbox: Server) -> None:
    """Cut off at the end of a row, it lacks less than the guard allows."""
    list_movies(road, HELD)
    road.run_as_typed(sandbox.url, mirror=True)
    list_movies(road, HELD * 85 // 100)
    with pytest.raises(UsageError, match="the source has 170 rows, and had 200 before"):
        road.run_as_typed(sandbox.url, mirror=True)
    road.run_as_typed(sandbox.url)  # removes nothing
    road.run_as_typed(sandbox.url, mirror=True, guard_percent=100)
    assert len(sandbox.stored_movies()) == 170


def test_a_guard_of_a_hundred_never_asks(road: Road, sandbox: Server) -> None:
    change(road, 0, removals=200)
    road.run_as_typed(sandbox.url, guard_percent=100)
    assert sandbox.stored_movies() == {}


@pytest.mark.parametrize(("changes", "removals"), [(1, 0), (0, 1)])
def test_a_guard_of_nothing_asks_before_any_change_or_removal(
    road: Road, sandbox: Server, changes: int, removals: int
) -> None:
    change(road, changes, removals=removals)
    with pytest.raises(UsageError):
        road.run_as_typed(sandbox.url, guard_percent=0)
    assert sandbox.count_sent_rows() == 0


def test_a_guard_of_nothing_lets_new_ratings_through(road: Road, sandbox: Server) -> None:
    list_movies(road, HELD + 3)
    road.run_as_typed(sandbox.url, guard_percent=0)
    assert len(sandbox.stored_movies()) == HELD + 3


def test_a_guard_of_one_asks_from_fifty_on(road: Road, sandbox: Server) -> None:
    change(road, 50)
    with pytest.raises(UsageError):
        road.run_as_typed(sandbox.url, guard_percent=1)
    change(road, 49)
    road.run_as_typed(sandbox.url, guard_percent=1)
    assert road.statuses == ["rated"] * 49


def test_the_share_itself_is_still_allowed(road: Road, sandbox: Server) -> None:
    change(road, 25, removals=25)
    road.run_as_typed(sandbox.url, guard_percent=25)
    assert road.statuses == ["rated"] * 25 + ["unrated"] * 25


def test_one_more_than_the_share_is_not(road: Road, sandbox: Server) -> None:
    change(road, 26, removals=25)
    with pytest.raises(UsageError, match="of the 200 movies that"):
        road.run_as_typed(sandbox.url, guard_percent=25)
    assert sandbox.count_sent_rows() == 0


@pytest.mark.parametrize("answer", ["n\n", "\n", "no\n"])
def test_whoever_says_no_gets_nothing_sent(
    road: Road, sandbox: Server, type_in: Callable[[str], None], answer: str
) -> None:
    change(road, 200)
    type_in(answer)
    with pytest.raises(StopRunError, match=r"nothing was sent\. The same command asks again"):
        road.run_as_typed(sandbox.url)
    assert sandbox.count_sent_rows() == 0


def test_whoever_says_yes_gets_it_done(
    road: Road, sandbox: Server, type_in: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    change(road, 200)
    type_in("y\n")
    road.run_as_typed(sandbox.url)
    assert road.statuses == ["rated"] * 200
    assert "would change 200 ratings" in capsys.readouterr().err


def test_an_account_that_cannot_be_read_is_not_guarded(road: Road) -> None:
    """Nobody can tell how much of it would change."""
    change(road, 60)
    with running_sandbox("read:404@1-", **OPEN) as server:
        for number in range(60):
            server.rate(movie(number), 5, LONG_AGO)
        road.run_as_typed(server.url, on_conflict=OnConflict.OVERWRITE)
    assert road.statuses == ["rated"] * 60


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_a_removal_is_asked_about_where_somebody_can_answer(
    road: Road, sandbox: Server, type_in: Callable[[str], None], answer: str
) -> None:
    change(road, 0, removals=2, new=1)
    type_in(answer)
    with pytest.raises(StopRunError):
        road.run_as_typed(sandbox.url)
    assert sandbox.count_sent_rows() == 0
    type_in("y\n")
    road.run_as_typed(sandbox.url)
    assert road.statuses == ["unrated"] * 2 + ["rated"]


def test_a_removal_that_needs_no_sending_is_not_asked_about(
    road: Road, sandbox: Server, type_in: Callable[[str], None]
) -> None:
    road.write(f"{movie(HELD)},unrate", f"{movie(HELD + 1)},8")
    type_in("n\n")
    road.run_as_typed(sandbox.url)
    assert road.statuses == ["unchanged", "rated"]
