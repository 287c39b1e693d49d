"""Shows a run's progress while it works: a live display on a terminal, plain lines elsewhere, or nothing.

```text
Progress -> Watch.look() -> View -> build_live   on a terminal    sending ==== 6,204 of 12,000, 5,796 left
                                    build_line   in a pipe        sending: 6,204 of 12,000 rows, 9.8 a second
                                    log.waiting  --log-format json
```

Polls the `Progress` that the pipeline writes, four times a second and from a thread, so that sending pays
nothing for it.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from importer.monitoring.log import Log
from importer.progress import Phase, Progress
from importer.text import clean, count, duration, rate

if TYPE_CHECKING:
    from rich.console import RenderableType

_LOOKS_PER_SECOND = 4
_SECONDS_BETWEEN_LINES = 10.0
_RECENT_SECONDS = 20.0

COUNTED = {Phase.SENDING: "row", Phase.RESOLVING: "title"}
"""The phases whose steps are counted, and what is counted."""

Clock = Callable[[], float]


@contextmanager
def show_progress(
    progress: Progress,
    *,
    quiet: bool = False,
    log: Log | None = None,
    stream: TextIO | None = None,
    clock: Clock = time.monotonic,
) -> Iterator[None]:
    """Show the progress on `stream` (standard error) until the block ends, however it ends.

    A JSON `log` gets the waits instead, since the stream is its own then. `clock` must be the event loop's,
    like `Progress.waiting_until`.
    """
    out = stream or sys.stderr
    if log is not None and log.is_json:
        with _logged(progress, log, clock):
            yield
    elif quiet:
        yield
    elif _can_redraw(out):
        with _live(progress, out, clock):
            yield
    else:
        with _lines(progress, out, clock):
            yield


def _can_redraw(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "") not in {"dumb", "unknown"}


@dataclass(slots=True)
class Pace:
    """The rate of rows, from samples of a count: lately, and since the beginning.

    Only a pause of all requests does not count as time: while one of four workers waits, three go on.
    """

    _samples: deque[tuple[float, int]] = field(default_factory=deque)
    _first: tuple[float, int] | None = None
    _paused: float = 0.0
    _last: float | None = None

    def observe(self, now: float, done: int, *, is_paused: bool) -> None:
        """Add a sample."""
        since, self._last = self._last, now
        if is_paused and since is not None:
            self._paused += now - since
            return
        moved = now - self._paused
        self._first = self._first or (moved, done)
        # Two samples stay, however old: a slow run has a rate too.
        self._samples.append((moved, done))
        while len(self._samples) > 2 and self._samples[1][0] <= moved - _RECENT_SECONDS:
            self._samples.popleft()

    @property
    def rows_per_second(self) -> float:
        """The rate over the last seconds; 0 if no row is done yet."""
        return _rate(self._samples[0], self._samples[-1]) if self._samples else 0.0

    @property
    def overall_rows_per_second(self) -> float:
        """The rate since the beginning, which is what the rest will take."""
        return _rate(self._first, self._samples[-1]) if self._first else 0.0


def _rate(first: tuple[float, int], last: tuple[float, int]) -> float:
    (since, before), (now, after) = first, last
    return (after - before) / (now - since) if now > since else 0.0


@dataclass(frozen=True, slots=True)
class View:
    """What is shown at one moment."""

    phase: Phase
    rows_read: int
    to_send: int
    done: int
    failed: int
    rows_per_second: float
    overall_rows_per_second: float
    waiting_for: str
    waiting_seconds: float
    """Seconds until the wait ends; 0 if that is not known."""
    is_paused: bool
    """Whether all requests wait."""

    @property
    def left(self) -> int:
        """Rows that still have no outcome."""
        return max(self.to_send - self.done, 0)

    @property
    def seconds_left(self) -> float | None:
        """The time that the rest will take; None if no row is done yet."""
        if not self.overall_rows_per_second:
            return None
        pause_seconds = self.waiting_seconds if self.is_paused else 0.0
        return self.left / self.overall_rows_per_second + pause_seconds


class Watch:
    """Makes views of a `Progress`, and keeps the samples for the rate."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress = progress
        self._clock = clock
        self._pace = Pace()

    def look(self) -> View:
        """Build a view of this moment."""
        progress, now = self._progress, self._clock()
        waiting_for = progress.waiting_for  # read once: the pipeline may clear it meanwhile
        if progress.phase in COUNTED:
            self._pace.observe(now, progress.done, is_paused=progress.is_paused)
        return View(
            progress.phase,
            progress.rows_read,
            progress.to_send or 0,
            progress.done,
            progress.failed,
            self._pace.rows_per_second,
            self._pace.overall_rows_per_second,
            clean(waiting_for, 120),
            max(progress.waiting_until - now, 0.0) if waiting_for else 0.0,
            progress.is_paused,
        )


