"""What is told before the first rating goes out."""

from dataclasses import replace
from pathlib import Path

import pytest

from importer.cli.send_summary import build_send_summary
from importer.client.rate import Rate
from importer.client.sign_in import AccountInfo
from importer.destinations.sign_in import DayQuota
from importer.journal import Journal
from importer.journal.results import Tally
from importer.model import MediaKind, Status
from importer.runs.conflicts import OnConflict
from importer.runs.estimate import Effort, estimate_effort
from importer.runs.prompts import SendSummary, Unattended, Unwatched
from importer.runs.room import Room
from importer.runs.rules import RunRules
from tests.builders import build_job
from tests.road import OPEN, Road, running_sandbox


def test_only_rows_of_one_method_travel_together(tmp_path: Path) -> None:
    kinds = [MediaKind.MOVIE] * 101 + [MediaKind.SHOW] * 30 + [MediaKind.EPISODE]
    jobs = [build_job(row, kind=kind, imdb_id=f"tt{row:07}") for row, kind in enumerate(kinds, 1)]
    jobs.append(build_job(len(jobs) + 1, imdb_id="tt9999999", rating=0))
    destination = Road.by("v2", tmp_path).build_destination("http://127.0.0.1:1")
    with Journal(tmp_path, "demo") as journal, journal.loading():
        run = journal.begin("print", "ratings.csv", "trakt")
        run.add_rows(jobs, [None] * len(jobs))
        found = estimate_effort(destination, Rate(1, 2.0), run)
    assert found == Effort(requests=2 + 1 + 1 + 1, seconds=10.0)


# The words


KNOWN = AccountInfo(
    "ada", is_vip=False, rating_count=9_950, token_expires_at=None, cap=10_000, is_cap_stated=True
)
LEFT_OUT = (
    "40 new titles will not fit: the last ones in the file, from line 62, Heat. Changes and removals are "
    "sent first."
)
WHO = "Signed in as ada; the end of its token is not known."


def build(
    account_info: AccountInfo = KNOWN,
    room: Room | None = None,
    rows: int = 100,
    removals: int = 0,
    **counts: int,
) -> list[str]:
    tallies = [Tally(Status(status), "", number, ()) for status, number in counts.items()]
    return build_send_summary(
        SendSummary(account_info, rows, lambda: Effort(1, 1.0), lambda: tallies, removals, room)
    )


TOO_MANY = (
    "About 501 requests are needed, more than the 500 requests a day of a free account: the run stops when "
    "they are used up, and the same command goes on after midnight in New York."
)


@pytest.mark.parametrize(
    ("requests", "says"),
    [
        (491, "About 500 of the 500 requests a day of a free account, if no other program has used any."),
        (492, TOO_MANY),
    ],
)
def test_the_requests_of_a_day_are_counted_before_the_start(requests: int, says: str) -> None:
    quota = DayQuota(500, "a free account", "midnight in New York", besides=9)
    account_info = replace(KNOWN, cap=None, day_quota=quota)
    effort = Effort(requests, 1.0)
    assert build_send_summary(SendSummary(account_info, 100, lambda: effort, list, 0))[-1] == says
    # Who sends nothing needs none.
    assert says not in build_send_summary(SendSummary(account_info, 0, lambda: effort, list, 0))


def test_what_does_not_fit_is_said_before_the_start() -> None:
    first = build_job(61, title="Heat")
    found = build(room=Room(9_950, 10_040, 10_000, True, 40, first))
    assert found == [
        WHO,
        "The account has 9,950 ratings of 10,000; then 10,040.",
        LEFT_OUT,
        "To send: 100 rows in about 1 request, at least 1.0 s.",
    ]


def test_a_limit_that_the_service_does_not_tell_is_only_usual() -> None:
    usual = replace(KNOWN, is_cap_stated=False)
    assert "The account has 9,950 ratings of 10,000 (the usual limit)." in build(usual)
    found = build(usual, Room(9_950, 10_040, 10_000, False, 40, build_job(61)))
    assert any(line.startswith("40 new titles may not fit") for line in found)


def test_what_the_account_will_hold_is_exact_or_left_out() -> None:
    assert "The account has 9,950 ratings of 10,000." in build()
    assert "The account has 9,940 ratings of 10,000; then 9,990." in build(
        room=Room(9_940, 9_990, 10_000, is_cap_stated=True)
    )
    assert not any(
        "most" in line for line in build() + build(room=Room(9_940, 9_990, 10_000, is_cap_stated=True))
    )


def test_the_parts_of_a_continued_run_are_told_apart_and_add_up() -> None:
    found = build(rows=7_000, rated=4_500, unconfirmed=500, unchanged=200, not_sent=7_000)
    assert found[-3:] == [
        "Sent before: 4,500 rated, 500 unconfirmed.",
        "Not to send: 200 unchanged.",
        "To send: 7,000 rows in about 1 request, at least 1.0 s.",
    ]


def test_where_nothing_is_to_send_it_is_said_what_became_of_the_rows() -> None:
    assert build(rows=0, unchanged=12)[-2:] == ["Not to send: 12 unchanged.", "Nothing to send."]


# What is counted


class Watching(Unwatched):
    """Keeps what is told before the sending."""

    def about_to_send(self, summary: SendSummary) -> None:
        self.lines = build_send_summary(summary)
        self.open_rows = summary.open_rows
        self.counted = sum(tally.count for tally in summary.count_rows())


def preview(road: Road, url: str, held: int, cap: int) -> Watching:
    watching = Watching()
    road.account_info = replace(KNOWN, rating_count=held, cap=cap)
    with road.open_run(url, road.source, RunRules.for_import(OnConflict.OVERWRITE)) as run:
        run.observer, run.prompts = watching, Unattended(assume_yes=True)
        run.execute()
    return watching


def test_only_new_titles_need_room_and_removals_make_some(tmp_path: Path) -> None:
    road = Road.by("v2", tmp_path)
    with running_sandbox(**OPEN, rating_cap=8) as sandbox:
        for row in range(1, 7):
            sandbox.rate(f"tt{row:07}", 5, 1_600_000_000)
        changed = [f"tt{row:07},9" for row in (1, 2)]
        road.write("tt0000003,unrate", *changed, *(f"tt{row:07},8" for row in range(11, 16)))
        found = preview(road, sandbox.url, held=6, cap=8)
    assert found.lines[1] == "The account has 6 ratings of 8; then 10."
    assert found.lines[2].startswith("2 new titles will not fit: the last ones in the file, from line 8")
    assert road.statuses == ["unrated"] + ["rated"] * 5 + ["not_sent"] * 2


def test_after_a_crash_the_preview_adds_up(tmp_path: Path) -> None:
    road = Road.by("v2", tmp_path)
    road.write(*(f"tt{row:07},8" for row in range(1, 21)))
    with running_sandbox(**OPEN) as sandbox:
        for row in range(1, 6):
            sandbox.rate(f"tt{row:07}", 8, 1_600_000_000)  # what had arrived
        road.crash_after_marking_rows(10)
        found = preview(road, sandbox.url, held=5, cap=100)
    assert found.counted == 20
    assert found.open_rows == 15
    assert found.lines[1:] == [
        "The account has 5 ratings of 100; then 20.",
        "Not to send: 5 unchanged, already rated.",
        "To send: 15 rows in about 1 request.",
    ]


def test_removals_are_counted_before_the_start() -> None:
    assert "To remove: 2 ratings." in build(removals=2)
    assert not any(line.startswith("To remove") for line in build())
