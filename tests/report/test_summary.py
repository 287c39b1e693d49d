"""The summary: what a person reads after a run, and what a program reads."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from importer.model import RESULT_COLUMNS, Status
from importer.report.summary import Summary
from importer.report.summary_text import build_rich, build_text
from importer.text import clean, count, duration, rate


@dataclass(frozen=True, slots=True)
class Counted:
    status: Status
    count: int
    reason: str = ""
    examples: tuple[tuple[int, str | None, str | None], ...] = ()


UNKNOWN = "the destination does not know this title"
UNREAD = "A dry run does not read the account, which may have some already: `importer plan` reads it."
MIXED = (
    Counted(Status.INVALID, 1, "bad_rating", ((14, "Heat", "line 14, column Your Rating: 11 is above 10"),)),
    Counted(Status.RATED, 70),
    Counted(Status.RATED, 2, "verified"),
    Counted(Status.NOT_FOUND, 5, "not_found", tuple((n, f"Title {n}", UNKNOWN) for n in (3, 4, 5))),
    Counted(Status.UNSUPPORTED, 2, "game", ((8, "Doom", "no games"), (9, None, "no games here"))),
)


def summary(*tallies: Counted, **facts: Any) -> Summary:
    return Summary(**{"run_id": "r7", "source": "a.csv", "destination": "sandbox", "tallies": tallies,
                      "sent": 0, "seconds": 0.0, **facts})  # fmt: skip


def show_rich(given: Summary, *, colour: bool = False, width: int = 100) -> str:
    console = Console(width=width, force_terminal=colour, color_system="standard" if colour else None)
    with console.capture() as capture:
        console.print(build_rich(given))
    return capture.get()


def test_a_mixed_run_in_full() -> None:
    told = build_text(
        summary(
            *MIXED,
            sent=72,
            seconds=3.2,
            notes=["UTF-8"],
            results=Path("/w/results.csv"),
            next_command="importer x",
        )
    )
    assert told == (
        "Run r7: a.csv to sandbox\n"
        "  UTF-8\n"
        "\n"
        "  72  rated        the destination took the rating\n"
        "   2  unsupported  the destination cannot take this kind of title, or rows without its ids\n"
        "   1  invalid      the row cannot be understood as a rating\n"
        "   5  not found    the destination does not know the title\n"
        "\n"
        "8 of 80 rows did not succeed:\n"
        "\n"
        "  5 rows not found: the destination does not know this title\n"
        "    line 3, Title 3\n"
        "    line 4, Title 4\n"
        "    line 5, Title 5\n"
        "    and 2 more\n"
        "\n"
        "  2 rows unsupported, game\n"
        "    line 8, Doom: no games\n"
        "    line 9: no games here\n"
        "\n"
        "  1 row invalid, bad rating\n"
        "    line 14, Heat: column Your Rating: 11 is above 10\n"
        "\n"
        "Sent: 72 rows in 3.2 s, 22.5 per second\n"
        "Results: /w/results.csv\n"
        "Rows: 72 rated, 2 unsupported, 1 invalid, 5 not found\n"
        "Next: importer x"
    )


@pytest.mark.parametrize(
    ("given", "says", "succeeded"),
    [
        (summary(), "There are no rows: nothing to do.", True),
        (summary(Counted(Status.RATED, 0)), "There are no rows: nothing to do.", True),
        (summary(Counted(Status.RATED, 1), sent=1, seconds=1), "The row succeeded.", True),
        (summary(Counted(Status.RATED, 1200), sent=1200, seconds=1), "All 1,200 rows succeeded.", True),
        (
            summary(Counted(Status.UNCHANGED, 97)),
            "Nothing to send: all 97 ratings are unchanged.",
            True,
        ),
        (
            summary(Counted(Status.UNCHANGED, 1)),
            "Nothing to send: one rating is unchanged.",
            True,
        ),
        (
            summary(Counted(Status.UNCHANGED, 8), Counted(Status.INVALID, 1)),
            "Nothing to send: 8 ratings are unchanged. 1 of 9 rows did not succeed:",
            False,
        ),
        (
            summary(Counted(Status.NOT_SENT, 3, "dry_run"), Counted(Status.INVALID, 1), dry_run=True),
            f"Nothing was sent; 3 rows would be. {UNREAD} 1 of 4 rows did not succeed:",
            False,
        ),
        (
            summary(Counted(Status.NOT_SENT, 3, "dry_run"), dry_run=True),
            f"Nothing was sent; 3 rows would be. {UNREAD}",
            True,
        ),
        (
            summary(Counted(Status.RATED, 9), Counted(Status.NOT_SENT, 1), sent=9, stopped="interrupted"),
            "Stopped early, 1 row left to send: interrupted. 1 of 10 rows did not succeed:",
            False,
        ),
        (
            summary(Counted(Status.RATED, 9), sent=9, stopped="interrupted"),
            "Stopped early, no row was left to send: interrupted.",
            False,
        ),
    ],
)
def test_the_verdict(given: Summary, says: str, succeeded: bool) -> None:
    assert says in build_text(given).splitlines()
    assert given.all_succeeded is succeeded
    assert says in " ".join(show_rich(given).split())


def test_rows_of_an_earlier_run_are_counted_apart() -> None:
    given = summary(
        Counted(Status.RATED, 1200),
        Counted(Status.DUPLICATE, 3),
        sent=5,
        seconds=1,
        taken_over={Status.RATED: 1195, Status.DUPLICATE: 3},
    )
    lines = build_text(given).splitlines()
    assert "      5  rated       the destination took the rating" in lines
    assert "  1,198  taken over  settled by an earlier run: 1,195 rated, 3 duplicate" in lines
    assert not any("another row rates the same title" in line for line in lines)
    assert given.as_json()["taken_over"] == {"rated": 1195, "duplicate": 3}
    planned = replace(given, follows_plan=True)
    assert "  1,198  taken over  settled in the plan: 1,195 rated, 3 duplicate" in build_text(planned)


def test_an_undo_says_what_it_did() -> None:
    done = summary(
        Counted(Status.RATED, 2), Counted(Status.UNRATED, 3), Counted(Status.KEPT, 1, "changed_since"),
        sent=5, seconds=1, is_undo=True,
    )  # fmt: skip
    told = build_text(done)
    for words in ("2  restored ", "3  removed ", "1  left alone  changed since that run"):
        assert words in told
    assert "1 of 6 rows left alone, not undone; the message of each says why." in told
    assert "succeeded" not in told
    dry = summary(
        Counted(Status.NOT_SENT, 2, "would_restore"), Counted(Status.NOT_SENT, 3, "would_remove"),
        Counted(Status.KEPT, 1, "changed_since"), is_undo=True, dry_run=True,
    )  # fmt: skip
    assert "Nothing was sent; 2 would be restored, 3 would be removed." in build_text(dry)


def test_a_dry_run_of_an_undo_shows_its_first_rows() -> None:
    cells = {"line": 2, "status": "not_sent", "title": "Heat", "previous_rating": 9, "rating": 3}
    rows = [
        cells | {"message": "would be restored"},
        cells | {"line": 0, "rating": "unrate", "message": "would be removed"},
        cells | {"line": 4, "status": "kept", "message": "left alone: changed since"},
    ]
    dry = summary(
        Counted(Status.NOT_SENT, 5, "would_restore"),
        is_undo=True,
        dry_run=True,
        first_rows=[tuple(row.get(name) for name in RESULT_COLUMNS) for row in rows],
    )
    lines = build_text(dry).splitlines()
    assert "  line 2, Heat: would be restored, 9 -> 3" in lines
    assert "  not in the file, Heat: would be removed, 9 -> no rating" in lines
    assert "  line 4, Heat: left alone: changed since" in lines
    assert "  and 2 more; a results file has all rows" in lines
    assert "line 2, Heat: would be restored, 9 -> 3" in show_rich(dry)
    assert dry.run_id not in build_text(dry)  # the journal forgets it


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("policy_newest", "the account's rating is newer"),
        ("policy_newest_unread_date", "the row's date cannot be read, so the account's rating may be newer"),
        ("policy_highest", "the account's rating is higher"),
        ("policy_keep", "the account's rating is kept, as you asked"),
        ("policy_ask", "the account's rating is kept, as you chose"),
    ],
)
def test_kept_says_why(reason: str, why: str) -> None:
    assert f"4  kept  {why}" in build_text(summary(Counted(Status.KEPT, 4, reason)))


def test_rows_not_sent_need_no_examples() -> None:
    told = build_text(
        summary(Counted(Status.NOT_SENT, 9, "stopped", ((2, "Heat", "the run stopped"),)), stopped="x")
    )
    assert "9 rows not sent, stopped: the run stopped" in told
    assert "Heat" not in told


def test_every_status_has_its_meaning() -> None:
    told = build_text(summary(*(Counted(status, 1) for status in Status)))
    for status in Status:
        assert any(line.split("  ")[2:3] == [status.replace("_", " ")] for line in told.splitlines())


def test_json_holds_everything_as_values() -> None:
    given = summary(
        *MIXED, sent=72, seconds=3.2004, results=Path("/w/results.csv"), next_command="importer x"
    )
    got = json.loads(json.dumps(given.as_json()))
    assert got["counts"] == {"rated": 72, "unsupported": 2, "invalid": 1, "not_found": 5}
    assert got["rows"] == 80
    assert [miss["reason"] for miss in got["misses"]] == ["not_found", "game", "bad_rating"]
    assert got["misses"][2]["examples"] == [
        {"line": 14, "title": "Heat", "message": "line 14, column Your Rating: 11 is above 10"}
    ]
    assert (got["seconds"], got["rows_per_second"]) == (3.2, 22.5)
    assert (got["results"], got["next_command"], got["stopped"]) == ("/w/results.csv", "importer x", None)
    assert got["all_succeeded"] is False


def test_json_of_nothing() -> None:
    got = summary().as_json()
    assert (got["rows"], got["counts"], got["misses"], got["rows_per_second"]) == (0, {}, [], None)


HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\\x9b2J\rover [bold]b[/bold] :smile: \u202egnp"
)


def test_foreign_texts_reach_no_terminal_as_commands() -> None:
    given = summary(
        Counted(Status.FAILED, 1, HOSTILE, ((1, HOSTILE, HOSTILE),)),
        run_id=HOSTILE, source=HOSTILE, destination=HOSTILE, notes=[HOSTILE], stopped=HOSTILE,
        next_command=HOSTILE, results=Path(HOSTILE),
    )  # fmt: skip
    for shown in (build_text(given), show_rich(given, width=4000)):
        for char in "\x1b\x9b\x07\r\u202e":
            assert char not in shown
        assert "red over [bold]b[/bold] :smile:" in shown
    assert json.loads(json.dumps(given.as_json()))["source"] == HOSTILE


def test_colours_only_where_the_terminal_has_them() -> None:
    assert "\x1b[" not in show_rich(summary(*MIXED))
    assert "\x1b[" in show_rich(summary(*MIXED), colour=True)


def test_a_narrow_terminal_loses_no_words() -> None:
    words = set(show_rich(summary(*MIXED, sent=1, seconds=1.0), width=40).split())
    assert {"unsupported", "Doom:", "destination", "second"} <= words


@given(st.text())
def test_cleaned_text_is_one_printable_line(text: str) -> None:
    shown = clean(text)
    assert all(char.isprintable() or char in "\u200c\u200d" for char in shown)
    assert len(shown) <= 300


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("七人の侍", "七人の侍"),
        ("a\u00a0b\r\n\tc", "a b c"),
        ("نمی\u200cدانم", "نمی\u200cدانم"),
        ("bell\x07", "bell\N{REPLACEMENT CHARACTER}"),
        ("\udc80", "\N{REPLACEMENT CHARACTER}"),
        ("x" * 301, "x" * 299 + "…"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_numbers_read_well() -> None:
    assert [count(number, "row") for number in (0, 1, 2, 1234)] == ["0 rows", "1 row", "2 rows", "1,234 rows"]
    assert [duration(seconds) for seconds in (0.04, 9.94, 9.96, 59.6, 200, 3599.7, 7500)] == [
        *("0.0 s", "9.9 s", "10 s", "1 min 00 s", "3 min 20 s", "1 h 00 min", "2 h 05 min")
    ]
    assert [rate(number) for number in (0.84, 99.94, 99.96, 1240.4)] == ["0.8", "99.9", "100", "1,240"]


def test_where_the_counts_leave_the_screen_the_last_fact_repeats_them() -> None:
    examples = tuple((line, f"Title {line}", f"why {line}") for line in (2, 3, 4))
    rated = Counted(Status.RATED, 11_000)
    rejected = [Counted(Status.REJECTED, 3, reason, examples) for reason in ("one", "two", "three", "four")]
    few = summary(rated, results=Path("r.csv"))
    assert build_text(few).splitlines()[-1] == "Results: r.csv"
    piped = summary(rated, results=Path("-"))
    assert build_text(piped).splitlines()[-1] == "Results: standard output"
    many = summary(rated, *rejected, results=Path("r.csv"))
    assert build_text(many).splitlines()[-1] == "Rows: 11,000 rated, 12 rejected"
    assert show_rich(many).split("\n")[-2].split() == ["Rows", "11,000", "rated,", "12", "rejected"]
