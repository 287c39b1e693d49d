"""Progress: what it says, when it says it, and that it leaves run and terminal as they were."""

import io
import json
import subprocess
import sys
import threading
from typing import Any

import pytest
from rich.console import Console

from importer.cli.progress_bar import build_live, show_progress
from importer.cli.progress_view import Lines, Pace, View, Watch, build_line, build_waiting
from importer.monitoring.log import open_log
from importer.progress import Phase, Progress


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def sending(done: int = 0, to_send: int = 100, **facts: object) -> Progress:
    progress = Progress(Phase.SENDING, to_send, to_send, done)
    for name, value in facts.items():
        setattr(progress, name, value)
    return progress


def look(progress: Progress, clock: FakeClock, seconds: float = 0.0) -> View:
    """Look at a run that started sending `seconds` ago."""
    watch = Watch(progress, clock)
    done, progress.done = progress.done, 0
    waiting_for, progress.waiting_for = progress.waiting_for, ""
    is_paused, progress.is_paused = progress.is_paused, False
    watch.look()
    clock.now += seconds
    progress.done = done
    watch.look()
    progress.waiting_for, progress.is_paused = waiting_for, is_paused
    return watch.look()


class TestPace:
    def test_nothing_seen_is_no_rate(self) -> None:
        assert Pace().rows_per_second == 0

    def test_a_first_look_and_a_standstill_are_no_rate(self) -> None:
        pace = Pace()
        for now in (5.0, 5.0, 6.0, 900.0):
            pace.observe(now, 3, is_paused=False)
            assert pace.rows_per_second == 0

    def test_only_the_recent_past_counts(self) -> None:
        pace = Pace()
        for second in range(100):
            pace.observe(second, min(second, 50) * 100, is_paused=False)
        assert pace.rows_per_second == 0
        for second in range(100, 200):
            pace.observe(second, 5000 + (second - 100) * 7, is_paused=False)
        assert pace.rows_per_second == pytest.approx(7)

    def test_a_slow_run_has_a_rate_too(self) -> None:
        pace = Pace()
        pace.observe(0, 0, is_paused=False)
        pace.observe(60, 30, is_paused=False)
        assert pace.rows_per_second == pytest.approx(0.5)

    def test_waiting_is_not_slowness(self) -> None:
        pace = Pace()
        pace.observe(0, 0, is_paused=False)
        pace.observe(10, 100, is_paused=False)
        for second in range(11, 311):
            pace.observe(second, 100, is_paused=True)
        assert pace.rows_per_second == pytest.approx(10)
        pace.observe(311, 110, is_paused=False)
        assert pace.rows_per_second == pytest.approx(10)

    def test_the_wait_of_one_worker_is_time_for_the_others(self) -> None:
        pace = Pace()
        for second in range(60):
            pace.observe(second, second * 2 if second < 30 else 60 + (second - 30), is_paused=False)
        assert pace.rows_per_second == pytest.approx(1)
        assert pace.overall_rows_per_second == pytest.approx(89 / 59)


def test_the_time_left_is_what_the_rows_took_so_far(clock: FakeClock) -> None:
    progress = sending(0, 100)
    watch = Watch(progress, clock)
    watch.look()
    clock.now += 10
    progress.done = 20
    # One of the workers got a 503; the others go on.
    progress.waiting_for, progress.waiting_until = "over capacity (503)", clock.now + 30
    for _ in range(30):
        clock.now += 1
        progress.done += 1
        view = watch.look()
    assert view.seconds_left == pytest.approx(50 / (50 / 40))
    progress.is_paused, progress.waiting_until = True, clock.now + 300
    clock.now += 100
    view = watch.look()
    assert view.seconds_left == pytest.approx(50 / (50 / 40) + 200)


