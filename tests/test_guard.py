"""The guard: a run that would turn over much of an account asks first."""

import io
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from importer import sending
from importer.cli.display import Display
from importer.cli.targets import Target
from importer.errors import StopRunError
from importer.run import RunReport
from importer.sending import SendingOptions
from tests import hurried_time
from tests.hurried_time import HurriedLoop
from tests.road import OPEN, WAYS, Road, SandboxTokens, Server, running_sandbox

HELD = 200
LONG_AGO = 1_409_562_611


def movie(number: int) -> str:
    return f"tt{90_000_000 + number}"


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted here must not be sent twice because the machine stalled for half a second."""
    monkeypatch.setattr(hurried_time, "HURRY", 20)


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


def bring(road: Road, server: Server, **choices: Any) -> RunReport:
    """Bring the file as the command does, with the flags `asks` and `guard_percent`."""
    options = SendingOptions(4, build_tokens=partial(SandboxTokens, server.url) if road.is_v2 else None)
    target = Target(road.build_destination(server.url), options)
    display = Display(quiet=True, as_json=False, results=road.results, **choices)
    with road.open_journal() as journal, patch.object(sending, "_new_event_loop", HurriedLoop):
        return display.import_ratings(road.build_source(), target, journal, remembers=True)


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
        bring(road, server)
    assert road.statuses == ["rated"] * 49


def test_a_larger_share_is_refused_when_nobody_can_answer(road: Road, sandbox: Server) -> None:
    change(road, 150, removals=50)
    before = sandbox.stored()
    with pytest.raises(StopRunError, match="nobody can be asked; nothing was sent") as told:
        bring(road, sandbox)
    assert "change 150 ratings and remove 50 of the" in str(told.value)
    assert told.value.exit_code == 3
    assert sandbox.stored() == before
    assert sandbox.count_sent_rows() == 0


def test_new_ratings_are_no_changes(road: Road, sandbox: Server) -> None:
    change(road, 0, new=300)
    bring(road, sandbox)
    assert road.statuses == ["rated"] * 300


def test_rows_that_are_so_already_are_no_changes(road: Road, sandbox: Server) -> None:
    road.write(*(f"{movie(number)},5" for number in range(HELD)), f"{movie(HELD)},unrate")
    bring(road, sandbox)
    assert road.statuses == ["unchanged"] * (HELD + 1)


def test_yes_does_it(road: Road, sandbox: Server) -> None:
    change(road, 150, removals=50)
    bring(road, sandbox, asks=False)
    assert set(sandbox.stored_movies().values()) == {8}
    assert road.statuses == ["rated"] * 150 + ["unrated"] * 50


def test_yes_after_a_refusal_goes_on_with_the_same_run(road: Road, sandbox: Server) -> None:
    change(road, 200)
    with pytest.raises(StopRunError):
        bring(road, sandbox)
    assert bring(road, sandbox, asks=False).run.continued
    assert road.statuses == ["rated"] * 200


def test_a_guard_of_a_hundred_never_asks(road: Road, sandbox: Server) -> None:
    change(road, 0, removals=200)
    bring(road, sandbox, guard_percent=100)
    assert sandbox.stored_movies() == {}


def test_a_guard_of_nothing_asks_from_fifty_on(road: Road, sandbox: Server) -> None:
    change(road, 50)
    with pytest.raises(StopRunError):
        bring(road, sandbox, guard_percent=0)
    change(road, 49)
    bring(road, sandbox, guard_percent=0)
    assert road.statuses == ["rated"] * 49


def test_the_share_itself_is_still_allowed(road: Road, sandbox: Server) -> None:
    change(road, 25, removals=25)
    bring(road, sandbox, guard_percent=25)
    assert road.statuses == ["rated"] * 25 + ["unrated"] * 25


def test_one_more_than_the_share_is_not(road: Road, sandbox: Server) -> None:
    change(road, 26, removals=25)
    with pytest.raises(StopRunError, match="of the 200 that the account holds"):
        bring(road, sandbox, guard_percent=25)
    assert sandbox.count_sent_rows() == 0


@pytest.mark.parametrize("answer", ["n\n", "\n", "no\n"])
def test_whoever_says_no_gets_nothing_sent(
    road: Road, sandbox: Server, type_in: Callable[[str], None], answer: str
) -> None:
    change(road, 200)
    type_in(answer)
    with pytest.raises(StopRunError, match="nothing was sent; the same command asks again"):
        bring(road, sandbox)
    assert sandbox.count_sent_rows() == 0


def test_whoever_says_yes_gets_it_done(
    road: Road, sandbox: Server, type_in: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    change(road, 200)
    type_in("y\n")
    bring(road, sandbox)
    assert road.statuses == ["rated"] * 200
    assert "would change 200 ratings" in capsys.readouterr().err


def test_an_account_that_cannot_be_read_is_not_guarded(road: Road) -> None:
    """Nobody can tell how much of it would change."""
    change(road, 60)
    with running_sandbox("read:404@1-", **OPEN) as server:
        for number in range(60):
            server.rate(movie(number), 5, LONG_AGO)
        bring(road, server)
    assert road.statuses == ["rated"] * 60