def build_line(view: View) -> str:
    """Build the plain line: phase, counts and pace."""
    if view.phase is Phase.READING:
        return f"reading: {count(view.rows_read, 'row')}" if view.rows_read else "reading"
    if view.phase not in COUNTED:
        return str(view.phase)
    parts = [f"{view.done:,} of {count(view.to_send, COUNTED[view.phase])}"]
    if view.failed:
        parts.append(f"{view.failed:,} missed")
    parts += _pace_parts(view)
    return f"{view.phase}: {', '.join(parts)}"


def build_waiting(view: View) -> str:
    """Build the line that says what is waited for; empty if nothing is."""
    if not view.waiting_for:
        return ""
    left = f", {duration(view.waiting_seconds)} left" if view.waiting_seconds else ""
    return f"waiting: {view.waiting_for}{left}"


def _pace_parts(view: View) -> Iterator[str]:
    if view.rows_per_second:
        yield f"{rate(view.rows_per_second)} per second"
    if view.left and view.seconds_left is not None:
        yield f"about {duration(view.seconds_left)} left"


class Lines:
    """Chooses the plain lines to print: each new phase, each new wait, and one line every ten seconds."""

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self._watch = watch
        self._clock = clock
        self._phase: Phase | None = None
        self._waiting_for = ""
        self._last_line = 0.0

    def look(self) -> Iterator[str]:
        """Give the lines to print at this moment."""
        view, now = self._watch.look(), self._clock()
        if view.phase is not self._phase or now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._phase, self._last_line = view.phase, now
            yield build_line(view)
        if view.waiting_for != self._waiting_for:
            self._waiting_for = view.waiting_for
            if view.waiting_for:
                yield build_waiting(view)


@contextmanager
def _lines(progress: Progress, stream: TextIO, clock: Clock) -> Iterator[None]:
    lines = Lines(Watch(progress, clock), clock)

    def print_lines() -> None:
        for line in lines.look():
            print(line, file=stream, flush=True)

    with _polling(print_lines):
        yield


@contextmanager
def _logged(progress: Progress, log: Log, clock: Clock) -> Iterator[None]:
    watch = Watch(progress, clock)
    told = ""

    def log_waits() -> None:
        nonlocal told
        view = watch.look()
        if view.waiting_for and view.waiting_for != told:
            log.waiting(view.waiting_for, view.waiting_seconds)
        told = view.waiting_for

    with _polling(log_waits):
        yield


@contextmanager
def _live(progress: Progress, stream: TextIO, clock: Clock) -> Iterator[None]:
    from rich.console import Console  # noqa: PLC0415 - rich takes 0.1 s to import, and only a terminal needs it
    from rich.live import Live  # noqa: PLC0415

    watch = Watch(progress, clock)
    live = Live(
        get_renderable=lambda: build_live(watch.look()),
        console=Console(file=stream),  # which reads NO_COLOR and the width itself
        auto_refresh=False,  # rich's own thread would outlive the block and trip over a closed terminal
        transient=True,  # the summary takes its place
        redirect_stdout=False,  # the results may be going there
    )
    try:
        with suppress(OSError):
            live.start()
        with _polling(live.refresh):
            yield
    finally:
        with suppress(OSError):
            live.stop()  # shows the cursor again


@contextmanager
def _polling(look: Callable[[], None]) -> Iterator[None]:
    """Call `look` four times a second from a thread, and once at the end."""
    ended = threading.Event()

    def keep_looking() -> None:
        # A terminal that was closed must not end the run, and there is nowhere to report it.
        with suppress(OSError, ValueError):
            while not ended.wait(1 / _LOOKS_PER_SECOND):
                look()
            look()

    thread = threading.Thread(target=keep_looking, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=2)


def build_live(view: View) -> "RenderableType":
    """Build the live display: the phase, a bar and the counts; below them the wait, or the pace."""
    from rich.console import Group  # noqa: PLC0415
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if view.phase not in COUNTED:
        return Text(build_line(view), "bold")
    numbers = Text.assemble((f"{view.done:,}", "bold green"), f" of {view.to_send:,}")
    if view.failed:
        numbers.append(f", {view.failed:,} missed", "yellow")
    numbers.append(f", {view.left:,} left")
    top = Table.grid(padding=(0, 1), expand=True)
    top.add_column(no_wrap=True)
    top.add_column(ratio=1)
    top.add_column(no_wrap=True)
    top.add_row(Text(str(view.phase), "bold"), ProgressBar(max(view.to_send, 1), view.done), numbers)
    below = build_waiting(view) or ", ".join(_pace_parts(view))
    return Group(top, Text(below, "yellow" if view.waiting_for else "dim"))