class TestWords:
    @pytest.mark.parametrize(
        ("progress", "line"),
        [
            (Progress(), "reading"),
            (Progress(rows_read=1), "reading: 1 row"),
            (Progress(rows_read=12_345), "reading: 12,345 rows"),
            (Progress(Phase.PLANNING), "planning"),
            (Progress(Phase.WRITING), "writing results"),
            (sending(), "sending: 0 of 100 rows"),
            (
                sending(40, failed=2),
                "sending: 40 of 100 rows, 2 did not succeed, 10.0 per second, about 6.0 s left",
            ),
            (sending(100), "sending: 100 of 100 rows, 25.0 per second"),
            (sending(120), "sending: 120 of 100 rows, 30.0 per second"),
            (Progress(Phase.SENDING), "sending: 0 of 0 rows"),
            (
                sending(40, phase=Phase.RESOLVING, failed=1),
                "looking up: 40 of 100 titles, 1 not found, 10.0 per second, about 6.0 s left",
            ),
        ],
    )
    def test_lines(self, progress: Progress, line: str, clock: FakeClock) -> None:
        assert build_line(look(progress, clock, seconds=4)) == line

    def test_a_wait_is_explained_and_counted_in(self, clock: FakeClock) -> None:
        view = look(
            sending(50, waiting_for="over capacity (503)", waiting_until=1020.0, is_paused=True),
            clock,
            seconds=10,
        )
        assert build_waiting(view) == "waiting: over capacity (503), 10 s left"
        assert build_line(view).endswith("5.0 per second, about 20 s left")

    @pytest.mark.parametrize("until", [0.0, 999.0])
    def test_a_wait_of_unknown_length(self, clock: FakeClock, until: float) -> None:
        view = look(sending(waiting_for="requests in flight", waiting_until=until), clock)
        assert build_waiting(view) == "waiting: requests in flight"
        assert build_waiting(look(sending(), clock)) == ""

    def test_a_reason_from_the_server_reaches_no_terminal_as_a_command(self, clock: FakeClock) -> None:
        view = look(sending(waiting_for="\x1b[2Jbusy\r\n[red]"), clock)
        assert build_waiting(view) == "waiting: busy [red]"

    @pytest.mark.parametrize("width", [20, 40, 100])
    def test_the_live_display_shows_counts_and_reason(self, clock: FakeClock, width: int) -> None:
        view = look(sending(40, failed=2, waiting_for="[red] 429", waiting_until=1250.0), clock, seconds=10)
        console = Console(width=width)
        with console.capture() as capture:
            console.print(build_live(view))
        shown = " ".join(capture.get().split())
        assert "waiting: [red] 429," in shown
        if width == 100:
            assert "40 of 100, 2 did not succeed, 60 left" in shown
            assert "4 min 00 s left" in shown

    def test_the_live_display_in_other_phases(self, clock: FakeClock) -> None:
        console = Console(width=80)
        with console.capture() as capture:
            console.print(build_live(look(Progress(rows_read=7), clock)))
            console.print(build_live(look(sending(4, to_send=0), clock)))
        assert "reading: 7 rows" in capture.get()


class TestLines:
    def test_one_line_per_phase_then_one_now_and_then(self, clock: FakeClock) -> None:
        progress = Progress()
        lines = Lines(Watch(progress, clock), clock)
        assert list(lines.look()) == ["reading"]
        progress.rows_read = 100
        assert list(lines.look()) == []
        clock.now += 10
        assert list(lines.look()) == ["reading: 100 rows"]
        progress.phase, progress.to_send = Phase.SENDING, 100
        assert list(lines.look()) == ["sending: 0 of 100 rows"]
        clock.now += 5
        progress.done = 10
        assert list(lines.look()) == []
        clock.now += 5
        progress.done = 20
        assert list(lines.look()) == ["sending: 20 of 100 rows, 2.0 per second, about 40 s left"]

    def test_a_wait_is_told_once_and_again_when_it_is_another(self, clock: FakeClock) -> None:
        progress = sending(waiting_for="over capacity (503)", waiting_until=1010.0)
        lines = Lines(Watch(progress, clock), clock)
        assert list(lines.look())[1:] == ["waiting: over capacity (503), 10 s left"]
        clock.now += 1
        assert list(lines.look()) == []
        progress.waiting_for, progress.waiting_until = "429", 1301.0
        assert list(lines.look()) == ["waiting: 429, 5 min 00 s left"]
        progress.waiting_for = ""
        assert list(lines.look()) == []
        progress.waiting_for = "429"
        assert list(lines.look()) == ["waiting: 429, 5 min 00 s left"]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (
            {"waiting_requests": 1, "workers": 4},
            "one request waits, 3 of 4 go on: busy (try 4 of 6)",
        ),
        (
            {"waiting_requests": 3, "workers": 4},
            "3 requests wait, 1 of 4 go on: busy (try 4 of 6)",
        ),
        ({"waiting_requests": 1, "workers": 1}, "waiting: busy (try 4 of 6)"),
        (
            {"waiting_requests": 1, "workers": 4, "is_paused": True, "waiting_detail": ""},
            "waiting: busy",
        ),
    ],
)
def test_a_wait_says_who_waits_and_which_try_comes(
    facts: dict[str, Any], line: str, clock: FakeClock
) -> None:
    progress = sending(waiting_for="busy", waiting_detail="try 4 of 6", waiting_until=clock.now + 8)
    for name, value in facts.items():
        setattr(progress, name, value)
    assert build_waiting(Watch(progress, clock).look()) == f"{line}, 8.0 s left"


