"""What a run's progress says at a moment: its counts, its pace, its waits, and the plain lines made of them.

`progress_bar.py` shows it; nothing here knows a terminal or a thread.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from importer.progress import Phase, Progress
from importer.text import clean, count, duration, rate

_SECONDS_BETWEEN_LINES = 10.0
_RECENT_SECONDS = 20.0

COUNTED = {
    Phase.SENDING: "row",
    Phase.RESOLVING: "title",
    Phase.BUILDING: "megabyte",
    Phase.INDEXING: "title",
}
"""The phases whose steps are counted, and what is counted."""

Clock = Callable[[], float]


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
    waiting_detail: str = ""
    """More about the wait, such as `try 4 of 6`."""
    waiting_requests: int = 0
    workers: int = 1

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

    def as_facts(self) -> dict[str, object]:
        """Return what programs are told, once a second."""
        seconds_left = self.seconds_left if self.phase in COUNTED else None
        return {
            "phase": str(self.phase),
            "rows_read": self.rows_read,
            "to_send": self.to_send,
            "done": self.done,
            "failed": self.failed,
            "rows_per_second": round(self.rows_per_second, 1),
            "waiting_for": self.waiting_for,
            "waiting_seconds": round(self.waiting_seconds, 1),
            "is_paused": self.is_paused,
            "eta_seconds": None if seconds_left is None else round(seconds_left),
        }


class Watch:
    """Makes views of a `Progress`, and keeps the samples for the rate."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress = progress
        self._clock = clock
        self._pace = Pace()
        self._phase = progress.phase

    @property
    def progress(self) -> Progress:
        """What it looks at."""
        return self._progress

    def look(self) -> View:
        """Build a view of this moment."""
        progress, now = self._progress, self._clock()
        if progress.phase in COUNTED and progress.phase is not self._phase:
            self._pace, self._phase = Pace(), progress.phase  # other things are counted
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
            progress.waiting_detail if waiting_for else "",
            progress.waiting_requests,
            progress.workers,
        )


def build_line(view: View) -> str:
    """Build the plain line: phase, counts and pace."""
    if view.phase is Phase.READING:
        return f"reading: {count(view.rows_read, 'row')}" if view.rows_read else "reading"
    if view.phase is Phase.DOWNLOADING:
        return f"downloading: {count(view.done, 'megabyte')}"
    if view.phase not in COUNTED:
        return str(view.phase)
    parts = [f"{view.done:,} of {count(view.to_send, COUNTED[view.phase])}"]
    if view.failed:
        parts.append(name_failed(view))
    parts += pace_parts(view)
    return f"{view.phase}: {', '.join(parts)}"


def name_failed(view: View) -> str:
    """Say how many of what is counted did not succeed: a title that is looked up is only not found yet."""
    return f"{view.failed:,} {'not found' if view.phase is Phase.RESOLVING else 'did not succeed'}"


def build_waiting(view: View) -> str:
    """Build the line that says what is waited for; empty if nothing is.

    `one request waits, 3 of 4 go on: over capacity (503) (try 4 of 6), 8 s left`
    """
    if not view.waiting_for:
        return ""
    detail = f" ({view.waiting_detail})" if view.waiting_detail else ""
    left = f", {duration(view.waiting_seconds)} left" if view.waiting_seconds else ""
    return f"{_who_waits(view)}: {view.waiting_for}{detail}{left}"


def _who_waits(view: View) -> str:
    waiting = min(view.waiting_requests, view.workers)
    if view.is_paused or not waiting or view.workers < 2:
        return "waiting"
    who = "one request waits" if waiting == 1 else f"{waiting:,} requests wait"
    return f"{who}, {view.workers - waiting:,} of {view.workers:,} go on"


def pace_parts(view: View) -> Iterator[str]:
    """Give what is known of the pace, and of the time that is left."""
    if view.rows_per_second:
        yield f"{rate(view.rows_per_second)} per second"
    if view.left and view.seconds_left is not None:
        yield f"about {duration(view.seconds_left)} left"


class Lines:
    """Chooses the plain lines to print: each new phase, each new wait, and one line every ten seconds."""

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self._watch = watch
        self._clock = clock
        self._waiting = ("", "")
        self._last_line = clock()

    def look(self) -> Iterator[str]:
        """Give the lines to print at this moment."""
        view, now = self._watch.look(), self._clock()
        progress = self._watch.progress
        if view.phase is not progress.told or now - self._last_line >= _SECONDS_BETWEEN_LINES:
            progress.told, self._last_line = view.phase, now
            yield build_line(view)
        if (waiting := (view.waiting_for, view.waiting_detail)) != self._waiting:
            self._waiting = waiting
            if view.waiting_for:
                yield build_waiting(view)