def test_what_is_not_counted_spins(clock: FakeClock) -> None:
    view = Watch(Progress(Phase.COMPARING), clock).look()
    console = Console(file=io.StringIO(), width=60)
    console.print(build_live(view, "⠋"))
    assert console.file.getvalue() == "⠋ reading the account\n"  # type: ignore[attr-defined]


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_a_phase_is_told_once_though_blocks_follow_each_other(clock: FakeClock) -> None:
    stream, progress = io.StringIO(), Progress(Phase.PLANNING)
    for phase in (Phase.PLANNING, Phase.PLANNING, Phase.WRITING):
        with show_progress(progress, stream=stream, clock=clock):
            progress.phase = phase
    assert stream.getvalue().splitlines() == ["planning", "writing results"]


class TestShowing:
    def test_off_shows_nothing(self) -> None:
        stream = Terminal()
        with show_progress(Progress(), quiet=True, stream=stream):
            assert "progress" not in threads()
        assert stream.getvalue() == ""

    def test_no_terminal_gets_plain_lines(self, clock: FakeClock) -> None:
        stream, progress = io.StringIO(), Progress()
        with show_progress(progress, stream=stream, clock=clock):
            progress.phase = Phase.WRITING
        assert stream.getvalue().splitlines()[-1] == "writing results"
        assert "\x1b" not in stream.getvalue()
        assert "progress" not in threads()

    def test_a_dumb_terminal_gets_plain_lines_too(
        self, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
    ) -> None:
        monkeypatch.setenv("TERM", "dumb")
        stream = Terminal()
        with show_progress(Progress(), stream=stream, clock=clock):
            pass
        assert stream.getvalue() == "reading\n"

    @pytest.mark.parametrize("ending", [None, ValueError, KeyboardInterrupt])
    def test_a_terminal_is_left_as_it_was(
        self, monkeypatch: pytest.MonkeyPatch, clock: FakeClock, ending: type[BaseException] | None
    ) -> None:
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
        stream, before = Terminal(), threads()
        try:
            with show_progress(sending(40), stream=stream, clock=clock):
                if ending is not None:
                    raise ending
        except (ValueError, KeyboardInterrupt) as error:
            assert type(error) is ending  # noqa: PT017 - both kinds of ending run through here
        shown = stream.getvalue()
        assert "40" in shown
        assert "\x1b[32m" in shown or "\x1b[1;32m" in shown
        assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
        assert threads() == before

    def test_no_color_is_respected(self, monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("NO_COLOR", "1")
        stream = Terminal()
        with show_progress(sending(40), stream=stream, clock=clock):
            pass
        assert "32m" not in stream.getvalue()
        assert "38;" not in stream.getvalue()

    @pytest.mark.parametrize("terminal", [True, False])
    def test_a_stream_nobody_reads_ends_no_run(
        self, monkeypatch: pytest.MonkeyPatch, clock: FakeClock, terminal: bool
    ) -> None:
        monkeypatch.setenv("TERM", "xterm")

        class Broken(io.StringIO):
            def isatty(self) -> bool:
                return terminal

            def write(self, text: str) -> int:
                raise OSError(5, "Input/output error")  # what a terminal says that was closed

        with show_progress(Progress(), stream=Broken(), clock=clock):
            done = True
        assert done

    def test_a_json_log_is_told_of_waits_and_of_nothing_else(
        self, clock: FakeClock, capfd: pytest.CaptureFixture[str]
    ) -> None:
        told = io.StringIO()
        progress = sending(40)
        with show_progress(progress, log=open_log(as_json=True, stream=told), stream=Terminal(), clock=clock):
            progress.waiting_for, progress.waiting_until = "over capacity (503)", clock.now + 30
        (line,) = (json.loads(line) for line in told.getvalue().splitlines())
        assert (line["event"], line["reason"], line["seconds"]) == ("waiting", "over capacity (503)", 30.0)
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize("waits_only", [False, True])
    def test_a_json_log_gets_the_counts_once_a_second_if_somebody_follows(
        self, clock: FakeClock, waits_only: bool
    ) -> None:
        told, progress = io.StringIO(), sending(0)
        log = open_log(as_json=True, stream=told)
        with show_progress(progress, log=log, clock=clock, logs_waits_only=waits_only):
            progress.done, progress.failed = 40, 3
            clock.now += 1.5
        events = [json.loads(line) for line in told.getvalue().splitlines()]
        counts = [(each["event"], each["done"], each["failed"], each["to_send"]) for each in events]
        assert counts == ([] if waits_only else [("progress", 40, 3, 100)])

    def test_programs_are_told_how_long_the_rest_takes(self, clock: FakeClock) -> None:
        facts = look(sending(40), clock, 20).as_facts()
        assert (facts["phase"], facts["rows_per_second"], facts["eta_seconds"]) == ("sending", 2.0, 30)
        assert look(Progress(), clock).as_facts()["eta_seconds"] is None

    def test_rich_is_not_imported_before_a_terminal_needs_it(self) -> None:
        names = "importer.cli.progress_bar, importer.report.summary_text"
        code = f"import {names}, sys; sys.exit('rich' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
